"""The result records in book/results/*.json, written and read here alone: what full runs and benchmarks measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
import json
import os
from pathlib import Path
import platform
import subprocess
from typing import Any

import nbformat

from bookkit.notebooks import BookError, read_notebook, write_text
from bookkit.recorded import recorded_values

FOLDER = Path("book/results")
BENCHMARKS = FOLDER / "benchmarks.json"
DIRTY = "-dirty"


def record(root: Path, name: str, executed: Path, profile: str, parameters: dict[str, Any], minutes: float) -> Path:
    """Write what a run measured to book/results/`name`.json and return that path. `minutes`: wall clock."""
    notebook = read_notebook(executed)
    content = {
        "chapter": name,
        "profile": profile,
        **header(root, parameters.get("threads")),
        "minutes": round(minutes, 2),
        "parameters": parameters,
        "data": recorded_data(notebook),
        "values": {name: one.value for name, one in recorded_values(notebook).items()},
    }
    path = path_of(root, name)
    write(path, content, sort=True)
    return path


def path_of(root: Path, name: str) -> Path:
    """Where the record of a chapter's full run lies."""
    return root / FOLDER / f"{name}.json"


def record_benchmark(
    path: Path, root: Path, name: str, values: Mapping[str, Any], threads: int | None, data: list[dict[str, Any]]
) -> None:
    """Put what a benchmark measured under its name into the file; what other benchmarks recorded stays as it is.

    The values keep their order: it is that of the tables.
    """
    entry = {**header(root, threads), "data": data, "values": dict(values)}
    write(path, dict(sorted({**(read(path) or {}), name: entry}.items())))


def header(root: Path, threads: int | None = None) -> dict[str, Any]:
    """When, from which commit, with which versions and on which machine something was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(root),
        "torch": _version("torch"),
        "torchvision": _version("torchvision"),
        "python": platform.python_version(),
        "hardware": hardware(threads),
    }


def recorded_data(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """What `torchbook.recording.record_data` left in the outputs: name, source, count and digest of each data set."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output.get("metadata", {}).get("torchbook", {}).get("data") for output in outputs]
    return [dict(data) for data in found if data]


def read(path: Path) -> dict[str, Any] | None:
    """The content of a results file, None where there is none. Raises BookError for a broken one."""
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BookError(f"{path} is not valid JSON ({error}): take it from git, or measure again.") from error
    if not isinstance(content, dict):
        raise BookError(f"{path} holds no names with values: take it from git, or measure again.")
    return content


def write(path: Path, content: dict[str, Any], sort: bool = False) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, sort_keys=sort) + "\n")


def stamp(record: dict) -> str:
    """When, where, with what and on which data a full run was made, in two sentences."""
    hardware, threads = record["hardware"], record["hardware"]["threads"]
    machine = hardware["gpu"] or f"{hardware['cpu']}, {threads} thread{'s' if threads != 1 else ''}"
    versions = ", ".join(f"{name} {record[name]}" for name in ("torch", "torchvision", "python") if record.get(name))
    seed = f"seed {record['parameters']['seed']}, " if "seed" in record.get("parameters", {}) else ""
    commit = record["commit"] or "unknown"
    commit = f"{commit.removesuffix(DIRTY)} with changes that were not committed" if commit.endswith(DIRTY) else commit
    return (
        f"Full run of {record['date'][:10]} on {machine}, {versions}, {seed}{record['minutes']:.1f} minutes, "
        f"commit {commit}. Data: {'; '.join(map(describe, record.get('data', []))) or 'not recorded'}."
    )


def describe(data: dict) -> str:
    """`test, 10,000 images, real CIFAR-10 (cifar-10-batches-py), digest 0123456789abcdef`"""
    return f"{data['name']}, {data['count']:,} {data['unit']}, {data['source']}, digest {data['digest']}"


def commit(root: Path) -> str | None:
    """Short hash of the commit that ran, with `-dirty` where anything but results was changed; None outside git."""
    head = _git(root, "rev-parse", "--short", "HEAD")
    if not head:
        return None
    changed = _git(root, "status", "--porcelain", "--", ".", ":(exclude)book/results")
    return head + (DIRTY if changed else "")


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
