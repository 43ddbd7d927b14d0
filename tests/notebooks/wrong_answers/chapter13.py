"""Plausible wrong answers to the exercises of chapter 13; each must be refused."""

import torch
import torch.nn.functional as F
from torch.utils.data import DistributedSampler


def _sum_of_gradients(models):
    for row in zip(*(model.parameters() for model in models), strict=True):
        total = sum(parameter.grad for parameter in row)
        for parameter in row:
            parameter.grad = total.clone()


def _only_the_first(models):
    for row in zip(*(model.parameters() for model in models), strict=True):
        row[0].grad = torch.stack([parameter.grad for parameter in row]).mean(0)


def _seed_by_rank(count, world, rank, epoch):
    sampler = DistributedSampler(range(count), world, rank, shuffle=True, seed=rank)
    sampler.set_epoch(epoch)
    return list(sampler)


def _own_order(count, world, rank, epoch):
    return torch.randperm(count)[rank::world].tolist()


def _pieces_not_weighted(model, images, labels, size):
    pieces = images.split(size)
    for inputs, targets in zip(pieces, labels.split(size), strict=True):
        (F.cross_entropy(model(inputs), targets) / len(pieces)).backward()


def _sum_of_means(model, images, labels, size):
    for inputs, targets in zip(images.split(size), labels.split(size), strict=True):
        F.cross_entropy(model(inputs), targets).backward()


WRONG = {
    "13-1": [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 0]], [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8]]],
    "13-2": [_sum_of_gradients, _only_the_first],
    "13-3": [_seed_by_rank, _own_order],
    "13-4": [_pieces_not_weighted, _sum_of_means],
}
