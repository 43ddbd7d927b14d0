"""A Sphinx extension: notebooks hold plain Markdown, which reads well in any tool, and become MyST as they are built.

What a chapter's editor must know, all of it harmless in JupyterLab, VS Code, Colab and a repository's preview:

1. The first cell begins with the chapter's anchor, `<a id="ch-lenet"></a>`, and its title, `# LeNet`, on the next line.
2. `<a id="sec-03-shapes"></a>` on the line before a heading or an exercise is its anchor; a blank line goes above it.
3. A link names a file and an anchor: `[chapter 05](05_cifar10.ipynb#sec-05-slow)`, `[above](#sec-03-shapes)`,
   `[the results](../book/results.md)`. Its words read well in the sentence; file and anchor are checked.
4. A term: `[filters](../book/glossary.md#filter)`. The anchor is the English term in lower case with hyphens between
   its words (`fully-connected-layer`); "kernel, filter" has two. The words are the sentence's own, without markup.
5. Literature: `([LeCun et al., 1998](../book/references.md#lecun1998gradient))` in brackets, several with `; ` between;
   in the sentence `[LeCun et al. (1998)](../book/references.md#lecun1998gradient)`. The year must be that of
   `references.bib`. A link with other words keeps them, and the citation follows.
6. A number from the run: `98.6<!-- ch03_test_percent:.1f -->`, the comment right after it; `bookkit.quoted` says the
   rest, how a table quotes the full run too.
7. A box is a quote that begins with a bold title, with its point: `> **What this chapter costs.** In the quick ...`.
   Paragraphs, lists and code are quoted with it, `>` before each line. A title whose first word is `Note`, `Tip`,
   `Warning` or `Important` makes a box of that kind; CLASSES has the book's own titles.
8. Formulas are `$...$` and `$$...$$`. Code fences, code spans, formulas and outside addresses are left as they are.
9. No MyST: no roles, no `(label)=` lines, no directive fences.
10. The first code cell, the imports, folds under "Imports" on the site; a cell tagged `solution-NN-M` under "Solution".

The Markdown pages of `book/` may use such links beside MyST. Whatever is wrong is a warning that names file and cell,
and stops a strict build.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
import json
from pathlib import Path
import re
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pybtex.database import parse_file
from sphinx.util import logging

from bookkit import quoted
from bookkit.glossary import terms_by_slug
from bookkit.notebooks import SETUP

ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>[ \t]*$', re.M)
ANCHORS = re.compile(r'^(?:<a id="([\w-]+)"></a>|\(([\w-]+)\)=)[ \t]*$', re.M)
BOX = re.compile(r"^\*\*(?P<title>[^*\n]+?)[.:]?\*\*[ \t]*(?P<rest>.*)", re.S)
CLASSES = {"What this chapter costs": "note", "What changed since the old posts": "tip"}
KINDS = ("note", "tip", "warning", "important")
MARKER = re.compile(r"^ {0,3}> ?")

LINK = r"(?<!!)\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^()\s]+\)"
CITED = r"\[[^\[\]]+\]\([^()\s]*references\.md#[^()\s]+\)"
INLINE = re.compile(
    r"(?P<kept>\\.|(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|\$\$.*?\$\$|\$(?!\s)(?:\\.|[^$\\])+?(?<!\s)\$(?!\d))"
    rf"|\((?P<cited>{CITED}(?:; {CITED})*)\)"
    rf"|(?P<link>{LINK})",
    re.S,
)
PARTS = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin).use(amsmath_plugin)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    """What the text of one page may refer to. `warn` is told what is wrong, in one sentence."""

    path: Path
    root: Path
    values: dict[str, quoted.Value]
    warn: Callable[[str], None]

    def transform(self, text: str) -> str:
        """A Markdown text (a cell) as MyST."""
        text = quoted.TABLE.sub(self._full_table, text) if "<!-- full" in text else text
        lines = text.split("\n")
        edits: list[tuple[int, int, str]] = []  # (first line, line after the last, what takes their place)
        for token in MARKDOWN.parse(text):
            if token.map is None or (edits and token.map[0] < edits[-1][1]):
                continue
            start, end = token.map
            if token.type == "blockquote_open" and token.level == 0:
                edits.append((start, end, self._quote(lines[start:end])))
            elif token.type in ("paragraph_open", "heading_open", "tr_open"):
                prose = self._prose("\n".join(lines[start:end]))
                edits.append((start, end, ANCHOR.sub(r"(\1)=", prose)))
        for start, end, new in reversed(edits):
            lines[start:end] = [new]
        return "\n".join(lines)

    def _quote(self, lines: list[str]) -> str:
        """A block quote: a box where it begins with a bold title, else a quote."""
        inner = "\n".join(MARKER.sub("", line) for line in lines).rstrip("\n")
        box = BOX.match(inner)
        if not box:
            return "\n".join(f"> {line}" for line in self.transform(inner).split("\n"))
        title = box["title"].strip()
        first = re.match(r"\w*", title)[0].lower()
        kind = CLASSES.get(title) or (first if first in KINDS else "note")
        body = self.transform(box["rest"].lstrip("\n"))
        fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall(r"`{3,}", body))])
        return f"{fence}{{admonition}} {title}\n:class: {kind}\n\n{body}\n{fence}\n"

    def _prose(self, text: str) -> str:
        """Quoted numbers and links of a paragraph; code, formulas and everything else stay."""
        pieces, end = [], 0
        for found in INLINE.finditer(text):
            pieces += [self._numbers(text[end : found.start()]), self._inline(found)]
            end = found.end()
        return "".join([*pieces, self._numbers(text[end:])])

    def _inline(self, found: re.Match) -> str:
        if found["kept"]:
            return found[0]
        if found["cited"]:
            keys = [self._key(label, target) for label, target in PARTS.findall(found["cited"])]
            return f"{{cite:p}}`{','.join(keys)}`"
        return self._link(*PARTS.fullmatch(found["link"]).groups())

    def _numbers(self, text: str) -> str:
        if "<!--" not in text:
            return text
        try:
            return quoted.replace(text, lambda found: quoted.formatted(self.values, found["name"], found["spec"]))
        except quoted.QuoteError as error:
            self.warn(str(error))
            return text

    def _link(self, words: str, target: str) -> str:
        if re.match(r"[a-z][a-z0-9+.-]*:", target):  # https: and the like
            return f"[{words}]({target})"
        address, _, anchor = target.partition("#")
        path = (self.path.parent / address).resolve() if address else self.path
        if not path.is_file():
            self.warn(f"the link [{words}]({target}) leads to no file")
            return words
        page = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else ""
        if page == "book/glossary.md" and anchor and not anchor.startswith("page-"):
            return self._term(words, target, anchor)
        if page == "book/references.md" and anchor and not anchor.startswith("page-"):
            key = self._key(words if re.search(r"\d{4}", words) else None, target)
            return f"{{cite:t}}`{key}`" if re.search(r"[(\[]\d{4}\w?[)\]]$", words) else f"{words} {{cite:p}}`{key}`"
        if not anchor:
            return f"[{words}]({target})"
        if anchor not in anchors(path, path.stat().st_mtime_ns):
            self.warn(f"the link [{words}]({target}) names the anchor {anchor}, which {path.name} does not have")
            return words
        return f"[{self._prose(words)}](#{anchor})"

    def _term(self, words: str, target: str, slug: str) -> str:
        page = self.root / "book" / "glossary.md"
        term = terms(page, page.stat().st_mtime_ns).get(slug)
        if term is None:
            self.warn(f"the link [{words}]({target}) names a term that the glossary does not have")
            return words
        if re.search(r"[`*$<>]", words):
            self.warn(f"the words of [{words}]({target}) must have no markup: a term's link is plain text")
            return words
        return f"{{term}}`{words} <{term}>`"

    def _key(self, label: str | None, target: str) -> str:
        """The key of a citation, after a check of the key and of the year in its words."""
        key = target.partition("#")[2]
        page = self.root / "book" / "references.bib"
        known = years(page, page.stat().st_mtime_ns)
        if key not in known:
            self.warn(f"the citation {target} names a key that references.bib does not have")
        elif label is not None and known[key] not in label:
            self.warn(f"the words [{label}]({target}) lack the year of that source, {known[key]}")
        return key

    def _full_table(self, table: re.Match) -> str:
        lines = "\n".join(quoted.directive_lines(table[0]))
        return f"```{{results}} {self.path.stem}\n{lines}\n```\n"


@lru_cache(maxsize=256)
def anchors(path: Path, changed: int) -> frozenset[str]:
    """The anchors in the Markdown of a notebook or page; `changed` is the file's time, so that edits are seen."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return frozenset(one or other for one, other in ANCHORS.findall(text))


