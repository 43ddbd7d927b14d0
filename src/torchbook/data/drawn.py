"""Image sets that the package draws itself, to learn from where there is no network (Pillow and NumPy only).

Picture i of a set depends on the seed and on i alone: a shorter set is the beginning of a longer one.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
import shutil
import tempfile

import numpy as np
from PIL import Image, ImageFilter
from torchbook.data._figures import GARMENTS, INSECTS, OBJECTS, paint
from torchbook.data._pen import GROUNDS, INSECT_GROUNDS, Pen, between, pick, shade, vary
from torchbook.data.errors import DataError

OBJECT_CLASSES = tuple(OBJECTS)  # CIFAR-10's ten names, in its order
GARMENT_CLASSES = tuple(GARMENTS)  # Fashion-MNIST's ten names, in its order


def draw_objects(n: int, seed: int = 0, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Draw n little colour scenes of ten classes with CIFAR-10's names.

    Returns images uint8 (n, 3, size, size) and labels int64 (n,); each block of ten holds every class once.
    Raises ValueError for n below 1 or size below 16.
    """
    _check(n, size)
    labels = _labels("objects", n, seed)
    images = np.empty((n, 3, size, size), dtype=np.uint8)
    for i, label in enumerate(labels):
        images[i] = _object(OBJECT_CLASSES[label], Random(f"objects {seed} {i}"), size)
    return images, labels


def draw_garments(n: int, seed: int = 0, size: int = 28) -> tuple[np.ndarray, np.ndarray]:
    """Draw n garments, grey on black, of Fashion-MNIST's ten classes.

    Returns images uint8 (n, 1, size, size) and labels int64 (n,); each block of ten holds every class once.
    Raises ValueError for n below 1 or size below 16.
    """
    _check(n, size)
    labels = _labels("garments", n, seed)
    images = np.empty((n, 1, size, size), dtype=np.uint8)
    for i, label in enumerate(labels):
        images[i, 0] = _garment(GARMENT_CLASSES[label], Random(f"garments {seed} {i}"), size)
    return images, labels


def draw_insects(folder: str | Path, train: int = 200, val: int = 100, seed: int = 0, size: int = 160) -> Path:
    """Write pictures of ants and bees as folder/hymenoptera_data/{train,val}/{ants,bees}/NNNN.jpg.

    `train` and `val` count the pictures of both classes together; the first of an odd number is an ant. The folder
    appears whole or not at all, and one that is complete already is left alone. Returns .../hymenoptera_data.
    Raises ValueError for train or val below 2 or size below 16, DataError where another folder of that name lies.
    """
    for name, count in (("train", train), ("val", val)):
        if count < 2:
            raise ValueError(f"{name} is {count}: ask for 2 pictures or more, one of each class")
    _check(1, size)
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


def _check(n: int, size: int) -> None:
    if n < 1:
        raise ValueError(f"n is {n}: ask for 1 picture or more")
    if size < 16:
        raise ValueError(f"size is {size}: ask for 16 pixels or more")


def _labels(kind: str, n: int, seed: int) -> np.ndarray:
    """Labels 0 ... 9, int64 (n,): every block of ten is a permutation."""
    labels = []
    for block in range((n + 9) // 10):
        keys = Random(f"{kind} labels {seed} {block}")
        labels += [label for _, label in sorted((keys.random(), label) for label in range(10))]
    return np.array(labels[:n], dtype=np.int64)


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
    return _film(np.asarray(image.reduce(3)), rng).transpose(2, 0, 1)


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


def _film(pixels: np.ndarray, rng: Random) -> np.ndarray:
    """Change brightness and contrast of uint8 pixels and add grain, in whole numbers."""
    contrast, light, grain = int(between(rng, 185, 290)), int(between(rng, -30, 30)), int(between(rng, 4, 23))
    noise = np.frombuffer(rng.randbytes(2 * pixels.size), dtype=np.uint8).reshape(2, *pixels.shape).astype(np.int32)
    film = ((pixels.astype(np.int32) - 128) * contrast >> 8) + 128 + light + ((noise[0] - noise[1]) * grain >> 8)
    return film.clip(0, 255).astype(np.uint8)


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
    return Image.fromarray(_film(np.asarray(image), rng))
