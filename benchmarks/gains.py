"""Where the time goes and what each change brings: the road from the classic recipe to the fast one, step by step.

    python benchmarks/gains.py                # about 10 minutes on two cores; --no-compile leaves out its row

Every row keeps the changes of the rows before it. The rate of a matrix product, measured in between, is the
yardstick for a training step. The gain of the schedule is one of accuracy: a constant rate trains on
until it reaches what the one-cycle rate reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
import math

from cifar_cpu import augment, normalize, train_same_network
from classic import Net, classic_loader
from harness import Keep, in_turn, ratio, record, show, summaries, summary
import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from torchbook.data.batches import Batches
from torchbook.data.images import ImageSet, load_images
from torchbook.device import Stopwatch, autocast_dtype, seed_everything, use_threads
from torchbook.models import ResNet9
from torchbook.training import evaluate, train_one_epoch
import typer

CONSTANT_LR = 0.02  # of 0.01, 0.02 and 0.05 the one that is best after as many steps

GROUPS = {  # a word in the operator's name -> what the page calls it; the first that fits counts
    "dataloader": "waiting for the loader",
    "conv": "convolutions",
    "batch_norm": "batch norm",
    "pool": "pooling",
    "addmm": "linear layers",
    "mm": "linear layers",
    "optimizer": "optimiser",
    "_foreach": "optimiser",
    "threshold": "ReLU",
    "relu": "ReLU",
    "clamp_min": "ReLU",
    "index": "data and augmentation",
    "pad": "data and augmentation",
    "flip": "data and augmentation",
    "div": "data and augmentation",
    "copy_": "copies and conversions",
    "_to_copy": "copies and conversions",
    "aten::to": "copies and conversions",
}


def pool_last(model: ResNet9) -> ResNet9:
    """The same layers in the usual order: convolution, batch norm, ReLU, pooling."""
    for name in ("down1", "down2", "down3"):
        conv, pool, norm, relu = getattr(model, name)
        setattr(model, name, nn.Sequential(conv, norm, relu, pool))
    return model


def trainer(model: nn.Module, lr: float, autocast: torch.dtype | None = None) -> Callable[[Tensor, Tensor], None]:
    """A function of images and labels that does one step of training."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)

    def step(images: Tensor, labels: Tensor) -> None:
        with torch.autocast("cpu", dtype=autocast, enabled=autocast is not None):
            loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def forever(batches) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        yield from batches


def rate(step, batches, count: int) -> dict[str, float]:
    """Images per second over `count` steps, after two that are not counted."""
    walk = forever(batches)
    for images, labels in islice(walk, 2):
        step(images, labels)
    images_seen = 0
    with Stopwatch() as watch:
        for images, labels in islice(walk, count):
            step(images, labels)
            images_seen += len(labels)
    return {"images_per_second": images_seen / watch.seconds}


