"""check() prints and never raises; problems() says what is wrong."""

import sys
from types import ModuleType

import pytest
from torchbook import exercises
from torchbook.exercises import check, problems


@pytest.fixture(autouse=True)
def _chapter_99(monkeypatch):
    """A chapter with one exercise: the answer must be a function that returns 4."""
    chapter = ModuleType("torchbook.exercises.chapter99")

    def check_1(answer):
        found = answer()
        if found != 4:
            yield f"it returns {found}, not 4."
        if not isinstance(found, int):
            yield "it must be a whole number."

    chapter.check_1 = check_1
    monkeypatch.setitem(sys.modules, chapter.__name__, chapter)


UNKNOWN = [
    ("1-2", "looks like '01-2'"),
    ("99", "looks like '01-2'"),
    ("", "looks like '01-2'"),
    ("99-1 ", "looks like '01-2'"),
    (99.1, "looks like '01-2'"),
    (None, "looks like '01-2'"),
    ("98-1", "There is no exercise of chapter '98'"),
    ("99-2", "Chapter 99 has no exercise 2"),
    ("99-01", "Chapter 99 has no exercise 01"),
]


@pytest.mark.parametrize(("exercise", "words"), UNKNOWN)
def test_an_unknown_exercise_is_an_error(exercise, words):
    with pytest.raises(ValueError, match=words):
        problems(exercise, 4)


@pytest.mark.parametrize(("exercise", "words"), UNKNOWN)
def test_check_prints_that_error(exercise, words, capsys):
    assert check(exercise, 4) is None
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet(answer, capsys):
    assert problems("99-1", answer) == ["there is no answer yet."]
    check("99-1", answer)
    assert capsys.readouterr().out == "Exercise 99-1, not yet: there is no answer yet.\n"


def test_the_right_answer_passes(capsys):
    assert problems("99-1", lambda: 4) == []
    check("99-1", lambda: 4)
    assert capsys.readouterr().out == "Exercise 99-1 passes.\n"


def test_each_problem_has_a_line_of_its_own(capsys):
    check("99-1", lambda: 4.5)
    assert capsys.readouterr().out == (
        "Exercise 99-1, not yet: it returns 4.5, not 4.\nExercise 99-1, not yet: it must be a whole number.\n"
    )


def forgets():
    raise NotImplementedError("write me")


def digs_forever():
    return digs_forever()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (forgets, "NotImplementedError: write me"),
        (digs_forever, "RecursionError"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda one: one, "TypeError"),
        (4, "TypeError: 'int' object is not callable"),
    ],
)
def test_an_answer_that_stops_is_a_problem_told_with_its_error(answer, words, capsys):
    assert words in problems("99-1", answer)[0]
    check("99-1", answer)
    assert "not yet: your answer stopped with" in capsys.readouterr().out


def test_ctrl_c_still_stops_a_check():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("99-1", interrupted)


def test_a_fault_in_a_checker_s_imports_is_not_taken_for_a_missing_chapter(monkeypatch):
    def breaks(name):
        raise ModuleNotFoundError("No module named 'absent'", name="absent")

    monkeypatch.setattr(exercises, "import_module", breaks)
    with pytest.raises(ModuleNotFoundError, match="absent"):
        problems("99-1", 4)
