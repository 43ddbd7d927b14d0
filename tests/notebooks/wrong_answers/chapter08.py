"""Answers to the exercises of chapter 08: right ones of another form, and plausible wrong ones."""

import math

import numpy as np
import torch
import torch.nn.functional as F


def gru(early=True, turned=False, tanh=torch.tanh):
    """A step of the GRU, in the paper's form or another."""

    def step(x, h, W, U):
        r, z = (torch.sigmoid(F.linear(x, W[key]) + F.linear(h, U[key])) for key in "rz")
        n = tanh(F.linear(x, W["n"]) + (F.linear(r * h, U["n"]) if early else r * F.linear(h, U["n"])))
        return torch.lerp(h, n, z) if turned else torch.lerp(n, h, z)

    return step


def gru_and_then(change):
    """The right step, after which ``change(x, h, W, U)`` writes into what was handed over."""

    def step(*given):
        found = gru()(*given)
        change(*given)
        return found

    return step


def gru_as_matrices(x, h, W, U):
    r = 1 / (1 + torch.exp(-(W["r"] @ x.T + U["r"] @ h.T)))
    z = 1 / (1 + torch.exp(-(W["z"] @ x.T + U["z"] @ h.T)))
    return (z * h.T + (1 - z) * torch.tanh(W["n"] @ x.T + U["n"] @ (r * h.T))).T


def real(targets, lengths):
    return torch.arange(targets.shape[1]) < lengths[:, None]


def loss_weighted(logits, targets, lengths):
    mask = real(targets, lengths)
    losses = F.cross_entropy(logits.mT, targets.clamp(min=0), reduction="none")
    return (losses * mask).sum() / lengths.sum()


def loss_by_ignoring(logits, targets, lengths):
    return F.cross_entropy(logits.mT, targets.masked_fill(~real(targets, lengths), -100)).item()


def loss_by_row(logits, targets, lengths):
    losses = [F.cross_entropy(row[:n], wanted[:n]) for row, wanted, n in zip(logits, targets, lengths, strict=True)]
    return torch.stack(losses).mean()


def loss_divided_by_all(logits, targets, lengths):
    mask = real(targets, lengths)
    return F.cross_entropy(logits[mask], targets[mask], reduction="sum") / targets.numel()


def bits(windows):
    flat = [p for window in windows for p in window.tolist()]
    return sum(math.inf if p == 0 else -math.log2(p) for p in flat) / len(flat)


def pieces(name, sizes):
    marked = f"^{name}$"
    return [marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1)]


def bayes(sizes=(1, 2, 3), form=list):
    """Naive Bayes on pieces of names, as one matrix."""

    def fit_names(names, labels, classes):
        places = {piece: k for k, piece in enumerate(sorted({p for name in names for p in pieces(name, sizes)}))}
        counts = torch.full((classes, len(places)), 0.1)
        for name, label in zip(names, labels, strict=True):
            for piece in pieces(name, sizes):
                counts[label, places[piece]] += 1
        logs = (counts / counts.sum(dim=1, keepdim=True)).log()

        def predict(names):
            found = [[places[p] for p in pieces(name, sizes) if p in places] for name in names]
            return form([logs[:, row].sum(dim=1).argmax().item() for row in found])

        return predict

    return fit_names


def most_frequent(names, labels, classes):
    return lambda names: [max(set(labels), key=labels.count)] * len(names)


RIGHT = {
    "08-1": [[82944, 62208, 165888 + 49152], torch.tensor([82944, 62208, 215040]), np.array([82944, 62208, 215040])],
    "08-2": [gru(), gru_as_matrices],
    "08-3": [loss_weighted, loss_by_ignoring],
    "08-4": [bits, lambda windows: -torch.cat(windows).log2().mean(), lambda windows: np.float64(bits(windows))],
    "08-5": [bayes(), bayes((2, 3), torch.tensor), bayes((2, 3), np.array)],
}
WRONG = {
    "08-1": [(81920, 61440, 163840), (82944, 62208, 165888), (82944, 62208), (82944, 82944, 215040), "82944"],
    "08-2": [
        gru(early=False),
        gru(turned=True),
        gru(tanh=torch.sigmoid),
        lambda x, h, W, U: gru()(x, h, W, U)[0],
        lambda x, h, W, U: h.copy_(gru()(x, h, W, U)),
        gru_and_then(lambda x, h, W, U: x.zero_()),
        gru_and_then(lambda x, h, W, U: W["n"].zero_()),
        gru_and_then(lambda x, h, W, U: U["r"].mul_(2)),
        lambda x, h, W, U: gru()(x, h, U, W) if x.shape == h.shape else h,
    ],
    "08-3": [
        loss_by_row,
        loss_divided_by_all,
        lambda logits, targets, lengths: F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0),
        lambda logits, targets, lengths: F.cross_entropy(logits.flatten(0, 1), targets.flatten()),
        lambda logits, targets, lengths: loss_weighted(logits, targets, lengths) / math.log(2),
        lambda logits, targets, lengths: F.cross_entropy(logits.mT, targets.clamp(min=0), reduction="none"),
    ],
    "08-4": [
        lambda windows: -torch.cat(windows).log().mean().item(),
        lambda windows: -sum(window.log2().mean().item() for window in windows) / len(windows),
        lambda windows: -torch.cat(windows).log2().sum().item(),
        lambda windows: -torch.cat(windows).clamp(min=1e-9).log2().mean().item(),
        lambda windows: [bits([window]) for window in windows],
    ],
    "08-5": [
        most_frequent,
        bayes(form=lambda found: found[1:]),
        bayes(form=lambda found: [str(label) for label in found]),
        bayes(form=lambda found: [label + 1 for label in found]),
        lambda names, labels, classes: bayes()(names, labels, classes)(names),
    ],
}
