"""One call to labelled images, wherever they come from: your own folder, the real data, or the stand-in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from numbers import Integral
import os
from pathlib import Path

import torch
from torch import Tensor
from torchbook.data import decode, own, standin
from torchbook.data.catalog import CATALOG, card
from torchbook.data.errors import DataError
from torchbook.data.folders import SOURCES, as_path, real_path
from torchbook.data.pictures import FITS, is_folder, pictures_in, read_picture, room_for

NAMES = tuple(name for name, entry in CATALOG.items() if entry.classes)


@dataclass(frozen=True)
class ImageSet:
    """Labelled images in memory: uint8 images (N, C, H, W), int64 labels (N,), class names, and where they came from.

    role: what they are for, "train", "val" or "test" (None: not said); a part of a set has the role of the set.
    It is a map-style data set (``len`` and ``[i]``), so a ``DataLoader`` can take it as it is.
    Raises ValueError where images and labels differ in number, or a label is the number of no class.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    source: str
    role: str | None = None

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise ValueError(f"Each image needs a label: {len(self.images)} images have {len(self.labels)} labels.")
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise ValueError(
                f"Labels must lie between 0 and {len(self.classes) - 1}, as there are {len(self.classes)} classes; "
                f"got {int(self.labels.min())} to {int(self.labels.max())}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.images[index], int(self.labels[index])

    def subset(self, indices: Tensor) -> ImageSet:
        """The examples at ``indices`` (a tensor of positions), in that order."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def split(self, val_fraction: float = 0.1, seed: int = 0) -> tuple[ImageSet, ImageSet]:
        """Split into training and validation sets, stratified by class, the same for the same seed.

        Their roles are "train" and "val"; both parts of validation or test images stay what they are.
        Raises ValueError unless 0 < val_fraction < 1 leaves at least one example of each class on both sides.
        """
        if not 0 < val_fraction < 1:
            raise ValueError(f"val_fraction must lie between 0 and 1, got {val_fraction}.")
        if not len(self):
            raise ValueError("There is no example to split; both sides need at least one.")
        generator = torch.Generator().manual_seed(seed)
        held_out = torch.zeros(len(self), dtype=torch.bool)
        for label in self.labels.unique():
            members = (self.labels == label).nonzero().squeeze(1)
            count = round(val_fraction * len(members))
            if not 0 < count < len(members):
                raise ValueError(
                    f"val_fraction={val_fraction} leaves {count} of {len(members)} examples of class "
                    f"{self.classes[label]!r} for validation; both sides need at least one."
                )
            held_out[members[torch.randperm(len(members), generator=generator)[:count]]] = True
        parts = self.subset((~held_out).nonzero().squeeze(1)), self.subset(held_out.nonzero().squeeze(1))
        if self.role in ("val", "test"):
            return parts
        return replace(parts[0], role="train"), replace(parts[1], role="val")

    def limited(self, limit: int) -> ImageSet:
        """The first ``limit`` examples with the classes as evenly filled as they can be, in their original order.

        Raises ValueError unless it is a whole number between 1 and the number of images.
        """
        if isinstance(limit, bool) or not isinstance(limit, Integral):
            raise ValueError(f"limit must be a whole number of images; got {limit!r}.")
        if not 1 <= limit <= len(self):
            raise ValueError(f"limit must lie between 1 and {len(self)}, the number of images there are; got {limit}.")
        one_hot = torch.nn.functional.one_hot(self.labels.long(), len(self.classes))
        rank = one_hot.cumsum(0).gather(1, self.labels[:, None].long()).squeeze(1)  # (N,): how many of its class so far
        chosen = torch.argsort(rank, stable=True)[:limit].sort().values
        return self.subset(chosen)


def load_images(
    name: str | None = None,
    split: str = "train",
    *,
    folder: str | os.PathLike | None = None,
    source: str = "auto",
    limit: int | None = None,
    size: int | None = None,
    fit: str = "crop",
    seed: int = 0,
) -> ImageSet:
    """Load labelled images: ``digits``, ``cifar10``, ``fashion-mnist``, ``ants-bees``, or the pictures of a ``folder``.

    A set by its name. folder: where the real data lie; it must have them. source: ``"auto"`` (folder,
    $TORCHBOOK_DATA, the cache, then the stand-in that the package draws), ``"embedded"`` (the stand-in) or ``"real"``.
    ants-bees has no test images: what is measured on its "val" is a validation result.

    Without a name, your own pictures in ``folder``: ``train`` and ``val`` (or ``test``) with one folder a class in
    each, or one folder a class alone, of which a fifth is held out by ``seed``. split: "train", "val" or "test"; where
    the folder holds out one part only, that part is given for both, so use it as one of them.

    limit: so many images, classes balanced. size and fit: of photos that differ; squares of ``size`` pixels (64), cut
    out of the middle ("crop") or with the whole photo on black ("pad").
    Returns an ``ImageSet``: uint8 (N, C, H, W), int64 (N,); its role is the split. Nothing is downloaded.
    Raises ValueError for a bad argument, DataError for data that are missing or broken.
    """
    splits = own.SPLITS if name is None else _known(name).splits
    if split not in splits:
        raise ValueError(f"{name or folder} has no split {split!r}: use {' or '.join(map(repr, splits))}.")
    if source not in SOURCES:
        raise ValueError(f"Unknown source {source!r}: use one of {', '.join(SOURCES)}.")
    size = _checked(name, size, fit)
    if name is None:
        if not folder:
            raise ValueError(f"Give a folder of your own pictures, or the name of a set: {', '.join(NAMES)}.")
        made, origin = own.read_own(as_path(folder), split, size, fit, seed)
    elif name != "digits" and (found := real_path(name, folder, source)) is not None:
        made = decode.read_real(name, split, found, size, fit)
        whole, count = card(name).counts[split], len(made.labels)
        origin = f"real {card(name).title} ({found.name}{'' if count == whole else f', {count:,} of {whole:,}'})"
    else:
        made, origin = standin.make(name, split, size, fit), card(name).stand_in_source
    result = ImageSet(
        torch.from_numpy(made.images), torch.from_numpy(made.labels), tuple(made.classes), origin, role=split
    )
    return result if limit is None else result.limited(limit)


def image_folder(
    name: str | None = None, folder: str | os.PathLike | None = None, source: str = "auto", seed: int = 0
) -> Path:
    """The place on disk of a set of the form ``{train,val}/<class>/*.jpg``, for torchvision's ``ImageFolder``.

    name: ``ants-bees``, also where nothing is given; folder and source as for ``load_images``. The stand-in is drawn
    into the cache when it is first asked for. Without a name, your own pictures in ``folder``, in any form that
    ``load_images`` reads, are copied into the cache in that form.
    Raises ValueError for a bad argument, DataError for real data that are asked for and absent.
    """
    if source not in SOURCES:
        raise ValueError(f"Unknown source {source!r}: use one of {', '.join(SOURCES)}.")
    if name is None and folder is not None:
        return own.own_image_folder(as_path(folder), seed)
    if name not in (None, "ants-bees"):
        raise ValueError(f"{name!r} does not come as a folder of pictures: use 'ants-bees'.")
    found = real_path("ants-bees", folder, source)
    return standin.insects_folder() if found is None else decode.for_image_folder("ants-bees", found)


@dataclass(frozen=True)
class Pictures:
    """Pictures without labels: uint8 images (N, 3, H, W), the names of their files, and where they came from."""

    images: Tensor
    names: tuple[str, ...]
    source: str


def load_pictures(path: str | os.PathLike, *, size: int = 64, fit: str = "crop") -> Pictures:
    """Read your own pictures to predict what they show: one picture file, or those that lie in a folder, by name.

    size and fit as for ``load_images``. Raises ValueError for a bad argument, DataError for a file that is no picture
    and for a folder without pictures or with more than the memory holds.
    """
    path, size = as_path(path), _checked(None, size, fit)
    files, left_out = pictures_in(path) if is_folder(path) else ([path], Counter())
    if not files:
        raise DataError(f"{path} has no pictures in it: name the folder in which they lie.")
    images = room_for(len(files), size)
    for image, file in zip(images, files, strict=True):
        image[:] = read_picture(file, size, fit)
    said = f" (left out: {own.listed(left_out)})" if left_out else ""
    return Pictures(torch.from_numpy(images), tuple(file.name for file in files), own.whose(path, len(files)) + said)


def _known(name: str):
    """The card of an image set."""
    if name not in NAMES:
        raise ValueError(
            f"Unknown image set {name!r}: use one of {', '.join(NAMES)}, or folder=... alone for your own pictures."
        )
    return card(name)


def _checked(name: str | None, size: int | None, fit: str) -> int:
    """The size of the pictures, in pixels."""
    if fit not in FITS:
        raise ValueError(f"Unknown fit {fit!r}: use {' or '.join(map(repr, FITS))}.")
    if name not in (None, "ants-bees"):
        if size is not None:
            raise ValueError(f"size is for ants-bees and your own pictures alone; got {size} for {name}.")
        return 32
    size = 64 if size is None else size
    if isinstance(size, bool) or not isinstance(size, int) or not 8 <= size <= 4096:
        raise ValueError(f"size must be a whole number of pixels, at least 8 pixels and 4096 at most; got {size!r}.")
    return size
