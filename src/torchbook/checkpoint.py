"""Save and load training state: atomic, weights-only. Taught in chapter 06."""

from __future__ import annotations

import io
from pathlib import Path
import re

import torch
from torchbook.data.cache import write_atomically


def save_checkpoint(path: Path | str, *, model, optimizer=None, scheduler=None, **extra) -> Path:
    """Write all that resuming needs to ``path``; return the path.

    model, optimizer, scheduler: objects with ``state_dict()``. extra: numbers, strings, tensors, lists and dicts of
    these (epoch, history.state_dict(), batches.generator.get_state(), ...). The states of PyTorch's random generators,
    of the CPU and of the GPU in use, go along.
    The file is written under another name first and then put in place, so an interruption loses nothing.
    Raises ValueError for a value that a weights-only load would refuse.
    """
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    state = {name: part.state_dict() for name, part in parts.items() if part is not None}
    groups = state.get("optimizer", {}).get("param_groups")  # learning rate and the like
    for name, value in {"optimizer.param_groups": groups, "scheduler": state.get("scheduler"), **extra}.items():
        _check_loadable(name, value)
    state["torch_rng"] = torch.get_rng_state()
    if torch.cuda.is_available():
        state["cuda_rng"] = torch.cuda.get_rng_state()
    return write_atomically(path, lambda temporary: torch.save({**state, **extra}, temporary))


def load_checkpoint(path: Path | str, *, model, optimizer=None, scheduler=None, restore_rng: bool = True) -> dict:
    """Read a checkpoint of ``save_checkpoint`` into the objects given; return the rest of what was saved.

    Weights-only: a file that would run code when loaded is refused. Tensors are read to the CPU and copied to where the
    model's parameters live. Raises FileNotFoundError, or ValueError for a file that is not such a checkpoint or that
    lacks a part asked for; then nothing has been changed.
    """
    state = _read(Path(path))
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    missing = [name for name, part in parts.items() if part is not None and name not in state]
    if missing:
        raise ValueError(f"{path} holds {sorted(state) or 'no named parts'}, but no {', '.join(missing)}.")
    _check_fits(path, model, state["model"])
    if scheduler is not None and scheduler.state_dict().keys() != state["scheduler"].keys():
        raise ValueError(f"{path} was saved with another kind of scheduler than {type(scheduler).__name__}.")
    try:
        if restore_rng and "torch_rng" in state:
            torch.Generator().set_state(state["torch_rng"])  # a trial
        if optimizer is not None:
            optimizer.load_state_dict(state["optimizer"])  # compares the parameter groups before it changes anything
    except Exception as error:
        raise ValueError(f"{path} does not fit: {error}") from error
    model.load_state_dict(state["model"])
    if scheduler is not None:
        scheduler.load_state_dict(state["scheduler"])
    if restore_rng and "torch_rng" in state:
        torch.set_rng_state(state["torch_rng"])
    if restore_rng and "cuda_rng" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda_rng"])
    return {name: value for name, value in state.items() if name not in {*parts, "torch_rng", "cuda_rng"}}


def _read(path: Path) -> dict:
    """The named parts of a checkpoint file, weights-only, on the CPU."""
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint at {path}.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file stops torch.load with a KeyError, IndexError, AssertionError ...
        refused = re.search(r"GLOBAL (\S+) was not an allowed", str(error))
        reason = f"it would call {refused[1]}" if refused else f"{type(error).__name__}: {str(error).split(chr(10))[0]}"
        raise ValueError(f"{path} is not a checkpoint that can be loaded safely: {reason}") from error
    return state if isinstance(state, dict) else {}


def _check_loadable(name: str, value) -> None:
    """Refuse what could be saved but not loaded again, such as a NumPy number or a path."""
    buffer = io.BytesIO()
    try:
        torch.save(value, buffer)
        buffer.seek(0)
        torch.load(buffer, weights_only=True)
    except Exception as error:  # of pickle, of torch, or of the object itself
        raise ValueError(
            f"{name} cannot go into a checkpoint: a weights-only load would refuse this {type(value).__name__}; "
            "use numbers, strings, tensors, and lists and dicts of these."
        ) from error


def _check_fits(path: Path, model, saved: dict) -> None:
    """Compare names and shapes before anything is loaded."""
    if not isinstance(saved, dict):
        raise ValueError(f"{path} holds a {type(saved).__name__} as the model, not a state dict.")
    own = {key: tuple(getattr(value, "shape", ())) for key, value in model.state_dict().items()}
    there = {key: tuple(getattr(value, "shape", ())) for key, value in saved.items()}
    if own != there:
        differing = sorted(key for key in own.keys() | there.keys() if own.get(key) != there.get(key))
        key = differing[0]
        raise ValueError(
            f"{path} does not fit this model: {len(differing)} tensor(s) differ, first {key}: "
            f"file {there.get(key, 'absent')}, model {own.get(key, 'absent')}."
        )
