"""The rules for what a run stored in a notebook. A rule yields (cell number from 1 or None, sentence)."""

from __future__ import annotations

from collections.abc import Iterator
import re

from bookkit.code_rules import Finding, trials
from bookkit.digests import changed_cells
from bookkit.notebooks import KERNEL, BookError, Notebook
from bookkit.prose_numbers import FULL, fill_full, stale
from bookkit.quoted import QuoteError
from bookkit.recorded import recorded_values
from bookkit.results import FOLDER, read


def again(chapter: Notebook) -> str:
    return f"run bookkit run {chapter.name} --save --accept"


def kernel(chapter: Notebook) -> Iterator[Finding]:
    """The notebook names the kernel that every environment has; a contributor's own name opens nowhere else."""
    name = chapter.notebook.metadata.get("kernelspec", {}).get("name")
    if name != KERNEL:
        yield None, f"the notebook names the kernel {name}; it must be {KERNEL}: {again(chapter)}"


def digests(chapter: Notebook) -> Iterator[Finding]:
    """Sources and outputs are those of one run, by their digests: none of them was typed or pasted."""
    if "digests" not in chapter.notebook.metadata.get("torchbook", {}):
        yield None, f"the notebook has no digests of a stored run: {again(chapter)}"
        return
    for number in changed_cells(chapter.notebook):
        which = f"the outputs of cell {number} are not those" if number else "a cell is missing"
        yield number, f"{which} of the stored run: {again(chapter)}"


def passing_solutions(chapter: Notebook) -> Iterator[Finding]:
    """A solution that is checked passes: in the stored run its check says so."""
    for number, cell in chapter.code_cells:
        if any(kind == "solution" for kind, *_ in trials(cell)):
            printed = "".join(output.get("text", "") for output in cell.outputs)
            for exercise in re.findall(r"^check\(\"([^\"]+)\"", cell.source, re.M):
                if f"Exercise {exercise} passes." not in printed:
                    yield number, f"the solution of exercise {exercise} does not pass in the stored run: mend it"


def stale_number(chapter: Notebook) -> Iterator[Finding]:
    """A number that the prose quotes is the one that the stored run recorded."""
    try:
        values = {name: one.value for name, one in recorded_values(chapter.notebook).items()}
    except BookError:  # a name recorded twice, which `recorded_names` reports
        return
    for number, cell in chapter.markdown_cells:
        try:
            for sentence in stale(cell.source, values):
                yield number, f"{sentence}: {again(chapter)}"
        except QuoteError as error:
            yield number, str(error)


def stale_full_run(chapter: Notebook) -> Iterator[Finding]:
    """A table of the full run has the values of the record in book/results, and there is one."""
    file = FOLDER / f"{chapter.name}.json"
    record = read(chapter.root / file)
    for number, cell in chapter.markdown_cells:
        if not FULL.search(cell.source):
            continue
        if record is None:
            yield (
                number,
                f"there is no {file.as_posix()}: run bookkit run {chapter.name} --profile full, which writes it",
            )
            continue
        try:
            if fill_full(cell.source, record) != cell.source:
                yield number, f"the table is not that of {file.as_posix()}: {again(chapter)}"
        except BookError as error:
            yield number, str(error)
