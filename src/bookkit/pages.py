"""A Sphinx extension: pages show what full runs recorded in ``book/results/*.json``, and nothing typed by hand.

A chapter quotes its full run in a plain table (`bookkit.quoted`), of which `bookkit.plain` makes the directive::

    ```{results} 05_cifar10
    ch05_fast_accuracy : Fast recipe, test accuracy (%) : .1f
    ```

The directive ``{all-results}`` repeats the tables of every chapter on one page, from the chapters' own tables, each
under a chart of its values.
"""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path
import re

from docutils import nodes
from docutils.parsers.rst import Directive

from bookkit.notebooks import BookError
from bookkit.quoted import TABLE, directive_lines
from bookkit.ranges import RANGES
from bookkit.results import FOLDER, read, stamp
from bookkit.results_chart import results_chart

HEADING = re.compile(r"^# (.+)$", re.MULTILINE)


class ResultsError(ValueError):
    """A results file or a value in it that a page asks for is not there."""


def format_value(record: dict, chapter: str, name: str, spec: str) -> str:
    """The recorded value ``name`` in the given format. Raises ResultsError when it is not recorded."""
    if name not in record["values"]:
        raise ResultsError(f"{FOLDER / chapter}.json has no value {name!r}; it has {', '.join(record['values'])}")
    value = record["values"][name]
    return format(value, spec) if not isinstance(value, str) else value


def parse_rows(lines: list[str]) -> list[tuple[str, str, str]]:
    """Split ``name : label : format`` lines. Raises ResultsError for a line of another form."""
    rows = []
    for line in lines:
        parts = [part.strip() for part in line.split(" : ")]
        if len(parts) != 3:
            raise ResultsError(f"expected `name : label : format`, got {line!r}")
        rows.append((parts[0], parts[1], parts[2]))
    return rows


def results_blocks(notebook: Path) -> tuple[str, list[tuple[str, list[str]]]]:
    """A chapter's title and its tables of the full run as (name of the record, lines of the directive)."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    heading = HEADING.search(text)
    tables = [directive_lines(table[0]) for table in TABLE.finditer(text)]
    return heading[1] if heading else notebook.stem, [(notebook.stem, lines) for lines in tables]


def results_table(record: dict, chapter: str, rows: list[tuple[str, str, str]]) -> nodes.table:
    """A two-column docutils table of labels and values."""
    values = [(label, format_value(record, chapter, name, spec)) for name, label, spec in rows]
    return plain_table(("Measured", "Value"), values)


def plain_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> nodes.table:
    """A docutils table of text, its first column the widest."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=3 if place == 0 else 1) for place in range(len(head))]
    group += [nodes.thead("", _row(head)), nodes.tbody("", *map(_row, rows))]
    return nodes.table("", group, classes=["results"])


def _row(cells: tuple[str, ...]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells))


def results_nodes(env, chapter: str, lines: list[str], chart: bool = False) -> list[nodes.Node]:
    """The table of a chapter's record, with a chart above it if asked, and its stamp; a sentence without a record."""
    root = Path(env.srcdir)
    env.note_dependency(str(root / FOLDER / f"{chapter}.json"))
    rows = parse_rows([line for line in lines if line.strip()])
    record = read(root / FOLDER / f"{chapter}.json")
    if record is None:
        return [nodes.paragraph(text="No full run of this chapter has been recorded yet.")]
    drawn = chart_of(env, root, record, chapter, rows) if chart else []
    return [*drawn, results_table(record, chapter, rows), nodes.paragraph("", "", nodes.emphasis(text=stamp(record)))]


def chart_of(env, root: Path, record: dict, chapter: str, rows: list[tuple[str, str, str]]) -> list[nodes.Node]:
    """The chart of a table, or nothing where no two of its values share a unit."""
    env.note_dependency(str(root / RANGES))
    ranges = (read(root / RANGES) or {}).get(chapter, {}).get("values", {})
    shown = [
        (name, label, record["values"][name], format_value(record, chapter, name, spec)) for name, label, spec in rows
    ]
    html = results_chart(shown, ranges)
    return [nodes.raw("", html, format="html")] if html else []


class ResultsDirective(Directive):
    """``{results} NN_topic``: a table of recorded values, one ``name : label : format`` a line, with its stamp."""

    required_arguments = 1
    has_content = True

    def run(self):
        try:
            return results_nodes(self.state.document.settings.env, self.arguments[0], list(self.content))
        except (BookError, ResultsError) as error:
            raise self.error(str(error)) from error


class AllResultsDirective(Directive):
    """``{all-results}``: every chapter's results block under the chapter's number and title."""

    def run(self):
        env = self.state.document.settings.env
        found = []
        for notebook in sorted((Path(env.srcdir) / "notebooks").glob("[0-9][0-9]_*.ipynb")):
            env.note_dependency(str(notebook))
            title, blocks = results_blocks(notebook)
            try:
                for chapter, lines in blocks:
                    found.append(nodes.rubric(text=f"{notebook.stem[:2]} {title}"))
                    found += results_nodes(env, chapter, lines, chart=True)
            except (BookError, ResultsError) as error:
                raise self.error(f"{notebook.name}: {error}") from error
        return found


def setup(app):
    app.add_directive("results", ResultsDirective)
    app.add_directive("all-results", AllResultsDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
