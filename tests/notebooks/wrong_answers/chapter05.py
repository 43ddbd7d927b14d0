"""Answers to the exercises of chapter 05: right ones of another form, and plausible wrong ones."""

import numpy as np
import torch
import torch.nn.functional as F


def shift_by_padding(images, pixels):
    return F.pad(images, (pixels, -pixels)) if abs(pixels) <= images.shape[-1] else torch.zeros_like(images)


def shift_by_roll(images, pixels):
    column = torch.arange(images.shape[-1]) - pixels
    return torch.where((column >= 0) & (column < images.shape[-1]), torch.roll(images, pixels, dims=-1), 0.0)


def shift_in_place(images, pixels):
    return images.copy_(shift_by_padding(images, pixels))


def mean_loss(batches):
    losses, sizes = np.array(batches).T
    return np.average(losses, weights=sizes)


def in_top_k(logits, labels, k):
    return (logits.topk(k, dim=1).indices == labels[:, None]).any(dim=1).float().mean()


def by_rank(logits, labels, k):
    ranks = (logits > logits.gather(1, labels[:, None])).sum(dim=1)
    return np.mean((ranks < k).numpy())


RIGHT = {
    "05-1": [[71, 70, 20], torch.tensor([71, 70, 20]), np.array([71, 70, 20])],
    "05-2": [shift_by_padding, shift_by_roll],
    "05-3": [
        mean_loss,
        lambda batches: torch.tensor(mean_loss(batches)),
        lambda batches: sum(a * b for a, b in batches) / sum(b for _, b in batches),
    ],
    "05-4": [in_top_k, by_rank],
}
WRONG = {
    "05-1": [(70, 70, 20), (71, 70, 64), (71, 71, 20), (71, 70), "71, 70, 20"],
    "05-2": [
        lambda images, pixels: torch.roll(images, pixels, dims=-1),
        lambda images, pixels: torch.roll(images, pixels, dims=-2),
        lambda images, pixels: shift_by_roll(images, -pixels),
        lambda images, pixels: F.pad(images, (pixels, 0)),
        lambda images, pixels: shift_by_padding(images, pixels).numpy(),
        shift_in_place,
    ],
    "05-3": [
        lambda batches: sum(loss for loss, _ in batches) / sum(size for _, size in batches),
        lambda batches: sum(loss * size for loss, size in batches) / len(batches),
        lambda batches: sum(loss for loss, _ in batches) / len(batches),
        lambda batches: f"{mean_loss(batches)}",
        lambda batches: float("nan"),
    ],
    "05-4": [
        lambda logits, labels, k: (logits.argmax(1) == labels).float().mean().item(),
        lambda logits, labels, k: (logits.topk(k, dim=1).indices == labels[:, None]).float().mean().item(),
        lambda logits, labels, k: in_top_k(-logits, labels, k),
        lambda logits, labels, k: 100 * in_top_k(logits, labels, k),
        lambda logits, labels, k: (logits.topk(k, dim=1).indices == labels[:, None]).any(dim=1),
    ],
}
