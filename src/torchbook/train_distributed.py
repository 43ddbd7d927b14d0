"""Train LeNet on CIFAR-10 with one process or many: started by torchrun, unchanged on several machines. Chapter 13.

    torchrun --standalone --nproc_per_node=2 -m torchbook.train_distributed --epochs 2 --folder run

With ``--max-restarts`` set TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 before torchrun starts.
Without torchrun it is one process. A run whose folder holds ``last.pt`` goes on from there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
import math
import os
from pathlib import Path
import sys
import tempfile
import time
import traceback
from typing import NamedTuple

import torch
from torch import Tensor
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DistributedSampler
from torchbook import checkpoint
from torchbook.checkpoint import save_checkpoint
from torchbook.data.batches import Batches
from torchbook.data.images import SOURCES, ImageSet, load_images
from torchbook.device import seed_everything
from torchbook.models import LeNet
from torchbook.ranks import (
    agree,
    check_environment,
    digest,
    end_with_launcher,
    join_group,
    mean_over_ranks,
    require_equal,
    seed_of,
)
from torchbook.training import evaluate, train_one_epoch

SETTINGS = ("epochs", "batch_size", "lr", "seed", "limit", "source", "flip")  # what a resumed run may not change
FORESEEN = (ValueError, OSError, dist.DistError)  # told in a sentence; anything else with its traceback


def _refuse(message: str) -> None:
    raise ValueError(f"{message[:1].upper()}{message[1:]}; see --help.")


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The settings of a run. Raises ValueError for one that cannot be."""
    parser = argparse.ArgumentParser(prog="torchbook.train_distributed", description="LeNet on CIFAR-10, distributed.")
    parser.error = _refuse
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
    if not 0 <= args.seed < 2**63:  # what a generator of PyTorch takes, the number of the epoch added
        raise ValueError(f"--seed must be from 0 to 2**63 - 1, got {args.seed}.")
    args.folder = Path(os.path.expanduser(args.folder))  # which a shell leaves alone behind a =
    return args


def normalize(images: Tensor) -> Tensor:
    """From 0 ... 1 to -1 ... 1."""
    return (images - 0.5) / 0.5


def flip_and_normalize(images: Tensor) -> Tensor:
    """Mirror each image (N, C, H, W) with probability 1/2, then normalise."""
    chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return normalize(torch.where(chosen, images.flip(-1), images))


def batches_of(
    images: ImageSet, sampler: DistributedSampler, epoch: int, args: argparse.Namespace, device: torch.device
) -> Batches:
    """This rank's share of an epoch, in batches."""
    sampler.set_epoch(epoch)  # without it every epoch has the same order
    seed_everything(seed_of(args.seed, epoch, sampler.rank))
    mine = images.subset(torch.tensor(list(sampler)))
    transform = flip_and_normalize if args.flip else normalize
    return Batches(mine, args.batch_size // sampler.num_replicas, device, transform)


def crash_step(args: argparse.Namespace, rank: int, world: int) -> int:
    """The step at which this process is to die, counted over all epochs; -1 for none, and after a restart."""
    restarted = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"
    return -1 if args.crash_at_step is None or restarted or rank != world - 1 else args.crash_at_step


def crash_at(batches: Batches, step: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches; at number ``step`` the process ends as if it had been killed."""
    for number, batch in enumerate(batches):
        if number == step:
            os._exit(1)  # no clean-up, no message
        yield batch


def build(args: argparse.Namespace, total_steps: int, device: torch.device) -> dict:
    """Network, optimizer and schedule, with the same start on every rank."""
    seed_everything(args.seed)
    net = LeNet(in_channels=3).to(device)
    optimizer = torch.optim.SGD(net.parameters(), args.lr, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=total_steps)
    return {"model": net, "optimizer": optimizer, "scheduler": scheduler}


def load_checkpoint(path: Path, **parts) -> dict:
    """Like that of ``checkpoint``. Raises ValueError, too, where what this script saved beside the parts was edited."""
    saved = checkpoint.load_checkpoint(path, **parts)
    if not isinstance(saved.get("settings"), dict):  # of another script
        return saved
    epoch, best, epochs = saved.get("epoch"), saved.get("best"), saved["settings"].get("epochs")
    if type(epoch) is not int or not 0 <= epoch <= (epochs if type(epochs) is int else epoch):
        raise ValueError(f"{path} was edited: its epoch must be a whole number of epochs of its run, got {epoch!r}.")
    if type(best) not in (int, float) or not math.isfinite(best):
        raise ValueError(f"{path} was edited: its best must be an accuracy, got {best!r}.")
    return saved


def resume(path: Path, parts: dict, settings: dict) -> tuple[int, float]:
    """Load ``path`` into the parts if it is there; return the epochs done and the best accuracy.

    Raises ValueError when the checkpoint belongs to a run with other settings, or is none of this script.
    """
    if not path.is_file():
        return 0, -1.0  # below every accuracy
    saved = load_checkpoint(path, model=parts["model"], restore_rng=False).get("settings")
    if not isinstance(saved, dict):
        raise ValueError(f"{path} is not a checkpoint of this script: use another folder.")
    for name, value in settings.items():
        if saved.get(name) != value:
            raise ValueError(f"{path} was saved with {name}={saved.get(name)}, not {value}: use another folder.")
    saved = load_checkpoint(path, **parts, restore_rng=False)  # each epoch is seeded anew
    return saved["epoch"], saved["best"]


def save(folder: Path, parts: dict, accuracy: float, best: float, **extra) -> float:
    """Write last.pt, and best.pt where the accuracy is the highest so far; return the highest."""
    if accuracy > best:
        save_checkpoint(folder / "best.pt", **parts, best=accuracy, **extra)
    save_checkpoint(folder / "last.pt", **parts, best=max(best, accuracy), **extra)
    return max(best, accuracy)


def check_writable(folder: Path) -> None:
    """Make the folder if it is not there. Raises OSError when no checkpoint can be written into it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder / "last.pt", folder / "best.pt"):
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder, and a checkpoint cannot take its place: use another folder.")
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"room for a checkpoint")


