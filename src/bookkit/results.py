"""What full runs measured: reads the values that a chapter recorded, keeps `book/results/<NN_topic>.json`."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
import json
import os
from pathlib import Path
import platform
import subprocess
from typing import Any

import nbformat

from bookkit.notebooks import BookError, write_text
from bookkit.recorded import recorded_values


def record(root: Path, name: str, executed: Path, profile: str, parameters: dict[str, Any], minutes: float) -> Path:
    """Write what a run measured to book/results/`name`.json and return that path. `minutes`: wall clock."""
    notebook = nbformat.read(str(executed), as_version=4)
    content = {
        "chapter": name,
        "profile": profile,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(root),
        "torch": _version("torch"),
        "torchvision": _version("torchvision"),
        "python": platform.python_version(),
        "hardware": hardware(parameters.get("threads")),
        "minutes": round(minutes, 2),
        "parameters": parameters,
        "values": {name: one.value for name, one in recorded_values(notebook).items()},
    }
    path = root / "book" / "results" / f"{name}.json"
    write_text(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return path


def load(folder: Path) -> list[dict[str, Any]]:
    """The recorded results in the book's order; none without the folder. Raises BookError for a broken file."""
    found = []
    for path in sorted(Path(folder).glob("*.json")):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise BookError(f"{path} is not valid JSON ({error}): run its chapter again, --profile full.") from error
    return found


def commit(root: Path) -> str | None:
    """Short hash of the commit that ran, with `-dirty` where anything but results was changed; None outside git."""
    head = _git(root, "rev-parse", "--short", "HEAD")
    if not head:
        return None
    changed = _git(root, "status", "--porcelain", "--", ".", ":(exclude)book/results")
    return head + ("-dirty" if changed else "")


def _git(root: Path, *words: str) -> str | None:
    try:
        answer = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def hardware(threads: int | None = None) -> dict[str, Any]:
    """{"cpu": model, "threads": those the run used, "gpu": name or None}; threads 0 or None means all cores."""
    import torch
    from torchbook.device import device_name

    uses_gpu = torch.cuda.is_available() and os.environ.get("TORCHBOOK_DEVICE", "cuda").startswith("cuda")
    gpu = torch.cuda.get_device_name(0) if uses_gpu else None
    return {"cpu": device_name("cpu"), "threads": threads or os.cpu_count(), "gpu": gpu}
