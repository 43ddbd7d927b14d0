"""Open exercises: the score, the budget and the board."""

import pytest
from torchbook.exercises import chapter01, contest, leaderboard, problems
from torchbook.exercises.compare import Wrong


def make(larger=True, seconds=5.0, bar=10.0):
    return contest.Contest(lambda answer: answer(), list, "points", bar, larger, seconds)


@pytest.mark.parametrize(("larger", "score", "beats"), [(True, 11, True), (True, 10, False), (False, 9, True)])
def test_an_answer_has_to_beat_the_bar(larger, score, beats):
    said = list(contest.check_contest(make(larger), lambda: score))
    assert said == ([] if beats else [f"points: yours has {score:.2f}, and above 10.00 is asked for."])


def test_the_budget_is_processor_time(monkeypatch):
    clock = iter((1.0, 7.5))
    monkeypatch.setattr(contest.time, "process_time", lambda: next(clock))
    with pytest.raises(Wrong, match=r"it took 6.5 s of processor time, and the budget is 5 s"):
        make().measure(lambda: 99)


def test_the_data_are_read_before_the_clock_starts(monkeypatch):
    seen = []
    monkeypatch.setattr(contest.time, "process_time", lambda: seen.append("clock") or 0.0)
    one = contest.Contest(lambda answer: 1.0, lambda: seen.append("data"), "points", 0, True, 1)
    one.measure(None)
    assert seen == ["data", "clock", "clock"]


@pytest.mark.parametrize(("larger", "first"), [(True, "high"), (False, "low")])
def test_the_board_is_in_order_and_tells_what_is_wrong(capsys, larger, first):
    def refused():
        raise Wrong("a row is missing.")

    entries = {"low": lambda: 1, "high": lambda: 20, "bad": refused, "broken": lambda: 1 / 0}
    contest.print_board(make(larger), entries)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("points; to beat: 10.00; budget 5 s")
    assert lines[1].split()[:2] == ["1.", first]
    assert lines[3:] == [
        " -  bad: a row is missing.",
        " -  broken: it stopped with ZeroDivisionError: division by zero",
    ]


def test_a_board_needs_an_open_exercise(capsys):
    with pytest.raises(ValueError, match="'01-2' is not an open one"):
        leaderboard("01-2", {})
    with pytest.raises(ValueError, match="not an open one"):
        leaderboard("five", {})
    leaderboard("01-5", {})
    assert capsys.readouterr().out.startswith(chapter01.CONTEST_5.what)
    assert problems("01-5", None) == ["there is no answer yet."]
