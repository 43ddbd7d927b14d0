"""Checkpoints: a resumed run is the uninterrupted one, a file is whole or absent, and no file runs code."""

import collections
import errno
import io
import itertools
import os
from pathlib import Path
import pickle
import random
import signal
import threading
from types import SimpleNamespace
import zipfile

import numpy as np
from plain_user import plain_user
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, RandomSampler
from torchbook.checkpoint import load_checkpoint, save_checkpoint
from torchbook.data.batches import Batches
from torchbook.data.cache import write_atomically
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
        return {
            "model": self.model, "optimizer": self.optimizer, "scheduler": self.scheduler, "batches": self.batches,
        }  # fmt: skip

    def go(self, epochs: int) -> None:
        options = {"scheduler": self.scheduler, "history": self.history}
        fit(self.model, self.batches, None, self.optimizer, epochs=epochs, **options)


def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(tmp_path):
    whole = Run(seed=0)
    whole.go(4)

    first = Run(seed=0)
    first.go(2)
    path = save_checkpoint(tmp_path / "last.pt", **first.parts, history=first.history.state_dict())
    second = Run(seed=99)
    torch.rand(5)  # the generator stands somewhere else
    rest = load_checkpoint(path, **second.parts)
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
    assert list(rest) == list(extra)
    assert torch.equal(rest.pop("order"), torch.arange(3))
    assert torch.equal(rest.pop("best")["weight"], torch.ones(2))
    assert rest == {"epoch": 3, "name": "run", "losses": [1.5, 0.5], "note": None}


@pytest.mark.parametrize("value", [np.float64(0.5), Path("a"), {"loss": [History()]}, lambda: 0], ids=type)
def test_what_could_not_be_loaded_is_refused_when_saving(tmp_path, value):
    with pytest.raises(ValueError, match=r"mine cannot go into a checkpoint: .* numbers, strings, tensors"):
        save_checkpoint(tmp_path / "a.pt", model=net(), mine=value)
    assert list(tmp_path.iterdir()) == []


class WithExtra(nn.Linear):
    """A layer whose state holds something besides tensors."""

    def __init__(self, extra):
        super().__init__(2, 2)
        self.extra = extra

    def get_extra_state(self):
        return self.extra

    def set_extra_state(self, state):
        self.extra = state


def stepped_with(extra) -> dict:
    run = Run(seed=0)
    a_step(run.optimizer)
    run.optimizer.state[run.model[1].weight]["extra"] = extra
    return {"model": run.model, "optimizer": run.optimizer}


@pytest.mark.parametrize(
    "parts",
    [
        lambda: {"model": WithExtra(np.float64(3))}, lambda: {"model": WithExtra(Path("a"))},
        lambda: {"model": nn.LazyLinear(3)}, lambda: stepped_with(np.float64(3)), lambda: stepped_with(Path("a")),
    ],
)  # fmt: skip
def test_a_model_or_optimizer_that_could_not_be_loaded_is_refused_when_saving(tmp_path, parts):
    with pytest.raises(ValueError, match="model or the optimizer cannot go into a checkpoint: a weights-only load"):
        save_checkpoint(tmp_path / "a.pt", **parts())
    assert list(tmp_path.iterdir()) == []


def test_other_things_in_a_model_come_back(tmp_path):
    model, other = WithExtra({"scale": 3.0}), WithExtra(None)
    load_checkpoint(save_checkpoint(tmp_path / "a.pt", model=model), model=other)
    assert other.extra == {"scale": 3.0}


def pretend_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: torch.arange(16, dtype=torch.uint8))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: torch.arange(8, dtype=torch.uint8))


