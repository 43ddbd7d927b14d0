"""Plausible wrong answers to the exercises of chapter 08; each must be refused."""

import torch
import torch.nn.functional as F


def gru_reset_late(x, h, W, U):
    r = torch.sigmoid(x @ W["r"].T + h @ U["r"].T)
    z = torch.sigmoid(x @ W["z"].T + h @ U["z"].T)
    n = torch.tanh(x @ W["n"].T + r * (h @ U["n"].T))
    return z * h + (1 - z) * n


def gru_update_turned(x, h, W, U):
    r = torch.sigmoid(x @ W["r"].T + h @ U["r"].T)
    z = torch.sigmoid(x @ W["z"].T + h @ U["z"].T)
    n = torch.tanh(x @ W["n"].T + (r * h) @ U["n"].T)
    return (1 - z) * h + z * n


def loss_by_row(logits, targets, lengths):
    losses = [F.cross_entropy(row[:n], wanted[:n]) for row, wanted, n in zip(logits, targets, lengths, strict=True)]
    return torch.stack(losses).mean()


def loss_divided_by_all(logits, targets, lengths):
    real = torch.arange(targets.shape[1]) < lengths[:, None]
    return F.cross_entropy(logits[real], targets[real], reduction="sum") / targets.numel()


WRONG = {
    "08-1": [(81920, 61440, 163840), (82944, 62208, 165888), (82944, 62208)],
    "08-2": [gru_reset_late, gru_update_turned],
    "08-3": [
        loss_by_row,
        loss_divided_by_all,
        lambda logits, targets, lengths: F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0),
    ],
    "08-4": [
        lambda windows: -torch.cat(windows).log().mean().item(),
        lambda windows: -sum(window.log2().mean().item() for window in windows) / len(windows),
    ],
}
