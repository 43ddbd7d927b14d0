"""Plausible wrong answers to the exercises of chapter 07; each must be refused."""

import torch
import torch.nn.functional as F


def train_without_state(model, windows, optimizer):
    losses = []
    for window in windows:
        logits, _ = model(window[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_unshifted(model, windows, optimizer):
    losses, state = [], None
    for window in windows:
        logits, state = model(window[:, :-1], state)
        state = state.detach()
        loss = F.cross_entropy(logits.flatten(0, 1), window[:, :-1].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_with_kept_graph(model, windows, optimizer):
    losses, state = [], None
    for window in windows:
        logits, state = model(window[:, :-1], state)
        loss = F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        losses.append(loss.item())
    return losses


def nucleus_one_short(probabilities, p):
    ordered, places = probabilities.sort(descending=True)
    kept = torch.zeros_like(probabilities)
    kept[places] = ordered.masked_fill(ordered.cumsum(dim=0) > p, 0.0)
    return kept / kept.sum()


def nucleus_sorted(probabilities, p):
    ordered, _ = probabilities.sort(descending=True)
    kept = ordered.masked_fill(ordered.cumsum(dim=0) - ordered >= p, 0.0)
    return kept / kept.sum()


WRONG = {
    "07-1": [((3, 11, 7), (3, 2, 7), 210), ((3, 11, 7), (2, 3, 7), 196)],
    "07-2": [
        lambda scores, temperature: (scores / temperature).exp() / (scores / temperature).exp().sum(-1, keepdim=True),
        lambda scores, temperature: torch.softmax(scores * temperature, dim=-1),
        lambda scores, temperature: torch.softmax(scores / temperature, dim=0),
    ],
    "07-3": [train_without_state, train_unshifted, train_with_kept_graph],
    "07-4": [
        nucleus_one_short,
        nucleus_sorted,
        lambda probabilities, p: probabilities.masked_fill(probabilities < 1 - p, 0.0),
    ],
}
