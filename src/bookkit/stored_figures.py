"""Figures as the notebooks keep them: without what a reader cannot see, so that twice the pixels cost no space."""

from __future__ import annotations

from base64 import b64decode, b64encode
from io import BytesIO

from PIL import Image, ImageChops, ImageStat

COLORS = 256  # of a PNG file with a palette: one byte a pixel
MOST_APART = 0.3  # of 255, the mean over the pixels: above it a photograph, say, keeps its colours


def stored_figure(data: str) -> str:
    """A PNG file in base64 made smaller: no transparency where there is none, few colours where few are enough."""
    with Image.open(BytesIO(b64decode(data)), formats=["PNG"]) as image:
        dots = image.info.get("dpi")
        if image.mode == "P" or (image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)):
            return data
        colors = image.convert("RGB")
    few = colors.quantize(COLORS, dither=Image.Dither.NONE)
    apart = sum(ImageStat.Stat(ImageChops.difference(few.convert("RGB"), colors)).mean) / 3
    found = BytesIO()
    (few if apart <= MOST_APART else colors).save(found, "PNG", optimize=True, **({"dpi": dots} if dots else {}))
    return b64encode(found.getvalue()).decode("ascii")
