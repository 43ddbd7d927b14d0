"""What a run would change in a notebook, for a reader who decides whether to accept it."""

from __future__ import annotations

from collections.abc import Iterator
import difflib
from itertools import zip_longest
import json

import nbformat

from bookkit.execute import ANSI
from bookkit.notebooks import BookError
from bookkit.recorded import Recorded, figure_data, recorded_values
from bookkit.verify import is_strict

MOST_LINES = 20  # of the data of one cell's figures


def changes(before: nbformat.NotebookNode, after: nbformat.NotebookNode) -> list[str]:
    """Lines that say what differs, cell by cell, then recorded values; none where the notebooks are the same.

    Text as a unified diff; pictures and the like by their size; the data of figures as a diff cut short.
    """
    lines = []
    for number, (old, new) in enumerate(zip(before.cells, after.cells, strict=True), 1):
        found = [*_diff(_text(old), _text(new)), *_pictures(old, new), *_figures(before, after, old, new)]
        if found:
            compared = "" if new.cell_type != "code" or is_strict(new) else ", whose output verify does not compare"
            lines += [f"cell {number}{compared}:", *(f"  {line}" for line in found)]
    lines += _values(before, after)
    if not lines and before != after:
        lines = ["metadata only: the kernel, ids, execution counts or digests"]
    return lines


def _diff(old: list[str], new: list[str]) -> Iterator[str]:
    for line in difflib.unified_diff(old, new, n=1, lineterm=""):
        if not line.startswith(("---", "+++")):
            yield line


def _text(cell: nbformat.NotebookNode) -> list[str]:
    """The lines that a reader reads: the source of prose, the printed output of code."""
    if cell.cell_type != "code":
        return cell.source.splitlines()
    parts = []
    for output in cell.outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", ()))
        parts += ANSI.sub("", text).splitlines()
    return parts


def _pictures(old: nbformat.NotebookNode, new: nbformat.NotebookNode) -> Iterator[str]:
    for (kind, was), (other, now) in zip_longest(_parts(old), _parts(new), fillvalue=("", "")):
        if (kind, was) != (other, now):
            yield f"{kind or other}: {len(was):,} -> {len(now):,} characters"


def _parts(cell: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """(MIME type, content) of what is neither text nor a recorded value."""
    found = [part for output in cell.get("outputs", []) for part in output.get("data", {}).items()]
    return [(kind, str(content)) for kind, content in found if not kind.endswith("text/plain")]


def _figures(before, after, old, new) -> list[str]:
    texts = [json.dumps(figure_data(book).get(cell.id), indent=1) for book, cell in ((before, old), (after, new))]
    lines = list(_diff(*(text.splitlines() for text in texts)))
    cut = [f"... and {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return [f"figure data {line}" for line in lines[:MOST_LINES] + cut]


def _values(before: nbformat.NotebookNode, after: nbformat.NotebookNode) -> Iterator[str]:
    try:
        old = recorded_values(before)
    except BookError:  # a name recorded twice in the stored run, which this one may put right
        old = {}
    new = recorded_values(after)
    for name in [*new, *(name for name in old if name not in new)]:
        if name not in old or name not in new:
            yield f"{name}: " + (f"new, {_value(new[name])}" if name in new else f"gone, was {_value(old[name])}")
        elif _value(old[name]) != _value(new[name]):
            yield f"{name}: {_value(old[name])} -> {_value(new[name])}"


def _value(record: Recorded) -> str:
    within = f" (within {record.within:g})" if record.within is not None else ""
    return f"{record.value}{within}" + (f" (factor {record.factor:g})" if record.factor is not None else "")
