"""Answers to the exercises of chapter 12: right ones of another form, and plausible wrong ones."""

import math

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F


def mask(allowed):
    """A mask from what ``allowed(how far back a key lies, window)`` says."""

    def sliding_mask(length, window):
        place = torch.arange(length)
        return allowed(place[:, None] - place, window)

    return sliding_mask


def mask_by_triangles(length, window):
    ones = torch.ones(length, length, dtype=torch.bool)
    return ones.tril() & ones.triu(1 - window)


def mask_in_a_loop(length, window):
    return torch.tensor([[q - window < k <= q for k in range(length)] for q in range(length)])


right_mask = mask(lambda back, window: (back >= 0) & (back < window))


def attention(axis=-1, before=True, scale=True, diagonal=0):
    """Causal attention written out, with one thing or another changed."""

    def causal_attention(q, k, v):
        scores = q @ k.mT / (math.sqrt(q.shape[-1]) if scale else 1)
        hidden = ~torch.ones(scores.shape[-2:], dtype=torch.bool).tril(diagonal)
        weights = (scores.masked_fill(hidden, -1e9) if before else scores).softmax(axis)
        return (weights if before else weights.masked_fill(hidden, 0.0)) @ v

    return causal_attention


def scaled_in_place(q, k, v):
    q /= math.sqrt(q.shape[-1])
    return attention(scale=False)(q, k, v)


def cleared_afterwards(q, k, v):
    found = attention()(q, k, v)
    v.zero_()
    return found


def once_only():
    calls = []

    def causal_attention(q, k, v):
        calls.append(1)
        return attention()(q, k, v) if len(calls) == 1 else None

    return causal_attention


def without_itself(q, k, v):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(-1)
    return scores.masked_fill(~seen, -math.inf).softmax(-1) @ v


def query_by_query(q, k, v):
    rows = []
    for t in range(q.shape[-2]):
        scores = q[..., t : t + 1, :] @ k[..., : t + 1, :].mT / math.sqrt(q.shape[-1])
        rows.append(scores.softmax(-1) @ v[..., : t + 1, :])
    return torch.cat(rows, dim=-2)


def joined(k, v, cache):
    return (k, v) if cache is None else (torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2))


def cached(see=lambda t, total: torch.ones(t, total, dtype=torch.bool).tril(total - t), keep=joined):
    """Attention with a cache, for another mask or another cache."""

    def cached_attention(q, k, v, cache):
        k, v = keep(k, v, cache)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=see(q.shape[2], k.shape[2])), (k, v)

    return cached_attention


def cached_by_padding(q, k, v, cache):
    k, v = joined(k, v, cache)
    padded = F.pad(q, (0, 0, k.shape[2] - q.shape[2], 0))
    return F.scaled_dot_product_attention(padded, k, v, is_causal=True)[:, :, -q.shape[2] :], [k, v]


class Looks(nn.Module):
    """One head of attention written out; returns a pair, as the chapter's models do."""

    def __init__(self, width=16):
        super().__init__()
        self.token, self.place = nn.Embedding(72, width), nn.Embedding(16, width)
        self.qkv, self.head = nn.Linear(width, 3 * width), nn.Linear(width, 72)
        nn.init.normal_(self.token.weight, std=0.1)
        nn.init.normal_(self.place.weight, std=0.1)

    def forward(self, tokens, state=None):
        x = F.layer_norm(self.token(tokens) + self.place.weight, self.place.weight.shape[1:])
        return self.head(x + F.scaled_dot_product_attention(*self.qkv(x).chunk(3, dim=-1))), None


class Layer(nn.Module):
    """PyTorch's own layer between an embedding and a head; ``last`` keeps that many places."""

    def __init__(self, width=16, last=16, recurrent=False):
        super().__init__()
        self.last, self.recurrent = last, recurrent
        self.token, self.place = nn.Embedding(72, width), nn.Parameter(torch.zeros(16, width))
        self.layer = nn.TransformerEncoderLayer(width, 1, 2 * width, 0.0, batch_first=True, norm_first=True)
        if recurrent:
            self.layer = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, 8)
        nn.init.normal_(self.token.weight, std=0.1)

    def forward(self, tokens):
        x = self.layer(self.token(tokens) + self.place)
        return self.head(x[0] if self.recurrent else x)[:, -self.last :]


