"""Save and load training state: atomic, weights-only. Taught in chapter 06."""

from __future__ import annotations

from collections.abc import Callable
import os
from pathlib import Path
import pickle
import re
from typing import Any
import zipfile

import torch
from torchbook.data.cache import write_held
from torchbook.fitting import check_loadable, generator_of, layout, misfits, order_of
from torchbook.random_state import random_state, set_random_state

FORMAT = 2  # of the file; the first had none
ZIP_START = b"PK\x03\x04"


def save_checkpoint(path: Path | str, *, model, optimizer=None, scheduler=None, batches=None, **extra) -> Path:
    """Write all that resuming needs to ``path``; return the path.

    model, optimizer, scheduler: objects with ``state_dict()``. batches: a ``Batches`` or ``DataLoader``, for the order
    of the epochs to come. extra: numbers, strings, tensors, lists and dicts of these (the epoch, a history's
    ``state_dict()``, ...). The random states of Python, NumPy and PyTorch, on the CPU and on the GPU in use, go along.
    The file is written under another name first and then put in place, so an interruption loses nothing.
    Raises ValueError for a value that a weights-only load would refuse, and for a name that is taken.
    """
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    state = {name: part.state_dict() for name, part in parts.items() if part is not None}
    state["kinds"] = {name: type(parts[name]).__name__ for name in state if name != "model"}
    state["format"] = FORMAT
    if optimizer is not None:
        state["layout"] = layout(model, optimizer)
    if batches is not None:
        state["batches"] = order_of(batches)
    taken = extra.keys() & {*state, *parts, "layout", "batches", "random"}
    if taken:
        raise ValueError(f"A checkpoint has a {taken.pop()!r} of its own: choose another name for yours.")
    groups = state.get("optimizer", {}).get("param_groups")  # learning rate and the like
    for name, value in {"optimizer.param_groups": groups, "scheduler": state.get("scheduler"), **extra}.items():
        check_loadable(name, value)
    state["random"] = random_state(model)
    return write_atomically(path, lambda temporary: torch.save({**state, **extra}, temporary))


def write_atomically(path: Path | str, write: Callable[[Any], Any]) -> Path:
    """Like that of the cache, for a file of ``torch.save``. Raises ValueError for one that could not be loaded."""

    def write_into(file) -> None:
        try:
            write(file)
        except RuntimeError as error:  # of the archive's end, after what went wrong with the file, or Ctrl-C
            raise error.__context__ or error from None

    return write_held(path, write_into, check_whole)


def check_whole(path: Path) -> None:
    """Raise ValueError where a file just written has no model, or something that a weights-only load refuses."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)  # which reads no tensor
    except (pickle.UnpicklingError, RuntimeError, ValueError, TypeError, AttributeError, LookupError) as error:
        refused = re.search(r"GLOBAL (\S+) was not an allowed|class (\S+) was not allowed", str(error))
        what = refused[1] or refused[2] if refused else "a part of it"
        raise ValueError(
            f"The model or the optimizer cannot go into a checkpoint: a weights-only load would refuse {what}; use "
            "numbers, strings, tensors, and lists and dicts of these, and run a lazy module once before you save."
        ) from error
    if "model" not in state:
        raise ValueError("A checkpoint needs a model, got None.")


def load_checkpoint(
    path: Path | str, *, model, optimizer=None, scheduler=None, batches=None, restore_rng: bool = True
) -> dict:
    """Read a checkpoint of ``save_checkpoint`` into the objects given; return the extras that were saved.

    Weights-only: a file that would run code when loaded is refused. Tensors are read to the CPU and copied to where the
    model's parameters live. restore_rng: put the random states in place. Raises FileNotFoundError, or ValueError for a
    file that is cut off, damaged or no such checkpoint, and for one that lacks a part asked for or does not fit it;
    then nothing has been changed.
    """
    state = read_checkpoint(Path(path))
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "batches": batches}
    misfit = next(misfits(state, **parts), None)
    if misfit is not None:
        raise ValueError(f"{path} does not fit: {misfit}")
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])
    model.load_state_dict(state["model"])
    if scheduler is not None:
        scheduler.load_state_dict(state["scheduler"])
    if batches is not None and state["batches"]["order"] is not None:
        generator_of(batches).set_state(state["batches"]["order"])
    if restore_rng:
        set_random_state(state["random"], model)
    return {name: value for name, value in state.items() if name not in {*parts, "format", "kinds", "layout", "random"}}


def read_checkpoint(path: Path) -> dict:
    """The named parts of a checkpoint file, weights-only, on the CPU.

    Raises FileNotFoundError, or ValueError for a file that is cut off, damaged or no checkpoint of this version.
    """
    if not os.path.isfile(path):  # False, too, for a name that is too long
        raise FileNotFoundError(f"There is no checkpoint at {path}.")
    check_bytes(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds
        refused = re.search(r"GLOBAL (\S+) was not an allowed", str(error))
        reason = f"it would call {refused[1]}" if refused else "it is damaged, or was not written by torch.save"
        raise ValueError(f"{path} is not a checkpoint that can be loaded safely: {reason}") from error
    if isinstance(state, dict) and type(state.get("format")) is int and state["format"] == FORMAT:
        return state
    if isinstance(state, dict) and "torch_rng" in state:
        raise ValueError(
            f"{path} is a checkpoint of an earlier version of this package, and a run cannot go on from it; its "
            "weights are torch.load(path)['model']."
        )
    what = "a state dict" if isinstance(state, dict) and state and all(map(torch.is_tensor, state.values())) else "data"
    raise ValueError(
        f"{path} is not a checkpoint of save_checkpoint, it holds {what}: weights alone are loaded by "
        "model.load_state_dict(torch.load(path))."
    )


def check_bytes(path: Path) -> None:
    """Raise ValueError for a file of PyTorch, a zip archive with checksums, that was cut off or damaged."""
    with path.open("rb") as file:
        start = file.read(len(ZIP_START))
    if not ZIP_START.startswith(start):  # some other file
        return
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except Exception as error:  # a wrong byte can send zipfile anywhere
        cut_off = str(error) == "File is not a zip file"
        what = "cut off: its end is missing" if cut_off else f"damaged ({type(error).__name__})"
        raise ValueError(f"{path} is {what}; go on from an older file.") from error
    if damaged is not None:
        raise ValueError(f"{path} is damaged: a checksum in it is wrong; go on from an older file.")
