"""Answers to the exercises of chapter 01: right ones of another form, and plausible wrong ones."""

import numpy as np
import torch
import torch.nn.functional as F

SHAPES = {"a": (3, 4), "b": (3, 5), "c": "error", "d": (8, 7, 6), "e": (3, 4, 2), "f": (0, 4)}


def divides_in_place(x):
    x /= x.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return x


def row_by_row(x):
    return torch.stack([row / row.norm().clamp(min=1e-12) for row in x])


def loop_without_pytorch(x):
    rows = [[value / (sum(v * v for v in row) ** 0.5 or 1.0) for value in row] for row in x.tolist()]
    return torch.tensor(rows)


def loop_in_numpy(x):
    result = x.numpy().copy()
    for row in result:
        row /= max(np.linalg.norm(row), 1e-12)
    return torch.from_numpy(result)


def expanded(a, b):
    return ((a**2).sum(dim=1, keepdim=True) + (b**2).sum(dim=1) - 2 * a @ b.mT).clamp(min=0)


def point_by_point(a, b):
    return torch.stack([((b - point) ** 2).sum(dim=1) for point in a])


def dimension_by_dimension(a, b):
    return sum((a[:, d, None] - b[:, d]) ** 2 for d in range(a.shape[1]))


def one_matrix_product(a, b):
    left = torch.cat([a, (a**2).sum(dim=1, keepdim=True), torch.ones(len(a), 1)], dim=1)
    right = torch.cat([-2 * b, torch.ones(len(b), 1), (b**2).sum(dim=1, keepdim=True)], dim=1)
    return (left @ right.T).clamp(min=0)


def block_of_all_products(a, b):
    both = torch.cat([a, b])
    products = both @ both.T
    squares = products.diagonal()
    return (squares[: len(a), None] + squares[len(a) :] - 2 * products[: len(a), len(a) :]).clamp(min=0)


def by_einsum(a, b):
    squares = torch.einsum("nd,nd->n", a, a)[:, None] + torch.einsum("md,md->m", b, b)
    return (squares - 2 * torch.einsum("nd,md->nm", a, b)).clamp(min=0)


def by_two_vmaps(a, b):
    return torch.vmap(lambda one: torch.vmap(lambda other: ((one - other) ** 2).sum())(b))(a)


def in_numpy(a, b):
    return torch.from_numpy(((a.numpy()[:, None] - b.numpy()) ** 2).sum(axis=2))


def no_result_for(lost, right):
    """The right function, without a result for first arguments of the shape ``lost``."""
    return lambda *arguments: None if arguments[0].shape == lost else right(*arguments)


def negative_by_rounding(a, b):
    return (a**2).sum(dim=1, keepdim=True) + (b**2).sum(dim=1) - 2 * a @ b.t()


def brighter_in_numpy(image):
    pixels = image.numpy().copy()
    pixels[pixels > 0.5] = 1.0
    return torch.from_numpy(pixels)


def brighter_in_place(image):
    return image.masked_fill_(image > 0.5, 1.0)


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


def by_three_neighbours(pixels, labels, new_pixels):
    places = torch.cdist(new_pixels, pixels).topk(3, largest=False).indices
    return labels[places].mode(dim=1).values


def by_neighbour_in_numpy(pixels, labels, new_pixels):
    found = [int(labels[np.square(pixels.numpy() - row).sum(axis=1).argmin()]) for row in new_pixels.numpy()]
    return torch.tensor(found)


def by_mean(pixels, labels, new_pixels):
    means = torch.stack([pixels[labels == digit].mean(dim=0) for digit in range(10)])
    return torch.cdist(new_pixels, means).argmin(dim=1)


def moves_the_digits(pixels, labels, new_pixels):
    new_pixels -= pixels.mean(dim=0)
    pixels -= pixels.mean(dim=0)
    return by_three_neighbours(pixels, labels, new_pixels)


RIGHT = {
    "01-1": [
        {key: shape if key == "c" else torch.tensor(shape) for key, shape in SHAPES.items()},
        {key: " Error" if key == "c" else list(shape) for key, shape in SHAPES.items()},
        {key: shape if key == "c" else np.array(shape) for key, shape in SHAPES.items()},
    ],
    "01-2": [
        lambda x: F.normalize(x, dim=1),
        lambda x: torch.nan_to_num(x / (x**2).sum(1, keepdim=True).sqrt()),
    ],
    "01-3": [
        lambda a, b: torch.cdist(a, b).square(),
        lambda a, b: expanded(a, b).relu(),
        one_matrix_product,
        block_of_all_products,
        by_einsum,
    ],
    "01-4": [brighter_in_numpy, lambda image: image.masked_fill(image > 0.5, 1.0)],
    "01-5": [
        by_three_neighbours,
        by_neighbour_in_numpy,
        moves_the_digits,
        lambda *digits: by_three_neighbours(*digits).tolist(),
        lambda *digits: by_three_neighbours(*digits).numpy(),
    ],
}
WRONG = {
    "01-1": [
        SHAPES | {"c": (2, 3)},
        SHAPES | {"f": (1, 4)},
        SHAPES | {"b": (5, 3)},
        SHAPES | {"b": "error"},
        SHAPES | {"d": 6},
        {"a": (3, 4)},
    ],
    "01-2": [
        lambda x: x / x.norm(dim=0, keepdim=True).clamp(min=1e-12),
        lambda x: x / x.norm(dim=1).clamp(min=1e-12) if len(x) == x.shape[1] else F.normalize(x, dim=1),
        lambda x: x / x.norm(dim=1, keepdim=True),
        lambda x: x / x.norm().clamp(min=1e-12),
        lambda x: x / x.norm(dim=1, keepdim=True).clamp(min=0.4),
        lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-8),
        lambda x: F.normalize(x.double(), dim=1),
        lambda x: F.normalize(x, dim=1).numpy(),
        divides_in_place,
        row_by_row,
        loop_without_pytorch,
        loop_in_numpy,
        no_result_for((3, 3), lambda x: F.normalize(x, dim=1)),
    ],
    "01-3": [
        torch.cdist,
        lambda a, b: ((a[:, None] - b) ** 2).sum(dim=2),
        negative_by_rounding,
        point_by_point,
        dimension_by_dimension,
        lambda a, b: expanded(a, b).t(),
        by_two_vmaps,
        lambda a, b: F.pairwise_distance(a[:, None], b) ** 2,
        in_numpy,
        no_result_for((200, 20), expanded),
    ],
    "01-4": [
        lambda image: (image > 0.5).to(image.dtype),
        brighter_in_place,
        reshape_is_still_a_view,
        clone_keeps_the_strides,
        copies_only_when_needed,
        lambda image: torch.where(image > 0.5, 1.0, image).float(),
    ],
    "01-5": [
        by_mean,
        lambda pixels, labels, new_pixels: by_three_neighbours(pixels, labels, new_pixels).float(),
        lambda pixels, labels, new_pixels: torch.cdist(new_pixels, pixels),
        lambda pixels, labels, new_pixels: by_three_neighbours(pixels, labels, new_pixels)[1:],
    ],
}
