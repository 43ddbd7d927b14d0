"""Shows the errors that chapters provoke, without stopping and without a traceback."""

from __future__ import annotations

from collections.abc import Callable
import re
from textwrap import fill

WIDTH = 88  # columns, as in every output of the book
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def first_sentence(error: BaseException, contains: str = "") -> str:
    """The kind of an error or warning and its message's first sentence, or that of the first line with ``contains``.

    Raises ValueError where no line has it.
    """
    lines = COLOURS.sub("", str(error)).splitlines() or [""]
    line = next((line.strip() for line in lines if contains in line), None)
    if line is None:
        raise ValueError(f"No line of the message has {contains!r}: {str(error)!r}.")
    sentence = re.split(r"\.(?:\s|$)|: \[", line)[0]
    return f"{type(error).__name__}: {sentence}".removesuffix(": ")


def show_error(action: Callable[[], object], contains: str = "") -> None:
    """Run ``action()`` and print the kind and first sentence of the error that it raises, or that it raises none."""
    try:
        action()
    except Exception as error:
        print(fill(first_sentence(error, contains), WIDTH, subsequent_indent="  ", break_on_hyphens=False))
    else:
        print("no error")
