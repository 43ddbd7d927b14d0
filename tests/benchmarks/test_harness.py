"""The benchmarks' harness: sides in turn, what a summary and a ratio say, and a results file that loses nothing."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("harness")


def test_sides_take_turns_in_reversed_order_every_second_repeat(harness):
    calls = []

    def side(name):
        return lambda repeat: calls.append((name, repeat)) or {"seconds": 1}

    harness.in_turn({name: side(name) for name in "abc"}, 3)
    assert calls == [(name, repeat) for repeat, names in enumerate(("abc", "cba", "abc")) for name in names]


def test_in_turn_gathers_every_measure_of_a_side_in_the_order_of_the_repeats(harness):
    sides = {"slow": lambda repeat: {"seconds": 4 + repeat, "images": 8}, "fast": lambda repeat: {"seconds": repeat}}
    found = harness.in_turn(sides, 2)
    assert found == {"slow": {"seconds": [4.0, 5.0], "images": [8.0, 8.0]}, "fast": {"seconds": [0.0, 1.0]}}
    assert list(found) == ["slow", "fast"]


@pytest.mark.parametrize("repeats", [0, -1])
def test_fewer_than_one_repeat_is_refused_before_anything_runs(harness, repeats):
    with pytest.raises(ValueError, match=f"1 or more, got {repeats}"):
        harness.in_turn({"side": lambda repeat: pytest.fail("it ran")}, repeats)


@pytest.mark.parametrize(("values", "median"), [([3.0], 3.0), ([9.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 2.0, 9.0], 3.0)])
def test_a_summary_holds_median_range_and_number(harness, values, median):
    expected = {"median": median, "low": min(values), "high": max(values), "repeats": len(values)}
    assert harness.summary(values) == expected


def test_summaries_keep_sides_and_measures_apart(harness):
    found = {"a": {"seconds": [1.0, 3.0], "images": [5.0]}, "b": {"seconds": [2.0]}}
    rows = harness.summaries(found)
    assert rows["a"]["seconds"] == harness.summary([1.0, 3.0])
    assert rows["a"]["images"] == harness.summary([5.0])
    assert rows["b"] == {"seconds": harness.summary([2.0])}


def test_a_ratio_is_taken_within_each_repeat(harness):
    # the machine is ten times slower in the second repeat: that falls out
    assert harness.ratio([2.0, 20.0, 3.0], [1.0, 10.0, 1.0]) == {"median": 2.0, "low": 2.0, "high": 3.0, "repeats": 3}


def test_a_ratio_of_unequal_repeats_is_refused(harness):
    with pytest.raises(ValueError, match=r"shorter|longer"):
        harness.ratio([1.0, 2.0], [1.0])


def test_a_table_shows_median_low_and_high(harness, capsys):
    harness.show("A title", {"slow / fast": harness.summary([1.25, 2.5, 7.5])}, unit="s")
    shown = capsys.readouterr().out
    assert "A title" in shown
    assert "median s" in shown
    row = next(line for line in shown.splitlines() if "slow / fast" in line)
    assert [word for word in row.replace("│", " ").split() if word[0].isdigit()] == ["2.5", "1.25", "7.5", "3"]


def test_a_record_keeps_what_other_benchmarks_wrote(harness, tmp_path, capsys):
    path = tmp_path / "results" / "benchmarks.json"
    harness.record("first", {"seconds": 1.5}, 1, {"text": SimpleNamespace(text="abc", source="a book")}, path)
    first = json.loads(path.read_text(encoding="utf-8"))["first"]
    harness.record("second", {"ratio": harness.summary([2.0])}, path=path)
    harness.record("second", {"ratio": harness.summary([3.0])}, path=path)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) == {"first", "second"}
    assert content["first"] == first
    assert first["values"] == {"seconds": 1.5}
    assert first["hardware"]["threads"] == 1
    assert first["date"].endswith("+00:00")
    assert {"commit", "torch"} < set(first)
    [data] = first["data"]
    assert (data["name"], data["source"], data["count"], len(data["digest"])) == ("text", "a book", 3, 16)
    assert content["second"]["values"]["ratio"]["median"] == 3.0
    shown = capsys.readouterr().out
    assert f"recorded as second in {path}" in shown
    assert "bookkit run how_fast --save" in shown


def test_a_record_that_fails_leaves_the_old_file_whole(harness, tmp_path, monkeypatch):
    path = tmp_path / "benchmarks.json"
    harness.record("first", {"seconds": 1.5}, path=path)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *names: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        harness.record("second", {"seconds": 2.5}, path=path)
    with pytest.raises(TypeError, match="JSON"):
        harness.record("second", {"seconds": object()}, path=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("commit", "refused"), [("abc1234", False), ("abc1234-dirty", True), (None, True)])
def test_only_a_clean_commit_is_recorded(harness, monkeypatch, commit, refused):
    monkeypatch.setattr("bookkit.results.commit", lambda root: commit)
    assert harness._clean(False) is False
    if refused:
        with pytest.raises(typer.BadParameter, match="commit your changes first"):
            harness._clean(True)
    else:
        assert harness._clean(True) is True


def test_the_page_that_shows_the_records_is_there(harness):
    text = (harness.ROOT / harness.PAGE).read_text(encoding="utf-8")
    assert harness.RESULTS.name in text
