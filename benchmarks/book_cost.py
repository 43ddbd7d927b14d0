"""What the book costs: importing its package, building its site, checking its stored outputs.

    python benchmarks/book_cost.py                              # about six minutes on two cores
    python benchmarks/book_cost.py --part import --part site    # between two and three

`verify` runs the notebooks of this checkout; `site` builds a copy of what is committed, in a temporary folder.
"""

from __future__ import annotations

from enum import Enum
from functools import partial
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from harness import RESULTS, ROOT, Keep, in_turn, ratio, record, show, summaries, summary
from torchbook.device import Stopwatch
import typer

IMPORTS = {
    "torch": "import torch",
    "torchbook": "import torch, torchbook",
    "chapter": "import torch, torchbook.training, torchbook.data.images, torchbook.plotting",
}
Part = Enum("Part", {name: name for name in ("import", "site", "verify")}, type=str)


def run_python(*words: str, root: Path = ROOT) -> str:
    """Run Python with the book and the packages in `root`; return what it prints. Raises RuntimeError if it fails."""
    search = os.pathsep.join([str(root / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": search, "BOOKKIT_ROOT": str(root), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, *words], cwd=root, env=env, encoding="utf-8", capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
    return done.stdout


def timed(*words: str, root: Path = ROOT) -> float:
    """Wall seconds of a bookkit command, the start of Python included."""
    with Stopwatch() as watch:
        run_python("-m", "bookkit.cli", *words, root=root)
    return watch.seconds


def import_once(statement: str, repeat: int) -> dict[str, float]:
    """Seconds of an import in a new process, without the start of Python."""
    code = f"import time; start = time.perf_counter(); {statement}; print(time.perf_counter() - start)"
    return {"seconds": float(run_python("-c", code))}


def measure_imports(repeats: int) -> dict[str, Any]:
    """torchbook, and what a chapter imports of it (matplotlib too), over torch alone."""
    sides = {name: partial(import_once, statement) for name, statement in IMPORTS.items()}
    if repeats > 1:
        in_turn(sides, 1)  # gets the files from the disk, writes byte code
    found = {name: measures["seconds"] for name, measures in in_turn(sides, repeats).items()}
    rows = {name: summary(seconds) for name, seconds in found.items()}
    for name in ("torchbook", "chapter"):
        rows[f"{name} - torch"] = summary([a - b for a, b in zip(found[name], found["torch"], strict=True)])
        rows[f"{name} / torch"] = ratio(found[name], found["torch"])
    show("Imports in new processes, seconds", rows)
    return rows


def committed_copy(folder: Path) -> Path:
    """What is committed in this checkout, unpacked below `folder`: nothing is built there."""
    archive = folder / "book.zip"
    subprocess.run(["git", "-C", str(ROOT), "archive", "--output", str(archive), "HEAD"], check=True)
    shutil.unpack_archive(archive, folder / "book")
    return folder / "book"


def change_a_chapter(root: Path) -> None:
    """Add a sentence to the last piece of prose in chapter 05."""
    path = next((root / "notebooks").glob("05_*.ipynb"))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    last = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"][-1]
    last["source"] = "".join(last["source"]) + "\n\nOne sentence more."
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def build_one_page() -> None:
    with TemporaryDirectory() as folder:
        root = committed_copy(Path(folder))
        (root / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/references\n", encoding="utf-8")
        for page in ("try_it.md", "moving_pictures.md"):  # for which a build trains networks
            (root / "book" / page).unlink()
        change_a_chapter(root)
        print(f"bookkit site, one page: {timed('site', root=root):.1f} s")


def build_three_times(repeat: int) -> dict[str, float]:
    """Seconds of `bookkit site`: nothing is built yet, nothing changed since, one chapter changed."""
    with TemporaryDirectory() as folder:
        root = committed_copy(Path(folder))
        cold, unchanged = timed("site", root=root), timed("site", root=root)
        change_a_chapter(root)
        return {"cold": cold, "unchanged": unchanged, "changed": timed("site", root=root)}


def measure_site(repeats: int) -> dict[str, Any]:
    found = in_turn({"site": build_three_times}, repeats)
    rows = {**summaries(found)["site"], "cold / changed": ratio(found["site"]["cold"], found["site"]["changed"])}
    show("bookkit site, seconds", rows)
    return rows


def measure_verify(*options: str) -> dict[str, Any]:
    """One run over all notebooks and executed pages; an output that is not the stored one ends it."""
    rows = {"seconds": summary([timed("verify", *options)])}
    show(f"bookkit verify {' '.join(options)}, seconds", rows)
    return rows


def record_parts(values: dict[str, dict[str, Any]]) -> None:
    """Record these parts, each with its date and commit; the other parts stay as they were recorded."""
    from bookkit.results import header, read  # slow to import

    stamp = {key: value for key, value in header(ROOT).items() if key in ("date", "commit")}
    parts = (read(RESULTS) or {}).get("book_cost", {}).get("values", {})
    record("book_cost", {**parts, **{part: {**rows, **stamp} for part, rows in values.items()}})


def main(
    part: Annotated[list[Part] | None, typer.Option(help="May be given more than once; all when none is.")] = None,
    import_repeats: int = 15,
    site_repeats: int = 3,
    smoke: bool = False,
    keep: Keep = False,
) -> None:
    """Measure; --record keeps the figures. --smoke builds a site of one page and executes no notebook."""
    if smoke:
        measure_imports(1)
        build_one_page()
        measure_verify("--share")
        return
    measures = {
        "import": partial(measure_imports, import_repeats),
        "site": partial(measure_site, site_repeats),
        "verify": partial(measure_verify, "--jobs", "2"),
    }
    values = {name: measure() for name, measure in measures.items() if Part(name) in (part or Part)}
    if keep:
        record_parts(values)


if __name__ == "__main__":
    typer.run(main)
