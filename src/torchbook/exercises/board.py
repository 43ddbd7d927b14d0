"""The leaderboard of an open exercise: several answers under one budget, the best first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import fill

from torchbook.exercises import WIDTH, _chapter, problems
from torchbook.exercises.state import untouched


def leaderboard(exercise: str, entries: Mapping[str, Callable]) -> None:
    """Print the entries, the best first; one that does not pass the check is named below, with what is wrong.

    The chapter's module of checks has ``score_M(answer)``, which returns a number, less being better, and it in words.
    """
    score = getattr(_chapter(exercise[:2]), f"score_{exercise[3:]}")
    passed, refused = [], []
    for name, answer in entries.items():
        found = problems(exercise, answer)
        if found:
            refused.append((name, found[0]))
        else:
            with untouched():
                passed.append((*score(answer), name))
    for place, (_, words, name) in enumerate(sorted(passed), 1):
        print(f"{place}. {name}: {words}")
    for name, sentence in refused:
        print(fill(f"-  {name}: not on the board, {sentence}", WIDTH, subsequent_indent="   "))
