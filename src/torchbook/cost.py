"""What running a chapter costs, recorded in its last cell."""

from __future__ import annotations

from torchbook.device import run_cost
from torchbook.recording import record


def record_cost(chapter: str) -> None:
    """Record time and peak memory so far, as ``<chapter>_seconds`` and ``<chapter>_memory_mb``.

    Another run may take up to ten times as much of both, or a tenth.
    """
    seconds, peak_mb = run_cost()
    record(f"{chapter}_seconds", seconds, "time since the imports", "s", form=".0f", factor=10)
    record(f"{chapter}_memory_mb", peak_mb, "peak memory", "MB", form=".0f", factor=10)
