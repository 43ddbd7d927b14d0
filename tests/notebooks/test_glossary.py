"""The glossary and the chapters link to each other: `glossary.md#term` from a chapter's prose, `{ref}` back."""

import re

import chapters
import pytest

from bookkit.glossary import entries, terms_by_slug
from bookkit.notebooks import BookError
from bookkit.prose_rules import paragraphs

GLOSSARY = (chapters.ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
TERM = re.compile(r"\[[^\[\]]+\]\((?:\.\./book/)?glossary\.md#([\w-]+)\)")
SEE = re.compile(r"See \{ref\}`([\w-]+)`\.$", re.M)
ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>$', re.M)


def linked(prose: str) -> list[str]:
    """The glossary entries that a piece of prose links to; an anchor that leads to none as it is."""
    return [SLUGS.get(slug, slug) for slug in TERM.findall(prose)]


def prose(name: str) -> list[str]:
    """The paragraphs of a chapter, without blocks of code and math."""
    return [part for cell in chapters.cells(name) if cell.cell_type == "markdown" for part in paragraphs(cell.source)]


def sort_key(term: str) -> str:
    return re.sub(r" \(.*", "", term).casefold()


ENTRIES = entries(GLOSSARY)
SLUGS = terms_by_slug(GLOSSARY)
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
    assert [part for part in prose(name) if re.search(r"^#+ .*glossary\.md", part, re.M)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The [mini-batches](../book/glossary.md#batch) are small.", ["batch (批次 / 批量)"]),
        (
            "A **[leaf](glossary.md#leaf)**, and a [long\nname](../book/glossary.md#fan-out).",
            ["leaf (叶子节点)", "fan in, fan out (扇入, 扇出)"],
        ),
        ("A leaf, [leaf](#batch), `glossary.md#batch`, [no term](../book/glossary.md#nothing)", ["nothing"]),
    ],
)
def test_links_are_found(text, found):
    assert linked(text) == found


def test_each_word_of_a_term_has_an_anchor():
    assert SLUGS["filter"] == SLUGS["kernel"] == "kernel, filter (卷积核, 滤波器)"
    assert SLUGS["fully-connected-layer"] == SLUGS["linear-layer"]
    assert set(SLUGS.values()) == set(TERMS)


def test_two_terms_must_not_share_an_anchor():
    page = "```{glossary}\nGRU cell (门)\n  One.\n\ngate, gru-cell (门)\n  Two.\n```\n"
    with pytest.raises(BookError, match="#gru-cell"):
        terms_by_slug(page)
