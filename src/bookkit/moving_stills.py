"""Still pictures for print and for readers without scripts, in the place of those that move; torch computes them."""

from __future__ import annotations

from html import escape
from pathlib import Path

import torch
from torch import Tensor
import torch.nn.functional as F

from bookkit.notebooks import write_text

INK, PAPER, TEAL, ORANGE, GREY = "#1d2327", "#ffffff", "#0f6f6a", "#a8410f", "#5a6568"
CELL = 34  # px


def drawing(width: float, height: float, *parts: str) -> str:
    """An SVG file on white paper."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
    style = f'font-family="sans-serif" font-size="13" fill="{INK}"'
    ground = f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>'
    return f'{head} height="{height:g}" {style}>{ground}{"".join(parts)}</svg>\n'


def text(x: float, y: float, words: str, fill: str = INK, anchor: str = "middle", size: int = 13) -> str:
    look = f'fill="{fill}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text x="{x:g}" y="{y:g}" {look}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, look: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" {look}/>'


def number(value: float) -> str:
    """At most two decimals, with a true minus."""
    return f"{round(value, 2) + 0:g}".replace("-", "−")


def grid(values: Tensor, x: float, y: float, shade: Tensor | None = None, solid: Tensor | None = None) -> str:
    """Numbers (rows, columns) in squares. shade: 0 to 1, how teal; solid: filled where True, else dotted."""
    parts = []
    for row, column in torch.cartesian_prod(*map(torch.arange, values.shape)).tolist():
        left, top = x + column * CELL, y + row * CELL
        fill, ink = f'fill="none" stroke="{GREY}" stroke-width="0.6"', INK
        if shade is not None:
            fill = f'fill="{TEAL}" fill-opacity="{0.35 * shade[row, column]:.3f}" stroke="{GREY}" stroke-width="0.6"'
        elif solid is not None and solid[row, column]:
            fill, ink = f'fill="{TEAL}"', PAPER
        elif solid is not None:
            fill = f'fill="none" stroke="{GREY}" stroke-dasharray="3 2"'
        parts += [
            box(left + 1.5, top + 1.5, CELL - 3, CELL - 3, fill),
            text(left + CELL / 2, top + CELL / 2 + 4.5, number(values[row, column].item()), ink),
        ]
    return "".join(parts)


def broadcasting() -> str:
    """(3, 1) and (4,): both stretched to (3, 4), and their sum."""
    a, b = torch.arange(3)[:, None], 10 * torch.arange(4)
    total = a + b
    own_a, own_b = torch.zeros(3, 4, dtype=torch.bool), torch.zeros(3, 4, dtype=torch.bool)
    own_a[:, 0], own_b[0] = True, True
    wide, parts = 4 * CELL, []
    for k, (values, solid, title) in enumerate(
        (
            (a.expand_as(total), own_a, "a: (3, 1) → (3, 4)"),
            (b.expand_as(total), own_b, "b: (4,) → (3, 4)"),
            (total, torch.ones_like(own_a), "a + b: (3, 4)"),
        )
    ):
        left = 10 + k * (wide + 44)
        parts += [grid(values, left, 32, solid=solid), text(left, 20, title, anchor="start")]
    parts += [
        text(10 + wide + 22, 32 + 1.6 * CELL, "+", size=22),
        text(54 + 2 * wide + 22, 32 + 1.6 * CELL, "=", size=22),
    ]
    return drawing(3 * wide + 108, 3 * CELL + 44, *parts)


SEVEN = torch.zeros(7, 7, dtype=torch.float64)  # the picture of convolution.js
SEVEN[[1, 1, 1, 1, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 5, 4, 3, 3]] = 9
EDGE = torch.tensor([[-1.0, 0.0, 1.0]] * 3, dtype=torch.float64)


def convolution() -> str:
    """A picture (7, 7), a filter (3, 3) and the result (5, 5); the window lies on the last place of the first row."""
    result = F.conv2d(SEVEN[None, None], EDGE[None, None])[0, 0]
    left, middle, right, top = 10, 10 + 7 * CELL + 36, 10 + 10 * CELL + 72, 32
    place = (0, result.shape[1] - 1)
    strong = (result / result.abs().max()).clamp(0, 1)
    window = f'fill="none" stroke="{ORANGE}" stroke-width="3"'
    return drawing(
        right + 5 * CELL + 10,
        top + 7 * CELL + 12,
        text(left, 20, "the picture", anchor="start"),
        grid(SEVEN, left, top, shade=SEVEN / 9),
        box(left + place[1] * CELL, top + place[0] * CELL, 3 * CELL, 3 * CELL, window),
        text(middle, 20, "the filter", anchor="start"),
        grid(EDGE, middle, top, shade=torch.zeros_like(EDGE)),
        text(right, 20, "the result", anchor="start"),
        grid(result, right, top, shade=strong),
        box(right + place[1] * CELL, top + place[0] * CELL, CELL, CELL, window),
    )


def descent() -> str:
    """Twelve steps of SGD in the long valley at two rates: one on each side of 2 / largest curvature."""
    curvatures, unit, wide, high = torch.tensor([0.05, 2.0], dtype=torch.float64), 34, 350, 230
    parts = []
    for k, (rate, color) in enumerate(((0.85, TEAL), (1.02, ORANGE))):
        inside = []
        for level in (0.1, 0.4, 1.6, 6.4):
            rx, ry = (unit * (2 * level / curvatures).sqrt()).tolist()
            size = f'rx="{rx:.1f}" ry="{ry:.1f}" fill="none" stroke="{GREY}" stroke-width="0.6"'
            inside.append(f'<ellipse cx="{wide / 2:g}" cy="{high / 2:g}" {size}/>')
        places = [(wide / 2 + unit * x, high / 2 - unit * y) for x, y in path(curvatures, rate, 12).tolist()]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        inside.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        inside += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places]
        left, word = 10 + k * (wide + 20), "below" if rate < 2 / curvatures.max() else "above"
        parts.append(text(left, 20, f"rate {rate:g}, {word} 2 / 2 = 1", anchor="start"))
        parts.append(f'<svg x="{left}" y="32" width="{wide}" height="{high}">{"".join(inside)}</svg>')  # cuts it off
    return drawing(2 * wide + 40, high + 44, *parts)


def path(curvatures: Tensor, rate: float, steps: int) -> Tensor:
    """Points (steps + 1, 2) of torch.optim.SGD from (-4, 1.6), down half the sum of curvature times square."""
    point = torch.tensor([-4.0, 1.6], dtype=curvatures.dtype, requires_grad=True)
    optimizer = torch.optim.SGD([point], lr=rate)
    points = [point.detach().clone()]
    for _ in range(steps):
        optimizer.zero_grad()
        (curvatures * point.square()).sum().div(2).backward()
        optimizer.step()
        points.append(point.detach().clone())
    return torch.stack(points)


def gates(shown: dict) -> str:
    """The first unit of the LSTM over the beginning of a sentence: shown is an entry of ``networks.js``."""
    names = {"i": "input gate", "f": "forget gate", "g": "proposal", "o": "output gate", "c": "cell", "h": "output"}
    unit, values = next(iter(shown["units"].items()))
    letters, left, side = shown["text"][:32], 96, 18
    parts = [text(10, 18, f"unit {unit}", anchor="start")]
    for row, (key, name) in enumerate(names.items()):
        top = 46 + row * (side + 4)
        parts.append(text(10, top + 13, name, anchor="start"))
        for place, value in enumerate(values[key][: len(letters)]):
            color, much = ORANGE if value < 0 else TEAL, min(1.0, abs(value) / (2 if key == "c" else 1))
            look = f'fill="{color}" fill-opacity="{much:.3f}" stroke="{GREY}" stroke-width="0.6"'
            parts.append(box(left + place * side, top, side - 2, side, look))
    parts += [text(left + (place + 0.45) * side, 38, seen(letter)) for place, letter in enumerate(letters)]
    return drawing(left + len(letters) * side + 10, 46 + 6 * (side + 4) + 8, *parts)


def attention(shown: dict) -> str:
    """The second head of the first block over a line: shown is an entry of ``networks.js``."""
    weights, letters, side, left = shown["weights"][0][1], shown["text"], 13, 30
    parts = [text(left + 23 * side, 7 * side, "the future: hidden", GREY)]
    for row, letter in enumerate(letters):
        parts.append(text(18, 10 + (row + 0.8) * side, seen(letter), size=11))
        parts.append(text(left + (row + 0.5) * side, 24 + len(letters) * side, seen(letter), size=11))
        for column, weight in enumerate(weights[row][: row + 1]):
            look = f'fill="{TEAL}" fill-opacity="{weight:.3f}" stroke="{GREY}" stroke-width="0.3"'
            parts.append(box(left + column * side, 10 + row * side, side - 1, side - 1, look))
    return drawing(left + len(letters) * side + 10, len(letters) * side + 34, *parts)


def seen(letter: str) -> str:
    return "␣" if letter == " " else letter


def make(to: Path, networks: dict) -> None:
    """Write all still pictures; networks: what `bookkit.moving_networks.make` returned."""
    write_text(to / "gates.svg", gates(networks["lstm"][0]))
    write_text(to / "attention.svg", attention(networks["attention"][0]))
    for still in (broadcasting, convolution, descent):
        write_text(to / f"{still.__name__}.svg", still())
