"""Tiny data sets on disk in every form that the real ones have, and pictures whose pixels are known."""

from __future__ import annotations

import gzip
from pathlib import Path
import pickle
import struct

import numpy as np
from PIL import Image

CIFAR_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BATCHES = [f"data_batch_{number}" for number in range(1, 6)]


def pixels(count: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random uint8 (count, *shape)."""
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


class Python2Pickler(pickle._Pickler):
    """Writes as Python 2 did with protocol 2: bytes as plain strings, NumPy under its old name."""

    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012

    def save_bytes(self, value: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes

    def save_global(self, obj, name=None) -> None:
        if getattr(obj, "__name__", "") == "_reconstruct":
            self.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            self.memoize(obj)
        else:
            super().save_global(obj, name)

    for kind in (type(pickle.loads), type(lambda: 0), type):
        dispatch[kind] = save_global


def write_pickle(path: Path, value, python2: bool = True) -> None:
    with path.open("wb") as file:
        (Python2Pickler if python2 else pickle.Pickler)(file, protocol=2).dump(value)


def cifar_batches(root: Path, each: int = 20, python2: bool = True) -> Path:
    """cifar-10-batches-py with six files of `each` pictures; labels 0 ... 9 in turn."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for number, name in enumerate([*BATCHES, "test_batch"]):
        labels = [k % 10 for k in range(each)]
        data = pixels(each, (3072,), seed=number)
        write_pickle(folder / name, {b"data": data, b"labels": labels, b"filenames": [b"a.png"] * each}, python2)
    return folder


def image_folder(folder: Path, classes, each: int = 2, ending: str = "png", shape=(32, 32)) -> Path:
    """folder/<class>/<k>.<ending>: the pictures of class c are filled with 20 * c + k, k from 0."""
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for k in range(each):
            filled = np.full((*shape, 3), 20 * label + k, dtype=np.uint8)
            Image.fromarray(filled).save(folder / name / f"{k:04d}.{ending}", quality=95)
    return folder


def idx_bytes(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


def fashion_files(root: Path, train: int = 30, test: int = 10, packed: bool = False) -> Path:
    """FashionMNIST/raw with its four files, plain or .gz; labels 0 ... 9 in turn."""
    folder = root / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for prefix, count, seed in (("train", train, 0), ("t10k", test, 1)):
        labels = np.arange(count, dtype=np.uint8) % 10
        parts = {"images-idx3": pixels(count, (28, 28), seed), "labels-idx1": labels}
        for part, array in parts.items():
            content, name = idx_bytes(array), f"{prefix}-{part}-ubyte"
            (folder / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(content) if packed else content)
    return folder
