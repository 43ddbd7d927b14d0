"""How a run is shown while it goes on, and what is shown of a chapter that failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bookkit.execute import Job, Outcome


def console() -> Console:
    return Console(soft_wrap=True, highlight=False)


@contextmanager
def chapter_progress(jobs: list[Job]) -> Iterator:
    """One line a chapter while they run; yields the console and what `execute.run_all` calls as cells start and end."""
    out = console()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        lines = {job.chapter.name: progress.add_task(job.chapter.name, start=False, state="waits") for job in jobs}
        begun: dict[str, float] = {}

        def report(job, cell=None, cells=None, outcome=None):
            task = lines[job.chapter.name]
            if cell is not None:
                if job.chapter.name not in begun:
                    begun[job.chapter.name] = time.perf_counter()
                    progress.start_task(task)
                progress.update(task, completed=cell - 1, total=cells, state=f"cell {cell} of {cells}")
            if outcome is not None:
                word = "ok" if outcome.ok else "failed"
                progress.update(task, state=word)
                progress.stop_task(task)
                progress.console.print(f"{job.chapter.name}: {word} in {outcome.minutes * 60:.0f} s")

        yield out, report


def show_failure(out: Console, root: Path, outcome: Outcome) -> None:
    """The failed cell, the error's last lines, and where the executed copy lies."""
    where = f"cell {outcome.cell}" if outcome.cell else "no cell, but before the first"
    out.print(f"\n{outcome.job.chapter.name} failed in {where}:", markup=False)
    for line in outcome.source.splitlines():
        out.print(f"    {line}", markup=False)
    for line in outcome.error:
        out.print(f"  | {line}", markup=False)
    if outcome.executed.is_file():
        out.print(f"  The executed copy is {outcome.executed.relative_to(root).as_posix()}", markup=False)
