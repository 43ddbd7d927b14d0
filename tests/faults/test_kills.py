"""A training run that is killed or interrupted at a random moment, and a fetch likewise: nothing is lost or spoilt."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from random import Random
import signal
import sys
import time

from damage import count_wrong
import pytest
from test_interrupts import Interrupts, run
import torch
from torch import nn
from torchbook.checkpoint import read_checkpoint

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills processes, which is quick by fork alone"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork"),
    pytest.mark.long,
]
EPOCHS = 60  # of six batches each: about a second


def train(path: Path) -> None:
    torch.set_num_threads(1)
    run(path, 0, Interrupts(0), EPOCHS)


def in_process(path: Path, signal_number: int | None = None, after: float = 0.0) -> tuple[int, float]:
    """Exit code and seconds of `train(path)` in a process of its own, signalled after so many seconds."""
    start = time.monotonic()
    process = multiprocessing.get_context("fork").Process(target=quiet_train, args=(path,))
    process.start()
    if signal_number is not None:
        process.join(after)
        if process.is_alive():
            os.kill(process.pid, signal_number)
    process.join(60)
    return process.exitcode, time.monotonic() - start


def quiet_train(path: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job around the tests ignores it
    try:
        train(path)
    except KeyboardInterrupt:
        os._exit(130)


def weights(path: Path) -> dict:
    return read_checkpoint(path)["model"]


@pytest.mark.faults("training killed or interrupted")
@pytest.mark.parametrize(("number", "moments"), [(signal.SIGKILL, 50), (signal.SIGINT, 20)], ids=["kill", "ctrl-c"])
def test_a_run_that_is_stopped_ends_bit_equal(tmp_path, record_property, number, moments):
    rng = Random(0)
    torch.optim.Adam(nn.Linear(1, 1).parameters())  # imports what it needs here, once, and not in each process
    code, seconds = in_process(tmp_path / "whole.pt")
    assert code == 0
    truth, stopped = weights(tmp_path / "whole.pt"), []

    def one(k: int) -> str:
        folder = tmp_path / str(k)
        path = folder / "last.pt"
        code, _ = in_process(path, number, rng.random() * seconds)
        stopped.append(code != 0)
        if code not in (0, -signal.SIGKILL, 130):
            return f"ended with {code}"
        code, _ = in_process(path)
        if code != 0:
            return f"going on ended with {code}"
        if [file.name for file in folder.iterdir()] != ["last.pt"]:
            return f"left {sorted(file.name for file in folder.iterdir())}"
        again = weights(path)
        return "" if all(torch.equal(again[name], truth[name]) for name in truth) else "other weights"

    count_wrong(record_property, map(one, range(moments)))
    assert sum(stopped) > moments / 2
