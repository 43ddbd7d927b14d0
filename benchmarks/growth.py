"""How speed and memory of training grow with images, batch size, width and threads; what drawing and loading cost.

    python benchmarks/growth.py

About six minutes on two cores. Each point is measured in a process of its own, as peak memory never falls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
import json
import os
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any

from growth_point import Point
from harness import ROOT, Keep, in_turn, ratio, record, show, summaries
from torchbook.data.folders import real_path
from torchbook.device import use_threads
import typer

from bookkit.notebooks import all_chapters
from bookkit.recorded import recorded_values

DRAWN = ("cifar10", "fashion-mnist", "ants-bees")


def axes(cores: int) -> dict[str, dict[str, Point]]:
    """What grows -> value -> point; all else stays as in one point that lies on every axis."""
    middle = Point(threads=cores)
    values = {
        "images": (1000, 5000, 10_000, 25_000, 50_000),
        "batch_size": (16, 32, 64, 128, 256, 512, 1024),
        "widths": ((8, 16, 32, 64), (16, 32, 64, 128), (32, 64, 128, 256)),
        "threads": sorted({2**power for power in range(cores.bit_length())} | {cores}),
    }
    return {axis: {str(value): replace(middle, **{axis: value}) for value in row} for axis, row in values.items()}


def in_a_process(task: str, settings: Mapping[str, Any], cache: str | None = None) -> dict[str, float]:
    """What a task of growth_point.py returns; cache: the package's cache folder there."""
    environment = {**os.environ, **({"TORCHBOOK_CACHE": cache} if cache else {})}
    command = [sys.executable, str(Path(__file__).with_name("growth_point.py")), task, json.dumps(settings)]
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    print(*command[2:], "->", answer.stdout.strip(), flush=True)
    return json.loads(answer.stdout)


def measure_training(points: Mapping[str, Mapping[str, Point]], repeats: int) -> dict[str, Any]:
    """Speed and memory at every point; one that lies on several axes is measured once a repeat."""

    def side(point: Point) -> Callable[[int], dict[str, float]]:
        return lambda repeat: in_a_process("train", asdict(point))

    found = in_turn({str(point): side(point) for row in points.values() for point in row.values()}, repeats)
    values, tables = {}, {"images_per_second": {}, "memory_mb": {}}
    for axis, row in points.items():
        measured = {value: found[str(point)] for value, point in row.items()}
        sides = list(measured.values())
        values[axis] = {"points": summaries(measured), "ratio": {}}
        for measure, table in tables.items():
            table |= {f"{axis} {value}": group[measure] for value, group in values[axis]["points"].items()}
            values[axis]["ratio"][measure] = ratio(sides[-1][measure], sides[0][measure])
            table[f"{axis}, last / first"] = values[axis]["ratio"][measure]
    show("Images a second in training", tables["images_per_second"])
    show("Peak memory above the process before there were data, MB", tables["memory_mb"])
    return values


def draw_and_load(name: str, repeat: int) -> dict[str, float]:
    """Draw a stand-in into an empty cache, then load it from there in another process."""
    with TemporaryDirectory() as cache:
        first, second = (in_a_process("load", {"name": name, "source": "embedded"}, cache) for _ in range(2))
    return {"first_seconds": first["seconds"], "second_seconds": second["seconds"]}


def load_real(repeat: int) -> dict[str, float]:
    return {"second_seconds": in_a_process("load", {"name": "cifar10", "source": "real"})["seconds"]}


def measure_loads(names: tuple[str, ...], repeats: int, real: bool) -> dict[str, Any]:
    """First and second load of the drawn sets; real: the second load of the real CIFAR-10 too, where it is there."""
    sides = {name: partial(draw_and_load, name) for name in names}
    if real and real_path("cifar10") is not None:
        load_real(0)  # decodes the pictures where that was never done
        sides["cifar10_real"] = load_real
    found = in_turn(sides, repeats)
    values: dict[str, Any] = summaries(found)
    rows = {f"{name}, {measure}": row for name, group in values.items() for measure, row in group.items()}
    for name in names:
        values[name]["ratio"] = ratio(found[name]["first_seconds"], found[name]["second_seconds"])
        rows[f"{name}, first / second"] = values[name]["ratio"]
    show("Loading all splits of a data set: drawing it first, or from the cache", rows)
    return values


def quick_runs_memory() -> dict[str, Any]:
    """Peak memory in MB that each chapter's stored quick run recorded, and the largest."""
    found = {}
    for chapter in all_chapters(ROOT):
        values = recorded_values(chapter.notebook)
        if (name := f"ch{chapter.number}_memory_mb") in values:
            found[chapter.name] = values[name].value
            print(f"{chapter.name}: {found[chapter.name]} MB at most")
    print(f"largest of {len(found)} chapters: {max(found.values())} MB")
    return {"chapters": found, "largest": max(found.values())}


def main(repeats: int = 3, smoke: bool = False, keep: Keep = False) -> None:
    """Measure; --record keeps the figures."""
    cores = use_threads(0)
    if smoke:
        tiny = Point(images=64, batch_size=16, widths=(4, 4, 4, 4), trained=32)
        measure_training({"images": {"64": tiny}}, 1)
        measure_loads(("fashion-mnist",), 1, real=False)
        quick_runs_memory()
        return
    values = {"training": measure_training(axes(cores), repeats), "loads": measure_loads(DRAWN, repeats, real=True)}
    values["quick_runs"] = quick_runs_memory()
    if keep:
        record("growth", values, cores)


if __name__ == "__main__":
    typer.run(main)
