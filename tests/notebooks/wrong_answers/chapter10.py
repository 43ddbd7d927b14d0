"""Plausible wrong answers to the exercises of chapter 10; each must be refused."""

from torch import nn
import torch.nn.functional as F
from torchbook.models import ResidualBlock


class InPlace(ResidualBlock):
    """Projects, but writes into its caller's tensor where the shortcut is the input."""

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        shortcut += self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(shortcut)


class ProjectsChannelsOnly(ResidualBlock):
    """Forgets the stride where the channels stay."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        if in_channels == out_channels:
            self.downsample = None


class NoShortcut(ResidualBlock):
    """Mends the shapes by leaving the addition out."""

    def __init__(self, in_channels, out_channels, stride=1):
        super().__init__(in_channels, out_channels, stride)
        self.downsample = None

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class StrideFirst(nn.Module):
    """The paper's bottleneck has the stride in the first convolution, torchvision's in the second."""

    strides = (2, 1)

    def __init__(self, in_channels, width, stride=1):
        super().__init__()
        first, second = (stride, 1) if self.strides == (2, 1) else (1, stride)
        self.conv1, self.bn1 = nn.Conv2d(in_channels, width, 1, first, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, second, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride != 1 or in_channels != 4 * width:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
            )

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(x)) + shortcut)


class NoLastReLU(StrideFirst):
    """torchvision's strides, but no ReLU after the addition."""

    strides = (1, 2)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return self.bn3(self.conv3(x)) + shortcut


def unbiased(x, weight, bias, eps=1e-5):
    others = [dim for dim in range(x.ndim) if dim != 1]
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean, var = x.mean(dim=others, keepdim=True), x.var(dim=others, keepdim=True)
    return (x - mean) / (var + eps).sqrt() * weight.view(shape) + bias.view(shape)


def over_the_batch_only(x, weight, bias, eps=1e-5):
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean, var = x.mean(dim=0, keepdim=True), x.var(dim=0, correction=0, keepdim=True)
    return (x - mean) / (var + eps).sqrt() * weight.view(shape) + bias.view(shape)


WRONG = {
    "10-1": [
        ((8, 64, 14, 14), 203_520),  # without the projection
        ((8, 64, 28, 28), 205_696),
        ((8, 32, 14, 14), 205_696),
    ],
    "10-2": [unbiased, over_the_batch_only],
    "10-3": [InPlace, ProjectsChannelsOnly, NoShortcut],
    "10-4": [StrideFirst, NoLastReLU],
}
