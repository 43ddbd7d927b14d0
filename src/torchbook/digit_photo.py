"""From one photograph of a handwritten digit to a picture like the scans of chapter 03, one step at a time."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image
import torch
from torch import Tensor
import torch.nn.functional as F
from torchbook.data.errors import DataError
from torchbook.data.folders import as_path
from torchbook.data.pictures import open_picture

SIDE = 320  # pixels of the longer side that the steps work on; a photograph is made smaller first
LEAST_CONTRAST = 0.12  # between paper and ink, of the whole way from black to white


def read_photo(path: str | os.PathLike) -> Tensor:
    """One picture file of any kind that Pillow reads as uint8 (3, H, W), upright, no side longer than ``SIDE``.

    Raises DataError for a file that is no picture.
    """
    return _small(open_picture(as_path(path))[0])


def _small(picture: Image.Image) -> Tensor:
    """A picture as uint8 (3, H, W), no side longer than ``SIDE``."""
    scale = min(1.0, SIDE / max(picture.size))
    width, height = (max(1, round(scale * side)) for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BOX)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)


def digit_steps(photo: Tensor) -> dict[str, Tensor]:
    """A photograph of one dark digit on brighter paper, uint8 (3, H, W), on its way to a scan of 32 x 32 pixels.

    One with a side longer than ``SIDE`` is made smaller first, as ``read_photo`` does.
    Returns the picture after each step, in order: "grey" and "inverted" (H, W) in [0, 1], ink bright; "centred", a
    square cut around the ink; "scaled", uint8 (1, 32, 32): reduced to 8 x 8 shares of ink and enlarged as
    ``load_images("digits")`` enlarges its scans. Raises ValueError for another shape, DataError where no ink is found.
    """
    if photo.dtype != torch.uint8 or photo.ndim != 3 or photo.shape[0] != 3:
        raise ValueError(f"A photograph is uint8 (3, H, W), got {photo.dtype} {tuple(photo.shape)}.")
    if min(photo.shape[1:]) >= 8 and max(photo.shape[1:]) > SIDE:
        photo = _small(Image.fromarray(photo.permute(1, 2, 0).cpu().numpy()))
    if min(photo.shape[1:]) < 8:
        size = f"{photo.shape[2]} x {photo.shape[1]} pixels"
        raise DataError(f"With no side longer than {SIDE} the photograph has {size}: take one of 8 x 8 or more.")
    red, green, blue = photo.float() / 255
    grey = 0.299 * red + 0.587 * green + 0.114 * blue  # (H, W): as bright as the eye sees it
    inverted = (_paper(grey) - grey).clamp(min=0)  # how much darker than the paper at that place
    if inverted.max() < LEAST_CONTRAST:
        raise DataError("There is no dark ink on brighter paper: take a photograph with a darker pen or more light.")
    inverted = inverted / inverted.max()
    centred = _square((inverted > _threshold(inverted)).float())
    return {"grey": grey, "inverted": inverted, "centred": centred, "scaled": _scan(centred)}


def _paper(grey: Tensor) -> Tensor:
    """The brightness of the paper at each place, (H, W): the brightest place around it, smoothed, at a coarse scale."""
    small = (max(2, grey.shape[0] // 4), max(2, grey.shape[1] // 4))
    coarse = F.adaptive_avg_pool2d(grey[None, None], small)  # a single bright pixel is no paper
    width = 2 * (min(small) // 8) + 1  # wider than a stroke
    bright = F.max_pool2d(coarse, width, stride=1, padding=width // 2)
    bright = F.avg_pool2d(bright, width, stride=1, padding=width // 2, count_include_pad=False)
    return F.interpolate(bright, size=grey.shape, mode="bilinear")[0, 0]


def _threshold(values: Tensor) -> float:
    """Otsu's: the cut that leaves the two parts of values in [0, 1] as even within themselves as can be."""
    counts = torch.histc(values.double(), 64, 0, 1)
    levels = (torch.arange(64, dtype=torch.float64) + 0.5) / 64
    below, sums = counts.cumsum(0), (counts * levels).cumsum(0)
    above = counts.sum() - below
    apart = (sums / below.clamp(min=1) - (sums[-1] - sums) / above.clamp(min=1)) ** 2 * below * above
    return (int(apart.argmax()) + 1) / 64


def _square(ink: Tensor) -> Tensor:
    """The square around the ink (H, W), which is in its middle; specks are left out."""
    ink = _largest(ink)
    rows, columns = ((ink.amax(dim) > 0).nonzero().squeeze(1) for dim in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = cut.shape
    side = max(height, width)
    left, top = (side - width) // 2, (side - height) // 2
    return F.pad(cut, (left, side - width - left, top, side - height - top))


def _largest(ink: Tensor) -> Tensor:
    """Of the connected parts of a mask (H, W), those with a tenth as many pixels as the largest, as 0 and 1."""
    ink = ink.double()
    names = ink * torch.arange(1, ink.numel() + 1).reshape(ink.shape)  # 0 on paper
    while True:  # every part takes the largest name in it
        spread = F.max_pool2d(names[None, None], 3, stride=1, padding=1)[0, 0] * ink
        if torch.equal(spread, names):
            break
        pixels = names.flatten().long()
        renamed = torch.arange(ink.numel() + 1).scatter_reduce(0, pixels, spread.flatten().long(), "amax")
        while not torch.equal(further := renamed[renamed], renamed):  # what is renamed twice, at once
            renamed = further
        names = renamed[pixels].reshape(ink.shape).double()
    parts, counts = names[ink > 0].unique(return_counts=True)
    return (torch.isin(names, parts[counts >= 0.1 * counts.max()]) * ink).float()


def _scan(centred: Tensor) -> Tensor:
    """(S, S) in [0, 1] -> uint8 (1, 32, 32): 8 x 8 shares of ink in 17 shades, enlarged like the scans."""
    bitmap = F.adaptive_avg_pool2d(centred[None, None], 32)
    shares = F.avg_pool2d(bitmap, 4)[0, 0]  # (8, 8): the share of ink in each block of 4 x 4
    shades = ((shares * 16).round() * (255 / 16)).round().to(torch.uint8)
    large = Image.fromarray(shades.numpy()).resize((32, 32), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.asarray(large).copy())[None]
