"""Colours that the figures wear, drawn at random."""

from __future__ import annotations

from random import Random

from torchbook.drawn.pen import Colour, between, pick, vary

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


def grey(rng: Random, low: int = 70, high: int = 245) -> Colour:
    value = int(between(rng, low, high))
    return value, value, value
