"""Charts of the results page: what shares a unit, how long the bars are, where the quick runs lie."""

from __future__ import annotations

from bs4 import BeautifulSoup

from bookkit.results_chart import results_chart

ROWS = [
    ("a", "Fast recipe, accuracy (%)", 69.3, "69.3"),
    ("b", "Classic <recipe>, accuracy (%), mean", 54.4, "54.4"),
    ("c", "Training time (seconds)", 113.5, "114"),
    ("d", "Writes (%)", "To be", "To be"),
]
RANGES = {"a": {"min": 40.0, "max": 50.0}}


def chart(rows=ROWS, ranges=RANGES):
    return BeautifulSoup(results_chart(rows, ranges), "html.parser")


def test_numbers_that_share_a_unit_stand_in_one_chart_and_a_single_one_in_none():
    page = chart()
    assert [found.text for found in page.select(".chart-unit")] == ["%"]
    assert [found.span.text for found in page.select("li")] == [
        "Fast recipe, accuracy",
        "Classic <recipe>, accuracy, mean",
    ]
    assert [found.b.text for found in page.select("li")] == ["69.3", "54.4"]


def test_percent_fill_the_track_at_a_hundred_and_the_quick_runs_are_a_line():
    first, second = chart().select(".chart-track")
    assert first.u["style"] == "width:69.3%"
    assert first.i["style"] == "left:40.0%;right:calc(100% - 50.0%)"
    assert second.i is None


def test_other_units_fill_it_at_their_largest_value_and_nothing_lies_outside():
    page = chart([("a", "one (kB)", -1.0, "-1"), ("b", "two (kB)", 4.0, "4")], {"a": {"min": 0.0, "max": 8.0}})
    assert [found["style"] for found in page.select("u")] == ["width:0.0%", "width:50.0%"]
    assert page.i["style"] == "left:0.0%;right:calc(100% - 100.0%)"


def test_a_table_without_a_shared_unit_has_no_chart_and_one_without_quick_runs_does_not_speak_of_them():
    assert results_chart(ROWS[2:], {}) == ""
    assert "quick" not in results_chart(ROWS, {})
    assert "quick" in results_chart(ROWS, RANGES)
