"""Answers to the exercises of chapter 07: right ones of another form, and plausible wrong ones."""

import numpy as np
from scipy import special
import torch
import torch.nn.functional as F


def tempered(largest=lambda x: x.max(-1, keepdim=True).values, axis=-1, total=lambda x: x.sum(-1, keepdim=True)):
    """The softmax written out, with another number subtracted, or divided by another sum."""

    def tempered_softmax(scores, temperature):
        powers = ((scores - largest(scores)) / temperature).exp()
        return powers / total(powers)

    return tempered_softmax


def tempered_in_place(scores, temperature):
    scores -= scores.amax(dim=-1, keepdim=True)
    return tempered()(scores, temperature)


def class_by_class(scores, temperature):
    rows = (scores / temperature).flatten(0, -2) if scores.ndim > 1 else (scores / temperature)[None]
    losses = [F.cross_entropy(rows, torch.full((len(rows),), k), reduction="none") for k in range(rows.shape[1])]
    return torch.stack(losses, dim=1).neg().exp().view(scores.shape)


def by_attention(scores, temperature):
    eye = torch.eye(scores.shape[-1])
    rows = scores.reshape(-1, scores.shape[-1])
    return F.scaled_dot_product_attention(rows, eye, eye, scale=1 / temperature).view(scores.shape)


def one_largest_for_all(scores, temperature):
    powers = ((scores - scores.max()) / temperature).exp()
    return powers / (powers.sum(-1, keepdim=True) + 1e-9)


def row_after_row(scores, temperature):
    if scores.ndim > 1:
        return torch.stack([row_after_row(row, temperature) for row in scores])
    powers = torch.exp((scores - max(scores)) / temperature)
    return powers / sum(powers)


def train(clear=True, detach=True, carry=True, shift=1, steps=1, retain=False, keep=lambda loss: loss.item()):
    """The loop of the exercise with one thing or another left out."""

    def train_stream(model, windows, optimizer):
        losses, state = [], None
        for window in windows:
            logits, state = model(window[:, :-1], state if carry else None)
            state = state.detach() if detach else state
            loss = F.cross_entropy(logits.flatten(0, 1), window[:, shift : shift + 6].flatten())
            if clear:
                optimizer.zero_grad()
            loss.backward(retain_graph=retain)
            for _ in range(steps):
                optimizer.step()
            losses.append(keep(loss))
        return losses

    return train_stream


def undoes_the_last_step(model, windows, optimizer):
    losses = train()(model, windows, optimizer)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.5 * parameter.grad
    return losses


def nucleus(probabilities, p):
    before = (probabilities > probabilities[:, None]).float() @ probabilities  # the mass of what is more likely
    kept = torch.where(before < p, probabilities, 0.0)
    return kept / kept.sum()


def nucleus_in_a_loop(probabilities, p):
    kept, total = torch.zeros_like(probabilities), 0.0
    for place in probabilities.argsort(descending=True, stable=True):
        if total < p:
            kept[place] = probabilities[place]
            total += probabilities[place].item()
    return kept.div(kept.sum())


def nucleus_one_short(probabilities, p):
    ordered, places = probabilities.sort(descending=True)
    kept = torch.zeros_like(probabilities)
    kept[places] = ordered.masked_fill(ordered.cumsum(dim=0) > p, 0.0)
    return kept / kept.sum()


def nucleus_sorted(probabilities, p):
    ordered, _ = probabilities.sort(descending=True)
    kept = ordered.masked_fill(ordered.cumsum(dim=0) - ordered >= p, 0.0)
    return kept / kept.sum()


def contexts(longest=2, keep=0.85):
    """Tables of what follows one character, two and so on, mixed with fixed weights."""

    def fit_text(tokens, size):
        tables = [torch.full((1, size), 1 / size)]
        for n in range(longest + 1):
            places = sum((tokens[i : len(tokens) - n + i] * size ** (n - 1 - i) for i in range(n)), 0 * tokens[n:])
            counts = torch.bincount(places * size + tokens[n:], minlength=size ** (n + 1)).reshape(-1, size)
            below = tables[-1].repeat(size, 1) if n else tables[-1]  # the context without its first character
            weight = keep * counts.sum(dim=1, keepdim=True).clamp(max=1)
            tables.append(weight * counts / counts.sum(dim=1, keepdim=True).clamp(min=1) + (1 - weight) * below)
        return lambda tokens: _read(tables[1:], tokens, size)

    return fit_text


