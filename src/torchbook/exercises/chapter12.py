"""Checks of the exercises of chapter 12, attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torchbook.exercises.compare import Wrong, close, function, parts, tensor


def check_1(answer) -> Iterator[str]:
    """Shapes and number of parameters of nn.MultiheadAttention(24, 3)."""
    first, second, count = parts(answer, 3, "parts: a shape, a shape and a number")
    module = torch.nn.MultiheadAttention(24, 3, batch_first=True)
    x = torch.zeros(2, 7, 24)
    outputs, weights = module(x, x, x, average_attn_weights=False)
    if first != list(outputs.shape):
        yield "the outputs: one vector for each query, of the width that the heads have together."
    if second != list(weights.shape):
        yield "the weights: each head of each sequence has a row for each query and a column for each key."
    if count != sum(p.numel() for p in module.parameters()):
        yield "the number of parameters: which four linear maps are there, and has each a bias?"


def check_2(answer: Callable) -> None:
    """sliding_mask(length, window): each place sees itself and window - 1 places before."""
    function(answer)
    for length, window in ((1, 1), (4, 1), (5, 2), (6, 3), (6, 6), (4, 9), (7, 5)):
        where = f"for length {length} and window {window}"
        found = tensor(answer(length, window), where, (length, length), torch.bool)
        if found.triu(1).any():
            raise Wrong(f"{where} a place sees a later one: rows are queries, columns are keys.")
        for query in range(length):
            wanted = list(range(max(0, query - window + 1), query + 1))
            seen = found[query].nonzero().flatten().tolist()
            if seen != wanted:
                raise Wrong(
                    f"{where} the place {query} should see the {len(wanted)} places {wanted}, yours sees {seen}."
                )


def check_3(answer: Callable) -> None:
    """causal_attention(q, k, v) against PyTorch's function."""
    function(answer)
    for shape in ((1, 4), (6, 4), (2, 5, 3), (2, 3, 7, 8)):
        q, k, v = (torch.randn(shape, dtype=torch.float64) for _ in range(3))
        expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        where = f"for q, k and v of shape {shape}"
        found = tensor(answer(q, k, v), where, shape)
        later = v.clone()
        later[..., -1, :] += 1.0
        if not close(answer(q, k, later)[..., :-1, :], found[..., :-1, :]):
            raise Wrong(f"{where} a change in the last place moves earlier outputs: the future leaks.")
        ones = answer(q, k, torch.ones_like(v))
        if not close(ones, torch.ones_like(ones)):
            raise Wrong(
                f"{where} and values that are all 1 the outputs should be 1, as the weights of each query add up to 1; "
                f"yours go from {ones.min().item():.2f} to {ones.max().item():.2f}. Over which axis do weights add up, "
                "and when is the mask applied?"
            )
        if not close(found, expected):
            raise Wrong(f"{where} the weights add up to 1 and the outputs differ from PyTorch's: are scores scaled?")


def check_4(answer: Callable) -> None:
    """cached_attention(q, k, v, cache), fed in pieces, against causal attention at once."""
    function(answer)
    for pieces in ((1,), (5,), (1, 1, 1, 1), (3, 1, 1), (2, 3), (1, 4, 2)):
        total = sum(pieces)
        q, k, v = (torch.randn(2, 3, total, 4, dtype=torch.float64) for _ in range(3))
        expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        cache, start = None, 0
        for t in pieces:
            new = slice(start, start + t)
            result = answer(q[:, :, new], k[:, :, new], v[:, :, new], cache)
            if not isinstance(result, tuple | list) or len(result) != 2:
                raise Wrong("the result should be two things: the outputs and the new cache.")
            found, cache = result
            where = f"in pieces of {pieces}, at the piece that starts at place {start},"
            tensor(found, f"{where} the outputs", (2, 3, t, 4))
            start += t
            if not isinstance(cache, tuple | list) or [getattr(part, "shape", None) for part in cache] != (
                [(2, 3, start, 4)] * 2
            ):
                raise Wrong(f"{where} the cache should hold keys and values of all {start} places so far.")
            if not close(found, expected[:, :, new]):
                raise Wrong(
                    f"{where} the outputs differ from those of causal attention at once: "
                    "which places may each of the new queries see?"
                )
