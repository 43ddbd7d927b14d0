"""Answers to the exercises of chapter 09: right ones of another form, and plausible wrong ones."""

import math

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

FANS = [(300, 100), (147, 3136), (64, 128), (80, 40), (9, 288)]


def bound(weight, gain=1.0):
    return gain * math.sqrt(6 / (weight[0].numel() + weight[:, 0].numel()))


@torch.no_grad()
def copied_in(weight, gain=1.0):
    return weight.copy_((2 * torch.rand(weight.shape) - 1) * bound(weight, gain))


def from_numpy(weight, gain=1.0):
    limit = bound(weight, gain)
    with torch.no_grad():
        weight[:] = torch.from_numpy(np.random.default_rng().uniform(-limit, limit, tuple(weight.shape)))
    return weight


def filled(low=lambda b: -b, high=lambda b: b, limit=bound, seed=None, back=lambda weight: weight):
    """Xavier's filling with other bounds, a seed, or something else returned."""

    @torch.no_grad()
    def xavier_uniform(weight, gain=1.0):
        if seed is not None:
            torch.manual_seed(seed)
        return back(weight.uniform_(low(limit(weight, gain)), high(limit(weight, gain))))

    return xavier_uniform


@torch.no_grad()
def normal_instead(weight, gain=1.0):
    return weight.normal_(0, bound(weight, gain) / math.sqrt(3))


@torch.no_grad()
def only_the_bounds(weight, gain=1.0):
    return weight.bernoulli_().sub_(0.5).mul_(2 * bound(weight, gain))


@torch.no_grad()
def bunched(weight, gain=1.0):
    return weight.uniform_(-1, 1).pow_(3).mul_(bound(weight, gain))


def rows_repeated(weight, gain=1.0, size=lambda weight: (1, *weight.shape[1:])):
    with torch.no_grad():
        return weight.copy_((2 * torch.rand(size(weight)) - 1) * bound(weight, gain))


def autograd_left_off(weight, gain=1.0):
    torch.set_grad_enabled(False)
    return weight.uniform_(-bound(weight, gain), bound(weight, gain))


def without_a_text(*_, **__):
    raise NotImplementedError


def recorded(weight, gain=1.0):
    return weight.uniform_(-bound(weight, gain), bound(weight, gain))


def through_data(weight, gain=1.0):
    weight.data.uniform_(-bound(weight, gain), bound(weight, gain))
    return weight


def through_an_alias(weight, gain=1.0, fill=nn.init.uniform_):
    return fill(weight, -bound(weight, gain), bound(weight, gain))


def frozen(weight, gain=1.0):
    return filled()(weight.requires_grad_(False), gain)


def each_layer(fill, kinds=(nn.Linear, nn.Conv2d), modules=nn.Module.modules):
    """A filling that calls ``fill`` for the layers of these kinds."""

    @torch.no_grad()
    def fill_network(model):
        for module in modules(model):
            if isinstance(module, kinds):
                fill(module)

    return fill_network


def deviation(weight):
    return math.sqrt(2 / weight[0].numel())


def right_fill(layer):
    layer.weight.normal_(0, deviation(layer.weight))
    if layer.bias is not None:
        layer.bias.zero_()


def by_init(layer):
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def fill(change):
    """The right filling of a layer, and after it ``change(layer)``."""

    def both(layer):
        right_fill(layer)
        change(layer)

    return both


def bias_of_anything(layer):
    if isinstance(layer, (nn.Linear, nn.Conv2d)):
        layer.weight.normal_(0, deviation(layer.weight))
    if getattr(layer, "bias", None) is not None:
        layer.bias.zero_()


def new_parameters(layer):
    layer.weight = nn.Parameter(torch.randn_like(layer.weight) * deviation(layer.weight))


def tracked(model):
    for layer in model.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            right_fill(layer)


def fills_and_leaves_autograd_off(model):
    torch.set_grad_enabled(False)
    each_layer(right_fill)(model)


def gain(size, draw=torch.randn):
    return lambda function, samples=1_000_000: size(function(draw(samples)))


def root_mean_square(y):
    return y.square().mean().sqrt()


def each_weight(fill):
    """A start that calls ``fill`` for the weight of each linear layer; biases are zero."""

    @torch.no_grad()
    def start(model):
        for layer in model:
            if isinstance(layer, nn.Linear):
                fill(layer.weight)
                layer.bias.zero_()

    return start


def scaled(factor):
    return each_weight(lambda weight: weight.normal_(0, factor * deviation(weight)))


def with_norms(model):
    by_kaiming(model)
    for place in range(40, 0, -2):
        model.insert(place - 1, nn.BatchNorm1d(64))


def new_last(model):
    by_kaiming(model)
    model[-1].weight = nn.Parameter(0.1 * torch.randn(10, 64))


def frozen_first(model):
    by_kaiming(model)
    model[0].weight.requires_grad_(False)


