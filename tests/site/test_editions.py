"""The book as EPUB and PDF: well formed, complete, its links inside the file; of a tiny site and of the built one."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from posixpath import join, normpath
import re
import xml.etree.ElementTree as ET
import zipfile

import pytest

from bookkit import editions, epub
from bookkit.notebooks import BookError

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
TOC = "root: book/index\nparts:\n- chapters: [{file: notebooks/01_a}, {file: book/my_run}]\n"
START = """<!DOCTYPE html><title>T</title><article class="bd-article"><section id="start"><h1>Ifs &amp; buts
<a class="headerlink" href="#start">#</a></h1><!-- editions --><!-- /editions -->
<a href="../notebooks/01_a.html#two">chapter</a>
<a href="my_run.html">mine</a><a href="https://example.org/x?a=1&amp;b=2">far</a><img src="../_images/p.png" alt="A dot"
loading="lazy"><script>broken(</script></section></article>"""
CHAPTER = """<!DOCTYPE html><title>T</title><article class="bd-article"><section id="a"><h1>01 A</h1><section id="two">
<h2>Two &lt; 3</h2>
<details><summary><p class="collapsed">Solution</p><p class="expanded">Solution</p></summary>x<br>y</details>
<div class="cell tag_setup">set up</div><math><mi>x</mi></math><a href="#a">up</a><a href="../book/index.html">start</a>
<input aria-labelledby="two"></section></section></article>"""


@pytest.fixture
def page(browser):
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.fixture
def book(tmp_path):
    """A site of two pages, and one that no edition has."""
    for folder in ("book/_web", "_build/html/book", "_build/html/notebooks", "_build/html/_images"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "_config.yml").write_text("title: A & B\nauthor: me\n")
    (tmp_path / "book" / "_toc.yml").write_text(TOC)
    for name in ("edition.js", "edition.css"):
        (tmp_path / "book" / "_web" / name).write_bytes((ROOT / "book" / "_web" / name).read_bytes())
    html = tmp_path / "_build" / "html"
    (html / "book" / "index.html").write_text(START)
    (html / "notebooks" / "01_a.html").write_text(CHAPTER)
    (html / "_images" / "p.png").write_bytes((ROOT / "book" / "_static" / "drawn_objects.png").read_bytes())
    return tmp_path


def texts(file: Path) -> dict[str, ET.Element]:
    """Each page of an EPUB by its name, parsed as XML, which fails for what is not well formed."""
    with zipfile.ZipFile(file) as book:
        names = [name for name in book.namelist() if name.endswith(".xhtml")]
        return {Path(name).name: ET.fromstring(book.read(name)) for name in names}


def attributes(root: ET.Element, *names: str) -> list[str]:
    return [element.get(name) for element in root.iter() for name in names if element.get(name)]


def broken(file: Path) -> list[str]:
    """Links and pictures of an EPUB that lead nowhere, ids that stand twice, files that its list lacks."""
    pages = texts(file)
    ids = {name: attributes(root, "id") for name, root in pages.items()}
    found = [f"{name}: id {one}" for name, all_ids in ids.items() for one in {*all_ids} if all_ids.count(one) > 1]
    with zipfile.ZipFile(file) as book:
        files = {name.removeprefix("book/") for name in book.namelist() if name.startswith("book/")}
        listed = set(attributes(ET.fromstring(book.read("book/content.opf")), "href"))
    found += [f"not listed: {name}" for name in files - listed - {"content.opf"}]
    for name, root in pages.items():
        for link in attributes(root, "href", "src", "{http://www.w3.org/1999/xlink}href"):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            target = normpath(join(".", target)) if target else name
            if target not in files or (anchor and anchor not in ids[target]):
                found.append(f"{name}: {link}")
    return found


def test_an_epub_is_well_formed_and_its_links_stay_inside(page, book, tmp_path):
    file = epub.write_epub(page, book, book / "_build" / "html", tmp_path / "b.epub")
    assert broken(file) == []
    start, chapter = (texts(file)[name] for name in ("book-index.xhtml", "notebooks-01_a.xhtml"))
    assert "notebooks-01_a.xhtml#two" in attributes(start, "href")
    assert "https://example.org/x?a=1&b=2" in attributes(start, "href")
    assert not [link for link in attributes(start, "href") if "my_run" in link]
    said = " ".join("".join(chapter.itertext()).split())
    assert said.count("Solution") == 1
    assert "set up" not in said
    tags = {element.tag.rpartition("}")[2] for root in (start, chapter) for element in root.iter()}
    assert not tags & {"script", "input"}


def test_the_first_entry_of_an_epub_tells_its_type_uncompressed(page, book, tmp_path):
    file = epub.write_epub(page, book, book / "_build" / "html", tmp_path / "b.epub")
    with zipfile.ZipFile(file) as opened:
        first = opened.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert opened.read(first) == b"application/epub+zip"
        opf = opened.read("book/content.opf").decode()
    assert "<dc:title>A &amp; B</dc:title>" in opf
    assert re.search(r'id="notebooks-01_a" [^>]*properties="mathml"', opf)


def test_the_built_book_becomes_a_whole_epub(page, tmp_path):
    file = epub.write_epub(page, ROOT, SITE, tmp_path / "b.epub")
    assert broken(file) == []
    assert {f"{name.replace('/', '-')}.xhtml" for name in editions.page_names(ROOT)} < set(texts(file))


def test_both_are_offered_on_the_start_page_once(page, book, monkeypatch):
    @contextmanager
    def opened():
        yield page

    monkeypatch.setattr(epub, "chromium", opened)
    html = book / "_build" / "html"
    epub.offer(book, html)
    files = epub.offer(book, html)
    text = (html / "book" / "index.html").read_text()
    assert [text.count(f'href="../_downloads/{file.name}"') for file in files] == [1, 1]
    pdf = files[1].read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"/Outlines" in pdf
    assert not (html / "_print.html").exists()


def test_without_a_site_the_sentence_says_what_to_do(page, book):
    (book / "_build" / "html" / "notebooks" / "01_a.html").unlink()
    with pytest.raises(BookError, match="build the site first"):
        editions.parts(page, book, book / "_build" / "html", joined=False)
    (book / "_build" / "html" / "book" / "index.html").unlink()
    with pytest.raises(BookError, match="build the site first"):
        epub.offer(book, book / "_build" / "html")
