"""Every benchmark runs with --smoke: in seconds, to the end, with a ratio printed and nothing recorded."""

import os
from pathlib import Path
import re
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "book" / "results" / "benchmarks.json"
SCRIPTS = sorted(
    path.name
    for path in (ROOT / "benchmarks").glob("*.py")
    if re.search(r"^def main\(", path.read_text(encoding="utf-8"), re.MULTILINE)
)


def run(script: str, *words: str) -> str:
    """What a script prints, in a process of its own; the test fails when it does not end well."""
    search = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": search, "PYTHONUTF8": "1", "COLUMNS": "110"}
    environment["OMP_WAIT_POLICY"] = "passive"  # threads that wait for each other leave the cores to other tests
    command = [sys.executable, str(ROOT / "benchmarks" / script), *words]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def recorded() -> bytes | None:
    return RESULTS.read_bytes() if RESULTS.is_file() else None


def test_the_scripts_are_found():
    assert {"cifar_cpu.py", "loop_cost.py", "growth.py", "book_cost.py"} <= set(SCRIPTS)
    assert not {"harness.py", "classic.py", "growth_point.py"} & set(SCRIPTS)


SMOKED = [  # cifar_gpu.py in a file of its own
    pytest.param(name, marks=pytest.mark.long if name in ("book_cost.py", "gains.py", "growth.py") else [])
    for name in SCRIPTS
    if name != "cifar_gpu.py"
]


@pytest.mark.parametrize("script", SMOKED)
def test_a_smoke_run_prints_a_ratio_and_records_nothing(script):
    before = recorded()
    shown = run(script, "--smoke")
    assert re.search(r"(\S / \S|\bratio\b).*\d", shown, re.IGNORECASE | re.DOTALL)
    assert "recorded as" not in shown
    assert recorded() == before


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_records_only_when_it_is_told_to(script):
    text = (ROOT / "benchmarks" / script).read_text(encoding="utf-8")
    assert "keep: Keep = False" in text
    for place in re.finditer(r"^( +)record(?:_parts)?\(", text, re.MULTILINE):
        before = text[: place.start()].splitlines()
        guard = next(
            line for line in reversed(before) if len(line) - len(line.lstrip()) < len(place[1]) and line.strip()
        )
        assert guard.lstrip().startswith(("if keep", "def record_parts")), guard
