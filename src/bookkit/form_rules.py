"""The rules for how a notebook looks wherever it is opened. A rule yields (cell number from 1 or None, sentence)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re
from unicodedata import east_asian_width

import nbformat

from bookkit.code_rules import Finding, calls, parse, trials
from bookkit.notebooks import Notebook, tags

WIDEST = 88  # columns
STYLE = re.compile(r"\x1b\[[\d;]*m")  # colours of a terminal
MYST = (
    (re.compile(r"\{[a-z][\w:-]*\}`"), "the role"),
    (re.compile(r"^\([\w-]+\)=[ \t]*$", re.M), "the label"),
    (re.compile(r"^[ >]*(?:`{3,}|~{3,})\{[\w:-]+\}", re.M), "the directive"),
    (re.compile(r"^[ >]*:{3,}.*$", re.M), "the fence"),
)
BLOCK = re.compile(r"^[ >]*(`{3,}|~{3,})(?!\{).*?^[ >]*\1[`~]*[ \t]*$", re.M | re.S)
SUMMARY = re.compile(r"^## Summary$.*?(?=^## |\Z)", re.M | re.S)
SPAN = re.compile(r"(?<![}`])(`+)(?!`)[^`\n]*\1(?!`)")  # no role's


def width(line: str) -> int:
    """Columns of a line in a fixed-width face."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in STYLE.sub("", line))


def code_width(notebook: Notebook) -> Iterator[Finding]:
    """A line of code has at most 88 columns: a wider one is cut off on the site and lost in print."""
    for number, cell in notebook.code_cells:
        if wide := [line for line in cell.source.splitlines() if width(line) > WIDEST]:
            yield number, f"{len(wide)} lines of code over {WIDEST} columns, the first {wide[0].strip()[:40]!r}"


def output_width(notebook: Notebook) -> Iterator[Finding]:
    """A printed line has at most 88 columns; what is longer is wrapped where it is printed. Tracebacks are left."""
    for number, cell in notebook.code_cells:
        lines = [line for output in cell.outputs for line in _printed(output).splitlines()]
        if wide := [line for line in lines if width(line) > WIDEST]:
            yield number, f"{len(wide)} printed lines over {WIDEST} columns, the first {wide[0].strip()[:40]!r}"


def _printed(output: nbformat.NotebookNode) -> str:
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")


def folded_solutions(notebook: Notebook) -> Iterator[Finding]:
    """A solution is folded on the site and in editors, where its first line, a comment, says what it is."""
    for number, cell in notebook.code_cells:
        name = next((f"{chapter}-{count}" for kind, chapter, count in trials(cell) if kind == "solution"), None)
        if name is None:
            continue
        if "hide-cell" not in tags(cell):
            yield number, f"solution-{name} must be folded on the site: tag it hide-cell"
        jupyter = cell.metadata.get("jupyter", {})
        if not (jupyter.get("source_hidden") and jupyter.get("outputs_hidden")):
            yield (
                number,
                f"solution-{name} must be folded in editors: set source_hidden and outputs_hidden under jupyter",
            )
        if not cell.source.startswith(f"# Solution {name}"):
            yield (
                number,
                f"solution-{name} must begin with the comment # Solution {name}, which shows when it is folded",
            )


def one_import_cell(notebook: Notebook) -> Iterator[Finding]:
    """All imports are in the first code cell, so that a reader sees at once what is needed."""
    for number, cell in notebook.code_cells[1:]:
        for node in ast.walk(parse(cell) or ast.Module([], [])):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield number, f"{ast.unparse(node)!r} belongs in the first code cell"


def summary_links(notebook: Notebook) -> Iterator[Finding]:
    """A chapter's summary leads to the sections whose cells assert what it says."""
    for number, cell in enumerate(notebook.cells, 1):
        if (found := SUMMARY.search(cell.source)) and cell.cell_type == "markdown" and "](#sec-" not in found[0]:
            yield number, "the summary must link to a section that shows what it says, as [the runs](#sec-…)"


def no_glue(notebook: Notebook) -> Iterator[Finding]:
    """Values are recorded where they are shown, with `record`: what `glue` keeps, no reader sees."""
    for number, cell in notebook.code_cells:
        if re.search(r"\bmyst_nb\b", cell.source):
            yield number, "no import from myst_nb: use torchbook.recording.record"
    for number, call in calls(notebook):
        if ast.unparse(call.func) == "glue":
            yield number, f"{ast.unparse(call)[:40]!r}: use torchbook.recording.record"


def plain_markdown(notebook: Notebook) -> Iterator[Finding]:
    """The text is plain Markdown, which reads well in any tool; the build makes roles and directives of it."""
    for number, cell in notebook.markdown_cells:
        text = _without_code(cell.source)
        for pattern, what in MYST:
            if found := pattern.search(text):
                yield (
                    number,
                    f"{what} {found[0].strip()!r} shows raw in JupyterLab: see bookkit/plain.py for plain forms",
                )


def _without_code(text: str) -> str:
    return SPAN.sub("", BLOCK.sub("", text))
