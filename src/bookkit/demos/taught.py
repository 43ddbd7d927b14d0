"""What the demos take from chapters: which names, and of which chapter."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bookkit import taught as chapters
from bookkit.notebooks import Notebook, find_chapters

TAKEN = {  # demo: (chapter, names in the order in which they use each other)
    "names": ("08", ("split_names", "pad", "NameClassifier")),
    "writers": ("12", ("attention", "SelfAttention", "Block", "CharTransformer", "train")),
    "insects": ("11", ("start_network", "fit_head")),
}


def taught(root: Path, demo: str, **given: Any) -> SimpleNamespace:
    """The classes and functions that a demo takes from a chapter, as the chapter first defines them.

    given: what they use beside each other, by name, for example ``torch=torch``. Raises BookError for a name that the
    chapter does not define.
    """
    space = chapters.defined(*_wanted(root, demo), given)
    return SimpleNamespace(**{name: space[name] for name in TAKEN[demo][1]})


def taken(root: Path, demo: str) -> dict[str, ast.stmt]:
    """{name: definition} of what a demo takes from its chapter. Raises BookError where one is missing."""
    return chapters.taken(*_wanted(root, demo))


def taken_code(root: Path, demo: str) -> str:
    """The same as text, in a form that comments and spaces leave as it is."""
    return "\n".join(ast.unparse(statement) for statement in taken(root, demo).values())


def _wanted(root: Path, demo: str) -> tuple[Notebook, tuple[str, ...], str]:
    chapter, names = TAKEN[demo]
    [notebook] = find_chapters(root, [chapter])
    return notebook, names, f"the demo {demo!r} is made of"
