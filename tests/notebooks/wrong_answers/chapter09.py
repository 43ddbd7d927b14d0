"""Plausible wrong answers to the exercises of chapter 09."""

import math

import torch
from torch import nn

right = [(300, 100), (147, 3136), (64, 128), (80, 40), (9, 288)]


@torch.no_grad()
def normal_instead(weight, gain=1.0):
    return nn.init.xavier_normal_(weight, gain)


@torch.no_grad()
def no_window(weight, gain=1.0):
    bound = gain * math.sqrt(6 / (weight.shape[0] + weight.shape[1]))
    return weight.uniform_(-bound, bound)


@torch.no_grad()
def brackets_missing(weight, gain=1.0):
    window = weight[0, 0].numel()
    bound = gain * math.sqrt(6 / weight.shape[1] * window + weight.shape[0] * window)
    return weight.uniform_(-bound, bound)


@torch.no_grad()
def positive_only(weight, gain=1.0):
    bound = gain * math.sqrt(6 / (weight[0].numel() + weight[:, 0].numel()))
    return weight.uniform_(0, bound)


def recorded(weight, gain=1.0):
    bound = gain * math.sqrt(6 / (weight[0].numel() + weight[:, 0].numel()))
    return weight.uniform_(-bound, bound)


def a_copy(weight, gain=1.0):
    bound = gain * math.sqrt(6 / (weight[0].numel() + weight[:, 0].numel()))
    return torch.empty_like(weight).uniform_(-bound, bound)


@torch.no_grad()
def no_gain(weight, gain=1.0):
    bound = math.sqrt(6 / (weight[0].numel() + weight[:, 0].numel()))
    return weight.uniform_(-bound, bound)


def tracked(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.weight.normal_(0, math.sqrt(2 / module.weight[0].numel()))


@torch.no_grad()
def constant(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.weight.fill_(math.sqrt(2 / module.weight[0].numel()))
            if module.bias is not None:
                module.bias.zero_()


@torch.no_grad()
def linear_only(model):
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(0, math.sqrt(2 / module.weight.shape[1]))
            if module.bias is not None:
                module.bias.zero_()


@torch.no_grad()
def channels_alone(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.weight.normal_(0, math.sqrt(2 / module.weight.shape[1]))
            if module.bias is not None:
                module.bias.zero_()


@torch.no_grad()
def needs_a_bias(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.weight.normal_(0, math.sqrt(2 / module.weight[0].numel()))
            module.bias.zero_()


@torch.no_grad()
def biases_left(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.weight.normal_(0, math.sqrt(2 / module.weight[0].numel()))


def new_parameters(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            module.weight = nn.Parameter(torch.randn_like(module.weight) * math.sqrt(2 / module.weight[0].numel()))
            if module.bias is not None:
                module.bias = nn.Parameter(torch.zeros_like(module.bias))


def deviation(function, samples=1_000_000):
    return 1 / function(torch.randn(samples)).std().item()


def no_root(function, samples=1_000_000):
    return 1 / function(torch.randn(samples)).square().mean().item()


def size_itself(function, samples=1_000_000):
    return function(torch.randn(samples)).square().mean().sqrt().item()


def even_numbers(function, samples=1_000_000):
    return 1 / function(torch.rand(samples) * 2 - 1).square().mean().sqrt().item()


WRONG = {
    "09-1": [
        [pair[::-1] for pair in right],
        [*right[:1], (3, 64), *right[2:]],
        [*right[:4], (288, 288)],
        [*right[:4], (9, 9)],
    ],
    "09-2": [normal_instead, no_window, brackets_missing, positive_only, recorded, a_copy, no_gain],
    "09-3": [tracked, constant, linear_only, channels_alone, needs_a_bias, biases_left, new_parameters],
    "09-4": [deviation, no_root, size_itself, even_numbers],
}
