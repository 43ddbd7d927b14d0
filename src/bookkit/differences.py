"""Compares what two runs of a cell recorded: values by the tolerance each states, figures by their words and data.

How closely a figure's data agree is stated in its cell's metadata, `torchbook: {"figure": ...}`:

- `"close"`: to 2 % of the axis range (of the decades on a logarithmic axis); the rule where outputs are compared;
- `{"within": 0.5}`, `{"factor": 2}`: heights (y, bars) to so much in their own unit, or to a ratio; x is close;
- `"shape"`: the numbers of points, bars and pixels alone;
- `"labels"`: the words alone; the rule in cells whose outputs are ignored, where digits in words are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
import math
import re
from typing import Any

import nbformat

from bookkit.recorded import Recorded, figure_data, recorded_values

CLOSE = 0.02  # of the range of an axis
WORDS = ("title", "label", "ticks", "scale", "legend", "texts")
IGNORED_TAGS = {"nbval-ignore-output", "nbval-skip"}
HOW = ("close", "shape", "labels")


def cell_differences(cell: nbformat.NotebookNode, outputs: list[nbformat.NotebookNode]) -> list[str]:
    """One sentence for each value and figure of the cell's stored outputs that the new outputs do not repeat."""
    stored, found = _machine_part(cell, cell.outputs), _machine_part(cell, outputs)
    ignored = bool(IGNORED_TAGS & set(cell.metadata.get("tags", [])))
    how = cell.metadata.get("torchbook", {}).get("figure") or ("labels" if ignored else "close")
    values = value_differences(recorded_values(stored), recorded_values(found))
    before, after = (next(iter(figure_data(one).values()), []) for one in (stored, found))
    return values + figure_differences(before, after, how, digits=not ignored)


def _machine_part(cell: nbformat.NotebookNode, outputs: list[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """A notebook of this cell alone, with those outputs that carry something for machines."""
    kept = [output for output in outputs if "torchbook" in output.get("metadata", {})]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=kept, id=cell.get("id", "cell"))])


def value_differences(stored: dict[str, Recorded], found: dict[str, Recorded]) -> list[str]:
    """One sentence for each value that differs by more than its stored tolerance, is missing, or is new."""
    sentences = []
    for name, old in stored.items():
        new = found.get(name)
        if new is None:
            sentences.append(f"{name} is stored as {old.value!r}, but the run did not record it.")
        elif (old.within, old.factor) != (new.within, new.factor):
            sentences.append(f"{name} is stored with the tolerance {tolerance(old)}, but the run has {tolerance(new)}.")
        elif not agree(old.value, new.value, old.within, old.factor):
            sentences.append(f"{name} is stored as {old.value!r}, but the run found {new.value!r} ({tolerance(old)}).")
    new_names = [name for name in found if name not in stored]
    return sentences + [f"{name} was recorded by the run, but is not stored." for name in new_names]


def tolerance(value: Recorded) -> str:
    if value.within is not None:
        return f"within {value.within:g}"
    return f"factor {value.factor:g}" if value.factor is not None else "exact"


def agree(old: Any, new: Any, within: float | None = None, factor: float | None = None) -> bool:
    """Whether two values are equal, or numbers (never words such as `nan`) that the tolerance allows."""
    if old == new:
        return isinstance(old, bool) == isinstance(new, bool)
    if isinstance(old, str) or isinstance(new, str):
        return False
    if within is not None:
        return abs(old - new) <= within * (1 + 1e-9)
    return factor is not None and min(old, new) > 0 and max(old, new) <= factor * min(old, new)


