"""What all benchmarks share: the sides of a comparison in turn, medians and ratios, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from rich.console import Console
from rich.table import Table
import typer

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "book" / "results" / "benchmarks.json"
PAGE = "book/how_fast.ipynb"  # shows the records


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


def record(
    name: str,
    values: Mapping[str, Any],
    threads: int | None = None,
    data: Mapping[str, Any] | None = None,
    path: Path = RESULTS,
) -> None:
    """Put what a benchmark measured under its name into the results file, with date, commit, machine and data.

    threads: those the benchmark used; None means all cores. data: the sets it read, by name.
    """
    from torchbook.recording import describe_data

    from bookkit.results import record_benchmark  # slow to import (nbformat), and needed here alone

    described = [describe_data(*item) for item in (data or {}).items()]
    record_benchmark(path, ROOT, name, values, threads, described)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    print(f"recorded as {name} in {shown}; {PAGE} shows it: run bookkit run {Path(PAGE).stem} --save")


def _clean(wanted: bool) -> bool:
    """Refuse --record, before anything is measured, where the commit would not say what ran."""
    from bookkit.results import DIRTY, commit

    if wanted and (commit(ROOT) or DIRTY).endswith(DIRTY):
        raise typer.BadParameter("a record names the commit that was measured, so commit your changes first.")
    return wanted


Keep = Annotated[bool, typer.Option("--record", callback=_clean, help="Keep the figures in book/results.")]
