"""Checks of chapter 03, LeNet: output shapes, the size rule, a flatten, momentum by hand, a small budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import nn
import torch.nn.functional as F
from torchbook.data.images import load_images
from torchbook.exercises.compare import Wrong, close, equal, first_line, function, kind, number, parts, subclass, tensor


def check_1(answer) -> Iterator[str]:
    """Five shapes, measured here."""
    layers = [
        nn.Conv2d(3, 16, kernel_size=3),
        nn.Conv2d(3, 16, kernel_size=3, padding=1),
        nn.Conv2d(3, 32, kernel_size=7, stride=2, padding=3),
        nn.MaxPool2d(3, stride=2),
        nn.Flatten(),
    ]
    images = torch.zeros(8, 3, 64, 64)
    shapes = parts(answer, len(layers), "shapes, one for each layer, in order")
    for place, (layer, given) in enumerate(zip(layers, shapes, strict=True), 1):
        expected = list(layer(images).shape)
        if not isinstance(given, list):
            yield f"shape {place} must be a tuple, got {type(given).__name__}."
        elif len(given) != len(expected):
            yield f"layer {place} returns {len(expected)} dimensions, not {len(given)}."
        elif given[0] != expected[0]:
            yield f"layer {place}: every image of the batch comes out again; look at the first number."
        elif given[1] != expected[1]:
            yield f"layer {place}: look at the second number, the channels (or the features after flattening)."
        elif given != expected:
            yield f"layer {place}: look at height and width, and round down."


def check_2(answer: Callable) -> Iterator[str]:
    """The size rule, compared with PyTorch's convolution."""
    function(answer)
    for size, kernel, stride, padding, dilation, hint in (
        (32, 5, 1, 0, 1, "a kernel fits at size - kernel + 1 places"),
        (5, 5, 1, 0, 1, "a kernel as large as the image fits once"),
        (8, 3, 1, 1, 1, "padding adds pixels on both sides"),
        (224, 7, 2, 3, 1, "a stride takes every so many places"),
        (7, 2, 2, 0, 1, "a kernel that hangs over the edge is left out: round down"),
        (10, 1, 3, 0, 1, "the first place counts too: add 1 after the division"),
        (32, 3, 1, 0, 2, "with a dilation the kernel covers more pixels than it has weights"),
        (33, 3, 2, 2, 3, "the dilation acts on the gaps between the weights, of which there is one less"),
        (9, 1, 1, 0, 4, "a single weight has no gaps: a dilation does not change it"),
    ):
        case = f"output_size({size}, {kernel}, stride={stride}, padding={padding}, dilation={dilation})"
        probe = torch.zeros(1, 1, size, size), torch.zeros(1, 1, kernel, kernel)
        expected = F.conv2d(*probe, stride=stride, padding=padding, dilation=dilation).shape[-1]
        given = number(answer(size, kernel, stride=stride, padding=padding, dilation=dilation), case)
        if given != expected:
            raise Wrong(f"{case} gave {given}; {hint}.")
        if not isinstance(given, int):
            yield f"a size is a whole number (int), got {type(given).__name__}: divide with //."
            return


def _each_by_itself(logits: torch.Tensor, alone: torch.Tensor) -> None:
    """The logits of a batch have to be those of its images alone."""
    if not logits.isfinite().all():
        raise Wrong("the logits contain nan or an infinite number.")
    if not close(logits, alone):
        raise Wrong("an image's logits change when other images stand beside it in the batch; each needs its own row.")


def check_3(answer: type) -> None:
    """A network class whose logits keep the batch apart, with the layers that it had."""
    subclass(answer, nn.Module)
    model = answer().eval()
    conv, linear = (
        next((layer for layer in model.modules() if isinstance(layer, of)), None) for of in (nn.Conv2d, nn.Linear)
    )
    shapes = sorted(tuple(parameter.shape) for parameter in model.parameters())
    if conv is None or linear is None or shapes != [(4,), (4, 1, 5, 5), (10,), (10, 64)]:
        raise Wrong("keep the two layers as they are; only the line that flattens is wrong.")
    for count in (1, 2, 5):
        images = torch.randn(count, 1, 12, 12)
        try:
            with torch.no_grad():
                logits = tensor(model(images), f"a batch of {count}", (count, 10))
                alone = [tensor(model(image[None]), "a batch of 1", (1, 10)) for image in images]
                right = linear(F.max_pool2d(F.relu(conv(images)), 2).flatten(1))
        except RuntimeError as error:
            raise Wrong(f"with a batch of {count} it stops: {first_line(error)}.") from None
        _each_by_itself(logits, torch.cat(alone))
        if not close(logits, right):
            raise Wrong(
                "each image has its own row, but the logits are not those of the network above; change nothing but the "
                "line that flattens."
            )


