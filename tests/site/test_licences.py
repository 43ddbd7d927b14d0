"""Whatever others made and the site ships has the text of its licence beside it, and a page names it."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from bs4 import BeautifulSoup
import pytest

from bookkit.licences import FOLDER, PARTS, SPARE

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
STATIC = SITE / "_static"
# By the build, from the book alone; the weights in insects.onnx are others'.
MADE_HERE = ("formulas.css", "search-sections.js", "torchbook-*.whl", "moving/*.js", "moving/*.svg")
MADE_HERE += ("demos/networks/*.json", "demos/networks/*.png", "demos/networks/[!i]*.onnx")
DEMOS = (SITE / "_static" / "demos" / "networks").is_dir()  # left out of a build without npm
FILES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())
OTHERS = [
    name
    for name in FILES
    if not (ROOT / "book" / "_static" / name).is_file() and not any(fnmatch(name, pattern) for pattern in MADE_HERE)
]
WORDS = {
    "MIT": "without restriction",
    "BSD-2-Clause": "Redistributions",
    "BSD-3-Clause": "Neither the name",
    "Apache-2.0": "Apache",
    "OFL-1.1": "SIL OPEN FONT LICENSE Version 1.1",
}


def has_licence(name: str) -> bool:
    """Whether a file belongs to a part whose text is there, or has a licence in its own folder (as packages of npm)."""
    parts = [part for part in PARTS if any(fnmatch(name, pattern) for pattern in part.patterns)]
    texts = [SITE / FOLDER / part.name for part in parts]
    own_folder = (STATIC / name).parent
    beside = list(own_folder.glob("LICEN[CS]E*")) if own_folder != STATIC else []
    return (bool(texts) and all(text.is_file() for text in texts)) or bool(beside)


def test_the_site_has_parts_of_others():
    assert len(OTHERS) > len(PARTS)


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_others_has_its_licence_beside_it(name):
    assert has_licence(name) or FOLDER.name in Path(name).parts


def test_a_file_that_nobody_accounts_for_has_none():
    assert not has_licence("jquery.js")
    assert not has_licence("scripts/jquery.js")


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_is_in_the_site_with_the_right_text(part):
    for pattern in part.patterns if DEMOS or part.licence != "Apache-2.0" else ():
        assert [name for name in FILES if fnmatch(name, pattern)], pattern
    text = " ".join((SITE / FOLDER / part.name).read_text(encoding="utf-8").split())
    assert "opyright" in text
    assert WORDS[part.licence] in text


def test_the_page_leads_to_every_text():
    page = SITE / "book" / "licences.html"
    article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").article
    links = [link["href"] for link in article.select("li a[href*='licences/']")]
    assert links == [f"../{FOLDER.as_posix()}/{part.name}" for part in PARTS]
    assert all((page.parent / link).is_file() for link in links)


def test_nothing_that_no_page_loads_is_shipped():
    assert [name for name in FILES if any(fnmatch(name, pattern) for pattern in SPARE)] == []
