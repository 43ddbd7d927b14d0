"""The search: the page that must come first, its excerpts, spellings; from a folder as from a server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

SITE = Path(__file__).parents[2] / "_build" / "html"
QUERIES = yaml.safe_load((Path(__file__).parent / "queries.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def search(browser):
    """The search page as opened from a folder."""
    page = browser.new_page()
    page.goto(f"{(SITE / 'search.html').as_uri()}?q=pooling")
    yield page
    page.close()


def first(page, query: str, count: int = 1) -> list[dict]:
    return page.evaluate("([query, count]) => bookSearch.find(query, count)", [query, count])


@pytest.mark.parametrize(("query", "expected"), QUERIES, ids=[query for query, _ in QUERIES])
def test_the_page_on_a_subject_comes_first(search, query, expected):
    [found] = first(search, query)
    assert Path(found["path"]).stem == expected
    assert (SITE / found["path"]).is_file()


@pytest.mark.parametrize(
    ("british", "american"),
    [("initialisation", "initialization"), ("colour", "color"), ("normalised", "normalized"), ("centre", "center")],
)
def test_both_spellings_find_the_same(search, british, american):
    places = [[(one["path"], one["anchor"]) for one in first(search, word, 10)] for word in (british, american)]
    assert places[0]
    assert places[0] == places[1]


def test_a_result_quotes_the_words_and_leads_to_their_section(search):
    items = search.locator("#book-results li")
    assert items.count() >= 5
    assert items.first.locator("mark").count() >= 1
    link = items.first.locator("a")
    href = link.get_attribute("href")
    link.click()
    search.wait_for_url("**/*.html#*")
    anchor = href.partition("#")[2]
    assert search.evaluate("(id) => document.getElementById(id)?.checkVisibility() ?? false", anchor)
    search.go_back()


def test_what_nobody_wrote_is_not_found(search):
    assert first(search, "zyxwvut") == []


def test_the_field_of_any_page_leads_to_the_results(browser, address):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{address}notebooks/03_lenet.html")
    page.keyboard.press("Control+K")
    page.keyboard.type("optimization")
    page.keyboard.press("Enter")
    page.wait_for_selector("#book-results li a")
    assert page.locator("#book-results li a").first.get_attribute("href").startswith("./notebooks/04_")
    page.close()
