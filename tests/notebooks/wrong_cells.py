"""The planted edits of `wrong_cells/`: mistakes that a chapter's checks must refuse, each made in a copy of the book.

A file has the name of its notebook. Each edit has a name of its own, `why` it is wrong, and one of

- `old` and `new`: text of a cell, replaced; `old` stands once in the notebook, or once in the cell that has `cell`;
- `record` and `new`: the value stored under that name, in its cell's output, typed over;
- `quote` and `new`: the same number typed over where the prose quotes it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

from chapters import NAMES, PAGES
import nbformat
import yaml

from bookkit import quoted

FOLDER = Path(__file__).parent / "wrong_cells"
LEAST = 4  # edits a chapter


@dataclass(frozen=True)
class Edit:
    """One planted mistake; `notebook` such as `05_cifar10`."""

    notebook: str
    name: str
    why: str
    new: Any
    old: str = ""
    cell: str = ""
    record: str = ""
    quote: str = ""

    @property
    def of_source(self) -> bool:
        """Whether it changes what runs or is read, rather than what a run stored."""
        return bool(self.old)


def edits(notebook: str) -> list[Edit]:
    """The edits of one notebook; none where it has no file."""
    path = FOLDER / f"{notebook}.yml"
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else []
    return [Edit(notebook, **fields) for fields in found]


def all_edits() -> list[Edit]:
    return [edit for notebook in (*NAMES, *PAGES) for edit in edits(notebook)]


def apply(edit: Edit, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy of the notebook with the mistake in it. Raises ValueError where the edit does not fit once."""
    changed = copy.deepcopy(notebook)
    if edit.old:
        cells = [cell for cell in changed.cells if edit.old in cell.source and edit.cell in cell.source]
        cell = _only(edit, cells, "cells have its text")
        _only(edit, cell.source.split(edit.old)[1:], "places of the cell have its text")
        cell.source = cell.source.replace(edit.old, str(edit.new))
    elif edit.record:
        outputs = [output for cell in changed.cells for output in cell.get("outputs", []) if _records(edit, output)]
        output = _only(edit, outputs, "outputs record its name")
        line, colon, value = output.data["text/plain"].rpartition(": ")
        output.data["text/plain"] = line + colon + value.replace(value.split()[0], str(edit.new), 1)
        output.metadata["torchbook"]["record"]["value"] = edit.new
    else:
        cells = [cell for cell in changed.cells if cell.cell_type == "markdown" and _quotes(edit, cell.source)]
        cell = _only(edit, cells[:1], "texts quote its name")  # the first of several
        cell.source = quoted.QUOTE.sub(lambda found: _typed_over(edit, found), cell.source)
    if changed == notebook:
        raise ValueError(f"{edit.notebook}, {edit.name}: the edit changes nothing.")
    return changed


def _only(edit: Edit, found: list, what: str) -> Any:
    if len(found) != 1:
        raise ValueError(f"{edit.notebook}, {edit.name}: {len(found)} {what}; it must be one.")
    return found[0]


def _records(edit: Edit, output: nbformat.NotebookNode) -> bool:
    return output.get("metadata", {}).get("torchbook", {}).get("record", {}).get("name") == edit.record


def _quotes(edit: Edit, source: str) -> bool:
    return any(found["name"] == edit.quote for found in quoted.QUOTE.finditer(source))


def _typed_over(edit: Edit, found: re.Match[str]) -> str:
    return str(edit.new) + found[0][len(found["value"]) :] if found["name"] == edit.quote else found[0]