@pytest.mark.parametrize("cuda", [False, True])
def test_a_checkpoint_without_a_model_is_refused(tmp_path, monkeypatch, cuda):
    if cuda:
        pretend_gpus(monkeypatch)
    with pytest.raises(ValueError, match="needs a model, got None"):
        save_checkpoint(tmp_path / "a.pt", model=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_full_disk_is_told_with_the_path_and_leaves_nothing(tmp_path):
    import resource

    limits, action = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"File too large: '.*/big\.pt'"):
            save_checkpoint(tmp_path / "big.pt", model=nn.Linear(300, 300))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, action)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_to_is_told_with_the_path():
    with plain_user() as place:
        place.chmod(0o555)
        with pytest.raises(PermissionError, match=r"Permission denied: '.*/a\.pt'"):
            save_checkpoint(place / "a.pt", model=net())


@pytest.mark.parametrize("name", ["", ".", "inner"])
def test_a_folder_is_no_name_for_a_checkpoint(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("inner").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder: give the name of a file in it"):
        save_checkpoint(name, model=net())


@pytest.mark.skipif(os.name == "nt", reason="Windows puts it in other words")
def test_a_name_that_is_too_long(tmp_path):
    path = tmp_path / ("n" * 300)
    with pytest.raises(OSError, match=r"File name too long: '.*/n{300}'") as caught:
        save_checkpoint(path, model=net())
    assert caught.value.errno == errno.ENAMETOOLONG
    with pytest.raises(FileNotFoundError, match="There is no checkpoint at"):
        load_checkpoint(path, model=net())


@pytest.mark.skipif(os.name == "nt", reason="a finished file is not held there")
def test_several_writers_of_one_path_leave_each_other_alone(tmp_path):
    failed = []

    def writer():
        try:
            for _ in range(15):
                save_checkpoint(tmp_path / "a.pt", model=net())
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=writer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]
    load_checkpoint(tmp_path / "a.pt", model=net())


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
        if not isinstance(target, io.BytesIO):
            raise error

    monkeypatch.setattr(torch, "save", breaks)
    with pytest.raises(type(error)):
        save_checkpoint(path, model=net(), epoch=2)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


class Breaking:
    """A file whose writes end with an error from the one with this number on."""

    def __init__(self, file, error: BaseException, number: int):
        self.file, self.error, self.left = file, error, number

    def write(self, data) -> int:
        self.left -= 1
        if self.left < 0:
            raise self.error
        return self.file.write(data)


@pytest.mark.parametrize("number", [0, 1, 2, 5])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=str)
def test_what_stops_a_write_in_the_middle_of_the_archive_is_what_is_raised(tmp_path, monkeypatch, error, number):
    path = save_checkpoint(tmp_path / "last.pt", model=net(), epoch=1)
    before = path.read_bytes()
    real = torch.save

    def breaks(state, target):
        real(state, target if isinstance(target, io.BytesIO) else Breaking(target, error, number))

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


@pytest.mark.faults("damaged checkpoints")
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


