"""The figures of the drawn data sets: ten objects, ten garments, an ant and a bee.

Each function draws one figure with a pen in -1 ... 1, x right, y down; objects look to the right.
"""

from __future__ import annotations

from random import Random

from torchbook.data._pen import Colour, Pen, between, pick, shade, vary

PAINTS = [
    (206, 52, 48), (232, 150, 40), (240, 206, 60), (60, 140, 80), (46, 100, 180), (120, 70, 150), (236, 236, 232),
    (60, 62, 70), (160, 166, 174), (110, 180, 200),
]  # fmt: skip
FURS = [
    (148, 100, 60), (186, 140, 92), (96, 66, 46), (62, 56, 56), (218, 200, 172), (160, 156, 152), (206, 126, 62),
    (238, 232, 222),
]  # fmt: skip
GLASS = (176, 214, 232)
DARK = (34, 32, 36)


def paint(rng: Random) -> Colour:
    return vary(rng, pick(rng, PAINTS))


def fur(rng: Random) -> Colour:
    return vary(rng, pick(rng, FURS), 18)


def wheel(pen: Pen, x: float, y: float, r: float) -> None:
    pen.blob(x, y, r, r, DARK)
    pen.blob(x, y, r * 0.5, r * 0.5, (176, 180, 186))


def airplane(pen: Pen, rng: Random) -> None:
    body, wing = vary(rng, pick(rng, [(232, 234, 238), (200, 206, 214), paint(rng)])), paint(rng)
    sweep = between(rng, 0.25, 0.5)
    pen.shape([(0.2, -0.08), (-0.1 - sweep * 0.5, -0.5), (-0.3 - sweep * 0.5, -0.5), (-0.2, -0.05)], shade(body, 70))
    pen.shape([(-0.55, -0.1), (-0.98, -0.62), (-0.78, -0.62), (-0.4, -0.12)], wing)
    pen.blob(0, 0, 0.98, 0.17, body)
    pen.shape([(-0.98, -0.12), (-0.5, -0.16), (-0.5, 0.1)], body)
    pen.blob(0, 0.08, 0.8, 0.08, shade(body, 78))
    for k in range(5):
        pen.blob(0.42 - 0.2 * k, -0.05, 0.045, 0.045, shade(GLASS, 60))
    pen.shape([(0.68, -0.12), (0.84, -0.1), (0.86, -0.02), (0.7, -0.03)], shade(GLASS, 60))
    pen.shape([(0.25, 0.04), (-0.2 - sweep, 0.66), (-0.42 - sweep, 0.66), (-0.25, 0.05)], shade(wing, 90))
    pen.blob(0.02 - sweep / 2, 0.36, 0.14, 0.07, shade(body, 60))
    pen.shape([(-0.7, 0.0), (-1.05, 0.22), (-0.9, 0.22), (-0.55, 0.02)], shade(wing, 80))


def automobile(pen: Pen, rng: Random) -> None:
    body, roof = paint(rng), between(rng, -0.55, -0.42)
    rear = between(rng, -0.82, -0.55)
    pen.shape([(rear, -0.1), (rear + 0.2, roof), (0.2, roof), (0.55, -0.1)], body)
    pen.shape([(-0.98, 0.0), (-0.9, -0.12), (0.55, -0.12), (0.92, 0.0), (1.0, 0.16), (0.98, 0.34), (-0.98, 0.34)], body)
    pen.box(-0.98, 0.22, 0.98, 0.34, shade(body, 70))
    glass = vary(rng, GLASS)
    pen.shape([(rear + 0.12, -0.12), (rear + 0.25, roof + 0.08), (-0.2, roof + 0.08), (-0.2, -0.12)], glass)
    pen.shape([(-0.12, -0.12), (-0.12, roof + 0.08), (0.16, roof + 0.08), (0.43, -0.12)], glass)
    pen.blob(0.92, 0.1, 0.07, 0.06, (250, 236, 170))
    pen.box(-0.99, 0.02, -0.9, 0.12, (190, 40, 40))
    wheel(pen, -0.56, 0.34, 0.22)
    wheel(pen, 0.58, 0.34, 0.22)


