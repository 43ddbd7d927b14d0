"""CIFAR-10 on one CUDA GPU: the book's road against the same network in a plain float32 loop.

    python benchmarks/cifar_gpu.py            # five repeats of both sides, three of others: 5 minutes on a large GPU
    python benchmarks/cifar_gpu.py --compile  # the book's side through torch.compile, which wants a C compiler
    python benchmarks/cifar_gpu.py --smoke    # tiny, on the CPU: shows that it runs, measures nothing

The clock starts when the images lie in main memory as bytes and stops when the last step is done: the copy to the GPU,
the starting weights, the augmentation and all steps are in. Warm-up and compilation come before it, on weights that are
then drawn anew; evaluation comes after it. Both times are printed.

Why is the accuracy what it is? Three other recipes are trained for that, without a clock: Page's plain one, the book's
with a whitened first layer, and the book's over 40 epochs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import mean
import sys
from typing import Any

from cifar_cpu import DEVIATION, MEAN, Mirrored
from harness import Keep, in_turn, ratio, record, show, summaries
import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchbook.data.augment import flip_and_crop
from torchbook.data.batches import Batches, worker_count
from torchbook.data.images import ImageSet, load_images
from torchbook.device import Stopwatch, autocast_dtype, describe_environment, seed_everything
from torchbook.initialization import whiten_
from torchbook.models import ResNet9
from torchbook.training import evaluate, fit
import typer

WIDTHS = (64, 128, 256, 512)
BATCH_SIZE = 512  # enough work a step that the GPU, not Python, sets the pace; 97 whole batches an epoch
WARM_UP = 0.2  # share of the steps in which the rate rises: Page's 5 of 24 epochs
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4


def soft_relu() -> nn.Module:
    """A ReLU with a soft corner: CELU with Page's value for scales frozen at 1; 3 epochs fewer."""
    return nn.CELU(0.3)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained. Network, batch and momentum are those of David Page, How to train your ResNet (2018).

    As it stands, this is his recipe of part 8 for 17 epochs, with small groups for batch norm (we: whole batches).
    """

    epochs: int = 16
    lr: float = 0.6  # peak, for a loss averaged over the batch: Page's value for 17 to 18 epochs
    bias_factor: float = 64  # on the rate of biases: with frozen scales they decide how sparse a channel is
    label_smoothing: float = 0.2  # Page: 2 epochs fewer
    activation: Callable[[], nn.Module] = soft_relu
    learned_scales: bool = False  # of batch norm
    whitened: bool = False  # first layer: Page's last step, for 10 epochs


OTHERS = {
    # with cut-out squares besides, Page's way to 94 % on the original photographs
    "page_plain": Recipe(24, lr=0.4, bias_factor=1, label_smoothing=0, activation=nn.ReLU, learned_scales=True),
    "whitened": Recipe(whitened=True),
    "long": Recipe(epochs=40),
}


def make_network(widths: tuple[int, ...], recipe: Recipe) -> ResNet9:
    """The book's ResNet9 with the recipe's activation; with batch norm's scales frozen at 1 if it says so."""
    network = ResNet9(widths, activation=recipe.activation)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.weight.requires_grad_(recipe.learned_scales)
    return network


def draw_weights(network: nn.Module) -> None:
    """Start again in place: a compiled network stays compiled, and nothing learned is left."""
    for part in network.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()


def one_cycle(
    network: nn.Module, steps: int, recipe: Recipe
) -> tuple[torch.optim.SGD, torch.optim.lr_scheduler.OneCycleLR]:
    """SGD with Nesterov momentum over ``steps`` steps; biases at bias_factor times the rate, with as little decay."""
    lr, factor = recipe.lr, recipe.bias_factor
    learning = {name: p for name, p in network.named_parameters() if p.requires_grad}
    weights = [p for name, p in learning.items() if not name.endswith("bias")]
    biases = [p for name, p in learning.items() if name.endswith("bias")]
    groups = [
        {"params": weights, "weight_decay": WEIGHT_DECAY},
        {"params": biases, "weight_decay": WEIGHT_DECAY / factor},  # rate times decay is what acts
    ]
    optimizer = torch.optim.SGD(groups, lr=lr, momentum=MOMENTUM, nesterov=True)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        [lr, lr * factor],
        total_steps=steps,
        pct_start=WARM_UP,
        anneal_strategy="linear",
        cycle_momentum=False,
    )


