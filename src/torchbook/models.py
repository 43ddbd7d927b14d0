"""Networks that more than one chapter uses. Each is taught, whole, in the chapter that its docstring names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
import torch.nn.functional as F


class LeNet(nn.Module):
    """LeNet-5 in the form tutorials use: ReLU and max pooling; taught in chapter 03.

    (N, in_channels, 32, 32) -> logits (N, classes). Source: LeCun et al., 1998.
    """

    def __init__(self, in_channels: int = 1, classes: int = 10):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 6, kernel_size=5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(images)), 2)  # (N, 6, 14, 14)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (N, 16, 5, 5)
        x = torch.flatten(x, start_dim=1)  # (N, 400)
        x = F.relu(self.fc1(x))  # (N, 120)
        x = F.relu(self.fc2(x))  # (N, 84)
        return self.fc3(x)  # (N, classes)


class CharRNN(nn.Module):
    """Scores for the next character: embedding, recurrent layer, linear head; taught in chapter 07.

    Tokens (N, T) and a state (None: zeros) -> logits (N, T, V) and the state after the last token, of shape
    (layers, N, hidden_size); an LSTM's is a pair of such. kind: "rnn" (tanh), "lstm" or "gru".
    Raises ValueError for another kind. Source: Elman, 1990.
    """

    def __init__(
        self,
        vocabulary_size: int,
        hidden_size: int = 128,
        *,
        kind: str = "rnn",
        embedding_size: int = 32,
        layers: int = 1,
        dropout: float = 0.0,
    ):
        super().__init__()
        kinds = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
        if kind not in kinds:
            raise ValueError(f"kind must be one of {', '.join(map(repr, kinds))}, got {kind!r}.")
        between = dropout if layers > 1 else 0.0  # PyTorch's own acts between layers alone
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.recurrent = kinds[kind](embedding_size, hidden_size, layers, batch_first=True, dropout=between)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, tokens: Tensor, state: Tensor | tuple[Tensor, Tensor] | None = None):
        outputs, state = self.recurrent(self.embedding(tokens), state)  # (N, T, hidden_size)
        return self.head(self.dropout(outputs)), state  # (N, T, V)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut around them: the paper's basic block; taught in chapter 10.

    (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride), rounded up. The shortcut is a 1x1 convolution
    where the shape changes, else the input itself. Source: He et al., 2016.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        return F.relu(x + shortcut)


def make_layer(block: type[nn.Module], in_channels: int, out_channels: int, count: int, stride: int) -> nn.Sequential:
    """One stage: ``count`` blocks, of which the first changes channels and size; taught in chapter 10."""
    later = [block(out_channels, out_channels) for _ in range(count - 1)]
    return nn.Sequential(block(in_channels, out_channels, stride), *later)


class ResNet(nn.Module):
    """Residual network with torchvision's parameter names; taught in chapter 10.

    (N, in_channels, H, W) -> logits (N, classes), for any H and W. blocks, widths: blocks and channels of each stage;
    each stage after the first halves height and width. stem: "imagenet" (7x7, stride 2, max pooling: a quarter of
    height and width is left) or "cifar" (3x3, size kept). block: a class called as ``block(in_channels, out_channels,
    stride)``. Raises ValueError for another stem, or blocks and widths that do not fit. Source: He et al., 2016.
    """

    def __init__(
        self,
        blocks: Sequence[int] = (2, 2, 2, 2),
        widths: Sequence[int] = (64, 128, 256, 512),
        classes: int = 10,
        in_channels: int = 3,
        stem: str = "imagenet",
        block: type[nn.Module] = ResidualBlock,
    ):
        super().__init__()
        if stem not in ("imagenet", "cifar"):
            raise ValueError(f"stem must be 'imagenet' or 'cifar', got {stem!r}.")
        if len(blocks) != len(widths) or min((*blocks, *widths), default=0) < 1:
            raise ValueError(
                f"blocks and widths must hold one positive number a stage, got {list(blocks)} and {list(widths)}."
            )
        kernel, stride = (7, 2) if stem == "imagenet" else (3, 1)
        self.conv1 = nn.Conv2d(in_channels, widths[0], kernel, stride, padding=kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1) if stem == "imagenet" else nn.Identity()
        self.stages = [f"layer{number}" for number in range(1, len(widths) + 1)]
        channels = widths[0]
        for name, count, width in zip(self.stages, blocks, widths, strict=True):
            self.add_module(name, make_layer(block, channels, width, count, stride=1 if name == "layer1" else 2))
            channels = width
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        x = self.maxpool(F.relu(self.bn1(self.conv1(images))))
        for name in self.stages:
            x = self.get_submodule(name)(x)
        x = torch.flatten(self.avgpool(x), start_dim=1)  # (N, widths[-1])
        return self.fc(x)  # (N, classes)


def resnet18(classes: int = 1000) -> ResNet:
    """The paper's ResNet-18 for ImageNet; taught in chapter 10."""
    return ResNet((2, 2, 2, 2), classes=classes)


def resnet34(classes: int = 1000) -> ResNet:
    """The paper's ResNet-34 for ImageNet; taught in chapter 10."""
    return ResNet((3, 4, 6, 3), classes=classes)


def conv_block(
    in_channels: int, out_channels: int, pool: bool = False, activation: Callable[[], nn.Module] = nn.ReLU
) -> nn.Sequential:
    """3x3 convolution, max pooling if asked for, batch norm, activation; taught on the page "How fast, and why".

    (N, in_channels, H, W) -> (N, out_channels, H, W), with ``pool`` half of H and W. Pooling comes before the
    normalisation, so that this one and the activation have a quarter of the numbers to read. activation: called
    without arguments, it makes the layer, for example ``nn.GELU``.
    """
    layers: list[nn.Module] = [nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)]
    if pool:
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.BatchNorm2d(out_channels), activation())


class ResNet9(nn.Module):
    """A residual network that learns CIFAR-10 in few passes; taught on the page "How fast, and why".

    (N, in_channels, H, W) -> logits (N, classes); H and W multiples of 8. widths: channels after the stem and each of
    the three steps down. activation: that of every `conv_block`. Raises ValueError unless widths are four positive
    numbers.
    Source: David Page, How to train your ResNet, 2018.
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 64, 128),
        classes: int = 10,
        in_channels: int = 3,
        activation: Callable[[], nn.Module] = nn.ReLU,
    ):
        super().__init__()
        if len(widths) != 4 or min(widths) < 1:
            raise ValueError(f"widths must be four positive numbers of channels, got {list(widths)}.")
        first, second, third, last = widths
        block = partial(conv_block, activation=activation)
        self.stem = block(in_channels, first)
        self.down1 = block(first, second, pool=True)
        self.residual1 = nn.Sequential(block(second, second), block(second, second))
        self.down2 = block(second, third, pool=True)
        self.down3 = block(third, last, pool=True)
        self.residual2 = nn.Sequential(block(last, last), block(last, last))
        self.fc = nn.Linear(last, classes, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        x = self.down1(self.stem(images))
        x = x + self.residual1(x)  # (N, second, H / 2, W / 2)
        x = self.down3(self.down2(x))
        x = x + self.residual2(x)  # (N, last, H / 8, W / 8)
        x = torch.flatten(F.adaptive_max_pool2d(x, 1), start_dim=1)  # (N, last)
        return self.fc(x) / 8  # small scores at the start: the first steps may be large
