"""Checks of the exercises of chapter 13, scaling out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import nn
import torch.nn.functional as F


def check_1(answer: list) -> Iterator[str]:
    """The positions that each of three ranks gets of eleven examples."""
    if not isinstance(answer, (list, tuple)) or len(answer) != 3:
        yield "the answer is a list of three lists, one a rank."
        return
    shares = [list(share) for share in answer]
    if any(len(share) != 4 for share in shares):
        yield "all ranks get the same number of examples, or some would wait for a step that others never make."
    elif {place for share in shares for place in share} != set(range(11)):
        yield "together the ranks see every one of the positions 0 to 10, and no other."
    elif shares != [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 0]]:
        yield "the positions are dealt out like cards, and what is missing is taken from the start of the list."


def check_2(answer: Callable) -> Iterator[str]:
    """average_gradients(models): every copy ends with the mean."""
    for ranks in (2, 3, 1):
        torch.manual_seed(ranks)
        models = [nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)) for _ in range(ranks)]
        for model in models:
            model(torch.randn(4, 3)).sum().backward()
        rows = zip(*(model.parameters() for model in models), strict=True)
        means = [torch.stack([parameter.grad for parameter in row]).mean(0) for row in rows]
        values = [[parameter.detach().clone() for parameter in model.parameters()] for model in models]
        answer(models)
        for rank, model in enumerate(models):
            for parameter, mean, value in zip(model.parameters(), means, values[rank], strict=True):
                if not torch.equal(parameter.detach(), value):
                    yield "a parameter was changed; only the gradients should be."
                    return
                if parameter.grad is None or not torch.allclose(parameter.grad, mean, atol=1e-6):
                    yield f"with {ranks} model(s) the gradients of model {rank} are not the mean of all."
                    return
        if ranks > 1:
            next(models[0].parameters()).grad.zero_()
            if not next(models[1].parameters()).grad.any():
                yield "two models share one gradient tensor; each needs its own copy."
                return


def check_3(answer: Callable) -> Iterator[str]:
    """epoch_positions(count, world, rank, epoch): a new order each epoch, the same one on all ranks."""
    for count, world in ((24, 2), (30, 3)):
        epochs = [[list(answer(count, world, rank, epoch)) for rank in range(world)] for epoch in range(3)]
        for shares in epochs:
            if any(len(share) != count // world for share in shares):
                yield f"of {count} examples each of {world} ranks gets {count // world}."
                return
            if sorted(place for share in shares for place in share) != list(range(count)):
                yield "in one epoch the ranks must see every example once: they all need the same order to share out."
                return
        if epochs[0] == epochs[1] or epochs[1] == epochs[2]:
            yield "two epochs have the same order."
            return
        if epochs[1] != [list(answer(count, world, rank, 1)) for rank in range(world)]:
            yield "asked again for the same epoch, the answer differs; a resumed run could not repeat it."
            return


def check_4(answer: Callable) -> Iterator[str]:
    """accumulate(model, images, labels, size): the gradient of the whole batch, by pieces."""
    for count, size in ((12, 4), (10, 4), (5, 8), (7, 1)):
        torch.manual_seed(count)
        model, seen = nn.Linear(6, 3), []
        images, labels = torch.randn(count, 6), torch.randint(3, (count,))
        F.cross_entropy(model(images), labels).backward()
        wanted = model.weight.grad.clone()
        model.zero_grad()
        model.register_forward_hook(lambda module, inputs, output, seen=seen: seen.append(len(inputs[0])))
        answer(model, images, labels, size)
        if not seen or max(seen) > size:
            yield f"with size={size} the model was given {max(seen, default=0)} examples at a time."
            return
        if model.weight.grad is None or not torch.allclose(model.weight.grad, wanted, atol=1e-5):
            last = " Look at the last, short piece." if count % size and count > size else ""
            yield f"for {count} examples in pieces of {size} the gradient is not that of the whole batch.{last}"
            return
