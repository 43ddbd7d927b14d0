"""The grounds that figures are drawn on: six scenes for the objects, four surfaces for the insects."""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image
from torchbook.drawn.pen import Colour, Pen, between, pick, shade, vary


def ramp(size: int, top: Colour, bottom: Colour) -> Image.Image:
    """A square picture whose colour runs from top to bottom."""
    steps = np.arange(size, dtype=np.int32)[:, None]
    rows = (np.array(top) * (size - 1 - steps) + np.array(bottom) * steps) // (size - 1)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(rows[:, None, :], (size, size, 3))).astype(np.uint8))


# --- the grounds of the object scenes ---

SKIES = [
    ((92, 150, 220), (190, 220, 242)),
    ((130, 170, 215), (225, 230, 235)),
    ((70, 110, 180), (240, 190, 140)),
    ((150, 160, 175), (205, 208, 212)),
    ((52, 66, 120), (215, 140, 130)),
]
WALLS = [(214, 196, 170), (176, 196, 190), (206, 176, 168), (188, 184, 206), (226, 216, 190), (150, 164, 178)]
FLOORS = [(150, 106, 70), (120, 90, 80), (170, 150, 130), (140, 60, 60)]


def sky(rng: Random, size: int) -> tuple[Image.Image, Pen]:
    """A sky with a few clouds, and a pen over the whole picture."""
    top, bottom = pick(rng, SKIES)
    image = ramp(size, vary(rng, top), vary(rng, bottom))
    pen = Pen(image, (size / 2, size / 2), size / 2)
    cloud = shade(bottom, 155)
    for _ in range(int(rng.random() * 4)):
        x, y, r = between(rng, -1, 1), between(rng, -0.95, 0.2), between(rng, 0.1, 0.22)
        for k in range(3):
            pen.blob(x + (k - 1) * r * 1.2, y - (0.04 if k == 1 else 0), r * 1.2, r * 0.55, cloud)
    return image, pen


def sea(rng: Random, size: int) -> Image.Image:
    image, pen = sky(rng, size)
    y, water = between(rng, -0.3, 0.45), vary(rng, pick(rng, [(38, 98, 150), (40, 130, 150), (70, 100, 130)]))
    pen.box(-1.1, y, 1.1, 1.1, water)
    pen.box(-1.1, y + (1 - y) * 0.5, 1.1, 1.1, shade(water, 88))
    for _ in range(5):
        x, wave = between(rng, -1, 0.8), between(rng, y + 0.05, 1)
        pen.line([(x, wave), (x + 0.15, wave - 0.04), (x + 0.3, wave)], 0.03, shade(water, 130))
    return image


def meadow(rng: Random, size: int) -> Image.Image:
    image, pen = sky(rng, size)
    y, grass = between(rng, -0.35, 0.45), vary(rng, pick(rng, [(96, 150, 70), (120, 150, 60), (150, 150, 80)]))
    x = between(rng, -0.8, 0.8)
    pen.blob(x, y + 0.12, 0.9, between(rng, 0.15, 0.4), shade(vary(rng, grass), 80))
    pen.box(-1.1, y, 1.1, 1.1, grass)
    for _ in range(7):
        x, tuft = between(rng, -1, 1), between(rng, y + 0.1, 1)
        pen.line([(x - 0.06, tuft - 0.1), (x, tuft), (x + 0.05, tuft - 0.12)], 0.025, shade(grass, 75))
    return image


def street(rng: Random, size: int) -> Image.Image:
    image, pen = sky(rng, size)
    y = between(rng, 0.0, 0.5)
    x = -1.1
    while x < 1:
        wide, wall = between(rng, 0.3, 0.6), vary(rng, pick(rng, WALLS))
        pen.box(x, between(rng, -0.7, -0.1), x + wide, y, shade(wall, 85))
        pen.box(x + wide * 0.3, y - 0.4, x + wide * 0.6, y - 0.2, shade(wall, 60))
        x += wide
    tar = vary(rng, (104, 106, 112), 16)
    pen.box(-1.1, y, 1.1, 1.1, tar)
    pen.box(-1.1, y, 1.1, y + 0.08, shade(tar, 130))
    for k in range(-1, 3):
        pen.box(k * 0.7 - 0.5, y + 0.42, k * 0.7 - 0.15, y + 0.47, shade(tar, 170))
    return image


def room(rng: Random, size: int) -> Image.Image:
    wall = vary(rng, pick(rng, WALLS))
    image = ramp(size, wall, shade(wall, 88))
    pen = Pen(image, (size / 2, size / 2), size / 2)
    if rng.random() < 0.6:
        x, y = between(rng, -0.9, 0.4), between(rng, -0.95, -0.6)
        pen.box(x - 0.06, y - 0.06, x + 0.56, y + 0.66, shade(wall, 140))
        pen.box(x, y, x + 0.5, y + 0.6, vary(rng, pick(rng, SKIES)[1]))
        pen.box(x + 0.23, y, x + 0.27, y + 0.6, shade(wall, 140))
    y, floor = between(rng, 0.2, 0.6), vary(rng, pick(rng, FLOORS))
    pen.box(-1.1, y, 1.1, 1.1, floor)
    pen.box(-1.1, y - 0.05, 1.1, y + 0.03, shade(floor, 70))
    return image