def truck(pen: Pen, rng: Random) -> None:
    load, cab = paint(rng), paint(rng)
    top = between(rng, -0.72, -0.5)
    pen.box(-1.0, 0.24, 0.98, 0.36, (70, 70, 76))
    pen.box(-1.0, top, 0.34, 0.26, load)
    pen.box(-1.0, 0.12, 0.34, 0.26, shade(load, 76))
    if rng.random() < 0.5:
        pen.box(-0.9, top + 0.2, 0.24, top + 0.36, paint(rng))
    else:
        for k in range(4):
            pen.box(-0.78 + 0.3 * k, top + 0.06, -0.73 + 0.3 * k, 0.2, shade(load, 82))
    pen.shape([(0.42, top + 0.22), (0.76, top + 0.22), (0.92, -0.08), (1.0, 0.02), (1.0, 0.34), (0.42, 0.34)], cab)
    pen.shape([(0.54, top + 0.3), (0.73, top + 0.3), (0.85, -0.08), (0.54, -0.08)], vary(rng, GLASS))
    pen.blob(0.95, 0.16, 0.05, 0.06, (250, 236, 170))
    for x in (-0.7, -0.3, 0.66):
        wheel(pen, x, 0.4, 0.18)


def ship(pen: Pen, rng: Random) -> None:
    hull, cabin = paint(rng), vary(rng, (236, 234, 226))
    if rng.random() < 0.5:
        sail = vary(rng, pick(rng, [(246, 242, 230), (246, 242, 230), paint(rng)]))
        pen.line([(-0.05, 0.2), (-0.05, -0.95)], 0.07, (110, 80, 56))
        pen.shape([(0.02, -0.9), (0.02, 0.12), (0.72, 0.12)], sail)
        pen.shape([(-0.12, -0.78), (-0.12, 0.12), (-0.62, 0.12)], shade(sail, 84))
    else:
        pen.line([(0.45, 0.2), (0.45, -0.8)], 0.06, (90, 80, 76))
        pen.line([(0.45, -0.72), (0.85, 0.1)], 0.03, (90, 80, 76))
        pen.box(-0.62, -0.14, 0.42, 0.2, cabin)
        pen.box(-0.42, -0.4, 0.2, -0.12, shade(cabin, 90))
        funnel = paint(rng)
        pen.box(-0.26, -0.76, -0.02, -0.38, funnel)
        pen.box(-0.26, -0.66, -0.02, -0.56, shade(funnel, 160))
        for k in range(4):
            pen.blob(-0.48 + 0.24 * k, 0.02, 0.06, 0.06, shade(GLASS, 55))
    pen.shape([(-1.0, 0.14), (1.05, 0.08), (0.74, 0.58), (-0.8, 0.58)], hull)
    pen.shape([(-0.88, 0.42), (0.85, 0.42), (0.74, 0.6), (-0.8, 0.6)], shade(hull, 60))
    pen.line([(-0.98, 0.18), (1.0, 0.13)], 0.07, shade(hull, 150))


def bird(pen: Pen, rng: Random) -> None:
    coat = vary(rng, pick(rng, PAINTS + FURS))
    belly, beak = shade(coat, 150), vary(rng, (236, 160, 50))
    flying = rng.random() < 0.4
    pen.shape([(-0.4, 0.0), (-1.0, 0.1), (-0.95, 0.36), (-0.3, 0.26)], shade(coat, 66))
    if flying:
        pen.shape([(0.2, -0.02), (-0.15, -0.95), (-0.5, -0.85), (-0.35, 0.05)], shade(coat, 60))
    else:
        pen.line([(-0.05, 0.4), (0.0, 0.82), (0.14, 0.84)], 0.06, shade(beak, 80))
        pen.line([(0.14, 0.4), (0.2, 0.8), (0.34, 0.82)], 0.06, shade(beak, 80))
    pen.blob(0.0, 0.12, 0.54, 0.34, coat, lean=-0.06)
    pen.blob(0.16, 0.24, 0.32, 0.2, belly)
    pen.shape([(0.72, -0.36), (1.02, -0.22), (0.7, -0.16)], beak)
    pen.blob(0.5, -0.26, 0.27, 0.26, coat)
    pen.blob(0.58, -0.32, 0.07, 0.07, (250, 250, 250))
    pen.blob(0.6, -0.32, 0.045, 0.045, DARK)
    if flying:
        pen.shape([(0.25, 0.02), (-0.55, -0.8), (-0.85, -0.55), (-0.4, 0.16)], shade(coat, 78))
    else:
        pen.shape([(0.22, 0.0), (-0.1, -0.1), (-0.72, 0.22), (-0.2, 0.34), (0.1, 0.24)], shade(coat, 74))


