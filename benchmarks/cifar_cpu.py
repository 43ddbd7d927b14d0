"""CIFAR-10 on a CPU: the classic recipe against the book's road, with the same network and with a better one.

python benchmarks/cifar_cpu.py            # three sides, three repeats: about 7 minutes on two cores
python benchmarks/cifar_cpu.py --long     # the wider network once, up to 20 minutes
"""

from __future__ import annotations

from functools import partial
from itertools import chain, islice, repeat

from classic import Net, train_classic
from harness import in_turn, ratio, record, show, summaries
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.data.augment import flip_and_crop
from torchbook.data.batches import Batches
from torchbook.data.images import ImageSet, load_images
from torchbook.device import Stopwatch, autocast_dtype, seed_everything, use_threads
from torchbook.models import ResNet9
from torchbook.training import evaluate, fit, train_one_epoch
import typer

MEAN = torch.tensor([0.491, 0.482, 0.447]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.247, 0.244, 0.262]).view(1, 3, 1, 1)


def normalize(images: torch.Tensor) -> torch.Tensor:
    """(N, 3, H, W) in [0, 1] -> mean 0 and deviation 1 a channel, over CIFAR-10's training images."""
    return ((images - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


def augment(images: torch.Tensor) -> torch.Tensor:
    return flip_and_crop(normalize(images))


def one_cycle(
    model: nn.Module, steps: int, lr: float, pct_start: float
) -> tuple[torch.optim.SGD, torch.optim.lr_scheduler.OneCycleLR]:
    """SGD with Nesterov momentum and a rate that rises for `pct_start` of the steps, then falls in a straight line."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=steps, pct_start=pct_start, anneal_strategy="linear", cycle_momentum=False
    )


def train_same_network(
    train: ImageSet, test: ImageSet, seed: int, steps: int = 1150, batch_size: int = 64, lr: float = 0.05
) -> dict[str, float]:
    """The tutorial's network on batches from memory, with a one-cycle schedule over one and a half passes."""
    seed_everything(seed)
    net = Net()
    batches = Batches(train, batch_size, transform=normalize, shuffle=True, seed=seed)
    with Stopwatch() as watch:
        optimizer, scheduler = one_cycle(net, steps, lr, pct_start=0.2)
        taken = islice(chain.from_iterable(repeat(batches)), steps)  # each pass in a new order
        train_one_epoch(net, taken, optimizer, scheduler=scheduler)
    _, accuracy = evaluate(net, Batches(test, 500, transform=normalize))
    return {"seconds": watch.seconds, "accuracy": accuracy}


def train_better_network(
    train: ImageSet,
    test: ImageSet,
    seed: int,
    net: ResNet9,
    epochs: int,
    batch_size: int = 192,
    lr: float = 0.45,
) -> dict[str, float]:
    """A residual network in channels-last order, under bfloat16 where the processor computes with it."""
    net = net.to(memory_format=torch.channels_last)
    batches = Batches(train, batch_size, transform=augment, shuffle=True, seed=seed)
    loss_fn = partial(F.cross_entropy, label_smoothing=0.1)
    autocast = autocast_dtype("cpu")
    with Stopwatch() as watch:
        optimizer, scheduler = one_cycle(net, epochs * len(batches), lr, pct_start=0.25)
        history = fit(
            net, batches, None, optimizer, epochs=epochs, loss_fn=loss_fn, scheduler=scheduler, autocast=autocast
        )
    _, accuracy = evaluate(net, Batches(test, 500, transform=normalize), autocast=autocast)
    return {"seconds": watch.seconds, "accuracy": accuracy, "train_accuracy": history.train_accuracy[-1]}


def quick_network(seed: int) -> ResNet9:
    """Nothing at full resolution: five passes fit into the time of the classic recipe."""
    seed_everything(seed)
    return ResNet9((32, 48, 96, 128), patches=True)


def wide_network(seed: int) -> ResNet9:
    seed_everything(seed)
    return ResNet9((32, 64, 128, 256))


def main(repeats: int = 3, long: bool = False, epochs: int = 24, smoke: bool = False) -> None:
    """Run the comparison (or, with --long, one run of the wider network) and record it; --smoke records nothing."""
    threads = use_threads(0)
    if smoke:
        train, test = (load_images("cifar10", split, source="embedded").limited(200) for split in ("train", "test"))
        repeats, epochs = 1, 1
    else:
        train, test = (load_images("cifar10", split, source="real") for split in ("train", "test"))
    if long:
        found = in_turn(
            {"long": lambda seed: train_better_network(train, test, seed, wide_network(seed), epochs, 256, 0.5)}, 1
        )
        show("The wider network", {f"long {name}": row for name, row in summaries(found)["long"].items()})
        if not smoke:
            record("cifar_long", {**summaries(found)["long"], "epochs": epochs}, threads)
        return
    sides = {
        "classic": lambda seed: train_classic(train, test, seed, 1 if smoke else 2),
        "same_network": lambda seed: train_same_network(train, test, seed, 10 if smoke else 1150),
        "better_network": lambda seed: train_better_network(train, test, seed, quick_network(seed), 1 if smoke else 5),
    }
    found = in_turn(sides, repeats)
    times = ratio(found["classic"]["seconds"], found["same_network"]["seconds"])
    rows = {f"{side}, {name}": row for side, group in summaries(found).items() for name, row in group.items()}
    show("CIFAR-10 on a CPU", {**rows, "classic time / same network's": times})
    if not smoke:
        record("cifar_cpu", {**summaries(found), "time_ratio": times}, threads)


if __name__ == "__main__":
    typer.run(main)
