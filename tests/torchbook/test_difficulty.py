"""The drawn objects are worth learning from: the chapters' small network gets far, a residual network further."""

import pytest
import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.batches import Batches
from torchbook.data.images import ImageSet, load_images
from torchbook.device import seed_everything
from torchbook.models import LeNet
from torchbook.training import evaluate, fit

pytestmark = pytest.mark.long  # chapters 05 and 10 assert less of it in every run


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def normalize(images: Tensor) -> Tensor:
    return (images - 0.5) / 0.5


def mirror(images: Tensor) -> Tensor:
    coin = torch.rand(len(images), 1, 1, 1) < 0.5
    return normalize(torch.where(coin, images.flip(-1), images))


def mirror_and_crop(images: Tensor) -> Tensor:
    """Mirror, pad by 4 and cut 32x32 out at a random place, each image at its own."""
    padded = F.pad(mirror(images), (4, 4, 4, 4))
    places = torch.randint(9, (len(images), 2)).tolist()
    return torch.stack([image[:, y : y + 32, x : x + 32] for image, (y, x) in zip(padded, places, strict=True)])


def train(model: nn.Module, data: ImageSet, transform, *, batch_size: int, lr: float, epochs: int) -> nn.Module:
    batches = Batches(data, batch_size, transform=transform, shuffle=True, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * len(batches))
    fit(model, batches, None, optimizer, epochs=epochs, scheduler=schedule)
    return model


def test_accuracy(model: nn.Module) -> float:
    return evaluate(model, Batches(load_images("cifar10", "test", source="embedded"), 500, transform=normalize))[1]


test_accuracy.__test__ = False  # a measurement, not a test


def test_lenet_as_chapter_05_trains_it_passes_65_percent():
    seed_everything(0)
    data, _ = load_images("cifar10", "train", source="embedded").split(val_fraction=0.1, seed=0)
    model = train(LeNet(in_channels=3), data, mirror, batch_size=64, lr=0.05, epochs=14)
    assert test_accuracy(model) > 0.65


def block(inputs: int, outputs: int, pool: bool = False) -> nn.Sequential:
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, *[nn.MaxPool2d(2)] * pool)


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.inner = nn.Sequential(block(width, width), block(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def resnet9(width: int = 16, classes: int = 10) -> nn.Sequential:
    """(N, 3, 32, 32) -> (N, classes): eight convolutions and a linear layer, two shortcuts."""
    return nn.Sequential(
        block(3, width),
        block(width, 2 * width, pool=True), Residual(2 * width),
        block(2 * width, 4 * width, pool=True),
        block(4 * width, 8 * width, pool=True), Residual(8 * width),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * width, classes),
    )  # fmt: skip


def test_a_small_residual_network_passes_85_percent():
    seed_everything(0)
    data = load_images("cifar10", "train", source="embedded")
    model = train(resnet9(), data, mirror_and_crop, batch_size=64, lr=0.1, epochs=5)
    assert test_accuracy(model) > 0.85
