"""What a check puts back: an answer is foreign code, and neither it nor the check may change the reader's session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
import os
import random
import signal
import sys
import threading
import warnings

import numpy as np
import torch

CPU = torch.device("cpu")


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_environment(saved: dict[str, str]) -> None:
    for name in os.environ.keys() - saved.keys():
        del os.environ[name]
    os.environ.update(saved)


def _accelerator() -> list[tuple[Callable, Callable]]:
    if torch.cuda.is_available():
        return [(torch.cuda.get_rng_state_all, torch.cuda.set_rng_state_all)]
    if torch.backends.mps.is_available():
        return [(torch.mps.get_rng_state, torch.mps.set_rng_state)]
    return []


RANDOM: list[tuple[Callable, Callable]] = [  # how to read a state, how to put it back
    (random.getstate, random.setstate),
    (np.random.get_state, np.random.set_state),
    (torch.get_rng_state, torch.set_rng_state),
]
SETTINGS: list[tuple[Callable, Callable]] = [  # the same; put back only where it differs
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.is_anomaly_enabled, torch.set_anomaly_enabled),
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, lambda device: torch.set_default_device(None if device == CPU else device)),
    (_deterministic, lambda flags: torch.use_deterministic_algorithms(flags[0], warn_only=flags[1])),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (torch.get_num_threads, torch.set_num_threads),
    (np.geterr, lambda settings: np.seterr(**settings)),
    (os.getcwd, os.chdir),
    (lambda: dict(os.environ), _set_environment),
    (lambda: list(sys.path), lambda path: sys.path.__setitem__(slice(None), path)),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (lambda: (sys.stdout, sys.stderr), lambda streams: vars(sys).update(stdout=streams[0], stderr=streams[1])),
]


def _put_back_if_changed(read: Callable, put_back: Callable, state) -> None:
    if read() != state:
        put_back(state)


@contextmanager
def same_draws() -> Iterator[None]:
    """Whatever is drawn inside, the reader's next random numbers are those that they would have been."""
    with ExitStack() as stack:
        for read, put_back in RANDOM + _accelerator():
            stack.callback(put_back, read())
        yield


@contextmanager
def untouched() -> Iterator[None]:
    """Inside, every check begins alike: seed 0, gradients, float32, CPU. Afterwards all is as it was before."""
    with ExitStack() as stack:
        stack.enter_context(same_draws())
        for read, put_back in SETTINGS:
            stack.callback(_put_back_if_changed, read, put_back, read())
        stack.enter_context(warnings.catch_warnings())
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002  an answer may draw from it
        torch.manual_seed(0)
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
        if torch.get_default_device() != CPU:
            torch.set_default_device(None)
        yield


@contextmanager
def noting_switches(found: list[str]) -> Iterator[None]:
    """Inside ``untouched``: a sentence goes into ``found`` for each switch that an answer leaves turned.

    Those are the switches that change what later cells compute; threads and the like are the reader's own affair.
    """
    try:
        yield
    finally:
        if not torch.is_grad_enabled():
            found.append(
                "your answer leaves gradients switched off for the whole program. A block under `torch.no_grad()` "
                "switches them on again at its end."
            )
        if (torch.get_default_dtype(), torch.get_default_device()) != (torch.float32, CPU):
            found.append("your answer leaves another type or device as the default of all new tensors.")


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether Ctrl-C was pressed: an answer may raise KeyboardInterrupt by itself.

    The handler that was there does its work as before; one that lets the program go on is no interruption. Outside the
    main thread no Ctrl-C arrives, and none is noted.
    """
    earlier = signal.getsignal(signal.SIGINT)
    pressed = []

    def note(number, frame):
        try:
            earlier(number, frame)
        except KeyboardInterrupt:
            pressed.append(number)
            raise

    watch = callable(earlier) and threading.current_thread() is threading.main_thread()
    try:
        if watch:
            signal.signal(signal.SIGINT, note)
        yield lambda: bool(pressed)
    finally:
        if watch:
            signal.signal(signal.SIGINT, earlier)
