"""Mini-batches: the whole set in memory on the device, or PyTorch's DataLoader. Taught in chapter 05."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import multiprocessing
import os
import sys
import tempfile

import torch
from torch import Tensor

LONGEST_SOCKET = 107  # bytes of the path of a Unix socket on Linux


class Batches:
    """Mini-batches of a data set that fits in memory, kept whole on the device.

    data: anything with ``images`` (N, C, H, W) and ``labels`` (N,), such as an ``ImageSet``; its ``role`` is kept.
    Yields ``(images, labels)``: images float32 in [0, 1] if they are uint8, labels int64, both on ``device``.
    transform: a function of a batch of images (float), for example ``torchvision.transforms.v2``; with
    ``transform`` an augmentation is drawn once for each batch.
    shuffle: a new order at each pass, from ``seed``; ``drop_last`` leaves out a short last batch.
    Raises ValueError for a batch size under 1.
    """

    def __init__(
        self,
        data,
        batch_size: int,
        device: torch.device | str = "cpu",
        transform: Callable[[Tensor], Tensor] | None = None,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
    ):
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, got {batch_size}.")
        self.images = data.images.to(device)  # (N, C, H, W)
        self.labels = data.labels.to(device)  # (N,)
        self.role = getattr(data, "role", None)  # "train", "val" or "test"
        self.batch_size = batch_size
        self.transform = transform
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = torch.Generator().manual_seed(seed)  # on the CPU: the same order on every device

    def __len__(self) -> int:
        whole, rest = divmod(len(self.labels), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        count = len(self.labels)
        if self.shuffle:
            order = torch.randperm(count, generator=self.generator).to(self.labels.device)
        else:
            order = torch.arange(count, device=self.labels.device)
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            chosen = order[start : start + self.batch_size]
            images = self.images[chosen]  # (B, C, H, W)
            if images.dtype == torch.uint8:
                images = images.float().div_(255)
            if self.transform is not None:
                images = self.transform(images)
            yield images, self.labels[chosen]


def worker_count(wanted: int = 2) -> int:
    """Number of DataLoader workers that is safe here: 0 where a worker cannot import what a notebook defines.

    Linux starts workers by ``fork``, which copies the notebook's state. Windows and macOS start them afresh
    (``spawn``), and a class defined in a notebook cell is unknown there: the loader stops or hangs
    (pytorch/pytorch#8494). Python 3.14 does so on Linux too. A worker hands its batches on through a socket in the
    temporary folder; where the path of that folder is too long for one, the loader would wait for ever, and there are
    no workers either. At most one worker a core.
    """
    if wanted < 0:
        raise ValueError(f"wanted must be 0 or more workers, got {wanted}.")
    # get_start_method() alone would fix the method for the whole process; the default is the first of all methods
    method = multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
    starts_by_fork = sys.platform == "linux" and method == "fork"
    socket = os.fsencode(tempfile.gettempdir()) + b"/pymp-12345678/listener-12345678"  # as multiprocessing names it
    return min(wanted, os.cpu_count() or 1) if starts_by_fork and len(socket) <= LONGEST_SOCKET else 0
