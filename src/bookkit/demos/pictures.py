"""What the demos of pictures share: a network that takes pixels as they are, and pictures to try it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
import torch
from torch import Tensor, nn

from bookkit.demos.files import write_json, write_network


class Pixels(nn.Module):
    """Pixels (N, 3, H, W) in [0, 255] -> logits (N, classes) of a network for numbers in [-1, 1]."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        return self.network(pixels / 127.5 - 1)


@torch.no_grad()
def write_pictures(
    folder: Path, name: str, network: nn.Module, classes: list[str], files: list[Image.Image], images: Tensor
) -> dict[str, Any]:
    """Write the network and pictures to try; images (N, 3, H, W), uint8: the same as the network takes them."""
    model = Pixels(network).eval()
    pixels = images.float()
    chances = model(pixels).softmax(dim=1)
    samples = []
    for number, (picture, row) in enumerate(zip(files, chances, strict=True)):
        picture.save(folder / f"{name}-{number}.png")
        samples.append({"file": f"{name}-{number}.png", "chances": row.tolist()})
    write_json(folder / f"{name}.json", {"classes": classes, "size": images.shape[-1], "samples": samples})
    return write_network(folder, name, model, {"pixels": pixels[:1]}, ("scores",))


def as_picture(image: Tensor) -> Image.Image:
    """uint8 (3, H, W) as a picture."""
    return Image.fromarray(np.ascontiguousarray(image.permute(1, 2, 0).numpy()))
