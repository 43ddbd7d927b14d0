"""Checks of the exercises of chapter 04, the optimisation loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import copy
import inspect
import math

import torch
from torch import nn
import torch.nn.functional as F
from torchbook.exercises.compare import Wrong, apart, function, kind, number, parts, tensor

STEPS, BAR = 100, 0.2  # of exercise 5; nats
FACES = {
    "order": "panel A is a saw with ten teeth in each pass over the pictures. What are there ten of?",
    "softmax": "panel B hardly moves, and jumps nowhere. Which mistake makes all gradients small?",
    "rate": "panel C fails within the first steps and stays dead. Which mistake needs no time to do harm?",
    "gradients": "panel D begins well and fails later. Which mistake grows with the number of steps?",
}


def check_1(answer) -> Iterator[str]:
    """Which mistake belongs to which panel of the gallery."""
    given = parts(answer, 4, "words")
    known = ", ".join(sorted(FACES))
    if not all(isinstance(word, str) and word.strip().lower() in FACES for word in given):
        raise Wrong(f"each part should be one of the words {known}.")
    for word, (right, hint) in zip(given, FACES.items(), strict=True):
        if word.strip().lower() != right:
            yield hint


def check_2(answer: Callable) -> None:
    """adagrad(w, g, state, lr, eps): equal to torch.optim.Adagrad in each step."""
    function(answer)
    for shape, lr, options in (((4,), 0.1, {}), ((2, 3), 0.01, {}), ((3,), 0.1, {"eps": 0.5})):
        start = torch.randn(shape, dtype=torch.float64)
        gradients = torch.randn(10, *shape, dtype=torch.float64) * 3
        gradients[0].view(-1)[0] = 0.0  # no gradient in the first step, so the sum of squares is zero
        mine, state = start.clone(), {}
        theirs = nn.Parameter(start.clone())
        optimizer = torch.optim.Adagrad([theirs], lr=lr, **options)
        for step, gradient in enumerate(gradients, start=1):
            mine = tensor(answer(mine, gradient.clone(), state, lr=lr, **options), f"step {step}", shape, start.dtype)
            theirs.grad = gradient.clone()
            optimizer.step()
            if not torch.isfinite(mine).all():
                raise Wrong(f"step {step} gives a number that is not finite; what is divided by zero?")
            if not torch.allclose(mine, theirs.detach(), rtol=1e-8, atol=1e-9):
                gap = (mine - theirs.detach()).abs().max().item()
                raise Wrong(f"step {step} differs from torch.optim.Adagrad by up to {gap:.2g}.")


def _right_epoch(model, batches, val_batches, optimizer) -> float:
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
    function(answer)
    data = [(torch.randn(size, 6), torch.randint(3, (size,))) for size in (16, 16, 5, 200, 31)]
    for seed, dropout, training in ((2, 0.0, True), (3, 0.0, False), (4, 0.5, True), (5, 0.5, False), (6, 0.5, True)):
        model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, 3))
        model.train(training)
        results = []
        for one in (_right_epoch, answer):
            own = copy.deepcopy(model)
            F.cross_entropy(own(data[0][0]), data[0][1]).backward()  # gradients from earlier work, which no copy has
            torch.manual_seed(seed)
            results.append((own, one(own, data[:3], data[3:], torch.optim.SGD(own.parameters(), lr=0.5))))
        (right, wanted), (found, score) = results
        arrived = f"with dropout {dropout} and a model that arrives in {'training' if training else 'evaluation'} mode"
        pairs = zip(right.parameters(), found.parameters(), strict=True)
        if not all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in pairs):
            raise Wrong(
                f"{arrived}, the trained weights are not those of a right epoch. Which gradients does each step use, "
                "and in which mode is the model while it learns?"
            )
        score = number(score, "the accuracy that the function returns")
        if not abs(score - wanted) < 1e-6:
            yield f"{arrived}, the weights are right, but the accuracy should be {wanted:.4f}, yours is {score}."
            return


def check_4(answer: Callable) -> Iterator[str]:
    """warmup_cosine(step, warmup, total): rise, half a cosine, zero."""
    function(answer)
    for warmup, total in ((4, 20), (1, 10), (0, 8), (5, 6)):
        for step in range(total + 3):
            if step >= total:
                expected = 0.0
            elif step < warmup:
                expected = (step + 1) / warmup
            else:
                expected = 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / (total - warmup))
            case = f"warmup={warmup}, total={total}, step {step}"
            found = number(answer(step, warmup, total), f"{case}: the factor")
            if not abs(found - expected) < 1e-6:
                yield f"{case}: the factor should be {expected:.4f}, not {found}."
                return


def check_5(answer: Callable) -> Iterator[str]:
    """my_recipe(parameters, steps): an optimiser and a scheduler that get a small network far in few steps."""
    function(answer)
    losses = [_loss_after(answer, seed) for seed in range(3)]
    mean = sum(losses) / len(losses)
    if not mean < BAR:
        yield (
            f"after {STEPS} steps the mean loss over three seeds is {apart(mean, BAR)}; under {BAR} is asked for. "
            "Rule, rate and schedule are yours."
        )


def _steps_alone(part) -> bool:
    """Whether ``part.step()`` can be called without an argument."""
    try:
        inspect.signature(getattr(type(part), "step", lambda self: None)).bind(part)
    except TypeError:
        return False
    return True


def _loss_after(recipe: Callable, seed: int) -> float:
    """Training loss, in nats, of a small network on features whose sizes differ by a factor of thirty."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(200, 8, generator=generator)
    labels = (inputs @ torch.randn(8, 3, generator=generator)).argmax(dim=1)
    inputs = inputs * torch.logspace(-0.5, 1, 8)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 3))
    made = recipe(model.parameters(), STEPS)
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise Wrong(f"the recipe should return a pair, optimiser and scheduler or None; yours returned {kind(made)}.")
    optimizer, scheduler = made
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise Wrong(f"the first part should be an optimiser of torch.optim; yours is {kind(optimizer)}.")
    if isinstance(scheduler, type) or not (scheduler is None or callable(getattr(scheduler, "step", None))):
        raise Wrong(f"the second part should be a scheduler, or None; yours is {kind(scheduler)}.")
    for part in (optimizer, scheduler):
        if part is not None and not _steps_alone(part):
            raise Wrong(f"here step() is called without an argument, and that of your {type(part).__name__} needs one.")
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return F.cross_entropy(model(inputs), labels).item()
