"""Plausible wrong answers to the exercises of chapter 02; each must be refused."""

from __future__ import annotations

import torch


def forward_difference(function, x, step=1e-4):
    gradient = torch.zeros_like(x)
    for index in range(x.numel()):
        nudge = torch.zeros_like(x)
        nudge.view(-1)[index] = step
        gradient.view(-1)[index] = (function(x + nudge) - function(x)) / step
    return gradient


def leaves_x_nudged(function, x, step=1e-4):
    gradient = torch.zeros_like(x)
    flat = x.view(-1)
    for index in range(x.numel()):
        flat[index] += step
        above = function(x).clone()
        flat[index] -= 2 * step
        gradient.view(-1)[index] = (above - function(x)) / (2 * step)
    return gradient


def all_at_once(function, x, step=1e-4):
    return (function(x + step) - function(x - step)) / (2 * step)


class Overflows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.log(1 + torch.exp(x))

    @staticmethod
    def backward(ctx, slope_of_output):
        (x,) = ctx.saved_tensors
        return slope_of_output * torch.exp(x) / (1 + torch.exp(x))


class ForgetsTheChain(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0) + torch.log1p(torch.exp(-x.abs()))

    @staticmethod
    def backward(ctx, slope_of_output):
        (x,) = ctx.saved_tensors
        return torch.sigmoid(x)


def clears_after_the_step(w, inputs, targets, lr, steps):
    losses = []
    for _ in range(steps):
        loss = ((inputs @ w - targets) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
        w.grad = None
        losses.append(loss.item())
    return losses


def keeps_the_graphs(w, inputs, targets, lr, steps):
    losses = []
    for _ in range(steps):
        w.grad = None
        loss = ((inputs @ w - targets) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
        losses.append(loss)
    return losses


def never_clears(w, inputs, targets, lr, steps):
    losses = []
    for _ in range(steps):
        loss = ((inputs @ w - targets) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
        losses.append(loss.item())
    return losses


WRONG = {
    "02-1": [[6, 5, 3, 6], [6, 11, 6, 8], [6, 11, 3]],
    "02-2": [forward_difference, leaves_x_nudged, all_at_once],
    "02-3": [Overflows, ForgetsTheChain],
    "02-4": [clears_after_the_step, keeps_the_graphs, never_clears],
}