@lru_cache(maxsize=8)
def terms(page: Path, changed: int) -> dict[str, str]:
    """{slug: term} of the glossary."""
    return terms_by_slug(page.read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def years(page: Path, changed: int) -> dict[str, str]:
    """{key: year} of the bibliography."""
    return {key: entry.fields.get("year", "") for key, entry in parse_file(str(page)).entries.items()}


def values_of(notebook: dict[str, Any]) -> dict[str, quoted.Value]:
    """Name and value of what the cells recorded."""
    records = [
        output.get("metadata", {}).get("torchbook", {}).get("record")
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
    ]
    return {record["name"]: record["value"] for record in records if record}


def fold(notebook: dict[str, Any]) -> None:
    """Fold imports and solutions of a page under words that say what they are; changes the notebook in place."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code = [cell for cell in cells if SETUP not in cell["metadata"].get("tags", [])]  # that one folds by itself
    for cell in code:
        metadata = cell["metadata"]
        tags = metadata.get("tags", [])
        if cell is code[0]:
            prompt = "Imports"
            metadata["tags"] = list(dict.fromkeys([*tags, "hide-input"]))
        elif any(tag.startswith("solution-") for tag in tags):
            prompt = "Solution"
        else:
            continue
        prompts = {"code_prompt_show": prompt, "code_prompt_hide": prompt}
        metadata["mystnb"] = {**metadata.get("mystnb", {}), **prompts}


def _warn_of_cell(warn: Callable[[str], None], number: int, sentence: str) -> None:
    warn(f"cell {number}: {sentence}")


def to_myst(path: Path, root: Path, text: str, warn: Callable[[str], None]) -> str:
    """The text of a notebook's or page's file, its plain Markdown turned into MyST. `warn` is told what is wrong."""
    if path.suffix != ".ipynb":
        return Page(path, root, {}, warn).transform(text)
    notebook = json.loads(text)
    values = values_of(notebook)
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] == "markdown":
            page = Page(path, root, values, partial(_warn_of_cell, warn, number))
            cell["source"] = page.transform("".join(cell["source"]))
    fold(notebook)
    return json.dumps(notebook)


def source_read(app, docname: str, source: list[str]) -> None:
    path = Path(app.env.doc2path(docname)).resolve()
    name = path.relative_to(Path(app.srcdir).resolve()).as_posix()

    def warn(sentence: str) -> None:
        logger.warning("%s: %s", name, sentence, type="plain", location=docname)

    source[0] = to_myst(path, Path(app.srcdir).resolve(), source[0], warn)


def setup(app):
    app.connect("source-read", source_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
