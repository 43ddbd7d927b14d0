"""Settings for every test: no network, a cache of its own, the CPU; and the table of faults."""

from collections import Counter
import os
from pathlib import Path

import pytest

from bookkit import results

os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as torchbook does, which tests may import later
REAL_DATA = os.environ.get("TORCHBOOK_DATA")  # read before any test changes it
TRIES: Counter = Counter()  # by area: what tests marked `faults` tried
WRONG: Counter = Counter()  # by area: what did not end as it should


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch, tmp_path_factory):
    """No test reads or writes the user's cache; real data are seen by the tests marked real_data alone."""
    monkeypatch.delenv("TORCHBOOK_DATA", raising=False)
    monkeypatch.setenv("TORCHBOOK_CACHE", str(_shared_cache(tmp_path_factory)))
    monkeypatch.setenv("TORCHBOOK_DEVICE", "cpu")


def _shared_cache(factory) -> Path:
    """One cache for all tests of a run: drawn once."""
    return factory.getbasetemp().parent / "torchbook-cache"


@pytest.fixture
def real_data() -> Path:
    """The folder with the real data sets; the test is skipped without TORCHBOOK_DATA."""
    if not REAL_DATA:
        pytest.skip("TORCHBOOK_DATA is not set")
    return Path(REAL_DATA)


def pytest_addoption(parser):
    parser.addoption("--fault-table", metavar="FILE", help="write what tests marked faults tried, by area, as JSON")


def pytest_runtest_setup(item):
    """A test marked faults("area") is one try; one that tries more: record_property("tries", (number, wrong))."""
    if (marker := item.get_closest_marker("faults")) is not None:
        item.user_properties.append(("faults", marker.args[0]))


def pytest_runtest_logreport(report):
    said = dict(report.user_properties)
    if report.when != "call" or "faults" not in said or report.skipped:
        return
    tries, wrong = said.get("tries", (1, int(report.failed)))
    TRIES[said["faults"]] += tries
    WRONG[said["faults"]] += max(wrong, int(report.failed))


def pytest_terminal_summary(terminalreporter):
    file = terminalreporter.config.getoption("--fault-table")
    if not file or not TRIES:
        return
    areas = [{"area": area, "tries": TRIES[area], "wrong": WRONG[area]} for area in sorted(TRIES)]
    areas.append({"area": "all", "tries": TRIES.total(), "wrong": WRONG.total()})
    results.write(Path(file), {**results.header(Path(__file__).parents[1], 1), "areas": areas})
    terminalreporter.section("faults")
    for row in areas:
        terminalreporter.write_line(f"{row['area']:<36} {row['tries']:>7,} tried {row['wrong']:>5} wrong")
