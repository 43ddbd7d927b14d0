"""A reader's own pictures: which layout their folder has, and which files belong to which class and split."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
import hashlib
import os
from pathlib import Path
from random import Random

import PIL
from torchbook.data.cache import Decoded, cached, kept_folder, state_of
from torchbook.data.classes import Classes, classes_in, read_classes
from torchbook.data.errors import DataError
from torchbook.data.pictures import folders_in, is_folder, open_picture, sorted_out, written

SPLITS = ("train", "val", "test")
FOLDERS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
           "test": "test", "testing": "test"}  # fmt: skip
HELD_OUT = 0.2  # of each class, where the folder has no parts of its own
RULES = 2  # how pictures are read; a change makes what the cache keeps of them invisible
LARGEST = 512  # short side, in pixels, of the copies for ImageFolder
LONGEST = 65_500  # long side: a JPEG can't have more


@dataclass(frozen=True)
class Part:
    """One split: the files of each class, what was left out (by kind), and how the split came about."""

    classes: Classes
    left_out: Counter
    origin: str


def read_own(folder: Path, split: str, size: int, fit: str, seed: int) -> tuple[Decoded, str]:
    """The images of one split of a reader's folder, and the line that says whose they are and what was left out.

    Raises DataError for a folder that does not hold what a classifier needs.
    """
    part = chosen_part(folder, split, seed)
    label = f"own-{_mark(folder)}-{split}-{size}-{fit}"
    made = cached(label, _key(part, seed), lambda: read_classes(part.classes, size, fit))
    left_out = f"left out: {listed(part.left_out)}" if part.left_out else ""
    details = "; ".join(filter(None, (part.origin, left_out, made.note)))
    return made, f"{whose(folder, len(made.labels))}, {len(made.classes)} classes ({details})"


def own_image_folder(folder: Path, seed: int) -> Path:
    """A copy of the pictures, in the cache, as {train,val}/<class>/*.jpg, upright and in RGB, for ``ImageFolder``.

    Pictures whose short side is over 512 pixels, or that are too long for a JPEG, are made smaller. Where both val and
    test are there, test comes along; what else is left out is said by ``load_images``.
    """
    parts = split_parts(folder, seed)
    if "val" not in parts:
        parts["val"] = parts.pop("test")
    name = folder.resolve().name or "pictures"

    def write(home: Path) -> None:
        for split, part in parts.items():
            for label, files in part.classes.items():
                place = home / name / split / label
                place.mkdir(parents=True)
                for number, path in enumerate(files):
                    picture = open_picture(path)[0]
                    scale = min(LARGEST / min(picture.size), LONGEST / max(picture.size))
                    if scale < 1:
                        picture = picture.resize([max(1, round(side * scale)) for side in picture.size])
                    picture.save(place / f"{number:06d}.jpg", quality=95, subsampling=0)

    key = "".join(_key(part, seed) for part in parts.values())
    return kept_folder(f"pictures/own-{_mark(folder)}", key, write) / name


def chosen_part(folder: Path, split: str, seed: int) -> Part:
    """The part of the folder that is asked for; where only one is held out, it is the one for "val" and for "test"."""
    parts = split_parts(folder, seed)
    if split in parts:
        return parts[split]
    (held_out,) = (part for name, part in parts.items() if name != "train")
    return replace(held_out, origin=f"{held_out.origin}, taken for {split}")


def split_parts(folder: Path, seed: int) -> dict[str, Part]:
    """The splits of a folder: "train" and "val", "test" or both.

    Forms: train and val (or valid, validation, test) with class folders in each; or class folders alone, of which a
    fifth of each class is held out by ``seed``. One folder around these does no harm.
    """
    home = _home(folder)
    inner = folders_in(home)
    splits = {path: FOLDERS[path.name.lower()] for path in inner if path.name.lower() in FOLDERS}
    nested = [path for path in splits if folders_in(path)]
    if not nested:
        if splits and len(splits) == len(inner):
            names = " and ".join(path.name for path in splits)
            raise DataError(f"{home} has {names} without class folders: put the pictures of each class in a folder.")
        return _by_seed(home, seed, Counter())
    found = {}
    for path in nested:
        if splits[path] in found:
            raise DataError(f"{home} has two folders for {splits[path]}: leave one, and move the other away.")
        found[splits[path]] = path
    if "train" not in found:
        raise DataError(f"{home} has {nested[0].name}, but no folder train with class folders: add it.")
    beside: Counter = Counter()  # pictures that belong to no split
    for path in [home, *(path for path in inner if path not in nested)]:
        count = len(sorted_out(path)[0])
        beside[f"in {path.name}" if path != home else "beside the folders"] += count
    parts = {}
    for split, path in found.items():
        classes, left_out = classes_in(path)
        parts[split] = Part(classes, left_out + beside, path.name)
    if len(parts) == 1:
        return _by_seed(found["train"], seed, beside)
    for split, part in parts.items():
        _compare(parts["train"].classes, part.classes, found["train"], found[split])
    _at_least_two(parts["train"].classes, home)
    return parts


def _home(folder: Path) -> Path:
    """The folder itself, or the only one in it where that holds the class folders, as an unpacked archive has it."""
    if not is_folder(folder):
        absent = f"{folder} is not a folder" if os.path.exists(folder) else f"There is no folder {folder}"
        raise DataError(f"{absent}: name the one that holds your pictures.")
    while True:
        loose, inner, _ = sorted_out(folder)
        only = inner[0] if len(inner) == 1 and not loose else None
        if only is None or not folders_in(only) or FOLDERS.get(only.name.lower(), "train") != "train":
            return folder
        folder = only


def _by_seed(folder: Path, seed: int, beside: Counter) -> dict[str, Part]:
    """Hold out a fifth of each class, one picture at least."""
    classes, left_out = classes_in(folder)
    _at_least_two(classes, folder)
    train, val = {}, {}
    for name, files in classes.items():
        if len(files) < 2:
            raise DataError(f"The class {name!r} of {folder} has 1 picture: it needs 2, one of them to be held out.")
        rng = Random(f"{seed} {name}")
        order = [path for _, path in sorted((rng.random(), path) for path in files)]
        held = max(1, round(HELD_OUT * len(files)))
        train[name], val[name] = sorted(order[held:]), sorted(order[:held])
    return {
        "train": Part(train, left_out + beside, f"four fifths, by seed {seed}"),
        "val": Part(val, left_out + beside, f"the fifth held out by seed {seed}"),
    }


def _at_least_two(classes: Classes, folder: Path) -> None:
    if len(classes) < 2:
        raise DataError(f"{folder} has one class alone ({next(iter(classes))}): a classifier needs two or more.")


def _compare(train: Classes, other: Classes, train_folder: Path, other_folder: Path) -> None:
    """Classes must be the same in both: else the labels of one would mean other things in the other."""
    for has, lacks, there, absent in (
        (train, other, train_folder, other_folder),
        (other, train, other_folder, train_folder),
    ):
        for name in has:
            if name not in lacks:
                raise DataError(
                    f"The class {name!r} is in {there.name}, but not in {absent.name}, of {there.parent}: "
                    "add it there, or remove it here."
                )


def _mark(folder: Path) -> str:
    """A short name for a place on disk."""
    return hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _key(part: Part, seed: int) -> str:
    folders = sorted({path.parent for files in part.classes.values() for path in files})
    return f"{seed} rules {RULES} Pillow {PIL.__version__} {part.origin}" + "".join(map(state_of, folders))


def listed(left_out: Counter) -> str:
    """What was left out, in words."""
    return ", ".join(f"{count} {written(kind)}" for kind, count in sorted(left_out.items()))


def whose(place: Path, count: int) -> str:
    """The beginning of the line that says where pictures came from."""
    return f"your pictures in {written(place.resolve().name)}: {count:,} picture{'s' if count != 1 else ''}"
