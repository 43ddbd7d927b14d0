"""Runs the exercises of handed-in notebooks, each in a process of its own with a time limit, and tells what came out.

It executes other people's code with your rights. A process of its own keeps one answer from stopping the others; it is
no sandbox: use a container or a virtual machine without network and without your files. An answer that wants to forge a
pass can do so; where that matters, read the answer.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
import csv
from dataclasses import dataclass
from html import escape
import io
import json
import os
from pathlib import Path
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time

from bookkit.notebooks import NO_LITERAL, BookError, Chapter, all_chapters, read_notebook, tags, write_text

EXERCISE = re.compile(r"exercise-(\d\d-\d+)$")
MAGIC = re.compile(r"^(\s*)[!%].*$", re.M)
SECONDS = 60.0  # an exercise may take, the import of torch included
LONGEST = 2000  # characters of a sentence that are kept: an error's text can be as long as the answer makes it


@dataclass(frozen=True)
class Grade:
    """One exercise of one handed-in file; `problems` is empty where it passed."""

    student: str
    file: str
    exercise: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Task:
    """The cells to execute for one exercise, its own last."""

    student: str
    file: str
    exercise: str
    cells: tuple[str, ...]


def grade_folder(root: Path, folder: Path, seconds: float = SECONDS, jobs: int = 2) -> list[Grade]:
    """Grade every notebook below `folder`: `<student>/03_lenet.ipynb`, or `<student>.ipynb` beside each other.

    Each exercise of the chapter gets a row, one that was taken out too. Raises BookError where there is no notebook.
    """
    if not folder.is_dir():
        raise BookError(f"{folder} is not a folder: name the one that holds the handed-in notebooks.")
    files = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not files:
        raise BookError(f"{folder} holds no notebook (*.ipynb).")
    expected = {chapter.number: _exercises(chapter) for chapter in all_chapters(root)}
    tasks, grades = [], []
    for path in files:
        found = _read(path, folder, expected)
        grades += [_writable(one) for one in found if isinstance(one, Grade)]
        tasks += [one for one in found if isinstance(one, Task)]
    grades += _run_tasks(tasks, seconds, jobs)
    return sorted(grades, key=lambda grade: (grade.student, grade.file, grade.exercise))


def _run_tasks(tasks: list[Task], seconds: float, jobs: int) -> list[Grade]:
    """The grades of the tasks, `jobs` at a time. Stopped by an exception, no answer goes on."""
    from bookkit.signals import kill_children  # here: the answers' processes need none of what it imports

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        running = [pool.submit(lambda task: _writable(run_task(task, seconds)), task) for task in tasks]
        try:
            while wait(running, timeout=1).not_done:  # on Windows Ctrl-C is seen between two waits
                pass
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in running):
                kill_children("bookkit.grade")
                time.sleep(0.1)
    return [future.result() for future in running]


def _writable(grade: Grade) -> Grade:
    """The grade in texts that a file can hold: what is no Unicode is shown by its number, what is endless is cut."""

    def text(given: str) -> str:
        cut = given if len(given) <= LONGEST else f"{given[:LONGEST]} ..."
        return cut.encode("utf-8", "backslashreplace").decode("utf-8")

    return Grade(text(grade.student), text(grade.file), text(grade.exercise), tuple(map(text, grade.problems)))


def _exercises(chapter: Chapter) -> list[str]:
    return [found[1] for _, cell in chapter.code_cells for tag in tags(cell) if (found := EXERCISE.match(tag))]


def _read(path: Path, folder: Path, expected: dict[str, list[str]]) -> list[Grade | Task]:
    """What one file holds, each exercise once; a Grade where nothing can be run."""
    inside = path.relative_to(folder)
    student = inside.parts[0] if len(inside.parts) > 1 else path.stem
    file = inside.as_posix()
    try:
        sources = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
    except BookError as error:
        return [Grade(student, file, "", (str(error),))]
    asked: dict[str, int] = {}  # exercise -> its last cell: tags can be lost, the call of check is the exercise
    for place, source in enumerate(sources):
        for exercise in _checks(source):
            asked[exercise] = place
    if not asked:
        return [Grade(student, file, "", ("no cell calls check(...), so there is no exercise to grade.",))]
    chapters = sorted({exercise[:2] for exercise in asked})
    wanted = dict.fromkeys([name for number in chapters for name in expected.get(number, [])] + sorted(asked))
    return [
        Task(student, file, name, tuple(needed(sources, asked[name])))
        if name in asked
        else Grade(student, file, name, ("the exercise is not in the notebook.",))
        for name in wanted
    ]


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(MAGIC.sub(r"\1pass", source))
    except NO_LITERAL:
        return None


def _checks(source: str) -> Iterator[str]:
    """The exercises that a cell checks; of a cell that does not parse, those that its text names."""
    tree = _parse(source)
    if tree is None:
        yield from re.findall(r"\bcheck\(\s*['\"](\d\d-\d+)['\"]", source)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def needed(sources: list[str], last: int) -> Iterator[str]:
    """The cells that cell `last` needs, in order, itself at the end: those that bind a name it uses, and theirs.

    So an exercise does not wait for the chapter's training. What only changes an object (`model.eval()`) is not seen.
    """
    names = [_names(source) for source in sources]
    chosen, wanted = {last}, names[last][1]
    for place in range(last - 1, -1, -1):
        binds, uses = names[place]
        if any(checked for checked in _checks(sources[place])):
            continue  # another exercise's answer is no part of this one
        if binds & wanted:
            chosen.add(place)
            wanted = (wanted - binds) | uses
    return (sources[place] for place in sorted(chosen))


def _names(source: str) -> tuple[set[str], set[str]]:
    """Names that a cell binds at its top, and names that it reads."""
    tree = _parse(source)
    binds: set[str] = set()
    uses: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name):
            (binds if isinstance(node.ctx, ast.Store) else uses).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            binds.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            binds.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    return binds, uses


def run_task(task: Task, seconds: float) -> Grade:
    """Run one exercise in a new process and a new folder; whatever happens there, a Grade comes back."""
    token = secrets.token_hex(16)
    order = json.dumps({"exercise": task.exercise, "cells": task.cells, "token": token})
    env = {**os.environ, "TORCHBOOK_DEVICE": "cpu", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "PYTHONUTF8": "1"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        process = subprocess.Popen(
            [sys.executable, "-m", "bookkit.grade"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=scratch,
            env=env,
            start_new_session=True,  # so that what the answer started ends with it
        )
        try:
            printed, _ = process.communicate(order.encode("utf-8"), timeout=seconds)
        except subprocess.TimeoutExpired:
            printed = None
        finally:
            _end(process)
    if printed is None:
        problems = [f"it took longer than {seconds:g} seconds."]
    else:
        problems = _answer_of(printed, token, process.returncode)
    return Grade(task.student, task.file, task.exercise, tuple(problems))


def _end(process: subprocess.Popen) -> None:
    """End the process and, where there are process groups, whatever it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.wait()
    process.stdout.close()


