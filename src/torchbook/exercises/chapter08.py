"""Checks of the exercises of chapter 08, LSTM character models."""

from __future__ import annotations

from collections.abc import Iterator
import math

import torch
import torch.nn.functional as F


def check_1(answer) -> Iterator[str]:
    """Numbers of parameters of an LSTM, a GRU and a two-layer LSTM."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        yield "the answer is a tuple of three numbers: LSTM, GRU, LSTM of two layers."
        return
    lstm, gru, deep = (
        sum(p.numel() for p in layer.parameters())
        for layer in (torch.nn.LSTM(32, 128), torch.nn.GRU(32, 128), torch.nn.LSTM(32, 128, num_layers=2))
    )
    if answer[0] != lstm:
        yield "LSTM: how many vectors does a step compute from the input and the state, and how many biases has each?"
    if answer[1] != gru:
        yield "GRU: it computes one vector fewer than the LSTM."
    if answer[2] != deep:
        yield "two layers: what does the second layer read, and how wide is that?"


def check_2(answer) -> Iterator[str]:
    """paper_gru_step(x, h, W, U): one step with the reset before the multiplication."""
    generator = torch.Generator().manual_seed(2)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    for batch, features, hidden in ((2, 3, 4), (1, 5, 2), (3, 2, 2)):
        x, h = draw(batch, features), draw(batch, hidden)
        W = {key: draw(hidden, features) for key in "rzn"}
        U = {key: draw(hidden, hidden) for key in "rzn"}
        before = h.clone()
        found = answer(x, h, W, U)
        if not isinstance(found, torch.Tensor) or found.shape != (batch, hidden):
            yield f"for x of shape {(batch, features)} the new state should have shape {(batch, hidden)}."
            return
        if not torch.equal(h, before):
            yield "the old state itself was changed; compute a new tensor."
            return
        r, z = (torch.sigmoid(x @ W[key].T + before @ U[key].T) for key in "rz")
        n = torch.tanh(x @ W["n"].T + (r * before) @ U["n"].T)
        if torch.allclose(found, z * before + (1 - z) * n):
            continue
        late = torch.tanh(x @ W["n"].T + r * (before @ U["n"].T))
        if torch.allclose(found, z * before + (1 - z) * late):
            yield "this is PyTorch's form: in the paper's the reset gate multiplies the state before the matrix."
        elif torch.allclose(found, (1 - z) * before + z * n):
            yield "the update gate works the wrong way round: which of the two does z keep?"
        else:
            yield "the new state is not the one of the formulas; compare r, z and n one after the other."
        return


def check_3(answer) -> Iterator[str]:
    """masked_text_loss(logits, targets, lengths): mean over the real characters."""
    generator = torch.Generator().manual_seed(3)
    for lengths, filler in (([6, 2], 0), ([3, 3, 1], 4), ([1], 2), ([5, 1, 2], -100), ([4, 2], 0)):
        longest, lengths = max(lengths), torch.tensor(lengths)
        logits = 2 * torch.randn(len(lengths), longest, 5, generator=generator)
        targets = torch.randint(5, (len(lengths), longest), generator=generator)
        padding = torch.arange(longest) >= lengths[:, None]
        targets[padding] = filler
        found = answer(logits, targets, lengths)
        if not isinstance(found, torch.Tensor) or found.numel() != 1:
            yield "the function should return a tensor with one number, the mean loss."
            return
        rows = [
            F.cross_entropy(row[:n], wanted[:n], reduction="none")
            for row, wanted, n in zip(logits, targets, lengths.tolist(), strict=True)
        ]
        right = torch.cat(rows).mean()
        if torch.allclose(found, right, atol=1e-5):
            continue
        if len(rows) > 1 and torch.allclose(found, torch.stack([row.mean() for row in rows]).mean(), atol=1e-5):
            yield "each row counts alike; the mean is over characters, so a longer row has to weigh more."
        elif torch.allclose(found, torch.cat(rows).sum() / targets.numel(), atol=1e-5):
            yield "the padding is left out of the sum and is still counted in the number that it is divided by."
        else:
            yield (
                f"for lengths {lengths.tolist()} and padding {filler} the mean over the real characters is "
                f"{right.item():.4f}, yours {found.item():.4f}: is the padding told by its place or by its number?"
            )
        return


def check_4(answer) -> Iterator[str]:
    """bits_per_character(windows): mean over all characters, in bits."""
    cases = [
        [torch.full((4,), 0.125)],
        [torch.tensor([0.5, 0.25]), torch.tensor([0.125])],
        [torch.tensor([1.0]), torch.full((7,), 0.5)],
        [torch.tensor([1.0])],
        [torch.tensor([0.5, 0.0]), torch.tensor([0.5])],
    ]
    for windows in cases:
        found = answer([window.clone() for window in windows])
        if not isinstance(found, float):
            yield "the function should return a float."
            return
        flat = [p for window in windows for p in window.tolist()]
        right = sum(math.inf if p == 0 else -math.log2(p) for p in flat) / len(flat)
        if found == right or abs(found - right) < 1e-5:
            continue
        shown = [[round(p, 3) for p in window.tolist()] for window in windows]
        if abs(found - right * math.log(2)) < 1e-5:
            yield f"for {shown} the answer is {right:.3f} bits, and {found:.3f} is the same in nats."
        else:
            yield f"for {shown} the answer is {right:.3f} bits, yours {found:.3f}: does each character count alike?"
        return
