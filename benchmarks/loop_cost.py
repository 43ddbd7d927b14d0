"""What the book's helpers cost: `fit` over the bare loop, and the data road against a loader of PIL pictures.

    python benchmarks/loop_cost.py

About two minutes on two cores. Without the real CIFAR-10 its stand-in does as well: no time depends on the pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cifar_cpu import DEVIATION, MEAN
from classic import classic_loader
from harness import Keep, in_turn, ratio, record, show, summaries
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.data.batches import Batches
from torchbook.data.images import ImageSet, load_images
from torchbook.device import Stopwatch, seed_everything, use_threads
from torchbook.models import LeNet, ResNet9
from torchbook.training import fit
import typer

NETWORKS = {"lenet": (partial(LeNet, in_channels=3), 64, 5000), "resnet9": (ResNet9, 256, 768)}  # batch size, images


def normalize(images: torch.Tensor) -> torch.Tensor:
    return (images - MEAN) / DEVIATION


def bare_loop(net: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer) -> None:
    """The five lines that every loop has, and nothing that reports."""
    net.train()
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()


def book_loop(net: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer) -> None:
    """The same by `fit`, with its progress bar and its count of losses and hits."""
    fit(net, batches, None, optimizer, epochs=1)


def loop_side(loop: Callable, network: str, images: ImageSet) -> Callable[[int], dict[str, float]]:
    """One pass of a loop over the network's share of the images; the repeat's number seeds weights and order."""
    make, batch_size, count = NETWORKS[network]
    chosen = images.limited(min(count, len(images)))

    def side(repeat: int) -> dict[str, float]:
        seed_everything(repeat)
        net = make()
        batches = Batches(chosen, batch_size, transform=normalize, shuffle=True, seed=repeat)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        with Stopwatch() as watch:
            loop(net, batches, optimizer)
        return {"seconds": watch.seconds}

    return side


def road_side(batches, count: int) -> Callable[[int], dict[str, float]]:
    """One pass over batches (workers are started anew, as a loader does at every pass), with nothing done to them."""

    def side(repeat: int) -> dict[str, float]:
        with Stopwatch() as watch:
            seen = sum(len(labels) for _, labels in batches)
        if seen != count:
            raise RuntimeError(f"{count} images went in, {seen} came out.")
        return {"images_per_second": count / watch.seconds}

    return side


def main(repeats: int = 31, classic_images: int = 10_000, smoke: bool = False, keep: Keep = False) -> None:
    """Compare on one thread; --record keeps the figures. classic_images: how many the PIL loader reads."""
    threads = use_threads(1)
    images = load_images("cifar10", source="embedded", limit=256) if smoke else load_images("cifar10")
    if smoke:
        repeats, classic_images = 1, 64
    classic = images.limited(min(classic_images, len(images)))
    values = {"source": images.source, "images": len(images), "classic_images": len(classic)}
    rows = {}

    for network in NETWORKS:
        sides = {"bare": loop_side(bare_loop, network, images), "fit": loop_side(book_loop, network, images)}
        in_turn(sides, 1)  # the first pass is slower: memory is got, kernels are chosen
        found = in_turn(sides, repeats)
        cost = ratio(found["fit"]["seconds"], found["bare"]["seconds"])
        values[network] = {**summaries(found), "ratio": cost}
        rows |= {f"{network}, {side} (s)": row["seconds"] for side, row in summaries(found).items()}
        rows[f"{network}, fit / bare loop"] = cost

    found = in_turn(
        {
            "classic": road_side(classic_loader(classic), len(classic)),
            "book": road_side(Batches(images, 64, transform=normalize, shuffle=True), len(images)),
        },
        min(repeats, 5),
    )
    gain = ratio(found["book"]["images_per_second"], found["classic"]["images_per_second"])
    values["road"] = {**summaries(found), "ratio": gain}
    rows |= {f"{side} road (images/s)": row["images_per_second"] for side, row in summaries(found).items()}
    rows["book road / classic road"] = gain

    print(f"one thread; {images.source}, {len(images)} images")
    show("What the helpers cost", rows)
    if keep and not smoke:
        record("loop_cost", values, threads, {"train": images})


if __name__ == "__main__":
    typer.run(main)
