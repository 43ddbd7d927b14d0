"""The leaderboard of open exercises: the best first, and why an entry is not on it."""

from __future__ import annotations

import pytest
import torch
from torchbook.exercises import chapter12, leaderboard
from torchbook.exercises.compare import Wrong


@pytest.fixture
def exercise(monkeypatch):
    """An open exercise whose answers are functions that return a number; 10 and more is over the budget."""

    def check(answer):
        if answer() >= 10:
            raise Wrong("over the budget.")

    monkeypatch.setattr(chapter12, "check_9", check, raising=False)
    monkeypatch.setattr(chapter12, "score_9", lambda answer: (answer(), f"{answer()} units"), raising=False)
    return "12-9"


def test_the_best_stands_first_and_a_refused_entry_below_with_its_reason(exercise, capsys):
    leaderboard(exercise, {"over": lambda: 11, "second": lambda: 7, "first": lambda: 3, "blank": None})
    assert capsys.readouterr().out.splitlines() == [
        "1. first: 3 units",
        "2. second: 7 units",
        "-  over: not on the board, over the budget.",
        "-  blank: not on the board, there is no answer yet.",
    ]


def test_the_readers_random_numbers_stay_as_they_were(exercise):
    before = torch.get_rng_state()
    leaderboard(exercise, {"draws": lambda: torch.rand(()).item()})
    assert torch.equal(torch.get_rng_state(), before)


def test_equal_scores_do_not_compare_the_answers(exercise, capsys):
    leaderboard(exercise, {"b": lambda: 3, "a": lambda: 3})
    assert capsys.readouterr().out == "1. a: 3 units\n2. b: 3 units\n"
