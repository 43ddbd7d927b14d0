"""Plausible wrong answers to the exercises of chapter 12; each must be refused."""

import math

import torch
import torch.nn.functional as F


def mask_one_too_many(length, window):
    place = torch.arange(length)
    distance = place[:, None] - place
    return (distance >= 0) & (distance <= window)


def mask_both_sides(length, window):
    place = torch.arange(length)
    return (place[:, None] - place).abs() < window


def mask_turned(length, window):
    place = torch.arange(length)
    distance = place - place[:, None]
    return (distance >= 0) & (distance < window)


def softmax_over_queries(q, k, v):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    return scores.masked_fill(~mask, -math.inf).softmax(dim=-2) @ v


def mask_after_softmax(q, k, v):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    return scores.softmax(dim=-1).masked_fill(~mask, 0.0) @ v


def without_scale(q, k, v):
    scores = q @ k.mT
    mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    return scores.masked_fill(~mask, -math.inf).softmax(dim=-1) @ v


def _joined(k, v, cache):
    if cache is None:
        return k, v
    return torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)


def cache_without_mask(q, k, v, cache):
    k, v = _joined(k, v, cache)
    return F.scaled_dot_product_attention(q, k, v), (k, v)


def cache_with_is_causal(q, k, v, cache):
    k, v = _joined(k, v, cache)
    return F.scaled_dot_product_attention(q, k, v, is_causal=True), (k, v)


def cache_forgotten(q, k, v, cache):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True), (k, v)


WRONG = {
    "12-1": [((2, 7, 24), (2, 7, 7), 2400), ((2, 7, 24), (2, 3, 7, 7), 2304), ((7, 2, 24), (2, 3, 7, 7), 7200)],
    "12-2": [mask_one_too_many, mask_both_sides, mask_turned],
    "12-3": [softmax_over_queries, mask_after_softmax, without_scale],
    "12-4": [cache_without_mask, cache_with_is_causal, cache_forgotten],
}
