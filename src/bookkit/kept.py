"""What a build of the site makes once, and keeps in a folder that is named after all that it is made of.

This module imports no PyTorch, so that a build with everything kept costs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import cache
import hashlib
from importlib import metadata
from pathlib import Path
import shutil
import tempfile
from typing import Any

import bookkit

SOURCES = Path(bookkit.__file__).parents[1]


def digest(sources: Iterable[Path], code: str, packages: Iterable[str]) -> str:
    """Of modules, of code that chapters hold, of the texts that torchbook brings, and of the packages' versions."""
    state = hashlib.sha256()
    for path in sorted(sources):
        state.update(path.relative_to(SOURCES).as_posix().encode() + b"\0" + path.read_bytes())
    for path in sorted((SOURCES / "torchbook" / "data").glob("*.txt")):
        state.update(path.read_bytes())
    state.update(code.encode())
    state.update(repr([(package, _installed(package)) for package in packages]).encode())
    return state.hexdigest()[:16]


def make_once(folder: Path, older: str, make: Callable[[Path], Any]) -> None:
    """Have ``make(draft)`` fill ``folder`` where it is not there: whole or not at all, and on one thread.

    older: the names beside it of what earlier code made, a pattern, which is removed. A second thread gains small
    networks little, and costs them much where other programs run.
    """
    if folder.is_dir():
        return
    import torch  # here, as it takes seconds

    folder.parent.mkdir(parents=True, exist_ok=True)
    for old in folder.parent.glob(older):
        shutil.rmtree(old)
    draft, threads = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent)), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        make(draft)
        draft.replace(folder)
    finally:
        torch.set_num_threads(threads)
        shutil.rmtree(draft, ignore_errors=True)


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def sources_of(module: str) -> set[Path]:
    """The files of a module and of all that it imports, directly or not, of torchbook and bookkit."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        path = _file(waiting.pop())
        if path is not None and path not in found:
            found.add(path)
            waiting += imports(path)
    return found


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The names of the modules that a file imports, of torchbook and bookkit; some are names in a module."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{name}" for name in names)]
        found += [name for name in names if name.split(".")[0] in ("torchbook", "bookkit")]
    return tuple(found)


def _file(module: str) -> Path | None:
    """The file of a module; None for what is no module."""
    place = SOURCES / Path(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