def test_another_archive_is_no_checkpoint(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("report.txt", "hello")
    with pytest.raises(ValueError, match=r"loaded safely: it is damaged, or was not written by torch\.save"):
        load_checkpoint(tmp_path / "a.pt", model=net())


def test_an_absent_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no checkpoint at .*none\.pt"):
        load_checkpoint(tmp_path / "none.pt", model=net())


@pytest.mark.parametrize(
    "content",
    [
        b"hello", b"\x80\x02.", b"\x80\x02h\x09.", b"(l.", bytes(range(256)),
        pickle.dumps([1, 2], protocol=2), pickle.dumps({"epoch": 1}, protocol=2),
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.faults("damaged checkpoints")
def test_a_file_that_is_no_checkpoint(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.pt (is not a checkpoint|holds)"):
        load_checkpoint(tmp_path / "a.pt", model=net())


@pytest.mark.faults("damaged checkpoints")
@pytest.mark.parametrize("keep", [*range(6), *(step / 40 for step in range(1, 40)), -22, -21, -2, -1])
def test_a_file_that_was_cut_off(tmp_path, keep):
    path = save_checkpoint(tmp_path / "a.pt", model=net())
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if isinstance(keep, int) else int(keep * len(whole))])
    with pytest.raises(ValueError, match=r"a\.pt is cut off: its end is missing; go on from an older file\."):
        load_checkpoint(path, model=net())


@pytest.mark.faults("damaged checkpoints")
def test_an_end_that_speaks_of_several_disks_is_damage(tmp_path):
    path = save_checkpoint(tmp_path / "a.pt", model=net())
    data = bytearray(path.read_bytes())
    locator = data.rindex(b"PK\x06\x07")  # of the long form of the end
    data[locator + 16] = 9  # disks
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.pt is damaged"):
        load_checkpoint(path, model=net())


def equal(one, other) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


@pytest.mark.faults("damaged checkpoints")
def test_a_wrong_bit_is_noticed_or_changes_nothing(tmp_path):
    run = Run(seed=0)
    path = save_checkpoint(tmp_path / "a.pt", **run.parts, epoch=3)
    whole, saved = path.read_bytes(), torch.load(path)
    refused = 0
    for position in range(0, len(whole), 53):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            load_checkpoint(path, **run.parts)
        except ValueError as error:
            assert "damaged" in str(error) or "cut off" in str(error) or "loaded safely" in str(error)  # noqa: PT017
            refused += 1
        else:  # a bit that nobody reads: padding, a date
            assert equal(torch.load(path), saved)
    assert refused > 100


def rewritten(path: Path, **changes) -> Path:
    """The file with other parts, in good order as a file."""
    torch.save(torch.load(path) | changes, path)
    return path


@pytest.mark.parametrize("model", [3, [torch.ones(1)], {"1.weight": 1.0}])
def test_a_model_part_that_is_no_state_dict(tmp_path, model):
    path = rewritten(save_checkpoint(tmp_path / "a.pt", model=net()), model=model)
    with pytest.raises(ValueError, match=r"as the model, not a state dict|tensor\(s\) of the model differ"):
        load_checkpoint(path, model=net())


@pytest.mark.parametrize(
    "changes",
    [
        {"random": None}, {"random": {}}, {"kinds": 3}, {"layout": 3}, {"batches": {}}, {"scheduler": None},
        {"random": {"python": [3, [1], None], "numpy": ["MT19937", torch.ones(3)], "cpu": torch.ones(3)}},
        {"batches": {"count": 5, "order": torch.ones(3, dtype=torch.uint8)}},
    ],
    ids=repr,
)  # fmt: skip
@pytest.mark.faults("damaged checkpoints")
def test_a_file_that_was_edited_changes_nothing(tmp_path, changes):
    saved, run = Run(seed=0), Run(seed=1)
    saved.go(1)
    refused(rewritten(save_checkpoint(tmp_path / "a.pt", **saved.parts), **changes), "was edited", run, **run.parts)


def first_with(part: str, changes: dict):
    """An edit of the optimizer's first group or of what it keeps for the first parameter; None takes away."""

    def edit(saved: dict) -> None:
        first = saved["optimizer"][part][0]
        first.update(changes)
        for name in [name for name, value in changes.items() if value is None]:
            del first[name]

    return edit


def state_of_first(**changes):
    return first_with("state", changes)


def group_with(**changes):
    return first_with("param_groups", changes)


def part(name: str, key, value):
    return lambda saved: saved[name].__setitem__(key, value)


EDITS = [
    *(lambda saved, value=value: saved.update(optimizer=value) for value in ({}, [], torch.ones(2), {"state": {}})),
    lambda saved: saved["optimizer"].pop("state"),
    *(part("optimizer", "state", value) for value in ([], 3, {0: []}, {0: 3}, {99: {}}, {-1: {}}, {"x": {}})),
    *(part("optimizer", "param_groups", value) for value in ([], [3], {}, None)),
    lambda saved: saved["optimizer"]["param_groups"].extend(saved["optimizer"]["param_groups"]),
    *(state_of_first(exp_avg=value) for value in (torch.ones(7, 7), torch.tensor(0.0), "x", 3.0, None)),
    state_of_first(exp_avg=torch.ones(8, 6, dtype=torch.complex64)), state_of_first(exp_avg_sq=None),
    state_of_first(step="x"), state_of_first(step=torch.ones(2)),
    *(group_with(lr=value) for value in (None, "x", float("nan"), float("inf"), [0.1], torch.ones(2))),
    *(group_with(betas=value) for value in (None, 0.9, (0.9,), (0.9, "x"), (0.9, float("nan")))),
    group_with(params=[0]), group_with(params=[5, 4, 3, 2, 1, 0]), group_with(params=None),
    part("random", "numpy", ["MT19937", torch.ones(3, dtype=torch.int64), 0, 0, 0.0]),
    *(part("scheduler", "last_epoch", value) for value in ("x", None, [3], float("nan"))),
    lambda saved: saved["scheduler"].pop("last_epoch"),
    lambda saved: saved.update(format=torch.ones(2)),
    *(part("model", "3.num_batches_tracked", value) for value in (7, torch.tensor(2.5))),
    part("model", "1.weight", torch.ones(8, 6, dtype=torch.complex64)),
    part("model", "1.weight", torch.ones(8, 6, dtype=torch.int64)),
    part("model", "1.weight", torch.ones(8, 6).to_sparse()),
    part("model", "1.weight", torch.ones(8, 6, device="meta")),
    lambda saved: saved["model"].update(
        {"1.weight": torch.quantize_per_tensor(torch.ones(8, 6), 0.1, 0, torch.qint8)}
    ),
]  # fmt: skip


@pytest.mark.faults("damaged checkpoints")
@pytest.mark.filterwarnings("ignore:.*(quantize|TypedStorage)")
@pytest.mark.parametrize("number", range(len(EDITS)))
def test_a_part_that_was_edited_changes_nothing(tmp_path, number):
    first, run = Run(seed=0), Run(seed=1)
    first.go(1)
    path = save_checkpoint(tmp_path / "a.pt", **first.parts)
    saved = torch.load(path)
    EDITS[number](saved)
    torch.save(saved, path)
    refused(path, r"a\.pt (does not fit: .*\.|is not a checkpoint of save_checkpoint, .*)$", run, **run.parts)


def test_weights_of_another_precision_are_no_misfit(tmp_path):
    model = net()
    load_checkpoint(save_checkpoint(tmp_path / "a.pt", model=net().half()), model=model)
    assert model[1].weight.dtype == torch.float32


@pytest.mark.parametrize("model", [net().to("meta"), nn.LazyLinear(3)], ids=["meta", "lazy"])
def test_a_model_without_numbers_takes_no_checkpoint(tmp_path, model):
    path = save_checkpoint(tmp_path / "a.pt", model=nn.Linear(2, 3) if isinstance(model, nn.LazyLinear) else net())
    with pytest.raises(ValueError, match="of this model have no numbers yet"):
        load_checkpoint(path, model=model)


@pytest.mark.parametrize("model", [None, net().state_dict(), 3], ids=type)
def test_a_model_that_is_none_is_the_fault_of_the_caller(tmp_path, model):
    path = save_checkpoint(tmp_path / "a.pt", model=net())
    with pytest.raises(TypeError, match=r"model must be the network to load into, an nn\.Module, got"):
        load_checkpoint(path, model=model)


def test_names_that_are_no_text_are_shown(tmp_path):
    path = save_checkpoint(tmp_path / "a.pt", model=net())
    saved = torch.load(path) | {3: 4}
    del saved["model"]
    torch.save(saved, path)
    with pytest.raises(ValueError, match=r"it holds 3, .* but no model\."):
        load_checkpoint(path, model=net())


MORE_OPTIMIZERS = ["Adadelta", "Adafactor", "Adamax", "ASGD", "LBFGS", "RAdam", "Rprop"]


@pytest.mark.parametrize("name", MORE_OPTIMIZERS)
def test_the_state_of_every_optimizer_is_taken_back(tmp_path, name):
    first, second = Run(seed=0).model, Run(seed=1).model
    optimizers = [getattr(torch.optim, name)(model.parameters()) for model in (first, second)]

    def closure():
        optimizers[0].zero_grad()
        loss = first(torch.ones(4, 1, 2, 3)).square().sum()
        loss.backward()
        return loss

    for _ in range(2):
        optimizers[0].step(closure)
    path = save_checkpoint(tmp_path / "a.pt", model=first, optimizer=optimizers[0])
    load_checkpoint(path, model=second, optimizer=optimizers[1])
    assert str(optimizers[1].state_dict()) == str(optimizers[0].state_dict())


def test_a_frozen_parameter_has_no_state_and_that_is_no_damage(tmp_path):
    first, run = Run(seed=0), Run(seed=1)
    first.model[1].weight.requires_grad_(False)
    first.go(1)
    load_checkpoint(save_checkpoint(tmp_path / "a.pt", **first.parts), **run.parts)
    assert 0 not in run.optimizer.state_dict()["state"]


def test_a_state_dict_alone_is_named_with_the_cure(tmp_path):
    torch.save(net().state_dict(), tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"holds a state dict: .*model\.load_state_dict\(torch\.load\(path\)\)"):
        load_checkpoint(tmp_path / "a.pt", model=net())


def test_a_file_of_the_version_before_is_named_with_the_cure(tmp_path):
    torch.save({"model": net().state_dict(), "torch_rng": torch.get_rng_state()}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"of an earlier version of this package.*torch\.load\(path\)\['model'\]"):
        load_checkpoint(tmp_path / "a.pt", model=net())


def refused(path: Path, words: str, run: Run, **parts) -> None:
    """Loading fails with these words and changes nothing: no part, no random state."""
    model, rate, generator = snapshot(run.model), run.optimizer.param_groups[0]["lr"], torch.get_rng_state()
    others = random.getstate(), str(np.random.get_state()), run.batches.generator.get_state()  # noqa: NPY002
    schedule = str(run.scheduler.state_dict())
    with pytest.raises(ValueError, match=words):
        load_checkpoint(path, **parts)
    assert same(run.model.state_dict(), model)
    assert run.optimizer.state_dict()["state"] == {}
    assert run.optimizer.param_groups[0]["lr"] == rate
    assert torch.equal(torch.get_rng_state(), generator)
    assert (random.getstate(), str(np.random.get_state())) == others[:2]  # noqa: NPY002
    assert torch.equal(run.batches.generator.get_state(), others[2])
    assert str(run.scheduler.state_dict()) == schedule


@pytest.mark.parametrize("part", ["optimizer", "scheduler", "batches"])
def test_a_part_that_is_missing_is_named(tmp_path, part):
    saved, run = Run(seed=0), Run(seed=1)
    parts = {name: value for name, value in saved.parts.items() if name != part}
    path = save_checkpoint(tmp_path / "a.pt", **parts)
    refused(path, rf"a\.pt does not fit: it holds .*model.* but no {part}\.", run, **run.parts)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (net(inputs=7), r"1 tensor\(s\) of the model differ, first 1\.weight: file \(8, 7\), model \(8, 6\)"),
        (net(classes=5), r"2 tensor\(s\) of the model differ, first 4\.bias: file \(5,\), model \(2,\)"),
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
    words = r"a\.pt does not fit: .*parameter groups of \[2, 4\] parameters, this one of \[6\]"
    refused(path, words, run, model=run.model, optimizer=run.optimizer)


def test_the_same_parameters_in_another_order_change_nothing(tmp_path):
    saved, run = Run(seed=0), Run(seed=1)
    optimizer = torch.optim.Adam(list(saved.model.parameters())[::-1])
    path = save_checkpoint(tmp_path / "a.pt", model=saved.model, optimizer=optimizer)
    refused(path, "or the same in another order", run, model=run.model, optimizer=run.optimizer)


OPTIMIZERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9), "Adam": torch.optim.Adam,
    "AdamW": torch.optim.AdamW, "RMSprop": torch.optim.RMSprop, "Adagrad": torch.optim.Adagrad,
    "NAdam": torch.optim.NAdam,
}  # fmt: skip


