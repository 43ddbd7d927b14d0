"""Numbers in the prose that a run writes: `98.6<!-- ch03_test_percent:.1f -->` shows a recorded value in a format."""

from __future__ import annotations

from collections.abc import Iterator
import re

from bookkit.notebooks import BookError
from bookkit.recorded import Recorded

# what is shown stands right before the comment, without a space; a recorded name has an underscore (`<!-- cited -->`)
NUMBER = re.compile(r"([\w.,:+%/-]*)<!--\s*([A-Za-z]\w*_\w+)(?::([^\s>]*))?\s*-->")


def shown(name: str, form: str, values: dict[str, Recorded]) -> str:
    """A recorded value as the prose shows it. Raises BookError for a name that no cell recorded, or a wrong format."""
    if name not in values:
        known = ", ".join(values) or "there is none"
        raise BookError(f"the prose shows {name}, which no cell of the run recorded: the recorded names are {known}")
    try:
        text = format(values[name].value, form)
    except ValueError as error:
        raise BookError(f"the prose shows {name} in the format {form}, which does not fit it: {error}") from error
    if not re.fullmatch(r"[\w.,:+%/-]+", text):
        raise BookError(f"the prose shows {name}, whose value {text!r} is no number or word without spaces")
    return text


def fill(source: str, values: dict[str, Recorded]) -> str:
    """Prose with the recorded values in place. Raises BookError as `shown`."""
    return NUMBER.sub(lambda found: shown(found[2], found[3] or "", values) + found[0][len(found[1]) :], source)


def stale(source: str, values: dict[str, Recorded]) -> Iterator[str]:
    """A sentence for each number that is not the recorded one."""
    for text, name, form in NUMBER.findall(source):
        try:
            now = shown(name, form, values)
        except BookError as error:
            yield str(error)
            continue
        if text != now:
            yield f"the prose shows {text or 'nothing'} for {name}, but the stored run recorded {now}"


def without_numbers(source: str) -> str:
    """Prose with the names alone: the same before and after a run has written its numbers."""
    return NUMBER.sub(lambda found: found[0][len(found[1]) :], source)
