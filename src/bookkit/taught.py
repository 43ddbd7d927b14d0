"""What a chapter's own cells define and no package holds: taken from there, so that it has one home."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from bookkit.notebooks import BookError, Notebook


def definitions(notebook: Notebook) -> dict[str, ast.stmt]:
    """The classes and functions that a notebook's cells define, the first of each name."""
    found: dict[str, ast.stmt] = {}
    for _, cell in notebook.code_cells:
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.ClassDef | ast.FunctionDef):
                found.setdefault(statement.name, statement)
    return found


def taken(notebook: Notebook, names: Iterable[str], use: str) -> dict[str, ast.stmt]:
    """{name: definition}. Raises BookError where one is missing; ``use`` says what it was for."""
    known = definitions(notebook)
    missing = sorted(name for name in names if name not in known)
    if missing:
        raise BookError(f"{notebook.name} does not define {', '.join(missing)}, which {use}")
    return {name: known[name] for name in names}


def defined(notebook: Notebook, names: Iterable[str], use: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the chapter defines under these names beside what is ``given``: all that they use of other cells."""
    space = dict(given)
    for name, statement in taken(notebook, names, use).items():
        exec(compile(ast.Module([statement], type_ignores=[]), f"<{name} of {notebook.name}>", "exec"), space)
    return space
