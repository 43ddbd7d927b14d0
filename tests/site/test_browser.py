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


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light(visits, page, measured):
    weight = visits(page).weight
    before = weight.total() - weight["image"]
    sizes = ", ".join(f"{kind} {weight[kind] / 1000:.0f}" for kind in ("page", "css", "js", "font", "image"))
    measured(f"weight of {page}: {before / 1000:.0f} kB compressed before its pictures ({sizes})")
    assert weight["page"]
    assert before <= MOST or page not in CHAPTERS, weight
