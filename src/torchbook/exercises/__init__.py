"""Exercises that check themselves: ``check("01-2", answer)`` says what is still wrong. One module a chapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
import re
from textwrap import fill
from types import ModuleType

from torchbook.exercises.compare import Wrong
from torchbook.exercises.contest import print_board, print_ranking
from torchbook.exercises.state import interrupts, noting_switches, untouched

ID = re.compile(r"(\d\d)-(\d+)")
WIDTH = 88  # columns of what is printed, as in every output of the book


def _chapter(number: str) -> ModuleType:
    name = f"{__name__}.chapter{number}"
    try:
        with untouched():  # an import of scikit-learn's data draws a number, and changes settings
            return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ValueError(f"There is no exercise of chapter {number!r}.") from None


def _told(error: BaseException) -> str:
    """An error of the answer as a sentence. Its own text may fail, too."""
    if isinstance(error.__cause__, StopIteration):  # Python turns it into RuntimeError on its way out of a check
        error = error.__cause__
    try:
        said = f": {error}" if str(error) else "."
    except BaseException:  # as below
        said = ", and the error's text cannot be shown."
    return f"your answer stopped with {type(error).__name__}{said}"


def _sentences(checker, answer) -> list[str]:
    found: list[str] = []
    changed: list[str] = []
    with interrupts() as pressed:
        try:
            with untouched(), noting_switches(changed):
                for sentence in checker(answer) or ():  # one without a yield has only Wrong to raise
                    found.append(sentence)
        except Wrong as wrong:
            found.append(str(wrong))
        except BaseException as error:  # SystemExit, too: a reader's code may fail in any way, and is told how
            if not pressed():
                found.append(_told(error))
        if pressed():
            raise KeyboardInterrupt
    return found + changed


def problems(exercise: str, answer) -> list[str]:
    """Sentences that say what is wrong with ``answer``; none when it is right.

    An answer that fails while it is checked is one problem, told with its error. Random states, settings and streams
    are afterwards as they were before. Raises ValueError for an unknown id, KeyboardInterrupt when Ctrl-C was pressed.
    """
    match = ID.fullmatch(str(exercise))
    if match is None:
        raise ValueError(f"An exercise's id looks like '01-2' (chapter-number), not {exercise!r}.")
    checker = getattr(_chapter(match[1]), f"check_{match[2]}", None)
    if checker is None:
        raise ValueError(f"Chapter {match[1]} has no exercise {match[2]}.")
    if answer is None or answer is ...:
        return ["there is no answer yet."]
    return _sentences(checker, answer)


def check(exercise: str, answer) -> None:
    """Print whether ``answer`` solves the exercise, or what is still wrong. Raises nothing but Ctrl-C."""
    try:
        found = problems(exercise, answer)
    except ValueError as error:
        print(error)
        return
    if not found:
        print(f"Exercise {exercise} passes.")
    for sentence in found:
        print(fill(f"Exercise {exercise}, not yet: {sentence}", WIDTH, subsequent_indent="  ", break_on_hyphens=False))


def leaderboard(exercise: str, entries: Mapping[str, Callable]) -> None:
    """Print the answers to an open exercise, by name, in the order of their scores.

    Random states, settings and streams are afterwards as they were before. Raises ValueError for an exercise that has
    no score.
    """
    match = ID.fullmatch(str(exercise))
    module = _chapter(match[1]) if match else None
    contest = getattr(module, f"CONTEST_{match[2]}", None) if match else None
    score = getattr(module, f"score_{match[2]}", None) if match else None
    if contest is None and score is None:
        raise ValueError(f"Exercise {exercise!r} is not an open one: it has no score.")
    with untouched():
        if contest is not None:
            print_board(contest, entries)
        else:
            print_ranking(partial(problems, exercise), score, entries)
