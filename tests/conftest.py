"""Settings for every test: no network, a cache of its own, the CPU."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TQDM_DISABLE", "1")
REAL_DATA = os.environ.get("TORCHBOOK_DATA")  # read before any test changes it


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
