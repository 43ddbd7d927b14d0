"""Checks of the exercises of chapter 10, ResNet from scratch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torchbook.models import ResidualBlock, make_layer


def check_1(answer) -> Iterator[str]:
    """Shape and parameters of a stage."""
    stage = make_layer(ResidualBlock, 32, 64, 3, stride=2)
    if not isinstance(answer, tuple) or len(answer) != 2:
        yield "the answer is a tuple: a shape, which is a tuple of four numbers, and a number of parameters."
        return
    shape, parameters = tuple(answer[0]), answer[1]
    if shape != tuple(stage(torch.zeros(8, 32, 28, 28)).shape):
        yield "the first block alone has the stride, and it sets the channels; how do height and width change?"
    expected = sum(parameter.numel() for parameter in stage.parameters())
    if parameters != expected:
        direction = "few" if parameters < expected else "many"
        yield (
            f"{parameters} parameters are too {direction}: count two 3 x 3 convolutions without bias and two "
            "normalisations in each of three blocks, and the projection where the shape changes."
        )


def check_2(answer: Callable) -> Iterator[str]:
    """batch_norm(x, weight, bias, eps): the training forward, any number of dimensions from two."""
    generator = torch.Generator().manual_seed(0)
    for shape, eps in (((6, 3), 1e-5), ((4, 3, 5), 1e-5), ((4, 3, 5, 7), 1e-5), ((2, 3, 3, 3), 0.1), ((3, 3, 3), 1e-5)):
        x = 3 * torch.randn(shape, generator=generator) + 1
        weight, bias = torch.randn(2, 3, generator=generator)
        before = x.clone()
        expected = nn.functional.batch_norm(x, None, None, weight, bias, training=True, eps=eps)
        found = answer(x, weight, bias, eps)
        if not torch.equal(x, before):
            yield "the input was changed; compute a new tensor."
            return
        if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
            yield f"for an input {shape} the result must be a tensor of the same shape."
            return
        if not torch.allclose(found, expected, atol=1e-4):
            gap = (found - expected).abs().max().item()
            yield (
                f"for an input {shape} with eps={eps} the largest difference is {gap:.3f}: mean and biased variance "
                "go over all dimensions but the channels, and scale and shift belong to a channel."
            )
            return


def check_3(answer: type[nn.Module]) -> Iterator[str]:
    """A residual block that projects where it must and leaves its input alone."""
    for in_channels, out_channels, stride in ((4, 4, 1), (4, 8, 1), (4, 4, 2), (4, 8, 2)):
        where = f"Block({in_channels}, {out_channels}, stride={stride})"
        torch.manual_seed(0)
        block = answer(in_channels, out_channels, stride)
        x = torch.randn(2, in_channels, 9, 9)
        before = x.clone()
        try:
            y = block(x)
        except RuntimeError as error:
            yield f"{where} fails: {str(error).splitlines()[0]}"
            return
        if not torch.equal(x, before):
            yield f"{where} changes its input; an operation that writes into x writes into the caller's tensor."
            return
        expected = (2, out_channels, -(-9 // stride), -(-9 // stride))
        if tuple(y.shape) != expected:
            yield f"{where} turns {tuple(x.shape)} into {tuple(y.shape)}; it should be {expected}."
            return
        yield from _shortcut_problems(block, x, where, projected=(in_channels, stride) != (out_channels, 1))
        norms = [module for module in block.modules() if isinstance(module, nn.BatchNorm2d)]
        convolutions = [module for module in block.modules() if isinstance(module, nn.Conv2d)]
        wanted = 2 if (in_channels, stride) == (out_channels, 1) else 3
        if len(norms) != wanted or len(convolutions) != wanted:
            yield f"{where} should have {wanted} convolutions, each with its normalisation, not {len(convolutions)}."
            return


def _shortcut_problems(block: nn.Module, x: torch.Tensor, where: str, projected: bool) -> Iterator[str]:
    """With the last normalisation of the inner part at zero only the shortcut is left."""
    threes = [name for name, module in block.named_modules() if getattr(module, "kernel_size", None) == (3, 3)]
    modules = dict(block.named_modules())
    for name in threes:
        nn.init.zeros_(modules[name].weight)
    y = block(x)
    if not projected and not torch.allclose(y, x.relu(), atol=1e-5):
        yield f"with the 3 x 3 weights at zero {where} should return relu(x): the shortcut is the input itself."
    if projected and not y.any():
        yield f"with the 3 x 3 weights at zero {where} returns zeros: its shortcut carries nothing."


def check_4(answer: type[nn.Module]) -> Iterator[str]:
    """Bottleneck(in_channels, width, stride): equal to torchvision's."""
    from torchvision.models.resnet import Bottleneck

    for in_channels, width, stride in ((16, 4, 1), (8, 4, 1), (16, 8, 2), (16, 4, 2)):
        where = f"Bottleneck({in_channels}, {width}, stride={stride})"
        torch.manual_seed(0)
        projection = None
        if stride != 1 or in_channels != 4 * width:
            projection = nn.Sequential(
                nn.Conv2d(in_channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
            )
        oracle = Bottleneck(in_channels, width, stride, projection)
        block = answer(in_channels, width, stride)
        ours, theirs = set(block.state_dict()), set(oracle.state_dict())
        if ours != theirs:
            odd = sorted(theirs - ours) or sorted(ours - theirs)
            kind = "lacks" if theirs - ours else "has one too many in"
            yield f"the state dict of {where} {kind} {', '.join(odd[:3])}."
            return
        try:
            block.load_state_dict(oracle.state_dict())
        except RuntimeError as error:
            yield f"{where} cannot load torchvision's state dict: {str(error).splitlines()[-1].strip()}"
            return
        x = torch.randn(4, in_channels, 7, 7)
        for mode in ("train", "eval"):
            expected = getattr(oracle, mode)()(x)
            found = getattr(block, mode)()(x)
            if found.shape != expected.shape or not torch.allclose(found, expected, atol=1e-4):
                yield f"{where} loads the weights, but its output differs in {mode} mode: look at strides and ReLUs."
                return