def legs(pen: Pen, xs: tuple[float, ...], top: float, foot: float, width: float, colour: Colour, step: float) -> None:
    """Four legs, the far pair darker; `step` moves the feet."""
    for k, x in enumerate(xs):
        move = step if k % 2 else -step
        pen.limb([(x, top), (x + move * 0.4, (top + foot) / 2), (x + move, foot)], width, width * 0.75,
                 shade(colour, 70) if k % 2 else colour)  # fmt: skip


def eye(pen: Pen, x: float, y: float, r: float, iris: Colour) -> None:
    pen.blob(x, y, r, r, iris)
    pen.blob(x, y, r * 0.5, r * 0.75, DARK)


def cat(pen: Pen, rng: Random) -> None:
    coat = fur(rng)
    dark, iris = shade(coat, 68), pick(rng, [(150, 200, 80), (236, 200, 70), (120, 190, 210)])
    striped = rng.random() < 0.5
    if rng.random() < 0.6:  # sitting
        x, y = 0.14, -0.36
        pen.limb([(-0.3, 0.78), (-0.8, 0.66), (-0.84, 0.1)], 0.16, 0.12, dark)
        pen.blob(-0.08, 0.4, 0.42, 0.5, coat, lean=-0.1)
        pen.blob(-0.26, 0.66, 0.3, 0.24, coat)
        pen.limb([(0.2, 0.3), (0.24, 0.82)], 0.16, 0.15, shade(coat, 112))
        pen.limb([(0.02, 0.4), (0.04, 0.84)], 0.16, 0.15, shade(coat, 106))
        if striped:
            for k in range(3):
                pen.line([(-0.46, 0.2 + 0.17 * k), (-0.2, 0.24 + 0.17 * k)], 0.07, dark)
    else:  # walking, tail up
        x, y = 0.58, -0.28
        pen.limb([(-0.58, 0.12), (-0.9, -0.2), (-0.8, -0.7)], 0.14, 0.1, dark)
        legs(pen, (-0.45, -0.32, 0.3, 0.44), 0.2, 0.76, 0.14, coat, between(rng, -0.12, 0.12))
        pen.blob(-0.06, 0.14, 0.58, 0.24, coat)
        if striped:
            for k in range(4):
                pen.line([(-0.4 + 0.2 * k, -0.08), (-0.44 + 0.2 * k, 0.16)], 0.07, dark)
    for side in (-1, 1):
        pen.shape([(x + side * 0.34, y - 0.52), (x + side * 0.33, y), (x + side * 0.04, y - 0.22)], coat)
        inner = [(x + side * 0.3, y - 0.4), (x + side * 0.28, y - 0.14), (x + side * 0.13, y - 0.24)]
        pen.shape(inner, (226, 160, 150))
    pen.blob(x, y, 0.36, 0.3, coat)
    pen.blob(x, y + 0.13, 0.18, 0.13, shade(coat, 145))
    eye(pen, x - 0.15, y - 0.04, 0.085, iris)
    eye(pen, x + 0.15, y - 0.04, 0.085, iris)
    pen.blob(x, y + 0.08, 0.045, 0.035, (210, 110, 110))
    for side in (-1, 1):
        pen.line([(x + side * 0.14, y + 0.13), (x + side * 0.44, y + 0.09)], 0.02, shade(coat, 170))


