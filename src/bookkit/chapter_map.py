"""A Sphinx extension: ``{chapter-map}`` draws which chapter builds on which, from the table in the same section.

Each row of the table has the chapter's number in its first cell, a ``{ref}`` to the chapter, and in its last cell the
numbers of the chapters to read before. The map's words are the chapters' titles and the headings of section and
column, so that a translated page has a translated map.
"""

from __future__ import annotations

from dataclasses import dataclass
import re

from docutils import nodes
from docutils.parsers.rst import Directive
import networkx as nx
from sphinx import addnodes
from sphinx.errors import SphinxError
from sphinx.transforms.post_transforms import SphinxPostTransform

from bookkit.map_drawing import Box, draw
from bookkit.map_ranks import digraph, direct_edges

NOTHING = {"", "-", "–", "—"}  # what the last cell of a first chapter holds


class MapError(SphinxError):
    """The table of chapters cannot be drawn; the message says which row is wrong."""

    category = "Chapter map"


@dataclass(frozen=True)
class Row:
    """One chapter as the table has it."""

    number: str
    label: str  # of the chapter's page, the target of {ref}
    after: tuple[str, ...]


class chapter_map(nodes.General, nodes.Element):
    """Stands where the map will be until all titles are known."""


class ChapterMapDirective(Directive):
    """``{chapter-map}``: the chapters of the section's table as boxes, with an arrow for each direct dependency."""

    def run(self):
        return [chapter_map()]


def read_table(table: nodes.table) -> list[Row]:
    """The rows of the table. Raises MapError for a row without number or chapter, and where `check` does."""
    rows = []
    for row in next(table.findall(nodes.tbody)).findall(nodes.row):
        number, last = row[0].astext().strip(), row[-1].astext().strip()
        labels = [ref["reftarget"] for ref in row.findall(addnodes.pending_xref) if ref["reftype"] == "ref"]
        if not number or not labels:
            raise MapError(f"the row {' | '.join(cell.astext() for cell in row)!r} needs a number and a {{ref}}")
        after = () if last in NOTHING else tuple(word.strip() for word in re.split("[,，、]", last))
        rows.append(Row(number, labels[0], after))
    check(rows)
    return rows


def check(rows: list[Row]) -> None:
    """Raises MapError for a number that stands twice or is in no row, and for chapters that wait for each other."""
    numbers = [row.number for row in rows]
    for row in rows:
        if numbers.count(row.number) > 1:
            raise MapError(f"chapter {row.number} has two rows")
        for unknown in [one for one in row.after if one not in numbers]:
            raise MapError(f"chapter {row.number} comes after {unknown!r}, but the table has {', '.join(numbers)}")
    graph = digraph({row.number: row.after for row in rows})
    if not nx.is_directed_acyclic_graph(graph):
        cycle = [edge[0] for edge in nx.find_cycle(graph)]
        raise MapError(f"chapters wait for each other: {' before '.join([*cycle, cycle[0]])}")


class DrawChapterMap(SphinxPostTransform):
    """Replace the placeholder by the picture, or by a list of the same content where the output is not HTML."""

    default_priority = 5  # before {ref} is resolved (9 and 10) and its label lost

    def run(self, **kwargs):
        for place in list(self.document.findall(chapter_map)):
            try:
                place.replace_self(self.render(place))
            except MapError as error:
                raise MapError(f"{self.env.docname}: {error}") from error

    def render(self, place: chapter_map) -> nodes.Node:
        section = place.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        table = next(section.findall(nodes.table), None) if section is not None else None
        if table is None:
            raise MapError("a section with {chapter-map} needs the table of chapters")
        heading = [head[0][-1].astext() for head in table.findall(nodes.thead)]
        boxes = self.boxes(read_table(table), heading[0] if heading else "")
        if self.app.builder.format == "html":
            return nodes.raw("", draw(boxes, section[0].astext()), format="html")
        return nodes.bullet_list("", *(nodes.list_item("", nodes.paragraph(text=box.words)) for box in boxes))

    def boxes(self, rows: list[Row], heading: str) -> list[Box]:
        """The rows with their titles, links and direct dependencies. Raises MapError for a label of no page."""
        labels = self.env.get_domain("std").labels  # type: ignore[attr-defined]
        edges = direct_edges({row.number: row.after for row in rows})
        boxes = []
        for row in rows:
            if row.label not in labels:
                raise MapError(f"chapter {row.number} refers to {row.label!r}, which labels no title")
            document, _, title = labels[row.label]
            link = self.app.builder.get_relative_uri(self.env.docname, document)
            after = tuple(before for before, node in edges if node == row.number)
            boxes.append(Box(row.number, title, link, after, heading))
        return boxes


def setup(app):
    app.add_node(chapter_map)
    app.add_directive("chapter-map", ChapterMapDirective)
    app.add_post_transform(DrawChapterMap)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
