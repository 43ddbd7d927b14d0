"""Open exercises: a task, a budget, a score to beat, and a board on which answers stand in order.

The budget is in seconds (``Contest``), or the exercise's own check holds it (``print_ranking``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import fill
import time
from typing import Any

from torchbook.exercises.compare import Wrong, apart, named

WIDTH = 88  # columns, as in every output of the book


@dataclass(frozen=True)
class Contest:
    """One open exercise. score: answer -> its score; raises Wrong with a sentence for an answer that cannot be scored.

    prepare: reads the data, before the clock starts. what: the score in words, with its unit. bar: the score that an
    answer has to beat. larger: whether a larger score is better. seconds: processor time that an answer may take, which
    other programs on the machine do not use up.
    """

    score: Callable[[Callable], float]
    prepare: Callable[[], object]
    what: str
    bar: float
    larger: bool
    seconds: float

    def measure(self, answer: Callable) -> tuple[float, float]:
        """Score and seconds. Raises Wrong where `score` does, and for an answer over the budget."""
        self.prepare()
        start = time.process_time()
        score = self.score(answer)
        taken = time.process_time() - start
        if taken > self.seconds:
            shown = apart(taken, self.seconds, 1)
            raise Wrong(f"it took {shown} s of processor time, and the budget is {self.seconds:g} s.")
        return score, taken

    def beats(self, score: float) -> bool:
        return score > self.bar if self.larger else score < self.bar


def check_contest(contest: Contest, answer: Callable) -> Iterator[str]:
    """A sentence for an answer that does not beat the bar."""
    score, _ = contest.measure(answer)
    if not contest.beats(score):
        side = "above" if contest.larger else "below"
        yield f"{contest.what}: yours has {apart(score, contest.bar)}, and {side} {contest.bar:.2f} is asked for."


def print_board(contest: Contest, entries: Mapping[str, Callable]) -> None:
    """Print the entries, best first, with score and seconds, then what is wrong with those that have no score."""
    scored, refused = [], {}
    for name, answer in entries.items():
        try:
            scored.append((*contest.measure(answer), name))
        except Wrong as wrong:
            refused[name] = str(wrong)
        except Exception as error:  # a reader's code may fail in any way; the others keep their places
            refused[name] = f"it stopped with {named(error)}"
    scored.sort(key=lambda row: row[0], reverse=contest.larger)
    print(f"{contest.what}; to beat: {contest.bar:.2f}; budget {contest.seconds:g} s")
    for place, (score, seconds, name) in enumerate(scored, start=1):
        print(f"{place:>2}. {name:<40} {score:8.2f}   {seconds:5.1f} s")
    for name, sentence in refused.items():
        print(fill(f" -  {name}: {sentence}", WIDTH, subsequent_indent="    "))


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
