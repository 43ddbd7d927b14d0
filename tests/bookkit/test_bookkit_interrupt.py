"""bookkit stopped in the middle: what had ended is kept, and no kernel outlives it."""

from __future__ import annotations

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from tiny_books import code, first_chapter, make_book, markdown, notebook

pytestmark = [pytest.mark.faults("bookkit signalled"), pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]


def busy_chapter() -> nbformat.NotebookNode:
    """Says who it is in the file `pid`, then never ends."""
    say = code('import os\nfrom pathlib import Path\nPath("pid").write_text(str(os.getpid()))')
    return notebook(markdown("# Second"), say, code("while True:\n    pass"))


def eventually(found, seconds: float = 240):
    """The first true value of `found()`; fails after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s")


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def hear_signals() -> None:
    """In the new process: the usual signals, which a background job or nohup around the tests may have switched off."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def stop_in_second_chapter(root: Path, number: int, *words: str) -> tuple[int, str]:
    """Exit code and output of bookkit, signalled while the second chapter is busy; its kernel is gone soon after."""
    make_book(root, {"01_first": first_chapter(), "02_busy": busy_chapter()})
    process = subprocess.Popen(
        [sys.executable, "-m", "bookkit.cli", *words],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_signals,
    )
    pid = root / "notebooks" / "pid"
    try:
        kernel = int(eventually(lambda: pid.is_file() and pid.read_text()))
        time.sleep(0.2)  # into the busy cell
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        eventually(lambda: is_gone(kernel), 20)
    finally:
        process.kill()
        if pid.is_file() and not is_gone(int(pid.read_text())):
            psutil.Process(int(pid.read_text())).kill()
    return process.returncode, output


def test_ctrl_c_in_the_second_chapter_keeps_the_first_and_names_the_second(tmp_path):
    root = tmp_path / "book"
    code, output = stop_in_second_chapter(root, signal.SIGINT, "run", "--save", "--accept", "--jobs", "1")
    assert code == 130
    assert "Interrupted before the end of 02_busy; the chapters that had ended are kept." in output
    assert "Stopped" not in output  # no traceback of its own
    assert (root / "_build" / "executed" / "quick" / "01_first.ipynb").is_file()
    saved = nbformat.read(root / "notebooks" / "01_first.ipynb", as_version=4)
    assert saved.cells[3].outputs[0].text == "epochs 2\nnotebooks\n"


def test_a_full_run_ended_in_the_second_chapter_has_recorded_the_first(tmp_path):
    root = tmp_path / "book"
    code, _ = stop_in_second_chapter(root, signal.SIGTERM, "run", "--profile", "full", "--jobs", "1")
    assert code == 143
    assert json.loads((root / "book" / "results" / "01_first.json").read_text())["values"]["ch01_product"] == 2.5


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGHUP, ["run"]),
        (signal.SIGKILL, ["run"]),  # the kernel sees within a second that its parent is gone
        (signal.SIGINT, ["verify"]),
        pytest.param(signal.SIGTERM, ["verify", "--jobs", "1"], marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, ["verify"], marks=pytest.mark.long),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else "-".join(value),
)
def test_no_kernel_outlives_bookkit(tmp_path, number, words):
    code, _ = stop_in_second_chapter(tmp_path / "book", number, *words)
    assert code == (-9 if number == signal.SIGKILL else 128 + number)


def test_no_answer_outlives_the_grading_that_is_stopped(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": first_chapter()})
    pid = tmp_path / "pid"
    busy = (
        f"import os\nfrom pathlib import Path\nPath({str(pid)!r}).write_text(str(os.getpid()))\nwhile True:\n    pass"
    )
    (tmp_path / "class").mkdir()
    nbformat.write(notebook(code(f"{busy}\ncheck('01-1', 5)")), tmp_path / "class" / "a.ipynb")
    process = subprocess.Popen(
        [sys.executable, "-m", "bookkit.cli", "grade", str(tmp_path / "class"), "--timeout", "300"],
        cwd=root,
        preexec_fn=hear_signals,
    )
    try:
        answer = int(eventually(lambda: pid.is_file() and pid.read_text()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143
        eventually(lambda: is_gone(answer), 20)
    finally:
        process.kill()
    assert not (tmp_path / "class" / "grades.csv").exists()
