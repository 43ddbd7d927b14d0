"""Garments, as grey figures: each function draws one with a pen in -1 ... 1."""

from __future__ import annotations

from random import Random

from torchbook.drawn.paints import grey
from torchbook.drawn.pen import Colour, Pen, between, pick, shade

BLACK = (0, 0, 0)


def top(
    pen: Pen, cloth: Colour, sleeve: float, hem: float, bottom: float, waist: float, neck: float, chest: float = 0.5
) -> None:
    """A garment with a body; `sleeve` 0 (none) ... 1 (long); `hem`, `waist` and `chest` are half-widths."""
    sleeves = shade(cloth, 84)
    for side in (-1, 1):
        if sleeve > 0:
            x, y = chest + 0.28 + 0.16 * sleeve, -0.5 + 1.25 * sleeve
            arm = [(chest - 0.14, -0.8), (chest + 0.06, -0.7), (x, y), (x - 0.24, y + 0.06), (chest - 0.12, -0.2)]
            pen.shape([(side * across, down) for across, down in arm], sleeves)
    body = [(neck, -0.86), (chest, -0.74), (chest - 0.06, -0.25), (waist, 0.15), (hem, bottom)]
    pen.shape([*body, *[(-x, y) for x, y in reversed(body)]], cloth)
    for side in (-1, 1):
        pen.line([(side * (chest - 0.02), -0.6), (side * (chest - 0.07), -0.2)], 0.04, shade(cloth, 70))


def tshirt(pen: Pen, rng: Random) -> None:
    cloth, bottom = grey(rng), between(rng, 0.72, 0.88)
    top(pen, cloth, between(rng, 0.12, 0.5), between(rng, 0.38, 0.52), bottom, 0.43, 0.22)
    pen.blob(0, -0.86, 0.2, between(rng, 0.1, 0.22), BLACK)
    if rng.random() < 0.4:
        pen.blob(0, -0.1, between(rng, 0.15, 0.28), between(rng, 0.12, 0.26), grey(rng))


def trouser(pen: Pen, rng: Random) -> None:
    cloth, foot, gap = grey(rng), between(rng, 0.13, 0.2), between(rng, 0.04, 0.16)
    for side in (-1, 1):
        pen.shape([(0, -0.92), (side * 0.36, -0.92), (side * 0.42, -0.5), (side * (gap + 2 * foot), 0.94),
                   (side * gap, 0.94), (0, -0.36)], shade(cloth, 100 if side > 0 else 88))  # fmt: skip
    pen.box(-0.36, -0.95, 0.36, -0.84, shade(cloth, 70))
    pen.line([(0, -0.84), (0, -0.4)], 0.04, shade(cloth, 60))


def pullover(pen: Pen, rng: Random) -> None:
    cloth, bottom, hem = grey(rng, 50), between(rng, 0.68, 0.92), between(rng, 0.4, 0.52)
    top(pen, cloth, between(rng, 0.65, 1.0), hem, bottom, 0.44, 0.22)
    pen.box(-hem, bottom - 0.1, hem, bottom, shade(cloth, 78))
    pen.blob(0, -0.84, 0.26, 0.14, shade(cloth, 74))
    pen.blob(0, -0.88, 0.18, 0.1, BLACK)
    if rng.random() < 0.25:
        pen.box(-0.42, -0.3, 0.42, between(rng, -0.1, 0.1), grey(rng))


def dress(pen: Pen, rng: Random) -> None:
    cloth, hem = grey(rng), between(rng, 0.24, 0.56)
    waist, sleeve = between(rng, 0.18, 0.26), pick(rng, [0.0, 0.0, 0.15, 0.3, 0.9])
    top(pen, cloth, sleeve, hem, 1.0, waist, 0.2, between(rng, 0.26, 0.36))
    pen.blob(0, -0.88, 0.18, between(rng, 0.08, 0.24), BLACK)
    if rng.random() < 0.5:
        pen.box(-waist - 0.02, 0.1, waist + 0.02, 0.19, shade(cloth, 66))


def coat(pen: Pen, rng: Random) -> None:
    cloth, bottom = grey(rng, 40, 225), between(rng, 0.82, 0.96)
    top(pen, cloth, between(rng, 0.85, 1.05), between(rng, 0.44, 0.54), bottom, 0.42, 0.2)
    pen.shape([(-0.2, -0.88), (0.2, -0.88), (0.0, between(rng, -0.5, -0.2))], shade(cloth, 45))
    pen.line([(0.0, -0.6), (0.0, bottom)], 0.06, shade(cloth, 45))
    for side in (-1, 1):
        pen.shape([(side * 0.18, -0.9), (side * 0.32, -0.8), (side * 0.06, -0.3)], shade(cloth, 125))
        if rng.random() < 0.7:
            pen.line([(side * 0.18, 0.36), (side * 0.36, 0.3)], 0.05, shade(cloth, 60))


