"""Device, seeds, threads, clock."""

import random
import time

import numpy as np
import pytest
import torch
from torchbook import device


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_the_best_device_is_picked(monkeypatch, cuda, mps, expected):
    monkeypatch.delenv("TORCHBOOK_DEVICE")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert device.pick_device().type == expected


def test_the_environment_overrides_the_argument(monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DEVICE", "cpu")
    assert device.pick_device("cuda") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "meta", "xpu"])
def test_an_unknown_device_is_named(monkeypatch, name):
    monkeypatch.delenv("TORCHBOOK_DEVICE")
    with pytest.raises(ValueError, match=f"Unknown device '{name}'.*cuda, mps, cpu"):
        device.pick_device(name)


def test_a_device_that_is_not_there_says_what_is(monkeypatch):
    monkeypatch.delenv("TORCHBOOK_DEVICE")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="'cuda' is not available on this machine; it has cpu"):
        device.pick_device("cuda")


def test_a_cuda_index_beyond_the_last_is_refused(monkeypatch):
    monkeypatch.delenv("TORCHBOOK_DEVICE")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    for name in ("cuda:1", "cuda:3", "cuda:256", "cuda:999"):  # torch.device keeps 8 bits of the number
        with pytest.raises(RuntimeError, match="has 1 CUDA"):
            device.pick_device(name)


@pytest.mark.parametrize("name", ["cpu:1", "cpu:3", "cpu:256", "cpu:999", "mps:1", "mps:256"])
def test_a_number_beyond_the_only_device_is_refused(monkeypatch, name):
    monkeypatch.setenv("TORCHBOOK_DEVICE", name)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(RuntimeError, match=f"'{name}' is not there; this machine has 1 {name[:3].upper()} device"):
        device.pick_device()


def test_the_number_of_the_only_device_is_accepted(monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DEVICE", "cpu:0")
    assert device.pick_device() == torch.device("cpu:0")


def test_a_seed_repeats_all_three_generators():
    def draw():
        device.seed_everything(7)
        return random.random(), np.random.rand(), torch.rand(3).tolist()  # noqa: NPY002

    assert draw() == draw()


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 1.5, "7", None])
def test_a_seed_that_cannot_be_is_refused_before_anything_is_seeded(seed):
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    with pytest.raises(ValueError, match=r"seed must be a whole number from -2\*\*63 to 2\*\*64 - 1, got"):
        device.seed_everything(seed)
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002


@pytest.mark.parametrize("seed", [2**64 - 1, -(2**63), 0])
def test_the_outermost_seeds_are_taken(seed):
    device.seed_everything(seed)


def test_threads():
    before = torch.get_num_threads()
    try:
        assert device.use_threads(1) == torch.get_num_threads() == 1
        assert device.use_threads(0) >= 1
        with pytest.raises(ValueError, match="threads must be 0"):
            device.use_threads(-1)
        with pytest.raises(ValueError, match=r"threads must be \d+ or fewer on this machine of .*, got 1000000"):
            device.use_threads(10**6)
    finally:
        torch.set_num_threads(before)


def test_the_stopwatch_measures_its_block():
    with device.Stopwatch() as watch:
        time.sleep(0.05)
    assert 0.05 <= watch.seconds < 5


def test_the_environment_is_one_line():
    line = device.describe_environment("cpu")
    assert f"torch {torch.__version__}" in line
    assert "torchvision" in line
    assert "thread" in line
    assert "\n" not in line


def test_run_cost_is_positive_and_grows():
    seconds, megabytes = device.run_cost()
    assert megabytes > 50
    assert device.run_cost()[0] > seconds > 0


def test_autocast_type_is_a_half_type_or_none():
    assert device.autocast_dtype("cpu") in (torch.bfloat16, None)
    assert device.autocast_dtype("meta") is None


@pytest.mark.parametrize("supported", [True, False])
def test_on_cuda_bfloat16_or_nothing(monkeypatch, supported):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **options: asked.append(options) or supported)
    assert device.autocast_dtype("cuda") is (torch.bfloat16 if supported else None)
    assert asked == [{"including_emulation": False}]


def test_begin_sets_threads_and_seeds_and_says_where(monkeypatch, capsys):
    monkeypatch.setenv("TORCHBOOK_DEVICE", "cpu")
    threads = torch.get_num_threads()
    try:
        assert device.begin(seed=5, threads=1) == torch.device("cpu")
        assert torch.get_num_threads() == 1
        drawn = torch.rand(2)
        torch.manual_seed(5)
        assert torch.equal(drawn, torch.rand(2))
        out = capsys.readouterr().out
        assert "1 CPU thread" in " ".join(out.split())
        assert max(map(len, out.splitlines())) <= 88
    finally:
        torch.set_num_threads(threads)
        torch.set_printoptions(profile="default")
