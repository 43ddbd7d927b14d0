"""CIFAR-10 on a CPU: the classic recipe against the book's road, with the same network and with a better one.

python benchmarks/cifar_cpu.py               # the parts same and better, five repeats: 25 minutes on two cores
python benchmarks/cifar_cpu.py --part same   # the classic recipe and its own network: 6 minutes
python benchmarks/cifar_cpu.py --part long   # the wider network once, up to 20 minutes
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from itertools import chain, islice, repeat
from typing import Annotated, Any

from classic import Net, train_classic
from harness import Keep, in_turn, ratio, record, show, summaries
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.data.augment import flip_and_crop
from torchbook.data.batches import Batches
from torchbook.data.images import ImageSet, load_images
from torchbook.device import Stopwatch, autocast_dtype, seed_everything, use_threads
from torchbook.initialization import whiten_
from torchbook.models import ResNet9
from torchbook.training import evaluate, fit, train_one_epoch
import typer

MEAN = torch.tensor([0.491, 0.482, 0.447]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.247, 0.244, 0.262]).view(1, 3, 1, 1)
Part = Enum("Part", {name: name for name in ("same", "better", "long")}, type=str)
RIVALS = ("classic", "better_relu_not_whitened")  # whose times the better network's is compared with
QUICK_EPOCHS = 3  # of the better network: what fits into the time of the classic recipe
LABEL_SMOOTHING = 0.2  # Page, How to train your ResNet: 0.2 suits short runs


def normalize(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) in [0, 1] -> mean 0 and deviation 1 a channel, over CIFAR-10's training images."""
    return ((images - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


def augment(images: torch.Tensor) -> torch.Tensor:
    return flip_and_crop(normalize(images), padding=2)  # few passes: small shifts


class Mirrored(nn.Module):
    """Mean logits of an image and its mirror image: a mirrored cat is a cat."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.network(images) + self.network(images.flip(-1))) / 2


def one_cycle(
    model: nn.Module, steps: int, lr: float, pct_start: float
) -> tuple[torch.optim.SGD, torch.optim.lr_scheduler.OneCycleLR]:
    """SGD with Nesterov momentum and a rate that rises for `pct_start` of the steps, then falls in a straight line."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=steps, pct_start=pct_start, anneal_strategy="linear", cycle_momentum=False
    )


def train_same_network(
    train: ImageSet, test: ImageSet, seed: int, steps: int = 1040, batch_size: int = 64, lr: float = 0.05
) -> dict[str, float]:
    """The tutorial's network on batches from memory, with a one-cycle schedule over 1.3 passes, under bfloat16."""
    seed_everything(seed)
    net = Net()
    batches = Batches(train, batch_size, transform=normalize, shuffle=True, seed=seed)
    with Stopwatch() as watch:
        optimizer, scheduler = one_cycle(net, steps, lr, pct_start=0.2)
        taken = islice(chain.from_iterable(repeat(batches)), steps)  # each pass in a new order
        train_one_epoch(net, taken, optimizer, scheduler=scheduler, autocast=autocast_dtype("cpu"))
    _, accuracy = evaluate(net, Batches(test, 500, transform=normalize))
    return {"seconds": watch.seconds, "accuracy": accuracy}


def train_better_network(
    train: ImageSet,
    test: ImageSet,
    seed: int,
    net: ResNet9,
    epochs: int,
    batch_size: int = 192,
    lr: float = 0.3,
    whiten: bool = True,
) -> dict[str, float]:
    """A residual network in channels-last order, under bfloat16 where the processor computes with it.

    accuracy is that of the test images as they are, accuracy_mirrored that of the mean over image and mirror image.
    """
    net = net.to(memory_format=torch.channels_last)
    batches = Batches(train, batch_size, transform=augment, shuffle=True, seed=seed)
    loss_fn = partial(F.cross_entropy, label_smoothing=LABEL_SMOOTHING)
    autocast = autocast_dtype("cpu")
    with Stopwatch() as watch:
        if whiten:
            whiten_(net.stem[0], normalize(train.limited(min(2000, len(train))).images.float() / 255))
        optimizer, scheduler = one_cycle(net, epochs * len(batches), lr, pct_start=0.25)
        history = fit(
            net, batches, None, optimizer, epochs=epochs, loss_fn=loss_fn, scheduler=scheduler, autocast=autocast
        )
    given = Batches(test, 500, transform=normalize)
    return {
        "seconds": watch.seconds,
        "accuracy": evaluate(net, given, autocast=autocast)[1],
        "accuracy_mirrored": evaluate(Mirrored(net), given, autocast=autocast)[1],
        "train_accuracy": history.train_accuracy[-1],
    }


def quick_network(seed: int, activation: type[nn.Module] = nn.GELU) -> ResNet9:
    seed_everything(seed)
    return ResNet9(activation=activation)


def wide_network(seed: int) -> ResNet9:
    seed_everything(seed)
    return ResNet9((32, 64, 128, 256), activation=nn.GELU)


def compare_same_network(train: ImageSet, test: ImageSet, repeats: int, smoke: bool) -> dict[str, Any]:
    """The classic recipe, and the same network by the book's road to at least the same accuracy."""
    found = in_turn(
        {
            "classic": lambda seed: train_classic(train, test, seed, 1 if smoke else 2),
            "same_network": lambda seed: train_same_network(train, test, seed, 10 if smoke else 1040),
        },
        repeats,
    )
    times = ratio(found["classic"]["seconds"], found["same_network"]["seconds"])
    rows = {f"{side}, {name}": row for side, group in summaries(found).items() for name, row in group.items()}
    show("CIFAR-10 on a CPU, the same network", {**rows, "time, classic / same_network": times})
    return {**summaries(found), "time_ratio": times}


def compare_better_network(train: ImageSet, test: ImageSet, repeats: int, smoke: bool) -> dict[str, Any]:
    """The classic recipe, and a better network for about the classic time.

    The better network also without GELU, and without GELU and whitening: what do these bring?
    """

    def better(activation: type[nn.Module], whiten: bool) -> Callable[[int], dict[str, float]]:
        return lambda seed: train_better_network(
            train, test, seed, quick_network(seed, activation), 1 if smoke else QUICK_EPOCHS, whiten=whiten
        )

    found = in_turn(
        {
            "classic": lambda seed: train_classic(train, test, seed, 1 if smoke else 2),
            "better_network": better(nn.GELU, whiten=True),
            "better_relu": better(nn.ReLU, whiten=True),
            "better_relu_not_whitened": better(nn.ReLU, whiten=False),
        },
        repeats,
    )
    seconds = {side: group["seconds"] for side, group in found.items()}
    ratios = {f"better_network / {side}": ratio(seconds["better_network"], seconds[side]) for side in RIVALS}
    rows = {f"{side}, {name}": row for side, group in summaries(found).items() for name, row in group.items()}
    show("CIFAR-10 on a CPU, a better network", {**rows, **{f"time, {name}": row for name, row in ratios.items()}})
    return {**summaries(found), "time_ratios": ratios, "epochs": QUICK_EPOCHS}


def train_long(train: ImageSet, test: ImageSet, repeats: int, epochs: int) -> dict[str, Any]:
    """The wider network, as far as it comes in up to twenty minutes."""
    sides = {"long": lambda seed: train_better_network(train, test, seed, wide_network(seed), epochs, 256)}
    found = summaries(in_turn(sides, repeats))["long"]
    show("The wider network", {f"long {name}": row for name, row in found.items()})
    return {**found, "epochs": epochs}


def main(
    part: Annotated[
        list[Part] | None, typer.Option(help="May be given more than once; same and better if not.")
    ] = None,
    repeats: Annotated[int | None, typer.Option(min=1)] = None,
    epochs: int = 12,
    smoke: bool = False,
    keep: Keep = False,
) -> None:
    """Measure each part; --record keeps the figures.

    --repeats: how often everything is run, with a seed of its own each time; 5 if not given, and 1 for the part long.
    --epochs: passes of the part long.
    """
    threads = use_threads(0)
    if smoke:
        train, test = (load_images("cifar10", split, source="embedded").limited(200) for split in ("train", "test"))
        repeats, epochs = 1, 1
    else:
        train, test = (load_images("cifar10", split, source="real") for split in ("train", "test"))
    parts = {
        Part.same: ("cifar_cpu", lambda: compare_same_network(train, test, repeats or 5, smoke)),
        Part.better: ("cifar_better", lambda: compare_better_network(train, test, repeats or 5, smoke)),
        Part.long: ("cifar_long", lambda: train_long(train, test, repeats or 1, epochs)),
    }
    for name, measure in (parts[wanted] for wanted in part or (Part.same, Part.better)):
        values = measure()
        if keep and not smoke:
            record(name, values, threads, {"train": train, "test": test})


if __name__ == "__main__":
    typer.run(main)
