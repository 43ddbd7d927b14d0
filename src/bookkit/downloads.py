"""What a built site gives to take away: the wheel of torchbook, and notebooks that run and link without the book."""

from __future__ import annotations

from functools import lru_cache
import hashlib
from pathlib import Path
import posixpath
import re
import shutil

import nbformat

from bookkit.elsewhere import Addresses, with_setup
from bookkit.notebooks import read_notebook, write_text
from bookkit.student import PACKAGED, build_wheel

LINK = re.compile(r"(?<=\]\()(?P<path>[\w./-]+)\.(?:ipynb|md)(?:#(?P<anchor>[\w-]+))?(?=\))")


def publish(root: Path, book: Path, html: Path, addresses: Addresses) -> None:
    """Put the wheel into ``_static`` of a built site and complete the notebooks that its pages offer.

    book: the folder that the site was built from.
    """
    static = html / "_static"
    for old in static.glob("torchbook-*.whl"):
        old.unlink()
    shutil.copy2(cached_wheel(root), static)
    built_page.cache_clear()
    for download in sorted((html / "_sources").rglob("*.ipynb")):
        source = book / download.relative_to(html / "_sources")
        if source.is_file():
            notebook = with_setup(read_notebook(source), addresses)
            if addresses.site:
                link_to_site(notebook, source.parent.relative_to(book).as_posix(), html, addresses.site)
            write_text(download, nbformat.writes(notebook) + "\n")


def cached_wheel(root: Path) -> Path:
    """The wheel in ``_build/wheel``, built anew when a file that goes into it has changed."""
    state = hashlib.sha256()
    for path in sorted(file for name in PACKAGED for file in (root / name, *(root / name).rglob("*"))):
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path):
            state.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    folder = root / "_build" / "wheel"
    mark, found = folder / "sources.sha256", sorted(folder.glob("*.whl"))
    if not found or not mark.is_file() or mark.read_text(encoding="utf-8") != state.hexdigest():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        found = [build_wheel(root, folder)]
        write_text(mark, state.hexdigest())
    return found[-1]


def link_to_site(notebook: nbformat.NotebookNode, folder: str, html: Path, site: str) -> None:
    """Make links to other chapters and pages lead to the site; `folder` is the notebook's, from the book's root."""

    def absolute(link: re.Match[str]) -> str:
        page = posixpath.normpath(posixpath.join(folder, f"{link['path']}.html"))
        if not (html / page).is_file():
            return link[0]
        anchor = place_on(html / page, link["anchor"] or "")
        return f"{site}/{page}{f'#{anchor}' if anchor else ''}"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(absolute, cell.source)


def place_on(page: Path, anchor: str) -> str:
    """The id on a built page that an anchor of the sources means: itself, or the glossary's entry; else none."""
    ids = built_page(page)
    if anchor in ids:
        return anchor
    entry = re.compile(rf"term-(?:[\w-]+-)?{re.escape(anchor)}(?:-|$)")
    return min((name for name in ids if anchor and entry.match(name)), key=len, default="")


@lru_cache(maxsize=64)
def built_page(page: Path) -> frozenset[str]:
    """The ids of a built page."""
    return frozenset(re.findall(r'\bid="([^"]+)"', page.read_text(encoding="utf-8")))