def check_4(answer: Callable) -> Iterator[str]:
    """Momentum by hand, compared with torch.optim.SGD; the rate falls, and gradients are missing in places."""
    function(answer)
    start = [torch.ones(1), torch.randn(3, 2), torch.randn(2)]
    for momentum, steps in ((0.0, 3), (0.9, 1), (0.9, 5), (0.5, 4)):
        ours, theirs = ([nn.Parameter(one.clone()) for one in start] for _ in range(2))
        velocities = [torch.zeros_like(parameter) for parameter in ours]
        optimizer = torch.optim.SGD(theirs, lr=1.0, momentum=momentum)
        for step in range(1, steps + 1):
            lr = optimizer.param_groups[0]["lr"] = 0.2 / step
            gradients = [None, torch.randn(3, 2), None if step == 3 else torch.randn(2)]  # the first never has one
            for mine, other, gradient in zip(ours, theirs, gradients, strict=True):
                mine.grad, other.grad = (None if gradient is None else gradient.clone() for _ in range(2))
            before = ours[2].detach().clone()
            answer(list(ours), list(velocities), lr, momentum)
            optimizer.step()
            if all(torch.equal(mine, one) for mine, one in zip(ours, start, strict=True)):
                raise Wrong("the parameters did not change; they must change in place.")
            if not torch.equal(ours[0], start[0]) or (step == 3 and not torch.equal(ours[2], before)):
                raise Wrong("a parameter whose gradient is None must be left alone.")
            spoiled = [g for mine, g in zip(ours, gradients, strict=True) if g is not None and not equal(mine.grad, g)]
            if spoiled:
                raise Wrong("the gradients themselves were changed; only parameters and velocities should be.")
            where = f"with momentum {momentum}, after step {step},"
            if not all(close(mine, other) for mine, other in zip(ours, theirs, strict=True)):
                yield f"{where} the parameters differ from those of torch.optim.SGD; the rate was {lr:g}."
                return
            buffers = [optimizer.state[other].get("momentum_buffer") for other in theirs]
            if momentum and not all(b is None or close(v, b) for v, b in zip(velocities, buffers, strict=True)):
                raise Wrong(
                    f"{where} the parameters are right and the velocities in the list are not: each becomes momentum "
                    "times itself plus the gradient, in place, without the rate."
                )


def check_5(answer: Callable) -> Iterator[str]:
    """tiny_network(): at most 10,000 parameters, ten logits for each image by itself, and it learns."""
    function(answer)
    torch.manual_seed(0)
    model = answer()
    if not isinstance(model, nn.Module):
        raise Wrong(f"tiny_network() should return a network (an nn.Module); yours returned {kind(model)}.")
    digits = load_images("digits", "train", source="embedded", limit=40)
    images = (digits.images.float() / 255 - 0.31) / 0.35  # about mean 0 and spread 1, as in the chapter
    with torch.no_grad():
        logits = tensor(model.eval()(images), "a batch of 40", (40, 10))  # a lazy layer gets its weights here
        alone = torch.cat([tensor(model(image[None]), "a batch of 1", (1, 10)) for image in images[:4]])
    count = sum(parameter.numel() for parameter in model.parameters())
    if count > 10_000:
        raise Wrong(f"the budget is 10,000 parameters; yours has {count:,}.")
    _each_by_itself(logits[:4], alone)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        raise Wrong("no parameter can be trained: has the network any, and do they require a gradient?")
    optimizer, losses = torch.optim.Adam(trained, lr=3e-3), []
    for _ in range(80):
        logits = tensor(model.train()(images), "a batch of 40, while it learns", (40, 10))
        if not logits.requires_grad:
            raise Wrong("while it learns, no gradient leads from the logits to the parameters; is something detached?")
        loss = F.cross_entropy(logits, digits.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if not losses[-1] < 0.7 * losses[0]:
        yield f"in 80 steps on 40 images the loss went from {losses[0]:.2f} to {losses[-1]:.2f}: it hardly learns."
