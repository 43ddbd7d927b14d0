"""The rules for markdown cells. A rule yields (cell number from 1 or None, sentence).

A result in prose comes through `{glue}`. What looks like a typed result and is none is marked in its own paragraph
(a table: on the line above it) with an HTML comment, which the page does not show:

- `<!-- bound: asserted in the next cell -->`: a bound that one of the two code cells after or before asserts;
- `<!-- cited -->`, or a `{cite}` role: somebody else's figure, whose source the paragraph names;
- `<!-- setting -->`: a choice, not a result ("30 % of the pixels are masked").

A few settings need no mark, as they cannot be results: "50 % dropout", "a 95 % confidence interval", "10 % chance".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

from bookkit.code_rules import Finding, parse
from bookkit.notebooks import Chapter

FENCE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})\s*(?:\{([\w:-]+)\})?(.*)$")
VERBATIM = re.compile(r"code|math|glue|mermaid|literalinclude|raw|bibliography|toctree|image")
MARK = re.compile(r"<!--\s*(?:bound\b|cited\b|setting\b)[^>]*-->|\{cite[\w:]*\}")
BOUND = re.compile(r"<!--\s*bound\b[^>]*-->")
ASIDE = re.compile(
    r"<!--.*?-->"  # comments
    r"|\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$"  # math
    r"|(?:\{[\w:-]+\})?(`+)(?!`).*?(?<!`)\1(?!`)"  # code spans and roles
    r"|!?\[[^\]]*\]\([^)]*\)|!?\[[^\]]*\]\[[^\]]*\]|<https?://[^>]*>|https?://\S+"  # links
    r"|^\([\w-]+\)=[^\S\n]*$|^:[\w-]+:[^\n]*$",  # anchors, options of directives
    re.S | re.M,
)
LINKED = re.compile(r"\{(?:term|ref)\}`([^`<]+?)\s*<[^`>]*>`")  # the words stay prose when they become a link
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
GLUE_USE = re.compile(r"\{glue(?::\w+)?\}`([^`]+)`|^\s*[`~:]{3,}\{glue(?::\w+)?\}\s*(\S+)", re.M)


def paragraphs(source: str) -> list[str]:
    """The prose of a markdown cell, by paragraph; blocks of code and math are left out, notes and the like are kept."""
    kept: list[str] = []
    open_fences: list[tuple[str, bool]] = []  # (fence, whether its content is verbatim)
    for line in source.splitlines():
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
    """A paragraph without code, roles, math, links and comments, on one line; words that link to the book are kept."""
    return " ".join(ASIDE.sub(" ", LINKED.sub(r"\1", paragraph)).split())


def typed_result(chapter: Chapter) -> Iterator[Finding]:
    """A number that came out of a run reaches the prose through `glue`, so that it cannot differ from the run."""
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
                            f"a typed {kind}, {found.group(0).strip()!r}: glue it, or mark its paragraph "
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
    if first is None or first.cell_type != "markdown" or not re.match(r"\(ch-[\w-]+\)=\s*\n+# \S", first.source):
        yield 1, "the first cell must begin with the anchor (ch-...)= and the title # ... under it"
    titles = [
        number
        for number, cell in chapter.markdown_cells
        for paragraph in paragraphs(cell.source)
        for _ in re.findall(r"^# \S", paragraph, re.M)
    ]
    for number in titles[1:]:
        yield number, "a second title with one #; sections begin with ##"


def glued_names(chapter: Chapter) -> Iterator[Finding]:
    """Each `{glue}` in the prose is glued by a cell of this notebook; names begin with the chapter's number."""
    exact, patterns = set(), []
    for number, cell in chapter.code_cells:
        for node in ast.walk(parse(cell) or ast.Module([], [])):
            if not (isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] == "glue"):
                continue
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                exact.add(name.value)
                if not name.value.startswith(f"ch{chapter.number}_"):
                    yield number, f"the glued name {name.value} must begin with ch{chapter.number}_"
            elif isinstance(name, ast.JoinedStr):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in name.values]
                patterns.append(re.compile("".join(parts)))
    for number, cell in chapter.markdown_cells:
        for role, directive in GLUE_USE.findall(cell.source):
            name = (role or directive).partition(":")[0].strip()
            if name not in exact and not any(pattern.fullmatch(name) for pattern in patterns):
                yield number, f"the prose uses {name}, which no cell of this notebook glues"


def belittling_word(chapter: Chapter) -> Iterator[Finding]:
    """What is simple to the author may not be to the reader, and the word helps neither."""
    for number, cell in chapter.markdown_cells:
        for paragraph in paragraphs(cell.source):
            if found := BELITTLING.search(plain(paragraph)):
                yield number, f"leave out the word {found.group(0)!r}"
