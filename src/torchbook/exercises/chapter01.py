"""Chapter 01, tensors: what the exercises ask for, tested on inputs and never on the text of an answer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

SHAPES = {
    "a": ((3, 1), (1, 4)),
    "b": ((5,), (3, 1)),
    "c": ((2, 3), (2,)),
    "d": ((8, 1, 6), (7, 1)),
    "e": ((4, 2), (3, 4, 1)),
    "f": ((1,), (0, 4)),
}


class Watch(TorchFunctionMode):
    """Count the calls of PyTorch functions inside a ``with`` block, and the size of the largest tensor they made."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.largest = 0  # numbers in it

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.calls += 1
        if isinstance(result, Tensor):
            self.largest = max(self.largest, result.numel())
        return result


def random(*shape: int) -> Tensor:
    """Standard normal numbers, the same at each call; the reader's own generator stays where it is."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def unlike(found, right: Tensor, what: str) -> Iterator[str]:
    """Say how ``found`` differs from ``right``: kind, shape, type, or values."""
    if not isinstance(found, Tensor):
        yield f"{what}: your function returned {type(found).__name__}, a tensor is asked for."
    elif found.shape != right.shape:
        yield f"{what}: the result should have shape {tuple(right.shape)}, yours has {tuple(found.shape)}."
    elif found.dtype != right.dtype:
        yield f"{what}: the result should have type {right.dtype}, yours has {found.dtype}."
    elif found.isnan().any():
        yield f"{what}: the result contains nan. Where could zero be divided by zero?"
    elif not torch.allclose(found, right, rtol=1e-4, atol=1e-4 * max(1.0, float(right.abs().max()))):
        yield f"{what}: the shape is right and the values are not."


def broadcast(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...] | str:
    """The shape of a sum, or ``"error"``."""
    try:
        return tuple(torch.broadcast_shapes(left, right))
    except RuntimeError:
        return "error"


def check_1(answer) -> Iterator[str]:
    """Shapes of six sums: a dict from letter to tuple, or to ``"error"``."""
    if not isinstance(answer, dict):
        yield f"the answer is a dictionary with the keys {', '.join(SHAPES)}; yours is of type {type(answer).__name__}."
        return
    for key, (left, right) in SHAPES.items():
        given = answer.get(key)
        if given is None:
            yield f"{key}: no shape yet for {left} + {right}."
            continue
        given = given if isinstance(given, str) else tuple(given)
        if given != broadcast(left, right):
            yield (
                f"{key}: {left} + {right} does not give {given}. Write one shape below the other, aligned on the "
                "right: each pair must be equal or contain a 1, and a size other than 1 wins."
            )


def check_2(answer) -> Iterator[str]:
    """Rows of length one, in one go; a zero row stays zero."""
    table = torch.tensor([[3.0, 4.0], [0.5, 0.0], [-6.0, 8.0]])
    before = table.clone()
    result = answer(table)
    yield from unlike(result, torch.tensor([[0.6, 0.8], [1.0, 0.0], [-0.6, 0.8]]), "a (3, 2) matrix")
    if not isinstance(result, Tensor):
        return
    if not table.equal(before):
        yield "your function changed the matrix that it was given."
    square = random(3, 3)
    found = list(unlike(answer(square), square / square.norm(dim=1, keepdim=True), "a (3, 3) matrix"))
    if found and torch.allclose(answer(square), square / square.norm(dim=1)):
        found = ["a (3, 3) matrix: each column was divided, not each row. What shape does the row length need?"]
    yield from found
    zero = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    yield from unlike(answer(zero), torch.tensor([[0.6, 0.8], [0.0, 0.0]]), "a matrix with a row of zeros")
    yield from loop_left(lambda n: (random(n, 3),), answer)


def check_3(answer) -> Iterator[str]:
    """Squared distances between two sets of points, without a loop and without an (N, M, D) tensor."""
    a, b = random(5, 3), random(4, 3) + 1
    result = answer(a, b)
    yield from unlike(result, ((a[:, None] - b) ** 2).sum(dim=2), "5 points and 4 points in 3 dimensions")
    if not isinstance(result, Tensor):
        return
    yield from unlike(answer(a[:1], b), ((a[:1, None] - b) ** 2).sum(dim=2), "1 point and 4 points")
    many = random(200, 20) * 100
    own = answer(many, many)
    if bool((own < 0).any()):
        yield (
            "200 points against themselves: some squared distances are negative. "
            "Rounding does that when nearly equal numbers are subtracted; what is the least value allowed?"
        )
    with Watch() as watch:
        answer(random(40, 50), random(30, 50))
    if watch.largest > 40 * 50:
        yield (
            f"40 and 30 points in 50 dimensions: on the way a tensor of {watch.largest} numbers was made. "
            "The result has 1200, the larger input 2000; nothing larger is needed."
        )
    yield from loop_left(lambda n: (random(n, 3), random(n, 3)), answer)


def check_4(answer) -> Iterator[str]:
    """Pixels above a half become one, in a new tensor, whatever the strides of the input."""
    image = torch.tensor([[0.2, 0.7, 0.5], [0.9, 0.1, 1.0]])
    for what, pixels in {
        "a (2, 3) image": image,
        "the transposed image, whose strides are not those of a new tensor": image.t(),
        "an image without a bright pixel": torch.tensor([[0.1, 0.2]]),
        "a float64 image": image.double(),
    }.items():
        given = pixels.clone(memory_format=torch.preserve_format)
        try:
            result = answer(given)
        except RuntimeError as error:
            yield f"{what}: stopped with RuntimeError: {str(error).splitlines()[0]}"
            continue
        if not given.equal(pixels):
            yield f"{what}: the image that was handed in has changed."
            continue
        yield from unlike(result, torch.where(pixels > 0.5, torch.ones_like(pixels), pixels), what)
        if isinstance(result, Tensor) and result.untyped_storage().data_ptr() == given.untyped_storage().data_ptr():
            yield f"{what}: the result shares its memory with the input, so a later change of one would change both."


def loop_left(inputs, answer) -> Iterator[str]:
    """Say so when ``answer`` calls PyTorch more often for 40 rows than for 4. inputs: number of rows -> arguments."""
    counts = []
    for rows in (4, 40):
        arguments = inputs(rows)
        with Watch() as watch:
            answer(*arguments)
        counts.append(watch.calls)
    if counts[0] != counts[1]:
        yield f"a loop is left: {counts[0]} calls of PyTorch for 4 rows, {counts[1]} for 40."
