"""A visit to a page of the site: what it loads and says, how it lies at three widths, what axe finds in two themes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from importlib.resources import files

WIDTHS = (360, 768, 1440)  # CSS pixels: a phone, a tablet, a laptop
GRAVE = ("serious", "critical")
KINDS = {"document": "page", "stylesheet": "css", "script": "js", "font": "font"}

# Elements that reach out of the window, and code or output that does so of its column without scrolling.
TOO_WIDE = """() => {
  const found = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("main *, footer *, nav *")].filter(
      (e) => e.getBoundingClientRect().right > root.clientWidth + 1 && e.checkVisibility());
    const names = wide.slice(-3).map((e) => `${e.tagName.toLowerCase()}.${e.className}`);
    found.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide: ${names.join(", ")}`);
  }
  const column = document.querySelector("article.bd-article");
  const right = column ? column.getBoundingClientRect().right : 0;
  for (const block of document.querySelectorAll("article div.highlight, article .cell_output pre"))
    if (block.checkVisibility() && block.getBoundingClientRect().right > right + 1)
      found.push(`a block is wider than its column: ${block.textContent.trim().slice(0, 60)}`);
  return found;
}"""
CUT = """() => [...document.querySelectorAll("article div.cell_input pre")]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.textContent.split("\\n").sort((a, b) => b.length - a.length)[0].slice(0, 100))"""
COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # the others find the same in any theme
AXE = """async (only) => {
  const options = only ? { runOnly: only } : { rules: { "label-content-name-mismatch": { enabled: true } } };
  const run = await axe.run({ exclude: [["math"], ["div.highlight pre"], [".cell_output pre"]] }, {
    preload: false, resultTypes: ["violations"], ...options });
  return run.violations.map((v) => ({ rule: v.id, impact: v.impact, count: v.nodes.length,
    where: v.nodes.slice(0, 2).map((n) => n.target.join(" ") + ": " + n.html.slice(0, 120)) }));
}"""


# The contrast of each kind of word in code and output, one of each, which axe would take for each word of the page.
FAINT = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = rgb(color).map((v) => (v / 255 <= 0.04045 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    const color = e ? getComputedStyle(e).backgroundColor : "rgb(255, 255, 255)";
    return color === "rgba(0, 0, 0, 0)" ? ground(e.parentElement) : color;
  };
  const kinds = new Map();
  for (const e of document.querySelectorAll("div.highlight pre, div.highlight pre span, .cell_output pre"))
    if (!kinds.has(e.className + e.parentElement.className)) kinds.set(e.className + e.parentElement.className, e);
  return [...kinds.values()].map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    return [e.className, (a + 0.05) / (b + 0.05), getComputedStyle(e).color, ground(e)];
  }).filter(([, ratio]) => ratio < 4.5).map((one) => one.join(" "));
}"""


HEAR_POLICY = """addEventListener("securitypolicyviolation", (event) =>
  (window.blocked ??= []).push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))"""


@dataclass
class Visit:
    """What one page showed. `weight` in bytes as sent, by kind; `violations` by theme."""

    said: list[str] = field(default_factory=list)  # errors and warnings of the console
    failed: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)  # by the Content-Security-Policy
    weight: Counter = field(default_factory=Counter)
    too_wide: dict[int, list[str]] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)  # lines of code that a laptop does not show whole
    faint: dict[str, list[str]] = field(default_factory=dict)  # kinds of words in code, below 4.5:1
    violations: dict[str, list[dict]] = field(default_factory=dict)

    def grave(self, theme: str) -> list[str]:
        return [
            f"{one['rule']} ({one['impact']}, {one['count']}): {'; '.join(one['where'])}"
            for one in self.violations[theme]
            if one["impact"] in GRAVE
        ]


class Visits:
    """Visits by page, each made once."""

    def __init__(self, browser, address: str):
        self.browser, self.address, self._made = browser, address, {}
        self._axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

    def __call__(self, page: str) -> Visit:
        if page not in self._made:
            self._made[page] = self._visit(page)
        return self._made[page]

    def _visit(self, name: str) -> Visit:
        visit, responses = Visit(), []
        context = self.browser.new_context(
            viewport={"width": WIDTHS[-1], "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        page = context.new_page()
        page.on("console", lambda m: visit.said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: visit.said.append(str(error)))
        page.on("requestfailed", lambda request: visit.failed.append(request.url))
        page.on("request", lambda request: self._check_origin(visit, request.url))
        page.on("response", lambda response: responses.append(response))
        page.add_init_script(HEAR_POLICY)
        page.goto(self.address + name, wait_until="load")
        for response in responses:
            if response.status >= 400:
                visit.failed.append(f"{response.status} {response.url}")
            else:
                kind = KINDS.get(response.request.resource_type, response.request.resource_type)
                visit.weight[kind] += response.request.sizes()["responseBodySize"]
        visit.cut = page.evaluate(CUT)
        page.evaluate(self._axe)
        self._look(visit, page, "light")
        page.emulate_media(color_scheme="dark")
        page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
        self._look(visit, page, "dark")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            visit.too_wide[width] = page.evaluate(TOO_WIDE)
        visit.blocked = page.evaluate("window.blocked ?? []")
        context.close()
        return visit

    def _look(self, visit: Visit, page, theme: str) -> None:
        visit.violations[theme] = page.evaluate(AXE, COLOUR_RULES if theme == "dark" else None)
        visit.faint[theme] = page.evaluate(FAINT)

    def _check_origin(self, visit: Visit, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            visit.foreign.append(url)