class Run(NamedTuple):
    """What a rank needs before it can train."""

    images: ImageSet
    val: ImageSet
    sampler: DistributedSampler
    steps: int  # of one epoch, the short last one counted
    parts: dict
    settings: dict
    start: int  # epochs done
    best: float  # validation accuracy so far

    def facts(self) -> dict:
        """What must be the same on all ranks."""
        found = {"epochs done": self.start, "images": len(self.images) + len(self.val)}
        weights = digest(self.parts["model"].state_dict().values())
        return {**found, **self.settings, "digest of the weights": weights}


def prepare(args: argparse.Namespace, rank: int, world: int, device: torch.device) -> Run:
    """Load this rank's data, network and checkpoint. Nothing here waits for another rank."""
    if args.batch_size % world:
        raise ValueError(f"--batch-size must be a multiple of the {world} processes, got {args.batch_size}.")
    images, val = load_images("cifar10", source=args.source, limit=args.limit).split(val_fraction=0.1, seed=args.seed)
    if rank == 0:
        check_writable(args.folder)
    sampler = DistributedSampler(images, world, rank, shuffle=True, seed=args.seed)
    steps = -(-len(sampler) // (args.batch_size // world))
    parts = build(args, args.epochs * steps, device)
    settings = {name: getattr(args, name) for name in SETTINGS}
    settings["data source"] = images.source
    settings["digest of the data"] = digest([images.images, images.labels, val.images, val.labels])
    start, best = resume(args.folder / "last.pt", parts, settings)
    return Run(images, val, sampler, steps, parts, settings, start, best)


def train_epoch(model: DistributedDataParallel, batches, parts: dict, device: torch.device, epoch: int) -> float:
    """Train on this rank's batches; return the mean loss over all ranks.

    Raises ValueError on every rank when that loss is not finite, or when the weights are not the same on all of them.
    """
    loss, _ = train_one_epoch(model, batches, parts["optimizer"], scheduler=parts["scheduler"])
    loss = mean_over_ranks(loss, device)
    if not math.isfinite(loss):
        raise ValueError(f"The loss of epoch {epoch} is {loss}, and nothing is saved of it: try a smaller --lr.")
    require_equal(f"weights after epoch {epoch}", digest(parts["model"].state_dict().values()))
    return loss


def train(args: argparse.Namespace, rank: int, world: int, device: torch.device) -> None:
    """Train, evaluate and save. Every rank runs this; rank 0 prints and writes."""
    images, val, sampler, steps, parts, settings, start, best = agree(partial(prepare, args, rank, world, device))
    if start and rank == 0:
        print(f"resumed after epoch {start}", flush=True)
    model = DistributedDataParallel(parts["model"])
    crash = crash_step(args, rank, world)
    for epoch in range(start, args.epochs):
        share = batches_of(images, sampler, epoch, args, device)
        batches = crash_at(share, crash - epoch * steps)
        began = time.perf_counter()
        loss = train_epoch(model, batches, parts, device, epoch + 1)
        seconds = time.perf_counter() - began
        if rank == 0:
            _, accuracy = evaluate(parts["model"], Batches(val, 500, device, normalize))
            print(f"epoch {epoch + 1}  loss {loss:.3f}  val {accuracy:.1%}  seconds {seconds:.2f}", flush=True)
            extra = {"epoch": epoch + 1, "settings": settings}
            best = save(args.folder, parts, accuracy, best, **extra)
        dist.barrier()  # nobody goes on before the checkpoint is whole


def tell(error: Exception) -> int:
    """Print an error, with this process's rank where there are several; return the exit code."""
    text = str(error) if isinstance(error, FORESEEN) else "".join(traceback.format_exception(error))
    print(f"rank {os.environ['RANK']}: {text}" if "RANK" in os.environ else text, file=sys.stderr, flush=True)
    return 2 if isinstance(error, FORESEEN) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0, or 2 after one sentence on the error stream. In a group a process that fails ends here."""
    try:
        args = read_arguments(arguments)
        torch.set_num_threads(args.threads)
        if "TORCHELASTIC_RUN_ID" in os.environ:  # under torchrun
            end_with_launcher()
        check_environment()
        rank, world, device = join_group()
        try:
            train(args, rank, world, device)
        except Exception as error:
            if world > 1:  # end at once: to close the group is to wait for the others, who wait for this one
                os._exit(tell(error))
            raise
        finally:
            dist.destroy_process_group()
    except FORESEEN as error:
        return tell(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
