"""Answers to the exercises of chapter 04: right ones of another form, and plausible wrong ones."""

import math

import numpy as np
import torch
import torch.nn.functional as F


def adagrad(w, g, state, lr, eps=1e-10):
    total = state.setdefault("sum", torch.zeros_like(w))
    total.addcmul_(g, g)
    return torch.addcdiv(w, g, total.sqrt().add(eps), value=-lr)


def adagrad_with_a_list(w, g, state, lr, eps=1e-10):
    state["all"] = [*state.get("all", []), g.square()]
    return w - g.mul(lr).div(sum(state["all"]).sqrt() + eps)


def adagrad_like_rmsprop(w, g, state, lr, eps=1e-10):
    state["s"] = 0.99 * state.get("s", 0) + 0.01 * g**2
    return w - lr * g / (state["s"].sqrt() + eps)


def adagrad_without_eps(w, g, state, lr, eps=1e-10):
    state["sum"] = state.get("sum", 0) + g**2
    return w - lr * g / state["sum"].sqrt()


def adagrad_eps_inside(w, g, state, lr, eps=1e-10):
    state["sum"] = state.get("sum", 0) + g**2
    return w - lr * g / (state["sum"] + eps).sqrt()


@torch.no_grad()
def score(model, val_batches):
    right = [(model(inputs).argmax(1) == labels).sum().item() for inputs, labels in val_batches]
    return sum(right) / sum(len(labels) for _, labels in val_batches)


@torch.no_grad()
def mean_of_batches(model, val_batches):
    return sum(score(model, [batch]) for batch in val_batches) / len(val_batches)


@torch.no_grad()
def all_at_once(model, val_batches):
    inputs, labels = (torch.cat(parts) for parts in zip(*val_batches, strict=True))
    return (model(inputs).argmax(1) == labels).float().mean()


def epoch(train=True, clear="before", evaluate=True, judge=score):
    """An epoch with the calls in order, and with some of them left out."""

    def epoch_and_score(model, batches, val_batches, optimizer):
        model.train(train)
        for inputs, labels in batches:
            if clear == "before":
                optimizer.zero_grad()
            F.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
            if clear == "after":
                optimizer.zero_grad()
        if evaluate:
            model.eval()
        return judge(model, val_batches)

    return epoch_and_score


def warmup_cosine(step, warmup, total):
    if step < warmup and step < total:
        return (step + 1) / warmup
    return math.cos(math.pi / 2 * min(1, (step - warmup) / (total - warmup))) ** 2


def cosine_over_all_steps(step, warmup, total):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(step, total) / total))


def warmup_from_zero(step, warmup, total):
    return step / warmup if step < min(warmup, total) else warmup_cosine(step, warmup, total)


def rises_again(step, warmup, total):
    return (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


def recipe(make, schedule=None):
    """In the form of exercise 5."""

    def made(parameters, steps):
        optimizer = make(parameters)
        return optimizer, schedule and schedule(optimizer, steps)

    return made


def short_cycle(parameters, steps):
    optimizer = torch.optim.AdamW(parameters, lr=0.001)
    return optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)


RIGHT = {
    "04-1": [
        ["order", "softmax", "rate", "gradients"],
        np.array(["order", "softmax", "rate", "gradients"]),
        ("Order", "Softmax", "Rate", "Gradients"),
    ],
    "04-2": [adagrad, adagrad_with_a_list],
    "04-3": [epoch(judge=all_at_once), epoch(judge=lambda *a: np.float64(score(*a)))],
    "04-4": [
        warmup_cosine,
        lambda *a: torch.tensor(warmup_cosine(*a)),
        lambda *a: np.array(warmup_cosine(*a)),
        lambda *a: np.float64(warmup_cosine(*a)),
    ],
    "04-5": [
        recipe(lambda parameters: torch.optim.Adam(parameters, lr=0.01)),
        recipe(lambda parameters: torch.optim.Adagrad(parameters, lr=0.1)),
        recipe(
            lambda parameters: torch.optim.AdamW(parameters, lr=0.01),
            lambda optimizer, steps: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.03, total_steps=steps),
        ),
        recipe(
            lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
            lambda optimizer, steps: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2 * steps),
        ),
    ],
}
WRONG = {
    "04-1": [
        ("rate", "softmax", "order", "gradients"),
        ("order", "gradients", "rate", "softmax"),
        ("order", "softmax", "gradients", "rate"),
        ("order", "softmax", "rate"),
        ("order", "softmax", "rate", "momentum"),
        "order softmax rate gradients",
    ],
    "04-2": [
        adagrad_like_rmsprop,
        adagrad_without_eps,
        adagrad_eps_inside,
        lambda w, g, state, lr, eps=1e-10: adagrad(w, g, {}, lr, eps),
        lambda w, g, state, lr, eps=1e-10: adagrad(w, g, state, lr),
        lambda w, g, state, lr, eps=1e-10: adagrad(w, g, state, lr, eps).numpy(),
        lambda w, g, state, lr, eps=1e-10: adagrad(w, g, state, lr, eps).sum(),
        lambda w, g, state, lr, eps=1e-10: adagrad(w, g, state, lr, eps).float(),
    ],
    "04-3": [
        epoch(evaluate=False),
        epoch(clear="never"),
        epoch(clear="after"),
        epoch(train=False),
        epoch(judge=mean_of_batches),
        epoch(judge=lambda *a: 100 * score(*a)),
        epoch(judge=lambda *a: None),
    ],
    "04-4": [
        cosine_over_all_steps,
        warmup_from_zero,
        rises_again,
        lambda step, warmup, total: max(0.0, 1 - step / total),
        lambda *a: f"{warmup_cosine(*a)}",
    ],
    "04-5": [
        recipe(lambda parameters: torch.optim.SGD(parameters, lr=0.001)),
        recipe(lambda parameters: torch.optim.SGD(parameters, lr=100.0)),
        short_cycle,
        recipe(torch.optim.LBFGS),
        recipe(torch.optim.Adam, lambda optimizer, steps: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)),
        recipe(torch.optim.Adam, lambda optimizer, steps: torch.optim.lr_scheduler.LambdaLR),
        lambda parameters, steps: torch.optim.Adam(parameters, lr=0.01),
        lambda parameters, steps: (torch.optim.Adam(parameters, lr=0.01), "one-cycle"),
        lambda parameters, steps: ("Adam", None),
        lambda parameters, steps: (torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.01), None),
    ],
}
