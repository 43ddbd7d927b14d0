"""Answers to the exercises of chapter 03: right ones of another form, and plausible wrong ones."""

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.models import LeNet

SHAPES = [(8, 16, 62, 62), (8, 16, 64, 64), (8, 32, 32, 32), (8, 3, 31, 31), (8, 3 * 64 * 64)]


def by_counting(size, kernel, stride=1, padding=0, dilation=1):
    last = size + 2 * padding - dilation * (kernel - 1)
    return len(range(0, last, stride))


def true_division(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1


def network(flatten, features=64) -> type[nn.Module]:
    """The network of the exercise with another way from the maps to the last layer."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, kernel_size=5)
            self.fc = nn.Linear(features, 10)

        def forward(self, images):
            return self.fc(flatten(F.max_pool2d(F.relu(self.conv(images)), 2)))

    return Net


class WithoutReLU(network(torch.flatten)):
    def forward(self, images):
        return self.fc(F.max_pool2d(self.conv(images), 2).flatten(1))


class LooksAtNoImage(network(torch.flatten)):
    def forward(self, images):
        return torch.zeros(len(images), 10)


class NotForOne(network(lambda x: x.flatten(1))):
    def forward(self, images):
        return super().forward(images) if len(images) > 1 else None


class AddsProbabilities(network(lambda x: x.flatten(1))):
    def forward(self, images):
        return super().forward(images).softmax(dim=1)


class ForgetsToReturn(network(torch.flatten)):
    def forward(self, images):
        super().forward(images[:1])


class NormalisedOverTheBatch(network(lambda x: x.flatten(1))):
    def forward(self, images):
        return super().forward(images - images.mean(dim=0))


@torch.no_grad()
def with_a_list(parameters, velocities, lr, momentum):
    for place, parameter in enumerate(parameters):
        if parameter.grad is None:
            continue
        velocities[place].copy_(momentum * velocities[place] + parameter.grad)
        parameter.copy_(parameter - lr * velocities[place])


def through_data(parameters, velocities, lr, momentum):
    for parameter, velocity in zip(parameters, velocities, strict=True):
        if parameter.grad is not None:
            velocity *= momentum
            velocity += parameter.grad
            parameter.data -= lr * velocity


def momentum_step(new_velocity, stop=False, rate=True):
    """A step whose velocity is what ``new_velocity(velocity, gradient, lr, momentum)`` leaves in it or returns."""

    @torch.no_grad()
    def step(parameters, velocities, lr, momentum):
        for parameter, velocity in zip(parameters, velocities, strict=True):
            if parameter.grad is None:
                if stop:
                    return
                continue
            parameter -= (lr if rate else 1) * new_velocity(velocity, parameter.grad, lr, momentum)

    return step


def definition(velocity, gradient, lr, momentum):
    return velocity.mul_(momentum).add_(gradient)


def spoils_the_gradient(velocity, gradient, lr, momentum):
    return velocity.copy_(gradient.add_(momentum * velocity))


@torch.no_grad()
def goes_on_without_a_gradient(parameters, velocities, lr, momentum):
    for parameter, velocity in zip(parameters, velocities, strict=True):
        parameter -= lr * definition(velocity, 0 if parameter.grad is None else parameter.grad, lr, momentum)


def gradients_removed(parameters, velocities, lr, momentum):
    with_a_list(parameters, velocities, lr, momentum)
    for parameter in parameters:
        parameter.grad = None


def and_then(switch):
    """A right step that leaves a switch of PyTorch turned."""

    def step(parameters, velocities, lr, momentum):
        with_a_list(parameters, velocities, lr, momentum)
        switch()

    return step


def new_parameters(parameters, velocities, lr, momentum):
    for place, parameter in enumerate(parameters):
        if parameter.grad is not None:
            velocities[place] = momentum * velocities[place] + parameter.grad
            parameters[place] = nn.Parameter(parameter - lr * velocities[place])


def small(classes=10, *, after=()):
    return nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(64, classes), *after)


def lazy():
    return nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.LazyLinear(10))


class Strided(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, kernel_size=4, stride=4)
        self.fc = nn.Linear(8 * 64, 10)

    def forward(self, images):
        return self.fc(F.relu(self.conv(images)).flatten(1))


class MixesTheBatch(Strided):
    def forward(self, images):
        return super().forward(images - images.mean(dim=0))


class ForgetsTheBatch(Strided):
    def forward(self, images):
        return super().forward(images)[0]


class Detached(Strided):
    def forward(self, images):
        return super().forward(images).detach()


class ZeroByZero(Strided):
    def forward(self, images):
        return super().forward(images) * torch.nan


RIGHT = {
    "03-1": [tuple(map(list, SHAPES)), list(map(torch.tensor, SHAPES)), list(map(np.array, SHAPES))],
    "03-2": [by_counting, lambda *a, **k: torch.tensor(by_counting(*a, **k))],
    "03-3": [
        network(lambda x: x.reshape(len(x), -1)),
        network(nn.Flatten()),
        network(lambda x: torch.stack([image.flatten() for image in x])),
    ],
    "03-4": [with_a_list, through_data],
    "03-5": [Strided, small, lambda: small(after=[nn.Identity()]), lazy],
}
WRONG = {
    "03-1": [
        [(8, 16, 61, 61), *SHAPES[1:]],
        [*SHAPES[:3], (8, 3, 32, 32), SHAPES[4]],
        [*SHAPES[:4], (8 * 3 * 64 * 64,)],
        [(1, 16, 62, 62), *SHAPES[1:]],
        [(8, 3, 62, 62), *SHAPES[1:]],
        [*SHAPES[:4], 12288],
        SHAPES[:4],
    ],
    "03-2": [
        lambda size, kernel, stride=1, padding=0, dilation=1: (size + 2 * padding - kernel) // stride + 1,
        lambda size, kernel, stride=1, padding=0, dilation=1: (size + 2 * padding - dilation * kernel) // stride + 1,
        true_division,
        lambda *a, **k: float(by_counting(*a, **k)),
        lambda *a, **k: str(by_counting(*a, **k)),
    ],
    "03-3": [
        network(torch.flatten),
        network(lambda x: x.permute(1, 2, 3, 0).reshape(-1, 64)),  # the shape is right, but the images are mixed
        network(lambda x: torch.flatten(x, start_dim=2)),
        network(lambda x: x.mean(dim=(2, 3)), features=4),
        ForgetsToReturn,
        NormalisedOverTheBatch,
        WithoutReLU,
        LooksAtNoImage,
        NotForOne,
        AddsProbabilities,
        network(nn.Flatten())(),
    ],
    "03-4": [
        momentum_step(lambda velocity, gradient, lr, momentum: gradient),
        momentum_step(lambda velocity, gradient, lr, momentum: velocity.mul_(momentum).add_((1 - momentum) * gradient)),
        momentum_step(lambda velocity, gradient, lr, momentum: momentum * velocity + gradient),
        momentum_step(lambda velocity, gradient, lr, momentum: velocity.mul_(momentum).add_(lr * gradient), rate=False),
        momentum_step(definition, stop=True),
        momentum_step(spoils_the_gradient),
        goes_on_without_a_gradient,
        gradients_removed,
        and_then(lambda: torch.set_grad_enabled(False)),
        and_then(lambda: torch.set_default_dtype(torch.float64)),
        new_parameters,
    ],
    "03-5": [
        LeNet,
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 10)),  # 10,250 parameters
        lambda: small(9),
        lambda: small().requires_grad_(False),
        lambda: small(after=[nn.Dropout(0.5), nn.Tanh(), nn.Threshold(9.0, 0.0)]),  # the logits are always zero
        small(),
        MixesTheBatch,
        ForgetsTheBatch,
        Detached,
        ZeroByZero,
    ],
}
