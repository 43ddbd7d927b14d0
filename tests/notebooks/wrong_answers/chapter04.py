"""Plausible wrong answers to the exercises of chapter 04; each must be refused."""

import math

import torch
import torch.nn.functional as F


def adagrad_like_rmsprop(w, g, state, lr, eps=1e-10):
    state["s"] = 0.99 * state.get("s", 0) + 0.01 * g**2
    return w - lr * g / (state["s"].sqrt() + eps)


def adagrad_without_eps(w, g, state, lr, eps=1e-10):
    state["sum"] = state.get("sum", 0) + g**2
    return w - lr * g / state["sum"].sqrt()


def _score(model, val_batches):
    with torch.no_grad():
        right = [(model(inputs).argmax(1) == labels).sum().item() for inputs, labels in val_batches]
    return sum(right) / sum(len(labels) for _, labels in val_batches)


def order_mended_mode_not(model, batches, val_batches, optimizer):
    model.train()
    for inputs, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    return _score(model, val_batches)


def gradients_never_cleared(model, batches, val_batches, optimizer):
    model.train()
    for inputs, labels in batches:
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    model.eval()
    return _score(model, val_batches)


def trained_in_evaluation_mode(model, batches, val_batches, optimizer):
    model.eval()
    for inputs, labels in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    return _score(model, val_batches)


def cosine_over_all_steps(step, warmup, total):
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * min(step, total) / total))


def warmup_from_zero(step, warmup, total):
    if step >= total:
        return 0.0
    if step < warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


WRONG = {
    "04-1": [(938, 118, 0.001), (9370, 1170, 0.001), (9380, 1180, 0.01)],
    "04-2": [adagrad_like_rmsprop, adagrad_without_eps],
    "04-3": [order_mended_mode_not, gradients_never_cleared, trained_in_evaluation_mode],
    "04-4": [cosine_over_all_steps, warmup_from_zero],
}
