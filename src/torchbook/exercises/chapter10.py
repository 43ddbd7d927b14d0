"""Checks of the exercises of chapter 10, ResNet from scratch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode
from torchbook.data.batches import Batches
from torchbook.data.images import load_images
from torchbook.exercises.compare import Wrong, close, function, kind, named, number, parts, subclass, tensor, unchanged
from torchbook.models import ResidualBlock, make_layer
from torchbook.training import evaluate, train_one_epoch

MOST_PARAMETERS, MOST_OPERATIONS = 20_000, 1_000_000  # of an entry to the leaderboard; operations a picture
LEAST_RIGHT = 20  # percent of held-out digits after the check's few steps


def check_1(answer) -> Iterator[str]:
    """Shape and parameters of a stage."""
    stage = make_layer(ResidualBlock, 32, 64, 3, stride=2)
    shape, parameters = parts(answer, 2, "parts: a shape and a number of parameters")
    if shape != list(stage(torch.zeros(8, 32, 28, 28)).shape):
        yield "the first block alone has the stride, and it sets the channels; how do height and width change?"
    expected = sum(parameter.numel() for parameter in stage.parameters())
    count = number(parameters, "the number of parameters")
    if count != expected:
        direction = "few" if count < expected else "many"
        yield (
            f"{count} parameters are too {direction}: count two 3 x 3 convolutions without bias and two "
            "normalisations in each of three blocks, and the projection where the shape changes."
        )


def check_2(answer: Callable) -> None:
    """batch_norm(x, weight, bias, eps): the training forward, any number of dimensions from two."""
    function(answer)
    for shape, eps in (((6, 3), 1e-5), ((4, 3, 5), 1e-5), ((4, 3, 5, 7), 1e-5), ((2, 3, 3, 3), 0.1), ((3, 3, 3), 1e-5)):
        x = 3 * torch.randn(shape) + 1
        weight, bias = torch.randn(2, 3)
        given = {"the input": x, "the weight": weight, "the bias": bias}
        before = {name: value.clone() for name, value in given.items()}
        expected = F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)
        found = tensor(answer(x, weight, bias, eps), f"for an input {shape}", expected.shape)
        for name, value in given.items():
            unchanged(value, before[name], name)
        if not close(found, expected):
            gap = (found - expected).abs().max().item()
            raise Wrong(
                f"for an input {shape} with eps={eps} the largest difference is {gap:.2g}: mean and biased variance "
                "go over all dimensions but the channels, and scale and shift belong to a channel."
            )


def _inner(block: nn.Module, x: Tensor, where: str, same: bool) -> tuple[Tensor, Tensor, nn.Module]:
    """The block's output, what its inner part added to it, and the normalisation at the end of that part.

    same: whether the shape stays; the shortcut has no convolution there, and any where it changes.
    """
    ran = []

    def note(module, inputs, output):
        ran.append((module, inputs[0].clone(), output.clone()))

    layers = [module for module in block.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    y = tensor(block(x), where)
    for hook in hooks:
        hook.remove()
    places = [place for place, (module, *_) in enumerate(ran) if getattr(module, "kernel_size", None) == (3, 3)]
    if len(places) < 2 or (same and len(places) > 2):
        raise Wrong(f"{where} should run two 3 x 3 convolutions, those of the inner part; it runs {len(places)}.")
    places = [place for place in places if isinstance([*ran, (None,)][place + 1][0], nn.BatchNorm2d)]
    if len(places) < 2:
        raise Wrong(f"{where} should normalise after each of its 3 x 3 convolutions.")
    for first, second in combinations(places, 2):  # which two follow one another?
        read, between = ran[second][1], ran[first + 1][2].relu()
        if read.shape == between.shape and close(read, between):
            norm, _, output = ran[second + 1]
            return y, output, norm
    raise Wrong(f"{where} should have a ReLU between its two convolutions.")


def check_3(answer: type) -> None:
    """A residual block with a shortcut of any kind where the shape changes, which leaves its input alone."""
    subclass(answer, nn.Module)
    for in_channels, out_channels, stride in ((4, 4, 1), (4, 8, 1), (4, 4, 2), (4, 8, 2)):
        where = f"Block({in_channels}, {out_channels}, stride={stride})"
        block = answer(in_channels, out_channels, stride)
        x = torch.randn(2, in_channels, 9, 9)
        before = x.clone()
        try:
            y = tensor(block(x), where)
        except RuntimeError as error:
            raise Wrong(f"{where} fails: {named(error)}") from None
        if not torch.equal(x, before):
            raise Wrong(f"{where} changes its input; an operation that writes into x writes into the caller's tensor.")
        expected = (2, out_channels, -(-9 // stride), -(-9 // stride))
        if tuple(y.shape) != expected:
            raise Wrong(f"{where} turns {tuple(x.shape)} into {tuple(y.shape)}; it should be {expected}.")
        if not y.isfinite().all():
            raise Wrong(f"{where} gives numbers that are not finite.")
        same = (in_channels, stride) == (out_channels, 1)
        y, inner, norm = _inner(block, x, where, same)
        hook = norm.register_forward_hook(lambda module, inputs, output: torch.full_like(output, 16.0))
        shortcut = block(x) - 16.0  # the inner part is 16 everywhere: the ReLU lets all pass
        hook.remove()
        if same and not close(shortcut, x):
            raise Wrong(f"{where}: the shortcut should be the input itself, added to the inner part.")
        if not shortcut.abs().max() > 1e-3 or shortcut.max() <= -15.9:
            raise Wrong(f"{where}: the shortcut carries nothing, or the inner part is not added to it.")
        if close(y, shortcut + inner):
            raise Wrong(f"{where} should have a ReLU after the addition.")
        if not close(y, (shortcut + inner).relu()):
            raise Wrong(f"{where} should return the ReLU of shortcut plus inner part, and returns something else.")


def check_4(answer: type) -> None:
    """Bottleneck(in_channels, width, stride): equal to torchvision's."""
    from torchvision.models.resnet import Bottleneck

    subclass(answer, nn.Module)
    for in_channels, width, stride in ((16, 4, 1), (8, 4, 1), (16, 8, 2), (16, 4, 2)):
        where = f"Bottleneck({in_channels}, {width}, stride={stride})"
        projection = None
        if stride != 1 or in_channels != 4 * width:
            projection = nn.Sequential(
                nn.Conv2d(in_channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
            )
        oracle = Bottleneck(in_channels, width, stride, projection)
        block = answer(in_channels, width, stride)
        ours, theirs = set(block.state_dict()), set(oracle.state_dict())
        if theirs - ours:
            raise Wrong(f"the state dict of {where} lacks {', '.join(sorted(theirs - ours)[:3])}.")
        if ours - theirs:
            raise Wrong(f"the state dict of {where} has one too many in {', '.join(sorted(ours - theirs)[:3])}.")
        try:
            block.load_state_dict(oracle.state_dict())
        except RuntimeError as error:
            raise Wrong(f"{where} cannot load torchvision's state dict: {named(error, -1)}") from None
        x = torch.randn(4, in_channels, 7, 7)
        for mode in ("train", "eval"):
            expected = getattr(oracle, mode)()(x)
            found = tensor(getattr(block, mode)()(x.clone()), where)
            if found.shape != expected.shape or not close(found, expected):
                raise Wrong(
                    f"{where} loads the weights, but its output differs in {mode} mode: look at strides and ReLUs."
                )


def _shrunk(images: Tensor) -> Tensor:
    return F.avg_pool2d(2 * images - 1, 4)  # (N, 1, 8, 8) in [-1, 1]


def check_5(answer: Callable) -> None:
    """A function that makes networks for the digits at 8 x 8 pixels: within the budget, all of it used, and it learns.

    How good they are, the chapter's leaderboard says.
    """
    function(answer)
    model, other = answer(), answer()
    if not isinstance(model, nn.Module) or not isinstance(other, nn.Module):
        raise Wrong(f"your function returned {kind(model)}; a network (an nn.Module) is asked for.")
    if {id(parameter) for parameter in model.parameters()} & {id(parameter) for parameter in other.parameters()}:
        raise Wrong("two calls returned networks with the same weights; make a new network in each call.")
    x = torch.rand(6, 1, 8, 8)
    with FlopCounterMode(display=False) as counter:
        scores = tensor(model.eval()(x), "for pictures (6, 1, 8, 8)", (6, 10))
    if not scores.isfinite().all():
        raise Wrong("the scores are not finite numbers.")
    count = sum(parameter.numel() for parameter in model.parameters())
    if count > MOST_PARAMETERS:
        raise Wrong(f"the network has {count:,} parameters; the budget is {MOST_PARAMETERS:,}.")
    operations = round(counter.get_total_flops() / len(x))
    if operations > MOST_OPERATIONS:
        raise Wrong(f"a picture costs {operations:,} operations; the budget is {MOST_OPERATIONS:,}.")
    if not close(model(x[:2]), scores[:2]):
        raise Wrong("in evaluation mode the scores of a picture depend on the other pictures of its batch.")
    scores = tensor(model.train()(x), "for pictures (6, 1, 8, 8) in training mode", (6, 10))
    if not scores.requires_grad:
        raise Wrong("no gradient comes from the scores: the network has to have parameters, and they have to learn.")
    F.cross_entropy(scores, torch.arange(6)).backward()
    idle = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    if idle:
        raise Wrong(f"{idle[0]} gets no gradient; every parameter has to take part.")
    train, val = load_images("digits", "train", source="embedded").split(0.25)
    batches = Batches(train, 50, transform=_shrunk, shuffle=True)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.05, momentum=0.9)
    for _ in range(2):
        train_one_epoch(other, batches, optimizer)
    _, right = evaluate(other, Batches(val, 500, transform=_shrunk))
    found, least = round(right * len(val)), -(-len(val) * LEAST_RIGHT // 100)
    if found < least:
        raise Wrong(
            f"after two passes over the digits the network is right for {found} of the {len(val)} held out; "
            f"at least {least} are asked for."
        )