def figure_differences(
    stored: list, found: list, how: str | dict[str, float] = "close", digits: bool = True
) -> list[str]:
    """One sentence for each of a cell's figures that differs, the first difference. digits: compare those in words."""
    if how not in HOW and not (isinstance(how, dict) and set(how) in ({"within"}, {"factor"})):
        return [f"the cell's metadata compare figures by {how!r}: use {', '.join(HOW)}, or one of within and factor."]
    if len(stored) != len(found):
        return [f"{len(stored)} figures are stored with their data, but the run showed {len(found)}."]
    sentences = []
    for number, (old, new) in enumerate(zip(stored, found, strict=True), 1):
        first = next(_figure(old, new, how, digits), None)
        sentences += [f"figure {number}, {first}"] if first else []
    return sentences


def _figure(stored: list[dict], found: list[dict], how: str | dict[str, float], digits: bool) -> Iterator[str]:
    if len(stored) != len(found):
        yield f"{len(stored)} axes are stored, but the run drew {len(found)}."
        return
    for number, (old, new) in enumerate(zip(stored, found, strict=True), 1):
        olds, news = dict(_leaves(old)), dict(_leaves(new))
        for path in [*olds, *(path for path in news if path not in olds)]:
            place = f"axes {number}, {' '.join(str(part + 1 if isinstance(part, int) else part) for part in path)}"
            if path not in olds or path not in news:
                yield f"{place}: {'stored, but not drawn by the run' if path in olds else 'drawn, but not stored'}."
            elif set(WORDS) & {path[-1]}:
                if _words(olds[path], digits) != _words(news[path], digits):
                    yield f"{place}: {olds[path]!r} is stored, but the run wrote {news[path]!r}."
            elif how != "labels":
                yield from (f"{place}: {problem}" for problem in _numbers(path, old, olds[path], news[path], how))


def _leaves(node: Any, path: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    """(path, words) and (path, list of numbers) of an axes."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(node, list) and path[-1] in ("lines", "bars", "images", "points"):
        for number, value in enumerate(node):
            yield from _leaves(value, (*path, number))
    else:
        yield path, node if isinstance(node, list) or path[-1] in WORDS else [node]


def _words(words: str | list[str], digits: bool) -> str:
    return str(words) if digits else re.sub(r"\d+(?:[.,]\d+)*", "0", str(words))


def _numbers(path: tuple, axes: dict, old: list, new: list, how: str | dict[str, float]) -> Iterator[str]:
    """What is wrong with the second of two lists of numbers from the same place of an axes."""
    exact = path[-1] in ("shape", "count")
    if len(old) != len(new) or (exact and old != new):
        yield f"{old if exact else len(old)} stored, but the run drew {new if exact else len(new)}."
        return
    height = path[-1] == "y" or path[0] == "bars"
    if exact or how == "shape" or (isinstance(how, dict) and path[-1] == "limits"):
        return
    allowed = how if isinstance(how, dict) and height else {}
    decades = _axis_of(path, axes).get("scale") == "log"
    limits = _axis_of(path, axes).get("limits", [])
    close = CLOSE * _span(limits or [0, *old], decades)
    for number, (a, b) in enumerate(zip(old, new, strict=True), 1):
        if allowed:
            good, word = agree(a, b, **allowed), " ".join(f"{key} {value:g}" for key, value in allowed.items())
        elif decades and not isinstance(a, str) and not isinstance(b, str) and min(a, b) > 0:
            good, word = agree(a, b, factor=10**close), f"factor {10**close:.3g}"
        else:
            good, word = agree(a, b, within=close), f"within {close:.3g}"
        if not good:
            yield f"number {number} is stored as {a}, but the run drew {b} ({word})."


def _axis_of(path: tuple, axes: dict) -> dict:
    """The x or y axis along which numbers lie; nothing for bars, pixels and colours."""
    if path[-1] == "limits":
        return axes.get(path[0], {})
    return axes.get(path[-1], {}) if path[-1] in ("x", "y") else {}


def _span(values: list, decades: bool) -> float:
    numbers = [value for value in values if not isinstance(value, str)]
    if decades:
        numbers = [math.log10(value) for value in numbers if value > 0]
    return max(numbers, default=0) - min(numbers, default=0)
