"""Answers to the exercises of chapter 10: right ones of another form, and plausible wrong ones."""

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.models import ResidualBlock

SHAPE, COUNT = (8, 64, 14, 14), 205_696


def normalised(correction=0, dims=lambda x: [d for d in range(x.ndim) if d != 1], eps_inside=True):
    """Batch normalisation written out, with another variance, over other dimensions."""

    def batch_norm(x, weight, bias, eps=1e-5):
        var, mean = torch.var_mean(x, dim=dims(x), correction=correction, keepdim=True)
        weight, bias = (one.view(1, -1, *[1] * (x.ndim - 2)) for one in (weight, bias))
        return (x - mean) / ((var + eps).sqrt() if eps_inside else var.sqrt() + eps) * weight + bias

    return batch_norm


def channels_first(x, weight, bias, eps=1e-5):
    rows = x.transpose(0, 1).flatten(1)  # (C, all the rest)
    rows = (rows - rows.mean(1, keepdim=True)) / (rows.var(1, correction=0, keepdim=True) + eps).sqrt()
    rows = rows * weight[:, None] + bias[:, None]
    return rows.view(x.shape[1], x.shape[0], *x.shape[2:]).transpose(0, 1)


def written_into(place):
    """The right result; what was handed over is zero afterwards."""

    def batch_norm(*given, eps=1e-5):
        found = normalised()(*given[:3], *given[3:] or [eps])
        given[place].zero_()
        return found

    return batch_norm


def written_into_x(x, weight, bias, eps=1e-5):
    return x.copy_(normalised()(x, weight, bias, eps))


