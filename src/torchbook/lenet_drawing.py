"""A drawing of LeNet with the shapes that it gives at each stage: SVG for light and dark pages."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torchbook.cell_drawing import Drawing
from torchbook.models import LeNet

MIDDLE = 118  # of the drawing, in pixels
SHEETS = 6  # drawn of a stack of maps, however many there are


def stage_shapes(model: LeNet, size: int = 32) -> list[tuple[str, tuple[int, ...]]]:
    """What leads to each stage of a LeNet, and the shape there for one image: (C, H, W), or (D,) after flattening.

    Measured: each layer is called on what the one before gave.
    """
    x = torch.zeros(1, model.conv1.in_channels, size, size, device=model.conv1.weight.device)
    shapes = [("image", tuple(x.shape[1:]))]
    with torch.no_grad():
        for conv in (model.conv1, model.conv2):
            x = F.relu(conv(x))
            shapes.append((f"convolution {conv.kernel_size[0]} × {conv.kernel_size[1]}, ReLU", tuple(x.shape[1:])))
            x = F.max_pool2d(x, 2)
            shapes.append(("max pooling 2 × 2", tuple(x.shape[1:])))
        x = torch.flatten(x, start_dim=1)
        shapes.append(("flatten", tuple(x.shape[1:])))
        for layer, after in ((model.fc1, ", ReLU"), (model.fc2, ", ReLU"), (model.fc3, "")):
            x = layer(x)
            shapes.append((f"linear{after}", tuple(x.shape[1:])))
    return shapes


def draw_lenet(model: LeNet, size: int = 32) -> Drawing:
    """The stages of a LeNet from left to right, each with its measured shape; maps as sheets, vectors as bars."""
    shapes = stage_shapes(model, size)
    spoken = "; ".join(f"{how} gives {' × '.join(map(str, shape))}" for how, shape in shapes[1:])
    first = " × ".join(map(str, shapes[0][1]))
    drawing = Drawing(860, 250, f"LeNet. An image of {first}; {spoken}.")
    places = (60, 170, 285, 390, 485, 575, 655, 730, 805)
    edge = 0.0
    for number, (x, (how, shape)) in enumerate(zip(places, shapes, strict=True)):
        half = _maps(drawing, x, shape, size) if len(shape) == 3 else _bar(drawing, x, shape)
        drawing.text((x, 24 if number % 2 == 0 else 44), " × ".join(map(str, shape)), 13)
        if number:
            drawing.arrow((edge + 3, MIDDLE), (x - half - 3, MIDDLE))
            words = how.replace("max pooling", "max pool").replace("convolution", "conv").split(", ")
            for line, word in enumerate(words):
                drawing.text(((edge + x - half) / 2, 205 + 16 * line), word, 11)
        edge = x + half
    drawing.text((places[0], 205), "image", 11)
    return drawing


def _maps(drawing: Drawing, x: float, shape: tuple[int, ...], size: int) -> float:
    """A stack of sheets; returns half its width."""
    channels, height, width = shape
    sheets = min(channels, SHEETS)
    wide, high = 72 * width / size, 72 * height / size
    for sheet in range(sheets):
        shift = 3 * (sheet - (sheets - 1) / 2)
        drawing.parts.append(
            f'<rect x="{x - wide / 2 - shift:g}" y="{MIDDLE - high / 2 + shift:g}" width="{wide:g}" height="{high:g}"/>'
        )
    return wide / 2 + 1.5 * (sheets - 1)


def _bar(drawing: Drawing, x: float, shape: tuple[int, ...]) -> float:
    """A vector as a bar, the longer the more numbers; returns half its width."""
    high = 16 + 110 * min(1.0, shape[0] / 400)
    drawing.parts.append(f'<rect x="{x - 5:g}" y="{MIDDLE - high / 2:g}" width="10" height="{high:g}"/>')
    return 5
