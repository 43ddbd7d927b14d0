"""The Content-Security-Policy that the site bears, and the last step of a build that makes it bear it.

Scripts, workers and WebAssembly come from the site's own files: no script stands in a page, nobody else is asked.
Styles may stand in a page, as Pygments, pictures in SVG and tables bring their own; a page may make images.
"""

from __future__ import annotations

from pathlib import Path
import re

from bookkit.notebooks import write_text

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "media-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'self'",  # 404.html names the site's own address
    "form-action": "'self'",
}
HEADER_ALONE = {"frame-ancestors": "'none'"}  # no page may say it of itself
WRITTEN = re.compile(r"<script>\s*document\.write\(`(.*?)`\);?\s*</script>", re.S)  # what the theme shows by script
PRINTS = ' onclick="window.print()"'


def as_meta() -> str:
    """The policy as a page says it of itself, in ``<meta http-equiv>``."""
    return "; ".join(f"{name} {sources}" for name, sources in POLICY.items())


def as_header() -> str:
    """The policy as a server sends it with every page."""
    return "; ".join(f"{name} {sources}" for name, sources in {**POLICY, **HEADER_ALONE}.items())


def settle_scripts(html: Path) -> None:
    """Take the theme's scripts out of the pages: what they write stands there, and book.js hears the print button."""
    for path in html.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        settled = WRITTEN.sub(r"\1", page).replace(PRINTS, " data-print")
        if settled != page:
            write_text(path, settled)