def normalize(images: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """(N, 3, H, W) in [0, 1] -> mean 0 and deviation 1 a channel, over CIFAR-10's training images."""
    return (images - mean) / deviation


class BookRoad:
    """The book's parts: images whole on the device, channels-last, bfloat16, one pass of `fit`, perhaps compiled."""

    def __init__(self, device: torch.device, widths: tuple[int, ...], batch_size: int, recipe: Recipe, compiled: bool):
        torch.manual_seed(0)
        self.device, self.batch_size, self.recipe = device, batch_size, recipe
        self.network = make_network(widths, recipe).to(device, memory_format=torch.channels_last)
        # the compiled model shares its weights with the network; one shape, as drop_last leaves whole batches alone
        self.model = torch.compile(self.network, dynamic=False) if compiled else self.network
        self.normalize = partial(normalize, mean=MEAN.to(device), deviation=DEVIATION.to(device))
        self.autocast = autocast_dtype(device)

    def augment(self, images: Tensor) -> Tensor:
        return flip_and_crop(self.normalize(images))  # hands on channels-last

    def prepare(self, images: Tensor) -> Tensor:
        return self.normalize(images).contiguous(memory_format=torch.channels_last)

    def train(self, train: ImageSet, seed: int, epochs: int) -> float:
        """Train from new weights; return the seconds."""
        seed_everything(seed)
        torch.backends.cudnn.benchmark = True  # try cuDNN's ways for each shape at its first use, in the warm-up
        with Stopwatch(self.device) as watch:
            draw_weights(self.network)
            if self.recipe.whitened:
                some = train.limited(min(2000, len(train))).images.to(self.device)
                whiten_(self.network.stem[0], self.normalize(some.float() / 255))
            batches = Batches(
                train, self.batch_size, self.device, self.augment, shuffle=True, seed=seed, drop_last=True
            )
            optimizer, scheduler = one_cycle(self.network, epochs * len(batches), self.recipe)
            fit(
                self.model,
                batches,
                None,
                optimizer,
                epochs=epochs,
                loss_fn=partial(F.cross_entropy, label_smoothing=self.recipe.label_smoothing),
                scheduler=scheduler,
                autocast=self.autocast,
            )
        return watch.seconds

    def accuracies(self, test: ImageSet) -> dict[str, float]:
        """Share of right answers, from each test image alone and from it and its mirror image; without bfloat16."""
        batches = Batches(test, 1000, self.device, self.prepare)
        return {
            "accuracy": evaluate(self.network, batches)[1],
            "accuracy_mirrored": evaluate(Mirrored(self.network), batches)[1],
        }

    def measure(self, train: ImageSet, test: ImageSet, seed: int, epochs: int) -> dict[str, float]:
        seconds = self.train(train, seed, epochs)
        with Stopwatch(self.device) as after:
            found = self.accuracies(test)
        print(
            f"seed {seed}: {seconds:.2f} s of training; test accuracy {found['accuracy']:.4f}, "
            f"with mirror images {found['accuracy_mirrored']:.4f} ({after.seconds:.2f} s, not counted)"
        )
        return {"seconds": seconds, **found}


def ready_tensors(images: ImageSet) -> TensorDataset:
    """Normalised float images and labels in main memory: what the plain loop's workers pick from."""
    return TensorDataset(normalize(images.images.float() / 255, MEAN, DEVIATION), images.labels)


def train_plain(
    data: TensorDataset,
    device: torch.device,
    seed: int,
    widths: tuple[int, ...],
    batch_size: int,
    recipe: Recipe,
    run: int,
) -> dict[str, float]:
    """The same network, recipe and augmentation as a loop is usually written: float32, no memory format, two workers.

    Only the first ``run`` epochs are run and the seconds scaled up; so there is no accuracy to report.
    PyTorch's own settings hold: float32 convolutions may use TF32, cuDNN does not search.
    """
    seed_everything(seed)
    torch.backends.cudnn.benchmark = False
    network, epochs = make_network(widths, recipe).to(device), recipe.epochs
    loader = DataLoader(data, batch_size, shuffle=True, drop_last=True, num_workers=worker_count(2))
    optimizer, scheduler = one_cycle(network, epochs * len(loader), recipe)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    with Stopwatch(device) as watch:
        for _ in range(run):
            running_loss = 0.0
            for images, labels in loader:
                images, labels = images.to(device), labels.to(device)
                images = flip_and_crop(images).contiguous()
                optimizer.zero_grad()
                loss = loss_fn(network(images), labels)
                loss.backward()
                optimizer.step()
                scheduler.step()
                running_loss += loss.item()  # waits for the device at every step
    return {"seconds": watch.seconds / run * epochs, "seconds_an_epoch": watch.seconds / run}


def train_others(
    train: ImageSet,
    test: ImageSet,
    device: torch.device,
    widths: tuple[int, ...],
    batch_size: int,
    repeats: int,
    epochs: int | None,
) -> dict[str, Any]:
    """Accuracies of the OTHERS, each over its own epochs or over ``epochs``."""
    roads = {name: BookRoad(device, widths, batch_size, recipe, compiled=False) for name, recipe in OTHERS.items()}

    def one(road: BookRoad, seed: int) -> dict[str, float]:
        road.train(train, seed, epochs or road.recipe.epochs)
        return road.accuracies(test)

    found = summaries(in_turn({name: partial(one, road) for name, road in roads.items()}, repeats))
    show("Other recipes", {f"{name}, {what}": row for name, group in found.items() for what, row in group.items()})
    return {name: {**group, "epochs": OTHERS[name].epochs} for name, group in found.items()}


def main(
    repeats: int = 5,
    others: int = 3,
    plain_epochs: int = 2,
    compile: bool = False,
    smoke: bool = False,
    keep: Keep = False,
) -> None:
    """Run both sides in turn, then the other recipes.

    --record keeps the figures as cifar_gpu or, with --compile, cifar_gpu_compiled, the others' as cifar_gpu_recipes.
    --others: how often each other recipe is trained, 0 for not at all. --smoke: tiny runs on the CPU.
    """
    if not smoke and not torch.cuda.is_available():
        print(
            "This benchmark needs a CUDA GPU, and PyTorch sees none here. "
            "Try --smoke for a tiny run on the CPU, or benchmarks/cifar_cpu.py.",
            file=sys.stderr,
        )
        raise typer.Exit(2)
    device = torch.device("cpu" if smoke else "cuda")
    widths, batch_size, recipe = WIDTHS, BATCH_SIZE, Recipe()
    if smoke:
        train, test = (load_images("cifar10", split, source="embedded").limited(200) for split in ("train", "test"))
        widths, batch_size, repeats, others, plain_epochs, compile = (8, 16, 16, 16), 50, 1, 1, 1, False
        recipe = Recipe(epochs=2)
    else:
        train, test = (load_images("cifar10", split, source="real") for split in ("train", "test"))
    epochs = recipe.epochs
    if not 1 <= plain_epochs <= epochs:
        raise typer.BadParameter(f"plain-epochs must be from 1 to epochs ({epochs}), got {plain_epochs}.")
    print(describe_environment(device))
    torch.set_float32_matmul_precision("high")  # TF32 in float32 matrix products, as in convolutions: for both sides

    book = BookRoad(device, widths, batch_size, recipe, compile)
    data = ready_tensors(train)
    plain = partial(train_plain, data, device, widths=widths, batch_size=batch_size, recipe=recipe, run=plain_epochs)
    few = torch.arange(3 * batch_size)  # three whole batches, so that all that is done once is done before the clock
    with Stopwatch(device) as before:
        book.train(train.subset(few), seed=0, epochs=1)
        book.accuracies(test)
    print(f"the book's road, warm-up{' and compilation' if compile else ''}: {before.seconds:.1f} s, not counted")
    with Stopwatch(device) as before:
        train_plain(TensorDataset(*data[few]), device, 0, widths, batch_size, recipe, run=1)
    print(f"the plain loop, warm-up: {before.seconds:.1f} s, not counted")

    sides = {
        "plain": plain,
        "book": lambda seed: book.measure(train, test, seed, epochs),
    }
    found = in_turn(sides, repeats)
    times = ratio(found["plain"]["seconds"], found["book"]["seconds"])
    means = {f"mean_{name}": mean(values) for name, values in found["book"].items()}
    rows = {f"{side}, {name}": row for side, group in summaries(found).items() for name, row in group.items()}
    show("CIFAR-10, one GPU" if not smoke else "Smoke run", {**rows, "plain time / the book's": times})
    print(
        f"The book's road, mean of {repeats}: {means['mean_seconds']:.2f} s for {epochs} epochs, test accuracy "
        f"{means['mean_accuracy']:.4f}, with mirror images averaged {means['mean_accuracy_mirrored']:.4f}.\n"
        f"The plain loop ran {plain_epochs} of {epochs} epochs; its seconds are scaled up to {epochs}."
    )
    recipes = train_others(train, test, device, widths, batch_size, others, 1 if smoke else None) if others else {}
    sources = {"train": train, "test": test}
    if keep and not smoke:
        settings = {"epochs": epochs, "plain_epochs": plain_epochs, "lr": recipe.lr, "compiled": compile}
        name = "cifar_gpu_compiled" if compile else "cifar_gpu"
        record(name, {**summaries(found), "time_ratio": times, **means, **settings}, data=sources)
    if keep and not smoke and recipes:
        record("cifar_gpu_recipes", recipes, data=sources)


if __name__ == "__main__":
    typer.run(main)
