"""Read the real image files in every form that people have them, and keep the decoded arrays for the next time."""

from __future__ import annotations

import os
from pathlib import Path

import PIL
from torchbook.data.cache import Decoded, cached, kept_folder, state_of
from torchbook.data.catalog import card
from torchbook.data.cifar import read_batches
from torchbook.data.classes import Classes, classes_in, read_classes
from torchbook.data.errors import DataError
from torchbook.data.folders import exists, readable
from torchbook.data.idx import read_idx
from torchbook.data.pictures import is_junk

ENDINGS = frozenset({".png", ".jpg", ".jpeg"})  # of the book's sets: the one .gif among the ants shows no ant


def read_real(name: str, split: str, found: Path, size: int, fit: str) -> Decoded:
    """Decode the real files of ``name`` below ``found`` (one of the card's folders), or take them from the cache."""
    if name == "cifar10" and found.name == "cifar-10-batches-py":
        if not os.path.isdir(found):
            raise DataError(f"{found} is not a folder: move it away, and fetch the data again.")
        return cached(f"cifar10-{split}", state_of(found), lambda: read_batches(found, split))
    if name == "fashion-mnist":
        return read_idx(found, split)
    classes = known_classes(name, split, found)
    key = f"Pillow {PIL.__version__}" + "".join(state_of(files[0].parent) for files in classes.values())
    exact = name == "cifar10"
    label = f"{name}-{split}" if exact else f"{name}-{split}-{size}-{fit}"
    return cached(label, key, lambda: read_classes(classes, size, None if exact else fit))


def known_classes(name: str, split: str, found: Path) -> Classes:
    """The pictures of each class of a set of the book.

    Raises DataError where the folder has other classes than the set, and where it cannot be read.
    """
    entry, folder = card(name), found / split
    with readable(found):
        is_folder = exists(folder) and folder.is_dir()
    if not is_folder:
        raise DataError(f"{found} has no folder {split}: fetch the data again.")
    with readable(folder):
        present = {path.name for path in folder.iterdir() if path.is_dir()}
    missing = [label for label in entry.classes if label not in present]
    if missing and present:
        raise DataError(
            f"The class {missing[0]!r} of {entry.title} is missing in {split} of {found}: fetch the data again, "
            "or leave the name out to read your own pictures: load_images(folder=...)."
        )
    classes = classes_in(folder, ENDINGS)[0]
    strange = [label for label in classes if label not in entry.classes]
    if strange:
        raise DataError(
            f"The class {strange[0]!r} in {split} of {found} is none of {entry.title}: move it away, "
            "or leave the name out to read your own pictures: load_images(folder=...)."
        )
    return {label: classes[label] for label in entry.classes}


def for_image_folder(name: str, found: Path) -> Path:
    """The folder of a real set, for torchvision's ``ImageFolder``: itself, or a copy without what torchvision minds.

    It takes every folder for a class, .ipynb_checkpoints too, and stops at a file like ._0.jpg of macOS.
    """
    classes = {split: known_classes(name, split, found) for split in card(name).splits}
    if not any(is_junk(path.name) for pattern in ("*/*", "*/*/*") for path in found.glob(pattern)):
        return found

    def write(home: Path) -> None:
        for split, parts in classes.items():
            for label, files in parts.items():
                place = home / found.name / split / label
                place.mkdir(parents=True)
                for path in files:
                    if not os.path.isfile(path):
                        raise DataError(f"{path} is no picture file (a broken link, a folder or a pipe): remove it.")
                    with readable(path):
                        content = path.read_bytes()
                    (place / path.name).write_bytes(content)

    key = "".join(state_of(files[0].parent) for parts in classes.values() for files in parts.values())
    return kept_folder(f"pictures/{name}", key, write) / found.name
