"""A Sphinx extension: ``{chapter-cards}`` shows each chapter with a picture, its minutes, what it builds and needs.

What a chapter builds and which ones come before it stand in the table of chapters, in the same section; the title is
the chapter's; the minutes are those that its last cell recorded; the picture is one of its figures. The directive's
content names that figure, a line ``NN cell-id`` for each chapter; without one, or where the cell has gone, it is the
chapter's first.
"""

from __future__ import annotations

from base64 import b64decode
from html import escape
from io import BytesIO
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
import nbformat
from PIL import Image
from sphinx.transforms.post_transforms import SphinxPostTransform

from bookkit.chapter_map import MapError, Row, read_table
from bookkit.notebooks import Chapter
from bookkit.recorded import recorded_values

SIZE = (480, 270)  # pixels of a picture on a card, at most: twice what a card shows
PAPER = 246  # a border lighter than this is cut off


class chapter_cards(nodes.General, nodes.Element):
    """Stands where the cards will be until all titles are known."""


class ChapterCardsDirective(Directive):
    """``{chapter-cards}`` with lines ``NN cell-id`` that choose the pictures."""

    has_content = True

    def run(self):
        chosen = dict(line.split() for line in self.content if line.strip())
        return [chapter_cards("", chosen=chosen)]


def figures(notebook: nbformat.NotebookNode) -> dict[str, tuple[bytes, str]]:
    """{cell id: (PNG, alternative text)} of a notebook's figures, in their order."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                text = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
                found.setdefault(cell.id, (b64decode(output.data["image/png"]), text))
    return found


def minutes(notebook: nbformat.NotebookNode, number: str) -> str:
    """What a chapter's quick run took, in words; empty where it recorded none."""
    record = recorded_values(notebook).get(f"ch{number}_seconds")
    if record is None:
        return ""
    whole = round(float(record.value) / 60)
    return "less than a minute" if whole < 1 else f"about {whole} minute{'s' if whole > 1 else ''}"


def picture(png: bytes, path: Path) -> tuple[int, int]:
    """Write a figure without its margin, as small as a card shows it; its width and height."""
    image = Image.open(BytesIO(png)).convert("RGB")
    box = image.convert("L").point(lambda light: 0 if light > PAPER else 255).getbbox()
    image = image.crop(box) if box else image
    image.thumbnail(SIZE, Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "WEBP", quality=86)
    return image.size


class DrawChapterCards(SphinxPostTransform):
    """Replace the placeholder by the cards; by nothing where the output is not HTML, as the table says the same."""

    default_priority = 4  # before the map and {ref}

    def run(self, **kwargs):
        for place in list(self.document.findall(chapter_cards)):
            section = place.parent
            table = next(section.findall(nodes.table), None)
            if table is None:
                raise MapError(f"{self.env.docname}: a section with {{chapter-cards}} needs the table of chapters")
            if self.app.builder.format != "html":
                place.parent.remove(place)
                continue
            built = [row[2].astext() for row in next(table.findall(nodes.tbody)).findall(nodes.row)]
            cards = [self.card(row, text, place["chosen"]) for row, text in zip(read_table(table), built, strict=True)]
            place.replace_self(nodes.raw("", f'<ul class="chapter-cards">{"".join(cards)}</ul>', format="html"))

    def card(self, row: Row, builds: str, chosen: dict[str, str]) -> str:
        """One chapter. Raises MapError for a label of no page."""
        labels = self.env.get_domain("std").labels  # type: ignore[attr-defined]
        if row.label not in labels:
            raise MapError(f"chapter {row.number} refers to {row.label!r}, which labels no title")
        document, _, title = labels[row.label]
        path = Path(self.env.srcdir) / f"{document}.ipynb"
        self.env.note_dependency(str(path))
        notebook = Chapter(path).notebook
        link = self.app.builder.get_relative_uri(self.env.docname, document)
        pictures = figures(notebook)
        image = ""
        if pictures:
            png, text = pictures.get(chosen.get(row.number, ""), next(iter(pictures.values())))
            file = Path(self.app.outdir) / "_images" / f"card-{row.number}.webp"
            width, height = picture(png, file)
            place = "../" * self.env.docname.count("/") + "_images"
            image = (
                f'<img src="{place}/{file.name}" alt="{escape(text)}" width="{width}" height="{height}"'
                ' loading="lazy" decoding="async"/>'
            )
        facts = [word for word in (minutes(notebook, row.number), _needs(row)) if word]
        return (
            f'<li>{image}<a class="card-title" href="{escape(link)}"><span class="chapter-number">{row.number}</span>'
            f" {escape(title)}</a><p>You build {escape(builds)}.</p>"
            f'<p class="card-facts">{escape(" · ".join(facts))}</p></li>'
        )


def _needs(row: Row) -> str:
    return f"after {', '.join(row.after)}" if row.after else "needs no other chapter"


def setup(app):
    app.add_node(chapter_cards)
    app.add_directive("chapter-cards", ChapterCardsDirective)
    app.add_post_transform(DrawChapterCards)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
