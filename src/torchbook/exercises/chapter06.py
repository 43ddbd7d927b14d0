"""Checks of the exercises of chapter 06, saving and loading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import copy
from functools import cache
from pathlib import Path
import tempfile

import torch
from torch import nn
import torch.nn.functional as F
from torchbook.exercises.compare import Wrong, apart, equal, function, kind, names, number, parts


def check_1(answer) -> Iterator[str]:
    """Missing and unexpected names of a load with strict=False."""
    pair = parts(answer, 2, "sets of names, missing and unexpected")
    missing, unexpected = (set(names(one, "each of the two")) for one in pair)
    saved = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))
    report = model.load_state_dict(saved.state_dict(), strict=False)
    if missing != set(report.missing_keys):
        yield "missing is what the model has and the dictionary has not; compare the layers one by one."
    if {name for name, _ in saved.named_buffers()} - unexpected:
        yield "a batch normalisation has buffers besides its parameters, and they are in the dictionary, too."
    elif unexpected != set(report.unexpected_keys):
        yield "unexpected is what the dictionary has and the model has not: names like '1.weight'."


def check_2(answer: Callable) -> Iterator[str]:
    """load_matching(model, state): name and shape must fit."""
    function(answer)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 5))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = {
        "0.weight": torch.randn(4, 3),
        "0.bias": torch.randn(5),  # another shape
        "1.running_mean": torch.randn(4),  # a buffer
        "2.weight": torch.randn(4, 5),  # as many numbers in another shape
        "3.weight": torch.randn(2, 2),  # no such name
    }
    given = {name: value.clone() for name, value in state.items()}
    used = {"0.weight", "1.running_mean"}
    result = answer(model, state)
    if state.keys() != given.keys() or not all(equal(state[name], value) for name, value in given.items()):
        raise Wrong("the dictionary was changed; the caller may still need it.")
    own = model.state_dict()
    for name, old in before.items():
        if name in used and not equal(own.get(name), state[name]):
            raise Wrong(f"{name} fits in name and shape, and was not copied into the model.")
        if name not in used and not equal(own.get(name), old):
            raise Wrong(f"{name} does not fit, and the model's own tensor was changed all the same.")
        if name in used and own[name].data_ptr() == state[name].data_ptr():
            raise Wrong(f"{name} was not copied: the model and the dictionary share one tensor.")
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise Wrong("return two lists: the model's names that were not filled, the state's names that were not used.")
    for which, found, wanted in (
        ("first list should be sorted and have the {} names that were not filled", result[0], before.keys() - used),
        ("second list should be sorted and have the {} names that were not used", result[1], state.keys() - used),
    ):
        if names(found, "each of the two lists") != sorted(wanted):
            yield f"the {which.format(len(wanted))}."


def _train(model, optimizer, generator, steps: int) -> None:
    inputs = torch.linspace(-1, 1, 64).reshape(16, 4)
    for _ in range(steps):
        chosen = inputs[torch.randperm(16, generator=generator)[:8]]
        optimizer.zero_grad()
        (model(chosen) - chosen.sum(1, keepdim=True)).square().mean().backward()
        optimizer.step()


def _start(seed: int, dropout: float):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Dropout(dropout), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, torch.Generator().manual_seed(seed)


def check_3(answer) -> None:
    """(save, resume): the resumed run equals the uninterrupted one, bit for bit, and all of it comes from the file."""
    save, resume = parts(answer, 2, "functions, save and resume")
    function(save)
    function(resume)
    for dropout in (0.0, 0.5):
        with tempfile.TemporaryDirectory() as folder:
            path, elsewhere = Path(folder) / "checkpoint.pt", Path(folder) / "moved.pt"
            whole = _start(0, dropout)
            _train(*whole, steps=5)
            save(path, *whole)
            if not path.is_file():
                raise Wrong("save wrote no file at the path that it was given.")
            path.rename(elsewhere)  # as after a restart: what was kept in the program's memory is of no use
            saved = [parameter.detach().clone() for parameter in whole[0].parameters()]
            _train(*whole, steps=5)
            other = _start(2, dropout)
            save(path, *other)
            second = _start(1, dropout)
            resume(elsewhere, *second)
            if not all(map(torch.equal, second[0].parameters(), saved)):
                raise Wrong("after resume the model does not have the weights that it had when it was saved.")
            _train(*second, steps=5)
        if not torch.equal(whole[2].get_state(), second[2].get_state()):
            raise Wrong("the shuffling generator is in another state than in the uninterrupted run.")
        if not all(torch.equal(a, b) for a, b in zip(whole[0].parameters(), second[0].parameters(), strict=True)):
            if dropout:
                raise Wrong("with dropout the resumed run differs: which random numbers does dropout use?")
            raise Wrong("even without dropout the resumed run differs: what does the optimiser remember?")


def _held(folder: Path) -> list[dict]:
    """Score and epoch of each file; a score that is not a number, or a file that is not of the form, ends the check."""
    held = []
    for path in sorted(folder.glob("*.pt")):
        try:
            item = torch.load(path, weights_only=True)
        except Exception as error:  # pickle's errors have no common base
            raise Wrong(f"torch.load refuses a file of the folder ({type(error).__name__}).") from None
        if not isinstance(item, dict) or item.keys() != {"state", "score"}:
            raise Wrong("each file should hold a dictionary with 'state' and 'score'.")
        state = item["state"]
        if not (isinstance(state, dict) and state.keys() == {"epoch"} and getattr(state["epoch"], "ndim", None) == 0):
            raise Wrong("what a file holds under 'state' is not the dictionary that keep_best was given.")
        held.append({"epoch": state["epoch"].tolist(), "score": number(item["score"], "the score in a file")})
    return held


def check_4(answer: Callable) -> Iterator[str]:
    """keep_best(folder, state, score, k). Some folders hold files of an earlier process when it is called first."""
    function(answer)
    for k, earlier, scores in (
        (1, 0, [0.5, 0.7, 0.6]),
        (3, 0, [0.2, 0.9, 0.1, 0.8, 0.3, 0.85]),
        (2, 0, [0.5, 0.5, 0.5, 0.4]),
        (2, 0, [-3.0]),
        (2, 2, [0.6, 0.9, 0.7, 0.1]),
        (1, 1, [0.5, 0.5]),
    ):
        with tempfile.TemporaryDirectory() as folder:
            for epoch, score in enumerate(scores):
                state = {"epoch": torch.tensor(epoch)}
                if epoch < earlier:
                    torch.save({"state": state, "score": score}, Path(folder) / f"earlier-{epoch}.pt")
                else:
                    answer(Path(folder), state, score, k)
            held = _held(Path(folder))
        best = sorted(range(len(scores)), key=lambda epoch: -scores[epoch])[:k]  # stable: the older one first
        found = sorted(item["score"] for item in held)
        where = f"with k={k} and the scores {scores}" + f", {earlier} of them from an earlier process," * bool(earlier)
        if len(held) != len(best):
            yield f"{where} there should be {len(best)} files, found {len(held)}."
            return
        if found != sorted(scores[epoch] for epoch in best):
            yield f"{where} the files hold {found}."
            return
        if sorted(item["epoch"] for item in held) != sorted(best):
            yield f"{where} the states of the wrong epochs were kept; think of equal scores."
            return


PACKED_BYTES, PACKED_LOSS = 11_000, 1.0  # bytes of the file, and percentage points of accuracy, at most


def _reader() -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


@cache
def _digits() -> tuple[torch.Tensor, torch.Tensor]:
    from sklearn.datasets import load_digits  # its import takes a while, and changes settings

    digits = load_digits()
    return torch.from_numpy(digits.data).float() / 16, torch.from_numpy(digits.target)  # (1797, 64), (1797,)


@cache
def _trained_reader() -> nn.Sequential:
    """The network of exercise 5, trained on the first 1,200 digits; the same for every answer."""
    model = _reader()
    images, labels = (part[:1200] for part in _digits())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model


def _percent(model: nn.Module) -> float:
    images, labels = (part[1200:] for part in _digits())
    with torch.no_grad():
        return 100 * (model(images).argmax(1) == labels).double().mean().item()


def _packed(answer) -> tuple[int, float]:
    """Bytes of the file of (pack, unpack), and percentage points of accuracy lost."""
    pack, unpack = parts(answer, 2, "functions, pack and unpack")
    function(pack)
    function(unpack)
    trained = copy.deepcopy(_trained_reader())
    with tempfile.TemporaryDirectory() as folder:
        path, elsewhere = Path(folder) / "packed", Path(folder) / "moved"
        pack(trained, path)
        if not path.is_file():
            raise Wrong("pack wrote no file at the path that it was given.")
        if list(Path(folder).iterdir()) != [path]:
            raise Wrong("pack should write one file, and it wrote another one beside it.")
        path.rename(elsewhere)  # what was kept in the program's memory is of no use
        pack(_reader(), path)
        size = elsewhere.stat().st_size
        state = unpack(elsewhere)
    if not isinstance(state, dict):
        raise Wrong(f"unpack should return a state dict; yours returned {kind(state)}.")
    fresh = _reader()
    wanted = {name: tensor.shape for name, tensor in fresh.state_dict().items()}
    if {
        name: value.shape if isinstance(value, torch.Tensor) and not value.is_meta else None
        for name, value in state.items()
    } != wanted:
        raise Wrong("what unpack returns should be tensors with the names and shapes of the model's own state dict.")
    fresh.load_state_dict(state)
    return size, _percent(_trained_reader()) - _percent(fresh)


def score_5(answer) -> tuple[int, str]:
    """For the leaderboard: fewer bytes are better."""
    size, lost = _packed(answer)
    return size, f"{size:,} bytes, {max(lost, 0):.1f} percentage points lost"


def check_5(answer) -> Iterator[str]:
    """Open: a small file of a trained network."""
    size, lost = _packed(answer)
    if size > PACKED_BYTES:
        shown = apart(size / 1000, PACKED_BYTES / 1000, 0)
        yield f"the file has about {shown} kB, at most {PACKED_BYTES:,} bytes are asked for."
    if lost > PACKED_LOSS:
        shown = apart(lost, PACKED_LOSS, 1)
        yield f"the network read back is right on {shown} percentage points fewer of the test digits."
