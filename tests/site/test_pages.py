"""The built pages (`bookkit site --strict` first): links, pictures, nothing from a third party, nothing missing."""

from pathlib import Path
import re
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
PAGES = sorted(path for path in SITE.rglob("*.html") if "_static" not in path.parts)
CONTENT = [path for path in PAGES if path.parent.name in ("book", "notebooks")]
NAMES = [str(path.relative_to(SITE)) for path in PAGES]
_parsed: dict[Path, BeautifulSoup] = {}


def soup(path: Path) -> BeautifulSoup:
    if path not in _parsed:
        _parsed[path] = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return _parsed[path]


def test_the_site_is_built():
    assert (SITE / "index.html").is_file(), "build it first: bookkit site --strict"


def test_every_notebook_has_a_page():
    chapters = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert chapters
    assert chapters <= {path.stem for path in CONTENT}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_nothing_is_loaded_from_elsewhere(page):
    loaded = [
        tag.get("src") or tag.get("href") or "" for tag in soup(page).select("script, img, iframe, source, video")
    ]
    loaded += [tag.get("href", "") for tag in soup(page).select("link") if "canonical" not in (tag.get("rel") or [])]
    assert [address for address in loaded if address.startswith(("http:", "https:", "//"))] == []


def test_no_style_sheet_loads_from_elsewhere():
    sheets = list(SITE.rglob("*.css"))
    assert sheets
    pattern = re.compile(r"url\(\s*['\"]?(?:https?:)?//")
    assert [str(sheet) for sheet in sheets if pattern.search(sheet.read_text(encoding="utf-8", errors="replace"))] == []


@pytest.mark.parametrize("page", CONTENT, ids=lambda path: path.stem)
def test_every_picture_says_what_it_shows(page):
    poor = []
    for image in soup(page).select("article img, main img"):
        alt = image.get("alt", "")
        if len(alt) < 20 or alt.endswith(".png") or "_images/" in alt:
            poor.append((image.get("src"), alt))
    assert poor == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_inside_the_site_arrive(page):
    broken = []
    for link in soup(page).select("a[href]"):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if target.is_dir():
            target = target / "index.html"
        if not target.exists():
            broken.append(link["href"])
        elif parts.fragment and target.suffix == ".html":
            fragment = unquote(parts.fragment)
            if not soup(target).find(id=fragment) and not soup(target).find(attrs={"name": fragment}):
                broken.append(link["href"])
    assert broken == []


@pytest.mark.parametrize("page", CONTENT, ids=lambda path: path.stem)
def test_a_page_has_one_title_and_a_language(page):
    document = soup(page)
    assert len(document.select("article h1")) == 1
    assert document.html.get("lang")
    assert len(document.title.text.strip()) > 5


@pytest.mark.parametrize("page", CONTENT, ids=lambda path: path.stem)
def test_no_glued_value_is_missing(page):
    article = soup(page).select_one("article")
    assert article is not None
    for node in article.select("pre, code"):
        if node.find_parent(class_="cell_output") is None:
            continue
        assert "Traceback (most recent call last)" not in node.text
    text = " ".join(paragraph.text for paragraph in article.select("p, li, td"))
    assert "{glue" not in text
    assert "{result}" not in text
    assert "not measured yet" not in text


@pytest.mark.parametrize("page", CONTENT, ids=lambda path: path.stem)
def test_a_page_stays_light(page):
    assert page.stat().st_size < 1_000_000
