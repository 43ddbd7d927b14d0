"""The terms of `book/glossary.md` and the anchors under which plain links name them."""

from __future__ import annotations

import re

from bookkit.notebooks import BookError

DIRECTIVE = re.compile(r"^```\{glossary\}\n(.*?)^```$", re.M | re.S)
ENTRY = re.compile(r"^(\S.*)\n((?: +\S.*\n?)+)", re.M)


def entries(page: str) -> list[tuple[str, str]]:
    """(term, definition) of each entry, in the order of the page."""
    found = DIRECTIVE.search(page)
    return [(term, definition.strip()) for term, definition in ENTRY.findall(found[1])] if found else []


def slug(words: str) -> str:
    """`Fully connected layer` -> `fully-connected-layer`"""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def aliases(term: str) -> list[str]:
    """`kernel, filter (卷积核, 滤波器)` -> `kernel`, `filter`"""
    return re.sub(r"\s*\(.*", "", term).split(", ")


def terms_by_slug(page: str) -> dict[str, str]:
    """{slug: term} with one slug for each alias. Raises BookError where two terms would share one."""
    terms: dict[str, str] = {}
    for term, _ in entries(page):
        for alias in aliases(term):
            if terms.setdefault(slug(alias), term) != term:
                raise BookError(f"The terms {terms[slug(alias)]!r} and {term!r} share the anchor #{slug(alias)}.")
    return terms
