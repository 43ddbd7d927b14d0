"""Checks of the exercises of chapter 13, scaling out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import nn
import torch.nn.functional as F
from torchbook.exercises.compare import Wrong, close, function, numbers, parts


def check_1(answer) -> Iterator[str]:
    """The positions that each of three ranks gets of eleven examples."""
    shares = parts(answer, 3, "lists, one a rank")
    if any(not isinstance(share, list) or len(share) != 4 for share in shares):
        yield "all ranks get the same number of examples, or some would wait for a step that others never make."
    elif {place for share in shares for place in share} != set(range(11)):
        yield "together the ranks see every one of the positions 0 to 10, and no other."
    elif shares != [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 0]]:
        yield "the positions are dealt out like cards, and what is missing is taken from the start of the list."


def check_2(answer: Callable) -> None:
    """average_gradients(models): every copy ends with the mean."""
    function(answer)
    for ranks in (2, 3, 1):
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
                    raise Wrong("a parameter was changed; only the gradients should be.")
                if parameter.grad is None or not close(parameter.grad, mean):
                    raise Wrong(f"with {ranks} model(s) the gradients of model {rank} are not the mean of all.")
        if len({parameter.grad.data_ptr() for model in models for parameter in model.parameters()}) < 4 * ranks:
            raise Wrong("two models share one gradient tensor; each needs its own copy.")


def check_3(answer: Callable) -> None:
    """epoch_positions(count, world, rank, epoch): a new order each epoch, the same one on all ranks."""
    function(answer)

    def shares(count, world, epoch) -> list[list]:
        what = f"the positions of a rank, of {count} examples and {world} ranks,"
        return [numbers(answer(count, world, rank, epoch), count // world, what) for rank in range(world)]

    for count, world in ((24, 2), (30, 3)):
        epochs = [shares(count, world, epoch) for epoch in range(3)]
        if any(sorted(place for share in epoch for place in share) != list(range(count)) for epoch in epochs):
            raise Wrong("in one epoch the ranks must see every example once: all need the same order to share out.")
        if epochs[0] == epochs[1] or epochs[1] == epochs[2]:
            raise Wrong("two epochs have the same order.")
        if epochs[1] != shares(count, world, 1):
            raise Wrong("asked again for the same epoch, the answer differs; a resumed run could not repeat it.")


def check_4(answer: Callable) -> None:
    """accumulate(model, images, labels, size): the gradient of the whole batch, by pieces."""
    function(answer)
    for count, size in ((12, 4), (10, 4), (5, 8), (7, 1)):
        model, seen = nn.Linear(6, 3), []
        images, labels = torch.randn(count, 6), torch.randint(3, (count,))
        F.cross_entropy(model(images), labels).backward()
        wanted = model.weight.grad.clone()
        model.zero_grad()
        model.register_forward_hook(lambda module, inputs, output, seen=seen: seen.append(len(inputs[0])))
        answer(model, images, labels, size)
        if not seen or max(seen) > size:
            raise Wrong(f"with size={size} the model was given {max(seen, default=0)} examples at a time.")
        if model.weight.grad is None or not close(model.weight.grad, wanted):
            last = " Look at the last, short piece." if count % size and count > size else ""
            raise Wrong(f"for {count} examples in pieces of {size} the gradient is not that of the whole batch.{last}")


STEPS, SHARE = 200, 20  # steps of exercise 5, and how many times less than DDP it may send


def check_5(answer: Callable) -> None:
    """talk(step, models, mean): two ranks that see different classes become one good network for few bytes."""
    function(answer)
    torch.manual_seed(0)
    inputs = torch.randn(400, 2)
    labels = (inputs[:, 0] > 0).long() + 2 * (inputs[:, 1] > 0).long()  # four quarters of the plane
    models = [nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 4)) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    budget = STEPS // SHARE * sum(4 * parameter.numel() for parameter in models[0].parameters())
    sent = []

    def mean(tensors) -> None:
        tensors = list(tensors)
        if len(tensors) != 2 or not all(map(torch.is_tensor, tensors)) or tensors[0].shape != tensors[1].shape:
            raise Wrong("`mean` takes a list of two tensors of one shape, one from each rank.")
        average = torch.stack([tensor.detach() for tensor in tensors]).mean(dim=0)
        for tensor in tensors:
            tensor.detach().copy_(average)
        sent.append(average.numel() * average.element_size())

    for step in range(1, STEPS + 1):
        for rank, model in enumerate(models):
            own = torch.where(labels // 2 == rank)[0]
            chosen = own[torch.randint(len(own), (16,))]
            model.zero_grad()
            F.cross_entropy(model(inputs[chosen]), labels[chosen]).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= 0.2 * parameter.grad
        before, messages = [_weights(model) for model in models], len(sent)
        answer(step, models, mean)
        if len(sent) == messages and not all(map(torch.equal, before, map(_weights, models))):
            raise Wrong(f"at step {step} weights were changed and nothing went through `mean`.")
    if sum(sent) > budget:
        raise Wrong(f"{sum(sent):,} bytes were sent, and the budget is {budget:,}.")
    if not close(*map(_weights, models)):
        raise Wrong("after the last step the two networks differ.")
    right = (models[0](inputs).argmax(1) == labels).float().mean().item()
    if right < 0.95:
        raise Wrong(f"the network at the end is right for {right:.0%} of all examples; 95 % can be had.")


def _weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
