"""What a check says of an error."""

from __future__ import annotations


def in_a_line(error: BaseException, place: int = 0) -> str:
    """The kind of an error and, where it has a text, the first line of it or another."""
    kind, lines = type(error).__name__, str(error).splitlines()
    return f"{kind}: {lines[place].strip()}" if lines else kind
