"""Checks of chapter 02, autograd and the training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math

import torch
from torch._C._functorch import get_unwrapped, is_functorch_wrapped_tensor
from torch.autograd import gradcheck
from torch.nn import functional as F
from torchbook.exercises.compare import Wrong, apart, close, function, number, numbers, plain, subclass, tensor


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
    """Predicted gradients: four numbers."""
    hints = (
        "the slope of a * a at a = 3 follows from the chain rule: both factors change.",
        "backward() does not replace what is in .grad.",
        "a.grad was removed first, and autograd takes a detached tensor for a constant.",
        "zero_() cleared the gradient, and a detached term does not change with a.",
    )
    given = numbers(answer, len(hints))
    for place, (found, right, hint) in enumerate(zip(given, _printed_gradients(), hints, strict=True), 1):
        if not math.isclose(found, right, abs_tol=1e-6):
            yield f"print {place} does not show {found}: {hint}"


def _cubes(x):
    return (x**3).sum()


def _mixed(x):
    return (x.sin() * x.flip(0)).sum()


def check_2(answer: Callable) -> Iterator[str]:
    """numerical_gradient(function, x, step) for several shapes."""
    function(answer)
    for shape in ((3,), (2, 4), (), (2, 3, 2)):
        for of in (_cubes, torch.exp if shape == () else _mixed):
            x = torch.randn(shape, dtype=torch.float64)
            before = x.clone()
            found = tensor(answer(of, x), f"an x of shape {shape}", x.shape)
            if not torch.equal(x, before):
                raise Wrong("x itself was changed: work on a copy, or undo each change exactly.")
            leaf = x.clone().requires_grad_()
            (right,) = torch.autograd.grad(of(leaf), leaf)
            error = (found.detach() - right).abs().max().item()
            if not error < 1e-6:
                raise Wrong(
                    f"for an x of shape {shape} an entry is wrong by {error:.1e}. A one-sided difference is off by "
                    "about the step times half the curvature; a central one goes as far to the left as to the right."
                )
    rough = answer(_cubes, torch.tensor([1.0], dtype=torch.float64), step=0.5)
    if not math.isclose(number(rough, "the gradient at x = [1]"), 3.25, abs_tol=1e-9):  # (1.5**3 - 0.5**3) / 1
        yield "the argument step has no effect, or is not the distance to each side."


def check_3(answer: type) -> Iterator[str]:
    """Softplus as a torch.autograd.Function."""
    subclass(answer, torch.autograd.Function)
    for shape in ((4,), (2, 3), ()):
        x = torch.linspace(-3, 3, max(math.prod(shape), 1), dtype=torch.float64).reshape(shape).requires_grad_()
        if not close(tensor(answer.apply(x), f"forward, for an x of shape {shape}", shape), F.softplus(x)):
            raise Wrong(f"forward does not return log(1 + exp(x)) for an x of shape {shape}.")
        if not gradcheck(answer.apply, (x,), raise_exception=False):
            raise Wrong(
                f"gradcheck refuses backward for an x of shape {shape}: "
                "is the slope at x multiplied by the slope that backward receives?"
            )
    x = torch.tensor([-1000.0, 1000.0], requires_grad=True)
    where = "at x = -1000 and 1000, as float32"
    value = tensor(answer.apply(x), f"forward, {where}", x.shape)
    if plain(value) != [0.0, 1000.0]:
        yield f"at x = -1000 and 1000 forward gives {plain(value)}, and the limits are 0 and 1000: exp overflows."
    value.sum().backward()
    if not close(tensor(x.grad, f"backward, {where}"), torch.tensor([0.0, 1.0])):
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


def check_4(answer: Callable) -> Iterator[str]:
    """The mended loop against torch.optim.SGD."""
    function(answer)
    inputs, targets, start = (torch.randn(shape, dtype=torch.float64) for shape in ((12, 3), (12,), (3,)))
    graph = False
    for lr, steps, stale, hint in (
        (0.1, 1, False, "already the first step"),
        (0.03, 1, False, "with another rate the first step"),
        (0.1, 5, False, "the first step agrees and a later one does not: what is in w.grad when the second begins? It"),
        (0.1, 1, True, "with something left in w.grad at the start, the first step"),
    ):
        w = start.clone().requires_grad_()
        if stale:
            w.grad = torch.ones_like(w)
        losses = answer(w, inputs, targets, lr, steps)
        right, right_losses = _descent_by_sgd(start, inputs, targets, lr, steps)
        if not torch.allclose(w.detach(), right):
            yield f"{hint} differs from that of torch.optim.SGD."
            if steps == 1 and not stale:
                return  # what follows rests on a right first step
            continue
        found = numbers(losses, steps, "the result, one loss for each step,")
        graph = graph or any(isinstance(loss, torch.Tensor) and loss.grad_fn is not None for loss in losses)
        for place, (loss, wanted) in enumerate(zip(found, right_losses, strict=True), 1):
            if not math.isclose(loss, wanted, rel_tol=1e-6):
                shown = apart(loss, wanted, 4), apart(wanted, loss, 4)
                raise Wrong(f"loss {place} in the list is {shown[0]}; before step {place} the loss was {shown[1]}.")
    if graph:
        yield "each loss in the list still has its graph behind it: keep the number alone."


VALLEY_CALLS, VALLEY_VALUE = 200, 1e-4  # the budget for each valley, and how near to the lowest value
VALLEYS = ((1.0, (-1.2, 1.0)), (-0.8, (0.9, 1.5)))  # place of the lowest point, start


def _valley_calls(answer: Callable, lowest: float, start: tuple[float, float]) -> int:
    """Evaluations that the answer takes in a curved valley whose lowest point is (lowest, lowest squared)."""
    calls = []

    def function(point):
        inside = point
        while is_functorch_wrapped_tensor(inside):  # in torch.func.hessian, say, or in torch.vmap over many points
            inside = get_unwrapped(inside)
        if inside.shape != (2,):
            raise Wrong(
                f"an evaluation is one point, a tensor of two numbers; yours gave the function {tuple(inside.shape)}."
            )
        calls.append(1)
        if len(calls) > VALLEY_CALLS:
            raise Wrong(f"the budget is {VALLEY_CALLS} evaluations of the function, and yours asked for more.")
        return (lowest - point[0]) ** 2 + 100 * (point[1] - point[0] ** 2) ** 2

    given = torch.tensor(start, dtype=torch.float64)
    point = torch.tensor(numbers(answer(function, given), 2, "the point"), dtype=torch.float64)
    used = len(calls)
    value = ((lowest - point[0]) ** 2 + 100 * (point[1] - point[0] ** 2) ** 2).item()
    if not value <= VALLEY_VALUE:
        shown = apart(value, VALLEY_VALUE, form="g")
        raise Wrong(
            f"from {list(start)} the value at your point is {shown} after {used} evaluations; "
            f"at most {VALLEY_VALUE:g} is asked for."
        )
    return used


def score_5(answer: Callable) -> tuple[int, str]:
    """For the leaderboard: evaluations in both valleys, fewer are better."""
    calls = sum(_valley_calls(answer, *valley) for valley in VALLEYS)
    return calls, f"{calls} evaluations"


def check_5(answer: Callable) -> None:
    """Open: the lowest point of a curved valley within a budget."""
    function(answer)
    score_5(answer)
