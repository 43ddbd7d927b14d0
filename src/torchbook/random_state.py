"""The state of every global random generator: Python's, NumPy's, PyTorch's on the CPU and on the GPU in use."""

from __future__ import annotations

import random

import numpy as np
import torch


def random_state(model: object) -> dict:
    """The states as numbers, tensors and lists; of GPUs, that of the model's, else of the current one if there is one.

    Raises ValueError where NumPy's global generator was replaced by one of another kind.
    """
    version, words, gauss = random.getstate()
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002  the global generator, which libraries draw from
    if kind != "MT19937":
        raise ValueError(f"NumPy's global generator is a {kind}: only its own kind, MT19937, can go into a checkpoint.")
    states = {
        "python": [version, list(words), gauss],
        "numpy": [kind, torch.from_numpy(keys.astype(np.int64)), *rest],
        "cpu": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state(_cuda_device(model))
    if torch.backends.mps.is_available():
        states["mps"] = torch.mps.get_rng_state()
    return states


def check_random_state(states: dict) -> None:
    """Raise an error, of any kind, for states that could not be put in place here; change nothing."""
    _set(states, random.Random(), np.random.RandomState())
    torch.Generator().set_state(states["cpu"])
    for kind in _gpus(states):
        torch.Generator(kind).set_state(states[kind])


def set_random_state(states: dict, model: object) -> None:
    """Put the states in place; those of a GPU where there is one of that kind."""
    _set(states, random, np.random)
    torch.set_rng_state(states["cpu"])
    if "cuda" in _gpus(states):
        torch.cuda.set_rng_state(states["cuda"], _cuda_device(model))
    if "mps" in _gpus(states):
        torch.mps.set_rng_state(states["mps"])


def _set(states: dict, python, numpy) -> None:
    version, words, gauss = states["python"]
    kind, keys, *rest = states["numpy"]
    python.setstate((version, tuple(words), gauss))
    numpy.set_state((kind, keys.numpy().astype(np.uint32), *rest))


def _gpus(states: dict) -> list[str]:
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [kind for kind, there in present.items() if there and kind in states]


def _cuda_device(model: object) -> torch.device:
    parameters = model.parameters() if isinstance(model, torch.nn.Module) else ()
    devices = [parameter.device for parameter in parameters if parameter.device.type == "cuda"]
    return devices[0] if devices else torch.device("cuda")
