"""Each of a reader's own folders and files is read rightly or refused with one sentence; none is silently wrong."""

from __future__ import annotations

from collections import Counter

from own_cases import CASES, REFUSED, RIGHT, Case, outcome
import pytest
from torchbook.data.errors import DataError


@pytest.mark.faults("own folders and files")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_own_data_end_as_they_should(tmp_path, case):
    (tmp_path / "mine").mkdir()
    assert outcome(case, tmp_path / "mine") == (REFUSED if case.refusal else RIGHT)


def test_there_are_many_and_their_names_differ():
    assert len(CASES) > 100
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


def fails(words: str, kind: type[Exception] = DataError):
    def read(folder):
        raise kind(words)

    return read


@pytest.mark.parametrize(
    ("read", "refusal", "expected"),
    [
        (lambda folder: "", "", RIGHT),
        (lambda folder: "red cats", "", "silently wrong: red cats"),
        (lambda folder: "", "no cat", "silently wrong: read"),
        (fails("There is no cat."), "no cat", REFUSED),
        (fails("There is no cat."), "no dog", "refused in other words: There is no cat."),
        (fails("There is no cat\nhere."), "no cat", "refused in other words: There is no cat\nhere."),
        (fails("There is no cat."), "", "refused: There is no cat."),
        (fails("no cat", OSError), "no cat", "OSError: no cat"),
    ],
)
def test_the_outcomes_are_told_apart(tmp_path, read, refusal, expected):
    assert outcome(Case("a case", lambda folder: None, read, refusal), tmp_path) == expected
