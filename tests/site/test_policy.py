"""The Content-Security-Policy: no page does what it forbids, what a page offers works under it, and it bites."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup
import pytest
from test_browser import PAGES, ROOT, SITE
from visits import HEAR_POLICY

from bookkit import policy
from bookkit.elsewhere import read_addresses

BUILT = sorted(path for path in SITE.rglob("*.html") if "_static" not in path.parts)
EVIL = {
    "script-src-elem": "const s = document.createElement('script'); s.text = 'window.ran = 1'; document.head.append(s)",
    "script-src": "setTimeout('window.ran = 1')",
    "script-src-attr": "document.body.setAttribute('onclick', 'window.ran = 1'); document.body.click()",
    "connect-src": "fetch('https://elsewhere.example/').catch(() => 0)",
    "img-src": "new Image().src = 'https://elsewhere.example/a.png'",
    "worker-src": "try { new Worker('data:text/javascript,1') } catch {}",
    "frame-src": "const f = document.createElement('iframe'); f.src = 'https://a.example/'; document.body.append(f)",
}


@pytest.fixture
def page(browser, address):
    """A page that hears what the policy blocks; the start page of the book is open in it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(HEAR_POLICY)
    page.goto(address + "notebooks/01_tensors.html", wait_until="load")
    yield page
    context.close()


@pytest.mark.parametrize("page", PAGES, ids=PAGES)
def test_nothing_of_a_page_is_blocked(visits, page):
    assert visits(page).blocked == []


@pytest.mark.parametrize("directive", EVIL)
def test_what_the_policy_forbids_is_blocked(page, directive):
    page.evaluate(f"() => {{ {EVIL[directive]} }}")
    page.wait_for_function("() => window.blocked?.length")
    assert page.evaluate("window.blocked[0]").split()[0] == directive
    assert page.evaluate("window.ran") is None


def test_webassembly_runs(page):
    assert page.evaluate("WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => true)")
    assert page.evaluate("window.blocked") is None


def test_the_buttons_of_a_page_work(page):
    page.evaluate("window.print = () => { window.printed = true }")
    before = page.evaluate("document.documentElement.dataset.mode")
    page.locator(".theme-switch-button:visible").first.click()
    assert page.evaluate("document.documentElement.dataset.mode") != before
    page.evaluate("document.querySelector('[data-print]').click()")
    assert page.evaluate("window.printed")
    page.locator("button.copybtn").first.evaluate("button => button.click()")
    page.wait_for_selector("button.copybtn.success", state="attached")
    page.locator(".search-button-field:visible").first.click()
    assert page.evaluate("window.blocked") is None


@pytest.mark.parametrize("path", BUILT, ids=lambda path: str(path.relative_to(SITE)))
def test_no_script_stands_in_a_page(path):
    document = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    assert [script.text[:80] for script in document.select("script") if not script.get("src")] == []
    assert [tag.name for tag in document.find_all(True) if any(name.startswith("on") for name in tag.attrs)] == []
    assert document.select('a[href^="javascript:"]') == []
    said = [meta["content"] for meta in document.select('meta[http-equiv="Content-Security-Policy"]')]
    assert said == [policy.as_meta()] * bool(read_addresses(ROOT / "_config.yml").site)


def test_a_page_may_say_the_policy_itself(page, address):
    """As it does where the site has an address: the same page from a server that sends no header."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy.as_meta()}"/>'

    def answer(route):
        got = route.fetch()
        headers = {name: value for name, value in got.headers.items() if name in ("content-type",)}
        body = got.text().replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />{meta}', 1)
        route.fulfill(status=200, headers=headers, body=body)

    page.route("**/*.html", answer)
    page.goto(address + "notebooks/01_tensors.html", wait_until="load")
    assert page.evaluate("document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
    assert page.evaluate("window.blocked") is None
    page.evaluate(f"() => {{ {EVIL['script-src-elem']} }}")
    page.wait_for_function("() => window.blocked?.length")


def test_the_policy_is_written_down():
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert policy.as_header() in said.replace(";\n", "; ")


def test_a_built_page_is_settled(tmp_path: Path):
    switch = '<script>\ndocument.write(`\n  <button class="a">b</button>\n`);\n</script>'
    (tmp_path / "a.html").write_text(f'<p>{switch}<button onclick="window.print()"></button>')
    policy.settle_scripts(tmp_path)
    found = (tmp_path / "a.html").read_text().replace("\n", "")
    assert found == '<p>  <button class="a">b</button><button data-print></button>'
