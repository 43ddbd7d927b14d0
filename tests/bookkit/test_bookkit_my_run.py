"""The tables of runs with other seeds: their rows, their strips, what is left out."""

from __future__ import annotations

from bs4 import BeautifulSoup
from docutils.core import publish_parts
from docutils.parsers.rst import directives
import pytest
from tiny_books import code, make_book, markdown, notebook, recorded

from bookkit import my_run, results
from bookkit.ranges import RANGES

ENTRY = {
    "date": "2026-11-26T10:00:00",
    "commit": "abc1234",
    "torch": "2.13.0",
    "hardware": {"cpu": "a CPU", "threads": 1},
    "seeds": [0, 1, 2],
    "failed": [{"seed": 2, "cell": 7, "error": "AssertionError: 3 < 4"}],
    "values": {
        "ch01_test": {"label": "old words", "values": [90.0, 80.0, None], "min": 80.0, "median": 85.0, "max": 90.0},
        "ch01_count": {"label": "count", "values": [1437, 1437, 1437], "min": 1437, "median": 1437, "max": 1437},
        "ch01_gone": {"label": "gone", "values": [1, 2, 3], "min": 1, "median": 2, "max": 3},
    },
}


@pytest.fixture
def page(tmp_path):
    """What the directive makes of a book whose first chapter has two of the three recorded values."""
    outputs = [recorded("ch01_test", 90.0, "accuracy on <test>: 90.0 %"), recorded("ch01_count", 1437, "count: 1,437")]
    cells = [markdown('<a id="ch-a"></a>\n# Tensors & more'), code("f()", outputs=outputs)]
    root = make_book(tmp_path / "book", {"01_first": notebook(*cells)})
    directives.register_directive("my-run", my_run.MyRunDirective)

    class Env:
        srcdir = str(root)

        def note_dependency(self, path):
            pass

    def made(record) -> BeautifulSoup:
        if record is not None:
            results.write(root / RANGES, record)
        settings = {"env": Env(), "report_level": 5, "halt_level": 3}
        parts = publish_parts(".. my-run::\n", writer_name="html", settings_overrides=settings)
        return BeautifulSoup(parts["fragment"], "html.parser")

    return made


def test_a_chapter_s_table_has_its_values_with_label_and_unit_of_today(page):
    block = page({"01_first": ENTRY}).find("details")
    assert block["data-title"] == "01 Tensors & more"
    rows = block.select("tbody tr")
    assert [row.th.get_text() for row in rows] == ["accuracy on <test> (%)", "count"]
    assert [cell.get_text() for cell in rows[0].select("td")[:3]] == ["80", "85", "90"]
    assert rows[1].td.get_text() == "1,437"
    assert (rows[0]["data-low"], rows[0]["data-high"]) == ("80.0", "90.0")
    assert "3 runs" in block.summary.get_text()
    assert "With seed 2 the chapter stopped in cell 7: AssertionError: 3 < 4" in block.get_text()


def test_without_a_record_the_page_says_so(page):
    assert page(None).get_text().strip() == "No runs with other seeds have been recorded yet."


def test_a_chapter_that_is_no_longer_there_is_left_out(page):
    assert not page({"02_gone": ENTRY}).find_all("details")


def test_a_strip_has_a_line_a_run_and_a_ring_at_the_stored_one():
    drawn = BeautifulSoup(my_run.strip([80.0, 90.0, 85.0], 90.0), "html.parser")
    places = [float(line["d"][1:].split()[0]) for line in drawn.select("path:not(.axis)")]
    assert places == [my_run.EDGE, my_run.WIDTH - my_run.EDGE, my_run.WIDTH / 2]
    assert float(drawn.circle["cx"]) == my_run.WIDTH - my_run.EDGE


def test_a_value_that_never_moves_lies_in_the_middle():
    drawn = BeautifulSoup(my_run.strip([7, 7], 7), "html.parser")
    assert {line["d"] for line in drawn.select("path:not(.axis)")} == {f"M{my_run.WIDTH / 2:.1f} 4v10"}
