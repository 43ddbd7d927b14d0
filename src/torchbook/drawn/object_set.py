"""Little colour scenes of ten classes with the names of CIFAR-10."""

from __future__ import annotations

from random import Random

import numpy as np
from torchbook.drawn import animals, vehicles
from torchbook.drawn.common import check, film, make_labels
from torchbook.drawn.grounds import GROUNDS
from torchbook.drawn.paints import paint
from torchbook.drawn.pen import Pen, between, pick, shade, vary

# class: (how to draw it, the two grounds it likes, largest turn in degrees), in CIFAR-10's order
OBJECTS = {
    "airplane": (vehicles.airplane, ("sky", "sky"), 32),
    "automobile": (vehicles.automobile, ("street", "desert"), 12),
    "bird": (animals.bird, ("sky", "meadow"), 24),
    "cat": (animals.cat, ("room", "meadow"), 14),
    "deer": (animals.deer, ("meadow", "desert"), 14),
    "dog": (animals.dog, ("room", "meadow"), 14),
    "frog": (animals.frog, ("meadow", "sea"), 18),
    "horse": (animals.horse, ("meadow", "desert"), 14),
    "ship": (vehicles.ship, ("sea", "sea"), 12),
    "truck": (vehicles.truck, ("street", "street"), 12),
}


def draw_objects(n: int, seed: int = 0, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Draw n little colour scenes of ten classes with CIFAR-10's names.

    Returns images uint8 (n, 3, size, size) and labels int64 (n,); each block of ten holds every class once.
    Raises ValueError for n below 1 or size below 16.
    """
    check(n, size)
    classes, labels = tuple(OBJECTS), make_labels("objects", n, seed)
    images = np.empty((n, 3, size, size), dtype=np.uint8)
    for i, label in enumerate(labels):
        images[i] = _object(classes[label], Random(f"objects {seed} {i}"), size)
    return images, labels


def _object(name: str, rng: Random, size: int) -> np.ndarray:
    """One scene, uint8 (3, size, size), drawn three times as large and averaged down."""
    draw, likes, turn = OBJECTS[name]
    large = 3 * size
    ground = pick(rng, likes) if rng.random() < 0.4 else pick(rng, tuple(GROUNDS))
    image = GROUNDS[ground](rng, large)
    scale = between(rng, 0.305, 0.47) * large
    room = large / 2 - scale * 0.82
    centre = (large / 2 + between(rng, -room, room), large / 2 + between(rng, -room, room))
    pen = Pen(image, centre, scale, between(rng, -turn, turn), rng.random() < 0.5, between(rng, 0.85, 1.15))
    draw(pen, rng)
    if rng.random() < 0.26:
        _cover(Pen(image, (large / 2, large / 2), large / 2, between(rng, -20, 20)), rng)
    return film(np.asarray(image.reduce(3)), rng).transpose(2, 0, 1)


def _cover(pen: Pen, rng: Random) -> None:
    """Put a post, a rail or a bush before the figure."""
    x, y, wide = between(rng, -0.7, 0.7), between(rng, -0.5, 0.8), between(rng, 0.055, 0.125)
    kind = rng.random()
    if kind < 0.35:
        wood = vary(rng, pick(rng, [(110, 82, 60), (150, 150, 150), paint(rng)]))
        pen.box(x - wide, -1.5, x + wide, 1.5, wood)
        pen.box(x + wide * 0.4, -1.5, x + wide, 1.5, shade(wood, 75))
    elif kind < 0.65:
        pen.box(-1.5, y - wide * 0.7, 1.5, y + wide * 0.7, paint(rng))
    else:
        leaf = vary(rng, pick(rng, [(70, 120, 60), (120, 120, 60), (150, 90, 60)]))
        for k in range(4):
            tone = (100, 84, 112, 92)[k]
            pen.blob(x + between(rng, -0.25, 0.25), y + between(rng, -0.15, 0.15), 0.22, 0.2, shade(leaf, tone))
