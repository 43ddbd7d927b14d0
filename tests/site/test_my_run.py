"""Is my run normal? What is pasted into the page is found, compared with the recorded runs, and told in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

RECORD = json.loads((Path(__file__).parents[2] / "book" / "results" / "ranges.json").read_text(encoding="utf-8"))


@pytest.fixture
def page(browser, address):
    opened = browser.new_page()
    opened.goto(f"{address}book/my_run.html")
    yield opened
    opened.close()


def test_every_recorded_chapter_has_its_table(page):
    assert page.locator("details.my-run").count() == len(RECORD)


@pytest.fixture
def moving(page) -> tuple[str, float, float]:
    """A label that only one chapter has, whose value moves with the seed: (label, least, most)."""
    rows = page.eval_on_selector_all(
        "details.my-run tbody tr", "(all) => all.map((r) => [r.dataset.label, +r.dataset.low, +r.dataset.high])"
    )
    labels = [row[0] for row in rows]
    return next(tuple(row) for row in rows if row[1] < row[2] and labels.count(row[0]) == 1)


@pytest.mark.parametrize(("where", "verdict"), [(-1, "below all"), (0, "within"), (1, "above all")])
def test_a_pasted_line_is_marked_and_told(page, moving, where, verdict):
    label, low, high = moving
    value = (low + high) / 2 + where * (high - low)
    page.fill("#my-run-text", f"some text: of another kind\n{label}: {value:.9g} %\n")
    row = page.locator("details.my-run[open] tbody tr", has=page.locator("input:not([value=''])")).filter(
        has_text=verdict
    )
    assert row.count() == 1
    assert row.locator("th").inner_text().startswith(label)
    assert row.locator("path.mine").count() == 1
    said = page.locator("#my-run-said").inner_text()
    assert said.startswith("1 of these lines")
    assert (f"{label}: {value:.9g}, in the recorded runs" in said) == bool(where)


def test_what_the_notebooks_store_lies_within(page):
    """The stored run is one of the recorded ones: seed 0."""
    for name, entry in RECORD.items():
        values = entry["values"].values()
        first = entry["seeds"].index(0)
        lines = [f"{row['label']}: {row['values'][first]}" for row in values if row["values"][first] is not None]
        page.fill("#my-run-text", "\n".join(lines))
        said = page.locator("#my-run-said").inner_text()
        assert f"values of chapter {name[:2]} " in said
        assert page.locator("#my-run-said li").count() == 0, (name, said)


def test_a_text_without_values_is_told(page):
    page.fill("#my-run-text", "nothing here")
    assert "a label, a colon and a number" in page.locator("#my-run-said").inner_text()


def test_a_number_typed_by_keyboard_alone_gets_its_verdict(page):
    summary = page.locator("details.my-run summary").first
    summary.focus()
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "INPUT":
            break
    page.keyboard.type("1e30")
    assert page.locator("details.my-run[open] .verdict").first.inner_text() == "above all"
    page.keyboard.press("Control+A")
    page.keyboard.type("x")
    assert page.locator("details.my-run[open] .verdict").first.inner_text() == "not a number"


def test_a_link_to_a_chapter_opens_its_table(browser, address):
    number = next(iter(RECORD))[:2]
    opened = browser.new_page()
    opened.goto(f"{address}book/my_run.html#my-run-{number}")
    assert opened.locator(f"#my-run-{number}[open]").count() == 1
    opened.close()
