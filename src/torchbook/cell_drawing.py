"""Drawings of one step of an LSTM and of a GRU with the numbers that flow through it: SVG for light and dark pages."""

from __future__ import annotations

from html import escape
import math
from textwrap import fill

Point = tuple[float, float]
RADIUS = 13  # of an operation's circle, in pixels


class Drawing:
    """An SVG picture that notebooks show; its lines take the colour of the page's text. ``alt`` says it in words."""

    def __init__(self, width: int, height: int, alt: str):
        self.width, self.height, self.alt = width, height, alt
        self.parts: list[str] = []

    def text(self, at: Point, words: str, size: int = 13) -> None:
        """Words around a point."""
        x, y = at
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" dy="0.35em" font-size="{size}" text-anchor="middle" '
            f'fill="currentColor" stroke="none">{escape(words)}</text>'
        )

    def gate(self, at: Point, name: str, value: float) -> None:
        """A box with a name, and its value beneath."""
        x, y = at
        self.parts.append(f'<rect x="{x - 34:g}" y="{y - 21:g}" width="68" height="42" rx="4"/>')
        self.text((x, y - 9), name)
        self.text((x, y + 10), f"{value:.2f}")

    def operation(self, at: Point, sign: str) -> None:
        """A circle with a sign of arithmetic."""
        x, y = at
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>')
        self.text(at, sign, 16)

    def arrow(self, *points: Point) -> None:
        """A line through the points, with a head at the last one."""
        way = " L ".join(f"{x:g} {y:g}" for x, y in points)
        (x0, y0), (x1, y1) = points[-2:]
        length = max(abs(x1 - x0), abs(y1 - y0))
        dx, dy = 6 * (x1 - x0) / length, 6 * (y1 - y0) / length  # lines run along the axes
        head = (
            f"M {x1 - dx - dy / 2:g} {y1 - dy - dx / 2:g} L {x1:g} {y1:g} L {x1 - dx + dy / 2:g} {y1 - dy + dx / 2:g}"
        )
        self.parts.append(f'<path d="M {way} {head}"/>')

    def _repr_html_(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(self.alt)}" '
            f'viewBox="0 0 {self.width} {self.height}" style="width:100%;max-width:{self.width}px" '
            'fill="none" stroke="currentColor" stroke-width="1.5" font-family="sans-serif">'
            f"{''.join(self.parts)}</svg>"
        )

    def __repr__(self) -> str:
        return fill(self.alt, 88, break_on_hyphens=False)  # columns, as in every output of the book


def draw_lstm(i: float, f: float, g: float, o: float, c: float, title: str = "") -> Drawing:
    """One step of one unit of an LSTM: gates i, f, o, proposal g and the cell state c before it.

    The new states are computed here, c' = f c + i g and h' = o tanh(c'), so the picture cannot contradict itself.
    """
    new = f * c + i * g
    shown = math.tanh(new)
    drawing = Drawing(640, 240, f"{title}: " * bool(title) + (
        f"one step of an LSTM. The cell state {c:.2f} is multiplied by the forget gate {f:.2f}; the input gate "
        f"{i:.2f} times the proposal {g:.2f} is added and gives {new:.2f}; the output gate {o:.2f} times its tanh "
        f"{shown:.2f} gives the hidden state {o * shown:.2f}."
    ))  # fmt: skip
    top, middle, bottom = 55, 112, 178
    places = {"f": 130, "i": 250, "g": 350, "o": 450}
    drawing.text((320, 14), title, 14)
    drawing.text((30, top), f"c {c:.2f}")
    drawing.arrow((62, top), (117, top))
    drawing.operation((130, top), "×")
    drawing.arrow((143, top), (287, top))
    drawing.operation((300, top), "+")
    drawing.arrow((313, top), (555, top))
    drawing.text((598, top), f"c′ {new:.2f}")
    for name, words, value in (("f", "forget f", f), ("i", "input i", i), ("g", "tanh g", g), ("o", "output o", o)):
        drawing.gate((places[name], bottom), words, value)
        drawing.arrow((places[name], 225), (places[name], bottom + 21))
    drawing.parts.append('<path d="M 70 225 L 450 225"/>')
    drawing.text((35, 225), "x, h")
    drawing.arrow((130, bottom - 21), (130, top + 13))
    drawing.operation((300, middle), "×")
    drawing.arrow((250, bottom - 21), (250, middle), (287, middle))
    drawing.arrow((350, bottom - 21), (350, middle), (313, middle))
    drawing.arrow((300, middle - 13), (300, top + 13))
    drawing.operation((510, middle), "×")
    drawing.arrow((450, bottom - 21), (450, middle), (497, middle))
    drawing.arrow((510, top), (510, middle - 13))
    drawing.text((545, 83), f"tanh {shown:.2f}", 12)
    drawing.arrow((523, middle), (555, middle))
    drawing.text((598, middle), f"h′ {o * shown:.2f}")
    return drawing


def draw_gru(r: float, z: float, n: float, h: float, title: str = "") -> Drawing:
    """One step of one unit of a GRU: gates r and z, proposal n and the state h before it; h' = z h + (1 - z) n."""
    new = z * h + (1 - z) * n
    drawing = Drawing(640, 240, f"{title}: " * bool(title) + (
        f"one step of a GRU. The state {h:.2f} is multiplied by the update gate {z:.2f}; {1 - z:.2f} times the "
        f"proposal {n:.2f}, which saw the old state through the reset gate {r:.2f}, is added and gives {new:.2f}."
    ))  # fmt: skip
    top, middle, bottom = 55, 112, 178
    drawing.text((320, 14), title, 14)
    drawing.text((30, top), f"h {h:.2f}")
    drawing.arrow((62, top), (197, top))
    drawing.operation((210, top), "×")
    drawing.arrow((223, top), (417, top))
    drawing.operation((430, top), "+")
    drawing.arrow((443, top), (555, top))
    drawing.text((598, top), f"h′ {new:.2f}")
    for place, words, value in ((210, "update z", z), (340, "reset r", r), (470, "tanh n", n)):
        drawing.gate((place, bottom), words, value)
        drawing.arrow((place, 225), (place, bottom + 21))
    drawing.parts.append('<path d="M 70 225 L 470 225"/>')
    drawing.text((35, 225), "x, h")
    drawing.arrow((210, bottom - 21), (210, top + 13))
    drawing.arrow((374, bottom), (436, bottom))
    drawing.operation((430, middle), "×")
    drawing.arrow((210, middle), (417, middle))
    drawing.text((310, middle - 12), f"1 − z = {1 - z:.2f}", 12)
    drawing.arrow((470, bottom - 21), (470, middle), (443, middle))
    drawing.arrow((430, middle - 13), (430, top + 13))
    return drawing
