"""How a run is shown while it goes on, and at the end of each chapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bookkit.execute import Job, Outcome


def console() -> Console:
    return Console(soft_wrap=True, highlight=False)


@contextmanager
def chapter_progress(jobs: list[Job]) -> Iterator:
    """One line a chapter while they run; yields the console, and what to call with job, cell, cells as cells start."""
    out = console()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        lines = {job.chapter.name: progress.add_task(job.chapter.name, start=False, state="waits") for job in jobs}

        def report(job: Job, cell: int, cells: int) -> None:
            task = lines[job.chapter.name]
            if cell == 1:
                progress.start_task(task)
            progress.update(task, completed=cell - 1, total=cells, state=f"cell {cell} of {cells}")

        yield out, report


def show_end(out: Console, root: Path, outcome: Outcome) -> None:
    """How a chapter ended; of a failed one the cell, the error's last lines, and where the executed copy lies."""
    name, seconds = outcome.job.chapter.name, f"{outcome.minutes * 60:.0f} s"
    if outcome.ok:
        out.print(f"{name}: ok in {seconds}", markup=False)
        return
    where = f"in cell {outcome.cell}" if outcome.cell else "before the first cell"
    reason = outcome.error[-1] if outcome.error else "it gave no reason"
    out.print(f"\n{name} failed {where} after {seconds}: {reason}", markup=False)
    for line in outcome.source.splitlines():
        out.print(f"    {line}", markup=False)
    for line in outcome.error[:-1]:
        out.print(f"  | {line}", markup=False)
    if outcome.executed.is_file():
        out.print(f"  The executed copy is {outcome.executed.relative_to(root).as_posix()}", markup=False)


def show_changes(out: Console, name: str, lines: list[str], written: bool) -> None:
    """What a run changes in a chapter, or that it changes nothing."""
    if not lines:
        out.print(f"{name}: the stored outputs are those of this run", markup=False)
        return
    out.print(f"{name}: {'written' if written else 'would change'}", markup=False)
    for line in lines:
        out.print(f"  {line}", markup=False)
