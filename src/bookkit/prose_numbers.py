"""Writes the values that a run recorded into the prose that quotes them, and finds those that are no longer true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import re
from typing import Any

from bookkit import quoted
from bookkit.notebooks import BookError
from bookkit.results import stamp

FULL = re.compile(r"(?<=\| )[^|\n]*?(?P<comment><!--\s*full\s+(?P<name>\w+):(?P<spec>[^\s>]+)\s*-->)")
STAMP = re.compile(r"\*[^*\n]*\*(?=<!--\s*full stamp\s*-->)")


def fill(prose: str, values: Mapping[str, quoted.Value]) -> str:
    """Prose with the recorded values in place. Raises BookError for an unknown name, or a format that does not fit."""
    try:
        return quoted.replace(prose, lambda found: _shown(found, values) + _comment(found))
    except quoted.QuoteError as error:
        raise BookError(str(error)) from error


def stale(prose: str, values: Mapping[str, quoted.Value]) -> Iterator[str]:
    """A sentence for each quoted value that is not the recorded one; unknown names are another rule's."""
    for found in quoted.QUOTE.finditer(prose):
        if found["name"] in values and found["value"] != _shown(found, values):
            yield f"the prose quotes {found['name']} as {found['value']}, but the run recorded {_shown(found, values)}"


def fill_full(prose: str, record: Mapping[str, Any]) -> str:
    """Prose whose table of the full run has the values of its record, and the line below it what the record says.

    Raises BookError for a value that is not recorded, or a format that does not fit.
    """
    try:
        filled = FULL.sub(
            lambda found: quoted.formatted(record["values"], found["name"], found["spec"]) + found["comment"], prose
        )
    except quoted.QuoteError as error:
        raise BookError(f"the table of the full run: {error}") from error
    return STAMP.sub(lambda found: f"*{stamp(dict(record))}*", filled)


def without_values(prose: str) -> str:
    """Prose with the names of quoted values alone: the same before and after a run has filled it."""
    return quoted.QUOTE.sub(_comment, prose)


def _shown(found: re.Match, values: Mapping[str, quoted.Value]) -> str:
    """The value in the form that `quoted` reads back: a number, a word, or several words in brackets."""
    text = quoted.formatted(values, found["name"], found["spec"])
    return text if quoted.QUOTE.fullmatch(text + _comment(found)) else f"({text})"


def _comment(found: re.Match) -> str:
    return found[0][len(found["value"]) :]
