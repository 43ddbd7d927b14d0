"""The rules for markdown cells. A rule yields (cell number from 1 or None, sentence).

A result in prose is quoted from the run, `98.6<!-- ch03_test_percent:.1f -->` (`bookkit.quoted`). What looks like a
typed result and is none is marked in its own paragraph (a table: on the line above it) with an HTML comment, which the
page does not show:

- `<!-- bound: asserted in the next cell -->`: a bound that one of the two code cells after or before asserts;
- `<!-- cited -->`, or a link to `references.md`: somebody else's figure, whose source the paragraph names;
- `<!-- setting -->`: a choice, not a result ("30 % of the pixels are masked").

A few settings need no mark, as they cannot be results: "50 % dropout", "a 95 % confidence interval", "10 % chance".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

from bookkit import quoted
from bookkit.code_rules import Finding, parse
from bookkit.notebooks import Chapter

FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})\s*(?:\{([\w:-]+)\})?(.*)$")
QUOTE_MARK = re.compile(r"^ {0,3}> ?")  # a box is a quote
VERBATIM = re.compile(r"code|math|glue|mermaid|literalinclude|raw|bibliography|toctree|image")
MARK = re.compile(r"<!--\s*(?:bound\b|cited\b|setting\b)[^>]*-->|references\.md#")
BOUND = re.compile(r"<!--\s*bound\b[^>]*-->")
ASIDE = re.compile(
    r"<!--.*?-->"  # comments
    r"|\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$"  # math
    r"|(`+)(?!`).*?(?<!`)\1(?!`)"  # code spans
    r"|!?\[[^\]]*\]\([^)]*\)|!?\[[^\]]*\]\[[^\]]*\]|<https?://[^>]*>|https?://\S+"  # links
    r"|^<a id=[^\n]*$",  # anchors
    re.S | re.M,
)
LINKED = re.compile(  # the words stay prose when they become a link inside the book
    r"(?<!!)\[([^\[\]]+)\]\((?![^()\s]*references\.md#)(?:[\w./-]+\.(?:ipynb|md))?(?:#[\w-]+)?\)"
)
MYST = (
    (re.compile(r"\{[a-zA-Z][\w:-]*\}`"), "role"),
    (re.compile(r"^\([\w-]+\)=[ \t]*$", re.M), "label line"),
    (re.compile(r"^\s*(?:`{3,}|:{3,}|~{3,})\s*\{", re.M), "directive"),
)
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
FIRST = re.compile(r'<a id="ch-[\w-]+"></a>\n# \S')
BELITTLING = re.compile(r"\b(simply|just(?!-in-time)|obviously)\b", re.I)


def paragraphs(source: str) -> list[str]:
    """The prose of a markdown cell, by paragraph, boxes too; code, math and tables of the full run are left out."""
    kept: list[str] = []
    open_fences: list[tuple[str, bool]] = []  # (fence, whether its content is verbatim)
    for line in quoted.TABLE.sub("", source).splitlines():
        line = QUOTE_MARK.sub("", line)
        found = FENCE.match(line)
        if found:
            fence, directive, rest = found.groups()
            if open_fences and fence.startswith(open_fences[-1][0]) and not directive and not rest.strip():
                open_fences.pop()
                kept.append("")
                continue
            if not (open_fences and open_fences[-1][1]):
                verbatim = bool(VERBATIM.match(directive)) if directive else fence[0] != ":"
                open_fences.append((fence, verbatim))
                kept += ["", "" if verbatim else rest]
                continue
        kept.append("" if open_fences and open_fences[-1][1] else line)
    return [part for part in re.split(r"\n\s*\n", "\n".join(kept)) if part.strip()]


def plain(paragraph: str) -> str:
    """A paragraph without quoted numbers, code, math, outside links and comments, on one line."""
    return " ".join(ASIDE.sub(" ", LINKED.sub(r"\1", quoted.QUOTE.sub(" ", paragraph))).split())


def typed_result(chapter: Chapter) -> Iterator[Finding]:
    """A number that came out of a run is quoted from its record, so that it cannot differ from the run."""
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
                            f"a typed {kind}, {found.group(0).strip()!r}: quote its record, or mark its paragraph "
                            "<!-- bound: ... -->, <!-- cited --> or <!-- setting -->"
                        ),
                    )
                    break


def asserted_bound(chapter: Chapter) -> Iterator[Finding]:
    """A paragraph marked as a bound has its assertion in one of the two code cells after it, or before it."""
    for number, cell in chapter.markdown_cells:
        if not BOUND.search(cell.source):
            continue
        after = [code for place, code in chapter.code_cells if place > number][:2]
        before = [code for place, code in chapter.code_cells if place < number][-2:]
        trees = [tree for code in after + before if (tree := parse(code))]
        if not any(isinstance(node, ast.Assert) for tree in trees for node in ast.walk(tree)):
            yield number, "the paragraph is marked as a bound, but the code cells beside it assert nothing"


def heading(chapter: Chapter) -> Iterator[Finding]:
    """One title, first, under an anchor that does not depend on its words: other pages and editions link to it."""
    first = chapter.cells[0] if chapter.cells else None
    if first is None or first.cell_type != "markdown" or not FIRST.match(first.source):
        yield 1, 'the first cell must begin with the anchor <a id="ch-..."></a> and the title # ... under it'
    titles = [
        number
        for number, cell in chapter.markdown_cells
        for paragraph in paragraphs(cell.source)
        for _ in re.findall(r"^# \S", paragraph, re.M)
    ]
    for number in titles[1:]:
        yield number, "a second title with one #; sections begin with ##"


def plain_markdown(chapter: Chapter) -> Iterator[Finding]:
    """A chapter reads well in any tool: its text is plain Markdown, and `bookkit.plain` makes MyST of it."""
    for number, cell in chapter.markdown_cells:
        for pattern, kind in MYST:
            if found := pattern.search(cell.source):
                yield (
                    number,
                    f"MyST's {kind} {found[0].strip()!r} shows raw outside of the site; bookkit.plain has a form",
                )


def recorded_names(chapter: Chapter) -> Iterator[Finding]:
    """Each number that prose quotes is recorded by a cell of this notebook; names begin with the chapter's number."""
    exact, patterns = set(), []
    for number, cell in chapter.code_cells:
        for node in ast.walk(parse(cell) or ast.Module([], [])):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            function, name = ast.unparse(node.func).split(".")[-1], node.args[0]
            if function == "record_cost" and isinstance(name, ast.Constant):
                exact |= {f"{name.value}_seconds", f"{name.value}_memory_mb"}
            elif function == "record" and isinstance(name, ast.Constant) and isinstance(name.value, str):
                exact.add(name.value)
                if not name.value.startswith(f"ch{chapter.number}_"):
                    yield number, f"the recorded name {name.value} must begin with ch{chapter.number}_"
            elif function == "record" and isinstance(name, ast.JoinedStr):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in name.values]
                patterns.append(re.compile("".join(parts)))
    for number, cell in chapter.markdown_cells:
        for name in (found["name"] for part in paragraphs(cell.source) for found in quoted.NAMED.finditer(part)):
            if name not in exact and not any(pattern.fullmatch(name) for pattern in patterns):
                yield number, f"the prose quotes {name}, which no cell of this notebook records"


def belittling_word(chapter: Chapter) -> Iterator[Finding]:
    """What is simple to the author may not be to the reader, and the word helps neither."""
    for number, cell in chapter.markdown_cells:
        for paragraph in paragraphs(cell.source):
            if found := BELITTLING.search(plain(paragraph)):
                yield number, f"leave out the word {found.group(0)!r}"