def schedule_against_constant(
    train: ImageSet, test: ImageSet, seed: int, steps: int = 1040, lr: float = CONSTANT_LR, most: int = 8
) -> dict[str, float]:
    """The tutorial's network to the accuracy of its one-cycle run, at a constant rate of batches just as large.

    It is tested (off the clock) every half of `steps`, and given up after `most` halves. Returns the seconds of both,
    the accuracy of the one-cycle run and that of the constant rate after as many steps.
    """
    cycle = train_same_network(train, test, seed, steps)
    seed_everything(seed)
    net = Net()
    walk = forever(Batches(train, 64, transform=normalize, shuffle=True, seed=seed))
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)
    seconds, accuracies = 0.0, []
    while len(accuracies) < most and max(accuracies, default=0.0) < cycle["accuracy"]:
        with Stopwatch() as watch:
            train_one_epoch(net, islice(walk, steps // 2), optimizer, autocast=autocast_dtype("cpu"))
        seconds += watch.seconds
        accuracies.append(evaluate(net, Batches(test, 500, transform=normalize))[1])
    return {
        "one_cycle_seconds": cycle["seconds"],
        "one_cycle_accuracy": cycle["accuracy"],
        "constant_seconds": seconds,
        "constant_accuracy": accuracies[-1],
        "constant_accuracy_same_steps": accuracies[min(1, len(accuracies) - 1)],
    }


def matmul_rate(dtype: torch.dtype, size: int = 2048, count: int = 12) -> dict[str, float]:
    """Floating-point operations per second of a matrix product, in units of 10^9."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    a @ b
    with Stopwatch() as watch:
        for _ in range(count):
            a @ b
    return {"gflops": 2 * size**3 * count / watch.seconds / 1e9}


def operations(model: nn.Module, images: Tensor) -> float:
    """Floating-point operations of one step of training, per image."""
    counter = FlopCounterMode(display=False)
    with counter:
        F.cross_entropy(model(images), torch.zeros(len(images), dtype=torch.long)).backward()
    return counter.get_total_flops() / len(images)


def shares(step, batches, count: int) -> dict[str, float]:
    """Share of the profiled time by kind of work, largest first; the rest is Python and what no group names."""
    walk = forever(batches)
    step(*next(walk))
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for images, labels in islice(walk, count):
            step(images, labels)
    by_group: dict[str, float] = {}
    events = [event for event in found.key_averages() if event.self_cpu_time_total > 0]
    for event in events:
        name = event.key.lower()
        group = next((label for word, label in GROUPS.items() if word in name), "the rest")
        by_group[group] = by_group.get(group, 0.0) + event.self_cpu_time_total
    total = sum(by_group.values())
    return {name: value / total for name, value in sorted(by_group.items(), key=lambda item: -item[1])}


def chain(found: dict, names: list[str]) -> dict[str, dict]:
    """What each row gains over the row before, and its share of the whole gain on a logarithmic scale."""
    rates = [found[name]["images_per_second"] for name in names]
    whole = math.log(ratio(rates[-1], rates[0])["median"])
    gains = {}
    for name, before, after in zip(names[1:], rates[:-1], rates[1:], strict=True):
        gain = ratio(after, before)
        gains[name] = gain | {"share": math.log(gain["median"]) / whole}
    return gains


def main(repeats: int = 5, compile: bool = True, smoke: bool = False, keep: Keep = False) -> None:
    """Measure every row --repeats times, interleaved; --record keeps the figures."""
    threads = use_threads(0)
    seed_everything(0)
    source, limit = ("embedded", 300) if smoke else ("real", 10_000)
    whole, test = (load_images("cifar10", split, source=source) for split in ("train", "test"))
    train = whole.limited(limit)
    if smoke:
        whole, test = train, test.limited(limit)
    repeats, scale, size, batch = (1, 0.01, 128, 32) if smoke else (repeats, 1.0, 2048, 256)
    compile = compile and not smoke
    autocast = autocast_dtype("cpu")

    def steps(count: int) -> int:
        return max(round(count * scale), 2)

    small = [Batches(train, batch_size, transform=normalize, shuffle=True) for batch_size in (4, 64)]
    loader = classic_loader(train)
    tutorial = {
        "classic": lambda _: rate(trainer(Net(), 0.001), loader, steps(1500)),
        "data in memory": lambda _: rate(trainer(Net(), 0.001), small[0], steps(1500)),
        "batch of 64": lambda _: rate(trainer(Net(), 0.02), small[1], steps(300)),
    }
    plain = Batches(train, batch, transform=lambda images: augment(images).contiguous(), shuffle=True)
    last = Batches(train, batch, transform=augment, shuffle=True)

    def channels_last() -> ResNet9:
        return ResNet9().to(memory_format=torch.channels_last)

    residual = {
        "usual order, float32": lambda _: rate(trainer(pool_last(ResNet9()), 0.1), plain, steps(12)),
        "pooling first": lambda _: rate(trainer(ResNet9(), 0.1), plain, steps(12)),
        "channels last": lambda _: rate(trainer(channels_last(), 0.1), last, steps(12)),
        "bfloat16": lambda _: rate(trainer(channels_last(), 0.1, autocast), last, steps(24)),
    }
    if compile:
        compiled = torch.compile(channels_last())  # compiles in the steps that `rate` does not count
        residual["compiled"] = lambda _: rate(trainer(compiled, 0.1, autocast), last, steps(24))
    matmul = {f"matmul {dtype}"[7:]: dtype for dtype in (torch.float32, torch.bfloat16)}
    products = {name: (lambda _, dtype=dtype: matmul_rate(dtype, size)) for name, dtype in matmul.items()}

    def schedule(seed: int) -> dict[str, float]:
        return schedule_against_constant(whole, test, seed, steps(1040), most=2 if smoke else 8)

    found = in_turn({**tutorial, **residual, **products, "schedule": schedule}, repeats)

    work = operations(channels_last(), next(iter(last))[0])
    tops = {name: found[name]["gflops"] for name in products}
    reached = {}
    formats = {"usual order, float32": "torch.float32", "channels last": "torch.float32", "bfloat16": "torch.bfloat16"}
    for row, product in formats.items():
        rates = [value * work / 1e9 for value in found[row]["images_per_second"]]
        reached[row] = ratio(rates, tops[product]) | {"gflops": summary(rates)["median"]}
    races = found["schedule"]
    ends = zip(races["one_cycle_accuracy"], races["constant_accuracy_same_steps"], strict=True)
    values = {
        "rates": summaries({name: found[name] for name in (*tutorial, *residual)}),
        "matmul_gflops": {name: summary(rates) for name, rates in tops.items()},
        "tutorial_gains": chain(found, list(tutorial)),
        "schedule": summaries(found)["schedule"]
        | {
            "gain": ratio(races["constant_seconds"], races["one_cycle_seconds"]),
            "lead": summary([cycle - constant for cycle, constant in ends]),  # after the same steps
        },
        "residual_gains": chain(found, list(residual)),
        "reached": reached,
        "mflop_per_image": work / 1e6,
        "profile": {
            "classic": shares(trainer(Net(), 0.001), loader, steps(500)),
            "same network": shares(trainer(Net(), 0.02), small[1], steps(100)),
            "better network": shares(trainer(channels_last(), 0.1, autocast), last, steps(20)),
        },
    }
    rows = {name: group["images_per_second"] for name, group in values["rates"].items()}
    show("Training, images per second", rows)
    show("Ratio to the row before", {**values["tutorial_gains"], **values["residual_gains"]})
    show("One-cycle and constant rate", values["schedule"])
    show("Share of the rate of a matrix product", reached)
    show("Matrix product, 10^9 operations per second", values["matmul_gflops"])
    for name, groups in values["profile"].items():
        print(f"{name}: " + ", ".join(f"{group} {share:.0%}" for group, share in groups.items()))
    if keep and not smoke:
        record("gains", values, threads, {"train": train, "test": test})


if __name__ == "__main__":
    typer.run(main)