def a_step(optimizer) -> None:
    for parameter in optimizer.param_groups[0]["params"]:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()


@pytest.mark.faults("an optimizer of another kind")
@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(OPTIMIZERS, 2)))
def test_the_state_of_another_optimizer_is_refused(tmp_path, first, second):
    saved, run = Run(seed=0), Run(seed=1)
    optimizer = OPTIMIZERS[first](saved.model.parameters())
    a_step(optimizer)
    run.optimizer = OPTIMIZERS[second](run.model.parameters())
    path = save_checkpoint(tmp_path / "a.pt", model=saved.model, optimizer=optimizer)
    words = rf"holds the state of {first}, which {second} cannot use"
    before = str(run.optimizer.state_dict())
    with pytest.raises(ValueError, match=words):
        load_checkpoint(path, model=run.model, optimizer=run.optimizer)
    assert str(run.optimizer.state_dict()) == before


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_same_optimizer_goes_on(tmp_path, kind):
    runs = [Run(seed=seed) for seed in (0, 1)]
    first, second = (OPTIMIZERS[kind](run.model.parameters()) for run in runs)
    a_step(first)
    path = save_checkpoint(tmp_path / "a.pt", model=runs[0].model, optimizer=first)
    load_checkpoint(path, model=runs[1].model, optimizer=second)
    a_step(first), a_step(second)
    assert same(runs[0].model.state_dict(), runs[1].model.state_dict())


