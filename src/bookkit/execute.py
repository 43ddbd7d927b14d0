"""Runs chapters with nbclient: profiles, parameters, several at a time, and the copies that result."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
import copy
from dataclasses import dataclass, field
import os
from pathlib import Path
import re
import tempfile
import threading
import time
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
import nbformat
from papermill.parameterize import parameterize_notebook

from bookkit.notebooks import KERNEL, NO_LITERAL, BookError, Notebook, check_writable, read_profiles, tags, write_text
from bookkit.signals import kill_children

QUICK = "quick"
SINGLE_THREADED = ("quick", "smoke")  # profiles whose outputs must not depend on the machine
TIMEOUT, LONG_TIMEOUT = 600, 7200  # seconds a cell may take: single-threaded profiles, the others
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SURROGATE = re.compile("[\ud800-\udfff]")  # what stands for bytes that are no UTF-8
INJECTED = "injected-parameters"  # papermill's tag


@dataclass(frozen=True)
class Job:
    """One chapter to execute, with what replaces its quick values."""

    chapter: Notebook
    profile: str
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def used(self) -> dict[str, Any]:
        """Every parameter of the chapter with the value that this job gives it."""
        return {**self.chapter.parameters, **self.parameters}


@dataclass(frozen=True)
class Outcome:
    """What came of a job. `cell` counts from 1 in the source notebook, None where no cell is to blame."""

    job: Job
    executed: Path
    minutes: float
    ok: bool
    cell: int | None = None
    source: str = ""
    error: tuple[str, ...] = ()


def longest_first(items: Sequence[Any]) -> list[Any]:
    """The last chapters take longest: where several run at a time they start first, so that none of them ends alone."""
    return list(reversed(items))


def environment(profile: str) -> dict[str, str]:
    """The environment of the kernels; what the user has set stays, but for progress bars and the figures' backend."""
    env = dict(os.environ)
    env["TQDM_DISABLE"] = "1"
    env.pop("MPLBACKEND", None)  # another backend than the notebook's own would leave no figures in the outputs
    if profile in SINGLE_THREADED:
        env.setdefault("OMP_NUM_THREADS", "1")
        env.setdefault("TORCHBOOK_DEVICE", "cpu")
    return env


def parse_setting(text: str) -> tuple[str, Any]:
    """`name=value` as name and Python value; what is no Python literal is a string. Raises BookError without a name."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise BookError(f"--set {text} is not of the form name=value, such as --set epochs=3.")
    words = {"true": True, "false": False, "none": None}
    if value.strip().lower() in words:
        return name.strip(), words[value.strip().lower()]
    try:
        return name.strip(), ast.literal_eval(value.strip())
    except NO_LITERAL:
        return name.strip(), value


def plan(root: Path, chapters: list[Notebook], profile: str, settings: dict[str, Any] | None = None) -> list[Job]:
    """The jobs of a run, checked before anything runs.

    Raises BookError for a notebook that cannot be read, for an unknown profile or chapter in profiles.yml, and for a
    parameter that a chapter does not define or that has another type there (papermill only warns of the first and does
    not see the second).
    """
    profiles = read_profiles(root)
    if profile != QUICK and profile not in profiles:
        known = ", ".join([QUICK, *sorted(set(profiles) - {QUICK})])
        raise BookError(f"There is no profile {profile}: the profiles are {known}.")
    jobs = []
    for chapter in chapters:
        _ = chapter.notebook  # read here, and kept: what is edited from now on is not what runs
        parameters = profiles.get(profile, {}).get(chapter.number, {}) if profile != QUICK else {}
        for name, value in parameters.items():
            check_parameter(chapter, name, value, f"notebooks/profiles.yml, {profile}")
        for name, value in (settings or {}).items():
            check_parameter(chapter, name, value, "--set")
        jobs.append(Job(chapter, profile, {**parameters, **(settings or {})}))
    return jobs


def check_parameter(chapter: Notebook, name: str, value: Any, where: str) -> None:
    """Raise BookError unless the chapter's parameters cell defines `name` with a value of this kind."""
    known = chapter.parameters
    if name not in known:
        listed = f"its parameters are {', '.join(known)}" if known else "it has no parameters"
        raise BookError(f"{chapter.name} has no parameter {name} ({where}): {listed}.")
    if not _is_plain(value):
        raise BookError(
            f"{chapter.name}: {name} cannot be {value!r} ({where}): a parameter is a number, text, true, false, none, "
            "or a list of them."
        )
    quick = known[name]
    if quick is None or value is None or type(quick) is type(value):
        return
    if (isinstance(quick, float) and type(value) is int) or {type(quick), type(value)} == {list, tuple}:
        return
    raise BookError(
        f"{chapter.name}: {name} is {quick!r} ({type(quick).__name__}) in the notebook, "
        f"but {value!r} ({type(value).__name__}) in {where}."
    )


