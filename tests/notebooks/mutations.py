"""Plants each edit of `wrong_cells/` in a copy of the book, says what refuses it, and ends with 1 under the targets.

Before saving: lint, an error of the run, or the comparison of its outputs, recorded values and figures with those that
are stored. After a whole-hearted `bookkit run --save --accept`: an error of the run, or lint of what was saved. The
digests of lint count before saving only where the edit touches what a run stored: of an edited source they say that it
has to run again, not that it is wrong. Each notebook without an edit, `unchanged`, must pass both.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
import os
from pathlib import Path
import re
import shutil
import sys
import tempfile
import time
from types import SimpleNamespace

from chapters import NAMES, PAGES, ROOT
import nbformat
from nbval import plugin
from rich.markup import escape
from rich.table import Table
from wrong_cells import Edit, apply, edits

from bookkit import lint
from bookkit.differences import cell_differences
from bookkit.execute import QUICK, TIMEOUT, Job, run_one
from bookkit.notebooks import BookError, Chapter, find_chapters, read_notebook
from bookkit.report import console
from bookkit.results import header, read, write
from bookkit.save import save_outputs
from bookkit.signals import Stopped, kill_children, raise_on_signals
from bookkit.tested import MUTATIONS
from bookkit.verify import is_strict

TARGETS = {"before": 0.90, "after": 0.85}
DIGESTS = "digests"  # lint's rule
UNCHANGED = "unchanged"  # the name of the notebook without an edit
WIDTH = 160  # columns of the table, where the terminal has fewer


@dataclass(frozen=True)
class Result:
    """What refused an edit, or the notebook without one (edit None), at each stage; empty where nothing did."""

    notebook: str
    edit: Edit | None
    before: str
    after: str

    @property
    def name(self) -> str:
        return self.edit.name if self.edit else UNCHANGED


def copy_book(root: Path, to: Path) -> None:
    """What running, linting and saving a notebook reads of the book; links, but for the notebooks."""
    for folder in ("notebooks", "book"):
        (to / folder).mkdir()
        for path in (root / folder).iterdir():
            if path.suffix == ".ipynb":
                shutil.copy(path, to / folder)
            elif not path.name.startswith("."):
                (to / folder / path.name).symlink_to(path)
    (to / "_config.yml").symlink_to(root / "_config.yml")


def attempt(root: Path, notebook: str, edit: Edit | None, stages: Iterable[str]) -> Result:
    """Run the notebook once in a copy of the book, with the edit in it, and look at both stages."""
    with tempfile.TemporaryDirectory(prefix="bookkit-mutation-") as place:
        book = Path(place)
        copy_book(root, book)
        stored = fresh(book, notebook)
        known = set(sentences(stored))
        if edit:
            stored.path.write_text(nbformat.writes(apply(edit, stored.notebook)), encoding="utf-8")
        planted = fresh(book, notebook)
        seen = [line for line in sentences(planted) if line not in known]
        if edit and edit.of_source:
            seen = [line for line in seen if not line.endswith(f"({DIGESTS})")]
        if seen and "after" not in stages:
            return Result(notebook, edit, seen[0], "")
        if edit and code(planted) == code(stored):  # what runs is the same, so the stored outputs are those of a run
            executed = book / "executed.ipynb"
            nbformat.write(as_if_run(planted, stored), executed)
        else:
            outcome = run_one(book, Job(planted, QUICK), TIMEOUT, lambda *args, **more: None)
            if not outcome.ok:
                failed = f"run, cell {outcome.cell}: {outcome.error[-1]} {failing_line(outcome.error)}".rstrip()
                return Result(notebook, edit, next(iter(seen), failed), failed)
            executed = outcome.executed
        before = next(chain(seen, comparison(planted, read_notebook(executed))), "")
        after = saved(book, planted, executed, edit, known) if "after" in stages else ""
        return Result(notebook, edit, before, after)


def failing_line(traceback: Iterable[str]) -> str:
    """The line of code at IPython's first arrow."""
    return next((found[1] for line in traceback if (found := re.match(r"-+> *\d+ *(.*)", line))), "")


def fresh(book: Path, notebook: str) -> Chapter:
    (found,) = find_chapters(book, [notebook], pages=True)
    return found


def sentences(notebook: Chapter) -> list[str]:
    """Lint's, without the name of the file."""
    return [f"lint, {str(problem).partition(': ')[2]}" for problem in lint.check(notebook)]


def code(notebook: Chapter) -> list[str]:
    return [cell.source for _, cell in notebook.code_cells]


