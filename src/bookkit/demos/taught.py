"""What a chapter defines and the package does not hold, taken from the chapter's own cells."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bookkit.notebooks import BookError, Notebook, find_chapters

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
    space = dict(given)
    for name, statement in taken(root, demo).items():
        exec(compile(ast.Module([statement], type_ignores=[]), f"<{name} of chapter {TAKEN[demo][0]}>", "exec"), space)
    return SimpleNamespace(**{name: space[name] for name in TAKEN[demo][1]})


def taken(root: Path, demo: str) -> dict[str, ast.stmt]:
    """{name: definition} of what a demo takes from its chapter. Raises BookError where one is missing."""
    chapter, names = TAKEN[demo]
    [notebook] = find_chapters(root, [chapter])
    known = definitions(notebook)
    missing = [name for name in names if name not in known]
    if missing:
        raise BookError(f"{notebook.name} does not define {', '.join(missing)}, which the demo {demo!r} is made of")
    return {name: known[name] for name in names}


def taken_code(root: Path, demo: str) -> str:
    """The same as text, in a form that comments and spaces leave as it is."""
    return "\n".join(ast.unparse(statement) for statement in taken(root, demo).values())


def definitions(notebook: Notebook) -> dict[str, ast.stmt]:
    """The classes and functions that a notebook's cells define, the first of each name."""
    found: dict[str, ast.stmt] = {}
    for _, cell in notebook.code_cells:
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.ClassDef | ast.FunctionDef):
                found.setdefault(statement.name, statement)
    return found