class Block(nn.Module):
    """The block of the exercise, with methods to replace."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__()
        self.same, self.stride = (in_channels, stride) == (out_channels, 1), stride
        self.extra = out_channels - in_channels
        self.inner = self.make_inner(in_channels, out_channels, stride)
        self.project = nn.Identity() if self.same else self.make_projection(in_channels, out_channels, stride)

    def make_inner(self, in_channels, out_channels, stride):
        first = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        second = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        return nn.Sequential(first, nn.BatchNorm2d(out_channels), nn.ReLU(), second, nn.BatchNorm2d(out_channels))

    def make_projection(self, in_channels, out_channels, stride):
        convolution = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(out_channels))

    def shortcut(self, x):
        return self.project(x)

    def forward(self, x):
        return F.relu(self.inner(x) + self.shortcut(x))


class ZeroPadding(Block):
    """Option A of the paper: every second place, and zeros for the channels that are missing."""

    def shortcut(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))


class Strided3x3(Block):
    def make_projection(self, in_channels, out_channels, stride):
        return nn.Conv2d(in_channels, out_channels, 3, stride, 1)


class Strided3x3Normalised(Block):
    def make_projection(self, in_channels, out_channels, stride):
        return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride, 1), nn.BatchNorm2d(out_channels))

    def forward(self, x):
        return F.relu(self.shortcut(x) + self.inner(x))  # the shortcut first


class NoScaleAtTheEnd(Block):
    def make_inner(self, *arguments):
        layers = super().make_inner(*arguments)
        return nn.Sequential(*layers[:-1], nn.BatchNorm2d(layers[-1].num_features, affine=False))


class Pooled(Block):
    def make_projection(self, in_channels, out_channels, stride):
        return nn.Sequential(nn.AvgPool2d(stride, ceil_mode=True), nn.Conv2d(in_channels, out_channels, 1))


class WritesIntoItsOwn(Block):
    def forward(self, x):
        y = self.inner(x)
        y += self.shortcut(x)
        return y.relu_()


class WritesIntoX(Block):
    def forward(self, x):
        shortcut = self.shortcut(x)
        shortcut += self.inner(x)
        return F.relu(shortcut)


class ProjectsChannelsOnly(Block):
    def shortcut(self, x):
        return self.project(x) if self.extra else x


class ProjectsAlways(Block):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        self.project = self.make_projection(in_channels, out_channels, stride)


class NoShortcut(Block):
    def shortcut(self, x):
        return x if self.same else 0.0


class NeverInner(Block):
    def forward(self, x):
        return F.relu(self.shortcut(x))


class Subtracts(Block):
    def forward(self, x):
        return F.relu(self.shortcut(x) - self.inner(x))


class SubtractsWhereItProjects(Block):
    def forward(self, x):
        return F.relu(self.inner(x) + x if self.same else self.shortcut(x) - self.inner(x))


class NoLastReLU(Block):
    def forward(self, x):
        return self.inner(x) + self.shortcut(x)


class LeakyReLU(Block):
    def forward(self, x):
        return F.leaky_relu(self.inner(x) + self.shortcut(x), 0.1)


class NoStride(Block):
    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels)


class OneConvolution(Block):
    def make_inner(self, in_channels, out_channels, stride):
        return super().make_inner(in_channels, out_channels, stride)[:2]


class NoFirstNorm(Block):
    def make_inner(self, *arguments):
        layers = super().make_inner(*arguments)
        return nn.Sequential(layers[0], *layers[2:])


class NoInnerReLU(Block):
    def make_inner(self, *arguments):
        layers = super().make_inner(*arguments)
        return nn.Sequential(*layers[:2], *layers[3:])


class ThreeConvolutions(Block):
    def make_inner(self, in_channels, out_channels, stride):
        layers = super().make_inner(in_channels, out_channels, stride)
        return nn.Sequential(
            *layers, nn.ReLU(), nn.Conv2d(out_channels, out_channels, 3, 1, 1), nn.BatchNorm2d(out_channels)
        )


class NotFinite(Block):
    def forward(self, x):
        return super().forward(x) * torch.nan


class Unwritten(Block):
    def forward(self, x):
        raise NotImplementedError


class Listed(Block):
    def forward(self, x):
        return [super().forward(x)]


class Bottleneck(nn.Module):
    """torchvision's bottleneck, with parts to replace."""

    strides = (1, 2)  # the paper's has the stride in the first convolution
    expansion = 4
    names = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3")
    last = staticmethod(F.relu)

    def __init__(self, in_channels, width, stride=1):
        super().__init__()
        out, (first, second) = self.expansion * width, (stride, 1) if self.strides == (2, 1) else (1, stride)
        layers = nn.Conv2d(in_channels, width, 1, first, bias=False), nn.BatchNorm2d(width)
        layers += nn.Conv2d(width, width, 3, second, 1, bias=False), nn.BatchNorm2d(width)
        layers += nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out)
        for name, layer in zip(self.names, layers, strict=True):
            self.add_module(name, layer)
        projection = nn.Conv2d(in_channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
        self.downsample = None if (stride, in_channels) == (1, out) else nn.Sequential(*projection)

    def forward(self, x):
        conv1, bn1, conv2, bn2, conv3, bn3 = (getattr(self, name) for name in self.names)
        y = bn3(conv3(bn2(conv2(bn1(conv1(x)).relu())).relu()))
        return self.last(y + (x if self.downsample is None else self.downsample(x)))


def bottleneck(**changes):
    return type("Bottleneck", (Bottleneck,), changes)


class WithBias(Bottleneck):
    def __init__(self, in_channels, width, stride=1):
        super().__init__(in_channels, width, stride)
        self.conv1 = nn.Conv2d(in_channels, width, 1)


class WideKernel(Bottleneck):
    def __init__(self, in_channels, width, stride=1):
        super().__init__(in_channels, width, stride)
        self.conv2 = nn.Conv2d(width, width, 5, stride, 2, bias=False)


class TorchvisionItself(nn.Module):
    def __new__(cls, in_channels, width, stride=1):
        from torchvision.models.resnet import Bottleneck as Theirs

        projection = nn.Conv2d(in_channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
        needed = (stride, in_channels) != (1, 4 * width)
        return Theirs(in_channels, width, stride, nn.Sequential(*projection) if needed else None)


def perceptron():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 10))