def dog(pen: Pen, rng: Random) -> None:
    coat = fur(rng)
    ear, belly = shade(coat, pick(rng, [55, 62, 70])), shade(coat, 130)
    x, y = between(rng, 0.5, 0.62), between(rng, -0.42, -0.28)
    pen.limb([(-0.58, 0.0), (-0.82, -0.16), (-0.96, -0.44)], 0.13, 0.08, coat)
    legs(pen, (-0.46, -0.3, 0.26, 0.42), 0.16, 0.78, 0.17, coat, between(rng, -0.12, 0.12))
    pen.blob(-0.08, 0.1, 0.58, 0.28, coat)
    if rng.random() < 0.5:
        pen.blob(between(rng, -0.4, 0.1), 0.02, 0.22, 0.17, ear)
    pen.shape([(0.1, 0.0), (0.46, 0.24), (x + 0.16, y + 0.12), (x - 0.2, y)], coat)
    pen.blob(x, y, 0.28, 0.26, coat)
    pen.blob(x + 0.26, y + 0.1, 0.22, 0.14, belly)
    pen.blob(x + 0.44, y + 0.04, 0.075, 0.065, DARK)
    pen.line([(x + 0.18, y + 0.2), (x + 0.4, y + 0.18)], 0.03, shade(coat, 45))
    pen.blob(x + 0.1, y - 0.07, 0.05, 0.055, DARK)
    pen.blob(x - 0.16, y + 0.14, 0.13, 0.31, ear, lean=-0.05)
    pen.line([(x - 0.2, y + 0.28), (x + 0.06, y + 0.34)], 0.08, paint(rng))


def deer(pen: Pen, rng: Random) -> None:
    coat = fur(rng)
    bone, step = vary(rng, pick(rng, [(120, 92, 62), (206, 184, 150), (80, 60, 46)])), between(rng, -0.1, 0.1)
    x, y = between(rng, 0.46, 0.56), between(rng, -0.4, -0.32)
    for side, tone in ((-1, 80), (1, 100)):
        tip = x - 0.08 + side * 0.32
        bend = x - 0.08 + side * 0.25
        pen.line([(x - 0.08, y - 0.16), (bend, y - 0.36), (tip, y - 0.66)], 0.055, shade(bone, tone))
        pen.line([(bend, y - 0.36), (bend + side * 0.2, y - 0.5)], 0.045, shade(bone, tone))
        pen.line([(bend, y - 0.36), (bend - side * 0.12, y - 0.6)], 0.045, shade(bone, tone))
    legs(pen, (-0.5, -0.38, 0.14, 0.26), 0.22, 0.92, 0.1, coat, step)
    pen.blob(-0.66, 0.08, 0.1, 0.13, (246, 242, 236))
    pen.blob(-0.16, 0.16, 0.52, 0.22, coat)
    pen.blob(-0.1, 0.28, 0.36, 0.1, shade(coat, 140))
    pen.shape([(0.06, 0.02), (0.34, 0.24), (x + 0.12, y + 0.06), (x - 0.12, y - 0.06)], coat)
    pen.shape([(x - 0.1, y - 0.1), (x - 0.4, y - 0.16), (x - 0.16, y + 0.02)], shade(coat, 80))
    pen.blob(x, y - 0.02, 0.17, 0.15, coat)
    pen.blob(x + 0.18, y + 0.05, 0.18, 0.1, coat, lean=0.04)
    pen.blob(x + 0.32, y + 0.07, 0.05, 0.05, DARK)
    pen.blob(x + 0.04, y - 0.06, 0.045, 0.045, DARK)
    if rng.random() < 0.5:
        for k in range(4):
            pen.blob(-0.46 + 0.17 * k, 0.06 + 0.05 * (k % 2), 0.045, 0.045, shade(coat, 165))


def horse(pen: Pen, rng: Random) -> None:
    coat = fur(rng)
    mane = vary(rng, pick(rng, [shade(coat, 45), (44, 36, 34), (228, 212, 180)]), 12)
    x, y, step = between(rng, 0.56, 0.66), between(rng, -0.6, -0.48), between(rng, -0.12, 0.12)
    pen.limb([(-0.62, 0.0), (-0.86, 0.16), (-0.84, 0.62)], 0.2, 0.12, mane)
    legs(pen, (-0.48, -0.32, 0.22, 0.38), 0.2, 0.88, 0.15, coat, step)
    for k, foot in enumerate((-0.48, -0.32, 0.22, 0.38)):
        pen.blob(foot + (step if k % 2 else -step), 0.9, 0.085, 0.06, DARK)
    pen.blob(-0.12, 0.1, 0.56, 0.3, coat)
    pen.shape([(0.0, -0.04), (0.4, 0.24), (x + 0.1, y + 0.16), (x - 0.16, y - 0.1)], coat)
    pen.shape([(x - 0.16, y - 0.04), (x - 0.12, y - 0.32), (x + 0.02, y - 0.08)], coat)
    pen.shape([(x - 0.2, y - 0.08), (x + 0.06, y - 0.14), (x + 0.42, y + 0.3), (x + 0.3, y + 0.42),
               (x - 0.02, y + 0.16)], coat)  # fmt: skip
    pen.shape([(x + 0.3, y + 0.17), (x + 0.42, y + 0.3), (x + 0.3, y + 0.42), (x + 0.2, y + 0.34)], shade(coat, 76))
    pen.shape([(x - 0.06, y - 0.2), (x - 0.3, y - 0.08), (-0.16, -0.06), (-0.06, 0.06), (x - 0.16, y + 0.2)], mane)
    pen.blob(x + 0.06, y + 0.03, 0.045, 0.045, DARK)