def as_if_run(planted: Chapter, stored: Chapter) -> nbformat.NotebookNode:
    """The cells of the first with the outputs of the second."""
    notebook = nbformat.from_dict(planted.notebook)
    for cell, source in zip(notebook.cells, stored.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = source.outputs
    return notebook


def comparison(stored: Chapter, executed: nbformat.NotebookNode) -> Iterator[str]:
    """What `bookkit verify` finds: nbval's comparison of strict cells, then recorded values and figures of all."""
    for number, (cell, ran) in enumerate(zip(stored.cells, executed.cells, strict=True), 1):
        if cell.cell_type != "code":
            continue
        for sentence in cell_differences(cell, ran.outputs):
            yield f"verify, cell {number}: {sentence}"
        if is_strict(cell) and not same_outputs(cell, ran):
            yield f"verify, cell {number}: its output differs"


def same_outputs(cell: nbformat.NotebookNode, ran: nbformat.NotebookNode) -> bool:
    """nbval's own comparison, without its kernel."""
    skipped = ("metadata", "traceback", "prompt_number", "output_type", "name", "execution_count", "image/png")
    outside = SimpleNamespace(
        parent=SimpleNamespace(skip_compare=skipped),
        colors=plugin.nocolors,
        sanitize=lambda text: text,
        format_output_compare=lambda *difference: None,
    )
    pairs = (plugin.coalesce_streams(nbformat.from_dict(outputs)) for outputs in (ran.outputs, cell.outputs))
    return plugin.IPyNbCell.compare_outputs(outside, *pairs)


def saved(book: Path, planted: Chapter, executed: Path, edit: Edit | None, known: set[str]) -> str:
    """What refuses the outputs once they are saved; a number that was typed over is put right by saving."""
    try:
        save_outputs(book, executed, planted, planted.path.read_bytes(), accept=True)
    except BookError as error:
        return f"save: {error}"
    again = fresh(book, planted.name)
    left = next((line for line in sentences(again) if line not in known), "")
    if edit and not edit.of_source and not left and not still_there(edit, again.notebook):
        return "save puts it right"
    return left


def still_there(edit: Edit, notebook: nbformat.NotebookNode) -> bool:
    """Whether planting the edit again would change nothing."""
    try:
        apply(edit, notebook)
    except ValueError:
        return True
    return False


def report(results: list[Result], stages: list[str]) -> bool:
    """Print the table and the shares; whether the targets are met and no notebook is refused without an edit."""
    table = Table("notebook", "edit", *stages)
    for result in results:
        table.add_row(result.notebook, result.name, *(escape(getattr(result, stage)) or "-" for stage in stages))
    out = console()
    out.width = max(out.width, WIDTH)
    out.print(table)
    planted = [result for result in results if result.edit]
    good = True
    for result in results:
        if not result.edit and any(getattr(result, stage) for stage in stages):
            good = False
            print(f"{result.notebook} is refused without any edit, so what its edits show is worth nothing.")
    for stage in stages if planted else ():
        caught = sum(bool(getattr(result, stage)) for result in planted)
        good &= caught >= TARGETS[stage] * len(planted)
        print(f"{stage}: {caught} of {len(planted)} refused ({caught / len(planted):.0%}, aim {TARGETS[stage]:.0%})")
        for result in planted:
            if not getattr(result, stage):
                print(f"  not refused: {result.notebook}, {result.name}: {result.edit.why}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chapter", action="append", help="5, 05, 05_cifar10 or a page; all when none is named")
    parser.add_argument(
        "--only", action="append", help=f"the name of an edit; {UNCHANGED} for the notebook without any"
    )
    parser.add_argument("--stage", choices=TARGETS, help="before or after saving; both when none is named")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time")
    parser.add_argument("--record", action="store_true", help=f"write the counts of these notebooks to {MUTATIONS}")
    chosen = parser.parse_args()
    if chosen.record and (chosen.only or chosen.stage):
        parser.error("--record is for all edits of a notebook at both stages.")
    stages = [chosen.stage] if chosen.stage else list(TARGETS)
    asked = [found.name for found in find_chapters(ROOT, chosen.chapter, pages=True)]
    work = [(name, edit) for name in (*NAMES, *PAGES) if name in asked for edit in (None, *edits(name))]
    if chosen.only:
        work = [(name, edit) for name, edit in work if (edit.name if edit else UNCHANGED) in chosen.only]
    if not work:
        parser.error(f"no edit is named {' or '.join(chosen.only)}; the names stand in tests/notebooks/wrong_cells/.")
    raise_on_signals()
    with tempfile.TemporaryDirectory(prefix="bookkit-cache-") as cache, ThreadPoolExecutor(chosen.jobs) as pool:
        os.environ["TORCHBOOK_CACHE"] = cache
        (Path(cache) / "checkpoints").touch()  # no folder: nothing that a wrong notebook trained is kept for the next
        futures = [pool.submit(attempt, ROOT, name, edit, stages) for name, edit in work]
        results = []
        try:
            for future in futures:
                results.append(future.result())
                seen = ", ".join(f"{stage} {'yes' if getattr(results[-1], stage) else 'no'}" for stage in stages)
                print(f"{results[-1].notebook}, {results[-1].name}: refused {seen}", flush=True)
        except Stopped as stopped:
            return stopped.code
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):  # a thread notices within 1 s that its kernel is gone
                kill_children("ipykernel_launcher")
                time.sleep(0.1)
    if chosen.record:
        earlier = (read(ROOT / MUTATIONS) or {}).get("notebooks", [])
        write(ROOT / MUTATIONS, {"notebooks": merged(earlier, counts(results), header(ROOT, 1))})
    return 0 if report(results, stages) else 1


def merged(earlier: list[dict], now: list[dict], said: dict) -> list[dict]:
    """The record in the book's order: the rows of now, with what is said of this run, and the others as they were."""
    rows = {row["notebook"]: row for row in [*earlier, *({**row, **said} for row in now)]}
    return [rows[name] for name in (*NAMES, *PAGES) if name in rows]


def counts(results: list[Result]) -> list[dict]:
    """By notebook: edits planted, refused before saving and refused after it."""
    planted = [result for result in results if result.edit]
    return [
        {
            "notebook": name,
            "planted": sum(result.notebook == name for result in planted),
            **{
                stage: sum(result.notebook == name and bool(getattr(result, stage)) for result in planted)
                for stage in TARGETS
            },
        }
        for name in dict.fromkeys(result.notebook for result in planted)
    ]


if __name__ == "__main__":
    sys.exit(main())
