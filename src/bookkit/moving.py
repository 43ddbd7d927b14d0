"""What the page of moving pictures shows beside its scripts: still pictures, and what two trained networks computed.

All of it is made by torch, in half a minute, and kept below ``_build/moving`` under a digest of what it is made of.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory

from bookkit.notebooks import find_chapters
from bookkit.one_thread import one_thread

PAGE = Path("book") / "moving_pictures.html"
FOLDER = Path("_static") / "moving"
MADE_OF = ("models.py", "sequences.py", "data/text.py", "data/book_prose.txt")  # of torchbook
CHAPTERS = ["08", "12"]


def digest_of(book: Path) -> str:
    """Of the code and the text that the networks and the still pictures are made with."""
    [package] = find_spec("torchbook").submodule_search_locations or []
    parts = [(Path(package) / name).read_bytes() for name in MADE_OF]
    parts += [path.read_bytes() for path in sorted(Path(__file__).parent.glob("moving*.py"))]
    parts += [cell.source.encode() for chapter in find_chapters(book, CHAPTERS) for _, cell in chapter.code_cells]
    return hashlib.sha256(b"\0".join([version("torch").encode(), *parts])).hexdigest()[:16]


def write_moving(book: Path, html: Path) -> None:
    """Write the still pictures and the networks' values below ``html``, made anew where what they rest on changed.

    A site without the page needs none.
    """
    if not (html / PAGE).is_file():
        return
    kept = html.parent / "moving" / digest_of(book)
    if not kept.is_dir():
        from bookkit import moving_networks, moving_stills  # here, as PyTorch takes seconds to import

        shutil.rmtree(kept.parent, ignore_errors=True)  # what older code made
        kept.parent.mkdir(parents=True)
        with TemporaryDirectory(dir=kept.parent) as folder, one_thread():
            moving_stills.make(Path(folder), moving_networks.make(book, Path(folder)))
            shutil.copytree(folder, kept)
    (html / FOLDER).mkdir(parents=True, exist_ok=True)
    for path in [*kept.glob("*.js"), *kept.glob("*.svg")]:
        shutil.copy2(path, html / FOLDER)
