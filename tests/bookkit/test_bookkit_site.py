"""What `bookkit site --from full` takes from a full run, and when it refuses; tests/site looks at what is built."""

from __future__ import annotations

from pathlib import Path
import shutil

import nbformat
import pytest
from tiny_books import bookkit, code, make_book, markdown, notebook, recorded

from bookkit import licences, site
from bookkit.elsewhere import Addresses
from bookkit.execute import INJECTED
from bookkit.notebooks import BookError
from bookkit.site import SiteError

PARAMETERS = {"epochs": 5}


def chapter(number: str = "1") -> nbformat.NotebookNode:
    return notebook(
        markdown("# First"),
        code("import os"),
        code("epochs = 2", "parameters"),
        code("f()"),
        markdown(f"After {number}<!-- ch01_epochs --> epochs."),
    )


def full_copy(root: Path, parameters: dict | None = None) -> Path:
    """As papermill and a full run leave it: parameters injected, outputs of their own."""
    book = chapter()
    book.cells.insert(3, code("epochs = 5", INJECTED))
    book.cells[4].outputs = [recorded("ch01_epochs", 5, "epochs: 5")]
    book.metadata["papermill"] = {"parameters": PARAMETERS if parameters is None else parameters}
    path = root / "_build" / "executed" / "full" / "01_first.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(book, path)
    return path


def test_a_copy_of_todays_sources_is_taken_with_its_own_numbers_in_the_prose(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": chapter("2"), "02_second": chapter("2")})
    (root / "book").mkdir()
    full_copy(root)
    stage = site.stage_full(root)
    first, second = (nbformat.read(stage / "notebooks" / f"{name}.ipynb", 4) for name in ("01_first", "02_second"))
    assert first.cells[5].source == "After 5<!-- ch01_epochs --> epochs."
    assert first.cells[4].outputs[0].data["text/plain"] == "epochs: 5"
    assert second.cells[4].source == "After 2<!-- ch01_epochs --> epochs."


@pytest.mark.parametrize(
    ("change", "parameters", "part"),
    [
        (lambda book: book.cells[3].update(source="g()"), None, "01_first has changed since its full run"),
        (lambda book: book.cells[0].update(source="# Another"), None, "01_first has changed since its full run"),
        (lambda book: book.cells.append(code("more()")), None, "01_first has changed since its full run"),
        (lambda book: None, {"epochs": 1}, "01_first was run with other parameters"),
    ],
)
def test_a_copy_that_is_not_todays_is_refused_with_the_command(tmp_path, change, parameters, part):
    book = chapter("2")
    change(book)
    root = make_book(tmp_path / "book", {"01_first": book})
    full_copy(root, parameters)
    result = bookkit(root, "site", "--from", "full")
    assert result.exit_code == 1
    assert part in result.stderr
    assert "bookkit run 01_first --profile full" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (root / "_build" / "site-full").exists()


def test_a_copy_of_a_chapter_that_is_gone_is_refused(tmp_path):
    root = make_book(tmp_path / "book", {"02_second": chapter()}, profiles="")
    copy = full_copy(root)
    with pytest.raises(SiteError, match=f"{copy}.*delete it"):
        site.stage_full(root)


def finished(tmp_path: Path, address: str) -> Path:
    """A site of one page after the last steps of a build."""
    shutil.copytree(Path(__file__).parents[2] / "book" / "_web", tmp_path / "book" / "_web")
    html = tmp_path / "html"
    (html / "notebooks").mkdir(parents=True)
    (html / "searchindex.js").write_text("")
    page = '<article><section id="first"><h1>First</h1><p>One <math><mi>x</mi></math>.</p></section></article>'
    (html / "notebooks" / "01_first.html").write_text(page)
    site.finish(tmp_path, html, Addresses(site=address))
    return html


def test_a_site_with_an_address_has_a_map_for_search_engines(tmp_path):
    html = finished(tmp_path, "https://example.org/book")
    assert "<loc>https://example.org/book/notebooks/01_first.html</loc>" in (html / "sitemap.xml").read_text()
    assert "Sitemap: https://example.org/book/sitemap.xml" in (html / "robots.txt").read_text()


def test_a_site_without_an_address_has_none_and_only_the_search_of_its_own(tmp_path):
    html = finished(tmp_path, "")
    assert not (html / "sitemap.xml").exists()
    assert not (html / "searchindex.js").exists()
    assert '["first","First",1,"One ."]' in (html / "_static" / "search-sections.js").read_text()
    assert (html / "_static" / "formulas.woff").is_file()


@pytest.mark.parametrize("name", ["bootstrap.txt", "sphinx.txt"])
def test_a_licence_that_is_missing_stops_the_build(tmp_path, name, monkeypatch):
    monkeypatch.setattr(licences, "files", lambda package: [])
    [part] = [part for part in licences.PARTS if part.name == name]
    with pytest.raises(BookError, match=f"must not ship {part.title} without its licence"):
        licences.text_of(part, tmp_path)
