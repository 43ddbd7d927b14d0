"""The rules for recorded values and test data. A rule yields (cell number from 1 or None, sentence)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

from bookkit.code_rules import Finding, calls
from bookkit.notebooks import BookError, Chapter, Notebook, tags
from bookkit.prose_rules import QUOTED, paragraphs
from bookkit.recorded import Recorded, recorded_values

TEST_DATA = "reads-test-data"
FULL = re.compile(r"<!--\s*full\b")


def _records(notebook: Notebook) -> list[Recorded]:
    try:
        return list(recorded_values(notebook.notebook).values())
    except BookError:  # a name recorded twice, which `recorded_names` reports
        return []


def record_kinds(notebook: Notebook) -> Iterator[Finding]:
    """A value's tolerance fits its kind, and nbval does not compare exactly the line of a value that has one."""
    code = dict(notebook.code_cells)
    for one in _records(notebook):
        tolerant = one.within is not None or one.factor is not None
        if one.within is not None and one.factor is not None:
            yield one.number, f"{one.name} has both within and factor: leave one out"
        if one.factor is not None and isinstance(one.value, int):
            yield one.number, f"{one.name} is {one.value}, and a count cannot have a factor: leave it out"
        if tolerant and isinstance(one.value, (bool, str)) and one.value not in ("nan", "inf", "-inf"):
            yield one.number, f"{one.name} is {one.value!r}, which is compared exactly: leave the tolerance out"
        if tolerant and "nbval-ignore-output" not in tags(code[one.number]):
            yield one.number, f"{one.name} has a tolerance, so its cell must be tagged nbval-ignore-output"


def recorded_names(notebook: Notebook) -> Iterator[Finding]:
    """Names are recorded once and begin with the chapter's number; what the prose quotes is recorded here."""
    try:
        known = recorded_values(notebook.notebook)
    except BookError as error:
        yield None, str(error)
        return
    if isinstance(notebook, Chapter):
        for one in known.values():
            if not one.name.startswith(f"ch{notebook.number}_"):
                yield one.number, f"the recorded name {one.name} must begin with ch{notebook.number}_"
    for number, cell in notebook.markdown_cells:
        for paragraph in paragraphs(cell.source):
            for found in QUOTED.finditer(paragraph):
                if found[1] not in known and not FULL.search(found[0]):
                    yield number, f"the prose quotes {found[1]}, which no cell of this notebook records"


def test_data(notebook: Notebook) -> Iterator[Finding]:
    """Test images are read once, in a cell tagged `reads-test-data`; no test result is recorded before that cell."""
    tagged = [number for number, cell in notebook.code_cells if TEST_DATA in tags(cell)]
    for number in tagged[1:]:
        yield number, f"a second cell is tagged {TEST_DATA}; the test data are read once"
    for number, call in calls(notebook):
        words = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not ast.unparse(call.func).split(".")[-1].startswith(("load_", "read_")) or number in tagged:
            continue
        if any(isinstance(word, ast.Constant) and word.value == "test" for word in words):
            yield number, f"{ast.unparse(call)[:50]!r} reads test data: do it in the one cell tagged {TEST_DATA}"
    for one in _records(notebook):
        if "test" in one.name.split("_") and (not tagged or one.number < tagged[0]):
            yield one.number, f"{one.name} is recorded before a cell tagged {TEST_DATA} has read test data"
