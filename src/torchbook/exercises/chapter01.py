"""Checks of chapter 01, tensors: tested on inputs and never on the text of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
import operator

import numpy as np
import torch
from torchbook.data.images import load_images
from torchbook.exercises.compare import (
    Wrong,
    close,
    function,
    kind,
    largest,
    loop_left,
    named,
    numbers,
    plain,
    tensor,
    unlike,
)
from torchbook.exercises.contest import Contest, check_contest

SHAPES = {
    "a": ((3, 1), (1, 4)),
    "b": ((5,), (3, 1)),
    "c": ((2, 3), (2,)),
    "d": ((8, 1, 6), (7, 1)),
    "e": ((4, 2), (3, 4, 1)),
    "f": ((1,), (0, 4)),
}


def broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> list[int] | str:
    """The shape of a sum, or ``"error"``."""
    try:
        return list(torch.broadcast_shapes(left, right))
    except RuntimeError:
        return "error"


def check_1(answer: dict) -> Iterator[str]:
    """Shapes of six sums: a dict from letter to shape, or to ``"error"``."""
    if not isinstance(answer, dict):
        raise Wrong(f"the answer is a dictionary with the keys {', '.join(SHAPES)}; yours is {kind(answer)}.")
    for key, (left, right) in SHAPES.items():
        given = plain(answer.get(key))
        given = given.strip().lower() if isinstance(given, str) else given
        if given is None:
            yield f"{key}: no shape yet for {left} + {right}."
        elif given != "error" and not isinstance(given, list):
            yield f"{key}: write the shape as a tuple of whole numbers, or the word 'error', not {given!r}."
        elif given != broadcast(left, right):
            yield (
                f"{key}: {left} + {right} does not give {given if given == 'error' else tuple(given)}. Write one shape "
                "below the other, aligned on the right: each pair must be equal or contain a 1, and a size other than "
                "1 wins."
            )


def check_2(answer: Callable) -> Iterator[str]:
    """Rows of length one, in one go; a zero row stays zero."""
    function(answer)
    table = torch.tensor([[3.0, 4.0], [0.5, 0.0], [-6.0, 8.0]])
    before, rows = table.clone(), torch.tensor([[0.6, 0.8], [1.0, 0.0], [-0.6, 0.8]])
    yield from unlike(answer(table), rows, "a (3, 2) matrix")
    if not table.equal(before):
        yield "your function changed the matrix that it was given."
    square = torch.randn(3, 3)
    found = tensor(answer(square), "a (3, 3) matrix", square.shape)
    if close(found, square / square.norm(dim=1)):
        yield "a (3, 3) matrix: each column was divided, not each row. What shape does the row length need?"
    else:
        yield from unlike(found, square / square.norm(dim=1, keepdim=True), "a (3, 3) matrix")
    short = torch.tensor([[3e-6, 4e-6], [0.3, -0.4]])
    yield from unlike(answer(short), torch.tensor([[0.6, 0.8], [0.6, -0.8]]), "a matrix with short rows")
    zero = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    yield from unlike(answer(zero), torch.tensor([[0.6, 0.8], [0.0, 0.0]]), "a matrix with a row of zeros")
    yield from loop_left((torch.randn(4, 3),), (torch.randn(40, 30),), answer)


def check_3(answer: Callable) -> Iterator[str]:
    """Squared distances between two sets of points, without a loop and without an (N, M, D) tensor."""
    function(answer)
    a, b = torch.randn(5, 3), torch.randn(4, 3) + 1
    right = ((a[:, None] - b) ** 2).sum(dim=2)
    yield from unlike(answer(a, b), right, "5 points and 4 points in 3 dimensions")
    yield from unlike(answer(a[:1], b), right[:1], "1 point and 4 points")
    many = torch.randn(200, 20) * 100
    where = "200 points against themselves"
    if bool((tensor(answer(many, many), where, (200, 200)) < 0).any()):
        yield (
            f"{where}: some squared distances are negative. "
            "Rounding does that when nearly equal numbers are subtracted; what is the least value allowed?"
        )
    made = largest(answer, torch.randn(40, 50), torch.randn(30, 50))
    if made >= 40 * 30 * 50:
        yield (
            f"40 and 30 points in 50 dimensions: on the way {made:,} numbers are held at once. The result has 1,200, "
            "the larger input 2,000, and a tensor of shape (40, 30, 50) would have 60,000."
        )
    yield from loop_left((torch.randn(4, 3),) * 2, (torch.randn(40, 30),) * 2, answer)


def check_4(answer: Callable) -> Iterator[str]:
    """Pixels above a half become one, in a new tensor, whatever the strides of the input."""
    function(answer)
    image = torch.tensor([[0.2, 0.7, 0.5], [0.9, 0.1, 1.0]])
    for where, pixels in {
        "a (2, 3) image": image,
        "the transposed image, whose strides are not those of a new tensor": image.t(),
        "an image without a bright pixel": torch.tensor([[0.1, 0.2]]),
        "a float64 image": image.double(),
    }.items():
        given = pixels.clone(memory_format=torch.preserve_format)
        try:
            result = answer(given)
        except RuntimeError as error:
            yield f"{where}: stopped with {named(error)}"
            continue
        if not given.equal(pixels):
            yield f"{where}: the image that was handed in has changed."
            continue
        yield from unlike(result, torch.where(pixels > 0.5, torch.ones_like(pixels), pixels), where)
        if result.untyped_storage().data_ptr() == given.untyped_storage().data_ptr():
            yield f"{where}: the result shares its memory with the input, so a later change of one would change both."


@cache
def _digits() -> tuple[torch.Tensor, ...]:
    """Rows and labels of a part of the training digits, and of the part that is kept out: four tensors."""
    parts = load_images("digits", "train", source="embedded").split(0.2, seed=15)
    return tuple(x for part in parts for x in (part.images.flatten(1).float() / 255, part.labels))


def _digits_right(answer: Callable) -> float:
    """Percent of the digits kept out whose label classify(pixels, labels, new_pixels) finds."""
    function(answer)
    pixels, labels, new_pixels, new_labels = _digits()
    where = f"for {len(pixels):,} digits to learn from and {len(new_pixels)} new ones"
    found = answer(pixels.clone(), labels.clone(), new_pixels.clone())
    if not isinstance(found, list | tuple | np.ndarray):
        tensor(found, where, new_labels.shape)
    given = numbers(found, len(new_labels), "your result")
    for label in given:
        if not isinstance(label, int):
            raise Wrong(f"{where}: labels are whole numbers, and one of yours is {kind(label)}.")
    return 100 * sum(map(operator.eq, given, new_labels.tolist())) / len(given)


CONTEST_5 = Contest(_digits_right, _digits, "digits kept out, % right", bar=95.0, larger=True, seconds=5.0)


def check_5(answer: Callable) -> Iterator[str]:
    """classify(pixels, labels, new_pixels): better than the nearest mean, within the budget."""
    yield from check_contest(CONTEST_5, answer)
