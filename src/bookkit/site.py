"""Build the website with Jupyter Book, from the stored outputs or from executed copies of a full run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
import shutil
import subprocess
import sys

from bookkit.notebooks import BookError

SOURCES = ("stored", "full")


class SiteError(BookError):
    """The site could not be built; the message says what is wrong."""


def build_site(root: Path, source: str = "stored", strict: bool = False) -> Path:
    """Build the site below ``root/_build`` and return the path of its ``index.html``.

    source: ``"stored"`` shows the outputs in ``notebooks/`` (quick profile); ``"full"`` those of
    ``_build/executed/full``, with the stored ones for chapters that have no full run there.
    strict: every page is read anew, a warning fails the build, references are checked (``-W -n --keep-going``).
    Raises BookError for an unknown source, SiteError for a build that failed, or a full run that is not there.
    """
    if source not in SOURCES:
        raise BookError(f"Unknown source {source!r}: use {' or '.join(SOURCES)}.")
    if find_spec("jupyter_book") is None:
        raise SiteError("The site needs jupyter-book: pip install -e '.[book]' in the book's folder brings it.")
    book = root if source == "stored" else _stage_full(root)
    if strict and (book / "_build").is_dir():  # pages from the store would hide their warnings
        for folder in ("html", ".doctrees"):
            if (book / "_build" / folder).is_dir():
                shutil.rmtree(book / "_build" / folder)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(book)]
    command += ["--config", str(book / "_config.yml"), "--toc", str(book / "book" / "_toc.yml")]
    command += ["-W", "-n", "--keep-going"] if strict else ["--quiet"]
    result = subprocess.run(command, cwd=book, check=False)
    index = book / "_build" / "html" / "index.html"
    if result.returncode != 0 or not index.is_file():
        raise SiteError(f"jupyter-book stopped with exit code {result.returncode}; what it printed above says why.")
    return index


def _stage_full(root: Path) -> Path:
    """Copy what the site is made of to ``_build/site-full``, with the executed copies of the full profile in place."""
    executed = sorted((root / "_build" / "executed" / "full").glob("*.ipynb"))
    if not executed:
        raise SiteError("There is no executed full copy: run `bookkit run --profile full` first.")
    stage = root / "_build" / "site-full"
    for folder in ("book", "notebooks"):
        shutil.rmtree(stage / folder, ignore_errors=True)
        shutil.copytree(root / folder, stage / folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy2(root / "_config.yml", stage)
    for copy in executed:
        shutil.copy2(copy, stage / "notebooks")
    return stage
