"""What the drawn sets share: their labels, the limits of their arguments, and the film that they are taken on."""

from __future__ import annotations

from random import Random

import numpy as np
from torchbook.drawn.pen import between


def check(n: int, size: int) -> None:
    if n < 1:
        raise ValueError(f"n is {n}: ask for 1 picture or more")
    if size < 16:
        raise ValueError(f"size is {size}: ask for 16 pixels or more")


def make_labels(kind: str, n: int, seed: int) -> np.ndarray:
    """Labels 0 ... 9, int64 (n,): every block of ten is a permutation."""
    labels = []
    for block in range((n + 9) // 10):
        keys = Random(f"{kind} labels {seed} {block}")
        labels += [label for _, label in sorted((keys.random(), label) for label in range(10))]
    return np.array(labels[:n], dtype=np.int64)


def film(pixels: np.ndarray, rng: Random) -> np.ndarray:
    """Change brightness and contrast of uint8 pixels and add grain, in whole numbers."""
    contrast, light, grain = int(between(rng, 185, 290)), int(between(rng, -30, 30)), int(between(rng, 4, 23))
    noise = np.frombuffer(rng.randbytes(2 * pixels.size), dtype=np.uint8).reshape(2, *pixels.shape).astype(np.int32)
    film = ((pixels.astype(np.int32) - 128) * contrast >> 8) + 128 + light + ((noise[0] - noise[1]) * grain >> 8)
    return film.clip(0, 255).astype(np.uint8)