SCHEDULES = {
    "OneCycleLR": (lambda o: lr_scheduler.OneCycleLR(o, 0.05, total_steps=20),
                   lambda o: lr_scheduler.OneCycleLR(o, 0.05, total_steps=40), "total_steps=20, this one with 40"),
    "StepLR": (lambda o: lr_scheduler.StepLR(o, 7), lambda o: lr_scheduler.StepLR(o, 8), "step_size=7, .* 8"),
    "MultiStepLR": (lambda o: lr_scheduler.MultiStepLR(o, [7]), lambda o: lr_scheduler.MultiStepLR(o, [7, 9]),
                    "milestones="),
    "CosineAnnealingLR": (lambda o: lr_scheduler.CosineAnnealingLR(o, 9),
                          lambda o: lr_scheduler.CosineAnnealingLR(o, 8), "T_max=9, this one with 8"),
    "CosineAnnealingWarmRestarts": (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2),
                                    lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3), "T_0=2"),
    "ReduceLROnPlateau": (lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=1),
                          lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=2), "patience=1"),
    "SequentialLR": (
        lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o), lr_scheduler.StepLR(o, 7)], [2]),
        lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o), lr_scheduler.StepLR(o, 8)], [2]),
        "_schedulers=",
    ),
}  # fmt: skip


