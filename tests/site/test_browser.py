"""Every page of the built site in Chromium: silent, self-contained, light, within its width, legible for all."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if path.parent.name in ("book", "notebooks") or path.name in ("search.html", "404.html")
)
CHAPTERS = [page for page in PAGES if page.startswith("notebooks/")]
MOST = 350_000  # bytes of a chapter's first load before its pictures, compressed


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_in_silence_and_from_here_alone(visits, page):
    visit = visits(page)
    assert visit.said == []
    assert visit.failed == []
    assert visit.foreign == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_lies_within_its_width(visits, page):
    assert {width: found for width, found in visits(page).too_wide.items() if found} == {}


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_laptop_shows_every_line_of_code_whole(visits, page):
    assert visits(page).cut == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_serious(visits, page, theme):
    assert visits(page).grave(theme) == []
    assert visits(page).faint[theme] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_chapter_is_light(visits, page):
    weight = visits(page).weight
    assert weight["page"]
    assert weight.total() - weight["image"] <= MOST, weight


def test_the_weights_are_shown(visits, capsys):
    kinds = ("page", "css", "js", "font", "image")
    with capsys.disabled():
        print(f"\n{'kB, compressed':<34}{''.join(f'{kind:>8}' for kind in kinds)}{'before pictures':>18}")
        for page in PAGES:
            weight = visits(page).weight
            sizes = "".join(f"{weight[kind] / 1000:8.0f}" for kind in kinds)
            print(f"{page:<34}{sizes}{(weight.total() - weight['image']) / 1000:18.0f}")
    assert PAGES
