"""Short hashes of what a run stored in a notebook, kept in its metadata, so that nothing stored can be typed over."""

from __future__ import annotations

from collections.abc import Iterator
import hashlib
import json

import nbformat

from bookkit.notebooks import SETUP, tags
from bookkit.quoted import QUOTE


def digests(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """{cell id: digest} of the cells that a run wrote to: code with its outputs, prose with the numbers it shows.

    The set-up cell has none: it is compared with the text that it must have.
    """
    found = {}
    for cell in (cell for cell in notebook.cells if SETUP not in tags(cell)):
        content = [cell.source, cell.outputs] if cell.cell_type == "code" else QUOTE.findall(cell.source)
        if content:
            text = json.dumps(content, sort_keys=True, ensure_ascii=False)
            found[cell.id] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


def store_digests(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata.setdefault("torchbook", {})["digests"] = digests(notebook)


def changed_cells(notebook: nbformat.NotebookNode) -> Iterator[int | None]:
    """Numbers from 1 of the cells that are not as the stored run left them; None for the notebook: cells are gone."""
    stored, found = notebook.metadata.get("torchbook", {}).get("digests", {}), digests(notebook)
    for number, cell in enumerate(notebook.cells, 1):
        if stored.get(cell.get("id")) != found.get(cell.get("id")):
            yield number
    if stored.keys() - {cell.get("id") for cell in notebook.cells}:
        yield None
