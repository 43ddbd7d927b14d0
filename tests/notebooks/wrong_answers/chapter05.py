"""Answers to the exercises of chapter 05: right ones of another form, and plausible wrong ones."""

import time

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def shift_by_padding(images, pixels):
    return F.pad(images, (pixels, -pixels)) if abs(pixels) <= images.shape[-1] else torch.zeros_like(images)


def shift_by_roll(images, pixels):
    column = torch.arange(images.shape[-1]) - pixels
    return torch.where((column >= 0) & (column < images.shape[-1]), torch.roll(images, pixels, dims=-1), 0.0)


def shift_in_place(images, pixels):
    return images.copy_(shift_by_padding(images, pixels))


def shift_one_channel(images, pixels):
    return torch.cat([shift_by_padding(images[:, :1], pixels), images[:, 1:]], dim=1)


def batches_in(order):
    """The batches of a pass in which the pictures have the order ``order(number of pictures, batch size)``."""

    def shuffled_batches(images, labels, size):
        chosen = order(len(labels), size)
        return list(zip(images[chosen].split(size), labels[chosen].split(size), strict=True))

    return shuffled_batches


def same_each_time(count, size):
    return torch.randperm(count, generator=torch.Generator().manual_seed(1))


def inside_each_batch(count, size):
    return torch.cat([part[torch.randperm(len(part))] for part in torch.arange(count).split(size)])


def batches_shuffled(count, size):
    *full, last = torch.arange(count).split(size)
    return torch.cat([*(full[place] for place in torch.randperm(len(full))), last])


def batches_by_split(images, labels, size):
    order = torch.randperm(len(labels))
    return list(zip(images[order].split(size), labels[order].split(size), strict=True))


def batches_by_loader(images, labels, size):
    return DataLoader(TensorDataset(images, labels), batch_size=size, shuffle=True)


def two_orders(images, labels, size):
    return zip(batches_by_split(images, labels, size), batches_by_split(images, labels, size), strict=True)


def pairs(images, labels, size):
    return ((a[0], b[1]) for a, b in two_orders(images, labels, size))


def in_order(images, labels, size):
    return zip(images.split(size), labels.split(size), strict=True)


def with_replacement(images, labels, size):
    for start in range(0, len(labels), size):
        chosen = torch.randint(len(labels), (min(size, len(labels) - start),))
        yield images[chosen], labels[chosen]


def drop_last(images, labels, size):
    return [batch for batch in batches_by_split(images, labels, size) if len(batch[1]) == size]


def short_batch_first(images, labels, size):
    return batches_by_split(images, labels, size)[::-1]


def labels_left_out(images, labels, size):
    return images.split(size)


def one_label_short(images, labels, size):
    return [(a, b[1:]) for a, b in batches_by_split(images, labels, size)]


def flat(images, labels, size):
    return [(a.flatten(1), b) for a, b in batches_by_split(images, labels, size)]


class FourOfFive(nn.Module):
    """Right on four pictures of five, which is not over 80 %."""

    def forward(self, images):
        scores = images.mean(dim=(2, 3))
        scores[::5] *= -1
        return scores


class Brightest(nn.Module):
    """The channel with the largest mean: nothing to learn."""

    def forward(self, images):
        return images.mean(dim=(2, 3))


def linear(train, seconds):
    """On the mean of each channel, for a hundred steps."""
    inputs = (train.images.float() / 255).mean(dim=(2, 3))  # (N, 3)
    head = nn.Linear(3, len(train.classes))
    optimizer = torch.optim.Adam(head.parameters(), lr=0.3)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(head(inputs), train.labels).backward()
        optimizer.step()
    return nn.Sequential(Brightest(), head)


def too_long(train, seconds):
    time.sleep(seconds + 3.1)
    return Brightest()


def upside_down(train, seconds):
    train.images.neg_()
    return Brightest()


def in_top_k(logits, labels, k):
    return (logits.topk(k, dim=1).indices == labels[:, None]).any(dim=1).float().mean()


def by_rank(logits, labels, k):
    ranks = (logits > logits.gather(1, labels[:, None])).sum(dim=1)
    return np.mean((ranks < k).numpy())


BYTES = [13_824_000, 55_296_000, 786_432]
RIGHT = {
    "05-1": [BYTES, torch.tensor(BYTES), np.array(BYTES)],
    "05-2": [shift_by_padding, shift_by_roll],
    "05-3": [batches_by_split, batches_by_loader],
    "05-4": [in_top_k, by_rank],
    "05-5": [linear, lambda train, seconds: Brightest()],
}
WRONG = {
    "05-1": [
        (4_608_000, 55_296_000, 786_432),
        (13_824_000, 27_648_000, 786_432),
        (13_824_000, 55_296_000, 196_608),
        BYTES[:2],
        "13824000, 55296000, 786432",
    ],
    "05-2": [
        lambda images, pixels: torch.roll(images, pixels, dims=-1),
        lambda images, pixels: torch.roll(images, pixels, dims=-2),
        lambda images, pixels: shift_by_roll(images, -pixels),
        lambda images, pixels: F.pad(images, (pixels, 0)),
        lambda images, pixels: shift_by_padding(images, pixels).numpy(),
        shift_in_place,
        shift_one_channel,
    ],
    "05-3": [
        pairs,
        in_order,
        batches_in(lambda count, size: torch.arange(count).flip(0)),
        batches_in(lambda count, size: torch.arange(count).roll(1)),
        batches_in(lambda count, size: torch.tensor([1, 0, *range(2, count)])),
        batches_in(same_each_time),
        batches_in(inside_each_batch),
        batches_in(batches_shuffled),
        with_replacement,
        drop_last,
        short_batch_first,
        labels_left_out,
        one_label_short,
        flat,
        lambda images, labels, size: [batch[:1] for batch in batches_by_split(images, labels, size)],
    ],
    "05-4": [
        lambda logits, labels, k: (logits.argmax(1) == labels).float().mean().item(),
        lambda logits, labels, k: (logits.topk(k, dim=1).indices == labels[:, None]).float().mean().item(),
        lambda logits, labels, k: in_top_k(-logits, labels, k),
        lambda logits, labels, k: 100 * in_top_k(logits, labels, k),
        lambda logits, labels, k: (logits.topk(k, dim=1).indices == labels[:, None]).any(dim=1),
    ],
    "05-5": [
        lambda train, seconds: nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)),
        lambda train, seconds: nn.Sequential(Brightest(), nn.Linear(3, 3), nn.Threshold(9.0, 0.0)),
        lambda train, seconds: 0.99,
        lambda train, seconds: FourOfFive(),
        too_long,
        upside_down,
    ],
}
