"""Plausible wrong answers to the exercises of chapter 01; each must be refused."""

import torch

RIGHT_SHAPES = {"a": (3, 4), "b": (3, 5), "c": "error", "d": (8, 7, 6), "e": (3, 4, 2), "f": (0, 4)}


def columns_instead_of_rows(x):
    return x / x.norm(dim=0, keepdim=True).clamp(min=1e-12)


def zero_row_becomes_nan(x):
    return x / x.norm(dim=1, keepdim=True)


def one_length_for_all(x):
    return x / x.norm().clamp(min=1e-12)


def row_by_row(x):
    return torch.stack([row / row.norm().clamp(min=1e-12) for row in x])


def not_squared(a, b):
    return torch.cdist(a, b)


def all_differences_at_once(a, b):
    return ((a[:, None] - b) ** 2).sum(dim=2)


def negative_by_rounding(a, b):
    return (a**2).sum(dim=1, keepdim=True) + (b**2).sum(dim=1) - 2 * a @ b.t()


def reshape_is_still_a_view(image):
    pixels = image.reshape(-1)
    pixels[pixels > 0.5] = 1.0
    return pixels.reshape(image.shape)


def clone_keeps_the_strides(image):
    pixels = image.clone().view(-1)
    pixels[pixels > 0.5] = 1.0
    return pixels.view(image.shape)


def copies_only_when_needed(image):
    return torch.where(image > 0.5, 1.0, image) if bool((image > 0.5).any()) else image


WRONG = {
    "01-1": [RIGHT_SHAPES | {"c": (2, 3)}, RIGHT_SHAPES | {"f": (1, 4)}, RIGHT_SHAPES | {"b": (5, 3)}],
    "01-2": [columns_instead_of_rows, zero_row_becomes_nan, one_length_for_all, row_by_row],
    "01-3": [not_squared, all_differences_at_once, negative_by_rounding],
    "01-4": [reshape_is_still_a_view, clone_keeps_the_strides, copies_only_when_needed],
}
