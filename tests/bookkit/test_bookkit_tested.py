"""The tables of how the book is tested: counted from results, and shown as they were recorded."""

from __future__ import annotations

from docutils.core import publish_doctree
from docutils.parsers.rst import directives
from docutils.utils import SystemMessage
import mutations
import pytest
from wrong_cells import Edit

from bookkit import results, tested

HEADER = {"date": "2026-11-25T10:00:00", "python": "3.11", "torch": "2.13", "hardware": {"cpu": "a CPU", "threads": 1}}


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Text of a page whose root is tmp_path."""
    directives.register_directive("tested", tested.RecordTable)

    class Env:
        srcdir = str(tmp_path)

        def note_dependency(self, path):
            pass

    def text(word: str) -> str:
        settings = {"env": Env(), "report_level": 5, "halt_level": 3}
        return publish_doctree(f".. tested:: {word}\n", settings_overrides=settings).astext()

    return text


def test_what_was_attacked_is_shown_with_its_counts(page, tmp_path):
    areas = [{"area": "archives", "tries": 5046, "wrong": 2}]
    results.write(tmp_path / tested.FAULTS, {**HEADER, "areas": areas})
    text = " ".join(page("faults").split())
    assert text == (
        "What was attacked tries wrong archives 5,046 2 Run of 2026-11-25 on a CPU, Python 3.11, torch 2.13."
    )


def test_planted_mistakes_are_added_up(page, tmp_path):
    notebooks = [
        {"notebook": "01_a", "planted": 4, "before": 4, "after": 3, **HEADER},
        {"notebook": "02_b", "planted": 5, "before": 4, "after": 4, **HEADER},
    ]
    results.write(tmp_path / tested.MUTATIONS, {"notebooks": notebooks})
    text = " ".join(page("mutations").split())
    assert "01_a 4 4 3 2026-11-25 02_b 5 4 4 2026-11-25" in text
    assert text.endswith("all 9 8 7")


def test_a_run_of_some_notebooks_keeps_the_record_of_the_others():
    first, second = mutations.NAMES[:2]
    earlier = [{"notebook": second, "planted": 1, "date": "a"}, {"notebook": first, "planted": 2, "date": "a"}]
    assert mutations.merged(earlier, [{"notebook": second, "planted": 3}], {"date": "b"}) == [
        {"notebook": first, "planted": 2, "date": "a"},
        {"notebook": second, "planted": 3, "date": "b"},
    ]


def test_without_a_record_the_page_says_so(page):
    assert page("faults") == "This has not been recorded yet."


def test_another_word_is_told(page):
    with pytest.raises(SystemMessage, match="takes faults or mutations, not 'x'"):
        page("x")


def test_results_are_counted_by_notebook():
    edit = Edit("01_a", "x", "", "b", old="a")
    found = [
        mutations.Result("01_a", None, "", ""),
        mutations.Result("01_a", edit, "lint", ""),
        mutations.Result("01_a", edit, "lint", "run"),
        mutations.Result("02_b", edit, "", ""),
    ]
    assert mutations.counts(found) == [
        {"notebook": "01_a", "planted": 2, "before": 2, "after": 1},
        {"notebook": "02_b", "planted": 1, "before": 0, "after": 0},
    ]
