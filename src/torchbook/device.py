"""Where a chapter computes: device, threads, seeds, an honest clock, and one line that says so."""

from __future__ import annotations

import os
import platform
import random
import sys
from textwrap import fill
import time

import numpy as np
import torch

DEVICE_TYPES = ("cuda", "mps", "cpu")
_IMPORTED = time.perf_counter()


def available_devices() -> list[str]:
    """Device types that this machine has, best first."""
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name in DEVICE_TYPES if found[name]]


def pick_device(prefer: str | None = None) -> torch.device:
    """Return the device to compute on: CUDA, then MPS (Apple), then CPU.

    prefer: ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"cpu"`` to ask for one. The environment variable
    ``TORCHBOOK_DEVICE`` overrides both the argument and the order.
    Raises ValueError for an unknown name, RuntimeError when the device asked for is not there.
    """
    name = os.environ.get("TORCHBOOK_DEVICE") or prefer
    present = available_devices()
    if not name:
        return torch.device(present[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in DEVICE_TYPES:
        raise ValueError(f"Unknown device {name!r}: use one of {', '.join(DEVICE_TYPES)}.")
    if device.type not in present:
        raise RuntimeError(f"Device {name!r} is not available on this machine; it has {', '.join(present)}.")
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    if int(str(name).partition(":")[2] or 0) >= count:  # device.index has 8 bits: 256 would become 0
        raise RuntimeError(
            f"Device {name!r} is not there; this machine has {count} {device.type.upper()} device(s), counted from 0."
        )
    return device


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch (all devices), so that a run can be repeated.

    Raises ValueError for a seed that PyTorch does not take, before anything is seeded.
    """
    if not (isinstance(seed, int) and -(2**63) <= seed < 2**64):
        raise ValueError(f"seed must be a whole number from -2**63 to 2**64 - 1, got {seed!r}.")
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  libraries still draw from the global generator
    torch.manual_seed(seed)


def use_threads(threads: int) -> int:
    """Let PyTorch's CPU operators use ``threads`` threads (0: as many as there are cores); return the number.

    Raises ValueError for a negative number and for one beyond any use: above 64 and above 4 for each core.
    """
    cores = os.cpu_count() or 1
    most = max(64, 4 * cores)
    if threads < 0:
        raise ValueError(f"threads must be 0 (all cores) or more, got {threads}.")
    if threads > most:
        raise ValueError(f"threads must be {most} or fewer on this machine of {cores} cores, got {threads}.")
    torch.set_num_threads(threads or cores)
    return torch.get_num_threads()


def begin(seed: int, threads: int = 0) -> torch.device:
    """Start a chapter: set the threads and every seed, print tensors to 4 digits, say in a line where it computes.

    threads: see ``use_threads``. Returns the device of ``pick_device``.
    """
    use_threads(threads)
    seed_everything(seed)
    torch.set_printoptions(precision=4, sci_mode=False, linewidth=88)
    device = pick_device()
    print(fill(describe_environment(device), 88))
    return device


def autocast_dtype(device: torch.device | str) -> torch.dtype | None:
    """Number type for mixed precision on ``device``: bfloat16 where the hardware computes with it, else None.

    float16 is not offered: its small range needs a GradScaler (chapter 13), which the book's loop does not have.
    On a CPU bfloat16 pays only with AMX or AVX-512 BF16 instructions; elsewhere it is emulated and slower.
    """
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    if kind == "cpu" and torch.backends.mkldnn.is_available():
        cpu = torch.backends.cpu.get_cpu_capability()
        return torch.bfloat16 if cpu == "AVX512" and torch.ops.mkldnn._is_mkldnn_bf16_supported() else None
    return None


def synchronize(device: torch.device | str) -> None:
    """Wait until all work queued on ``device`` is done. CUDA and MPS run behind Python's back; a CPU does not."""
    kind = torch.device(device).type
    if kind == "cuda":
        torch.cuda.synchronize(device)
    elif kind == "mps":
        torch.mps.synchronize()


class Stopwatch:
    """Measure the wall time of a ``with`` block in seconds, waiting for the device before each reading.

    >>> with Stopwatch(device) as watch:
    ...     model(images)
    >>> watch.seconds
    """

    def __init__(self, device: torch.device | str = "cpu"):
        self.device = torch.device(device)
        self.seconds = 0.0

    def __enter__(self) -> Stopwatch:
        synchronize(self.device)
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exc_info) -> None:
        synchronize(self.device)
        self.seconds = time.perf_counter() - self._start


def run_cost() -> tuple[float, float]:
    """Seconds since this module was imported and peak memory of this process in MB: what a chapter has cost so far."""
    import psutil  # comes with ipykernel

    if hasattr(psutil.Process().memory_info(), "peak_wset"):  # Windows
        peak = psutil.Process().memory_info().peak_wset
    else:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB on Linux
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return time.perf_counter() - _IMPORTED, peak / 1e6


def device_name(device: torch.device | str) -> str:
    """Name of the hardware behind ``device``, such as the GPU's model or the processor's."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:  # not Linux
        models = []
    return models[0] if models else platform.processor() or platform.machine()


def describe_environment(device: torch.device | str | None = None) -> str:
    """One line for the top of a run: torch and torchvision versions, device and its name, CPU threads."""
    from importlib.metadata import version  # torchvision's version without importing it

    device = torch.device(device) if device is not None else pick_device()
    threads = torch.get_num_threads()
    return (
        f"torch {torch.__version__}, torchvision {version('torchvision')}, device {device} ({device_name(device)}), "
        f"{threads} CPU thread{'s' if threads != 1 else ''}"
    )
