"""Answers to the exercises of chapter 13: right ones of another form, and plausible wrong ones."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DistributedSampler

SHARES = [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 0]]


def rows_of(models):
    return zip(*(model.parameters() for model in models), strict=True)


def averaged(combine=lambda gradients: sum(gradients) / len(gradients), clone=True, first=None, weights=False):
    """Another way to combine the gradients, or to hand the result to the copies."""

    def average_gradients(models):
        for row in rows_of(models):
            mean = combine([parameter.grad for parameter in row])
            for parameter in row[:first]:
                parameter.grad = mean.clone() if clone else mean
                if weights:
                    parameter.data -= 0.1 * mean

    return average_gradients


def as_one_vector(models):
    vectors = [torch.cat([p.grad.flatten() for p in model.parameters()]) for model in models]
    mean = torch.stack(vectors).mean(dim=0)
    for model in models:
        parts = mean.split([p.numel() for p in model.parameters()])
        for parameter, part in zip(model.parameters(), parts, strict=True):
            parameter.grad = part.reshape(parameter.shape).clone()


def positions(seed=lambda rank, epoch: 0, epochs=True):
    def epoch_positions(count, world, rank, epoch):
        sampler = DistributedSampler(range(count), world, rank, shuffle=True, seed=seed(rank, epoch))
        if epochs:
            sampler.set_epoch(epoch)
        return list(sampler)

    return epoch_positions


def turned(count, world, rank, epoch):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0)).roll(epoch)
    return order[rank::world].tolist()


def permuted(count, world, rank, epoch):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(epoch))
    return order[rank::world]


def a_block_each(count, world, rank, epoch):
    return np.random.default_rng(epoch).permutation(count).reshape(world, -1)[rank]


COUNTER = iter(range(10**9))


def new_each_time(count, world, rank, epoch):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(next(COUNTER) // world))
    return order[rank::world].tolist()


def accumulated(weight, size=lambda size: size, clear=False):
    """The sum of the pieces' losses, each times ``weight(examples in the piece, in all, pieces)``."""

    def accumulate(model, images, labels, piece_size):
        pieces = images.split(size(piece_size))
        for piece, targets in zip(pieces, labels.split(size(piece_size)), strict=True):
            if clear:
                model.zero_grad()
            (F.cross_entropy(model(piece), targets) * weight(len(piece), len(images), len(pieces))).backward()

    return accumulate


def and_then(change):
    """The right gradients, and after them ``change(model)``."""

    def accumulate(model, images, labels, size):
        at_the_end(model, images, labels, size)
        change(model)

    return accumulate


def only_of_the_weight(model, images, labels, size):
    at_the_end(model, images, labels, size)
    model.bias.grad = None


def at_the_end(model, images, labels, size):
    losses = [
        F.cross_entropy(model(images[start : start + size]), labels[start : start + size], reduction="sum")
        for start in range(0, len(images), size)
    ]
    (sum(losses) / len(images)).backward()


def averaged_weights(when, short=False):
    """Average all weights at the steps for which ``when`` is true, in 16 bits if wanted."""

    def talk(step, models, mean):
        for row in rows_of(models) if when(step) else ():
            copies = [parameter.data.half() if short else parameter.data for parameter in row]
            mean(copies)
            for parameter, copied in zip(row, copies, strict=True):
                parameter.data.copy_(copied)

    return talk


def in_bytes(step, models, mean):
    """Sends each weight as a whole number of twentieths, in one byte."""
    if step % 5 == 0:
        for row in rows_of(models):
            codes = [(parameter.detach() * 20).round().clamp(-127, 127).to(torch.int8) for parameter in row]
            mean(codes)
            for parameter, code in zip(row, codes, strict=True):
                parameter.data.copy_(code / 20)


def averaged_beside(sends):
    """All weights averaged directly at each step at which ``sends(step, models, mean)`` has sent something."""

    def talk(step, models, mean):
        if sends(step, models, mean):
            without_mean(step, models, mean)

    return talk


def sends_a_zero(step, models, mean):
    return mean([torch.zeros(1), torch.zeros(1)]) is None


def sends_a_bias(step, models, mean):
    return step % 2 == 0 and mean([model[2].bias.data for model in models]) is None