def _answer_of(printed: bytes, token: str, code: int | None) -> list[str]:
    for line in reversed(printed.decode("utf-8", errors="replace").splitlines()):
        if line.startswith(token):
            try:
                answer = json.loads(line[len(token) :])
            except (ValueError, RecursionError):
                answer = None
            if isinstance(answer, list) and all(isinstance(sentence, str) for sentence in answer):
                return answer
            return ["the notebook's process gave no answer."]
    return [f"the notebook's process ended before the check was done (exit code {code})."]


def _work(order: dict) -> list[str]:
    """In the process of its own: execute the cells, catch the last call of check for this exercise."""
    from torchbook import exercises

    found: list[list[str]] = []

    def checked(exercise: str, answer) -> None:
        if exercise == order["exercise"]:
            found.append(exercises.problems(exercise, answer))

    exercises.check = checked
    namespace = {"__name__": "__main__", "check": checked, "display": lambda *things, **how: None}
    stopped = ""
    for source in order["cells"]:  # a cell before the last may stop: chapters show errors that are meant
        try:
            exec(compile(MAGIC.sub(r"\1pass", source), "<cell>", "exec"), namespace)
            continue
        except BaseException as error:  # other people's code may raise anything
            first = stopped
            stopped = _told(error)
    if found:
        return found[-1]
    if not stopped:
        return ["the cell did not call check."]
    return [f"the cell stopped with {stopped}" + (f" (a cell before it with {first})." if first else ".")]


def _told(error: BaseException) -> str:
    """An error's name and text, which may fail, too."""
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:  # as above
        return f"{type(error).__name__}, and the error's text cannot be shown"


def write_report(grades: list[Grade], folder: Path) -> tuple[Path, Path]:
    """Write grades.csv and grades.html into `folder`; returns their paths."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["student", "file", "exercise", "passed", "still wrong"])
    for grade in grades:
        row = (grade.student, grade.file, grade.exercise, "yes" if grade.passed else "no", " ".join(grade.problems))
        writer.writerow(map(_harmless, row))
    write_text(folder / "grades.csv", table.getvalue())
    write_text(folder / "grades.html", _page(grades))
    return folder / "grades.csv", folder / "grades.html"


def _harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def frequent_mistakes(grades: list[Grade], most: int = 10) -> list[tuple[str, str, int]]:
    """(exercise, sentence, how many copies), the most frequent first."""
    counts = Counter((grade.exercise, grade.problems[0]) for grade in grades if not grade.passed)
    return [(exercise, sentence, count) for (exercise, sentence), count in counts.most_common(most)]


def _page(grades: list[Grade]) -> str:
    def rows(cells) -> str:
        return "\n".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in cells)

    passed = sum(grade.passed for grade in grades)
    each = [(g.student, g.exercise, "passed" if g.passed else "not yet", " ".join(g.problems), g.file) for g in grades]
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Grades</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem; }} table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #999; padding: .3rem .6rem; text-align: left; vertical-align: top; }}</style>
<h1>Grades</h1>
<p>{passed} of {len(grades)} exercises passed.</p>
<h2>Most frequent mistakes</h2>
<table><tr><th>exercise</th><th>still wrong</th><th>copies</th></tr>
{rows(frequent_mistakes(grades))}
</table>
<h2>Each exercise</h2>
<table><tr><th>student</th><th>exercise</th><th></th><th>still wrong</th><th>file</th></tr>
{rows(each)}
</table>
</html>
"""


if __name__ == "__main__":
    given = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    channel = os.dup(1)  # the result goes past whatever the answer does to sys.stdout
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    told = _work(given)
    os.write(channel, f"\n{given['token']}{json.dumps(told)}\n".encode())
