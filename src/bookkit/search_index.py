"""What the site's search looks through: each section of each page with its titles, its words and its anchor.

`write_index` reads the built pages and writes ``search-sections.js`` into ``_static``. It is a script, not JSON, since
pages opened from a folder (``file://``) may load scripts alone. The searching is done by ``search.js``.
"""

from __future__ import annotations

from html.parser import HTMLParser
import json
from pathlib import Path
import re

from bookkit.notebooks import write_text

HEADINGS = ("h1", "h2", "h3", "h4")
VOID = ("img", "br", "hr", "input", "meta", "link", "wbr", "source", "col")
SKIPPED = ("script", "style", "math", "figcaption", "svg", "button")
SKIPPED_CLASSES = ("headerlink", "last-run", "chapter-number", "chapter-map", "chapter-cards")
LONGEST = 4000  # characters of a section that are looked through and quoted


class Reader(HTMLParser):
    """Collects the sections of one page's article as [anchor, title, level, text]."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: list[list] = []
        self.open: list[tuple[str, bool, str]] = []  # (tag, whether its text is skipped, what it is)
        self.anchors: list[str] = []  # of the sections that are open

    def handle_starttag(self, tag: str, attributes) -> None:
        given = {name: value or "" for name, value in attributes}
        classes = given.get("class", "").split()
        skipped = tag in SKIPPED or any(name in SKIPPED_CLASSES for name in classes)
        kind = ""
        if tag == "article":
            kind = "article"
        elif self._inside() and tag == "section":
            kind, anchor = "section", given.get("id", "")
            self.anchors.append(anchor)
        elif self._inside() and tag in HEADINGS:
            kind = "heading"
            self.sections.append([self.anchors[-1] if self.anchors else "", "", int(tag[1]), ""])
        elif self._inside() and tag == "dt" and given.get("id"):
            kind = "term"
            self.sections.append([given["id"], "", 4, ""])
        if tag not in VOID:
            self.open.append((tag, skipped, kind))

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _, _ in self.open):  # what was not closed inside is closed with it
            closed, _, kind = self.open.pop()
            if kind == "section":
                self.anchors.pop()
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._inside() or not self.sections or any(skipped for _, skipped, _ in self.open):
            return
        titled = any(kind in ("heading", "term") for _, _, kind in self.open)
        self.sections[-1][1 if titled else 3] += data

    def _inside(self) -> bool:
        return any(kind == "article" for _, _, kind in self.open)


def sections(page: str) -> list[list]:
    """The sections of a built page as [anchor, title, level, text], the first being the page's own."""
    reader = Reader()
    reader.feed(page)
    found = []
    for anchor, title, level, text in reader.sections:
        words = (re.sub(r"\s+", " ", part).strip() for part in (title, text))
        title, text = (part.replace("¶", "").replace("[source]", "").replace("\u200b", "") for part in words)
        title = re.sub(r"^(?:class )?([\w.]+)\(.*", r"\1", title)  # a signature: its name alone
        found.append([anchor, title, level, text[:LONGEST]])
    return found


def write_index(html: Path, synonyms: Path) -> None:
    """Write ``search-sections.js``: the pages with their sections, and the words that mean the same."""
    pages = []
    for path in sorted(file for folder in ("notebooks", "book") for file in (html / folder).glob("*.html")):
        found = sections(path.read_text(encoding="utf-8"))
        if found:
            pages.append({"path": path.relative_to(html).as_posix(), "title": found[0][1], "sections": found})
    index = {"pages": pages, "synonyms": read_synonyms(synonyms) if synonyms.is_file() else []}
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    write_text(html / "_static" / "search-sections.js", f"window.BOOK_SECTIONS={text};\n")


def read_synonyms(path: Path) -> list[list[str]]:
    """One group of words or phrases a line, separated by commas; lines that begin with # are comments."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [[word.strip() for word in line.split(",") if word.strip()] for line in lines if line]
