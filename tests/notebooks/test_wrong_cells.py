"""The planted edits fit today's chapters; that the chapters refuse them is `make test-mutations`."""

from __future__ import annotations

from collections import Counter

from chapters import NAMES, PAGES, ROOT
import nbformat
import pytest
from wrong_cells import FOLDER, LEAST, Edit, all_edits, apply, edits

EDITS = all_edits()


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: f"{edit.notebook}-{edit.name}")
def test_an_edit_still_applies(edit):
    folder = "book" if edit.notebook in PAGES else "notebooks"
    notebook = nbformat.read(ROOT / folder / f"{edit.notebook}.ipynb", as_version=4)
    changed = apply(edit, notebook)
    assert sum(a != b for a, b in zip(notebook.cells, changed.cells, strict=True)) == 1
    assert edit.why


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_has_enough_edits(name):
    assert len(edits(name)) >= LEAST


def test_names_are_told_apart():
    assert [name for name, count in Counter((edit.notebook, edit.name) for edit in EDITS).items() if count > 1] == []


def test_every_file_belongs_to_a_notebook():
    assert {path.stem for path in FOLDER.iterdir()} <= {*NAMES, *PAGES}


def cell(source, **outputs):
    return nbformat.v4.new_code_cell(source, **outputs)


@pytest.mark.parametrize(("source", "problem"), [("b = 1", "0 cells"), ("a = 1 + 1", "2 places")])
def test_an_edit_that_does_not_fit_once_is_refused(source, problem):
    edit = Edit("01_x", "wrong", "why", "2", old="1")
    notebook = nbformat.v4.new_notebook(cells=[cell(source.replace("b = 1", "b = 3"))])
    with pytest.raises(ValueError, match=problem):
        apply(edit, notebook)


def test_a_stored_value_is_typed_over_in_its_line_and_for_machines():
    record = {"name": "ch01_x", "value": 98.6, "within": 2, "factor": None}
    line = {"text/plain": "test accuracy: 98.6 %"}
    output = nbformat.v4.new_output("display_data", data=line, metadata={"torchbook": {"record": record}})
    notebook = nbformat.v4.new_notebook(cells=[cell("record(...)", outputs=[output])])
    changed = apply(Edit("01_x", "forged", "why", 99.9, record="ch01_x"), notebook).cells[0].outputs[0]
    assert changed.data["text/plain"] == "test accuracy: 99.9 %"
    assert changed.metadata.torchbook.record.value == 99.9


def test_a_quoted_number_is_typed_over_and_its_comment_stays():
    text = nbformat.v4.new_markdown_cell("It reads 98.6<!-- ch01_x:.1f --> of 100<!-- ch01_y --> digits.")
    changed = apply(Edit("01_x", "forged", "why", "99.9", quote="ch01_x"), nbformat.v4.new_notebook(cells=[text]))
    assert changed.cells[0].source == "It reads 99.9<!-- ch01_x:.1f --> of 100<!-- ch01_y --> digits."
