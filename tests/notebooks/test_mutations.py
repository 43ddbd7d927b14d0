"""What the runner of planted mistakes says of a tiny book, and its comparison beside nbval's."""

from __future__ import annotations

import mutations
import nbformat
from nbformat import v4
import pytest
from wrong_cells import Edit

from bookkit.execute import QUICK, TIMEOUT, Job, run_one
from bookkit.save import save_outputs

CODE = 'record("ch01_share", 100 * right / of, "share", "%", form=".1f")\nassert right > of / 2'
TEXT = '<a id="ch-tiny"></a>\n\n# Tiny\n\nIt is 90.0<!-- ch01_share:.1f --> in a hundred.'


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """One chapter, stored as a saved run leaves it."""
    root = tmp_path_factory.mktemp("book")
    for folder in ("notebooks", "book"):
        (root / folder).mkdir()
    (root / "_config.yml").write_text("title: tiny\n")
    sources = ("from torchbook.recording import record", "right = 45\nof = 50", CODE, "print(of)")
    cells = [v4.new_markdown_cell(TEXT), *map(v4.new_code_cell, sources)]
    cells[2].metadata["tags"] = ["parameters"]
    nbformat.write(v4.new_notebook(cells=cells), root / "notebooks" / "01_tiny.ipynb")
    chapter = mutations.fresh(root, "01_tiny")
    outcome = run_one(root, Job(chapter, QUICK), TIMEOUT, lambda *args, **more: None)
    save_outputs(root, outcome.executed, chapter, chapter.path.read_bytes(), accept=True)
    return root


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (None, "", ""),
        (Edit("01_tiny", "", "", "right = 4\n", old="right = 45\n"), "assert right > of / 2", "assert right > of / 2"),
        (Edit("01_tiny", "", "", "right = 44\n", old="right = 45\n"), "ch01_share is stored as 90.0", ""),
        (Edit("01_tiny", "", "", "right > 1", old="right > of / 2"), "", ""),
        (Edit("01_tiny", "", "", 99.9, record="ch01_share"), "(stale-number)", "save puts it right"),
        (Edit("01_tiny", "", "", "99.9", quote="ch01_share"), "(digests)", "save puts it right"),
        (Edit("01_tiny", "", "", "a loss of 12.5", old="a hundred"), "(typed-", "(typed-"),
    ],
    ids=["unchanged", "assert", "value", "weakened", "stored", "quoted", "prose"],
)
def test_what_refuses_an_edit(book, edit, before, after):
    result = mutations.attempt(book, "01_tiny", edit, ["before", "after"])
    for found, expected in ((result.before, before), (result.after, after)):
        assert expected in found
        assert bool(expected) == bool(found)


def test_an_attempt_leaves_the_book_alone(book):
    path = book / "notebooks" / "01_tiny.ipynb"
    before = path.read_bytes()
    mutations.attempt(book, "01_tiny", Edit("01_tiny", "", "", "print(7)", old="print(of)"), ["before", "after"])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("before", "after", "unchanged", "good"),
    [("x", "x", "", True), ("x", "", "", False), ("", "x", "", False), ("x", "x", "x", False)],
)
def test_the_targets_decide(before, after, unchanged, good):
    results = [
        mutations.Result("01_tiny", None, unchanged, ""),
        mutations.Result("01_tiny", Edit("01_tiny", "a", "b", "c"), before, after),
    ]
    assert mutations.report(results, ["before", "after"]) is good


def stream(*parts):
    return [v4.new_output("stream", name="stdout", text=part) for part in parts]


@pytest.mark.parametrize(
    ("stored", "ran", "same"),
    [
        (stream("1\n2\n"), stream("1\n", "2\n"), True),
        (stream("1\n"), stream("2\n"), False),
        (stream("1\n"), [], False),
        ([v4.new_output("display_data", data={"text/plain": "9 %"})], stream("9 %"), False),
    ],
)
def test_outputs_are_compared_as_nbval_does(stored, ran, same):
    cells = (v4.new_code_cell("1", outputs=outputs) for outputs in (stored, ran))
    assert mutations.same_outputs(*cells) is same