def step(scheduler, times: int) -> None:
    for _ in range(times):
        scheduler.optimizer.step()
        scheduler.step(*([1.0] if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau) else []))


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_with_other_settings_changes_nothing(tmp_path, kind):
    make, make_other, words = SCHEDULES[kind]
    saved, run = Run(seed=0), Run(seed=1)
    saved.scheduler, run.scheduler = make(saved.optimizer), make_other(run.optimizer)
    step(saved.scheduler, 3)
    path = save_checkpoint(tmp_path / "a.pt", **saved.parts)
    refused(path, f"its {kind} was made with {words}", run, **run.parts)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_goes_on(tmp_path, kind):
    runs = [Run(seed=seed) for seed in (0, 1)]
    for run in runs:
        run.scheduler = SCHEDULES[kind][0](run.optimizer)
    step(runs[0].scheduler, 4)
    load_checkpoint(save_checkpoint(tmp_path / "a.pt", **runs[0].parts), **runs[1].parts)
    for run in runs:
        step(run.scheduler, 5)
    assert str(runs[0].scheduler.state_dict()) == str(runs[1].scheduler.state_dict())
    assert runs[0].optimizer.param_groups[0]["lr"] == runs[1].optimizer.param_groups[0]["lr"]


def compiled(model: nn.Module) -> nn.Module:
    return torch.compile(model, backend="eager")


