"""Things that carry people, as figures: each function draws one with a pen in -1 ... 1, looking to the right."""

from __future__ import annotations

from random import Random

from torchbook.drawn.paints import DARK, GLASS, paint
from torchbook.drawn.pen import Pen, between, pick, shade, vary


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
