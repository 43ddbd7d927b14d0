"""Plausible wrong answers to the exercises of chapter 05; each must be refused."""

import torch

WRONG = {
    "05-1": [(70, 70, 20), (71, 70, 64)],
    "05-2": [
        lambda images, pixels: torch.roll(images, pixels, dims=-1),
        lambda images, pixels: torch.roll(images, pixels, dims=-2),
    ],
    "05-3": [
        lambda batches: sum(loss for loss, _ in batches) / sum(size for _, size in batches),
        lambda batches: sum(loss * size for loss, size in batches) / len(batches),
    ],
    "05-4": [
        lambda logits, labels, k: (logits.argmax(1) == labels).float().mean().item(),
        lambda logits, labels, k: (logits.topk(k, dim=1).indices == labels[:, None]).float().mean().item(),
    ],
}