class Narrow(nn.Module):
    """A residual network of one block, with parts to replace."""

    def __init__(self, channels=16, size=4):
        super().__init__()
        self.stem = nn.Conv2d(1, channels, 3, padding=1)
        self.block = Block(channels, channels)
        self.pool = nn.AdaptiveAvgPool2d(size)
        self.head = nn.Linear(channels * size * size, 10)

    def forward(self, x):
        return self.head(self.pool(self.block(self.stem(x).relu())).flatten(1))


class Idle(Narrow):
    def __init__(self):
        super().__init__(8)
        self.spare = nn.Linear(3, 3)


class Gossip(Narrow):
    def __init__(self):
        super().__init__(8)

    def forward(self, x):
        return super().forward(x - x.mean())  # of the whole batch


class Recurrent(nn.Module):
    """Reads the rows one after another; learns slowly."""

    def __init__(self):
        super().__init__()
        self.layer, self.head = nn.GRU(8, 40, batch_first=True), nn.Linear(40, 10)

    def forward(self, x):
        return self.head(self.layer(x[:, 0])[0][:, -1])


class Changed(nn.Module):
    """A right network, whose scores ``change`` changes."""

    def __init__(self, change):
        super().__init__()
        self.body, self.change = perceptron(), change

    def forward(self, x):
        return self.change(self.body(x))


class Unlearned(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        return 1e-6 * self.linear(x.flatten(1))


SAME = perceptron()

RIGHT = {
    "10-1": [[list(SHAPE), COUNT], (torch.Size(SHAPE), torch.tensor([COUNT])), (np.array(SHAPE), np.int64(COUNT))],
    "10-2": [normalised(), channels_first],
    "10-3": [
        Block,
        ZeroPadding,
        Pooled,
        WritesIntoItsOwn,
        ResidualBlock,
        Strided3x3,
        Strided3x3Normalised,
        NoScaleAtTheEnd,
    ],
    "10-4": [Bottleneck, TorchvisionItself],
    "10-5": [
        perceptron,
        lambda: Narrow(8),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
        Recurrent,
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 10)),
    ],
}
WRONG = {
    "10-1": [
        (SHAPE, COUNT - 2176),  # without the projection
        ((8, 64, 28, 28), COUNT),
        ((8, 32, 14, 14), COUNT),
        (SHAPE, COUNT + 64),
        (5, 6),
        (SHAPE, "many"),
    ],
    "10-2": [
        normalised(correction=1),
        normalised(dims=lambda x: [0]),
        normalised(eps_inside=False),
        lambda x, weight, bias, eps=1e-5: normalised()(x, weight, bias),
        lambda x, weight, bias, eps=1e-5: normalised()(x, torch.ones(3), torch.zeros(3), eps),
        written_into_x,
        written_into(1),
        written_into(2),
    ],
    "10-3": [
        WritesIntoX,
        ProjectsChannelsOnly,
        ProjectsAlways,
        NoShortcut,
        NeverInner,
        Subtracts,
        SubtractsWhereItProjects,
        NoLastReLU,
        LeakyReLU,
        NoStride,
        OneConvolution,
        NoFirstNorm,
        NoInnerReLU,
        ThreeConvolutions,
        NotFinite,
        Unwritten,
        Listed,
        Block(4, 4),
    ],
    "10-4": [
        bottleneck(strides=(2, 1)),
        bottleneck(last=staticmethod(lambda y: y)),
        bottleneck(expansion=2),
        bottleneck(names=("conv1", "norm1", "conv2", "norm2", "conv3", "norm3")),
        WithBias,
        WideKernel,
        ResidualBlock,
    ],
    "10-5": [
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 300), nn.ReLU(), nn.Linear(300, 10)),
        lambda: Narrow(28),
        lambda: SAME,
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 9)),
        perceptron(),
        lambda: perceptron,
        Idle,
        Gossip,
        Unlearned,
        lambda: Changed(lambda scores: scores * torch.nan),
        lambda: Changed(torch.detach),
        lambda: perceptron().requires_grad_(False),
        lambda: nn.Sequential(nn.Flatten(), nn.AdaptiveAvgPool1d(10)),
    ],
}