def frog(pen: Pen, rng: Random) -> None:
    greens = [(96, 160, 70), (70, 130, 76), (150, 160, 60), (140, 110, 70), (60, 140, 150)]
    skin = vary(rng, pick(rng, [*greens, fur(rng)]))
    low = shade(skin, 76)
    for side in (-1, 1):
        pen.blob(side * 0.66, 0.42, 0.3, 0.36, low, lean=side * 0.1)
        pen.shape([(side * 0.5, 0.66), (side * 1.04, 0.72), (side * 1.0, 0.84), (side * 0.4, 0.82)], skin)
    pen.blob(0, 0.26, 0.62, 0.52, skin)
    pen.blob(0, 0.44, 0.4, 0.34, shade(skin, 155))
    for side in (-1, 1):
        pen.limb([(side * 0.42, 0.36), (side * 0.34, 0.8)], 0.16, 0.14, skin)
        pen.shape([(side * 0.3, 0.7), (side * 0.14, 0.86), (side * 0.54, 0.86)], skin)
    pen.blob(0, -0.14, 0.6, 0.34, skin)
    for side in (-1, 1):
        pen.blob(side * 0.36, -0.44, 0.22, 0.22, skin)
        pen.blob(side * 0.37, -0.46, 0.15, 0.15, (246, 232, 150))
        pen.blob(side * 0.38, -0.45, 0.1, 0.07, DARK)
    pen.line([(-0.46, -0.06), (-0.2, 0.05), (0.2, 0.05), (0.46, -0.06)], 0.05, shade(skin, 50))
    for _ in range(3):
        pen.blob(between(rng, -0.4, 0.4), between(rng, -0.3, -0.14), 0.07, 0.05, low)


# class: (how to draw it, the two grounds it likes, largest turn in degrees), in CIFAR-10's order
OBJECTS = {
    "airplane": (airplane, ("sky", "sky"), 32),
    "automobile": (automobile, ("street", "desert"), 12),
    "bird": (bird, ("sky", "meadow"), 24),
    "cat": (cat, ("room", "meadow"), 14),
    "deer": (deer, ("meadow", "desert"), 14),
    "dog": (dog, ("room", "meadow"), 14),
    "frog": (frog, ("meadow", "sea"), 18),
    "horse": (horse, ("meadow", "desert"), 14),
    "ship": (ship, ("sea", "sea"), 12),
    "truck": (truck, ("street", "street"), 12),
}


def grey(rng: Random, low: int = 70, high: int = 245) -> Colour:
    value = int(between(rng, low, high))
    return value, value, value


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


