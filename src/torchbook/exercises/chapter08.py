"""Checks of the exercises of chapter 08, LSTM character models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
import math

import torch
import torch.nn.functional as F
from torchbook.data.names import load_names
from torchbook.exercises.compare import Wrong, close, function, number, numbers, plain, tensor, unchanged
from torchbook.exercises.contest import Contest, check_contest


def check_1(answer) -> Iterator[str]:
    """Numbers of parameters of an LSTM, a GRU and a two-layer LSTM."""
    found = numbers(answer, 3)
    layers = torch.nn.LSTM(32, 128), torch.nn.GRU(32, 128), torch.nn.LSTM(32, 128, num_layers=2)
    lstm, gru, deep = (sum(p.numel() for p in layer.parameters()) for layer in layers)
    if found[0] != lstm:
        yield "LSTM: how many vectors does a step compute from the input and the state, and how many biases has each?"
    if found[1] != gru:
        yield "GRU: it computes one vector fewer than the LSTM."
    if found[2] != deep:
        yield "two layers: what does the second layer read, and how wide is that?"


def check_2(answer: Callable) -> Iterator[str]:
    """paper_gru_step(x, h, W, U): one step with the reset before the multiplication."""
    function(answer)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64)

    for batch, features, hidden in ((2, 3, 4), (1, 5, 2), (3, 2, 2)):
        x, h = draw(batch, features), draw(batch, hidden)
        W = {key: draw(hidden, features) for key in "rzn"}
        U = {key: draw(hidden, hidden) for key in "rzn"}
        given = {"x": x, "the old state": h}
        given |= {f'{name}["{key}"]': one[key] for name, one in (("W", W), ("U", U)) for key in "rzn"}
        before = {name: value.clone() for name, value in given.items()}
        found = tensor(answer(x, h, dict(W), dict(U)), f"for x of shape {(batch, features)}", (batch, hidden))
        for name, value in given.items():
            unchanged(value, before[name], name)
        r, z = (torch.sigmoid(x @ W[key].T + h @ U[key].T) for key in "rz")
        n = torch.tanh(x @ W["n"].T + (r * h) @ U["n"].T)
        late = torch.tanh(x @ W["n"].T + r * (h @ U["n"].T))
        if close(found, z * h + (1 - z) * n):
            continue
        if close(found, z * h + (1 - z) * late):
            yield "this is PyTorch's form: in the paper's the reset gate multiplies the state before the matrix."
        elif close(found, (1 - z) * h + z * n):
            yield "the update gate works the wrong way round: which of the two does z keep?"
        else:
            yield "the new state is not the one of the formulas; compare r, z and n one after the other."
        return


def check_3(answer: Callable) -> Iterator[str]:
    """masked_text_loss(logits, targets, lengths): mean over the real characters."""
    function(answer)
    for lengths, filler in (([6, 2], 0), ([3, 3, 1], 4), ([1], 2), ([5, 1, 2], -100), ([4, 2], 0)):
        longest, lengths = max(lengths), torch.tensor(lengths)
        logits = 2 * torch.randn(len(lengths), longest, 5)
        targets = torch.randint(5, (len(lengths), longest))
        targets[torch.arange(longest) >= lengths[:, None]] = filler
        rows = [
            F.cross_entropy(row[:n], wanted[:n], reduction="none")
            for row, wanted, n in zip(logits, targets, lengths.tolist(), strict=True)
        ]
        right = torch.cat(rows).mean()
        found = torch.tensor(number(answer(logits, targets.clone(), lengths), "the mean loss"))
        if close(found, right):
            continue
        if close(found, torch.stack([row.mean() for row in rows]).mean()):
            yield "each row counts alike; the mean is over characters, so a longer row has to weigh more."
        elif close(found, torch.cat(rows).sum() / targets.numel()):
            yield "the padding is left out of the sum and is still counted in the number that it is divided by."
        else:
            yield (
                f"for lengths {lengths.tolist()} and padding {filler} the mean over the real characters is "
                f"{right.item():.4f}, yours {found.item():.4f}: is the padding told by its place or by its number?"
            )
        return


def check_4(answer: Callable) -> Iterator[str]:
    """bits_per_character(windows): mean over all characters, in bits."""
    function(answer)
    for windows in (
        [torch.full((4,), 0.125)],
        [torch.tensor([0.5, 0.25]), torch.tensor([0.125])],
        [torch.tensor([1.0]), torch.full((7,), 0.5)],
        [torch.tensor([1.0])],
        [torch.tensor([0.5, 0.0]), torch.tensor([0.5])],
    ):
        found = number(answer([window.clone() for window in windows]), "the mean number of bits")
        flat = [p for window in windows for p in window.tolist()]
        right = sum(math.inf if p == 0 else -math.log2(p) for p in flat) / len(flat)
        if found == right or abs(found - right) < 1e-5:
            continue
        shown = [[round(p, 3) for p in window.tolist()] for window in windows]
        if abs(found - right * math.log(2)) < 1e-5:
            raise Wrong(f"for {shown} the answer is {right:.5f} bits, and {found:.5f} is the same in nats.")
        yield f"for {shown} the answer is {right:.5f} bits, yours {found:.5f}: does each character count alike?"
        return


@cache
def _names() -> tuple[list[tuple[str, int]], list[tuple[str, int]], int]:
    """Names with labels to learn from and to choose by, as the chapter divides them, and the number of languages."""
    groups = [sorted(group) for group in load_names(source="embedded", fold=True, at_least=5).names.values()]
    generator = torch.Generator().manual_seed(0)
    parts: tuple[list, list] = [], []
    for label, group in enumerate(groups):
        order = torch.randperm(len(group), generator=generator).tolist()
        ends = 0, len(group) * 6 // 10, len(group) * 8 // 10  # the last fifth is for the test
        for part, start, end in zip(parts, ends[:-1], ends[1:], strict=True):
            part.extend((group[i], label) for i in order[start:end])
    return *parts, len(groups)


def _names_right(answer: Callable) -> float:
    """Percent of the validation names whose language fit_names(names, labels, classes) finds."""
    function(answer)
    train, val, classes = _names()
    predict = answer([name for name, _ in train], [label for _, label in train], classes)
    if not callable(predict):
        raise Wrong("fit_names should return a function, predict.")
    found = plain(predict([name for name, _ in val]))
    if not isinstance(found, list) or len(found) != len(val):
        raise Wrong(f"for {len(val):,} names predict should return as many labels, in a list or a tensor.")
    if not all(isinstance(label, int) and 0 <= label < classes for label in found):
        raise Wrong(f"labels are whole numbers from 0 to {classes - 1}.")
    return 100 * sum(a == b for a, (_, b) in zip(found, val, strict=True)) / len(val)


CONTEST_5 = Contest(_names_right, _names, "validation names, % right", bar=50.0, larger=True, seconds=10.0)


def check_5(answer: Callable) -> Iterator[str]:
    """fit_names(names, labels, classes) -> predict(names) -> labels, within the budget."""
    yield from check_contest(CONTEST_5, answer)
