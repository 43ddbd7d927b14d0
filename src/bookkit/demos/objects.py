"""ResNet9 (chapter 10) on the drawn stand-in of CIFAR-10: ten kinds of things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchbook.data.augment import flip_and_crop
from torchbook.data.batches import Batches
from torchbook.data.images import load_images
from torchbook.device import seed_everything
from torchbook.models import ResNet9
from torchbook.training import evaluate, fit

from bookkit.demos.pictures import as_picture, write_pictures

WIDTHS, EPOCHS, BATCH_SIZE, LR = (8, 16, 32, 64), 6, 32, 0.1  # the widths are chapter 10's
SAMPLES = (1, 4, 8)  # an automobile, a deer, a ship: the first of each in the test pictures


def normalize(images: Tensor) -> Tensor:
    """[0, 1] to [-1, 1]."""
    return (images - 0.5) / 0.5


def train(epochs: int = EPOCHS, limit: int | None = None, seed: int = 0) -> tuple[nn.Module, dict[str, Any]]:
    """The network and its accuracy on the test pictures."""
    images = load_images("cifar10", "train", source="embedded", limit=limit)
    seed_everything(seed)
    network: nn.Module = ResNet9(WIDTHS, classes=len(images.classes))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    options: dict[str, Any] = {"shuffle": True, "seed": seed, "drop_last": True}
    batches = Batches(images, BATCH_SIZE, transform=lambda part: normalize(flip_and_crop(part)), **options)
    optimizer = torch.optim.SGD(network.parameters(), LR, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=epochs * len(batches))
    fit(network, batches, None, optimizer, epochs=epochs, scheduler=schedule)
    test = load_images("cifar10", "test", source="embedded")
    accuracy = evaluate(network, Batches(test, 500, transform=normalize))[1]
    return network, {"train_count": len(images), "test_count": len(test), "test_accuracy": accuracy, "epochs": epochs}


def make(root: Path, folder: Path) -> dict[str, Any]:
    """Train, write the files into ``folder``, return what the page says."""
    network, facts = train()
    test = load_images("cifar10", "test", source="embedded")
    chosen = test.images[[int((test.labels == label).nonzero()[0]) for label in SAMPLES]]
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return facts | write_pictures(folder, "objects", network, list(test.classes), [*map(as_picture, chosen)], chosen)
