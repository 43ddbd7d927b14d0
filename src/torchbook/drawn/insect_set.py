"""Pictures of ants and bees in folders, as the real set has them."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
import shutil
import tempfile

import numpy as np
from PIL import Image, ImageFilter
from torchbook.data.errors import DataError
from torchbook.drawn.common import check, film
from torchbook.drawn.grounds import INSECT_GROUNDS
from torchbook.drawn.insects import INSECTS
from torchbook.drawn.pen import Pen, between, pick, vary


def draw_insects(folder: str | Path, train: int = 200, val: int = 100, seed: int = 0, size: int = 160) -> Path:
    """Write pictures of ants and bees as folder/hymenoptera_data/{train,val}/{ants,bees}/NNNN.jpg.

    `train` and `val` count the pictures of both classes together; the first of an odd number is an ant. The folder
    appears whole or not at all, and one that is complete already is left alone. Returns .../hymenoptera_data.
    Raises ValueError for train or val below 2 or size below 16, DataError where another folder of that name lies.
    """
    for name, count in (("train", train), ("val", val)):
        if count < 2:
            raise ValueError(f"{name} is {count}: ask for 2 pictures or more, one of each class")
    check(1, size)
    home = Path(folder) / "hymenoptera_data"
    files = {
        f"{split}/{insect}/{k // 2:04d}.jpg": (insect, Random(f"insects {seed} {split} {k}"))
        for split, count in (("train", train), ("val", val))
        for k in range(count)
        for insect in (tuple(INSECTS)[k % 2],)
    }
    if all((home / name).is_file() for name in files):
        return home
    if home.exists():
        raise DataError(f"{home} exists but is not the whole drawn set: move it away, or name another folder")
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".hymenoptera_data-", dir=home.parent))
    try:
        for name, (insect, rng) in files.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            _insect(insect, rng, size).save(draft / name, quality=90)
        draft.chmod(0o755)
        os.replace(draft, home)
    except OSError:
        if not all((home / name).is_file() for name in files):  # else another process was faster
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return home


def _litter(pen: Pen, rng: Random) -> None:
    """Scatter drops of dew and dark seeds, so that neither bright nor dark spots give an insect away."""
    for _ in range(int(between(rng, 0, 6))):
        x, y, r = between(rng, -1, 1), between(rng, -1, 1), between(rng, 0.04, 0.12)
        pen.blob(x + r * 0.2, y + r * 0.3, r, r, (20, 24, 20, 60))
        pen.blob(x, y, r, r, (232, 240, 246, 110))
        pen.blob(x - r * 0.3, y - r * 0.35, r * 0.3, r * 0.25, (250, 252, 255))
    for _ in range(int(between(rng, 0, 5))):
        x, y, r = between(rng, -1, 1), between(rng, -1, 1), between(rng, 0.03, 0.08)
        pen.blob(x, y, r * 1.6, r, vary(rng, (56, 42, 34), 16), lean=between(rng, -r, r))


def _insect(name: str, rng: Random, size: int) -> Image.Image:
    """One insect on its ground, size x size pixels, drawn twice as large; the lens is not always sharp."""
    large = 2 * size
    image = pick(rng, INSECT_GROUNDS)(rng, large)
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.BoxBlur(int(between(rng, 1, 5))))
    _litter(Pen(image, (large / 2, large / 2), large / 2), rng)
    scale, angle, tall = between(rng, 0.24, 0.38) * large, between(rng, 0, 360), between(rng, 0.85, 1.15)
    x, y = (large / 2 + between(rng, -0.17, 0.17) * large for _ in range(2))
    figure = int(rng.random() * 2**32)  # the shadow and the insect are the same figure: same seed
    shadow = Image.new("RGB", (large, large), (255, 255, 255))
    INSECTS[name](Pen(shadow, (x + scale * 0.06, y + scale * 0.1), scale, angle, tall=tall), Random(figure))
    dark = shadow.convert("L").point(lambda v: 0 if v == 255 else 110).filter(ImageFilter.BoxBlur(large // 60))
    image.paste((24, 20, 24), mask=dark)
    INSECTS[name](Pen(image, (x, y), scale, angle, tall=tall), Random(figure))
    image = image.reduce(2)
    if rng.random() < 0.35:
        image = image.filter(ImageFilter.BoxBlur(1))
    return Image.fromarray(film(np.asarray(image), rng))