def shirt(pen: Pen, rng: Random) -> None:
    cloth, bottom = grey(rng, 60), between(rng, 0.74, 0.92)
    sleeve = between(rng, 0.15, 0.5) if rng.random() < 0.4 else between(rng, 0.65, 1.0)
    top(pen, cloth, sleeve, between(rng, 0.42, 0.5), bottom, 0.42, 0.2)
    pen.shape([(-0.16, -0.88), (0.16, -0.88), (0.0, between(rng, -0.72, -0.5))], BLACK)
    for side in (-1, 1):
        pen.shape([(side * 0.14, -0.94), (side * 0.28, -0.82), (side * 0.12, -0.62), (0, -0.66)], shade(cloth, 130))
    if rng.random() < 0.7:
        pen.line([(0.0, -0.6), (0.0, bottom)], 0.035, shade(cloth, 78))
        for k in range(4):
            pen.blob(0.0, -0.45 + 0.33 * k, 0.045, 0.045, shade(cloth, 50))


def sandal(pen: Pen, rng: Random) -> None:
    strap, heel = grey(rng, 90), between(rng, 0.0, 0.42) if rng.random() < 0.6 else 0.05
    rise = 0.4 - heel
    pen.shape([(-0.95, 0.44), (-0.4, 0.42), (0.9, rise), (0.9, rise + 0.12), (-0.35, 0.58), (-0.95, 0.56)], grey(rng))
    pen.shape([(0.7, rise), (0.92, rise), (0.86, 0.58), (0.74, 0.58)], shade(strap, 70))
    for x in (-0.75, -0.45, -0.15)[: 1 + int(rng.random() * 3)]:
        pen.line([(x, 0.44), (x + 0.2, 0.12), (x + 0.4, 0.36)], 0.08, strap)
    ankle = rise - between(rng, 0.3, 0.6)
    pen.line([(0.86, rise), (0.86, ankle), (0.4, ankle + 0.12), (0.25, 0.3)], 0.08, strap)


def sneaker(pen: Pen, rng: Random) -> None:
    upper, collar = grey(rng), between(rng, -0.3, -0.12)
    pen.shape([(-0.95, 0.36), (-0.9, 0.2), (-0.55, 0.08), (-0.1, collar - 0.04), (0.25, collar + 0.06), (0.65, collar),
               (0.92, collar - 0.06), (0.95, 0.4), (-0.95, 0.4)], upper)  # fmt: skip
    pen.shape([(-0.98, 0.34), (0.98, 0.34), (0.96, 0.52), (-0.92, 0.52)], grey(rng, 120, 255))
    for k in range(3):
        pen.line([(-0.42 + 0.16 * k, 0.1 - 0.08 * k), (-0.28 + 0.16 * k, 0.2 - 0.08 * k)], 0.045, grey(rng))
    if rng.random() < 0.7:
        pen.shape([(0.0, 0.28), (0.5, 0.0), (0.62, 0.0), (0.2, 0.3)], grey(rng))


def bag(pen: Pen, rng: Random) -> None:
    skin, low, high = grey(rng), between(rng, 0.6, 0.95), between(rng, 0.6, 0.95)
    upper, grip = between(rng, -0.3, 0.1), between(rng, 0.3, 0.55)
    peak = upper - between(rng, 0.25, 0.6)
    pen.line([(-grip, upper), (-grip * 0.8, peak), (grip * 0.8, peak), (grip, upper)], 0.1, shade(skin, 75))
    pen.shape([(-high, upper), (high, upper), (low, 0.8), (-low, 0.8)], skin)
    if rng.random() < 0.5:
        flap = [(-high, upper), (high, upper), (high * 0.8, upper + 0.36), (-high * 0.8, upper + 0.36)]
        pen.shape(flap, shade(skin, 78))
    pen.blob(0, upper + 0.36, 0.09, 0.08, grey(rng))


def boot(pen: Pen, rng: Random) -> None:
    leather, shaft = grey(rng, 50), between(rng, -0.92, -0.5)
    heel = between(rng, 0.0, 0.22)
    pen.shape([(0.12, shaft), (0.82, shaft), (0.8, 0.7 - heel), (0.1, 0.7), (-0.9, 0.7), (-0.92, 0.5), (-0.6, 0.32),
               (0.02, 0.08)], leather)  # fmt: skip
    pen.shape([(-0.92, 0.66), (0.1, 0.66), (0.8, 0.66 - heel), (0.82, 0.86), (0.52, 0.86), (0.4, 0.78), (-0.92, 0.78)],
              shade(leather, 55))  # fmt: skip
    pen.box(0.12, shaft, 0.82, shaft + 0.1, shade(leather, 130))
    if rng.random() < 0.5:
        for k in range(4):
            pen.line([(0.1, shaft + 0.2 + 0.14 * k), (0.28, shaft + 0.24 + 0.14 * k)], 0.04, shade(leather, 50))


GARMENTS = {
    "T-shirt/top": tshirt, "Trouser": trouser, "Pullover": pullover, "Dress": dress, "Coat": coat, "Sandal": sandal,
    "Shirt": shirt, "Sneaker": sneaker, "Bag": bag, "Ankle boot": boot,
}  # fmt: skip
