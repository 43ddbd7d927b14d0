"""Draw the map of chapters as an SVG element; its colours come from book.css. Lengths are in CSS pixels."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
import re
from unicodedata import east_asian_width

from bookkit.map_layout import Layout, lay_out
from bookkit.map_ranks import Edge

FONT = 14
LINE = 17  # from one baseline to the next
PAD = 9  # between a box and its words
SIDE = 64  # the room for words in a box, at least
GAP = 14  # between the boxes of a rank
DROP = 44  # between two ranks
HEIGHT = 3 * LINE + 2 * PAD - 3  # a number and two lines of title
MARGIN = 3  # room for strokes and the focus ring
PORT = 16  # between two arrows at one box
HEAD = 5  # of an arrow, half its width
STEM, TIP = 3, 9  # an arrow is straight at its ends


@dataclass(frozen=True)
class Box:
    """A chapter on the map."""

    number: str
    title: str
    link: str
    after: tuple[str, ...]  # the chapters from which an arrow leads here
    heading: str  # the table's word for that, for those who hear the page

    @property
    def words(self) -> str:
        """What the map says about the chapter, in words."""
        return f"{self.number} {self.title}" + (f", {self.heading} {', '.join(self.after)}" if self.after else "")


def text_width(text: str) -> float:
    """An upper estimate of a text's width in a sans-serif face, since no browser is there to ask."""
    return FONT * sum(_em(letter) for letter in text)


def _em(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1.0
    if letter in "iljtfrI.,:;'()- ":
        return 0.35
    return 0.85 if letter in "mwMW" else 0.68 if letter.isupper() else 0.57


def wrap(title: str) -> list[str]:
    """The title on one line where that is short, or else on the two lines of the least width."""
    breaks = [found.start() for found in re.finditer(r"\s+|(?<=[⺀-鿿])(?=[⺀-鿿])", title)]
    if text_width(title) <= SIDE or not breaks:
        return [title]
    return min(([title[:at].rstrip(), title[at:].lstrip()] for at in breaks), key=lambda two: max(map(text_width, two)))


def draw(boxes: list[Box], name: str) -> str:
    """The map as an SVG element. name: what it is called, for those who hear the page."""
    lines = {box.number: wrap(box.title) for box in boxes}
    widths = {number: max(SIDE, *map(text_width, some)) + 2 * PAD for number, some in lines.items()}
    layout = lay_out({box.number: box.after for box in boxes}, widths, GAP, PORT)
    width = layout.width + 2 * MARGIN
    height = _top(max(layout.ranks.values(), default=0)) + HEIGHT + MARGIN
    arrows = [_arrow(edge, layout) for edge in layout.routes]
    links = [_link(box, lines[box.number], widths[box.number], layout) for box in boxes]
    return "\n".join([
        f'<svg class="chapter-map" viewBox="0 0 {width:.0f} {height:.0f}" font-size="{FONT}" text-anchor="middle"'
        ' role="group" aria-labelledby="chapter-map-title">',
        '<g role="img" aria-labelledby="chapter-map-title" aria-describedby="chapter-map-desc">',
        f'<title id="chapter-map-title">{escape(name)}</title>',
        f'<desc id="chapter-map-desc">{escape("; ".join(box.words for box in boxes))}</desc>',
        *arrows,
        "</g>",
        *links,
        "</svg>",
    ])  # fmt: skip


def _top(rank: int) -> float:
    return MARGIN + rank * (HEIGHT + DROP)


def _link(box: Box, lines: list[str], width: float, layout: Layout) -> str:
    x, top = layout.middles[box.number] + MARGIN, _top(layout.ranks[box.number])
    first = top + (HEIGHT - len(lines) * LINE) / 2 + FONT / 3  # baseline of the number, the block being centred
    words = [f'<text class="number" x="{x:.1f}" y="{first:.1f}">{escape(box.number)}</text>']
    for number, line in enumerate(lines, 1):
        words.append(f'<text x="{x:.1f}" y="{first + number * LINE:.1f}">{escape(line)}</text>')
    frame = f'<rect x="{x - width / 2:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="8"/>'
    return f'<a href="{escape(box.link)}" aria-label="{escape(box.words)}">{frame}{" ".join(words)}</a>'


def _arrow(edge: Edge, layout: Layout) -> str:
    """From the lower side of one box to the upper side of another; it bends only between ranks."""
    first = layout.ranks[edge[0]]
    xs = [x + MARGIN for x in layout.routes[edge]]
    path = [f"M{xs[0]:.1f} {_top(first) + HEIGHT}"]
    for rank, (x, end) in enumerate(pairwise(xs), first + 1):
        path.append(f"V{_top(rank - 1) + HEIGHT + STEM}{_bend(x, end, rank)}V{_top(rank) - 1}")
    path.append(f"m{-HEAD} {-HEAD - 1}l{HEAD} {HEAD + 1}l{HEAD} {-HEAD - 1}")
    return f'<path class="arrow" data-from="{escape(edge[0])}" data-to="{escape(edge[1])}" d="{"".join(path)}"/>'


def _bend(x: float, end: float, rank: int) -> str:
    """A curve from one x to another in the gap above a rank, upright at both ends."""
    if round(x, 1) == round(end, 1):
        return ""
    start, tip = _top(rank) - DROP + STEM, _top(rank) - 1 - TIP
    middle = (start + tip) / 2
    return f"C{x:.1f} {middle} {end:.1f} {middle} {end:.1f} {tip}"
