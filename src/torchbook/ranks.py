"""What several processes need to train one network: a device and a group, seeds, means, and guards. Chapter 13."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import hashlib
import os
import sys
from threading import Thread
import time
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
import torch.distributed as dist
from torchbook.device import pick_device

Prepared = TypeVar("Prepared")


def check_environment() -> None:
    """Raise ValueError for a number of torchrun that is none, and for a device that this machine does not have."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_PORT", "TORCHELASTIC_MAX_RESTARTS"):
        value = os.environ.get(name, "0")
        if not (value.isascii() and value.isdigit()):
            raise ValueError(
                f"The environment variable {name} must be a whole number, as torchrun sets it, got {value!r}."
            )
    try:
        pick_device()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def local_device() -> torch.device:
    """The GPU with this process's number on its machine, if there is one for each process there; else the CPU."""
    local_rank, processes = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if pick_device().type != "cuda":  # for Apple's GPU there is no backend
        return torch.device("cpu")
    if torch.cuda.device_count() < processes:
        if local_rank == 0:
            short = f"{processes} processes and {torch.cuda.device_count()} GPU on this machine"
            print(f"{short}: all train on the CPU, with gloo.", file=sys.stderr, flush=True)
        return torch.device("cpu")
    return torch.device("cuda", local_rank)


def join_group() -> tuple[int, int, torch.device]:
    """Join the processes that torchrun started; return this one's rank, their number and its device.

    All compute on GPUs, or all on CPUs. Raises ValueError where a restart would meet in the old place.
    """
    restarts = int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0"))
    if restarts and os.environ.get("TORCH_DISABLE_SHARE_RDZV_TCP_STORE") != "1":
        raise ValueError("Set TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1: without it a restart may hang (pytorch#135712).")
    started = "RANK" in os.environ  # torchrun has put the meeting place into the environment
    store, rank, world = next(dist.rendezvous("env://")) if started else (dist.HashStore(), 0, 1)
    device = local_device()
    store.set(f"device of {rank}", device.type)
    if any(store.get(f"device of {other}") != b"cuda" for other in range(world)):  # waits for the others
        device = torch.device("cpu")
    group = {"store": store, "rank": rank, "world_size": world}
    if device.type == "cuda":
        torch.cuda.set_device(device)
        dist.init_process_group("nccl", device_id=device, **group)
    else:
        dist.init_process_group("gloo", **group)
    return rank, world, device


def end_with_launcher() -> None:
    """From now on this process ends within a second when the one that started it is killed: torchrun cannot say so.

    One that was killed before, while PyTorch was being loaded here, is not missed.
    """
    launcher = os.getppid()

    def watch() -> None:
        while os.getppid() == launcher:  # an orphan gets another parent (on Windows it keeps the number of the dead)
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def seed_of(seed: int, epoch: int, rank: int) -> int:
    """A seed of its own for each epoch and rank: ranks must differ, and a resumed run must draw the same again."""
    return int(np.random.SeedSequence((seed, epoch, rank)).generate_state(1)[0])


def mean_over_ranks(value: float, device: torch.device) -> float:
    """Average a number over all processes; each of them gets the result."""
    total = torch.tensor(value, dtype=torch.float32, device=device)
    dist.all_reduce(total)  # the sum
    return total.item() / dist.get_world_size()


def digest(tensors: Iterable[Tensor]) -> str:
    """Twelve hexadecimal digits that differ when a number does."""
    whole = hashlib.sha256()
    for tensor in tensors:
        whole.update(tensor.detach().cpu().contiguous().numpy())
    return whole.hexdigest()[:12]


def differences(facts: list[dict]) -> list[str]:
    """Compare the facts of all ranks: each that is not the same everywhere, with the ranks that have each value."""
    found = []
    for name in facts[0]:
        ranks = {}  # that have a value
        for rank, own in enumerate(facts):
            ranks.setdefault(own[name], []).append(str(rank))
        if len(ranks) > 1:
            values = [f"rank {', '.join(who)}: {value}" for value, who in ranks.items()]
            found.append(f"{name} ({'; '.join(values)})")
    return found


def gather(value: Any) -> list:
    """What each rank has for ``value``, any Python object that can be pickled, in the order of the ranks."""
    everyone = [None] * dist.get_world_size()
    dist.all_gather_object(everyone, value)
    return everyone


def require_equal(what: str, value: Any) -> None:
    """Raise ValueError on every rank unless all of them have the same value."""
    if different := differences([{what: its} for its in gather(value)]):
        raise ValueError(f"All ranks must have the same {different[0]}.")


def require_distinct(what: str, value: Any) -> None:
    """Raise ValueError on every rank unless no two of them have the same value."""
    values = gather(value)
    if len(set(values)) < len(values):
        raise ValueError(f"Each rank needs its own {what}, but the ranks have {', '.join(map(str, values))}.")


def agree(prepare: Callable[[], Prepared]) -> Prepared:
    """Prepare on every rank, then compare: either all go on with the same run, or all raise an error.

    What ``prepare`` returns has a method ``facts``, a dictionary of what must be the same on all ranks. Raises what
    this rank failed with, or ValueError that says which rank failed or what differs between the ranks.
    """
    try:
        run = prepare()
        mine = run.facts()
    except Exception as error:  # raised below, when the others know
        run, mine = error, str(error)
    everyone = gather(mine)
    if isinstance(run, Exception):
        raise run
    if failed := [f"Rank {rank} is not ready: {its}" for rank, its in enumerate(everyone) if isinstance(its, str)]:
        raise ValueError(" ".join(failed))
    if different := differences(everyone):
        raise ValueError(f"All ranks must train the same run, but they differ in {', '.join(different)}.")
    return run
