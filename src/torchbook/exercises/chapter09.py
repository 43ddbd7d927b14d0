"""Checks of chapter 09, weight initialisation: fans, Xavier by hand, a filling to mend, measured gains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.batches import Batches
from torchbook.data.images import load_images
from torchbook.exercises.compare import Watch, Wrong, function, named, number, parts
from torchbook.training import train_one_epoch

MOST_LOSS = 2.15  # nats, of a start for the leaderboard in the second pass over the digits


def _still_recording() -> None:
    if not torch.is_grad_enabled():
        raise Wrong("after the call autograd is off for the whole program; it has to be as it was before.")


def _repeats(weight: Tensor) -> bool:
    """Whether many of its numbers are copies; of numbers drawn one by one very few are equal."""
    return weight.unique().numel() < 0.9 * weight.numel()


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
    pairs = parts(answer, len(layers), "pairs, one for each layer, in order")
    for place, (layer, given) in enumerate(zip(layers, pairs, strict=True), 1):
        expected = list(_fans(layer.weight))
        if not isinstance(given, list) or len(given) != 2:
            yield f"entry {place} must be a pair (fan-in, fan-out)."
        elif given == expected:
            continue
        elif given == expected[::-1]:
            yield f"layer {place}: fan-in and fan-out are exchanged."
        elif given == list(layer.weight.shape[:2])[::-1]:
            yield f"layer {place}: a convolution's window counts too."
        elif given[0] != expected[0]:
            yield f"layer {place}: look at the fan-in, the number of inputs that one output reads."
        else:
            yield f"layer {place}: look at the fan-out; `torch.nn.init` takes the weight's first dimension for it."


def check_2(answer: Callable) -> Iterator[str]:
    """Xavier uniform by hand: bound and deviation, the same leaf, nothing ready-made."""
    function(answer)
    for shape, options in (((300, 200), {}), ((20, 400), {}), ((30, 10, 5, 5), {}), ((40, 50, 7), {"gain": 2.5})):
        weight = nn.Parameter(torch.full(shape, 9.0))
        with Watch() as watch:
            try:
                returned = answer(weight, **options)
            except RuntimeError as error:
                raise Wrong(f"it stops with {named(error)}") from None
        _still_recording()
        if returned is None and weight.eq(9.0).all():
            raise Wrong("the weight is still as it was; fill it in place and return it.")
        if "torch.nn.init" in watch.modules:
            raise Wrong("a function of torch.nn.init was called; compute the bound and draw the numbers yourself.")
        if "data" in watch.calls:
            raise Wrong("weight.data goes round autograd unseen; work on the weight itself, under torch.no_grad().")
        if returned is not weight:
            raise Wrong("return the weight itself, filled in place.")
        if not weight.is_leaf or not weight.requires_grad:
            raise Wrong("the weight must stay a leaf that requires gradients; fill it under torch.no_grad().")
        values = weight.detach()
        bound = options.get("gain", 1.0) * math.sqrt(6 / sum(_fans(values)))
        where = f"for a weight of shape {shape}" + "".join(f" and {name} {value}" for name, value in options.items())
        if values.min() > -0.9 * bound and values.max() > 0:
            raise Wrong(f"{where} the smallest number should lie near {-bound:.4f}, got {values.min().item():.4f}.")
        if not 0.98 * bound <= values.abs().max() <= 1.0001 * bound:
            largest = values.abs().max().item()
            raise Wrong(f"{where} the bound should be {bound:.4f}; the largest number is {largest:.4f}.")
        if _repeats(values):
            raise Wrong(f"{where} many of the numbers are equal; draw one for each entry of the weight.")
        if abs(values.std() / (bound / math.sqrt(3)) - 1) > 0.05:
            raise Wrong(f"{where} the bound is right, but the numbers are not spread evenly between the bounds.")
        if torch.equal(answer(nn.Parameter(torch.empty(shape)), **options), weight):
            yield "two calls gave the same numbers; draw new ones in each call, and set no seed inside."
            return


def check_3(answer: Callable) -> Iterator[str]:
    """A filling of whole networks."""
    function(answer)
    model = nn.Sequential(
        nn.Conv2d(8, 16, 5), nn.BatchNorm2d(16), nn.Flatten(), nn.Linear(400, 300), nn.Linear(300, 90)
    )
    model.append(nn.Sequential(nn.Linear(90, 80, bias=False), nn.LayerNorm(80)))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 3.0)
    before = list(model.parameters())
    try:
        answer(model)
    except (RuntimeError, AttributeError) as error:
        raise Wrong(f"it stops with {named(error)}") from None
    _still_recording()
    after = list(model.parameters())
    if len(after) != len(before) or any(one is not other for one, other in zip(before, after, strict=True)):
        raise Wrong("a parameter was replaced by another object; an optimiser would go on changing the old one.")
    if not all(parameter.is_leaf and parameter.requires_grad for parameter in after):
        raise Wrong("every parameter must stay a leaf that requires gradients.")
    for module in model.modules():
        if not isinstance(module, nn.Linear | nn.Conv2d):
            if any(not parameter.eq(3.0).all() for parameter in module.parameters(recurse=False)):
                yield f"leave the {type(module).__name__} as it is; only linear and convolution layers are filled."
            continue
        name, weight = type(module).__name__, module.weight.detach()
        wanted = math.sqrt(2 / _fans(weight)[0])
        if weight.eq(3.0).all():
            yield f"the weight of the {name} layer was not filled."
        elif not weight.isfinite().all():
            yield f"the weights of the {name} layer are not all finite numbers."
        elif _repeats(weight):
            yield (
                f"many weights of the {name} layer are equal to one another; draw one for each entry, since units that "
                "are equal stay equal for ever."
            )
        elif abs(weight.std() / wanted - 1) > 0.08 or abs(weight.mean()) > 0.1 * wanted:
            yield (
                f"the weights of the {name} layer {tuple(weight.shape)} should have mean 0 and deviation {wanted:.4f}, "
                f"got {weight.mean().item():.4f} and {weight.std().item():.4f}."
            )
        elif weight.abs().max() < 2.6 * wanted:
            yield f"the weights of the {name} layer have the right deviation but are not normal."
        elif module.bias is not None and not module.bias.eq(0).all():
            yield f"the bias of the {name} layer is not zero."
        else:
            continue
        return


def check_4(answer: Callable) -> Iterator[str]:
    """Measured gains, compared with a numerical integral."""
    function(answer)
    samples = 200_000
    z = torch.linspace(-8, 8, 160_001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    for name, of in {
        "the identity": lambda x: x,
        "F.relu": F.relu,
        "a shift by 3": lambda x: x + 3,
        "torch.tanh": torch.tanh,
        "F.gelu": F.gelu,
        "F.silu": F.silu,
    }.items():
        expected = 1 / math.sqrt(torch.trapezoid(of(z).square() * density, z).item())
        seen = []

        def noted(x, of=of, seen=seen):
            seen.append(torch.as_tensor(x).numel())
            return of(x)

        given = number(answer(noted, samples=samples), f"for {name} the gain")
        if abs(given / expected - 1) < 0.02:
            continue
        where = f"for {name} the gain should be near {expected:.3f}, got {given:.3f};"
        if 0 < sum(seen) < samples:
            yield f"{where} the function was given {sum(seen):,} numbers where `samples` was {samples:,}."
        elif name == "the identity":
            yield f"{where} a function that changes nothing has gain 1."
        elif abs(given * expected - 1) < 0.02:
            yield f"{where} that is the size itself; the gain brings it back to 1."
        elif abs(given / expected**2 - 1) < 0.03:
            yield f"{where} that is the factor for the mean square; take the root."
        else:
            yield f"{where} the mean square is not the variance: the mean counts too."
        return


def _inputs(images: Tensor) -> Tensor:
    return (F.avg_pool2d(images, 4).flatten(1) - 0.31) / 0.33  # (N, 64)


def _plain() -> nn.Sequential:
    layers = [layer for _ in range(20) for layer in (nn.Linear(64, 64), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def _computes_like(model: nn.Module, twin: nn.Module) -> bool:
    """Whether both have the same outputs and the same gradients."""
    x = torch.randn(8, 64)
    seen = []
    for one in (model, twin):
        y = one(x)
        if not y.requires_grad:
            return False
        seen.append([y, *torch.autograd.grad(y.square().mean(), list(one.parameters()), materialize_grads=True)])
    return all(torch.allclose(a, b, rtol=1e-4, equal_nan=True) for a, b in zip(*seen, strict=True))


def check_5(answer: Callable) -> None:
    """A start for the chapter's deep plain network, in place: it stays that network, and it learns in two passes.

    How well it learns, the chapter's leaderboard says.
    """
    function(answer)
    model = _plain()
    modules, before = list(model.modules()), list(model.parameters())
    values = [parameter.detach().clone() for parameter in before]
    try:
        answer(model)
    except RuntimeError as error:
        raise Wrong(f"it stops with {named(error)}") from None
    _still_recording()
    after = list(model.parameters())
    if [id(one) for one in model.modules()] != [id(one) for one in modules]:
        raise Wrong("the network's layers are no longer those that it had; only the numbers in them may change.")
    if [id(one) for one in after] != [id(one) for one in before]:
        raise Wrong("a parameter was replaced by another object; fill it in place.")
    if not all(parameter.is_leaf and parameter.requires_grad for parameter in after):
        raise Wrong("every parameter must stay a leaf that requires gradients.")
    if all(torch.equal(one, other) for one, other in zip(after, values, strict=True)):
        raise Wrong("no weight was changed.")
    twin = _plain()
    twin.load_state_dict(model.state_dict())
    if not _computes_like(model, twin):
        raise Wrong("the network computes something else than its layers, by a hook, say; only numbers may change.")
    batches = Batches(load_images("digits", "train", source="embedded"), 48, transform=_inputs, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9)
    for _ in range(2):
        loss, _ = train_one_epoch(model, batches, optimizer)
    if not round(loss, 2) <= MOST_LOSS:  # also where it is not a number
        raise Wrong(
            f"in the second pass the training loss is {loss:.2f}; at most {MOST_LOSS} is asked for, and an even guess "
            "has 2.30."
        )
