"""What growth.py measures in a process of its own: prints as JSON what ``train`` or ``load`` returns.

python benchmarks/growth_point.py train '{"images": 1000, "batch_size": 256}'
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, repeat
import json
from pathlib import Path
import re
import sys

import psutil
import torch
from torchbook.data.augment import flip_and_crop
from torchbook.data.batches import Batches
from torchbook.data.catalog import card
from torchbook.data.images import ImageSet, load_images
from torchbook.device import Stopwatch, autocast_dtype, run_cost, use_threads
from torchbook.models import ResNet9
from torchbook.training import train_one_epoch


@dataclass(frozen=True)
class Point:
    """One setting of a training run: ``trained`` images of the set are gone through after a warm-up step."""

    images: int = 10_000
    batch_size: int = 256
    widths: tuple[int, ...] = (16, 32, 64, 128)
    threads: int = 1
    trained: int = 8192


def peak_mb() -> float:
    """Largest memory of this process so far. Linux: not ru_maxrss, which begins at the size of the parent process."""
    status = Path("/proc/self/status")
    high_water = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return int(high_water[1]) * 1024 / 1e6 if high_water else run_cost()[1]


def train(point: Point) -> dict[str, float]:
    """Train at one point. Images are random bytes: neither speed nor memory depends on what they show."""
    use_threads(point.threads)
    before = psutil.Process().memory_info().rss / 1e6
    images = torch.randint(256, (point.images, 3, 32, 32), dtype=torch.uint8)
    data = ImageSet(images, torch.arange(point.images) % 10, tuple("0123456789"), "random bytes")
    batches = Batches(data, point.batch_size, transform=flip_and_crop, shuffle=True, drop_last=True)
    endless = chain.from_iterable(repeat(batches))  # pass after pass, each in a new order
    net = ResNet9(point.widths).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    autocast = autocast_dtype("cpu")
    train_one_epoch(net, islice(endless, 1), optimizer, autocast=autocast)
    steps = point.trained // point.batch_size
    with Stopwatch() as watch:
        train_one_epoch(net, islice(endless, steps), optimizer, autocast=autocast)
    peak = peak_mb()
    speed = steps * point.batch_size / watch.seconds
    return {"images_per_second": speed, "memory_mb": peak - before, "total_mb": peak}


def load(name: str, source: str) -> dict[str, float]:
    """Load all splits of a data set."""
    with Stopwatch() as watch:
        for split in card(name).splits:
            load_images(name, split, source=source)
    return {"seconds": watch.seconds}


if __name__ == "__main__":
    task, settings = sys.argv[1], json.loads(sys.argv[2])
    print(json.dumps(train(Point(**settings)) if task == "train" else load(**settings)))
