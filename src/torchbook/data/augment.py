"""Random changes of whole batches of images, one draw an image. Taught on the page "How fast, and why"."""

from __future__ import annotations

import torch
from torch import Tensor
import torch.nn.functional as F


def flip_and_crop(images: Tensor, padding: int = 4) -> Tensor:
    """Shift each image by up to ``padding`` pixels either way and mirror every second one, at random.

    images (N, C, H, W) of a float type -> the same shape, in channels-last memory order. The border is filled by
    reflection. Random numbers come from PyTorch's global generator. Raises ValueError for a padding that is negative
    or not smaller than H and W.
    """
    count, _, height, width = images.shape
    if not 0 <= padding < min(height, width):
        raise ValueError(f"padding must be from 0 to {min(height, width) - 1}, got {padding}.")
    device = images.device
    padded = F.pad(images, (padding,) * 4, mode="reflect").permute(0, 2, 3, 1).contiguous()  # (N, H', W', C)
    top, left = torch.randint(2 * padding + 1, (2, count, 1), device=device)
    rows = top + torch.arange(height, device=device)  # (N, H)
    columns = torch.arange(width, device=device).expand(count, width)
    mirrored = torch.rand(count, 1, device=device) < 0.5
    columns = left + torch.where(mirrored, columns.flip(1), columns)  # (N, W)
    which = torch.arange(count, device=device)[:, None, None]
    chosen = padded[which, rows[:, :, None], columns[:, None, :]]  # (N, H, W, C)
    return chosen.permute(0, 3, 1, 2)