def starts_and_leaves_autograd_off(model):
    torch.set_grad_enabled(False)
    by_kaiming(model)


def with_hooks(hook):
    """The right start, and ``hook`` after each hidden layer."""

    def start(model):
        by_kaiming(model)
        for layer in model[:-1:2]:
            layer.register_forward_hook(hook)

    return start


def with_scaled_gradients(model):
    by_kaiming(model)
    for parameter in model.parameters():
        parameter.register_hook(lambda gradient: gradient / gradient.norm())


def recorded_start(model):
    model[0].weight.normal_()


by_kaiming = scaled(1.0)

RIGHT = {
    "09-1": [tuple(map(list, FANS)), torch.tensor(FANS), np.array(FANS)],
    "09-2": [copied_in, from_numpy, filled()],
    "09-3": [each_layer(by_init), each_layer(fill(lambda layer: layer.weight.mul_(1.0)))],
    "09-4": [
        gain(lambda y: 1 / root_mean_square(y)),
        gain(lambda y: np.mean(y.numpy() ** 2) ** -0.5),
        gain(lambda y: len(y) ** 0.5 / y.norm()),
    ],
    "09-5": [by_kaiming, each_weight(lambda weight: nn.init.orthogonal_(weight, gain=math.sqrt(2)))],
}
WRONG = {
    "09-1": [
        [pair[::-1] for pair in FANS],
        [*FANS[:1], (3, 64), *FANS[2:]],
        [*FANS[:4], (288, 288)],
        [*FANS[:4], (9, 9)],
        [300, 147, 64, 80, 9],
        [*FANS[:4], (9, 288, 1)],
    ],
    "09-2": [
        normal_instead,
        only_the_bounds,
        bunched,
        rows_repeated,
        lambda weight, gain=1.0: rows_repeated(
            weight, gain, size=lambda weight: (len(weight), *[1] * (weight.ndim - 1))
        ),
        autograd_left_off,
        without_a_text,
        recorded,
        through_data,
        frozen,
        nn.init.xavier_uniform_,
        through_an_alias,
        lambda weight, gain=1.0: filled()(torch.empty_like(weight), gain),
        filled(low=lambda b: 0.0),
        filled(limit=lambda weight, gain: gain * math.sqrt(6 / (weight.shape[0] + weight.shape[1]))),
        filled(limit=lambda weight, gain: gain * math.sqrt(6 / weight[0].numel() + weight[:, 0].numel())),
        filled(limit=lambda weight, gain: bound(weight)),
        filled(seed=0),
        filled(back=lambda weight: None),
    ],
    "09-3": [
        tracked,
        each_layer(new_parameters),
        each_layer(fill(lambda layer: layer.requires_grad_(False))),
        each_layer(lambda layer: layer.weight.fill_(deviation(layer.weight))),
        each_layer(fill(lambda layer: layer.weight.fill_(math.nan))),
        each_layer(fill(lambda layer: layer.weight.copy_(layer.weight[:1].clone().expand_as(layer.weight)))),
        each_layer(lambda layer: layer.weight.normal_(0, deviation(layer.weight) ** 2)),
        each_layer(
            fill(lambda layer: nn.init.trunc_normal_(layer.weight, 0, 1, -2, 2).mul_(1.13 * deviation(layer.weight)))
        ),
        fills_and_leaves_autograd_off,
        without_a_text,
        each_layer(lambda layer: layer.weight.normal_(0, deviation(layer.weight))),
        each_layer(lambda layer: layer.weight.normal_(0, math.sqrt(2 / layer.weight.shape[1]))),
        each_layer(lambda layer: layer.weight.uniform_(-1, 1).mul_(math.sqrt(3) * deviation(layer.weight))),
        each_layer(fill(lambda layer: layer.bias.zero_())),
        each_layer(right_fill, kinds=nn.Linear),
        each_layer(right_fill, modules=nn.Module.children),
        each_layer(bias_of_anything, kinds=nn.Module),
    ],
    "09-4": [
        gain(lambda y: 1 / y.std()),
        gain(lambda y: 1 / y.square().mean()),
        gain(root_mean_square),
        gain(lambda y: 1 / root_mean_square(y), draw=lambda n: 2 * torch.rand(n) - 1),
        gain(lambda y: 1 / y.square()),
        lambda function, samples=1_000_000: gain(lambda y: 1 / root_mean_square(y))(function, 100),
    ],
    "09-5": [
        lambda model: None,
        scaled(0.5),
        scaled(30.0),
        each_weight(nn.init.zeros_),
        with_norms,
        with_hooks(lambda module, inputs, output: F.layer_norm(output, (64,))),
        with_hooks(lambda module, inputs, output: output.detach()),
        with_scaled_gradients,
        starts_and_leaves_autograd_off,
        without_a_text,
        new_last,
        frozen_first,
        recorded_start,
    ],
}
