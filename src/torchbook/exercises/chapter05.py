"""Checks of the exercises of chapter 05, the CIFAR-10 classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torchbook.exercises.compare import Wrong, function, number, numbers, tensor, unchanged


def check_1(answer) -> Iterator[str]:
    """Number of batches with and without the short one, images left out."""
    whole, rest = divmod(4500, 64)
    batches, full, left_out = numbers(answer, 3)
    if batches != whole + 1:
        yield "the first number counts the short last batch too."
    if full != whole:
        yield "with drop_last only full batches of 64 remain."
    if left_out != rest:
        yield "the images left out are those that do not fill a batch; each epoch leaves out as many."


def check_2(answer: Callable) -> None:
    """shift(images, pixels): to the right, zeros come in."""
    function(answer)
    images = torch.arange(1.0, 25.0).reshape(2, 1, 3, 4)
    before = images.clone()
    for pixels in (0, 1, 3, -1, -2, 4, 9, -9):
        expected = torch.zeros_like(before)
        for column in range(4):
            if 0 <= column - pixels < 4:
                expected[..., column] = before[..., column - pixels]
        moved = tensor(answer(images, pixels), f"with pixels={pixels}", before.shape)
        unchanged(images, before, "the input")
        if not torch.equal(moved, expected):
            row, wanted = moved[0, 0, 0].tolist(), expected[0, 0, 0].tolist()
            raise Wrong(f"with pixels={pixels} the first row should be {wanted}, not {row}.")


def check_3(answer: Callable) -> Iterator[str]:
    """mean_loss: weighted by the size of the batches."""
    function(answer)
    for batches in ([(2.0, 4), (1.0, 4)], [(2.0, 64), (1.0, 1)], [(0.5, 3)], [(1.0, 10), (3.0, 10), (8.0, 5)]):
        expected = sum(loss * size for loss, size in batches) / sum(size for _, size in batches)
        found = number(answer(list(batches)), "the mean loss")
        if not abs(found - expected) < 1e-6:
            yield f"for {batches} the mean over examples is {expected:.4f}, yours is {found:.4f}."
            return


def check_4(answer: Callable) -> Iterator[str]:
    """top_k_accuracy(logits, labels, k)."""
    function(answer)
    logits, labels = torch.randn(40, 6), torch.randint(6, (40,))
    for k in (1, 2, 5, 6):
        order = logits.argsort(dim=1, descending=True)[:, :k]
        expected = sum(labels[i] in order[i] for i in range(40)) / 40
        found = number(answer(logits.clone(), labels.clone(), k), f"with k={k} the accuracy")
        if not abs(found - expected) < 1e-6:
            yield f"with k={k} the result on 40 random examples should be {expected:.3f}, yours is {found:.3f}."
            return
