"""A Sphinx extension: ``{my-run}`` shows where each chapter's values lie with other seeds, and where a reader's do.

Made of `book/results/ranges.json` (`bookkit ranges`) and of the chapters' stored outputs; `book/_static/my_run.js`
reads what a reader pastes and marks it in the tables.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

from bookkit.notebooks import BookError, Chapter
from bookkit.ranges import RANGES
from bookkit.recorded import Recorded, recorded_values
from bookkit.results import read

TITLE = re.compile(r"^# (.+)$", re.M)
WIDTH, HEIGHT, EDGE = 160, 18, 30  # of a strip in pixels; what lies beyond the runs has EDGE on either side
FORM = """<div id="my-run-form" hidden>
<label for="my-run-text">What your notebook printed, as much of it as you like</label>
<textarea id="my-run-text" rows="5" spellcheck="false" autocomplete="off"></textarea>
<p><button type="button" id="my-run-clear">Clear</button></p>
<div id="my-run-said" role="status"></div>
</div>"""


def chapter_block(chapter: Chapter, entry: dict[str, Any]) -> str:
    """A folded table of one chapter: each value of its record that the stored notebook still has."""
    stored = recorded_values(chapter.notebook)
    rows = [value_row(stored[name], row) for name, row in entry["values"].items() if name in stored]
    title = next((found[1] for cell in chapter.cells if (found := TITLE.search(cell.source))), chapter.name)
    title, seeds = escape(f"{chapter.number} {title}"), ", ".join(map(str, sorted(entry["seeds"])))
    words = ("Measured", "least", "median", "most", "the runs", "yours")
    head = "".join(f'<th scope="col">{word}</th>' for word in words)
    return (
        f'<details class="admonition my-run" id="my-run-{chapter.number}" data-title="{title}">'
        f"<summary><p>{title}: {len(entry['seeds'])} runs</p></summary>"
        f'<div class="pst-scrollable-table-container"><table class="table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{failures(entry)}"
        f"<p><i>Seeds {seeds}; run of {entry['date'][:10]}, commit {entry['commit']}, torch {entry['torch']}, "
        f"{escape(entry['hardware']['cpu'])}.</i></p></details>"
    )


def value_row(stored: Recorded, row: dict[str, Any]) -> str:
    known = [value for value in row["values"] if value is not None]
    unit = f' <span class="unit">({escape(stored.unit)})</span>' if stored.unit else ""
    numbers = "".join(f"<td>{row[key]:,.6g}</td>" for key in ("min", "median", "max"))
    said = escape(stored.label)
    return (
        f'<tr data-label="{said}" data-low="{row["min"]}" data-high="{row["max"]}"><th scope="row">{said}{unit}</th>'
        f'{numbers}<td>{strip(known, stored.value)}</td><td><input type="text" inputmode="decimal" size="8" '
        f'aria-label="yours: {said}"/><span class="verdict"></span></td></tr>'
    )


def strip(values: list[float], stored: Any) -> str:
    """One short line a run from the smallest value to the largest; a ring where the chapter's stored run lies."""
    low, high = min(values), max(values)

    def place(value: float) -> float:
        inside = (value - low) / (high - low) if high > low else 0.5
        return EDGE + min(max(inside, -0.2), 1.2) * (WIDTH - 2 * EDGE)

    lines = "".join(f'<path d="M{place(value):.1f} 4v10"/>' for value in values)
    ring = f'<circle cx="{place(stored):.1f}" cy="9" r="4"/>' if isinstance(stored, (int, float)) else ""
    return (
        f'<svg class="strip" data-edge="{EDGE}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'aria-hidden="true">'
        f'<path class="axis" d="M0 9h{WIDTH}"/>{lines}{ring}</svg>'
    )


def failures(entry: dict[str, Any]) -> str:
    """What did not run to the end with another seed, in a sentence each."""
    return "".join(
        f"<p>With seed {one['seed']} the chapter {where(one['cell'])}: <code>{escape(one['error'])}</code></p>"
        for one in entry["failed"]
    )


def where(cell: int | None) -> str:
    return f"stopped in cell {cell}" if cell else "ended with a mistake"


class MyRunDirective(Directive):
    """``{my-run}``: a field to paste into, and a table of each chapter that was run with other seeds."""

    def run(self):
        env = self.state.document.settings.env
        root = Path(env.srcdir)
        env.note_dependency(str(root / RANGES))
        try:
            record = read(root / RANGES)
        except BookError as error:
            raise self.error(str(error)) from error
        if record is None:
            return [nodes.paragraph(text="No runs with other seeds have been recorded yet.")]
        chapters = [Chapter(root / "notebooks" / f"{name}.ipynb") for name in record]
        for chapter in chapters:
            env.note_dependency(str(chapter.path))
        blocks = [chapter_block(chapter, record[chapter.name]) for chapter in chapters if chapter.path.is_file()]
        script = '<script src="../_static/my_run.js" defer></script>'
        return [nodes.raw("", f'<div id="my-run">{FORM}{"".join(blocks)}</div>{script}', format="html")]


def setup(app):
    app.add_directive("my-run", MyRunDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
