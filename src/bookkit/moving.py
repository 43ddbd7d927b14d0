"""What the page of moving pictures shows beside its scripts: still pictures, and what two trained networks computed.

All of it is made by torch, in half a minute, and kept below ``_build/moving`` under a digest of what it is made of.
"""

from __future__ import annotations

from pathlib import Path
import shutil

from bookkit.kept import digest, make_once, sources_of
from bookkit.notebooks import find_chapters

PAGE = Path("book") / "moving_pictures.html"
FOLDER = Path("_static") / "moving"
CHAPTERS = ["08", "12"]


def digest_of(book: Path) -> str:
    """Of the code and the text that the networks and the still pictures are made with."""
    cells = [cell.source for chapter in find_chapters(book, CHAPTERS) for _, cell in chapter.code_cells]
    sources = sources_of("bookkit.moving_networks") | sources_of("bookkit.moving_stills")
    return digest(sources, "\0".join(cells), ["torch"])


def write_moving(book: Path, html: Path) -> None:
    """Write the still pictures and the networks' values below ``html``, made anew where what they rest on changed.

    A site without the page needs none.
    """
    if not (html / PAGE).is_file():
        return

    def make(draft: Path) -> None:
        from bookkit import moving_networks, moving_stills  # here, as PyTorch takes seconds to import

        moving_stills.make(draft, moving_networks.make(book, draft))

    kept = html.parent / "moving" / digest_of(book)
    make_once(kept, "*", make)
    (html / FOLDER).mkdir(parents=True, exist_ok=True)
    for path in [*kept.glob("*.js"), *kept.glob("*.svg")]:
        shutil.copy2(path, html / FOLDER)
