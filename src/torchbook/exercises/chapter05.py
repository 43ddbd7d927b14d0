"""Checks of the exercises of chapter 05, the CIFAR-10 classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
import time

import torch
from torch import nn
from torchbook.data.images import ImageSet
from torchbook.exercises.compare import Wrong, apart, function, kind, number, numbers, tensor, unchanged

BUDGET, GRACE = 2.0, 3.0  # seconds of exercise 5
BAR = 0.8  # right answers of exercise 5, where a guess gets a third


def check_1(answer) -> Iterator[str]:
    """Bytes of the pictures as uint8, as float32, and of one batch as float32."""
    picture = 3 * 32 * 32
    as_bytes, as_floats, batch = numbers(answer, 3)
    if as_bytes != 4500 * picture:
        yield "the first number: a picture has three channels of 32 times 32 pixels, one byte each."
    if as_floats != 4 * 4500 * picture:
        yield "the second number: a float32 takes four bytes."
    if batch != 4 * 64 * picture:
        yield "the third number is that of 64 pictures, not of all."


def check_2(answer: Callable) -> None:
    """shift(images, pixels): to the right, zeros come in."""
    function(answer)
    images = torch.arange(1.0, 49.0).reshape(2, 2, 3, 4)
    before = images.clone()
    for pixels in (0, 1, 3, -1, -2, 4, 9, -9):
        expected = torch.zeros_like(before)
        for column in range(4):
            if 0 <= column - pixels < 4:
                expected[..., column] = before[..., column - pixels]
        moved = tensor(answer(images, pixels), f"with pixels={pixels}", before.shape)
        unchanged(images, before, "the input")
        for place in (moved != expected).any(dim=-1).nonzero().tolist():
            image, channel, row = place
            which = f"row {row} of channel {channel} of image {image}" if any(place) else "the first row"
            wanted, found = (one[image, channel, row].tolist() for one in (expected, moved))
            raise Wrong(f"with pixels={pixels} {which} should be {wanted}, not {found}.")


def check_3(answer: Callable) -> None:
    """shuffled_batches(images, labels, batch_size): every pair once, in a new order, a short last batch."""
    function(answer)
    for count, size in ((10, 4), (12, 4), (3, 8), (5, 1)):
        _one_pass(answer, count, size)
    first, second = _one_pass(answer, 40, 8), _one_pass(answer, 40, 8)
    orders = [[place for batch in batches for place in batch] for batches in (first, second)]
    neighbours = sum(abs(a - b) == 1 for a, b in pairwise(orders[0]))
    if neighbours > 20:  # of 39; in a random order about two
        raise Wrong("the pictures come in their old order, or most of them still stand beside an old neighbour.")
    if orders[0] == orders[1]:  # one chance in 40!
        raise Wrong("a second pass has the order of the first; each pass should draw its own.")
    if set(map(frozenset, first)) == set(map(frozenset, second)):
        raise Wrong("in each pass the same pictures share a batch; the order should change across the batches, too.")


def _one_pass(answer: Callable, count: int, size: int) -> list[list[int]]:
    """The places of the pictures in each batch of one pass."""
    case = f"with {count} pictures in batches of {size}"
    images = torch.arange(float(count)).reshape(count, 1, 1, 1).expand(count, 3, 2, 2).clone()
    labels = torch.arange(count) * 10  # the label of a picture is ten times its pixels
    batches = answer(images, labels, size)
    if not hasattr(batches, "__iter__") or getattr(batches, "ndim", 1) == 0:
        raise Wrong(f"{case}: the function should yield batches; yours returned {kind(batches)}.")
    seen, sizes = [], []
    for batch in batches:
        inputs, targets = parts_of(batch, case)
        if len(inputs) != len(targets):
            raise Wrong(f"{case}: a batch has {len(inputs)} pictures and {len(targets)} labels.")
        if not torch.equal(inputs[:, 0, 0, 0] * 10, targets.float()):
            raise Wrong(f"{case}: a picture has the label of another one. How many orders are drawn?")
        seen.append([label // 10 for label in targets.tolist()])
        sizes.append(len(targets))
    whole, rest = divmod(count, size)
    places = sorted(place for batch in seen for place in batch)
    if places != list(range(count)):
        raise Wrong(f"{case}: {len(set(places))} different pictures come in a pass of {len(places)}; each should once.")
    if sizes != [size] * whole + [rest] * (rest > 0):
        raise Wrong(f"{case}: the sizes of the batches are {sizes}.")
    return seen


def parts_of(batch, case: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (N, 3, 2, 2) and labels (N,) of a batch."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        raise Wrong(f"{case}: each batch should be a pair, pictures and labels; yours is {kind(batch)}.")
    inputs, targets = (tensor(part, f"{case}, a batch") for part in batch)
    if inputs.shape[1:] != (3, 2, 2) or targets.ndim != 1:
        raise Wrong(
            f"{case}: a batch has shapes {tuple(inputs.shape)} and {tuple(targets.shape)}, where (N, 3, 2, 2) and "
            "(N,) are asked for."
        )
    return inputs, targets


def check_4(answer: Callable) -> Iterator[str]:
    """top_k_accuracy(logits, labels, k)."""
    function(answer)
    logits, labels = torch.randn(40, 6), torch.randint(6, (40,))
    for k in (1, 2, 5, 6):
        order = logits.argsort(dim=1, descending=True)[:, :k]
        expected = sum(labels[i] in order[i] for i in range(40)) / 40
        found = number(answer(logits.clone(), labels.clone(), k), f"with k={k} the accuracy")
        if not abs(found - expected) < 1e-6:
            yours = apart(found, expected, 3)
            yield f"with k={k} the result on 40 random examples should be {expected:.3f}, yours is {yours}."
            return


def check_5(answer: Callable) -> Iterator[str]:
    """train_mine(train, seconds): a model that tells three colours apart, in time, its pictures untouched."""
    function(answer)
    train, held_out = _colours(240, "train"), _colours(120, "val")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    optimizer.zero_grad()
    optimizer.step()  # PyTorch loads modules at the first step of a session: not the answer's time
    before, start = train.images.clone(), time.perf_counter()
    model = answer(train, BUDGET)
    used = time.perf_counter() - start
    if not isinstance(model, nn.Module):
        raise Wrong(f"train_mine should return a model (nn.Module); yours returned {kind(model)}.")
    unchanged(train.images, before, "the set of training pictures")
    if used > BUDGET + GRACE:
        yield f"training took {used:.1f} seconds; the budget was {BUDGET:.0f}. Look at the clock inside the loop."
    model.cpu().eval()
    with torch.no_grad():
        logits = tensor(model(held_out.images.float() / 255), "the model", (len(held_out), len(held_out.classes)))
    right = (logits.argmax(dim=1) == held_out.labels).sum().item() / len(held_out)
    if not right > BAR:
        percent = apart(100 * right, 100 * BAR, 0)
        yield f"on three colours the model gets {percent}% right; over {BAR:.0%} are asked for."


def _colours(count: int, role: str) -> ImageSet:
    """Noisy squares of three colours: uint8 (count, 3, 32, 32), as many of each."""
    labels = torch.arange(count) % 3
    images = torch.randint(0, 120, (count, 3, 32, 32), dtype=torch.uint8)
    images[torch.arange(count), labels] += 100
    return ImageSet(images, labels, ("red", "green", "blue"), "three colours", role=role)
