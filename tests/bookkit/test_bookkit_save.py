"""What `bookkit run --save` shows, writes and refuses; digests and numbers in the prose."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest
from tiny_books import bookkit, code, figure, first_chapter, make_book, markdown, notebook, printed, recorded

from bookkit import digests, prose_numbers, save
from bookkit.changes import changes
from bookkit.notebooks import BookError, Chapter

RECORD = """from IPython.display import display
data = {"text/plain": f"accuracy: {percent} %"}
record = {"name": "ch01_percent", "value": percent, "within": 0.5, "factor": None}
display(data, raw=True, metadata={"torchbook": {"record": record}})"""


def recording_chapter(percent: float = 98.55) -> nbformat.NotebookNode:
    return notebook(
        markdown("(ch-first)=\n# First\n\nIt reads **99<!-- ch01_percent:.1f -->** in a hundred."),
        code("import os"),
        code(f"percent = {percent}", "parameters"),
        code(RECORD),
    )


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """The chapter's bytes, its path, and (exit code, output, bytes after it) of three runs: shown, accepted, again."""
    root = make_book(tmp_path_factory.mktemp("save") / "book", {"01_first": recording_chapter()}, profiles="")
    path = root / "notebooks" / "01_first.ipynb"
    before = path.read_bytes()
    found = []
    for words in (["--save"], ["--save", "--accept"], ["--save"]):
        result = bookkit(root, "run", *words)
        found.append((result.exit_code, result.output, path.read_bytes()))
    return before, path, found


class TestSaving:
    """Shown first, written with --accept, then the same for the next run."""

    def test_changes_are_shown_and_nothing_is_written_without_accept(self, steps):
        before, _, [(exit_code, output, after), *_] = steps
        assert exit_code == 1
        assert after == before
        assert "+accuracy: 98.55 %" in output
        assert "ch01_percent: new, 98.55 (within 0.5)" in output
        assert "bookkit run 01_first --save --accept" in output

    def test_accept_writes_outputs_numbers_and_digests(self, steps):
        _, path, [_, (exit_code, _, _), _] = steps
        saved = nbformat.read(path, as_version=4)
        assert exit_code == 0
        assert saved.cells[0].source.endswith("It reads **98.5<!-- ch01_percent:.1f -->** in a hundred.")
        assert list(saved.metadata.torchbook.digests) == [cell.id for cell in saved.cells]
        assert list(digests.changed_cells(saved)) == []

    def test_a_run_that_changes_nothing_ends_with_0_and_writes_nothing(self, steps):
        _, _, [_, (_, _, accepted), (exit_code, output, after)] = steps
        assert exit_code == 0
        assert after == accepted
        assert "the stored outputs are those of this run" in output


def test_an_unknown_name_in_the_prose_is_refused_and_nothing_is_written(tmp_path):
    chapter = recording_chapter()
    chapter.cells[0].source = "# First\n\nIt reads 99<!-- ch01_typo:.1f -->."
    root = make_book(tmp_path / "book", {"01_first": chapter}, profiles="")
    before = (root / "notebooks" / "01_first.ipynb").read_bytes()
    result = bookkit(root, "run", "--save", "--accept")
    assert result.exit_code == 1
    assert "01_first, cell 1: the prose quotes ch01_typo, which no cell" in result.output
    assert (root / "notebooks" / "01_first.ipynb").read_bytes() == before


def test_accept_without_save_is_refused(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": first_chapter()}, profiles="")
    result = bookkit(root, "run", "--accept")
    assert result.exit_code == 2
    assert "add --save" in result.stderr


def test_saving_refuses_a_chapter_that_was_edited_meanwhile(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": first_chapter()})
    chapter = Chapter(root / "notebooks" / "01_first.ipynb")
    with pytest.raises(BookError, match="edited while it ran"):
        save.save_outputs(root, chapter.path, chapter, before=b"older", accept=True)


def with_data(value: float) -> nbformat.NotebookNode:
    shown = figure()
    shown.metadata["torchbook"] = nbformat.from_dict({"figure": {"lines": [[value, 2.0]]}})
    return shown


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([printed("a\nb\n")], [printed("a\nc\n")], ["cell 1:", "  @@ -1,2 +1,2 @@", "   a", "  -b", "  +c"]),
        ([printed("a\n")], [], ["cell 1:", "  @@ -1 +0,0 @@", "  -a"]),
        (
            [with_data(1.0)],
            [with_data(1.5)],
            [
                "cell 1:",
                "  figure data @@ -4,3 +4,3 @@",
                "  figure data     [",
                "  figure data -    1.0,",
                "  figure data +    1.5,",
                "  figure data      2.0",
            ],
        ),
        ([recorded("a_b", 1, "n: 1")], [recorded("a_b", 1, "n: 1", factor=3.0)], ["a_b: 1 -> 1 (factor 3)"]),
        ([recorded("a_b", 1, "")], [], ["a_b: gone, was 1"]),
        ([printed("a\n")], [printed("a\n")], []),
    ],
)
def test_changes_say_what_differs(old, new, expected):
    assert changes(notebook(code("f()", outputs=old)), notebook(code("f()", outputs=new))) == expected