def ant(pen: Pen, rng: Random) -> None:
    """An ant from above: dark body of three parts, thin bent legs, bent antennae."""
    skins = [(46, 34, 34), (112, 52, 32), (168, 96, 44), (200, 140, 70), (96, 72, 56), (36, 38, 52)]
    skin = vary(rng, pick(rng, skins), 14)
    for side in (-1, 1):
        for hip, knee, foot in ((0.34, 0.62, 0.86), (0.2, 0.14, 0.06), (0.06, -0.3, -0.62)):
            knee, foot = knee + between(rng, -0.08, 0.08), foot + between(rng, -0.1, 0.1)
            pen.line([(hip, side * 0.08), (knee, side * 0.46), (foot, side * 0.74)], 0.045, shade(skin, 82))
        pen.line([(0.76, side * 0.1), (0.84, side * 0.34), (1.12, side * between(rng, 0.22, 0.46))], 0.035, skin)
        pen.shape([(0.88, side * 0.03), (0.86, side * 0.14), (1.0, side * 0.05)], shade(skin, 70))
    pen.blob(-0.52, 0, 0.42, 0.27, skin)
    pen.blob(-0.5, -0.08, 0.26, 0.11, shade(skin, 120))
    for k in range(3):
        pen.line([(-0.4 - 0.16 * k, -0.22 + 0.03 * k), (-0.43 - 0.16 * k, 0), (-0.4 - 0.16 * k, 0.22 - 0.03 * k)], 0.02,
                 shade(skin, 70))  # fmt: skip
    pen.blob(-0.06, 0, 0.1, 0.08, skin)
    pen.blob(0.22, 0, 0.26, 0.14, skin)
    pen.blob(0.24, -0.04, 0.16, 0.06, shade(skin, 122))
    pen.blob(0.7, 0, 0.22, 0.2, skin)
    pen.blob(0.68, -0.06, 0.12, 0.07, shade(skin, 122))
    for side in (-1, 1):
        pen.blob(0.76, side * 0.14, 0.045, 0.04, (20, 18, 20))


# A wing's outline: how far along it, and how far to the side of its middle line.
WING = [(0.0, 0.0), (0.2, 0.35), (0.45, 0.6), (0.7, 0.68), (0.9, 0.5), (1.0, 0.15), (0.97, -0.25), (0.82, -0.55),
        (0.6, -0.6), (0.35, -0.42), (0.12, -0.18)]  # fmt: skip


def bee(pen: Pen, rng: Random) -> None:
    """A bee from above: fat striped body, furry chest, four clear wings."""
    light = vary(rng, pick(rng, [(226, 168, 50), (190, 130, 60), (150, 104, 62), (214, 190, 120), (120, 90, 70)]), 16)
    dark = vary(rng, (46, 34, 30), 14)
    for side in (-1, 1):
        for hip, foot in ((0.42, 0.6), (0.2, 0.12), (0.0, -0.36)):
            pen.line([(hip, side * 0.2), ((hip + foot) / 2, side * 0.42), (foot, side * 0.54)], 0.05, dark)
        pen.line([(0.78, side * 0.08), (0.92, side * 0.2), (1.06, side * 0.18)], 0.035, dark)
    pen.blob(-0.46, 0, 0.5, 0.34, light)
    pen.shape([(-0.92, -0.1), (-1.06, 0), (-0.92, 0.1)], dark)
    for k, half in enumerate((0.3, 0.33, 0.3, 0.22)):
        x = -0.2 - 0.19 * k
        pen.line([(x, -half), (x - 0.06, -half / 2), (x - 0.06, half / 2), (x, half)], 0.085, dark)
    chest = shade(light, 82)
    for k in range(26):  # tufts of fur around the chest
        x, y = 0.28 + between(rng, -0.3, 0.3), between(rng, -0.28, 0.28)
        pen.blob(x, y, 0.07, 0.06, shade(chest, 84 + 2 * k))
    pen.blob(0.28, 0, 0.27, 0.25, chest)
    for _ in range(30):
        x, y = 0.28 + between(rng, -0.22, 0.22), between(rng, -0.2, 0.2)
        pen.line([(x, y), (x - 0.06, y + between(rng, -0.04, 0.04))], 0.02, shade(chest, pick(rng, [76, 124])))
    pen.blob(0.68, 0, 0.17, 0.2, dark)
    for side in (-1, 1):
        pen.blob(0.72, side * 0.15, 0.09, 0.07, (24, 20, 24))
    glass, spread = (232, 236, 242, int(between(rng, 60, 120))), between(rng, 0.5, 0.86)
    for side in (-1, 1):
        for x, y, wide in ((-0.62, spread, 0.26), (-0.36, spread * 0.62, 0.18)):
            wing = [(0.24 + (x - 0.24) * t + wide * 0.6 * b, side * (0.1 + (y - 0.1) * t + wide * b)) for t, b in WING]
            pen.shape(wing, glass)
            pen.line([*wing, wing[0]], 0.018, (90, 80, 76, 150))
            pen.line([wing[0], wing[4]], 0.015, (90, 80, 76, 130))
            pen.line([wing[0], wing[7]], 0.015, (90, 80, 76, 130))


INSECTS = {"ants": ant, "bees": bee}
