"""Networks that more than one chapter uses. Each is taught, whole, in the chapter that its docstring names."""

from __future__ import annotations

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
