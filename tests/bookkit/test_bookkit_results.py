"""What a run glued, as it is read, kept and loaded."""

from __future__ import annotations

import json
import subprocess

import nbformat
from nbformat import v4
import pytest
from tiny_books import code, figure, glued, make_book, notebook, printed

from bookkit import results
from bookkit.notebooks import BookError


def printed_data(data):
    return v4.new_output("display_data", {"text/plain": "test: 3 images"}, metadata={"torchbook": {"data": data}})


DATA = {"name": "test", "source": "a folder", "count": 3, "unit": "images", "digest": "0123456789abcdef"}


def executed_copy(path):
    data = printed_data(DATA)
    figure_too = figure()
    figure_too.metadata["scrapbook"] = {"name": "ch01_figure", "mime_prefix": ""}
    outputs = [glued("ch01_b", "0.5"), printed("text"), glued("ch01_a", "'drawn'"), figure_too, data]
    nbformat.write(notebook(code("f()", outputs=outputs)), path)
    return path


def test_a_record_holds_what_is_needed_to_judge_it(tmp_path):
    root = make_book(tmp_path / "book", {})
    path = results.record(root, "01_first", executed_copy(tmp_path / "x.ipynb"), "full", {"epochs": 3}, 1.234)
    text = path.read_text()
    content = json.loads(text)
    assert path == root / "book" / "results" / "01_first.json"
    assert content["values"] == {"ch01_a": "drawn", "ch01_b": 0.5}
    assert content["parameters"] == {"epochs": 3}
    assert content["minutes"] == 1.23
    assert content["date"].endswith("+00:00")
    assert set(content["hardware"]) == {"cpu", "threads", "gpu"}
    assert {"chapter", "profile", "commit", "torch", "torchvision", "python"} < set(content)
    assert content["data"] == [DATA]
    assert text == json.dumps(content, indent=2, sort_keys=True) + "\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["01_first.json"]


def test_a_record_is_read_back_and_a_broken_one_is_named(tmp_path):
    path = tmp_path / "01_a.json"
    assert results.read(path) is None
    results.write(path, {"b": 1, "a": "ü"})
    assert results.read(path) == {"b": 1, "a": "ü"}
    path.write_text("{")
    with pytest.raises(BookError, match=r"01_a\.json is not valid JSON"):
        results.read(path)


def git(root, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(root), *identity, *words], check=True, capture_output=True, text=True
    ).stdout


def test_the_commit_is_dirty_for_any_change_but_results(tmp_path):
    assert results.commit(tmp_path) is None
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("1")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-q", "-m", "first", "--no-verify")
    head = git(tmp_path, "rev-parse", "--short", "HEAD").strip()
    assert results.commit(tmp_path) == head
    (tmp_path / "book" / "results").mkdir(parents=True)
    (tmp_path / "book" / "results" / "01_a.json").write_text("{}")
    assert results.commit(tmp_path) == head
    (tmp_path / "a.txt").write_text("2")
    assert results.commit(tmp_path) == f"{head}-dirty"