def desert(rng: Random, size: int) -> Image.Image:
    image, pen = sky(rng, size)
    y, sand = between(rng, -0.2, 0.45), vary(rng, pick(rng, [(214, 184, 130), (196, 150, 110), (232, 236, 242)]))
    pen.blob(between(rng, -1, 1), y + 0.1, 1.0, between(rng, 0.15, 0.35), shade(sand, 90))
    pen.box(-1.1, y, 1.1, 1.1, sand)
    for _ in range(4):
        x, dune = between(rng, -1, 0.6), between(rng, y + 0.1, 1)
        pen.line([(x, dune), (x + 0.3, dune - 0.05), (x + 0.6, dune)], 0.03, shade(sand, 86))
    return image


GROUNDS = {
    "sky": lambda rng, size: sky(rng, size)[0],
    "sea": sea,
    "meadow": meadow,
    "street": street,
    "room": room,
    "desert": desert,
}

# --- the grounds that insects sit on ---


def leaf(rng: Random, size: int) -> Image.Image:
    green = vary(rng, pick(rng, [(86, 140, 60), (120, 160, 70), (60, 110, 70), (150, 150, 70)]))
    image = ramp(size, shade(green, 118), shade(green, 84))
    pen = Pen(image, (size / 2, size / 2), size * 0.75, between(rng, 0, 360))
    for k in range(-6, 7):
        for side in (-1, 1):
            pen.shape([(k * 0.2, 0), (k * 0.2 + 0.1, 0), (k * 0.2 + 0.62, side), (k * 0.2 + 0.5, side)],
                      (*shade(green, 82), 70))  # fmt: skip
            pen.line([(k * 0.2, 0), (k * 0.2 + 0.25, side * 0.45), (k * 0.2 + 0.56, side)], 0.012, shade(green, 132))
    pen.line([(-1.5, 0), (1.5, 0)], 0.035, shade(green, 142))
    return image


def sand(rng: Random, size: int) -> Image.Image:
    base = vary(rng, pick(rng, [(206, 180, 136), (180, 160, 140), (200, 150, 110), (150, 130, 104)]), 14)
    image = ramp(size, shade(base, 110), shade(base, 88))
    pen = Pen(image, (size / 2, size / 2), size / 2)
    for _ in range(420):
        x, y, r = between(rng, -1, 1), between(rng, -1, 1), between(rng, 0.006, 0.018)
        pen.box(x, y, x + r, y + r, shade(base, pick(rng, [62, 78, 88, 130, 150])))
    for _ in range(int(between(rng, 3, 9))):
        x, y, r = between(rng, -1, 1), between(rng, -1, 1), between(rng, 0.03, 0.1)
        pen.blob(x + 0.02, y + 0.03, r, r * 0.75, (40, 30, 20, 80))
        pen.blob(x, y, r, r * 0.75, vary(rng, shade(base, pick(rng, [76, 92, 124]))))
    return image


def flower(rng: Random, size: int) -> Image.Image:
    green = vary(rng, (70, 110, 60))
    image = ramp(size, green, shade(green, 70))
    petal = vary(rng, pick(rng, [(236, 226, 240), (220, 130, 170), (240, 200, 80), (160, 120, 200), (230, 120, 80)]))
    middle, turn = (size * between(rng, 0.3, 0.7), size * between(rng, 0.3, 0.7)), between(rng, 0, 40)
    for ring, reach in ((0, 1.0), (1, 0.86)):
        for k in range(9):
            pen = Pen(image, middle, size * 0.62 * reach, turn + 40 * k + 20 * ring)
            pen.blob(0.56, 0, 0.46, 0.21, shade(petal, 74 if ring == 0 else 92))
            pen.blob(0.55, -0.02, 0.42, 0.17, shade(petal, 84 if ring == 0 else 104))
            pen.line([(0.2, 0), (0.8, 0)], 0.012, shade(petal, 76))
    heart = vary(rng, pick(rng, [(220, 170, 50), (130, 90, 50), (180, 190, 80)]))
    pen = Pen(image, middle, size * 0.2)
    pen.blob(0, 0, 1, 1, shade(heart, 80))
    for _ in range(90):
        x, y = between(rng, -0.7, 0.7), between(rng, -0.7, 0.7)
        pen.blob(x, y, 0.08, 0.08, shade(heart, pick(rng, [90, 110, 130])))
    return image


def bark(rng: Random, size: int) -> Image.Image:
    wood = vary(rng, pick(rng, [(120, 92, 70), (150, 130, 112), (96, 76, 64), (170, 140, 104)]), 14)
    image = ramp(size, shade(wood, 108), shade(wood, 90))
    pen = Pen(image, (size / 2, size / 2), size * 0.75, between(rng, -30, 30) + 90 * int(rng.random() * 2))
    for _ in range(120):
        x, y, long = between(rng, -1.1, 1), between(rng, -1, 1), between(rng, 0.1, 0.5)
        bend = between(rng, -0.03, 0.03)
        pen.line([(x, y), (x + long / 2, y + bend), (x + long, y)], between(rng, 0.01, 0.03),
                 (*shade(wood, pick(rng, [58, 72, 84, 120, 132])), 190))  # fmt: skip
    return image


INSECT_GROUNDS = (leaf, sand, flower, bark)
