"""The glossary and the chapters link to each other: `{term}` from a chapter's prose, `{ref}` from the entry."""

import re

import chapters
import pytest

from bookkit.prose_rules import paragraphs

GLOSSARY = (chapters.ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
DIRECTIVE = re.compile(r"^```\{glossary\}\n(.*?)^```$", re.M | re.S)
ENTRY = re.compile(r"^(\S.*)\n((?: +\S.*\n?)+)", re.M)
TERM = re.compile(r"\{term\}`(?:[^`<]*<([^`>]*)>|([^`<]*))`")
SEE = re.compile(r"See \{ref\}`([\w-]+)`\.$", re.M)
ANCHOR = re.compile(r"^\(([\w-]+)\)=$", re.M)


def entries(text: str) -> list[tuple[str, str]]:
    """(term, definition) of each entry, in the order of the page."""
    return [(term, definition.strip()) for term, definition in ENTRY.findall(DIRECTIVE.search(text)[1])]


def linked(prose: str) -> list[str]:
    """The glossary entries that a piece of prose links to."""
    return [" ".join((target or word).split()) for target, word in TERM.findall(prose)]


def prose(name: str) -> list[str]:
    """The paragraphs of a chapter, without blocks of code and math."""
    return [part for cell in chapters.cells(name) if cell.cell_type == "markdown" for part in paragraphs(cell.source)]


def sort_key(term: str) -> str:
    return re.sub(r" \(.*", "", term).casefold()


ENTRIES = entries(GLOSSARY)
TERMS = [term for term, _ in ENTRIES]
EXPLAINED = [(term, label) for term, definition in ENTRIES for label in SEE.findall(definition)]
LINKED = {name: [term for part in prose(name) for term in linked(part)] for name in chapters.NAMES}
CHAPTER_OF = {
    label: name
    for name in chapters.NAMES
    for cell in chapters.cells(name)
    if cell.cell_type == "markdown"
    for label in ANCHOR.findall(cell.source)
}


def test_the_glossary_is_in_alphabetical_order_and_has_no_term_twice():
    assert TERMS
    assert sorted(TERMS, key=sort_key) == TERMS
    assert len({sort_key(term) for term in TERMS}) == len(TERMS)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_linked_from_a_chapter(term):
    assert [name for name in chapters.NAMES if term in LINKED[name]]


def test_every_entry_names_the_place_that_explains_it():
    assert [term for term, _ in EXPLAINED] == TERMS
    assert [label for _, label in EXPLAINED if label not in CHAPTER_OF] == []


@pytest.mark.parametrize(("term", "label"), EXPLAINED)
def test_the_chapter_that_explains_a_term_links_it(term, label):
    assert term in LINKED[CHAPTER_OF[label]]


@pytest.mark.parametrize("name", chapters.NAMES)
def test_a_chapter_links_only_terms_that_there_are(name):
    assert set(LINKED[name]) - set(TERMS) == set()


@pytest.mark.parametrize("name", chapters.NAMES)
def test_a_chapter_links_a_term_once(name):
    assert sorted(set(LINKED[name])) == sorted(LINKED[name])


@pytest.mark.parametrize("name", chapters.NAMES)
def test_a_paragraph_links_two_terms_at_most_and_a_heading_none(name):
    assert [part for part in prose(name) if len(linked(part)) > 2] == []
    assert [part for part in prose(name) if re.search(r"^#+ .*\{term\}", part, re.M)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The {term}`mini-batches <batch (批次)>` are small.", ["batch (批次)"]),
        (
            "A **{term}`leaf (叶子节点)`**, and a {term}`long\nname <fan in,\nfan out (扇入, 扇出)>`.",
            ["leaf (叶子节点)", "fan in, fan out (扇入, 扇出)"],
        ),
        ("A leaf, {ref}`leaf <batch (批次)>`, `term`", []),
    ],
)
def test_links_are_found(text, found):
    assert linked(text) == found
