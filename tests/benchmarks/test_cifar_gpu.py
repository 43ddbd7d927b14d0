"""The GPU benchmark as far as a machine without one can tell: its messages, its parts, and that a step never waits."""

import contextlib
from functools import partial
import importlib
import os
from pathlib import Path
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torchbook.data.batches import Batches
from torchbook.training import train_one_epoch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WIDTHS = (4, 6, 8, 8)


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("cifar_gpu")


def run(*arguments):
    """The script in a process of its own that sees no GPU."""
    return subprocess.run(
        [sys.executable, BENCHMARKS / "cifar_gpu.py", *arguments],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def road(script, device="cpu"):
    return script.BookRoad(torch.device(device), WIDTHS, batch_size=8, recipe=script.Recipe(lr=0.1), compiled=False)


def test_without_a_gpu_it_says_so_and_stops():
    done = run()
    assert done.returncode == 2
    assert "needs a CUDA GPU" in done.stderr
    assert "--smoke" in done.stderr
    assert done.stdout == ""


def test_smoke_runs_both_sides_and_records_nothing():
    results = BENCHMARKS.parent / "book" / "results" / "benchmarks.json"
    before = results.read_bytes() if results.is_file() else None
    done = run("--smoke")
    assert done.returncode == 0, done.stderr
    for sentence in (
        "device cpu",
        "warm-up",
        "not counted",
        "plain time / the book's",
        "The plain loop ran 1 of 2",
        "page_plain, accuracy",
    ):
        assert sentence in done.stdout
    assert "recorded" not in done.stdout
    assert (results.read_bytes() if results.is_file() else None) == before


def test_batch_norm_learns_its_biases_alone(script):
    network = script.make_network(WIDTHS, script.Recipe())
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == 8
    assert not any(norm.weight.requires_grad for norm in norms)
    assert all(norm.bias.requires_grad for norm in norms)
    assert sum(isinstance(part, nn.CELU) for part in network.modules()) == 8
    assert not any(isinstance(part, nn.ReLU) for part in network.modules())


def test_every_parameter_that_learns_is_in_one_group(script):
    network = script.make_network(WIDTHS, script.Recipe())
    optimizer, schedule = script.one_cycle(network, steps=100, recipe=script.Recipe(lr=0.5))
    weights, biases = optimizer.param_groups
    grouped = [p for group in optimizer.param_groups for p in group["params"]]
    assert len(grouped) == len({id(p) for p in grouped})
    assert {id(p) for p in grouped} == {id(p) for p in network.parameters() if p.requires_grad}
    assert {p.ndim for p in weights["params"]} == {2, 4}
    assert {p.ndim for p in biases["params"]} == {1}
    rates = []
    for _ in range(100):
        rates.append((weights["lr"], biases["lr"]))
        assert weights["lr"] * weights["weight_decay"] == pytest.approx(biases["lr"] * biases["weight_decay"])
        optimizer.step()
        schedule.step() if len(rates) < 100 else None
    assert max(rates) == pytest.approx((0.5, 0.5 * script.Recipe().bias_factor))
    assert rates.index(max(rates)) == 100 * script.WARM_UP - 1
    assert rates[-1][0] < 0.001


def test_drawing_anew_leaves_nothing_of_the_past(script):
    torch.manual_seed(5)
    network = script.make_network(WIDTHS, script.Recipe())
    before = [id(p) for p in network.parameters()]
    fresh = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        network(torch.randn(4, 3, 32, 32))  # moves batch norm's statistics
        for p in network.parameters():
            p.add_(1)
    torch.manual_seed(5)
    script.draw_weights(network)
    assert [id(p) for p in network.parameters()] == before
    torch.testing.assert_close(dict(network.state_dict()), fresh, rtol=0, atol=0)


def test_a_mirrored_image_gets_the_same_logits(script):
    network = script.make_network(WIDTHS, script.Recipe()).eval()
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        found = script.Mirrored(network)(images)
        torch.testing.assert_close(script.Mirrored(network)(images.flip(-1)), found)
        torch.testing.assert_close(found, (network(images) + network(images.flip(-1))) / 2)
        assert not torch.allclose(network(images), found)


def test_a_step_stays_on_the_device_and_reads_nothing_back(script, monkeypatch):
    """On the device "meta" both are errors: the first number read must be the one after the last batch."""
    monkeypatch.setattr(torch, "autocast", lambda *arguments, **settings: contextlib.nullcontext())  # unknown to meta
    book = road(script, "meta")
    data = SimpleNamespace(images=torch.zeros(36, 3, 32, 32, dtype=torch.uint8), labels=torch.zeros(36).long())
    batches = Batches(data, 8, "meta", book.augment, shuffle=True, drop_last=True)
    optimizer, schedule = script.one_cycle(book.network, len(batches), book.recipe)
    seen = []

    def watched():
        for images, labels in batches:
            seen.append((images.device.type, labels.device.type, tuple(images.shape)))
            assert images.is_contiguous(memory_format=torch.channels_last)
            yield images, labels
        seen.append("end")

    loss_fn = partial(nn.functional.cross_entropy, label_smoothing=0.2)
    with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta"):
        train_one_epoch(book.model, watched(), optimizer, loss_fn, scheduler=schedule)
    assert seen == [("meta", "meta", (8, 3, 32, 32))] * 4 + ["end"]


def test_a_seed_repeats_a_run(script):
    torch.manual_seed(0)
    data = SimpleNamespace(images=torch.randint(256, (24, 3, 32, 32)).to(torch.uint8), labels=torch.arange(24) % 10)
    book = road(script)
    book.autocast = None
    weights = []
    for seed in (1, 2, 1):
        book.train(data, seed, epochs=1)
        weights.append(book.network.fc.weight.detach().clone())
    assert torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[1])
