"""Checks of the exercises of chapter 06, saving and loading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
import tempfile

import torch
from torch import nn


def check_1(answer: tuple[set, set]) -> Iterator[str]:
    """Missing and unexpected names of a load with strict=False."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        yield "the answer is a tuple of two sets of names, missing and unexpected."
        return
    saved = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))
    report = model.load_state_dict(saved.state_dict(), strict=False)
    missing, unexpected = set(answer[0]), set(answer[1])
    if missing != set(report.missing_keys):
        yield "missing is what the model has and the dictionary has not; compare the layers one by one."
    if unexpected != set(report.unexpected_keys):
        buffers = {name for name, _ in saved.named_buffers()}
        if buffers - unexpected:
            yield "a batch normalisation has buffers besides its parameters, and they are in the dictionary, too."
        else:
            yield "unexpected is what the dictionary has and the model has not: names like '1.weight'."


def check_2(answer: Callable) -> Iterator[str]:
    """load_matching(model, state): name and shape must fit."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 5))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = {
        "0.weight": torch.randn(4, 3),
        "0.bias": torch.randn(5),  # another shape
        "1.running_mean": torch.randn(4),  # a buffer
        "2.weight": torch.randn(4, 5),  # as many numbers in another shape
        "3.weight": torch.randn(2, 2),  # no such name
    }
    given = dict(state)
    used = {"0.weight", "1.running_mean"}
    result = answer(model, state)
    if state.keys() != given.keys():
        yield "the dictionary was changed; the caller may still need it."
        return
    after = model.state_dict()
    for name, tensor in after.items():
        if name in used and not torch.equal(tensor, state[name]):
            yield f"{name} fits in name and shape, and was not copied into the model."
            return
        if name not in used and not torch.equal(tensor, before[name]):
            yield f"{name} does not fit, and the model's own tensor was changed all the same."
            return
    if not isinstance(result, tuple) or len(result) != 2:
        yield "return two lists: the model's names that were not filled, the state's names that were not used."
        return
    if list(result[0]) != sorted(before.keys() - used):
        yield f"the first list should be sorted and have the {len(before) - len(used)} names that were not filled."
    if list(result[1]) != sorted(state.keys() - used):
        yield f"the second list should be sorted and have the {len(state) - len(used)} names that were not used."


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


def check_3(answer: tuple[Callable, Callable]) -> Iterator[str]:
    """(save, resume): the resumed run equals the uninterrupted one, bit for bit."""
    save, resume = answer
    random_state = torch.get_rng_state()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "checkpoint.pt"
            for dropout in (0.0, 0.5):
                whole = _start(0, dropout)
                _train(*whole, steps=5)
                save(path, *whole)
                _train(*whole, steps=5)
                second = _start(1, dropout)
                resume(path, *second)
                _train(*second, steps=5)
                pairs = zip(whole[0].parameters(), second[0].parameters(), strict=True)
                if torch.equal(whole[2].get_state(), second[2].get_state()) is False:
                    yield "the shuffling generator is in another state than in the uninterrupted run."
                    return
                if not all(torch.equal(a, b) for a, b in pairs):
                    yield (
                        "even without dropout the resumed run differs: what does the optimiser remember?"
                        if dropout == 0
                        else "with dropout the resumed run differs: which random numbers does dropout use?"
                    )
                    return
    finally:
        torch.set_rng_state(random_state)


def check_4(answer: Callable) -> Iterator[str]:
    """keep_best(folder, state, score, k)."""
    trials = ((1, [0.5, 0.7, 0.6]), (3, [0.2, 0.9, 0.1, 0.8, 0.3, 0.85]), (2, [0.5, 0.5, 0.5, 0.4]), (2, [-3.0]))
    for k, scores in trials:
        with tempfile.TemporaryDirectory() as folder:
            for epoch, score in enumerate(scores):
                answer(Path(folder), {"epoch": torch.tensor(epoch)}, score, k)
            held = [torch.load(path, weights_only=True) for path in sorted(Path(folder).glob("*.pt"))]
        best = sorted(range(len(scores)), key=lambda epoch: -scores[epoch])[:k]  # stable: the older one first
        if len(held) != len(best):
            yield f"with k={k} and the scores {scores} there should be {len(best)} files, found {len(held)}."
            return
        if any(not isinstance(item, dict) or item.keys() != {"state", "score"} for item in held):
            yield "each file should hold a dictionary with 'state' and 'score'."
            return
        if sorted(item["score"] for item in held) != sorted(scores[epoch] for epoch in best):
            yield f"with k={k} and the scores {scores} the files hold {sorted(item['score'] for item in held)}."
            return
        if {int(item["state"]["epoch"]) for item in held} != set(best):
            yield f"with k={k} and the scores {scores} the states of the wrong epochs were kept; think of equal scores."
            return
