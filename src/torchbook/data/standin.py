"""The stand-ins: images that come with the package or that it draws itself, so that a chapter never needs a network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image
from torchbook.data.cache import Decoded, cached, kept_folder
from torchbook.data.catalog import card
from torchbook.data.classes import classes_in, read_classes

COUNTS = {"train": 5000, "test": 1000}  # drawn objects and garments
SEEDS = {"train": 0, "test": 1}


def make(name: str, split: str, size: int, fit: str) -> Decoded:
    """Images (uint8), labels and class names of the stand-in of ``name``; drawn ones are kept for the next time."""
    if name == "digits":
        return _digits(split)
    if name == "ants-bees":
        return read_classes(classes_in(insects_folder() / split)[0], size, fit)
    from torchbook import drawn  # here, not above: reading real files imports no code that draws

    draw = {"cifar10": drawn.draw_objects, "fashion-mnist": drawn.draw_garments}[name]
    count, seed = COUNTS[split], SEEDS[split]
    classes = list(card(name).classes)
    key = f"{_drawing_code()} {count} {seed}"
    return cached(f"drawn-{name}-{split}", key, lambda: Decoded(*draw(count, seed=seed), classes))


def insects_folder() -> Path:
    """The drawn ants and bees on disk, in the layout of the real ones; drawn when first asked for."""
    from torchbook import drawn  # here, not above: reading real files imports no code that draws

    return kept_folder("drawn/insects", _drawing_code(), drawn.draw_insects) / "hymenoptera_data"


def _drawing_code() -> str:
    """What decides the drawings: the code, and the Pillow that fills its shapes. A change never meets an old cache."""
    sources = sorted((Path(__file__).parents[1] / "drawn").glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest() + f" Pillow {PIL.__version__}"


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
    return Decoded(np.stack(large)[:, None], labels, list(card("digits").classes))
