"""A pen for small figures in their own coordinates, and ways to vary a colour (Pillow only)."""

from __future__ import annotations

from itertools import pairwise
import math
from random import Random

from PIL import Image, ImageDraw

Colour = tuple[int, ...]  # red, green, blue and, where it shines through, opacity; each 0 ... 255
Point = tuple[float, float]

# Points of the unit circle; three decimals, so that no machine's sine decides a pixel.
CIRCLE = [(round(math.cos(k * math.pi / 9), 3), round(math.sin(k * math.pi / 9), 3)) for k in range(18)]


class Pen:
    """Draws figures given in x right, y down, -1 ... 1, placed, turned and flipped on a picture.

    `scale` is the half-width of the figure in pixels, `angle` is in degrees and `tall` stretches its height.
    Corners are rounded to whole pixels. A colour with a fourth number (0 clear ... 255 opaque) shines through.
    """

    def __init__(
        self, image: Image.Image, centre: Point, scale: float, angle: float = 0.0, flip: bool = False, tall: float = 1.0
    ):
        self._draw = ImageDraw.Draw(image, "RGBA")
        self.scale = scale
        self._x, self._y = centre
        cosine, sine = math.cos(math.radians(angle)) * scale, math.sin(math.radians(angle)) * scale
        side = -1 if flip else 1
        self._xx, self._xy, self._yx, self._yy = side * cosine, -sine * tall, side * sine, cosine * tall

    def _place(self, points: list[Point]) -> list[tuple[int, int]]:
        return [
            (
                math.floor(self._x + self._xx * x + self._xy * y + 0.5),
                math.floor(self._y + self._yx * x + self._yy * y + 0.5),
            )
            for x, y in points
        ]

    def shape(self, points: list[Point], colour: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self._place(points), fill=colour)

    def blob(self, x: float, y: float, rx: float, ry: float, colour: Colour, lean: float = 0.0) -> None:
        """Fill an ellipse; `lean` moves its top to the left for a positive value (a shear)."""
        self._draw.polygon(self._place([(x + rx * c + lean * s, y + ry * s) for c, s in CIRCLE]), fill=colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self._draw.polygon(self._place([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), fill=colour)

    def line(self, points: list[Point], width: float, colour: Colour) -> None:
        """Draw a line through points; `width` in figure units."""
        pixels = max(1, math.floor(width * self.scale + 0.5))
        self._draw.line(self._place(points), fill=colour, width=pixels, joint="curve" if pixels > 4 else None)

    def limb(self, points: list[Point], width0: float, width1: float, colour: Colour) -> None:
        """Draw a tapering limb from the first to the last of three or fewer points, with a round end."""
        for (xa, ya), (xb, yb) in pairwise(points):
            self.line([(xa, ya), (xb, yb)], width0, colour)
            width0 = (width0 + width1) / 2
        self.blob(*points[-1], width0 / 2, width0 / 2, colour)


def shade(colour: Colour, percent: int) -> Colour:
    """Darken (below 100) or lighten (above 100) a colour."""
    if percent <= 100:
        return tuple(c * percent // 100 for c in colour)
    return tuple(c + (255 - c) * (percent - 100) // 100 for c in colour)


def vary(rng: Random, colour: Colour, by: int = 24) -> Colour:
    """Move each channel of a colour by at most `by`."""
    return tuple(min(255, max(0, c + int((2 * rng.random() - 1) * by))) for c in colour)


def between(rng: Random, low: float, high: float) -> float:
    """Uniform between low and high."""
    return low + (high - low) * rng.random()


def pick(rng: Random, items):
    """One item of a sequence."""
    return items[int(rng.random() * len(items))]
