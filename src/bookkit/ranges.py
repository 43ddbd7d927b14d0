"""How far a chapter's values lie apart when only the seed is another one: the record in book/results/ranges.json.

Of each chapter: the values of the quick profile by seed, and what failed. Values that may differ by a factor (seconds,
memory) are left out: they belong to the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
import threading
from typing import Any

from bookkit import execute
from bookkit.execute import Job, Outcome
from bookkit.notebooks import BookError, Notebook, check_writable, read_notebook
from bookkit.recorded import recorded_values
from bookkit.results import DIRTY, FOLDER, header, read, write

RANGES = FOLDER / "ranges.json"


def plan(root: Path, chapters: Iterable[Notebook], seeds: int) -> list[Job]:
    """Every chapter that has a seed, with seeds 0, 1, ...: all chapters with one seed before any with the next.

    Raises BookError where no chapter has one, where the commit would not say what ran, where the record is broken, and
    where it cannot be written.
    """
    seeded = [chapter for chapter in chapters if "seed" in chapter.parameters]
    if not seeded:
        raise BookError("None of these notebooks has a parameter seed.")
    if (header(root)["commit"] or DIRTY).endswith(DIRTY):
        raise BookError("A record names the commit that was measured, so commit your changes first.")
    broken = [name for name, entry in (read(root / RANGES) or {}).items() if not _is_whole(entry)]
    if broken:
        raise BookError(f"{root / RANGES} is broken at {', '.join(broken)}: take it from git, or measure again.")
    check_writable(root / FOLDER, root / RANGES)
    return [Job(chapter, f"seed-{seed}", {"seed": seed}) for seed in range(seeds) for chapter in seeded]


def measure(
    root: Path, jobs: list[Job], workers: int, progress: Callable[..., None], ended: Callable[[Outcome], None]
) -> None:
    """Run the jobs that the record lacks at this commit, and write each into it when it ends, the failed ones too."""
    entries: dict[str, Any] = read(root / RANGES) or {}
    now = header(root, 1)
    missing = [job for job in jobs if not _known(entries, job, now["commit"])]
    lock = threading.Lock()

    def keep(outcome: Outcome) -> None:
        name = outcome.job.chapter.name
        with lock:
            if entries.get(name, {}).get("commit") != now["commit"]:
                entries[name] = {**now, "seeds": [], "failed": [], "values": {}}
            add(entries[name], outcome)
            write(root / RANGES, dict(sorted(entries.items())))
        ended(outcome)

    execute.run_all(root, missing, workers, execute.TIMEOUT, progress, keep)


def _is_whole(entry: Any) -> bool:
    """Whether an entry of the record is one that runs can be added to."""
    parts = {"seeds": list, "failed": list, "values": dict}
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), kind) for name, kind in parts.items()):
        return False
    rows = [row.get("values") if isinstance(row, dict) else None for row in entry["values"].values()]
    return all(
        isinstance(row, list)
        and len(row) == len(entry["seeds"])
        and any(value is not None for value in row)
        and all(value is None or isinstance(value, (int, float)) for value in row)
        for row in rows
    )


def _known(entries: dict[str, Any], job: Job, commit: str | None) -> bool:
    entry = entries.get(job.chapter.name, {})
    return entry.get("commit") == commit and job.parameters["seed"] in entry.get("seeds", [])


def add(entry: dict[str, Any], outcome: Outcome) -> None:
    """Put the values of one run into a chapter's entry, null where another seed has one and this has not."""
    seed = outcome.job.parameters["seed"]
    error = "" if outcome.ok else (outcome.error or ("",))[-1]
    try:
        ran = recorded_values(read_notebook(outcome.executed))
    except BookError as problem:  # a name that with this seed is recorded twice: no value of this run can be told
        ran, error = {}, str(problem)
    if error or not outcome.ok:
        entry["failed"].append({"seed": seed, "cell": outcome.cell, "error": error})
    entry["seeds"].append(seed)
    for name, one in ran.items():
        if one.factor is None and isinstance(one.value, (int, float)):
            row = entry["values"].setdefault(name, {"label": one.label, "values": [None] * (len(entry["seeds"]) - 1)})
            row["values"].append(one.value)
    for row in entry["values"].values():
        row["values"] += [None] * (len(entry["seeds"]) - len(row["values"]))
        known = [value for value in row["values"] if value is not None]
        row |= {"min": min(known), "median": median(known), "max": max(known)}
