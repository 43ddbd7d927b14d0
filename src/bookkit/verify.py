"""Runs chapters anew with nbval and compares what they print, record and draw; counts what is compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import subprocess
import sys

import nbformat

from bookkit.execute import QUICK, TIMEOUT, environment, longest_first
from bookkit.notebooks import Notebook, tags
from bookkit.signals import kill_children

LEAST_SHARE = 0.8  # of the code cells that print
IGNORED_TAGS = ("nbval-ignore-output", "nbval-skip")
IGNORED_COMMENTS = ("# NBVAL_IGNORE_OUTPUT", "# NBVAL_SKIP")


@dataclass(frozen=True)
class Share:
    """How many of a chapter's printing code cells, and of its recorded values, are compared."""

    name: str
    printing: int
    strict: int
    values: int = 0
    compared: int = 0

    @property
    def part(self) -> float:
        return self.strict / self.printing if self.printing else 1.0


def compare(
    root: Path, chapters: list[Notebook], jobs: int = 2, timeout: int = TIMEOUT, more: list[str] | None = None
) -> int:
    """Run nbval over the chapters, each in one worker, in this environment's kernel; returns pytest's exit code.

    timeout: seconds a cell may take. more: further pytest arguments. Stopped early, it leaves no process behind.
    """
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", "--override-ini", "addopts="]
    command += ["-p", "bookkit.signals", "-p", "bookkit.nbval_records"]
    command += ["--nbval-current-env", "--nbval-cell-timeout", str(timeout)]
    command += ["-n", str(jobs), "--dist", "loadscope", "--no-loadscope-reorder"] if jobs > 1 else []
    order = longest_first(chapters) if jobs > 1 else chapters
    command += [*(more or []), *(str(chapter.path.relative_to(root)) for chapter in order)]
    process = subprocess.Popen(command, cwd=root, env=environment(QUICK))
    try:
        return process.wait()
    except BaseException:
        kill_children()
        raise


def prints(cell: nbformat.NotebookNode) -> bool:
    """Whether a code cell shows text or an error. Pictures, recorded and glued values do not count."""
    return any(_is_text(output) for output in cell.get("outputs", []))


def _is_text(output: nbformat.NotebookNode) -> bool:
    if output.output_type in ("stream", "error"):
        return True
    other = ("application/papermill.record", "image/")
    return not is_recorded(output) and not any(key.startswith(other) for key in output.get("data", {}))


def is_recorded(output: nbformat.NotebookNode) -> bool:
    return "record" in output.get("metadata", {}).get("torchbook", {})


def is_strict(cell: nbformat.NotebookNode) -> bool:
    first = cell.source.lstrip()
    return not set(tags(cell)) & set(IGNORED_TAGS) and not first.startswith(IGNORED_COMMENTS)


def share_of(chapter: Notebook) -> Share:
    printing = [cell for _, cell in chapter.code_cells if prints(cell)]
    values = [
        "nbval-skip" not in tags(cell) for _, cell in chapter.code_cells for _ in filter(is_recorded, cell.outputs)
    ]
    return Share(chapter.name, len(printing), sum(map(is_strict, printing)), len(values), sum(values))


def total(shares: list[Share]) -> Share:
    numbers = zip(*((one.printing, one.strict, one.values, one.compared) for one in shares), strict=True)
    return Share("total", *map(sum, numbers))
