"""What all benchmarks share: the sides of a comparison in turn, medians and ratios, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
import json
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
import torch

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "book" / "results" / "benchmarks.json"


def in_turn(
    sides: Mapping[str, Callable[[int], Mapping[str, float]]], repeats: int
) -> dict[str, dict[str, list[float]]]:
    """Call each side once a repeat, one after the other, in reversed order every second time.

    A side takes the number of the repeat (a seed) and returns what it measured, for example {"seconds": 1.2}.
    Returns side -> measure -> values, one a repeat. What slows the machine for a while thus slows all sides.
    Raises ValueError for fewer than one repeat.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be 1 or more, got {repeats}.")
    found: dict[str, dict[str, list[float]]] = {name: {} for name in sides}
    for repeat in range(repeats):
        order = list(sides) if repeat % 2 == 0 else list(reversed(sides))
        for name in order:
            for measure, value in sides[name](repeat).items():
                found[name].setdefault(measure, []).append(float(value))
    return found


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Median, smallest, largest and number of the values."""
    return {"median": median(values), "low": min(values), "high": max(values), "repeats": len(values)}


def ratio(slow: Sequence[float], fast: Sequence[float]) -> dict[str, Any]:
    """Summary of slow / fast, repeat by repeat: what both share in a repeat (the machine's mood) falls out."""
    return summary([a / b for a, b in zip(slow, fast, strict=True)])


def summaries(found: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """`summary` of everything that `in_turn` returned."""
    return {side: {name: summary(values) for name, values in measures.items()} for side, measures in found.items()}


def show(title: str, rows: Mapping[str, Mapping[str, Any]], unit: str = "") -> None:
    """Print summaries, one a line: median, smallest and largest."""
    table = Table("", f"median{' ' + unit if unit else ''}", "low", "high", "repeats", title=title)
    for name, row in rows.items():
        table.add_row(name, *(f"{row[key]:.4g}" for key in ("median", "low", "high")), str(row["repeats"]))
    Console(width=110).print(table)


def record(name: str, values: Mapping[str, Any], threads: int | None = None, path: Path = RESULTS) -> None:
    """Put what a benchmark measured under its name into the results file, with date, commit and machine.

    threads: those the benchmark used; None means all cores. What other benchmarks recorded stays as it is.
    """
    from bookkit.notebooks import write_text  # slow to import (nbformat), and needed here alone
    from bookkit.results import commit, hardware

    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    content[name] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(ROOT),
        "torch": torch.__version__,
        "hardware": hardware(threads),
        "values": dict(values),
    }
    content = dict(sorted(content.items()))  # the values keep their order: it is that of the tables
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    print(f"recorded as {name} in {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
