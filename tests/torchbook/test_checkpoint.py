"""Checkpoints: a resumed run is the uninterrupted one, a file is whole or absent, and no file runs code."""

import collections
import os
from pathlib import Path
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torchbook.checkpoint import load_checkpoint, save_checkpoint, write_atomically
from torchbook.data.batches import Batches
from torchbook.training import History, fit


def net(inputs: int = 6, classes: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, classes))


def snapshot(model: nn.Module) -> dict:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class Run:
    """A training run with everything that has a state: dropout, batch norm, Adam, a schedule, a shuffled order."""

    def __init__(self, seed: int):
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(7)
        data = SimpleNamespace(
            images=torch.rand(22, 1, 2, 3, generator=generator), labels=torch.randint(2, (22,), generator=generator)
        )
        self.model = net()
        self.batches = Batches(data, 5, shuffle=True, seed=seed)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.05)
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, 0.05, total_steps=4 * len(self.batches))
        self.history = History()

    @property
    def parts(self) -> dict:
        return {"model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler}

    def go(self, epochs: int) -> None:
        options = {"scheduler": self.scheduler, "history": self.history}
        fit(self.model, self.batches, None, self.optimizer, epochs=epochs, **options)


def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(tmp_path):
    whole = Run(seed=0)
    whole.go(4)

    first = Run(seed=0)
    first.go(2)
    extra = {"history": first.history.state_dict(), "order": first.batches.generator.get_state()}
    path = save_checkpoint(tmp_path / "last.pt", **first.parts, **extra)
    second = Run(seed=99)
    torch.rand(5)  # the generator stands somewhere else
    rest = load_checkpoint(path, **second.parts)
    second.batches.generator.set_state(rest["order"])
    second.history = History(**rest["history"])
    second.go(2)

    assert same(second.model.state_dict(), whole.model.state_dict())
    assert second.history.train_loss == whole.history.train_loss
    assert second.scheduler.state_dict() == whole.scheduler.state_dict()
    moments = (run.optimizer.state_dict()["state"] for run in (second, whole))
    for ours, theirs in zip(*(state.values() for state in moments), strict=True):
        assert same(ours, theirs)


def test_the_generator_is_left_alone_on_request(tmp_path):
    model = net()
    path = save_checkpoint(tmp_path / "a.pt", model=model)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_checkpoint(path, model=model, restore_rng=False)
    assert torch.equal(torch.rand(3), expected)


def test_extra_values_come_back_and_nothing_else(tmp_path):
    best = collections.OrderedDict(weight=torch.ones(2))
    extra = {"epoch": 3, "name": "run", "losses": [1.5, 0.5], "best": best, "order": torch.arange(3), "note": None}
    run = Run(seed=0)
    rest = load_checkpoint(save_checkpoint(tmp_path / "a.pt", **run.parts, **extra), **run.parts)
    assert rest.keys() == extra.keys()
    assert torch.equal(rest.pop("order"), torch.arange(3))
    assert torch.equal(rest.pop("best")["weight"], torch.ones(2))
    assert rest == {"epoch": 3, "name": "run", "losses": [1.5, 0.5], "note": None}


@pytest.mark.parametrize("value", [np.float64(0.5), Path("a"), {"loss": [History()]}, lambda: 0], ids=type)
def test_what_could_not_be_loaded_is_refused_when_saving(tmp_path, value):
    with pytest.raises(ValueError, match=r"mine cannot go into a checkpoint: .* numbers, strings, tensors"):
        save_checkpoint(tmp_path / "a.pt", model=net(), mine=value)
    assert list(tmp_path.iterdir()) == []


def test_a_model_alone_can_be_taken_from_a_whole_checkpoint(tmp_path):
    run = Run(seed=0)
    model = net()
    rest = load_checkpoint(save_checkpoint(tmp_path / "a.pt", **run.parts, epoch=1), model=model)
    assert same(model.state_dict(), run.model.state_dict())
    assert rest == {"epoch": 1}


def test_missing_folders_are_made_and_the_path_returned(tmp_path):
    path = tmp_path / "runs" / "one" / "last.pt"
    assert save_checkpoint(str(path), model=net()) == path
    assert [entry.name for entry in path.parent.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()], ids=["error", "ctrl-c"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, error):
    path = save_checkpoint(tmp_path / "last.pt", model=net(), epoch=1)
    before = path.read_bytes()
    real = torch.save

    def breaks(state, target):
        real(state, target)
        if isinstance(target, Path):
            raise error

    monkeypatch.setattr(torch, "save", breaks)
    with pytest.raises(type(error)):
        save_checkpoint(path, model=net(), epoch=2)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_replacement_that_fails_leaves_no_temporary_file(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError("held by another program")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        save_checkpoint(tmp_path / "last.pt", model=net())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_file_gets_the_usual_rights(tmp_path):
    (tmp_path / "usual").touch()
    path = write_atomically(tmp_path / "ours", lambda temporary: temporary.write_text("x"))
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


class Hostile:
    """A pickle of it creates a file when it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("write", [lambda path, value: torch.save(value, path),
                                   lambda path, value: path.write_bytes(pickle.dumps(value, protocol=2))],
                         ids=["torch", "pickle"])  # fmt: skip
def test_a_file_that_would_run_code_is_refused(tmp_path, write):
    trace = tmp_path / "it-ran"
    write(tmp_path / "bad.pt", {"model": net().state_dict(), "extra": Hostile(trace)})
    model = net()
    before = snapshot(model)
    with pytest.raises(ValueError, match=r"bad\.pt is not a checkpoint that can be loaded safely"):
        load_checkpoint(tmp_path / "bad.pt", model=model)
    assert not trace.exists()
    assert same(model.state_dict(), before)
    with (tmp_path / "control").open("wb") as file:  # the trap works: a plain unpickling springs it
        pickle.dump(Hostile(trace), file)
    pickle.loads((tmp_path / "control").read_bytes())
    assert trace.is_dir()


def test_an_absent_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no checkpoint at .*none\.pt"):
        load_checkpoint(tmp_path / "none.pt", model=net())


@pytest.mark.parametrize(
    "content",
    [
        b"", b"hello", b"PK\x03\x04 not a zip", b"\x80\x02.", b"\x80\x02h\x09.", b"(l.", bytes(range(256)),
        pickle.dumps([1, 2], protocol=2), pickle.dumps({"epoch": 1}, protocol=2),
    ],
    ids=repr,
)  # fmt: skip
def test_a_file_that_is_no_checkpoint(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.pt (is not a checkpoint|holds)"):
        load_checkpoint(tmp_path / "a.pt", model=net())


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_truncated_file(tmp_path, keep):
    path = save_checkpoint(tmp_path / "a.pt", model=net())
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(ValueError, match="not a checkpoint that can be loaded safely"):
        load_checkpoint(path, model=net())


@pytest.mark.parametrize("model", [3, [torch.ones(1)], {"1.weight": 1.0}])
def test_a_model_part_that_is_no_state_dict(tmp_path, model):
    torch.save({"model": model}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"as the model, not a state dict|does not fit this model"):
        load_checkpoint(tmp_path / "a.pt", model=net())


def refused(path: Path, words: str, run: Run, **parts) -> None:
    """Loading fails with these words and changes neither the model, nor the optimiser, nor the generator."""
    model, rate, generator = snapshot(run.model), run.optimizer.param_groups[0]["lr"], torch.get_rng_state()
    with pytest.raises(ValueError, match=words):
        load_checkpoint(path, **parts)
    assert same(run.model.state_dict(), model)
    assert run.optimizer.state_dict()["state"] == {}
    assert run.optimizer.param_groups[0]["lr"] == rate
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize("part", ["optimizer", "scheduler"])
def test_a_part_that_is_missing_is_named(tmp_path, part):
    saved, run = Run(seed=0), Run(seed=1)
    parts = {name: value for name, value in saved.parts.items() if name != part}
    path = save_checkpoint(tmp_path / "a.pt", **parts)
    refused(path, rf"a\.pt holds .*'model'.* but no {part}\.", run, **run.parts)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (net(inputs=7), r"1 tensor\(s\) differ, first 1\.weight: file \(8, 7\), model \(8, 6\)"),
        (net(classes=5), r"2 tensor\(s\) differ, first 4\.bias: file \(5,\), model \(2,\)"),
        (net()[:3], r"first 3\.bias: file absent, model \(8,\)"),
        (nn.Sequential(*net(), nn.Linear(2, 2)), r"first 5\.bias: file \(2,\), model absent"),
    ],
    ids=["inputs", "classes", "shorter", "longer"],
)
def test_shapes_that_do_not_fit_are_named_and_change_nothing(tmp_path, other, words):
    run = Run(seed=1)
    refused(save_checkpoint(tmp_path / "a.pt", model=other), words, run, model=run.model)


def test_an_optimizer_that_does_not_fit_changes_nothing(tmp_path):
    saved, run = Run(seed=0), Run(seed=1)
    saved.go(1)
    groups = [{"params": list(saved.model[1].parameters())}, {"params": list(saved.model[3:].parameters())}]
    path = save_checkpoint(tmp_path / "a.pt", model=saved.model, optimizer=torch.optim.Adam(groups))
    refused(path, r"a\.pt does not fit: .*parameter group", run, model=run.model, optimizer=run.optimizer)


def test_a_scheduler_of_another_kind_changes_nothing(tmp_path):
    saved, run = Run(seed=0), Run(seed=1)
    saved.go(1)
    saved.scheduler = torch.optim.lr_scheduler.StepLR(saved.optimizer, 7)
    path = save_checkpoint(tmp_path / "a.pt", **saved.parts)
    refused(path, "another kind of scheduler than OneCycleLR", run, **run.parts)
