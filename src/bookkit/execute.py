"""Runs chapters with papermill: profiles, parameters, several at a time, and the copies that result."""

from __future__ import annotations

import ast
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Any

from bookkit.notebooks import BookError, Chapter, read_profiles

QUICK = "quick"
SINGLE_THREADED = ("quick", "smoke")  # profiles whose outputs must not depend on the machine


@dataclass(frozen=True)
class Job:
    """One chapter to execute, with what replaces its quick values."""

    chapter: Chapter
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
    except (ValueError, SyntaxError):
        return name.strip(), value


def plan(root: Path, chapters: list[Chapter], profile: str, settings: dict[str, Any] | None = None) -> list[Job]:
    """The jobs of a run, checked before anything runs.

    Raises BookError for an unknown profile or chapter in profiles.yml, and for a parameter that a chapter does not
    define or that has another type there (papermill only warns of the first and does not see the second).
    """
    profiles = read_profiles(root)
    if profile != QUICK and profile not in profiles:
        known = ", ".join([QUICK, *sorted(set(profiles) - {QUICK})])
        raise BookError(f"There is no profile {profile}: the profiles are {known}.")
    jobs = []
    for chapter in chapters:
        parameters = profiles.get(profile, {}).get(chapter.number, {}) if profile != QUICK else {}
        for name, value in parameters.items():
            check_parameter(chapter, name, value, f"notebooks/profiles.yml, {profile}")
        for name, value in (settings or {}).items():
            check_parameter(chapter, name, value, "--set")
        jobs.append(Job(chapter, profile, {**parameters, **(settings or {})}))
    return jobs


def check_parameter(chapter: Chapter, name: str, value: Any, where: str) -> None:
    """Raise BookError unless the chapter's parameters cell defines `name` with a value of this kind."""
    known = chapter.parameters
    if name not in known:
        listed = f"its parameters are {', '.join(known)}" if known else "it has no parameters"
        raise BookError(f"{chapter.name} has no parameter {name} ({where}): {listed}.")
    quick = known[name]
    if quick is None or value is None or type(quick) is type(value):
        return
    if (isinstance(quick, float) and type(value) is int) or {type(quick), type(value)} == {list, tuple}:
        return
    raise BookError(
        f"{chapter.name}: {name} is {quick!r} ({type(quick).__name__}) in the notebook, "
        f"but {value!r} ({type(value).__name__}) in {where}."
    )


def run_all(root: Path, jobs: list[Job], workers: int, progress: Callable[..., None]) -> list[Outcome]:
    """Execute the jobs, `workers` at a time; one that fails does not stop the others.

    `progress(job, cell, cells)` is called as cells start, `progress(job, outcome=outcome)` at a chapter's end.
    """

    def one(job: Job) -> Outcome:
        outcome = run_one(root, job, progress)
        progress(job, outcome=outcome)
        return outcome

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        return list(pool.map(one, jobs))


def run_one(root: Path, job: Job, progress: Callable[..., None]) -> Outcome:
    """Execute one chapter in a process of its own. A good copy replaces the last good one; a failed one lies apart."""
    folder = root / "_build" / "executed" / job.profile
    executed = folder / job.chapter.path.name
    failed = folder / "failed" / job.chapter.path.name
    order = {
        "source": str(job.chapter.path),
        "folder": str(job.chapter.path.parent),
        "executed": str(executed),
        "failed": str(failed),
        "parameters": job.parameters,
    }
    begin, done, log = time.perf_counter(), None, []
    process = subprocess.Popen(
        [sys.executable, "-m", "bookkit.worker"],
        env=environment(job.profile),
        cwd=root,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        process.stdin.write(json.dumps(order))
        process.stdin.close()
        for line in process.stdout:
            event = _event(line)
            if event.get("event") == "cell":
                progress(job, cell=event["index"] + 1, cells=event["cells"])
            elif event.get("event") == "done":
                done = event
            else:
                log.append(line.rstrip())
        process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
    minutes = (time.perf_counter() - begin) / 60
    if done is None:
        return Outcome(job, failed, minutes, False, error=tuple(log[-8:]) or ("The process ended without a word.",))
    if done["failure"]:
        problem = done["failure"]
        return Outcome(job, failed, minutes, False, problem["cell"], problem["source"], tuple(problem["error"]))
    return Outcome(job, executed, minutes, True)


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
