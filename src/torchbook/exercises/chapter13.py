"""Checks of the exercises of chapter 13, scaling out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
import copy
from itertools import combinations, pairwise

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.exercises.compare import Wrong, close, function, numbers, parts


def check_1(answer) -> Iterator[str]:
    """The positions that each of three ranks gets of eleven examples."""
    shares = parts(answer, 3, "lists, one a rank")
    if any(not isinstance(share, list) or len(share) != 4 for share in shares):
        yield "all ranks get the same number of examples, or some would wait for a step that others never make."
    elif not all(isinstance(place, int | float) for share in shares for place in share):
        yield "each position is a number."
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

    def neighbours(shares: list[list]) -> set[frozenset]:
        return {frozenset(pair) for share in shares for pair in pairwise(share)}

    for count, world in ((24, 2), (30, 3)):
        epochs = [shares(count, world, epoch) for epoch in (0, 1, 2, 5)]
        if any(sorted(place for share in epoch for place in share) != list(range(count)) for epoch in epochs):
            raise Wrong("in one epoch the ranks must see every example once: all need the same order to share out.")
        if any(one == other for one, other in combinations(epochs, 2)):
            raise Wrong("two epochs have the same order.")
        if any(2 * len(one & other) > len(one) for one, other in combinations(map(neighbours, epochs), 2)):
            raise Wrong("two epochs have the same order, only turned round or dealt to other ranks; shuffle it anew.")
        if epochs[1] != shares(count, world, 1):
            raise Wrong("asked again for the same epoch, the answer differs; a resumed run could not repeat it.")


def check_4(answer: Callable) -> None:
    """accumulate(model, images, labels, size): the gradient of the whole batch, by pieces."""
    function(answer)
    for count, size in ((12, 4), (10, 4), (5, 8), (7, 1)):
        model, seen = nn.Linear(6, 3), []
        images, labels = torch.randn(count, 6), torch.randint(3, (count,))
        F.cross_entropy(model(images), labels).backward()
        wanted = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
        before = copy.deepcopy(model.state_dict())
        model.zero_grad()
        model.register_forward_hook(lambda module, inputs, output, seen=seen: seen.append(len(inputs[0])))
        answer(model, images, labels, size)
        if not seen or max(seen) > size:
            raise Wrong(f"with size={size} the model was given {max(seen, default=0)} examples at a time.")
        for name, parameter in model.named_parameters():
            if not torch.equal(parameter, before[name]):
                raise Wrong(f"the {name} of the model was changed; only .grad should be.")
            if parameter.grad is None or not close(parameter.grad, wanted[name]):
                last = " Look at the last, short piece." if count % size and count > size else ""
                raise Wrong(
                    f"for {count} examples in pieces of {size} the gradient of the {name} is not that of the whole "
                    f"batch.{last}"
                )


STEPS, SHARE = 200, 20  # steps of exercise 5, and how many times less than DDP it may send


class _Strayed(Exception):
    """`mean` was called in another way than when its answers were noted."""


def _mean(tensors: list[Tensor]) -> Tensor:
    """Of whole numbers it is rounded."""
    together = torch.stack([tensor.detach() for tensor in tensors])
    if together.is_floating_point() or together.is_complex():
        return together.mean(dim=0)
    return together.double().mean(dim=0).round().to(together.dtype)


def _weights(model: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


class _Game:
    """The task of exercise 5: two networks, and what `mean` answered.

    answers: what `mean` answers, instead of the means. other: the rank that draws other batches than it would.
    """

    def __init__(self, answers: list[Tensor] | None = None, other: int | None = None):
        torch.manual_seed(0)
        self.inputs = torch.randn(400, 2)
        self.labels = (self.inputs[:, 0] > 0).long() + 2 * (self.inputs[:, 1] > 0).long()  # four quarters of the plane
        self.models = [nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 4)) for _ in range(2)]
        self.models[1].load_state_dict(self.models[0].state_dict())
        self.draws = [torch.Generator().manual_seed(rank + 2 * (rank == other)) for rank in range(2)]
        self.answers = answers
        self.sent: list[Tensor] = []

    def mean(self, tensors, *more) -> None:
        tensors = list(tensors) if isinstance(tensors, Iterable) and not more else []
        if len(tensors) != 2 or not all(map(torch.is_tensor, tensors)) or tensors[0].shape != tensors[1].shape:
            raise Wrong("`mean` takes a list of two tensors of one shape, one from each rank.")
        average = _mean(tensors)
        if self.answers is not None:
            noted = [answer for answer in self.answers[len(self.sent) :][:1] if answer.shape == average.shape]
            if not noted:
                raise _Strayed
            average = noted[0]
        for tensor in tensors:
            tensor.detach().copy_(average)
        self.sent.append(average)

    def play(self, talk: Callable) -> list[list[Tensor]]:
        """The weights of both ranks after each step."""
        path = []
        for step in range(1, STEPS + 1):
            for rank, (model, draw) in enumerate(zip(self.models, self.draws, strict=True)):
                own = torch.where(self.labels // 2 == rank)[0]
                chosen = own[torch.randint(len(own), (16,), generator=draw)]
                model.zero_grad()
                F.cross_entropy(model(self.inputs[chosen]), self.labels[chosen]).backward()
                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter -= 0.2 * parameter.grad
            before, messages = list(map(_weights, self.models)), len(self.sent)
            talk(step, list(self.models), self.mean)
            path.append(list(map(_weights, self.models)))
            if len(self.sent) == messages and not all(map(torch.equal, before, path[-1])):
                raise Wrong(f"at step {step} weights were changed and nothing went through `mean`.")
        return path


def _goes_round(talk: Callable, path: list[list[Tensor]], sent: list[Tensor], rank: int | None) -> bool:
    """Whether a rank ends elsewhere though `mean` answers as before, and only the other rank has other batches.

    rank: the one with other batches; None for neither.
    """
    try:
        again = _Game(sent, rank).play(talk)
    except (_Strayed, Wrong):
        return True
    ranks = [one for one in range(2) if one != rank]
    return not all(torch.equal(a[one], b[one]) for a, b in zip(path, again, strict=True) for one in ranks)


def check_5(answer: Callable) -> None:
    """talk(step, models, mean): two ranks that see different classes become one good network for few bytes."""
    function(answer)
    game = _Game()
    budget = STEPS // SHARE * sum(4 * parameter.numel() for parameter in game.models[0].parameters())
    path = game.play(answer)
    spent = sum(average.numel() * average.element_size() for average in game.sent)
    if spent > budget:
        raise Wrong(f"{spent:,} bytes were sent, and the budget is {budget:,}.")
    if not close(*path[-1]):
        raise Wrong("after the last step the two networks differ.")
    right, count = int((game.models[0](game.inputs).argmax(1) == game.labels).sum()), len(game.labels)
    if right < count * 19 // 20:
        raise Wrong(
            f"the network at the end is right for {right} of the {count} examples; {count * 19 // 20} can be had."
        )
    if _goes_round(answer, path, game.sent, None):
        return  # an answer that remembers an earlier game, or draws by itself, cannot be played again
    for rank in range(2):
        if _goes_round(answer, path, game.sent, rank):
            raise Wrong(f"rank {1 - rank} learns more of rank {rank} than what went through `mean`.")