def _is_plain(value: Any) -> bool:
    """Whether a notebook can hold the value: one of JSON, in text that is Unicode."""
    if isinstance(value, str):
        return not SURROGATE.search(value)
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_is_plain, [*value, *value.values()]))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (int, float))


def check_places(root: Path, jobs: list[Job]) -> None:
    """Raise BookError where the copies of the jobs cannot be written: before they run, not after."""
    for job in jobs:
        for place in _copies(root, job):
            check_writable(place.parent, place)


def _copies(root: Path, job: Job) -> tuple[Path, Path]:
    """Where the executed copy goes: a good one, a failed one."""
    folder = root / "_build" / "executed" / job.profile
    return folder / job.chapter.path.name, folder / "failed" / job.chapter.path.name


def run_all(
    root: Path,
    jobs: list[Job],
    workers: int,
    timeout: int,
    progress: Callable[..., None],
    ended: Callable[[Outcome], None],
) -> None:
    """Execute the jobs, `workers` at a time; one that fails does not stop the others.

    timeout: seconds a cell may take. `progress(job, cell, cells)` is called as cells start, `ended(outcome)` at a
    chapter's end, in its thread: no signal interrupts it. Stopped by an exception, no kernel is left.
    """
    stopping = threading.Event()

    def one(job: Job) -> None:
        outcome = run_one(root, job, timeout, progress)
        if outcome.ok or not stopping.is_set():
            ended(outcome)

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        running = [pool.submit(one, job) for job in jobs]
        try:
            while wait(running, timeout=1).not_done:  # on Windows Ctrl-C is seen between two waits
                pass
        finally:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in running):  # a thread notices within 1 s that its kernel is gone
                kill_children("ipykernel_launcher")
                time.sleep(0.1)
    for future in running:
        future.result()


def run_one(root: Path, job: Job, timeout: int, progress: Callable[..., None]) -> Outcome:
    """Execute one chapter in a kernel of its own. A good copy replaces the last good one; a failed one lies apart."""
    executed, failed = _copies(root, job)
    notebook = prepare(job)
    begin, started = time.perf_counter(), None

    def cell_starts(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal started
        started = cell_index
        progress(job, cell=cell_index + 1, cells=len(notebook.cells))

    client = NotebookClient(
        notebook,
        kernel_name=KERNEL,
        timeout=timeout,
        startup_timeout=120,
        iopub_timeout=60,  # nbclient's 4 s lose outputs on a busy machine
        resources={"metadata": {"path": str(job.chapter.path.parent)}},
        on_cell_start=cell_starts,
    )
    client.create_kernel_manager().kernel_spec_manager = KernelSpecManager(kernel_dirs=[])  # this Python's, no other
    error: list[str] = []
    with tempfile.TemporaryFile() as log:  # what the kernel's process writes past its notebook
        try:
            client.execute(env=environment(job.profile), stdout=log, stderr=log)
        except CellExecutionError as problem:
            shown = [line for output in notebook.cells[started].outputs for line in output.get("traceback", ())]
            error = ANSI.sub("", "\n".join(shown)).splitlines() or [f"{problem.ename}: {problem.evalue}"]
        except CellTimeoutError:
            error = [f"it was still running after {timeout} s and was stopped (--timeout sets another limit)"]
        except Exception as problem:  # a kernel that died or never started: whatever it is, this chapter failed
            log.seek(0)
            error = [*log.read().decode("utf-8", "replace").splitlines(), f"{type(problem).__name__}: {problem}"]
    minutes = (time.perf_counter() - begin) / 60
    write_text(failed if error else executed, nbformat.writes(notebook) + "\n")
    if not error:
        failed.unlink(missing_ok=True)
        return Outcome(job, executed, minutes, True)
    lines = tuple(line for line in error if line.strip())[-8:]
    if started is None:
        return Outcome(job, failed, minutes, False, error=lines)
    injected = sum(INJECTED in tags(cell) for cell in notebook.cells[: started + 1])
    return Outcome(job, failed, minutes, False, started + 1 - injected, notebook.cells[started].source, lines)


def prepare(job: Job) -> nbformat.NotebookNode:
    """A copy of the chapter without outputs; what replaces its quick values stands in a cell after its parameters."""
    notebook = copy.deepcopy(job.chapter.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if job.parameters:
        notebook.metadata.papermill = nbformat.from_dict({})  # papermill expects both
        for cell in notebook.cells:
            cell.metadata.setdefault("tags", [])
        notebook = parameterize_notebook(notebook, job.parameters, kernel_name=KERNEL, language="python")
    return notebook
