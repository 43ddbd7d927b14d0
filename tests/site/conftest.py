"""The built site in a real Chromium, where there is one: a server of its own, one browser, each page visited once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import serve
from visits import Visits

from bookkit.editions import chromium_program

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SITE = ROOT / "_build" / "html"
MEASURED = "measured"
CHROMIUM = chromium_program()
MISSING = "NO CHROMIUM ON THIS MACHINE: no page is tried in a browser (Debian: apt-get install chromium)"
QUIET = ("gpu", "background-networking", "component-update", "sync", "default-apps", "domain-reliability")


def pytest_report_header() -> list[str]:
    """Say aloud that the pages are not looked at in a browser, where there is none."""
    if CHROMIUM:
        return [f"site: pages are visited in {CHROMIUM}"]
    return ["", f"site: {MISSING}", ""]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for the groups
def pytest_collection_modifyitems(items) -> None:
    """Tests that share the visit of a page go to one worker; the others stay with their file."""
    for item in items:
        if item.path.parent == HERE:
            page = "visits" in item.fixturenames and hasattr(item, "callspec") and item.callspec.params.get("page")
            item.add_marker(pytest.mark.xdist_group(page or item.path.name))


def pytest_terminal_summary(terminalreporter) -> None:
    """What tests measured, one line each, whichever worker they ran in."""
    reports = [report for name in ("passed", "failed") for report in terminalreporter.stats.get(name, [])]
    lines = [line for report in reports for name, line in report.user_properties if name == MEASURED]
    if lines:
        terminalreporter.section("measured in the browser")
        terminalreporter.write_line("\n".join(sorted(lines)))


@pytest.fixture
def measured(record_property):
    """Called with a line, it is shown at the end of the tests."""
    return lambda line: record_property(MEASURED, line)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the built site is served, ending with a slash."""
    with serve(SITE) as found:
        yield found


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", *(f"--disable-{name}" for name in QUIET)]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def visits(browser, address) -> Visits:
    """What a visit to each page brought; a page is visited when a test first asks."""
    return Visits(browser, address)
