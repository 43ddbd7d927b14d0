"""One call to labelled images, wherever they come from: a folder, $TORCHBOOK_DATA, the cache, or the stand-in."""

from __future__ import annotations

from dataclasses import dataclass, replace
import os
from pathlib import Path

import torch
from torch import Tensor
from torchbook.data import decode, standin
from torchbook.data.catalog import card
from torchbook.data.folders import SOURCES, real_path

SPLITS = {
    "digits": ("train", "test"),
    "cifar10": ("train", "test"),
    "fashion-mnist": ("train", "test"),
    "ants-bees": ("train", "val"),
}


@dataclass(frozen=True)
class ImageSet:
    """Labelled images in memory: uint8 images (N, C, H, W), int64 labels (N,), class names, and where they came from.

    It is a map-style data set (``len`` and ``[i]``), so a ``DataLoader`` can take it as it is.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    source: str

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.images[index], int(self.labels[index])

    def subset(self, indices: Tensor) -> ImageSet:
        """The examples at ``indices`` (a tensor of positions), in that order."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def split(self, val_fraction: float = 0.1, seed: int = 0) -> tuple[ImageSet, ImageSet]:
        """Split into training and validation sets, stratified by class, the same for the same seed.

        Raises ValueError unless 0 < val_fraction < 1 leaves at least one example of each class on both sides.
        """
        if not 0 < val_fraction < 1:
            raise ValueError(f"val_fraction must lie between 0 and 1, got {val_fraction}.")
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
        return self.subset((~held_out).nonzero().squeeze(1)), self.subset(held_out.nonzero().squeeze(1))

    def limited(self, limit: int) -> ImageSet:
        """The first ``limit`` examples with the classes as evenly filled as they can be, in their original order."""
        if not 1 <= limit <= len(self):
            raise ValueError(f"limit must lie between 1 and {len(self)}, the number of images there are; got {limit}.")
        one_hot = torch.nn.functional.one_hot(self.labels, len(self.classes))
        rank = one_hot.cumsum(0).gather(1, self.labels[:, None]).squeeze(1)  # (N,): how many of its class so far
        chosen = torch.argsort(rank, stable=True)[:limit].sort().values
        return self.subset(chosen)


def load_images(
    name: str,
    split: str = "train",
    *,
    folder: str | os.PathLike | None = None,
    source: str = "auto",
    limit: int | None = None,
    size: int | None = None,
) -> ImageSet:
    """Load a labelled image set: ``digits``, ``cifar10``, ``fashion-mnist`` or ``ants-bees``.

    folder: a folder that holds the real data; it must have them. source: ``"auto"`` (folder, $TORCHBOOK_DATA, the
    cache, then the stand-in that the package draws), ``"embedded"`` or ``"real"``. limit: so many images, classes
    balanced. size: height and width in pixels (ants-bees, whose photos differ: 64 unless given).
    Returns an ``ImageSet``: uint8 (N, C, H, W), int64 (N,). Nothing is downloaded.
    Raises ValueError for a bad argument, DataError for data that are missing or broken.
    """
    if name not in SPLITS:
        raise ValueError(f"Unknown image set {name!r}: use one of {', '.join(SPLITS)}.")
    if split not in SPLITS[name]:
        raise ValueError(f"{name} has no split {split!r}: use {' or '.join(map(repr, SPLITS[name]))}.")
    if source not in SOURCES:
        raise ValueError(f"Unknown source {source!r}: use one of {', '.join(SOURCES)}.")
    if size is not None and (name != "ants-bees" or size < 8):
        raise ValueError(f"size is for ants-bees alone and at least 8 pixels; got {size} for {name}.")
    size = (size or 64) if name == "ants-bees" else None

    found = None if name == "digits" else real_path(name, folder, source)
    if found is not None:
        images, labels, classes = decode.read_real(name, split, found, size)
        origin = f"real {card(name).title} ({found.name})"
    else:
        images, labels, classes = standin.make(name, split, size)
        origin = standin.DESCRIPTIONS[name]
    result = ImageSet(torch.from_numpy(images), torch.from_numpy(labels), tuple(classes), origin)
    return result if limit is None else result.limited(limit)


def image_folder(name: str = "ants-bees", folder: str | os.PathLike | None = None, source: str = "auto") -> Path:
    """The place on disk of a set of the form ``{train,val}/<class>/*.jpg``, for torchvision's ``ImageFolder``.

    folder and source: as for ``load_images``; the stand-in is drawn into the cache when it is first asked for.
    Raises ValueError for a bad argument, DataError for real data that are asked for and absent.
    """
    if name != "ants-bees":
        raise ValueError(f"{name!r} does not come as a folder of pictures: use 'ants-bees'.")
    return real_path(name, folder, source) or standin.insects_folder()
