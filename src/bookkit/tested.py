"""A Sphinx extension: how the book is tested, as tables of what `make test-slow` and `make test-mutations` recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

from bookkit.notebooks import BookError
from bookkit.pages import plain_table
from bookkit.results import FOLDER, read

FAULTS, MUTATIONS = FOLDER / "faults.json", FOLDER / "mutations.json"


def fault_rows(record: dict[str, Any]) -> list[tuple[str, ...]]:
    return [(one["area"], f"{one['tries']:,}", str(one["wrong"])) for one in record["areas"]]


def mutation_rows(record: dict[str, Any]) -> list[tuple[str, ...]]:
    notebooks, keys = record["notebooks"], ("planted", "before", "after")
    rows = [(one["notebook"], *(str(one[key]) for key in keys), one["date"][:10]) for one in notebooks]
    return [*rows, ("all", *(str(sum(one[key] for one in notebooks)) for key in keys), "")]


class RecordTable(Directive):
    """``{tested} faults`` or ``{tested} mutations``: the table of that record, and when and on what it was measured."""

    required_arguments = 1

    def run(self):
        kinds = {
            "faults": (FAULTS, ("What was attacked", "tries", "wrong"), fault_rows),
            "mutations": (
                MUTATIONS,
                ("Notebook", "mistakes planted", "refused", "refused after saving", "run of"),
                mutation_rows,
            ),
        }
        if self.arguments[0] not in kinds:
            raise self.error(f"{{tested}} takes {' or '.join(kinds)}, not {self.arguments[0]!r}.")
        file, head, rows = kinds[self.arguments[0]]
        env = self.state.document.settings.env
        env.note_dependency(str(Path(env.srcdir) / file))
        try:
            record = read(Path(env.srcdir) / file)
        except BookError as error:
            raise self.error(str(error)) from error
        if record is None:
            return [nodes.paragraph(text="This has not been recorded yet.")]
        return [plain_table(head, rows(record)), *stamp(record)]


def stamp(record: dict[str, Any]) -> list[nodes.paragraph]:
    """When and on what it was measured; nothing where each row says it of itself."""
    if "date" not in record:
        return []
    versions = f"Python {record['python']}, torch {record['torch']}"
    said = f"Run of {record['date'][:10]} on {record['hardware']['cpu']}, {versions}."
    return [nodes.paragraph("", "", nodes.emphasis(text=said))]


def setup(app):
    app.add_directive("tested", RecordTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
