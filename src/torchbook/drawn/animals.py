"""Animals, as figures: each function draws one with a pen in -1 ... 1, looking to the right."""

from __future__ import annotations

from random import Random

from torchbook.drawn.paints import DARK, FURS, PAINTS, fur, paint
from torchbook.drawn.pen import Colour, Pen, between, pick, shade, vary


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
