"""The leaderboard of an open exercise whose check holds the budget: the best first, and why an entry is not on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import fill
from typing import Any

WIDTH = 88  # columns, as in every output of the book


def print_ranking(
    problems: Callable[[Any], list[str]], score: Callable[[Any], tuple[float, str]], entries: Mapping[str, Callable]
) -> None:
    """Print the entries, the best first; one with problems is named below, with the first of them.

    score: answer -> a number, less being better, and it in words.
    """
    passed, refused = [], []
    for name, answer in entries.items():
        found = problems(answer)
        if found:
            refused.append((name, found[0]))
        else:
            passed.append((*score(answer), name))
    for place, (_, words, name) in enumerate(sorted(passed), 1):
        print(f"{place}. {name}: {words}")
    for name, sentence in refused:
        print(fill(f"-  {name}: not on the board, {sentence}", WIDTH, subsequent_indent="   "))
