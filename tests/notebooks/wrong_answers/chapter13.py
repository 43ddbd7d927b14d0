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
    ],
}
WRONG = {
    "13-1": [
        [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 0]],
        [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8]],
        [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]],
        [4, 4, 4],
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
        lambda count, world, rank, epoch: permuted(count, world, rank, epoch)[1:],
    ],
    "13-4": [
        accumulated(lambda n, all, pieces: 1 / pieces),
        accumulated(lambda n, all, pieces: 1),
        accumulated(lambda n, all, pieces: n / all, size=lambda size: 100),
        accumulated(lambda n, all, pieces: n / all, clear=True),
        lambda model, images, labels, size: F.cross_entropy(model(images[:size]), labels[:size]).backward(),
        lambda model, images, labels, size: F.cross_entropy(model(images), labels).backward(),
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
    ],
}
