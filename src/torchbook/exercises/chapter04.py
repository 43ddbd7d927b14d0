"""Checks of the exercises of chapter 04, the optimisation loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import copy
import math

import torch
from torch import nn
import torch.nn.functional as F


def check_1(answer: tuple[int, int, float]) -> Iterator[str]:
    """Steps with batches of 64 and of 512, rate of the eighth epoch."""
    if not isinstance(answer, tuple) or len(answer) != 3:
        yield "the answer is a tuple of three numbers."
        return
    for place, size, found in (("first", 64, answer[0]), ("second", 512, answer[1])):
        if found != 10 * -(-60_000 // size):
            yield f"the {place} number: each epoch has one step a batch of {size}, a short last batch included."
    if not math.isclose(answer[2], 1e-3, rel_tol=1e-6):
        yield "the rate: count how often three epochs have passed before the eighth begins."


def check_2(answer: Callable) -> Iterator[str]:
    """adagrad(w, g, state, lr, eps): equal to torch.optim.Adagrad in each step."""
    generator = torch.Generator().manual_seed(0)
    for shape, lr in (((4,), 0.1), ((2, 3), 0.01)):
        start = torch.randn(shape, generator=generator, dtype=torch.float64)
        gradients = torch.randn(10, *shape, generator=generator, dtype=torch.float64) * 3
        gradients[0].view(-1)[0] = 0.0  # no gradient in the first step, so the sum of squares is zero
        mine, state = start.clone(), {}
        theirs = nn.Parameter(start.clone())
        optimizer = torch.optim.Adagrad([theirs], lr=lr)
        for step, gradient in enumerate(gradients, start=1):
            mine = answer(mine, gradient.clone(), state, lr=lr)
            theirs.grad = gradient.clone()
            optimizer.step()
            if not isinstance(mine, torch.Tensor) or mine.shape != start.shape:
                yield f"the result must be the new parameter, a tensor of shape {tuple(start.shape)}."
                return
            if not torch.isfinite(mine).all():
                yield f"step {step} gives a number that is not finite; what is divided by zero?"
                return
            if not torch.allclose(mine, theirs.detach(), rtol=1e-8, atol=1e-9):
                gap = (mine - theirs.detach()).abs().max().item()
                yield f"step {step} differs from torch.optim.Adagrad by up to {gap:.2g}."
                return


def _mended(model, batches, val_batches, optimizer):
    model.train()
    for inputs, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = [(model(inputs).argmax(1) == labels).sum().item() for inputs, labels in val_batches]
    return sum(right) / sum(len(labels) for _, labels in val_batches)


def check_3(answer: Callable) -> Iterator[str]:
    """epoch_and_score: weights and accuracy of the right loop, with dropout, from either mode, with old gradients."""
    generator = torch.Generator().manual_seed(0)
    data = [
        (torch.randn(size, 6, generator=generator), torch.randint(3, (size,), generator=generator))
        for size in (16, 16, 5, 200, 31)
    ]
    for seed, dropout, training in ((2, 0.0, True), (3, 0.0, False), (4, 0.5, True), (5, 0.5, False), (6, 0.5, True)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, 3))
            F.cross_entropy(model(data[0][0]), data[0][1]).backward()  # a gradient from earlier work
            model.train(training)
            results = []
            for function in (_mended, answer):
                own = copy.deepcopy(model)
                torch.manual_seed(seed)
                score = function(own, data[:3], data[3:], torch.optim.SGD(own.parameters(), lr=0.5))
                results.append((own, score))
        (right, wanted), (found, score) = results
        arrived = f"with dropout {dropout} and a model that arrives in {'training' if training else 'evaluation'} mode"
        pairs = zip(right.parameters(), found.parameters(), strict=True)
        if not all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in pairs):
            yield (
                f"{arrived}, the trained weights are not those of a right epoch. Which gradients does each step use, "
                "and in which mode is the model while it learns?"
            )
            return
        if not isinstance(score, (int, float)) or abs(score - wanted) > 1e-6:
            yield f"{arrived}, the weights are right, but the accuracy should be {wanted:.4f}, yours is {score}."
            return


def check_4(answer: Callable) -> Iterator[str]:
    """warmup_cosine(step, warmup, total): rise, half a cosine, zero."""
    for warmup, total in ((4, 20), (1, 10), (0, 8), (5, 6)):
        for step in range(total + 3):
            if step >= total:
                expected = 0.0
            elif step < warmup:
                expected = (step + 1) / warmup
            else:
                expected = 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / (total - warmup))
            found = answer(step, warmup, total)
            if not isinstance(found, (int, float)) or abs(found - expected) > 1e-9:
                case = f"warmup={warmup}, total={total}, step {step}"
                yield f"{case}: the factor should be {expected:.4f}, not {found}."
                return
