"""An ant and a bee from above, as figures in -1 ... 1, looking to the right."""

from __future__ import annotations

from random import Random

from torchbook.drawn.pen import Pen, between, pick, shade, vary


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
