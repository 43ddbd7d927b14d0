"""Garments, grey on black, of ten classes with the names of Fashion-MNIST."""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image
from torchbook.drawn.common import check, make_labels
from torchbook.drawn.garments import GARMENTS
from torchbook.drawn.pen import Pen, between


def draw_garments(n: int, seed: int = 0, size: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """Draw n garments, grey on black, of Fashion-MNIST's ten classes.

    Returns images uint8 (n, 1, size, size) and labels int64 (n,); each block of ten holds every class once.
    Raises ValueError for n below 1 or size below 16.
    """
    check(n, size)
    classes, labels = tuple(GARMENTS), make_labels("garments", n, seed)
    images = np.empty((n, 1, size, size), dtype=np.uint8)
    for i, label in enumerate(labels):
        images[i, 0] = _garment(classes[label], Random(f"garments {seed} {i}"), size)
    return images, labels


def _garment(name: str, rng: Random, size: int) -> np.ndarray:
    """One garment, uint8 (size, size), drawn three times as large and averaged down."""
    large = 3 * size
    image = Image.new("RGB", (large, large))
    middle = large / 2
    centre = (middle + between(rng, -0.11, 0.11) * large, middle + between(rng, -0.11, 0.11) * large)
    scale, turn, tall = between(rng, 0.35, 0.49) * large, between(rng, -14, 14), between(rng, 0.85, 1.08)
    GARMENTS[name](Pen(image, centre, scale, turn, rng.random() < 0.3, tall), rng)
    cloth = np.asarray(image.getchannel(0)).astype(np.int32)
    cloth = cloth * _weave(rng, large) >> 8
    small = np.asarray(Image.fromarray(cloth.clip(0, 255).astype(np.uint8)).reduce(3)).astype(np.int32)
    noise = np.frombuffer(rng.randbytes(size * size), dtype=np.uint8).reshape(size, size).astype(np.int32)
    return (small * (256 + (noise - 128) * int(between(rng, 6, 36)) // 128) >> 8).clip(0, 255).astype(np.uint8)


def _weave(rng: Random, size: int) -> np.ndarray:
    """A texture to multiply cloth by, int32 (size, size), 256 for unchanged: plain, stripes, checks or folds."""
    y, x = np.mgrid[:size, :size].astype(np.int32)
    wide, deep = max(2, int(between(rng, 0.04, 0.12) * size)), int(between(rng, 30, 120))
    kind = rng.random()
    if kind < 0.58:
        fall = int(between(rng, -60, 60))
        return 256 + fall * (2 * x - size) // size
    if kind < 0.72:
        return 256 - deep * (y // wide % 2)
    if kind < 0.84:
        return 256 - deep * (x // wide % 2)
    if kind < 0.93:
        return 256 - deep * (x // wide % 2 + y // wide % 2) // 2
    return 256 - deep * ((x + y) // wide % 3 == 0)