def sends_halves(step, models, mean):
    for row in rows_of(models) if step % 10 == 0 else ():
        mean([parameter.data.half() for parameter in row])
    return step % 10 == 0


def sends_where_they_differ(step, models, mean):
    """Reads both ranks to decide whether to send."""
    apart = max((a - b).abs().max().item() for a, b in rows_of(models))
    if apart > 0.9 or step == 200:
        averaged_weights(lambda step: True)(step, models, mean)


class RemembersGames:
    """Averages at other steps in the second game than in the first."""

    def __init__(self):
        self.games = 0

    def __call__(self, step, models, mean):
        self.games += step == 1
        averaged_weights(lambda step: (step + self.games - 1) % 25 == 0 or step == 200)(step, models, mean)


def without_mean(step, models, mean):
    for row in rows_of(models):
        average = torch.stack([parameter.data for parameter in row]).mean(dim=0)
        for parameter in row:
            parameter.data.copy_(average)


def of_gradients(step, models, mean):
    if step % 20 == 0:
        for row in rows_of(models):
            mean([parameter.grad for parameter in row])


def one_network_for_all(step, models, mean):
    if step == 200:
        for row in rows_of(models):
            row[1].data.copy_(row[0].data)
            mean([parameter.data for parameter in row])


RIGHT = {
    "13-1": [tuple(map(tuple, SHARES)), torch.tensor(SHARES), np.array(SHARES)],
    "13-2": [averaged(), as_one_vector],
    "13-3": [permuted, a_block_each, positions(seed=lambda rank, epoch: 7)],
    "13-4": [accumulated(lambda n, all, pieces: n / all), at_the_end],
    "13-5": [
        averaged_weights(lambda step: step % 25 == 0),
        averaged_weights(lambda step: step % 10 == 0, short=True),
        averaged_weights(lambda step: step > 160 and step % 5 == 0),
        in_bytes,
        RemembersGames(),
    ],
}
WRONG = {
    "13-1": [
        [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 0]],
        [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8]],
        [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]],
        [4, 4, 4],
        [[[place] for place in share] for share in SHARES],
        torch.tensor(SHARES)[..., None],
        SHARES[:2],
    ],
    "13-2": [
        averaged(combine=sum),
        averaged(first=1),
        averaged(clone=False),
        averaged(weights=True),
        averaged(combine=lambda gradients: gradients[0]),
    ],
    "13-3": [
        positions(seed=lambda rank, epoch: rank),
        positions(epochs=False),
        positions(seed=lambda rank, epoch: rank, epochs=False),
        lambda count, world, rank, epoch: torch.randperm(count)[rank::world].tolist(),
        new_each_time,
        turned,
        lambda count, world, rank, epoch: list(DistributedSampler(range(count), world, (rank + epoch) % world)),
        lambda count, world, rank, epoch: [(place + epoch) % count for place in range(count)][rank::world],
        lambda count, world, rank, epoch: positions()(count, world, rank, epoch % 2),
        lambda count, world, rank, epoch: permuted(count, world, rank, epoch)[1:],
    ],
    "13-4": [
        accumulated(lambda n, all, pieces: 1 / pieces),
        accumulated(lambda n, all, pieces: 1),
        accumulated(lambda n, all, pieces: n / all, size=lambda size: 100),
        accumulated(lambda n, all, pieces: n / all, clear=True),
        lambda model, images, labels, size: F.cross_entropy(model(images[:size]), labels[:size]).backward(),
        lambda model, images, labels, size: F.cross_entropy(model(images), labels).backward(),
        and_then(lambda model: model.bias.grad.zero_()),
        and_then(lambda model: torch.optim.SGD(model.parameters(), lr=0.1).step()),
        only_of_the_weight,
    ],
    "13-5": [
        lambda step, models, mean: None,
        averaged_weights(lambda step: True),
        averaged_weights(lambda step: step % 19 == 0),
        averaged_weights(lambda step: step == 200),
        without_mean,
        of_gradients,
        one_network_for_all,
        lambda step, models, mean: mean(models[0].parameters()),
        lambda step, models, mean: mean([models[0], models[1]]),
        lambda step, models, mean: mean(None),
        averaged_beside(sends_a_zero),
        averaged_beside(sends_a_bias),
        averaged_beside(sends_halves),
        sends_where_they_differ,
    ],
}
