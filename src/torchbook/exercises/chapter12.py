"""Checks of the exercises of chapter 12, attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torch.optim.optimizer import register_optimizer_step_post_hook
from torchbook.exercises.compare import Wrong, close, function, kind, number, parts, tensor, unchanged
from torchbook.training import keeping_modes


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
    if number(count, "the number of parameters") != sum(p.numel() for p in module.parameters()):
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

    def attended(where: str, *given: Tensor) -> Tensor:
        copies = [one.clone() for one in given]
        found = tensor(answer(*copies), where, given[2].shape)
        for name, now, before in zip("qkv", copies, given, strict=True):
            unchanged(now, before, f"{where} {name}")
        if found.isnan().any():
            raise Wrong(f"{where} the outputs contain nan: is there a place that sees none, not even itself?")
        return found

    for shape in ((1, 4), (6, 4), (2, 5, 3), (2, 3, 7, 8)):
        q, k, v = (torch.randn(shape, dtype=torch.float64) for _ in range(3))
        expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        where = f"for q, k and v of shape {shape}"
        found = attended(where, q, k, v)
        later = v.clone()
        later[..., -1, :] += 1.0
        if not close(attended(where, q, k, later)[..., :-1, :], found[..., :-1, :]):
            raise Wrong(f"{where} a change in the last place moves earlier outputs: the future leaks.")
        ones = attended(where, q, k, torch.ones_like(v))
        if not close(ones, torch.ones_like(ones)):
            raise Wrong(
                f"{where} and values that are all 1 the outputs should be 1, as the weights of each query add up to 1; "
                f"yours go from {ones.min().item():.4f} to {ones.max().item():.4f}. Over which axis do weights add up, "
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


RECALL_STEPS, RECALL_BATCH = 100, 32  # the budget
RECALL_PARAMETERS, RECALL_PERCENT = 20_000, 80  # at most, and at least


def recall_batch(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The task of the chapter: tokens (n, 16), eight pairs and eight questions; targets (n, 16), digits or -100."""
    digits = torch.randint(8, (n, 8), generator=generator)  # of each letter
    told, asked = (torch.rand(n, 8, generator=generator).argsort(dim=1) for _ in range(2))
    tokens = torch.cat([8 * told + digits.gather(1, told), 64 + asked], dim=1)
    return tokens, torch.cat([torch.full_like(told, -100), digits.gather(1, asked)], dim=1)


def recall_score(answer: Callable) -> tuple[float, int]:
    """Percent of 8,000 new questions that the model of ``answer(batches)`` answers, and its parameters.

    Raises Wrong where the budget is exceeded, or what comes back is no model of the right form.
    """
    generator = torch.Generator().manual_seed(0)
    batches = [recall_batch(RECALL_BATCH, generator) for _ in range(RECALL_STEPS)]
    steps = []
    handle = register_optimizer_step_post_hook(lambda *_: steps.append(1))
    try:
        model = answer(batches)
    finally:
        handle.remove()
    if not isinstance(model, nn.Module):
        raise Wrong(f"the function should return the trained model; yours returned {kind(model)}.")
    if len(steps) > RECALL_STEPS:
        raise Wrong(f"the budget is {RECALL_STEPS} steps of an optimiser; yours took {len(steps)}.")
    size = sum(p.numel() for p in model.parameters())
    if not steps:
        raise Wrong("no optimiser took a step; the model has to be trained on the batches.")
    if not size:
        raise Wrong("the model that came back has no parameters; what was trained has to belong to it.")
    if size > RECALL_PARAMETERS:
        raise Wrong(f"the budget is {RECALL_PARAMETERS:,} parameters; your model has {size:,}.")
    tokens, targets = recall_batch(1000, generator)
    with torch.no_grad(), keeping_modes(model):
        model.eval()
        logits = model(tokens)
    logits = logits[0] if isinstance(logits, tuple) else logits
    if not isinstance(logits, Tensor) or logits.dim() != 3 or logits.shape[:2] != tokens.shape or logits.shape[2] < 8:
        raise Wrong("for tokens (N, 16) the model should return logits (N, 16, 8 or more), or a tuple that begins so.")
    right = logits[:, 8:].argmax(-1) == targets[:, 8:]
    return 100 * int(right.sum()) / right.numel(), size


def score_5(answer: Callable) -> tuple[float, str]:
    """For the leaderboard: fewer parameters are better."""
    percent, size = recall_score(answer)
    return size, f"{size:,} parameters, {percent:.0f} % right"


def check_5(answer: Callable) -> None:
    """Open: recall with few parameters, within a budget of steps."""
    function(answer)
    percent, _ = recall_score(answer)
    if percent < RECALL_PERCENT:
        raise Wrong(f"the model answers {percent:.2f} % of new questions, {RECALL_PERCENT} % are asked for.")
