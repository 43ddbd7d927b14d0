"""`bookkit doctor` in a broken environment: each package hidden in turn, it ends, names it, and says what helps."""

from __future__ import annotations

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest
from tiny_books import first_chapter, make_book

from bookkit import doctor

pytestmark = pytest.mark.faults("doctor in a broken environment")
OF_BOOKKIT = (
    "typer",
    "rich",
    "yaml",
    "nbformat",
    "nbclient",
    "papermill",
    "jupyter_client",
    "ipykernel",
    "psutil",
    "platformdirs",
)
OF_CHAPTERS = ("torch", "torchvision", "numpy", "matplotlib", "packaging")
LAZY = ("PIL", "sklearn", "faker", "pooch", "requests", "filelock", "tqdm", "onnx", "timm")  # no row imports them
HIDE = """
import importlib.abc, sys
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {hidden!r}:
            raise {error}
sys.meta_path.insert(0, Hidden())
sys.argv = ["bookkit", *{words!r}]
from bookkit.cli import main
main()
"""
MISSING = "ModuleNotFoundError(f'No module named {name!r}', name=name)"


@pytest.fixture
def book(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": first_chapter()})
    (root / "requirements.txt").write_text("nbformat>=5\n")
    return root


def bookkit(book: Path, hidden: str, *words: str, error: str = MISSING, **env: str) -> subprocess.CompletedProcess:
    """bookkit in a process that cannot import a package."""
    return subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", HIDE.format(hidden=hidden, error=error, words=words)],
        cwd=book,
        env={**os.environ, "PYTHONUTF8": "1", **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def problems(done: subprocess.CompletedProcess) -> dict[str, dict]:
    """The rows that are problems, by their subject, of a doctor that ended well and gave each row that it can give."""
    assert done.stderr == ""
    rows = {row["check"]: row for row in json.loads(done.stdout)}
    assert {"Python", "disk", "notebooks"} <= set(rows)
    assert all(row["remedy"] for row in rows.values() if row["state"] != doctor.OK)
    found = {name: row for name, row in rows.items() if row["state"] == doctor.PROBLEM}
    assert done.returncode == bool(found)
    return found


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(name, marks=[] if name in ("papermill", "torch") else pytest.mark.long)
        for name in (*OF_BOOKKIT, *OF_CHAPTERS)
    ],
)
def test_json_names_a_missing_package_and_its_cure(book, hidden):
    found = problems(bookkit(book, hidden, "doctor", "--json"))
    said = [row for row in found.values() if repr(hidden) in row["found"]]
    assert said
    assert {row["remedy"] for row in said} <= {doctor.INSTALL, doctor.INSTALL_CLI}
    assert ("bookkit" in found) == (hidden in OF_BOOKKIT)


@pytest.mark.long
@pytest.mark.parametrize("hidden", LAZY)
def test_a_package_that_no_row_needs_hinders_none(book, hidden):
    problems(bookkit(book, hidden, "doctor", "--json"))


@pytest.mark.parametrize("hidden", ["rich", pytest.param("papermill", marks=pytest.mark.long)])
def test_the_words_name_it_too(book, hidden):
    done = bookkit(book, hidden, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"problem  bookkit: No module named '{hidden}" in done.stdout
    assert f"->  {doctor.INSTALL_CLI}" in done.stdout


def test_another_command_is_one_sentence(book):
    done = bookkit(book, "papermill", "lint")
    assert done.returncode == 1
    assert done.stderr == "bookkit needs papermill: pip install -e '.[cli]' in the book's folder brings it.\n"


@pytest.mark.long
@pytest.mark.parametrize("error", ["OSError('libtorch.so: cannot open')", "RuntimeError('operator does not exist')"])
def test_a_broken_pytorch_is_a_row(book, error):
    found = problems(bookkit(book, "torch", "doctor", "--json", error=error, TORCHBOOK_DATA="data"))
    assert error.partition("'")[2].partition("'")[0] in found["PyTorch"]["found"]
    assert found["PyTorch"]["remedy"] == doctor.INSTALL


@pytest.mark.parametrize("place", ["~no-such-user/a", "x" * 300])
def test_the_cure_of_a_bad_folder_is_another_folder(place, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", place)
    monkeypatch.setenv("TORCHBOOK_DATA", place)
    rows = [*doctor.cache(None), *doctor.data_sets(None)]
    wrong = [row for row in rows if row.state == doctor.PROBLEM]
    assert wrong
    assert all("TORCHBOOK_CACHE" in row.remedy for row in wrong)
