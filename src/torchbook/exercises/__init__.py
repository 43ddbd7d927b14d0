"""Exercises that check themselves: ``check("01-2", answer)`` says what is still wrong. One module a chapter."""

from __future__ import annotations

from importlib import import_module
import re
from types import ModuleType

ID = re.compile(r"(\d\d)-(\d+)")


def _chapter(number: str) -> ModuleType:
    name = f"{__name__}.chapter{number}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ValueError(f"There is no exercise of chapter {number!r}.") from None


def problems(exercise: str, answer) -> list[str]:
    """Sentences that say what is wrong with ``answer``; none when it is right.

    An answer that fails while it is checked is one problem, told with its error. Raises ValueError for an unknown id.
    """
    match = ID.fullmatch(str(exercise))
    if match is None:
        raise ValueError(f"An exercise's id looks like '01-2' (chapter-number), not {exercise!r}.")
    checker = getattr(_chapter(match[1]), f"check_{match[2]}", None)
    if checker is None:
        raise ValueError(f"Chapter {match[1]} has no exercise {match[2]}.")
    if answer is None or answer is ...:
        return ["there is no answer yet."]
    try:
        return list(checker(answer))
    except Exception as error:  # a reader's code may fail in any way, and the check is there to say how
        return [f"your answer stopped with {type(error).__name__}: {error}"]


def check(exercise: str, answer) -> None:
    """Print whether ``answer`` solves the exercise, or what is still wrong. Never raises."""
    try:
        found = problems(exercise, answer)
    except ValueError as error:
        print(error)
        return
    if not found:
        print(f"Exercise {exercise} passes.")
    for sentence in found:
        print(f"Exercise {exercise}, not yet: {sentence}")
