"""LeNet on scikit-learn's scans, by the recipe of chapter 03, as a network that takes what a reader draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.batches import Batches
from torchbook.data.images import load_images
from torchbook.models import LeNet
from torchbook.training import evaluate, fit

from bookkit.demos.files import write_network

EPOCHS, BATCH_SIZE, LR = 12, 32, 0.02  # chapter 03's


def enlargement() -> Tensor:
    """(32, 8): what Pillow's bicubic enlargement does to a row of eight pixels."""
    rows = [Image.fromarray(row[None]).resize((32, 1), Image.Resampling.BICUBIC) for row in np.eye(8, dtype=np.float32)]
    return torch.tensor(np.stack([np.asarray(row)[0] for row in rows], axis=1))


class DrawnDigit(nn.Module):
    """Ink (N, 1, 32, 32) in [0, 1] -> logits (N, 10), maps of the first layer (N, 6, 28, 28), the scan (N, 1, 32, 32).

    The scan, in [0, 1], is made as `torchbook.digit_photo` makes it: 8 x 8 shares of ink in 17 shades, enlarged.
    """

    enlarge: Tensor

    def __init__(self, network: LeNet, mean: float, std: float):
        super().__init__()
        self.network, self.mean, self.std = network, mean, std
        self.register_buffer("enlarge", enlargement())

    def forward(self, ink: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shades = (F.avg_pool2d(ink, 4) * 16).round() / 16  # (N, 1, 8, 8)
        wide = (shades @ self.enlarge.T).clamp(0, 1)  # (N, 1, 8, 32)
        scan = (self.enlarge @ wide).clamp(0, 1)  # Pillow cuts off after both directions
        images = (scan - self.mean) / self.std
        return self.network(images), F.relu(self.network.conv1(images)), scan


def train(epochs: int = EPOCHS, seed: int = 0) -> tuple[DrawnDigit, dict[str, Any]]:
    """Chapter 03's training run and its accuracy on the test scans."""
    train_set, _ = load_images("digits", "train", source="embedded").split(val_fraction=0.1, seed=seed)
    pixels = train_set.images.float() / 255
    mean, std = pixels.mean().item(), pixels.std().item()

    def normalize(images: Tensor) -> Tensor:
        return (images - mean) / std

    torch.manual_seed(seed)
    network = LeNet()
    optimizer = torch.optim.SGD(network.parameters(), lr=LR, momentum=0.9, nesterov=True)
    batches = Batches(train_set, BATCH_SIZE, transform=normalize, shuffle=True, seed=seed)
    fit(network, batches, None, optimizer, epochs=epochs)
    test = load_images("digits", "test", source="embedded")
    accuracy = evaluate(network, Batches(test, 360, transform=normalize))[1]
    facts = {"train_count": len(train_set), "test_count": len(test), "test_accuracy": accuracy}
    return DrawnDigit(network, mean, std), facts


def make(root: Path, folder: Path) -> dict[str, Any]:
    """Train, write the files into ``folder``, return what the page says."""
    model, facts = train()
    ink = (load_images("digits", "test", source="embedded").images[:2].float() > 127).float()
    return facts | write_network(folder, "digits", model, {"ink": ink}, ("scores", "maps", "scan"))
