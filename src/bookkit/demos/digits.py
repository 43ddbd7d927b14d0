"""LeNet on scikit-learn's scans, trained as in chapter 03 but for longer, as a network that takes what a reader draws.

Readers draw otherwise than the scanned people wrote: those crossed their sevens. So the digits of matplotlib's fonts
are added, and each picture is turned, slanted and stretched.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from matplotlib import get_data_path
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps
import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.batches import Batches
from torchbook.data.images import load_images
from torchbook.models import LeNet
from torchbook.training import evaluate, fit

from bookkit.demos.files import write_network

EPOCHS, BATCH_SIZE, LR = 24, 32, 0.02  # chapter 03's, twice its epochs
TURN, SLANT, STRETCH = 0.25, 0.25, 0.2  # at most: radians, and shares of the size

FONTS = (
    *(f"DejaVu{kind}" for kind in ("Sans", "Sans-Bold", "Sans-Oblique", "SansMono", "SansMono-Bold")),
    *(f"DejaVu{kind}" for kind in ("Serif", "Serif-Bold", "Serif-Italic")),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10", "cmb10"),
)
HEIGHT, WIDTHS = 200, (6, 12, 18)  # pixels: of the type, and of what is added around its lines


def enlargement() -> Tensor:
    """(32, 8): what Pillow's bicubic enlargement does to a row of eight pixels."""
    rows = [Image.fromarray(row[None]).resize((32, 1), Image.Resampling.BICUBIC) for row in np.eye(8, dtype=np.float32)]
    return torch.tensor(np.stack([np.asarray(row)[0] for row in rows], axis=1))


def printed() -> tuple[Tensor, Tensor]:
    """Digits of the fonts as ink (N, 1, 32, 32) in [0, 1], cut out as what a reader draws, and their labels (N,)."""
    found, labels = [], []
    for name, digit, width in product(FONTS, range(10), WIDTHS):
        font = ImageFont.truetype(Path(get_data_path(), "fonts", "ttf", f"{name}.ttf"), HEIGHT)
        paper = Image.new("L", (2 * HEIGHT, 2 * HEIGHT))
        ImageDraw.Draw(paper).text((HEIGHT / 2, HEIGHT / 4), str(digit), fill=255, font=font, stroke_width=width)
        ink = paper.crop(paper.getbbox())
        square = ImageOps.pad(ink, (max(ink.size),) * 2, Image.Resampling.NEAREST)
        found.append(F.adaptive_avg_pool2d(torch.tensor(np.asarray(square) > 127).float()[None], 32))
        labels.append(digit)
    return torch.stack(found), torch.tensor(labels)


def crooked(images: Tensor) -> Tensor:
    """Images (N, C, H, W), each turned, slanted and stretched at random; outside of them is the value 0."""
    turn, slant, wide, high = (2 * torch.rand(4, len(images)) - 1) * torch.tensor(
        [[TURN], [SLANT], [STRETCH], [STRETCH]]
    )
    rows = [turn.cos() * (1 + wide), slant - turn.sin(), turn.sin(), turn.cos() * (1 + high)]
    maps = F.pad(torch.stack(rows, dim=1).unflatten(1, (2, 2)), (0, 1))  # (N, 2, 3), the middle stays
    return F.grid_sample(images, F.affine_grid(maps, list(images.shape), align_corners=False), align_corners=False)


def scanned(ink: Tensor, enlarge: Tensor) -> Tensor:
    """Ink (N, 1, 32, 32) as 8 x 8 shares in 17 shades, enlarged by ``enlarge`` (32, 8): (N, 1, 32, 32) in [0, 1]."""
    shades = (F.avg_pool2d(ink, 4) * 16).round() / 16  # (N, 1, 8, 8)
    wide = (shades @ enlarge.T).clamp(0, 1)  # (N, 1, 8, 32)
    return (enlarge @ wide).clamp(0, 1)  # Pillow cuts off after both directions


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
        scan = scanned(ink, self.enlarge)
        images = (scan - self.mean) / self.std
        return self.network(images), F.relu(self.network.conv1(images)), scan


def train(epochs: int = EPOCHS, seed: int = 0) -> tuple[DrawnDigit, dict[str, Any]]:
    """A training run on scans and printed digits, and its accuracy on the test scans."""
    train_set, _ = load_images("digits", "train", source="embedded").split(val_fraction=0.1, seed=seed)
    pixels = train_set.images.float() / 255
    mean, std = pixels.mean().item(), pixels.std().item()
    ink, labels = printed()
    letters = (scanned(ink, enlargement()) * 255).round().byte()
    everything = replace(
        train_set, images=torch.cat([train_set.images, letters]), labels=torch.cat([train_set.labels, labels])
    )

    def normalize(images: Tensor) -> Tensor:
        return (images - mean) / std

    torch.manual_seed(seed)
    network = LeNet()
    optimizer = torch.optim.SGD(network.parameters(), lr=LR, momentum=0.9, nesterov=True)
    batches = Batches(everything, BATCH_SIZE, transform=lambda part: normalize(crooked(part)), shuffle=True, seed=seed)
    fit(network, batches, None, optimizer, epochs=epochs)
    test = load_images("digits", "test", source="embedded")
    accuracy = evaluate(network, Batches(test, 360, transform=normalize))[1]
    facts: dict[str, Any] = {"train_count": len(train_set), "printed_count": len(letters), "fonts": len(FONTS)}
    facts |= {"test_count": len(test), "test_accuracy": accuracy}
    return DrawnDigit(network, mean, std), facts


def make(root: Path, folder: Path) -> dict[str, Any]:
    """Train, write the files into ``folder``, return what the page says."""
    model, facts = train()
    ink = (load_images("digits", "test", source="embedded").images[:2].float() > 127).float()
    return facts | write_network(folder, "digits", model, {"ink": ink}, ("scores", "maps", "scan"))
