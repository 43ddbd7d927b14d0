"""A drawing of a transformer block with the shape on every arrow: SVG for light and dark pages. For chapter 12."""

from __future__ import annotations

from torchbook.cell_drawing import RADIUS, Drawing, Point

ROW = 68  # pixels from one box to the next
HALF = 16  # height of a box, halved


def draw_block(length: int, width: int, heads: int) -> Drawing:
    """A block with a norm before each part, and inside its attention, for one sequence (length, width).

    The shapes follow from the three numbers. Raises ValueError where the width cannot be divided among the heads.
    """
    if min(length, width, heads) < 1 or width % heads:
        raise ValueError(
            f"length, width and heads must be positive and heads divide width, got {length, width, heads}."
        )
    each = width // heads
    outside, inside, square = f"({length}, {width})", f"({heads}, {length}, {each})", f"({heads}, {length}, {length})"
    drawing = Drawing(640, 560, (
        f"A transformer block and, beside it, its attention, from top to bottom. The input of shape {outside} goes "
        f"through a norm, attention, an addition of the input, a norm, an MLP that is {4 * width} wide inside, and an "
        f"addition of what went into the second norm; the shape stays {outside}. Inside attention a linear layer makes "
        f"queries, keys and values, each {inside}; query times key gives scores {square}, which are divided by the "
        f"root of {each}, masked, and turned into weights by the softmax; weights times values are {inside} again, "
        f"put side by side {outside}, and mixed by a linear layer."
    ))  # fmt: skip
    _block(drawing, 110, outside, width)
    _attention(drawing, 430, outside, inside, square, width, each)
    return drawing


def _box(drawing: Drawing, at: Point, words: str, across: int = 150) -> None:
    x, y = at
    drawing.parts.append(f'<rect x="{x - across / 2:g}" y="{y - HALF:g}" width="{across}" height="{2 * HALF}" rx="4"/>')
    drawing.text(at, words)


def _down(drawing: Drawing, x: float, start: float, end: float, shape: str) -> None:
    """An arrow downwards with a shape at its right."""
    drawing.arrow((x, start), (x, end))
    drawing.text((x + 48, (start + end) / 2), shape, 12)


def _block(drawing: Drawing, x: float, outside: str, width: int) -> None:
    """Norm, part, plus, twice; a shortcut goes around each pair at the left."""
    drawing.text((x, 20), f"x {outside}")
    y = 30.0
    for part in ("attention", f"MLP, {width} → {4 * width} → {width}"):
        start = y
        drawing.arrow((x, y), (x, y + 45 - HALF))
        _box(drawing, (x, y + 45), "norm")
        _down(drawing, x, y + 45 + HALF, y + 120 - HALF, outside)
        _box(drawing, (x, y + 120), part, 180)
        _down(drawing, x, y + 120 + HALF, y + 190 - RADIUS, outside)
        drawing.operation((x, y + 190), "+")
        drawing.arrow((x, start + 8), (x - 98, start + 8), (x - 98, y + 190), (x - RADIUS, y + 190))
        y += 190 + RADIUS
        if part == "attention":
            drawing.parts.append(f'<path d="M {x} {y:g} L {x} {y + 30:g}"/>')
            y += 30
    _down(drawing, x, y, y + 55, outside)
    drawing.text((x, y + 67), "out")


def _attention(drawing: Drawing, x: float, outside: str, inside: str, square: str, width: int, each: int) -> None:
    """What the box "attention" does; queries left, keys in the middle, values right."""
    drawing.text((x, 20), f"inside attention, {outside}")
    drawing.arrow((x, 30), (x, 75 - HALF))
    _box(drawing, (x, 75), f"linear, {width} → 3 · {width}, cut into heads", 290)
    q, k, v = x - 105, x, x + 120
    for place, name in ((q, "q"), (k, "k")):
        drawing.arrow((place, 75 + HALF), (place, 165 - HALF))
        drawing.text((place + 50, 115), f"{name} {inside}", 12)
    drawing.text((v + 50, 115), f"v {inside}", 12)
    middle = x - 50
    _box(drawing, (middle, 165), f"q kᵀ / √{each}", 160)
    _down(drawing, middle, 165 + HALF, 235 - HALF, square)
    _box(drawing, (middle, 235), "mask: future to −∞", 160)
    _down(drawing, middle, 235 + HALF, 305 - HALF, square)
    _box(drawing, (middle, 305), "softmax over keys", 160)
    _down(drawing, middle, 305 + HALF, 375 - HALF, square)
    _box(drawing, (middle, 375), "weights · v", 160)
    drawing.arrow((v, 75 + HALF), (v, 375), (middle + 80, 375))
    _down(drawing, middle, 375 + HALF, 445 - HALF, inside)
    _box(drawing, (middle, 445), "heads side by side", 160)
    _down(drawing, middle, 445 + HALF, 515 - HALF, outside)
    _box(drawing, (middle, 515), f"linear, {width} → {width}", 160)
    drawing.arrow((middle + 80, 515), (v, 515))
    drawing.text((v + 45, 515), outside, 12)
