"""PyTorch on one thread: small networks gain little from a second one, and lose much where other programs run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Everything within runs on one thread; afterwards the number is what it was."""
    import torch  # here, as it takes seconds

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
