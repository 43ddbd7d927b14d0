"""Answers to the exercises of chapter 02: right ones of another form, and plausible wrong ones."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F


def central_difference(function, x, step=1e-4):
    steps = torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape) * step
    return torch.stack([(function(x + h) - function(x - h)) / (2 * step) for h in steps]).view(x.shape)


def nudged_and_put_back(function, x, step=1e-4, put_back=True):
    gradient, flat = torch.zeros_like(x), x.view(-1)
    for index in range(x.numel()):
        value = flat[index].item()
        flat[index] = value + step
        above = function(x).item()
        flat[index] = value - step
        gradient.view(-1)[index] = (above - function(x)) / (2 * step)
        if put_back:
            flat[index] = value
    return gradient


def forward_difference(function, x, step=1e-4):
    steps = torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape) * step
    return torch.stack([(function(x + h) - function(x)) / step for h in steps]).view(x.shape)


def softplus(forward, slope) -> type[torch.autograd.Function]:
    """A class with this value and this backward(x, slope of the output)."""

    def run(ctx, x):
        ctx.save_for_backward(x)
        return forward(x)

    def back(ctx, slope_of_output):
        return slope(ctx.saved_tensors[0], slope_of_output)

    members = {"forward": staticmethod(run), "backward": staticmethod(back)}
    return type("Softplus", (torch.autograd.Function,), members)


def value(x):
    return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))


def descends(clear="before", keep=lambda loss: loss.item(), mean=True, rate=None):
    """The loop of the exercise with the gradient cleared at another place, or something else kept of the loss."""

    def descend(w, inputs, targets, lr, steps):
        losses = []
        for _ in range(steps):
            loss = ((inputs @ w - targets) ** 2).mean() if mean else ((inputs @ w - targets) ** 2).sum()
            if clear == "before":
                w.grad = None
            loss.backward()
            with torch.no_grad():
                w -= (rate or lr) * w.grad
            if clear == "after":
                w.grad = None
            losses.append(keep(loss))
        return losses

    return descend


def by_the_optimizer(w, inputs, targets, lr, steps):
    optimizer, losses = torch.optim.SGD([w], lr), torch.zeros(steps, dtype=torch.float64)
    for step in range(steps):
        optimizer.zero_grad()
        loss = F.mse_loss(inputs @ w, targets)
        loss.backward()
        optimizer.step()
        losses[step] = loss.detach()
    return losses


def then(change):
    """The right loop, with its list of losses changed."""
    return lambda *arguments: change(descends()(*arguments))


def newton(function, start, steps=30):
    """The second slopes are asked for, one row after the other."""
    point = start.clone().requires_grad_()
    for _ in range(steps):
        (slope,) = torch.autograd.grad(function(point), point, create_graph=True)
        curves = torch.stack([torch.autograd.grad(one, point, retain_graph=True)[0] for one in slope])
        with torch.no_grad():
            point -= torch.linalg.solve(curves, slope)
    return point.detach()


def steps_of(make, steps=200, give=lambda point: point.detach()):
    """As many steps of an optimiser from torch.optim."""

    def find_minimum(function, start):
        point = start.clone().requires_grad_()
        optimizer = make([point])
        for _ in range(steps):
            optimizer.zero_grad()
            function(point).backward()
            optimizer.step()
        return give(point)

    return find_minimum


def on_a_grid(function, start):
    points = torch.cartesian_prod(*2 * [torch.linspace(-2, 2, 401, dtype=torch.float64)])
    return points[function(points.T).argmin()]


def on_a_grid_by_vmap(function, start):
    points = torch.cartesian_prod(*2 * [torch.linspace(-2, 2, 401, dtype=torch.float64)])
    return points[torch.vmap(function)(points).argmin()]


def newton_by_func(function, start):
    point = start
    for _ in range(30):
        point = point - torch.linalg.solve(torch.func.hessian(function)(point), torch.func.grad(function)(point))
    return point


def adam(point):
    return torch.optim.Adam(point, lr=0.3)


RIGHT = {
    "02-1": [
        (6.0, 11.0, 3.0, 6.0),
        np.array([6, 11, 3, 6]),
        [torch.tensor(6.0), torch.tensor([11.0]), np.array([3]), 6],
    ],
    "02-2": [central_difference, nudged_and_put_back],
    "02-3": [
        softplus(F.softplus, lambda x, slope: slope / (1 + torch.exp(-x))),
        softplus(lambda x: torch.logaddexp(x, torch.zeros_like(x)), lambda x, slope: slope * x.sigmoid()),
    ],
    "02-4": [by_the_optimizer, then(tuple), then(np.array), descends(keep=lambda loss: loss.detach())],
    "02-5": [newton, newton_by_func, lambda function, start: newton(function, start).tolist()],
}
WRONG = {
    "02-1": [[6, 5, 3, 6], [6, 11, 6, 8], [6, 11, 3], [3, 8, 3, 3], [6, 11, "3", 6], torch.ones(4)],
    "02-2": [
        forward_difference,
        lambda function, x, step=1e-4: nudged_and_put_back(function, x, step, put_back=False),
        lambda function, x, step=1e-4: (function(x + step) - function(x - step)) / (2 * step),
        lambda function, x, step=1e-4: central_difference(function, x).flatten(),
        lambda function, x, step=1e-4: central_difference(function, x),
        lambda function, x, step=1e-4: central_difference(function, x).numpy(),
    ],
    "02-3": [
        softplus(lambda x: torch.log(1 + torch.exp(x)), lambda x, slope: slope * torch.exp(x) / (1 + torch.exp(x))),
        softplus(value, lambda x, slope: slope * torch.exp(x) / (1 + torch.exp(x))),
        softplus(value, lambda x, slope: x.sigmoid()),
        softplus(torch.relu, lambda x, slope: slope * (x > 0)),
        softplus(value, lambda x, slope: slope * x.sigmoid() if x.dtype == torch.float64 else None),
        softplus(value, lambda x, slope: slope * x.sigmoid()).apply,
    ],
    "02-4": [
        descends(clear="after"),
        descends(clear="never"),
        descends(mean=False),
        descends(rate=0.1),
        descends(keep=lambda loss: loss),
        descends(keep=lambda loss: None),
        then(lambda losses: losses[:1] + [0.0] * (len(losses) - 1)),
        then(lambda losses: losses[1:]),
        then(sum),
    ],
    "02-5": [
        steps_of(lambda point: torch.optim.SGD(point, lr=0.001)),
        steps_of(lambda point: torch.optim.SGD(point, lr=0.1)),  # the values overflow
        steps_of(adam, steps=201),
        steps_of(adam, give=lambda point: point.sum()),
        on_a_grid,
        on_a_grid_by_vmap,
        lambda function, start: (1.0, 1.0),
        lambda function, start: function(start),
        lambda function, start: None,
    ],
}