class Lookup(nn.Module):
    """Written by hand: nothing in it is learned."""

    def forward(self, tokens):
        told, asked = tokens[:, :8], tokens[:, 8:] - 64
        hit = (told[:, None] // 8 == asked[..., None]).float()
        return torch.cat([torch.zeros(len(tokens), 8, 8), hit @ F.one_hot(told % 8, 8).float()], dim=1)


class LookupWithANumber(Lookup):
    def __init__(self):
        super().__init__()
        self.number = nn.Parameter(torch.zeros(()))


def recalls(make, passes=1, learn=True, give=lambda model: model):
    """A function that makes a model and trains it on the batches, so many times."""

    def train_small(batches):
        model = make()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for tokens, targets in batches * passes:
            logits = model(tokens)
            logits = logits[0] if isinstance(logits, tuple) else logits
            optimizer.zero_grad()
            F.cross_entropy(logits.flatten(0, 1), targets[:, -logits.shape[1] :].flatten()).backward()
            if learn:
                optimizer.step()
        return give(model)

    return train_small


RIGHT = {
    "12-1": [
        [[2, 7, 24], [2, 3, 7, 7], 2400],
        (torch.Size([2, 7, 24]), np.array([2, 3, 7, 7]), torch.tensor(2400)),
        (torch.tensor([2, 7, 24]), (2, 3, 7, 7), np.int64(2400)),
        ((2, 7, 24), (2, 3, 7, 7), torch.tensor([2400])),
    ],
    "12-2": [mask_by_triangles, mask_in_a_loop],
    "12-3": [attention(), query_by_query, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)],
    "12-4": [cached(), cached_by_padding],
    "12-5": [recalls(Layer), recalls(Looks)],
}
WRONG = {
    "12-1": [
        ((2, 7, 24), (2, 7, 7), 2400),
        ((2, 7, 24), (2, 3, 7, 7), 2304),
        ((7, 2, 24), (2, 3, 7, 7), 7200),
        (14, 42, 2400),
        ((2, 7, 24), 2400),
    ],
    "12-2": [
        mask(lambda back, window: (back >= 0) & (back <= window)),
        mask(lambda back, window: back.abs() < window),
        mask(lambda back, window: (back <= 0) & (back > -window)),
        mask(lambda back, window: back < window),
        lambda length, window: right_mask(length, window).float(),
        lambda length, window: right_mask(length, window)[None],
        lambda length, window: right_mask(length, window).numpy(),
    ],
    "12-3": [
        attention(axis=-2),
        attention(before=False),
        attention(scale=False),
        attention(diagonal=1),
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
        lambda q, k, v: attention()(q, k, v).sum(-1),
        scaled_in_place,
        cleared_afterwards,
        once_only(),
        without_itself,
    ],
    "12-4": [
        cached(see=lambda t, total: None),
        cached(see=lambda t, total: torch.ones(t, total, dtype=torch.bool).tril()),
        cached(keep=lambda k, v, cache: (k, v)),
        cached(keep=lambda k, v, cache: joined(k, v, cache)[::-1]),
        lambda q, k, v, cache: cached()(q, k, v, cache)[0],
        lambda q, k, v, cache: (cached()(q, k, v, cache)[0].mT, (k, v)),
        lambda q, k, v, cache: (cached()(q, k, v, cache)[0], k),
    ],
    "12-5": [
        recalls(lambda: Layer(recurrent=True)),
        recalls(Layer, learn=False),
        lambda batches: Lookup(),
        lambda batches: LookupWithANumber(),
        recalls(Layer, give=lambda model: Lookup()),
        recalls(Layer, passes=2),
        recalls(lambda: Layer(width=64)),
        recalls(lambda: Layer(last=8)),
        recalls(Layer, give=lambda model: model.state_dict()),
        "train_small",
    ],
}
