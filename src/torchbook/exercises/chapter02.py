"""Checks of chapter 02, autograd and the training step."""

from __future__ import annotations

from collections.abc import Iterator
import math

import torch
from torch.autograd import gradcheck
from torch.nn import functional as F


def _printed_gradients() -> list[float]:
    """What the four lines of exercise 02-1 print."""
    a = torch.tensor(3.0, requires_grad=True)
    seen = []
    (a * a).backward()
    seen.append(a.grad.item())
    (5 * a).backward()
    seen.append(a.grad.item())
    a.grad = None
    (a.detach() * a).backward()
    seen.append(a.grad.item())
    a.grad.zero_()
    (a * a + 2 * a.detach()).backward()
    seen.append(a.grad.item())
    return seen


def check_1(answer) -> Iterator[str]:
    """Predicted gradients: a list of four numbers."""
    hints = (
        "the slope of a * a at a = 3 follows from the chain rule: both factors change.",
        "backward() does not replace what is in .grad.",
        "a.grad was removed first, and autograd takes a detached tensor for a constant.",
        "zero_() cleared the gradient, and a detached term does not change with a.",
    )
    answer = list(answer)
    if len(answer) != len(hints):
        yield f"four numbers are wanted, one for each print, and there are {len(answer)}."
        return
    for number, (given, right, hint) in enumerate(zip(answer, _printed_gradients(), hints, strict=True), 1):
        if not math.isclose(float(given), right, abs_tol=1e-6):
            yield f"print {number} does not show {float(given):g}: {hint}"


def _cubes(x):
    return (x**3).sum()


def _mixed(x):
    return (x.sin() * x.flip(0)).sum()


def check_2(answer) -> Iterator[str]:
    """numerical_gradient(function, x, step) for several shapes."""
    torch_inputs = torch.Generator().manual_seed(2)
    for shape in ((3,), (2, 4), (), (2, 3, 2)):
        for function in (_cubes, torch.exp if shape == () else _mixed):
            x = torch.randn(shape, dtype=torch.float64, generator=torch_inputs)
            before = x.clone()
            found = answer(function, x)
            if not isinstance(found, torch.Tensor):
                yield f"the result for an x of shape {shape} is {type(found).__name__}, and a tensor is wanted."
                return
            if not torch.equal(x, before):
                yield "x itself was changed: work on a copy, or undo each change exactly."
                return
            if found.shape != x.shape:
                yield f"for an x of shape {shape} the result has shape {tuple(found.shape)}; the same is wanted."
                return
            leaf = x.clone().requires_grad_()
            (right,) = torch.autograd.grad(function(leaf), leaf)
            error = (found.detach() - right).abs().max().item()
            if not error < 1e-6:
                yield (
                    f"for an x of shape {shape} an entry is wrong by {error:.1e}. A one-sided difference is off by "
                    "about the step times half the curvature; a central one goes as far to the left as to the right."
                )
                return
    rough = answer(_cubes, torch.tensor([1.0], dtype=torch.float64), step=0.5)
    if not math.isclose(rough.item(), 3.25, abs_tol=1e-9):  # ((1.5**3 - 0.5**3) / 1)
        yield "the argument step has no effect, or is not the distance to each side."


def check_3(answer) -> Iterator[str]:
    """Softplus as a torch.autograd.Function."""
    if not (isinstance(answer, type) and issubclass(answer, torch.autograd.Function)):
        yield "hand over the class itself, a subclass of torch.autograd.Function."
        return
    for shape in ((4,), (2, 3), ()):
        x = torch.linspace(-3, 3, max(math.prod(shape), 1), dtype=torch.float64).reshape(shape).requires_grad_()
        value = answer.apply(x)
        if not isinstance(value, torch.Tensor):
            yield f"forward returns {type(value).__name__}, and a tensor is wanted."
            return
        if value.shape != x.shape or not torch.allclose(value, F.softplus(x)):
            yield f"forward does not return log(1 + exp(x)) for an x of shape {shape}."
            return
        if not gradcheck(answer.apply, (x,), raise_exception=False):
            yield (
                f"gradcheck refuses backward for an x of shape {shape}: "
                "is the slope at x multiplied by the slope that backward receives?"
            )
            return
    x = torch.tensor([-1000.0, 1000.0], requires_grad=True)
    value = answer.apply(x)
    if not torch.equal(value.detach(), torch.tensor([0.0, 1000.0])):
        yield f"at x = -1000 and 1000 forward gives {value.tolist()}, and the limits are 0 and 1000: exp overflows."
    value.sum().backward()
    if not torch.allclose(x.grad, torch.tensor([0.0, 1.0])):
        yield f"at x = -1000 and 1000 the slope is {x.grad.tolist()}, and its limits are 0 and 1: exp overflows."


def _descent_by_sgd(w, inputs, targets, lr, steps) -> tuple[torch.Tensor, list[float]]:
    """Weights and losses of the reference, torch.optim.SGD."""
    w = w.detach().clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=lr)
    losses = []
    for _ in range(steps):
        loss = F.mse_loss(inputs @ w, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return w.detach(), losses


def check_4(answer) -> Iterator[str]:
    """The mended loop against torch.optim.SGD."""
    generator = torch.Generator().manual_seed(4)
    inputs = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    targets = torch.randn(12, generator=generator, dtype=torch.float64)
    start = torch.randn(3, generator=generator, dtype=torch.float64)
    for steps, stale, hint in (
        (1, False, "already the first step"),
        (5, False, "the first step agrees and a later one does not: what is in w.grad when the second begins? It"),
        (1, True, "with something left in w.grad at the start, the first step"),
    ):
        w = start.clone().requires_grad_()
        if stale:
            w.grad = torch.ones_like(w)
        losses = answer(w, inputs, targets, 0.1, steps)
        right, right_losses = _descent_by_sgd(start, inputs, targets, 0.1, steps)
        if not torch.allclose(w.detach(), right):
            yield f"{hint} differs from that of torch.optim.SGD."
    if losses is None or len(losses) != steps:
        yield "the function should return one loss for each step."
    elif any(isinstance(loss, torch.Tensor) and loss.grad_fn is not None for loss in losses):
        yield "each loss in the list still has its graph behind it: keep the number alone."
    elif not math.isclose(float(losses[0]), right_losses[0], rel_tol=1e-6):
        yield "the first loss in the list is not the one before the first step."
