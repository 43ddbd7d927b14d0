"""Checks of the exercises of chapter 09: fans, Xavier by hand, a filling to mend, measured gains."""

from __future__ import annotations

from collections.abc import Iterator
import math

import torch
from torch import Tensor, nn
import torch.nn.functional as F


def _fans(weight: Tensor) -> tuple[int, int]:
    window = weight[0, 0].numel()
    return weight.shape[1] * window, weight.shape[0] * window


def check_1(answer) -> Iterator[str]:
    """Five pairs of fans, from the weights of the layers."""
    layers = [
        nn.Linear(300, 100),
        nn.Conv2d(3, 64, kernel_size=7, stride=2),
        nn.Conv2d(64, 128, kernel_size=1),
        nn.Conv1d(16, 8, kernel_size=5),
        nn.Conv2d(32, 32, kernel_size=3, groups=32),
    ]
    if not isinstance(answer, (list, tuple)) or len(answer) != len(layers):
        yield f"write a list of {len(layers)} pairs, one for each layer, in order."
        return
    for number, (layer, pair) in enumerate(zip(layers, answer, strict=True), 1):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            yield f"entry {number} must be a pair (fan-in, fan-out)."
            continue
        expected, given = _fans(layer.weight), tuple(pair)
        if given == expected:
            continue
        if given == expected[::-1]:
            yield f"layer {number}: fan-in and fan-out are exchanged."
        elif given == tuple(layer.weight.shape[:2])[::-1]:
            yield f"layer {number}: a convolution's window counts too."
        elif given[0] != expected[0]:
            yield f"layer {number}: look at the fan-in, the number of inputs that one output reads."
        else:
            yield f"layer {number}: look at the fan-out; `torch.nn.init` takes the weight's first dimension for it."


def check_2(answer) -> Iterator[str]:
    """Xavier uniform by hand, held against its bound and deviation."""
    if not callable(answer):
        yield "xavier_uniform must be a function."
        return
    for shape, gain in (((300, 200), 1.0), ((20, 400), 1.0), ((30, 10, 5, 5), 1.0), ((40, 50, 7), 2.5)):
        weight = nn.Parameter(torch.full(shape, 9.0))
        try:
            returned = answer(weight) if gain == 1.0 else answer(weight, gain=gain)
        except RuntimeError as error:
            yield f"it stops with: {str(error).splitlines()[0]}"
            return
        if returned is None and weight.eq(9.0).all():
            yield "the weight is still as it was; fill it in place and return it."
            return
        if returned is not weight:
            yield "return the weight itself, filled in place."
            return
        if not weight.is_leaf or not weight.requires_grad:
            yield "the weight must stay a leaf that requires gradients; fill it under torch.no_grad()."
            return
        values = weight.detach()
        bound = gain * math.sqrt(6 / sum(_fans(values)))
        where = f"for a weight of shape {shape}" + ("" if gain == 1.0 else f" and gain {gain}")
        if values.min() > -0.9 * bound and values.max() > 0:
            yield f"{where} the smallest number should lie near {-bound:.4f}, got {values.min().item():.4f}."
            return
        if not 0.98 * bound <= values.abs().max() <= 1.0001 * bound:
            yield f"{where} the bound should be {bound:.4f}; the largest number is {values.abs().max().item():.4f}."
            return
        if abs(values.std() / (bound / math.sqrt(3)) - 1) > 0.05:
            yield f"{where} the bound is right, but the numbers are not spread evenly between the bounds."
            return
        again = nn.Parameter(torch.empty(shape))
        if torch.equal(answer(again, gain=gain), weight):
            yield "two calls drew the same numbers; do not set a seed inside."
            return


def check_3(answer) -> Iterator[str]:
    """A filling of whole networks."""
    if not callable(answer):
        yield "fill_network must be a function."
        return
    model = nn.Sequential(
        nn.Conv2d(8, 16, 5), nn.BatchNorm2d(16), nn.Flatten(), nn.Linear(400, 300), nn.Linear(300, 90)
    )
    model.append(nn.Linear(90, 80, bias=False))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 3.0)
    before = list(model.parameters())
    try:
        answer(model)
    except (RuntimeError, AttributeError) as error:
        yield f"it stops with {type(error).__name__}: {str(error).splitlines()[0]}"
        return
    after = list(model.parameters())
    if len(after) != len(before) or any(one is not other for one, other in zip(before, after, strict=True)):
        yield "a parameter was replaced by another object; an optimiser would go on changing the old one."
        return
    if not all(parameter.is_leaf and parameter.requires_grad for parameter in after):
        yield "every parameter must stay a leaf that requires gradients."
        return
    for module in model:
        if not isinstance(module, (nn.Linear, nn.Conv2d)):
            continue
        name, weight = type(module).__name__, module.weight.detach()
        wanted = math.sqrt(2 / _fans(weight)[0])
        if weight.eq(3.0).all():
            yield f"the weight of the {name} layer was not filled."
        elif weight.std() < 0.1 * wanted:
            yield f"the weights of the {name} layer are all equal; its units would stay equal for ever."
        elif abs(weight.std() / wanted - 1) > 0.08 or abs(weight.mean()) > 0.1 * wanted:
            yield (
                f"the weights of the {name} layer {tuple(weight.shape)} should have mean 0 and deviation {wanted:.4f}, "
                f"got {weight.mean().item():.4f} and {weight.std().item():.4f}."
            )
        elif weight.abs().max() < 2.2 * wanted:
            yield f"the weights of the {name} layer have the right deviation but are not normal."
        elif module.bias is not None and not module.bias.eq(0).all():
            yield f"the bias of the {name} layer is not zero."
        else:
            continue
        return
    if not model[1].weight.eq(3.0).all():
        yield "leave the batch norm as it is; only linear and convolution layers are to be filled."


def check_4(answer) -> Iterator[str]:
    """Measured gains, held against a numerical integral."""
    if not callable(answer):
        yield "measured_gain must be a function."
        return
    z = torch.linspace(-8, 8, 160_001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    functions = {
        "the identity": lambda x: x,
        "F.relu": F.relu,
        "a shift by 3": lambda x: x + 3,
        "torch.tanh": torch.tanh,
        "F.gelu": F.gelu,
        "F.silu": F.silu,
    }
    for name, function in functions.items():
        expected = 1 / math.sqrt(torch.trapezoid(function(z).square() * density, z).item())
        given = answer(function, samples=200_000)
        if given is None:
            yield "measured_gain returns nothing yet."
            return
        given = float(given)
        if abs(given / expected - 1) > 0.02:
            hint = "the mean square is not the variance: the mean counts too" if name != "the identity" else (
                "a function that changes nothing has gain 1"
            )  # fmt: skip
            if abs(given * expected - 1) < 0.02:
                hint = "that is the size itself; the gain brings it back to 1"
            elif abs(given / expected**2 - 1) < 0.03:
                hint = "that is the factor for the mean square; take the root"
            yield f"for {name} the gain should be near {expected:.2f}, got {given:.2f}; {hint}."
            return
