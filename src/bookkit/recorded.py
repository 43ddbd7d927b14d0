"""What the outputs of a notebook hold for machines: the values that its cells recorded, and the data of its figures."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
import math
import re
from typing import Any

import nbformat

from bookkit.notebooks import BookError

Value = float | int | str
WRAPPED = re.compile(r"^(?:np\.(?:float|int|uint|bool|str)\w*|tensor)\((.*?)(?:, (?:dtype|device)=[^,]+)*\)$", re.S)


@dataclass(frozen=True)
class Recorded:
    """One value that a run measured, with how far another run may lie from it: `within` or by `factor`, else nowhere.

    `cell` is the id of the cell that recorded it, `number` that cell's place from 1, injected parameters not counted.
    """

    name: str
    value: Value
    label: str = ""
    within: float | None = None
    factor: float | None = None
    cell: str = ""
    number: int = 0
    unit: str = ""


def recorded_values(notebook: nbformat.NotebookNode) -> dict[str, Recorded]:
    """Name and record of each value in the outputs, in their order. Raises BookError for a name recorded twice."""
    found: dict[str, Recorded] = {}
    for number, cell, output in _outputs(notebook):
        for one in (*_record_of(output), *_glued(output)):
            value = Recorded(**one, cell=cell.get("id", ""), number=number)
            if value.name in found:
                first = found[value.name].number
                raise BookError(f"{value.name} is recorded in cell {first} and again in cell {number}: rename one.")
            found[value.name] = value
    return found


def figure_data(notebook: nbformat.NotebookNode) -> dict[str, list[Any]]:
    """{cell id: the data of each figure that the cell shows}, as `torchbook` stored them beside the picture."""
    found: dict[str, list[Any]] = {}
    for _, cell, output in _outputs(notebook):
        data = output.get("metadata", {}).get("torchbook", {}).get("figure")
        if data is not None:
            found.setdefault(cell.get("id", ""), []).append(data)
    return found


def _outputs(notebook: nbformat.NotebookNode) -> Iterator[tuple[int, nbformat.NotebookNode, nbformat.NotebookNode]]:
    """(cell number, cell, output)"""
    number = 0
    for cell in notebook.cells:
        number += "injected-parameters" not in cell.metadata.get("tags", [])
        for output in cell.get("outputs", []):
            yield number, cell, output


def _record_of(output: nbformat.NotebookNode) -> Iterator[dict[str, Any]]:
    """What `torchbook.recording.record` wrote into an output's metadata; its line is `label: value unit`."""
    record = output.get("metadata", {}).get("torchbook", {}).get("record")
    if record is not None:
        label, _, shown = "".join(output.get("data", {}).get("text/plain", "")).rpartition(":")
        unit = shown.strip().partition(" ")[2]
        yield {"label": label, "unit": unit, **{key: record.get(key) for key in ("name", "value", "within", "factor")}}


def _glued(output: nbformat.NotebookNode) -> Iterator[dict[str, Any]]:
    """What MyST-NB's `glue` wrote, figures left out: read until no notebook glues any more."""
    scrap = output.get("metadata", {}).get("scrapbook", {})
    prefix = scrap.get("mime_prefix", "")
    data = {key[len(prefix) :]: value for key, value in output.get("data", {}).items()}
    if "name" in scrap and "text/plain" in data and not any(key.startswith("image/") for key in data):
        yield {"name": scrap["name"], "value": parse_value("".join(data["text/plain"]))}


def parse_value(text: str) -> Value:
    """A value from its `repr`: a number where it is one (NumPy's and PyTorch's scalars too), else text.

    Infinity and not-a-number stay text, as JSON has no word for them.
    """
    text = text.strip()
    wrapped = WRAPPED.match(text)
    inner = wrapped.group(1) if wrapped else text
    try:
        value = ast.literal_eval(inner)
    except (ValueError, SyntaxError):
        return text
    if isinstance(value, (bool, str)):
        return str(value)
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return text
