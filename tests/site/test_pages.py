"""The built pages (`bookkit site --strict` first): links, pictures, nothing from a third party, nothing missing."""

from pathlib import Path
import re
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

from bs4 import BeautifulSoup
import nbformat
from PIL import Image
import pytest

from bookkit.elsewhere import read_addresses, wheel_name, with_setup

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
    chapters = {path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
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


def test_the_figures_of_chapters_are_sharp():
    """Those that Matplotlib drew have twice the pixels that they are shown with."""
    figures = [
        (page.stem, image["width"], found.size[0])
        for page in CONTENT
        for image in soup(page).select("figure.shown img[width]")
        for found in [Image.open(page.parent / image["src"])]
    ]
    assert len(figures) > 80
    assert [row for row in figures if abs(2 * int(row[1]) - row[2]) > 1] == []


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


ADDRESSES = read_addresses(ROOT / "_config.yml")
EXECUTED = [path for path in CONTENT if (ROOT / path.relative_to(SITE)).with_suffix(".ipynb").is_file()]


@pytest.mark.parametrize("page", EXECUTED, ids=lambda path: path.stem)
def test_a_page_offers_its_notebook_with_the_set_up_cell(page):
    button = soup(page).select_one("a.btn-download-source-button")
    path = (page.parent / button["href"]).resolve()
    assert path.name == f"{page.stem}.ipynb"
    offered = nbformat.read(path, as_version=4)
    assert offered.cells == with_setup(offered, ADDRESSES).cells
    links = re.findall(r"\]\(([\w./-]+\.(?:ipynb|md))[#)]", "\n".join(cell.source for cell in offered.cells))
    assert not (ADDRESSES.site and links)


def test_the_site_ships_the_wheel_that_the_cells_name():
    assert [path.name for path in (SITE / "_static").glob("*.whl")] == [wheel_name()]
    with ZipFile(SITE / "_static" / wheel_name()) as wheel:
        shipped = {name for name in wheel.namelist() if name.startswith("torchbook/")}
    sources = (path for path in (ROOT / "src" / "torchbook").rglob("*") if "__pycache__" not in path.parts)
    assert shipped == {path.relative_to(ROOT / "src").as_posix() for path in sources if path.is_file()}


@pytest.mark.parametrize("page", CONTENT, ids=lambda path: path.stem)
def test_no_button_leads_nowhere(page):
    links = [link["href"] for link in soup(page).select(".article-header-buttons a[href]")]
    assert all(link.startswith("../_sources/") or ADDRESSES.repository for link in links)
    assert soup(page).select(".dropdown-launch-buttons") == [] or ADDRESSES.repository


@pytest.fixture
def start():
    return soup(SITE / "book" / "index.html")


@pytest.fixture
def rows(start):
    """The rows of the table of chapters as (number, address of the chapter, numbers of the chapters before)"""
    table = start.select_one("#the-chapters table tbody")
    cells = [row.select("td") for row in table.select("tr")]
    return [(one[0].text, one[1].a["href"].split("#")[0], re.findall(r"\d+", one[-1].text)) for one in cells]


def test_the_map_links_every_chapter(start, rows):
    links = start.select("svg.chapter-map a")
    assert len(links) == len(list((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")))
    assert [(link.select_one(".number").text, link["href"]) for link in links] == [row[:2] for row in rows]
    assert [link["href"] for link in links if not (SITE / "book" / link["href"]).is_file()] == []


def test_the_map_shows_the_titles_of_the_chapters(start):
    for link in start.select("svg.chapter-map a"):
        title = soup((SITE / "book" / link["href"]).resolve()).select_one("article h1")
        shown = " ".join(text.text for text in link.select("text"))
        assert shown == title.get_text().removesuffix("#").strip()


def test_the_arrows_are_those_of_the_table_that_no_others_imply(start, rows):
    edges = {(before, number) for number, _, after in rows for before in after}

    def leads(begin, end, known):
        return any(b == begin and (e == end or leads(e, end, known)) for b, e in known)

    direct = {edge for edge in edges if not leads(*edge, edges - {edge})}
    arrows = [(path["data-from"], path["data-to"]) for path in start.select("svg.chapter-map .arrow")]
    assert len(arrows) == len(set(arrows))
    assert set(arrows) == direct


def test_no_arrows_of_the_map_cross(start):
    """In each gap between ranks, arrows arrive in the order in which they leave."""
    gaps: dict[str, list[tuple[float, float]]] = {}  # height of the gap: (x above, x below) of each arrow in it
    for path in start.select("svg.chapter-map .arrow"):
        x = float(re.match(r"M([\d.]+)", path["d"])[1])
        for height, bend in re.findall(r"V([\d.]+)(C[^V]*)?V", path["d"]):
            end = float(bend.split()[-2]) if bend else x
            gaps.setdefault(height, []).append((x, end))
            x = end
    assert gaps
    for gap in gaps.values():
        assert sorted(gap) == sorted(gap, key=lambda arrow: arrow[1])
