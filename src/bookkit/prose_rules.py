"""The rules for markdown cells. A rule yields (cell number from 1 or None, sentence).

A result in prose is quoted from the cell that recorded it: `98.6<!-- ch03_test_percent:.1f -->`. What looks like a
typed result and is none is marked in its own paragraph (a table: on the line above it) with an HTML comment, which no
page shows:

- `<!-- bound: asserted in the next cell -->`: a bound that one of the two code cells after or before asserts;
- `<!-- cited -->`, or a link to book/references.md: somebody else's figure, whose source the paragraph names;
- `<!-- setting -->`: a choice, not a result ("30 % of the pixels are masked").

A few settings need no mark, as they cannot be results: "50 % dropout", "a 95 % confidence interval", "10 % chance".
Other numbers need none where one of the two code cells before or after has them, in its code or in its output.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

import nbformat

from bookkit import quoted
from bookkit.code_rules import Finding, parse
from bookkit.notebooks import Notebook, Page

FENCE = re.compile(r"[\s>]*(`{3,}|~{3,})")
MARK = re.compile(r"<!--\s*(?:bound\b|cited\b|setting\b)[^>]*-->|references\.md#")
BOUND = re.compile(r"<!--\s*bound\b[^>]*-->")
QUOTED = re.compile(r"(?:\([^()\n]*\)|[^\s<>|(]+)<!--\s*(?:full\s+)?([A-Za-z]\w*_\w+)(?::[^\s>]+)?\s*-->")
ASIDE = re.compile(
    r"<!--.*?-->|<a\s[^>]*></a>"  # comments, anchors
    r"|\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$"  # math
    r"|(`+)(?!`).*?(?<!`)\1(?!`)"  # code spans
    r"|!?\[[^\]]*\]\([^)]*\)|<https?://[^>]*>|https?://\S+",  # links
    re.S | re.M,
)
LINKED = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)")  # words stay prose when they become a link in the book
NUMBER = r"(?<![\w.])\d+(?:[.,]\d+)?"
PERCENT = rf"{NUMBER}\s*(?:%|percent\b|per cent\b|percentage points?\b)"
METRIC = r"(?:accuracy|loss(?:es)?|perplexity|(?:cross-)?entropy|F1(?: score)?|error rate|bits per character)"
SETTING = re.compile(
    rf"{PERCENT}\s+(?:of\s+)?(?:dropout|confidence|interval|quantile|chance|(?:training|validation|test)\s+split)"
    rf"|\b(?:dropout|confidence|chance)\s+(?:\w+\s+){{0,3}}{PERCENT}"
    rf"|\b(?:smoothing|decay|rate|momentum|temperature|dropout|PyTorch|[Cc]hapter|[Ss]ection|[Vv]ersion)"
    rf"\s+(?:of\s+|is\s+|at\s+)?{NUMBER}(?!\s*%)",
    re.I,
)
RESULTS = (
    (re.compile(PERCENT, re.I), "percentage"),
    (re.compile(rf"\b{METRIC}\b[^.!?;\d]{{0,40}}(?<![\w.])\d+\.\d+", re.I), "measure"),
    (re.compile(rf"\baccuracy (?:of|is|was|reache[sd]|near|above|below|under) (?:about )?{NUMBER}", re.I), "measure"),
    (re.compile(rf"(?<![\w.])\d+\.\d+ (?:\w+ )?{METRIC}\b", re.I), "measure"),
    (re.compile(rf"(?!\d{{4}}s\b){NUMBER}[\s-]?(?:ns|[µμ]s|ms|s|secs?|seconds?|mins?|minutes?|hours?)\b"), "time"),
    (re.compile(rf"{NUMBER}\s*(?:x|×|times)\s+(?:faster|slower|smaller|quicker|as fast|less memory)\b", re.I), "ratio"),
)

BELITTLING = re.compile(r"\b(simply|just(?!-in-time)|obviously)\b", re.I)
NEAR = 2  # code cells before and after a paragraph
SMALL = 12  # numbers up to here count and enumerate; larger ones and fractions are measured or set
YEARS = range(1900, 2100)
TYPED = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w-])")


def paragraphs(source: str) -> list[str]:
    """The prose of a markdown cell, by paragraph, without blocks of code."""
    kept, fence = [], ""
    for line in quoted.TABLE.sub("", source).splitlines():  # a table of the full run quotes its record
        found = FENCE.match(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) else fence
        elif found:
            fence = found[1]
        kept.append("" if found or fence else line)
    return [part for part in re.split(r"\n[>\s]*\n", "\n".join(kept)) if part.strip(" >\n")]


def plain(paragraph: str) -> str:
    """A paragraph on one line, without code, math, quoted values, comments and addresses; words of links stay."""
    return " ".join(ASIDE.sub(" ", LINKED.sub(r"\1", QUOTED.sub(" ", paragraph))).split())


def typed_result(chapter: Notebook) -> Iterator[Finding]:
    """A number that came out of a run is quoted from the cell that recorded it, and so cannot differ from it."""
    for number, cell in chapter.markdown_cells:
        for paragraph in paragraphs(cell.source):
            if MARK.search(paragraph):
                continue
            text = SETTING.sub(" ", plain(paragraph))
            for pattern, kind in RESULTS:
                if found := pattern.search(text):
                    yield (
                        number,
                        (
                            f"a typed {kind}, {found.group(0).strip()!r}: record and quote it, or mark its paragraph "
                            "<!-- bound: ... -->, <!-- cited --> or <!-- setting -->"
                        ),
                    )
                    break


def typed_number(chapter: Notebook) -> Iterator[Finding]:
    """A number in prose is quoted, cited, marked, or read in the code or output of a neighbouring cell."""
    for number, cell in chapter.markdown_cells:
        known = _numbers_near(chapter, number)
        for paragraph in paragraphs(cell.source):
            if MARK.search(paragraph):
                continue
            for found in TYPED.findall(SETTING.sub(" ", plain(paragraph))):
                text = found.strip(",")
                value = float(text.replace(",", ""))
                if value == int(value) and "." not in text and (value <= SMALL or value in YEARS):
                    continue
                half = 0.5 * 10.0 ** -len(text.partition(".")[2]) if "e" not in text else 0
                if not any(abs(one * scale - value) <= half + 1e-9 for one in known for scale in (1, 100)):
                    yield (
                        number,
                        f"{text} is in no code or output nearby: record it and quote it, or mark its paragraph "
                        "<!-- cited --> or <!-- setting -->",
                    )


def _numbers_near(chapter: Notebook, number: int) -> set[float]:
    """The numbers in code and text outputs of the code cells around a markdown cell."""
    before = [cell for place, cell in chapter.code_cells if place < number][-NEAR:]
    after = [cell for place, cell in chapter.code_cells if place > number][:NEAR]
    texts = [text for cell in before + after for text in _texts(cell)]
    plain_digits = re.sub(r"(?<=\d)[,_](?=\d{3})", "", "\n".join(texts))
    return {float(found) for found in re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", plain_digits)}


def _texts(cell: nbformat.NotebookNode) -> Iterator[str]:
    yield cell.source
    for output in cell.get("outputs", []):
        yield from (str(output.get("text", "")), *output.get("traceback", []))
        yield from (str(value) for key, value in output.get("data", {}).items() if key.endswith("text/plain"))


def asserted_bound(chapter: Notebook) -> Iterator[Finding]:
    """A paragraph marked as a bound has its assertion in one of the two code cells after it, or before it."""
    for number, cell in chapter.markdown_cells:
        if not BOUND.search(cell.source):
            continue
        after = [code for place, code in chapter.code_cells if place > number][:2]
        before = [code for place, code in chapter.code_cells if place < number][-2:]
        trees = [tree for code in after + before if (tree := parse(code))]
        if not any(isinstance(node, ast.Assert) for tree in trees for node in ast.walk(tree)):
            yield number, "the paragraph is marked as a bound, but the code cells beside it assert nothing"


def heading(chapter: Notebook) -> Iterator[Finding]:
    """One title, first, under an anchor that does not depend on its words: other pages and editions link to it."""
    first = chapter.cells[0] if chapter.cells else None
    kind = "page" if isinstance(chapter, Page) else "ch"
    form = rf'<a id="{kind}-[\w-]+"></a>\n+# \S'
    if first is None or first.cell_type != "markdown" or not re.match(form, first.source):
        yield 1, f'the first cell must begin with the anchor <a id="{kind}-..."></a> and the title # ... under it'
    titles = [
        number
        for number, cell in chapter.markdown_cells
        for paragraph in paragraphs(cell.source)
        for _ in re.findall(r"^# \S", paragraph, re.M)
    ]
    for number in titles[1:]:
        yield number, "a second title with one #; sections begin with ##"


def belittling_word(chapter: Notebook) -> Iterator[Finding]:
    """What is simple to the author may not be to the reader, and the word helps neither."""
    for number, cell in chapter.markdown_cells:
        for paragraph in paragraphs(cell.source):
            if found := BELITTLING.search(plain(paragraph)):
                yield number, f"leave out the word {found.group(0)!r}"