def _read(tables, tokens, size):
    rows, place = [], 0
    for k, token in enumerate(tokens.tolist()):
        n = min(k + 1, len(tables) - 1)
        place = (place * size + token) % size ** (len(tables) - 1)
        rows.append(tables[n][place % size**n])
    return torch.stack(rows)


def fit_pairs(tokens, size):
    counts = torch.bincount(tokens[:-1] * size + tokens[1:], minlength=size * size).reshape(size, size) + 1.0
    return lambda tokens: (counts / counts.sum(dim=1, keepdim=True))[tokens]


def looks_ahead(tokens, size):
    return lambda tokens: 0.9 * F.one_hot(tokens.roll(-1), size) + 0.1 / size


def fit_scores(tokens, size):
    return lambda tokens: torch.randn(len(tokens), size)


def fit_halves(tokens, size):
    return lambda tokens: contexts()(tokens, size)(tokens) / 2


RIGHT = {
    "07-1": [
        [[3, 11, 7], [2, 3, 7], 210],
        (torch.tensor([3, 11, 7]), np.array([2, 3, 7]), torch.tensor(210)),
        (torch.Size([3, 11, 7]), torch.Size([2, 3, 7]), 210.0),
        ((3, 11, 7), (2, 3, 7), torch.tensor([210])),
    ],
    "07-2": [tempered(), row_after_row],
    "07-3": [
        train(keep=lambda loss: loss.detach()),
        lambda *a: tuple(train()(*a)),
        lambda *a: torch.tensor(train()(*a)),
    ],
    "07-4": [nucleus, nucleus_in_a_loop],
    "07-5": [contexts(), contexts(keep=0.8)],
}
WRONG = {
    "07-1": [
        ((3, 11, 7), (3, 2, 7), 210),
        ((3, 11, 7), (2, 3, 7), 196),
        ((11, 3, 7), (2, 3, 7), 210),
        (33, 6, 210),
        (3, 11, 7),
    ],
    "07-2": [
        tempered(largest=lambda x: 0),
        tempered(largest=torch.max),
        tempered(total=torch.sum),
        tempered_in_place,
        lambda scores, temperature: torch.softmax(scores / temperature, dim=-1),
        lambda scores, temperature: torch.nn.Softmax(-1)(scores / temperature),
        lambda scores, temperature: F.log_softmax(scores / temperature, -1).exp(),
        lambda scores, temperature: (scores / temperature - (scores / temperature).logsumexp(-1, keepdim=True)).exp(),
        lambda scores, temperature: torch.from_numpy(special.softmax(scores.numpy() / temperature, axis=-1)),
        class_by_class,
        by_attention,
        one_largest_for_all,
        lambda scores, temperature: tempered()(scores, 1 / temperature),
        lambda scores, temperature: tempered()(scores, temperature).mT if scores.ndim > 1 else tempered()(scores, 1),
    ],
    "07-3": [
        train(carry=False),
        train(shift=0),
        train(detach=False),
        train(detach=False, retain=True),
        train(clear=False),
        train(steps=2),
        undoes_the_last_step,
        lambda model, windows, optimizer: sum(train()(model, windows, optimizer)),
    ],
    "07-4": [
        nucleus_one_short,
        nucleus_sorted,
        lambda probabilities, p: probabilities.masked_fill(probabilities < 1 - p, 0.0),
        lambda probabilities, p: nucleus(probabilities, p) * 2,
        lambda probabilities, p: probabilities.copy_(nucleus(probabilities, p)),
        lambda probabilities, p: nucleus(probabilities, p).tolist(),
    ],
    "07-5": [
        fit_pairs,
        looks_ahead,
        fit_scores,
        fit_halves,
        lambda tokens, size: contexts()(tokens, size)(tokens),
        lambda tokens, size: lambda tokens: contexts()(tokens, size)(tokens)[:-1],
    ],
}
