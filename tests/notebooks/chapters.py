"""The chapters as the tests in this folder see them: discovered, never listed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
import re

import nbformat

from bookkit.notebooks import SETUP

ROOT = Path(__file__).resolve().parents[2]
PATHS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
NAMES = [path.stem for path in PATHS]
PAGES = [path.stem for path in sorted((ROOT / "book").glob("*.ipynb"))]  # executed pages beside the chapters


@cache
def cells(name: str) -> list[nbformat.NotebookNode]:
    """The cells of a chapter, such as `05_cifar10`, or of an executed page, such as `how_fast`."""
    folder = "book" if name in PAGES else "notebooks"
    return nbformat.read(str(ROOT / folder / f"{name}.ipynb"), as_version=4).cells


def code_cells(name: str) -> list[nbformat.NotebookNode]:
    """A chapter's own code cells, without the set-up cell, which is the same everywhere."""
    return [cell for cell in cells(name) if cell.cell_type == "code" and SETUP not in tags(cell)]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def tagged(name: str, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in code_cells(name) if tag in tags(cell)]


def ids(name: str, kind: str) -> list[str]:
    """`05-2` for each cell with the tag `<kind>-05-2`, in the order of the page."""
    found = (re.fullmatch(rf"{kind}-(\d\d-\d+)", tag) for cell in code_cells(name) for tag in tags(cell))
    return [match[1] for match in found if match]


def printed(cell: nbformat.NotebookNode) -> str:
    """What the stored outputs of a cell show as text."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")
