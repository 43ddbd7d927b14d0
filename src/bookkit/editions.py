"""The pages of a built site as parts of one file; the PDF that Chromium prints of it (`bookkit.epub` binds them too).

Needs a maintainer's packages (playwright) and Chromium.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
import shutil
from typing import Any

from bookkit.notebooks import BookError, book_title, read_yaml

LEFT_OUT = ("book/try_it", "book/my_run", "book/moving_pictures")  # nothing without scripts
LANGUAGE = "en"
FOOT = '<div style="width: 100%; text-align: center; font-size: 8px"><span class="pageNumber"></span></div>'


@dataclass(frozen=True)
class Part:
    """A page: its name in the table of contents, XHTML, pictures from the site's root, sections as [id, title]."""

    name: str
    title: str
    text: str
    images: list[str]
    sections: list[list[str]]

    @property
    def slug(self) -> str:
        return self.name.replace("/", "-")


def page_names(root: Path) -> list[str]:
    """The pages of the table of contents, in order, without those that are nothing on paper."""
    toc = read_yaml(root, "book/_toc.yml")
    try:
        named = [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]
    except (KeyError, TypeError) as error:
        raise BookError("book/_toc.yml names no root, or no parts with chapters that are files.") from error
    return [name for name in named if name not in LEFT_OUT]


def chromium_program() -> str | None:
    """Where Chromium lies on this machine; None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium() -> Iterator[Any]:
    """A new page of a headless Chromium. Raises BookError where playwright or Chromium is missing."""
    found = chromium_program()
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise BookError("The editions need playwright: make install-dev brings it.") from None
    if found is None:
        raise BookError("The editions need Chromium, which prints them (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser.new_page()
        finally:
            browser.close()


def parts(page: Any, root: Path, html: Path, joined: bool) -> list[Part]:
    """Each page of the site as a part of an edition; joined: in one file, so that each id gets its page's name."""
    script = (root / "book" / "_web" / "edition.js").read_text(encoding="utf-8")
    names = page_names(root)
    found = []
    for name in names:
        file = html / f"{name}.html"
        if not file.is_file():
            raise BookError(f"{file} is missing: build the site first (bookkit site).")
        page.goto(file.as_uri())
        told = page.evaluate(script, {"name": name, "known": names, "joined": joined})
        found.append(Part(name, **told))
    return found


def write_pdf(page: Any, root: Path, html: Path, to: Path) -> Path:
    """Print the book, with an outline, page numbers and links that lead to pages of the file itself."""
    style = (root / "book" / "_web" / "edition.css").read_text(encoding="utf-8")
    found = parts(page, root, html, joined=True)
    entries = "".join(f'<li><a href="#{part.slug}">{escape(part.title)}</a></li>' for part in found)
    body = f'<nav><h1>Contents</h1><ol class="contents">{entries}</ol></nav>{"".join(part.text for part in found)}'
    whole = html / "_print.html"  # beside the pages, so that their pictures are found
    try:
        whole.write_text(
            f'<!DOCTYPE html><html lang="{LANGUAGE}"><head><meta charset="utf-8"/><title>{escape(book_title(root))}'
            f"</title><style>{style}</style></head><body>{body}</body></html>",
            encoding="utf-8",
        )
        page.goto(whole.as_uri())
        page.pdf(
            path=str(to),
            format="A4",
            outline=True,
            tagged=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOT,
            margin={"top": "16mm", "bottom": "16mm", "left": "15mm", "right": "15mm"},
        )
    finally:
        whole.unlink(missing_ok=True)
    return to
