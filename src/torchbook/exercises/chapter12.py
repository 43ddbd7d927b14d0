"""Checks of the exercises of chapter 12, attention."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F


def check_1(answer) -> Iterator[str]:
    """Shapes and number of parameters of nn.MultiheadAttention(24, 3)."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        yield "the answer is a tuple of three: a shape, a shape and a number."
        return
    module = torch.nn.MultiheadAttention(24, 3, batch_first=True)
    x = torch.zeros(2, 7, 24)
    outputs, weights = module(x, x, x, average_attn_weights=False)
    if not isinstance(answer[0], (tuple, list)) or tuple(answer[0]) != tuple(outputs.shape):
        yield "the outputs: one vector for each query, of the width that the heads have together."
    if not isinstance(answer[1], (tuple, list)) or tuple(answer[1]) != tuple(weights.shape):
        yield "the weights: each head of each sequence has a row for each query and a column for each key."
    if answer[2] != sum(p.numel() for p in module.parameters()):
        yield "the number of parameters: which four linear maps are there, and has each a bias?"


def check_2(answer) -> Iterator[str]:
    """sliding_mask(length, window): each place sees itself and window - 1 places before."""
    for length, window in ((1, 1), (4, 1), (5, 2), (6, 3), (6, 6), (4, 9), (7, 5)):
        found = answer(length, window)
        where = f"for length {length} and window {window}"
        if not isinstance(found, torch.Tensor) or found.dtype != torch.bool:
            yield f"{where} the result should be a tensor of dtype torch.bool."
            return
        if found.shape != (length, length):
            yield f"{where} the shape should be ({length}, {length}), yours is {tuple(found.shape)}."
            return
        if found.triu(1).any():
            yield f"{where} a place sees a later one: rows are queries, columns are keys."
            return
        for query in range(length):
            wanted = list(range(max(0, query - window + 1), query + 1))
            seen = found[query].nonzero().flatten().tolist()
            if seen != wanted:
                yield f"{where} the place {query} should see the {len(wanted)} places {wanted}, yours sees {seen}."
                return


def check_3(answer) -> Iterator[str]:
    """causal_attention(q, k, v) against PyTorch's function."""
    generator = torch.Generator().manual_seed(3)
    for shape in ((1, 4), (6, 4), (2, 5, 3), (2, 3, 7, 8)):
        q, k, v = (torch.randn(shape, dtype=torch.float64, generator=generator) for _ in range(3))
        expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        found = answer(q, k, v)
        where = f"for q, k and v of shape {shape}"
        if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
            yield f"{where} the outputs should have the same shape."
            return
        later = v.clone()
        later[..., -1, :] += 1.0
        if shape[-2] > 1 and not torch.allclose(answer(q, k, later)[..., :-1, :], found[..., :-1, :]):
            yield f"{where} a change in the last place moves earlier outputs: the future leaks."
            return
        ones = answer(q, k, torch.ones_like(v))
        if not torch.allclose(ones, torch.ones_like(ones)):
            yield (
                f"{where} and values that are all 1 the outputs should be 1, as the weights of each query add up to 1; "
                f"yours go from {ones.min().item():.2f} to {ones.max().item():.2f}. Over which axis do weights add up, "
                "and when is the mask applied?"
            )
            return
        if not torch.allclose(found, expected):
            yield f"{where} the weights add up to 1 and the outputs still differ from PyTorch's: are scores scaled?"
            return


def check_4(answer) -> Iterator[str]:
    """cached_attention(q, k, v, cache), fed in pieces, against causal attention at once."""
    generator = torch.Generator().manual_seed(4)
    for pieces in ((1,), (5,), (1, 1, 1, 1), (3, 1, 1), (2, 3), (1, 4, 2)):
        total = sum(pieces)
        q, k, v = (torch.randn(2, 3, total, 4, dtype=torch.float64, generator=generator) for _ in range(3))
        expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        cache, start = None, 0
        for t in pieces:
            new = slice(start, start + t)
            result = answer(q[:, :, new], k[:, :, new], v[:, :, new], cache)
            if not isinstance(result, (tuple, list)) or len(result) != 2:
                yield "the result should be two things: the outputs and the new cache."
                return
            found, cache = result
            where = f"in pieces of {pieces}, at the piece that starts at place {start},"
            if not isinstance(found, torch.Tensor) or found.shape != (2, 3, t, 4):
                yield f"{where} the outputs should have the shape (2, 3, {t}, 4)."
                return
            start += t
            if not isinstance(cache, (tuple, list)) or len(cache) != 2 or cache[0].shape[2] != start:
                yield f"{where} the cache should hold keys and values of all {start} places so far."
                return
            if not torch.allclose(found, expected[:, :, new]):
                yield (
                    f"{where} the outputs differ from those of causal attention at once: "
                    "which places may each of the new queries see?"
                )
                return
