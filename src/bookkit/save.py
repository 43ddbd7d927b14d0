"""Writes the outputs of an executed copy back into its chapter, without what differs between runs and machines."""

from __future__ import annotations

import json
from pathlib import Path, PurePath
import re

import nbformat

from bookkit.changes import changes
from bookkit.digests import store_digests
from bookkit.notebooks import SETUP, BookError, Notebook, read_notebook, tags, write_text
from bookkit.prose_numbers import fill, fill_full
from bookkit.recorded import recorded_values
from bookkit.results import FOLDER, read
from bookkit.stored_figures import stored_figure


def save_outputs(root: Path, executed: Path, chapter: Notebook, before: bytes, accept: bool) -> list[str]:
    """What an executed copy changes in its chapter, as lines to show; with `accept` it is written there.

    before: the chapter's file when the run began. Raises BookError when the chapter was edited meanwhile, as its
    outputs would belong to another text, and when its prose shows a value that was not recorded.
    """
    if chapter.path.read_bytes() != before:
        raise BookError(f"{chapter.name} was edited while it ran, so its outputs were not saved: run it again.")
    cleaned = clean(chapter.notebook, read_notebook(executed), root)
    fill_prose(cleaned, chapter.name, root)
    store_digests(cleaned)
    nbformat.validate(cleaned)
    lines = changes(chapter.notebook, cleaned)
    if accept and lines:
        write_text(chapter.path, nbformat.writes(cleaned) + "\n")
    return lines


def fill_prose(notebook: nbformat.NotebookNode, name: str, root: Path) -> None:
    """Write the values that the notebook's cells recorded into its prose, and those of its last full run.

    Raises BookError for an unknown value.
    """
    full = read(root / FOLDER / f"{name}.json")
    values = {name: one.value for name, one in recorded_values(notebook).items()}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            try:
                cell.source = fill(cell.source, values)
                cell.source = fill_full(cell.source, full) if full else cell.source
            except BookError as error:
                raise BookError(f"{name}, cell {number}: {error}.") from error


def clean(source: nbformat.NotebookNode, executed: nbformat.NotebookNode, root: Path) -> nbformat.NotebookNode:
    """`source` with the outputs of `executed` (the same cells in order), without what differs between runs."""
    if [cell.source for cell in source.cells] != [cell.source for cell in executed.cells]:
        raise BookError("The executed copy has other cells than the chapter, so its outputs cannot be saved there.")
    notebook = nbformat.from_dict(json.loads(json.dumps(source)))
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # 4.5 is the first with cell ids
    notebook.metadata.pop("papermill", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python"}
    count, seen = 0, set()
    for number, (cell, ran) in enumerate(zip(notebook.cells, executed.cells, strict=True), 1):
        cell.id = cell.get("id") if cell.get("id") not in (None, *seen) else f"cell-{number:02d}"
        seen.add(cell.id)
        for key in ("papermill", "execution", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            outputs = [] if SETUP in tags(cell) else _joined(ran.outputs)  # what it says is of this machine
            cell.outputs = [_clean_output(output, count, root) for output in outputs]
    return notebook


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Neighbouring pieces of one stream joined: how a stream was cut differs from run to run."""
    joined: list[nbformat.NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _clean_output(output: nbformat.NotebookNode, count: int, root: Path) -> nbformat.NotebookNode:
    if output.output_type == "execute_result":
        output.execution_count = count
    if "image/png" in output.get("data", {}):
        output.data["image/png"] = stored_figure(output.data["image/png"])
    if output.output_type == "error":  # a traceback shows where packages lie on this machine
        output.traceback = [_without_folders(line, root) for line in output.traceback]
    return output


def _without_folders(line: str, root: PurePath) -> str:
    """A line of a traceback without the folders of this machine, its paths written with slashes."""
    start = r"(?:~|[A-Za-z]:)?[\\/](?:[^\s'\"\x1b]*[\\/])?"  # a path's beginning; an escape code may stand before it
    folders = "|".join(re.escape(f"{folder}") + r"[\\/]" for folder in (root, Path.home()))
    rest = r"(?P<rest>(?:site|dist)-packages[\\/][^\s'\"\x1b]*)"
    line = re.sub(rf"{start}{rest}", _with_slashes, line)
    line = re.sub(rf"{start}lib[\\/](?P<rest>python3[^\s'\"\x1b]*)", _with_slashes, line)
    return re.sub(rf"(?:{folders})(?P<rest>[^\s'\"\x1b]*)", _with_slashes, line)


def _with_slashes(match: re.Match[str]) -> str:
    return match["rest"].replace("\\", "/")
