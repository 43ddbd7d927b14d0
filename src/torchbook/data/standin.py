"""The stand-ins: images that come with the package or that it draws itself, so that a chapter never needs a network."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
import tempfile
import warnings

import numpy as np
from PIL import Image
from torchbook.data import drawn
from torchbook.data.decode import Decoded, cached, read_image_folder
from torchbook.data.folders import cache_folder

DESCRIPTIONS = {
    "digits": "real handwritten digits of scikit-learn (8x8 scans, enlarged to 32x32)",
    "cifar10": "drawn objects, the stand-in (real photographs: bookkit data fetch cifar10)",
    "fashion-mnist": "drawn garments, the stand-in (real photographs: bookkit data fetch fashion-mnist)",
    "ants-bees": "drawn insects, the stand-in (real photographs: bookkit data fetch ants-bees)",
}
COUNTS = {"train": 5000, "test": 1000}  # drawn objects and garments
SEEDS = {"train": 0, "test": 1}


def make(name: str, split: str, size: int | None) -> Decoded:
    """Images (uint8), labels and class names of the stand-in of ``name``; drawn ones are kept for the next time."""
    if name == "digits":
        return _digits(split)
    if name == "ants-bees":
        return read_image_folder(insects_folder() / split, size)
    draw, classes = {
        "cifar10": (drawn.draw_objects, drawn.OBJECT_CLASSES),
        "fashion-mnist": (drawn.draw_garments, drawn.GARMENT_CLASSES),
    }[name]
    count, seed = COUNTS[split], SEEDS[split]
    key = f"{_drawing_code()} {count} {seed}"
    return cached(f"drawn-{name}-{split}", [], lambda: (*draw(count, seed=seed), list(classes)), key=key)


def insects_folder() -> Path:
    """The drawn ants and bees on disk, in the layout of the real ones; drawn when first asked for."""
    folder = cache_folder() / "drawn" / _drawing_code()
    try:
        return drawn.draw_insects(folder)
    except OSError as error:  # a read-only home, a full disk
        warnings.warn(f"The drawn pictures could not be kept in {folder}: {error}.", stacklevel=2)
        return drawn.draw_insects(Path(_temporary_folder().name))


@functools.cache
def _temporary_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="torchbook-")  # removed when the process ends


def _drawing_code() -> str:
    """A short hash of the code that draws: a changed drawing never meets an old cache."""
    folder = Path(drawn.__file__).parent
    sources = [folder / "drawn.py", *sorted(folder.glob("_*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def _digits(split: str) -> Decoded:
    """1,797 scans of 8x8 pixels with 17 shades, enlarged to 32x32 uint8; every fifth one is the test set."""
    from sklearn.datasets import load_digits  # slow to import; needed here alone

    digits = load_digits()
    shades = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # (1797, 8, 8)
    chosen = np.arange(len(shades)) % 5 == 0
    if split == "train":
        chosen = ~chosen
    large = [np.asarray(Image.fromarray(shade).resize((32, 32), Image.Resampling.BICUBIC)) for shade in shades[chosen]]
    labels = digits.target[chosen].astype(np.int64)
    return np.stack(large)[:, None], labels, [str(digit) for digit in range(10)]