def test_changes_of_pictures_prose_and_metadata():
    before = notebook(markdown("It is 3<!-- ch_a -->."), code("f()", "nbval-ignore-output", outputs=[figure()]))
    after = copy.deepcopy(before)
    after.cells[0].source = "It is 4<!-- ch_a -->."
    after.cells[1].outputs[0].data["image/png"] += "AAAA"
    length = len(before.cells[1].outputs[0].data["image/png"])
    assert changes(before, after) == [
        "cell 1:",
        "  @@ -1 +1 @@",
        "  -It is 3<!-- ch_a -->.",
        "  +It is 4<!-- ch_a -->.",
        "cell 2, whose output verify does not compare:",
        f"  image/png: {length} -> {length + 4} characters",
    ]
    after = copy.deepcopy(before)
    after.metadata.kernelspec.name = "other"
    assert changes(before, after) == ["metadata only: the kernel, ids, execution counts or digests"]


VALUES = {"ch01_percent": 98.57, "ch01_count": 61706, "ch01_word": "cpu", "ch01_words": "two words"}


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("99<!-- ch01_percent:.1f -->", "98.6<!-- ch01_percent:.1f -->"),
        ("(~**1e-3<!--ch01_percent:.0e-->**)", "(~**1e+02<!--ch01_percent:.0e-->**)"),
        ("| 1<!-- ch01_count:, --> | 2 |", "| 61,706<!-- ch01_count:, --> | 2 |"),
        ("on a word<!-- ch01_word -->", "on a cpu<!-- ch01_word -->"),
        ("on one<!-- ch01_words -->", "on (two words)<!-- ch01_words -->"),
        ("1<!-- ch01_count -->–2<!-- ch01_count -->", "61706<!-- ch01_count -->–61706<!-- ch01_count -->"),
        ("under 90 %<!-- cited --> <!-- bound: below -->", "under 90 %<!-- cited --> <!-- bound: below -->"),
        ("| 7.1<!-- full ch01_percent:.1f --> |", "| 7.1<!-- full ch01_percent:.1f --> |"),
    ],
)
def test_numbers_in_prose_are_filled_and_nothing_else_is_touched(source, filled):
    assert prose_numbers.fill(source, VALUES) == filled
    assert prose_numbers.fill(filled, VALUES) == filled
    assert prose_numbers.without_values(source) == prose_numbers.without_values(filled)
    assert list(prose_numbers.stale(filled, VALUES)) == []
    assert len(list(prose_numbers.stale(source, VALUES))) == (0 if source == filled else source.count("ch01"))


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("1<!-- ch01_typo -->", "quotes ch01_typo, which no cell"),
        ("1<!-- ch01_count:.q -->", "ch01_count is 61706, which cannot be shown as '.q'"),
        ("a <!-- ch01_word -->", "has no number before it"),
    ],
)
def test_a_number_that_cannot_be_shown_is_named(source, part):
    with pytest.raises(BookError, match=part):
        prose_numbers.fill(source, VALUES)


def edited(change) -> nbformat.NotebookNode:
    """A saved chapter of prose with a number, and two printing cells, after a change that no run made."""
    cells = [markdown("It is 3<!-- ch01_a --> here."), code("f()", outputs=[recorded("ch01_a", 3, "a: 3")]),
             code("g()", outputs=[printed("x\n")])]  # fmt: skip
    book = nbformat.from_dict(json.loads(json.dumps(notebook(*cells, executed=True))))
    change(book)
    return book


@pytest.mark.parametrize(
    ("change", "cells"),
    [
        (lambda book: None, []),
        (lambda book: book.cells[2].outputs[0].update(text="y\n"), [3]),
        (lambda book: book.cells[2].update(source="h()"), [3]),
        (lambda book: book.cells[1].outputs[0].metadata.torchbook.record.update(value=4), [2]),
        (lambda book: book.cells[0].update(source="It is 4<!-- ch01_a --> here."), [1]),
        (lambda book: book.cells[0].update(source="It was 3<!-- ch01_a -->, in other words."), []),
        (lambda book: book.cells.append(code("new()")), [4]),
        (lambda book: book.cells.pop(2), [None]),
        (lambda book: book.cells[2].update(execution_count=9), []),
    ],
)
def test_what_no_run_stored_is_found_by_its_digest(change, cells):
    assert list(digests.changed_cells(edited(change))) == cells