@pytest.mark.parametrize(
    ("wrap", "prefix"),
    [(nn.DataParallel, "module"), (compiled, "_orig_mod"), (lambda model: nn.DataParallel(compiled(model)), "module")],
)
def test_the_prefix_of_a_wrapper_is_named(tmp_path, wrap, prefix):
    run = Run(seed=1)
    path = save_checkpoint(tmp_path / "a.pt", model=wrap(net()))
    words = rf"have the prefix '{prefix}\.', from .*: wrap this model in the same way .*\(model\.{prefix}\)"
    refused(path, words, run, model=run.model)
    load_checkpoint(path, model=wrap(run.model))
    path = save_checkpoint(tmp_path / "b.pt", model=net())
    refused(path, rf"this model's names have the prefix '{prefix}\.'.*load into the model inside", run,
            model=wrap(run.model))  # fmt: skip


def test_the_random_states_of_python_numpy_and_pytorch_come_back(tmp_path):
    def drawn():
        return random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), torch.rand(1).item()  # noqa: NPY002

    random.gauss(0, 1), np.random.randn()  # noqa: NPY002  each keeps a second number for later
    path = save_checkpoint(tmp_path / "a.pt", model=net())
    expected = drawn()
    assert drawn() != expected
    load_checkpoint(path, model=net(), restore_rng=False)
    assert drawn() != expected
    load_checkpoint(path, model=net())
    assert drawn() == expected


def test_the_parts_of_a_file_do_not_depend_on_a_gpu(tmp_path, monkeypatch):
    names = list(torch.load(save_checkpoint(tmp_path / "a.pt", model=net())))
    pretend_gpus(monkeypatch)
    saved = torch.load(save_checkpoint(tmp_path / "b.pt", model=net()))
    assert list(saved) == names
    assert saved["random"].keys() == {"python", "numpy", "cpu", "cuda", "mps"}
    monkeypatch.undo()
    load_checkpoint(tmp_path / "b.pt", model=net())  # here there is neither


@pytest.mark.parametrize("sampled", [False, True], ids=["generator", "sampler"])
def test_the_order_of_a_data_loader_goes_along(tmp_path, sampled):
    def loader(seed):
        generator = torch.Generator().manual_seed(seed)
        order = {"sampler": RandomSampler(range(9), generator=generator)} if sampled else {"shuffle": True}
        return DataLoader(range(9), 2, generator=None if sampled else generator, **order)

    first, second = loader(0), loader(1)
    list(first)
    path = save_checkpoint(tmp_path / "a.pt", model=net(), batches=first)
    load_checkpoint(path, model=net(), batches=second)
    assert [rows.tolist() for rows in first] == [rows.tolist() for rows in second]


def test_batches_of_another_number_change_nothing(tmp_path):
    saved, run = Run(seed=0), Run(seed=1)
    path = save_checkpoint(tmp_path / "a.pt", model=saved.model, batches=saved.batches)
    run.batches.batch_size = 11
    refused(path, "an epoch had 5 batches, here it has 2", run, model=run.model, batches=run.batches)


@pytest.mark.parametrize("name", ["random", "format", "kinds", "layout"])
def test_a_name_that_is_taken_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f"has a '{name}' of its own"):
        save_checkpoint(tmp_path / "a.pt", model=net(), **{name: 1})


def test_a_scheduler_of_another_kind_changes_nothing(tmp_path):
    saved, run = Run(seed=0), Run(seed=1)
    saved.go(1)
    saved.scheduler = torch.optim.lr_scheduler.StepLR(saved.optimizer, 7)
    path = save_checkpoint(tmp_path / "a.pt", **saved.parts)
    refused(path, "another kind of scheduler than OneCycleLR", run, **run.parts)
