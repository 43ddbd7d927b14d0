"""Build the website with Jupyter Book, from the stored outputs or from executed copies of a full run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
import shutil
import subprocess
import sys

import nbformat
import yaml

from bookkit.demos import build as demos
from bookkit.downloads import publish
from bookkit.elsewhere import Addresses, read_addresses
from bookkit.execute import INJECTED
from bookkit.licences import write_licences
from bookkit.moving import write_moving
from bookkit.notebooks import SETUP, BookError, Chapter, read_config, read_notebook, read_profiles, tags, write_text
from bookkit.policy import settle_scripts
from bookkit.prose_numbers import without_values
from bookkit.save import fill_prose
from bookkit.search_index import write_index
from bookkit.web_fonts import write_fonts

SOURCES = ("stored", "full")


class SiteError(BookError):
    """The site could not be built; the message says what is wrong."""


def build_site(root: Path, source: str = "stored", strict: bool = False, baseurl: str | None = None) -> Path:
    """Build the site below ``root/_build`` and return the path of its ``index.html``.

    source: ``"stored"`` shows the outputs in ``notebooks/`` (quick profile); ``"full"`` those of
    ``_build/executed/full``, with the stored ones for chapters that have no full run there.
    strict: every page is read anew, a warning fails the build, references are checked (``-W -n --keep-going``).
    baseurl: where the site will lie, in place of ``html.baseurl`` of ``_config.yml``.
    Raises BookError for an unknown source, SiteError for a build that failed, or a full run that is not there.
    """
    if source not in SOURCES:
        raise BookError(f"Unknown source {source!r}: use {' or '.join(SOURCES)}.")
    if find_spec("jupyter_book") is None:
        raise SiteError("The site needs jupyter-book: pip install -e '.[book]' in the book's folder brings it.")
    book = root if source == "stored" else stage_full(root)
    config = book / "_config.yml" if baseurl is None else configured(book, baseurl)
    addresses = read_addresses(config)
    demos.prepare(root, book)
    if strict and (book / "_build").is_dir():  # pages from the store would hide their warnings
        for folder in ("html", ".doctrees"):
            if (book / "_build" / folder).is_dir():
                shutil.rmtree(book / "_build" / folder)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(book)]
    command += ["--config", str(config), "--toc", str(book / "book" / "_toc.yml")]
    command += ["-W", "-n", "--keep-going"] if strict else ["--quiet"]
    result = subprocess.run(command, cwd=book, check=False)
    index = book / "_build" / "html" / "index.html"
    if result.returncode != 0 or not index.is_file():
        raise SiteError(f"jupyter-book stopped with exit code {result.returncode}; what it printed above says why.")
    finish(book, index.parent, addresses)
    demos.publish(root, book, index.parent)
    publish(root, book, index.parent, addresses)
    return index


def finish(book: Path, html: Path, addresses: Addresses) -> None:
    """What Sphinx leaves to do: no scripts in pages, small fonts, licences, the search, a map for search engines.

    Removes what no page loads: the theme's whole icon font, scripts without use, and the index of Sphinx's own search.
    """
    settle_scripts(html)
    write_fonts(html)
    write_moving(book, html)
    write_licences(html, book / "book" / "_web" / "licences")
    write_index(html, book / "book" / "_web" / "synonyms.txt")
    for name in ("searchindex.js", "_static/searchtools.js"):
        (html / name).unlink(missing_ok=True)
    if addresses.site:
        pages = sorted(path for folder in ("book", "notebooks") for path in (html / folder).glob("*.html"))
        found = "".join(
            f"<url><loc>{addresses.site}/{path.relative_to(html).as_posix()}</loc></url>\n" for path in pages
        )
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        head = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="{space}">\n'
        write_text(html / "sitemap.xml", f"{head}{found}</urlset>\n")
        write_text(html / "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {addresses.site}/sitemap.xml\n")


def configured(book: Path, baseurl: str) -> Path:
    """A copy of ``_config.yml`` below ``_build`` that has another address."""
    config = read_config(book)
    config.setdefault("html", {})["baseurl"] = baseurl
    path = book / "_build" / "_config.yml"
    write_text(path, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return path


def stage_full(root: Path) -> Path:
    """Copy what the site is made of to ``_build/site-full``, with the executed copies of the full profile in place."""
    executed = sorted((root / "_build" / "executed" / "full").glob("*.ipynb"))
    if not executed:
        raise SiteError("There is no executed full copy: run `bookkit run --profile full` first.")
    for copy in executed:
        refuse_stale(root, copy)
    stage = root / "_build" / "site-full"
    for folder in ("book", "notebooks"):
        shutil.rmtree(stage / folder, ignore_errors=True)
        shutil.copytree(root / folder, stage / folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy2(root / "_config.yml", stage)
    for copy in executed:
        notebook = read_notebook(copy)
        fill_prose(notebook, copy.stem, root)
        write_text(stage / "notebooks" / copy.name, nbformat.writes(notebook))
    return stage


def refuse_stale(root: Path, copy: Path) -> None:
    """Raise SiteError unless the executed copy has today's cells and the parameters of today's full profile."""
    chapter, executed = Chapter(root / "notebooks" / copy.name), read_notebook(copy)
    again = f"run `bookkit run {copy.stem} --profile full` again"
    if not chapter.path.is_file():
        raise SiteError(f"{copy} is a full run of a chapter that is no longer there: delete it.")
    ran, now = (
        [_text(cell) for cell in cells if not {INJECTED, SETUP} & {*tags(cell)}]
        for cells in (executed.cells, chapter.cells)
    )
    if ran != now:
        raise SiteError(f"{copy.stem} has changed since its full run: {again}.")
    used = executed.metadata.get("papermill", {}).get("parameters", {})
    if used != read_profiles(root).get("full", {}).get(chapter.number, {}):
        raise SiteError(f"{copy.stem} was run with other parameters than those of the full profile: {again}.")


def _text(cell: nbformat.NotebookNode) -> str:
    """A cell's source; of prose without the numbers that a run writes there."""
    return cell.source if cell.cell_type == "code" else without_values(cell.source)
