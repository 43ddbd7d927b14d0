"""Save and load training state: atomic, weights-only. Taught in chapters 05 and 06."""

from __future__ import annotations

from collections.abc import Callable
import os
from pathlib import Path
import pickle
import tempfile
from typing import Any

import torch


def write_atomically(path: Path | str, write: Callable[[Path], Any]) -> Path:
    """Call ``write(temporary_path)`` beside ``path``, then put the file in place: whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    try:
        write(Path(name))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def save_checkpoint(path: Path | str, *, model, optimizer=None, scheduler=None, **extra) -> Path:
    """Write all that resuming needs to ``path``; return the path.

    model, optimizer, scheduler: objects with ``state_dict()``. extra: numbers, strings, tensors, lists and dicts of
    these (epoch, history.state_dict(), ...). The state of PyTorch's CPU random generator goes along.
    The file is written under another name first and then put in place, so an interruption loses nothing.
    """
    state = {"model": model.state_dict(), "torch_rng": torch.get_rng_state(), **extra}
    if optimizer is not None:
        state["optimizer"] = optimizer.state_dict()
    if scheduler is not None:
        state["scheduler"] = scheduler.state_dict()
    return write_atomically(path, lambda temporary: torch.save(state, temporary))


def load_checkpoint(path: Path | str, *, model, optimizer=None, scheduler=None, restore_rng: bool = True) -> dict:
    """Read a checkpoint of ``save_checkpoint`` into the objects given; return the rest of what was saved.

    Weights-only: a file that would run code when loaded is refused. Tensors are read to the CPU and copied to where the
    model's parameters live. Raises FileNotFoundError, or ValueError for a file that is not such a checkpoint or that
    lacks a part asked for; then nothing has been changed.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint at {path}.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ValueError(f"{path} is not a checkpoint that can be loaded safely: {reason}") from error
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    wanted = {name: part for name, part in parts.items() if part is not None}
    held = set(state) if isinstance(state, dict) else set()
    missing = [name for name in wanted if name not in held]
    if missing:
        raise ValueError(f"{path} holds {sorted(held) or 'no named parts'}, but no {', '.join(missing)}.")
    _check_fits(path, model, state["model"])
    for name, part in wanted.items():
        part.load_state_dict(state[name])
    if restore_rng and "torch_rng" in state:
        torch.set_rng_state(state["torch_rng"])
    return {key: value for key, value in state.items() if key not in {*parts, "torch_rng"}}


def _check_fits(path: Path, model, saved: dict) -> None:
    """Compare names and shapes before anything is loaded."""
    own = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    there = {key: tuple(value.shape) for key, value in saved.items()}
    if own != there:
        differing = sorted(key for key in own.keys() | there.keys() if own.get(key) != there.get(key))
        key = differing[0]
        raise ValueError(
            f"{path} does not fit this model: {len(differing)} tensor(s) differ, first {key}: "
            f"file {there.get(key, 'absent')}, model {own.get(key, 'absent')}."
        )
