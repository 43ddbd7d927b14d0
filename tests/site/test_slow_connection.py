"""The first paint on a slow connection and a slow processor: 1.6 Mbit/s, 150 ms a round trip, a quarter of this CPU."""

from __future__ import annotations

import pytest

PAGES = ("book/index.html", "notebooks/03_lenet.html", "notebooks/08_lstm.html")
MOST = 2500  # ms
TRIES = 3  # the best counts: other work on this machine slows a page, nothing makes it faster
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 100_000}
PAINTED = """() => new Promise((done) => {
  const found = performance.getEntriesByName("first-contentful-paint")[0];
  if (found) return done(found.startTime);
  new PerformanceObserver((list, self) => {
    const [entry] = list.getEntriesByName("first-contentful-paint");
    if (entry) { self.disconnect(); done(entry.startTime); }
  }).observe({ type: "paint", buffered: true });
})"""


def first_paint(browser, url: str) -> float:
    """ms until a page that nobody has visited shows text or a picture."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(url, wait_until="commit")
    found = page.evaluate(PAINTED)
    context.close()
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_seen_soon_on_a_slow_connection(browser, address, page, measured):
    times: list[float] = []
    while len(times) < TRIES and min(times, default=MOST + 1) > MOST:
        times.append(first_paint(browser, address + page))
    measured(f"first paint of {page} on a slow connection: {', '.join(f'{time:.0f}' for time in times)} ms")
    assert min(times) <= MOST
