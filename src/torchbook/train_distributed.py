"""Train LeNet on CIFAR-10 with one process or many: started by torchrun, unchanged on several machines. Chapter 13.

    torchrun --standalone --nproc_per_node=2 -m torchbook.train_distributed --epochs 2 --folder run

Without torchrun it is one process. A run whose folder holds ``last.pt`` goes on from there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
import os
from pathlib import Path
import sys
import time

import numpy as np
import torch
from torch import Tensor
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DistributedSampler
from torchbook.checkpoint import load_checkpoint, save_checkpoint
from torchbook.data.batches import Batches
from torchbook.data.images import SOURCES, ImageSet, load_images
from torchbook.device import pick_device, seed_everything
from torchbook.models import LeNet
from torchbook.training import evaluate, train_one_epoch

FIXED = ("epochs", "batch_size", "lr", "seed", "limit", "flip")  # what a resumed run may not change


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings of a run. Raises ValueError for one that cannot be."""
    parser = argparse.ArgumentParser(prog="torchbook.train_distributed", description="LeNet on CIFAR-10, distributed.")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64, help="images a step, over all processes together")
    parser.add_argument("--lr", type=float, default=0.05, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each process")
    parser.add_argument("--limit", type=int, help="number of training images; all unless given")
    parser.add_argument("--source", default="auto", choices=SOURCES)
    parser.add_argument("--folder", type=Path, default=Path("run"), help="where the checkpoints go")
    parser.add_argument("--flip", action=argparse.BooleanOptionalAction, default=True, help="mirror images at random")
    parser.add_argument("--crash-at-step", type=int, help="for an experiment: the last process dies there, once")
    args = parser.parse_args(arguments)
    for name in ("epochs", "batch_size", "threads"):
        if getattr(args, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} must be 1 or more, got {getattr(args, name)}.")
    if not args.lr > 0:
        raise ValueError(f"--lr must be above 0, got {args.lr}.")
    return args


def join_group() -> tuple[int, int, torch.device]:
    """Join the processes that torchrun started; return this one's rank, their number and its device."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = pick_device()
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    else:
        device = torch.device("cpu")  # neither gloo nor NCCL serves Apple's GPU
    backend = "nccl" if device.type == "cuda" else "gloo"
    if "RANK" in os.environ:
        dist.init_process_group(backend)  # the address is in the environment
    else:
        dist.init_process_group(backend, store=dist.HashStore(), rank=0, world_size=1)
    return rank, world, device


def seed_of(seed: int, epoch: int, rank: int) -> int:
    """A seed of its own for each epoch and rank: ranks must differ, and a resumed run must draw the same again."""
    return int(np.random.SeedSequence((seed, epoch, rank)).generate_state(1)[0])


def share_of(images: ImageSet, sampler: DistributedSampler, epoch: int) -> ImageSet:
    """This rank's images of this epoch."""
    sampler.set_epoch(epoch)  # without it every epoch has the same order
    return images.subset(torch.tensor(list(sampler)))


def flip_some(images: Tensor) -> Tensor:
    """Mirror each image (N, C, H, W) with probability 1/2."""
    chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(chosen, images.flip(-1), images)


def crash_at(batches: Batches, step: int | None) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches; at ``step`` the process ends as if it had been killed."""
    for number, batch in enumerate(batches):
        if number == step:
            os._exit(1)  # no clean-up, no message
        yield batch


def mean_over_ranks(value: float, device: torch.device) -> float:
    """Average a number over all processes; each of them gets the result."""
    total = torch.tensor(value, dtype=torch.float32, device=device)
    dist.all_reduce(total)  # the sum
    return total.item() / dist.get_world_size()


def train(args: argparse.Namespace, rank: int, world: int, device: torch.device) -> None:
    """Train, evaluate and save; every process runs this function, rank 0 alone prints and writes."""
    if args.batch_size % world:
        raise ValueError(f"--batch-size must be a multiple of the {world} processes, got {args.batch_size}.")
    images, val = load_images("cifar10", source=args.source, limit=args.limit).split(val_fraction=0.1, seed=args.seed)
    sampler = DistributedSampler(images, world, rank, shuffle=True, seed=args.seed)
    steps = -(-len(sampler) // (args.batch_size // world))  # an epoch's, rounded up

    seed_everything(args.seed)
    net = LeNet(in_channels=3, classes=len(images.classes)).to(device)
    optimizer = torch.optim.SGD(net.parameters(), args.lr, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=args.epochs * steps)
    parts = {"model": net, "optimizer": optimizer, "scheduler": scheduler}
    fixed = {name: getattr(args, name) for name in FIXED}
    start, best = resume(args.folder / "last.pt", parts, fixed)
    if rank == 0 and start:
        print(f"resumed after epoch {start}", flush=True)

    model = DistributedDataParallel(net)
    first_attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
    crash = args.crash_at_step if first_attempt and rank == world - 1 else None
    for epoch in range(start, args.epochs):
        seed_everything(seed_of(args.seed, epoch, rank))
        transform = flip_some if args.flip else None
        batches = Batches(share_of(images, sampler, epoch), args.batch_size // world, device, transform)
        step = crash - epoch * steps if crash is not None else None
        began = time.perf_counter()
        loss, _ = train_one_epoch(model, crash_at(batches, step), optimizer, scheduler=scheduler)
        seconds = time.perf_counter() - began
        loss = mean_over_ranks(loss, device)
        if rank == 0:
            _, accuracy = evaluate(net, Batches(val, 500, device))
            print(f"epoch {epoch + 1}  loss {loss:.3f}  val {accuracy:.1%}  seconds {seconds:.2f}", flush=True)
            extra = {"epoch": epoch + 1, "best": max(best, accuracy), "settings": fixed}
            if accuracy > best:
                best = accuracy
                save_checkpoint(args.folder / "best.pt", **parts, **extra)
            save_checkpoint(args.folder / "last.pt", **parts, **extra)
        dist.barrier()  # nobody goes on before the checkpoint is whole


def resume(path: Path, parts: dict, settings: dict) -> tuple[int, float]:
    """Load ``path`` into the parts if it is there; return the epochs done and the best accuracy.

    Raises ValueError when the checkpoint belongs to a run with other settings.
    """
    if not path.is_file():
        return 0, 0.0
    saved = load_checkpoint(path, **parts, restore_rng=False)  # each epoch is seeded anew
    for name, value in saved.get("settings", {}).items():
        if settings[name] != value:
            raise ValueError(f"{path} was saved with {name}={value}, not {settings[name]}: use another --folder.")
    return saved["epoch"], saved["best"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0, or 2 after one sentence on the error stream."""
    try:
        args = read_arguments(arguments)
        torch.set_num_threads(args.threads)
        rank, world, device = join_group()
        try:
            train(args, rank, world, device)
        finally:
            dist.destroy_process_group()
    except (ValueError, OSError) as error:
        if os.environ.get("RANK", "0") == "0":
            print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
