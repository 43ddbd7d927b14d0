"""`bookkit ranges`: a chapter that is run with other seeds, what its record holds, and how it goes on."""

from __future__ import annotations

import json
import subprocess

import pytest
from tiny_books import bookkit, code, make_book, markdown, notebook

from bookkit import ranges
from bookkit.notebooks import find_root
from bookkit.results import read

# Squares of the seed; the last value is not reached by seed 2; seconds belong to the machine; seed 3 records one twice.
CHAPTER = """
from torchbook.recording import record
record("ch01_square", seed**2, "square")
record("ch01_seconds", 1.0 + seed, "time", factor=9)
record("ch01_word", "yes", "answer")
if seed == 2:
    raise ValueError("seed 2 fails")
if seed == 3:
    record("ch01_square", 0, "square once more")
record("ch01_half", seed / 2, "half", within=1)
"""


def git(root, *words):
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


@pytest.fixture
def book(tmp_path):
    cells = [markdown("# A chapter"), code("seed = 0", "parameters"), code(CHAPTER)]
    root = make_book(tmp_path / "book", {"01_first": notebook(*cells), "02_second": notebook(code("print(1)"))})
    (root / ".gitignore").write_text("_build\n")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "begin")
    return root


def entry(root):
    return json.loads((root / ranges.RANGES).read_text())["01_first"]


def test_the_record_holds_every_seed_and_what_failed(book):
    result = bookkit(book, "ranges", "--seeds", "5", "--jobs", "1")
    assert result.exit_code == 0, result.output
    found = entry(book)
    assert found["seeds"] == [0, 1, 2, 3, 4]
    assert found["values"] == {
        "ch01_square": {"label": "square", "values": [0, 1, 4, None, 16], "min": 0, "median": 2.5, "max": 16},
        "ch01_half": {"label": "half", "values": [0.0, 0.5, None, None, 2.0], "min": 0.0, "median": 0.5, "max": 2.0},
    }
    assert [(one["seed"], one["cell"]) for one in found["failed"]] == [(2, 3), (3, None)]
    assert "seed 2 fails" in found["failed"][0]["error"]
    assert "ch01_square is recorded in cell" in found["failed"][1]["error"]


def test_it_goes_on_with_the_seeds_that_are_missing_and_begins_anew_at_another_commit(book):
    bookkit(book, "ranges", "--seeds", "1", "--jobs", "1")
    again = bookkit(book, "ranges", "--seeds", "2", "--jobs", "1")
    assert "seed-0" not in again.output
    assert entry(book)["seeds"] == [0, 1]
    git(book, "add", ".")
    git(book, "commit", "-m", "record")
    bookkit(book, "ranges", "--seeds", "1", "--jobs", "1")
    assert entry(book)["seeds"] == [0]


def test_nothing_is_measured_that_no_commit_holds(book):
    (book / "_config.yml").write_text("title: another\n")
    result = bookkit(book, "ranges", "--seeds", "1")
    assert result.exit_code == 2
    assert "commit your changes first" in result.stderr
    assert not (book / ranges.RANGES).exists()


def test_a_chapter_without_a_seed_is_refused(book):
    result = bookkit(book, "ranges", "2")
    assert result.exit_code == 2
    assert "seed" in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "3",
        '{"01_first": 3}',
        '{"01_first": null}',
        '{"01_first": {"seeds": 3, "failed": [], "values": {}}}',
        '{"01_first": {"seeds": [], "failed": []}}',
        '{"01_first": {"seeds": [0], "failed": [], "values": {"a": 3}}}',
        '{"01_first": {"seeds": [0], "failed": [], "values": {"a": {"values": ["b"]}}}}',
        None,
    ],
)
def test_a_broken_record_is_told_before_anything_runs(book, text):
    path = book / ranges.RANGES
    path.mkdir(parents=True) if text is None else path.parent.mkdir(parents=True)
    if text is not None:
        path.write_text(text)
    result = bookkit(book, "ranges", "--seeds", "1")
    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (book / "_build").exists()


def test_the_record_of_the_book_is_whole():
    assert all(map(ranges._is_whole, read(find_root() / ranges.RANGES).values()))
