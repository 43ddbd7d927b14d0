"""A drawn photograph of one handwritten digit on paper, which stands in where a reader has taken none."""

from __future__ import annotations

from itertools import pairwise
import math
from random import Random

import numpy as np
from PIL import Image, ImageFilter
import torch
from torch import Tensor
from torchbook.drawn.pen import Pen, between

WIDTH, HEIGHT = 240, 320  # pixels
STROKES = {  # x right, y down, -1 ... 1; each list is drawn without lifting the pen
    0: [[(0.5 * math.sin(k * math.pi / 9), -0.9 * math.cos(k * math.pi / 9)) for k in range(20)]],
    1: [[(-0.35, -0.5), (0.05, -0.9), (0.05, 0.9)]],
    2: [[(-0.5, -0.5), (-0.3, -0.82), (0.05, -0.9), (0.4, -0.75), (0.45, -0.4), (0.1, 0.15), (-0.5, 0.85),
         (0.55, 0.85)]],
    3: [[(-0.45, -0.7), (-0.1, -0.9), (0.3, -0.8), (0.4, -0.45), (0.2, -0.15), (-0.1, -0.05), (0.3, 0.08),
         (0.5, 0.4), (0.3, 0.8), (-0.1, 0.9), (-0.5, 0.7)]],
    4: [[(0.15, -0.9), (-0.5, 0.25), (0.55, 0.25)], [(0.3, -0.25), (0.25, 0.9)]],
    5: [[(0.5, -0.88), (-0.35, -0.88), (-0.42, -0.1), (0.0, -0.25), (0.4, -0.05), (0.5, 0.35), (0.3, 0.75),
         (-0.1, 0.9), (-0.5, 0.7)]],
    6: [[(0.35, -0.88), (-0.1, -0.6), (-0.42, -0.05), (-0.45, 0.5), (-0.2, 0.85), (0.2, 0.88), (0.45, 0.55),
         (0.3, 0.15), (-0.05, 0.08), (-0.4, 0.35)]],
    7: [[(-0.5, -0.85), (0.5, -0.85), (0.15, -0.1), (-0.1, 0.9)]],
    8: [[(0.35, -0.6), (0.05, -0.9), (-0.3, -0.65), (-0.2, -0.25), (0.25, 0.1), (0.45, 0.5), (0.2, 0.85),
         (-0.2, 0.88), (-0.45, 0.5), (-0.25, 0.1), (0.2, -0.25), (0.35, -0.6)]],
    9: [[(0.4, -0.5), (0.1, -0.9), (-0.3, -0.75), (-0.4, -0.35), (-0.1, -0.08), (0.3, -0.25), (0.4, -0.55),
         (0.42, 0.1), (0.25, 0.9)]],
}  # fmt: skip


def draw_digit_photo(digit: int = 5, seed: int = 0) -> Tensor:
    """A sheet of paper with a digit in blue ink, uint8 (3, 320, 240): slanted, off the middle, with a shadow and grain.

    The same for the same seed. Raises ValueError for anything but a digit 0 ... 9.
    """
    if isinstance(digit, bool) or digit not in STROKES:
        raise ValueError(f"digit must be one of 0 ... 9, got {digit!r}.")
    rng = Random(f"photograph {digit} {seed}")
    sheet = Image.new("RGB", (WIDTH, HEIGHT), (232, 228, 216))
    centre = (WIDTH * between(rng, 0.38, 0.62), HEIGHT * between(rng, 0.36, 0.64))
    pen = Pen(sheet, centre, scale=between(rng, 52, 72), angle=between(rng, -9, 9))
    ink, width = (40, 52, 120), between(rng, 0.2, 0.26)
    for stroke in STROKES[digit]:
        points = [(x - 0.15 * y, y) for x, y in _rounded(stroke)]  # handwriting leans to the right
        pen.line(points, width, ink)
        for x, y in (points[0], points[-1]):
            pen.blob(x, y, width / 2, width / 2, ink)
    pixels = np.asarray(sheet.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float64)
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    light = 0.95 - 0.4 * (x * between(rng, 0.6, 1) + (1 - y) * between(rng, 0.2, 0.4))  # a shadow from one side
    grain = np.frombuffer(rng.randbytes(WIDTH * HEIGHT), dtype=np.uint8).reshape(HEIGHT, WIDTH) / 255 - 0.5
    pixels = pixels * light[..., None] + 14 * grain[..., None]
    return torch.from_numpy(np.rint(pixels).clip(0, 255).astype(np.uint8)).permute(2, 0, 1)


def _rounded(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Corners cut twice (Chaikin), the ends kept."""
    for _ in range(2):
        cut = [points[0]]
        for (x0, y0), (x1, y1) in pairwise(points):
            cut += [(0.75 * x0 + 0.25 * x1, 0.75 * y0 + 0.25 * y1), (0.25 * x0 + 0.75 * x1, 0.25 * y0 + 0.75 * y1)]
        points = [*cut, points[-1]]
    return points
