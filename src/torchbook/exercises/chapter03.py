"""Checks of the exercises of chapter 03: output shapes, the size rule, a flatten to mend, momentum by hand."""

from __future__ import annotations

from collections.abc import Iterator
import inspect

import torch
from torch import nn
import torch.nn.functional as F


def check_1(answer) -> Iterator[str]:
    """Five shapes, measured here."""
    layers = [
        nn.Conv2d(3, 16, kernel_size=3),
        nn.Conv2d(3, 16, kernel_size=3, padding=1),
        nn.Conv2d(3, 32, kernel_size=7, stride=2, padding=3),
        nn.MaxPool2d(3, stride=2),
        nn.Flatten(),
    ]
    if not isinstance(answer, (list, tuple)) or len(answer) != len(layers):
        yield f"write a list of {len(layers)} shapes, one for each layer, in order."
        return
    images = torch.zeros(8, 3, 64, 64)
    for number, (layer, shape) in enumerate(zip(layers, answer, strict=True), 1):
        if not isinstance(shape, (list, tuple)):
            yield f"shape {number} must be a tuple, got {type(shape).__name__}."
            continue
        expected, given = tuple(layer(images).shape), tuple(shape)
        if given == expected:
            continue
        if len(given) != len(expected):
            yield f"layer {number} returns {len(expected)} dimensions, not {len(given)}."
        elif given[0] != expected[0]:
            yield f"layer {number}: every image of the batch comes out again; look at the first number."
        elif given[1] != expected[1]:
            yield f"layer {number}: look at the second number, the channels (or the features after flattening)."
        else:
            yield f"layer {number}: look at height and width, and round down."


def check_2(answer) -> Iterator[str]:
    """The size rule, held against PyTorch's convolution."""
    if not callable(answer):
        yield "output_size must be a function."
        return
    cases = [  # size, kernel, stride, padding, dilation, hint
        (32, 5, 1, 0, 1, "a kernel fits at size - kernel + 1 places"),
        (5, 5, 1, 0, 1, "a kernel as large as the image fits once"),
        (8, 3, 1, 1, 1, "padding adds pixels on both sides"),
        (224, 7, 2, 3, 1, "a stride takes every so many places"),
        (7, 2, 2, 0, 1, "a kernel that hangs over the edge is left out: round down"),
        (10, 1, 3, 0, 1, "the first place counts too: add 1 after the division"),
        (32, 3, 1, 0, 2, "with a dilation the kernel covers more pixels than it has weights"),
        (33, 3, 2, 2, 3, "the dilation acts on the gaps between the weights, of which there is one less"),
        (9, 1, 1, 0, 4, "a single weight has no gaps: a dilation does not change it"),
    ]
    for size, kernel, stride, padding, dilation, hint in cases:
        probe = torch.zeros(1, 1, size, size), torch.zeros(1, 1, kernel, kernel)
        expected = F.conv2d(*probe, stride=stride, padding=padding, dilation=dilation).shape[-1]
        given = answer(size, kernel, stride=stride, padding=padding, dilation=dilation)
        if given is None:
            yield "output_size returns nothing yet."
            return
        if given != expected:
            yield (
                f"output_size({size}, {kernel}, stride={stride}, padding={padding}, dilation={dilation}) gave {given}; "
                f"{hint}."
            )
            return
        if not isinstance(given, int):
            yield f"a size is a whole number (int), got {type(given).__name__}: divide with //."
            return


def check_3(answer) -> Iterator[str]:
    """A network class whose logits keep the batch apart."""
    if not (inspect.isclass(answer) and issubclass(answer, nn.Module)):
        yield "SmallNet must be a class derived from nn.Module (the class, not an instance)."
        return
    torch.manual_seed(0)  # check() is not part of a training run: the chapter seeds before each of its own
    model = answer().eval()
    if sum(parameter.numel() for parameter in model.parameters()) != 4 * 1 * 25 + 4 + 64 * 10 + 10:
        yield "keep the two layers as they are; only the line that flattens is wrong."
        return
    for count in (1, 2, 5):
        images = torch.randn(count, 1, 12, 12)
        try:
            with torch.no_grad():
                logits = model(images)
                alone = [model(image[None]) for image in images]
        except RuntimeError as error:
            yield f"with a batch of {count} it stops: {str(error).splitlines()[0]}."
            return
        if tuple(logits.shape) != (count, 10):
            yield f"a batch of {count} must give logits of shape ({count}, 10), not {tuple(logits.shape)}."
            return
        if not torch.allclose(logits, torch.cat(alone), atol=1e-5):
            yield "an image's logits change when other images stand beside it in the batch; each needs its own row."
            return


def check_4(answer) -> Iterator[str]:
    """Momentum by hand, held against torch.optim.SGD."""
    if not callable(answer):
        yield "momentum_step must be a function."
        return
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(3, 2, generator=generator), torch.randn(2, generator=generator), torch.ones(1)]
    for lr, momentum, steps in ((0.1, 0.0, 3), (0.1, 0.9, 1), (0.05, 0.9, 5), (0.2, 0.5, 4)):
        ours = [nn.Parameter(tensor.clone()) for tensor in start]
        theirs = [nn.Parameter(tensor.clone()) for tensor in start]
        velocities = [torch.zeros_like(parameter) for parameter in ours]
        optimizer = torch.optim.SGD(theirs, lr=lr, momentum=momentum)
        for step in range(1, steps + 1):
            for mine, other in zip(ours[:2], theirs[:2], strict=True):  # the third never gets a gradient
                gradient = torch.randn(mine.shape, generator=generator)
                mine.grad, other.grad = gradient.clone(), gradient.clone()
            answer(ours, velocities, lr, momentum)
            optimizer.step()
            if step == 1 and all(torch.equal(mine, tensor) for mine, tensor in zip(ours, start, strict=True)):
                yield "the parameters did not change; they must change in place."
                return
            if not torch.equal(ours[2], start[2]):
                yield "a parameter whose gradient is None must be left alone."
                return
            for mine, other in zip(ours, theirs, strict=True):
                if not mine.is_leaf:
                    yield "the update was recorded by autograd; do it under torch.no_grad()."
                    return
                if not torch.allclose(mine, other, atol=1e-6):
                    where = "without momentum" if momentum == 0 else f"with momentum {momentum}"
                    yield f"{where} the parameters differ from torch.optim.SGD's after step {step} of lr {lr}."
                    return
        if any(velocity.requires_grad for velocity in velocities):
            yield "the velocities carry a graph; compute them under torch.no_grad()."
            return
