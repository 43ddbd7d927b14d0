"""The distributed script: two processes train as one does, and a killed run ends where a whole one does."""

from pathlib import Path
import socket
import subprocess
import sys

import pytest
import torch
from torch.utils.data import DistributedSampler
from torchbook.data.images import load_images
from torchbook.train_distributed import batches_of, crash_at, main, read_arguments, seed_of

SETTINGS = ["--source=embedded", "--limit=200", "--epochs=2", "--batch-size=32", "--lr=0.05"]  # 180 images to train on
STEPS = 6  # of one epoch


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    """One process unless a test starts more; the state of torch is put back."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "TORCHELASTIC_MAX_RESTARTS", "TORCHELASTIC_RESTART_COUNT"):
        monkeypatch.delenv(name, raising=False)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    yield
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


def loopback() -> bool:
    """Whether processes can talk to each other on this machine."""
    try:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError:
        return False
    return True


needs_loopback = pytest.mark.skipif(not loopback(), reason="no loopback interface: processes cannot talk")


def torchrun(monkeypatch, *arguments: str) -> str:
    monkeypatch.setenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    if sys.platform == "win32":
        monkeypatch.setenv("USE_LIBUV", "0")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "--max-restarts=1"]
    command += ["-m", "torchbook.train_distributed", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def weights(folder: Path, name: str = "last") -> dict:
    return torch.load(folder / f"{name}.pt", weights_only=True)["model"]


@needs_loopback
def test_two_processes_of_which_one_dies_train_like_one_with_the_whole_batch(tmp_path, monkeypatch):
    crash = f"--crash-at-step={STEPS + 2}"
    output = torchrun(monkeypatch, *SETTINGS, "--no-flip", f"--folder={tmp_path / 'two'}", crash)
    assert [line.split("  ")[0] for line in output.splitlines()] == ["epoch 1", "resumed after epoch 1", "epoch 2"]
    assert main([*SETTINGS, "--no-flip", f"--folder={tmp_path / 'one'}"]) == 0
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=1e-5)


@needs_loopback
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(tmp_path, monkeypatch):
    assert main([*SETTINGS, f"--folder={tmp_path / 'whole'}"]) == 0
    monkeypatch.setattr("torchbook.train_distributed.os._exit", _die)
    with pytest.raises(Died):
        main([*SETTINGS, f"--folder={tmp_path / 'killed'}", f"--crash-at-step={STEPS + 1}"])
    assert torch.load(tmp_path / "killed" / "last.pt", weights_only=True)["epoch"] == 1
    assert main([*SETTINGS, f"--folder={tmp_path / 'killed'}"]) == 0
    whole, killed = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(killed[name], tensor) for name, tensor in whole.items())


class Died(Exception):
    pass


def _die(code: int):
    raise Died(code)


@needs_loopback
def test_a_run_does_not_go_on_with_other_settings(tmp_path, capsys):
    settings = [*SETTINGS[:2], "--epochs=1", f"--folder={tmp_path}"]
    assert main(settings) == 0
    assert main([*settings, "--seed=1"]) == 2
    assert "seed=0, not 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--epochs=0"], "--epochs"),
        (["--epochs=many"], "--epochs"),
        (["--batch-size=-4"], "--batch-size"),
        (["--lr=0"], "--lr"),
        (["--lr=nan"], "--lr"),
        (["--source=elsewhere"], "--source"),
        (["--colour"], "--colour"),
    ],
)
def test_a_bad_argument_is_told_in_one_sentence(arguments, word, capsys):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert word in shown.err
    assert len(shown.err.splitlines()) == 1
    assert not shown.out


def test_a_restart_in_the_old_meeting_place_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "1")
    monkeypatch.delenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", raising=False)
    assert main([]) == 2
    assert "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1" in capsys.readouterr().err


def test_ranks_share_an_epoch_and_epochs_differ():
    images = load_images("cifar10", source="embedded", limit=60)
    args = read_arguments(["--batch-size=20", "--no-flip"])

    def sums(world: int, rank: int, epoch: int) -> list[float]:
        sampler = DistributedSampler(images, world, rank, shuffle=True, seed=0)
        batches = batches_of(images, sampler, epoch, args, torch.device("cpu"))
        return [image.double().sum().item() for batch, _ in batches for image in batch]

    assert sorted(sums(1, 0, 0)) == sorted(sums(2, 0, 0) + sums(2, 1, 0))
    assert sums(1, 0, 0) != sums(1, 0, 1)


def test_seeds_differ_between_runs_epochs_and_ranks():
    seeds = {seed_of(seed, epoch, rank) for seed in range(3) for epoch in range(3) for rank in range(3)}
    assert len(seeds) == 27


def test_the_crash_comes_at_its_step(monkeypatch):
    monkeypatch.setattr("torchbook.train_distributed.os._exit", _die)
    assert list(crash_at([1, 2, 3], -1)) == [1, 2, 3]
    batches = crash_at([1, 2, 3], 2)
    assert [next(batches), next(batches)] == [1, 2]
    with pytest.raises(Died):
        next(batches)
