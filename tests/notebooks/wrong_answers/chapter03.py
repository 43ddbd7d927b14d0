"""Plausible wrong answers to the exercises of chapter 03."""

import torch
from torch import nn
import torch.nn.functional as F

right = [(8, 16, 62, 62), (8, 16, 64, 64), (8, 32, 32, 32), (8, 3, 31, 31), (8, 3 * 64 * 64)]


def no_dilation(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - kernel) // stride + 1


def dilated_too_much(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * kernel) // stride + 1


def true_division(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1


class _Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, kernel_size=5)
        self.fc = nn.Linear(4 * 4 * 4, 10)


class StillFlat(_Base):
    def forward(self, images):
        return self.fc(torch.flatten(F.max_pool2d(F.relu(self.conv(images)), 2)))


class Scrambled(_Base):
    """The shape is right, but the images are mixed."""

    def forward(self, images):
        x = F.max_pool2d(F.relu(self.conv(images)), 2)
        return self.fc(x.permute(1, 2, 3, 0).reshape(-1, 64))


class ChannelsOnly(_Base):
    def forward(self, images):
        x = F.max_pool2d(F.relu(self.conv(images)), 2)
        return self.fc(torch.flatten(x, start_dim=2))


@torch.no_grad()
def plain_sgd(parameters, velocities, lr, momentum):
    for parameter in parameters:
        if parameter.grad is not None:
            parameter -= lr * parameter.grad


@torch.no_grad()
def averaged(parameters, velocities, lr, momentum):
    for parameter, velocity in zip(parameters, velocities, strict=True):
        if parameter.grad is not None:
            velocity.mul_(momentum).add_((1 - momentum) * parameter.grad)
            parameter -= lr * velocity


@torch.no_grad()
def velocity_not_kept(parameters, velocities, lr, momentum):
    for parameter, velocity in zip(parameters, velocities, strict=True):
        if parameter.grad is not None:
            velocity = momentum * velocity + parameter.grad
            parameter -= lr * velocity


WRONG = {
    "03-1": [
        [(8, 16, 61, 61), *right[1:]],
        [*right[:3], (8, 3, 32, 32), right[4]],
        [*right[:4], (8 * 3 * 64 * 64,)],
    ],
    "03-2": [no_dilation, dilated_too_much, true_division],
    "03-3": [StillFlat, Scrambled, ChannelsOnly],
    "03-4": [plain_sgd, averaged, velocity_not_kept],
}
