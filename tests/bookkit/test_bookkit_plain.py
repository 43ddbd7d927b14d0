"""Plain Markdown as MyST: each form, each broken one, and what must be left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_books import code, make_book, markdown, notebook

from bookkit import plain, quoted
from bookkit.notebooks import BookError

GLOSSARY = """(page-glossary)=
# Glossary

```{glossary}
fully connected layer, linear layer (全连接层, 线性层)
  All inputs.

kernel, filter (卷积核, 滤波器)
  A table.
```
"""
BIB = """@article{lecun1998gradient, author = {LeCun, Yann}, title = {A}, journal = {J}, year = {1998}}
@article{bengio1994learning, author = {Bengio, Yoshua}, title = {B}, journal = {J}, year = {1994}}
"""
FILTER = "../book/glossary.md#filter"
LECUN = "../book/references.md#lecun1998gradient"
BENGIO = "../book/references.md#bengio1994learning"


def recorded(name: str, value) -> dict:
    record = {"record": {"name": name, "value": value, "within": None, "factor": None}}
    return {
        "output_type": "display_data",
        "data": {"text/plain": f"{name}: {value}"},
        "metadata": {"torchbook": record},
    }


@pytest.fixture
def root(tmp_path) -> Path:
    other = notebook(markdown('<a id="ch-other"></a>\n# Other\n\n<a id="sec-02-slow"></a>\n## Slow'))
    make_book(tmp_path, {"01_first": notebook(markdown("")), "02_other": other})
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "glossary.md").write_text(GLOSSARY, encoding="utf-8")
    (tmp_path / "book" / "references.md").write_text("(page-references)=\n# References\n", encoding="utf-8")
    (tmp_path / "book" / "references.bib").write_text(BIB, encoding="utf-8")
    (tmp_path / "book" / "results.md").write_text("(page-results)=\n# Results\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def built(root):
    """A function: the text of one cell of 01_first as it is built, and what was wrong."""

    def build(text: str, page: str = "notebooks/01_first.ipynb") -> tuple[str, list[str]]:
        warnings: list[str] = []
        values = {"ch01_percent": 98.61, "ch01_steps": 1200, "ch01_word": "Spanish", "ch01_left": 4e-29}
        path = root / page
        path.parent.mkdir(exist_ok=True)
        cell = notebook(markdown('<a id="sec-01-here"></a>\n## Here\n\n' + text))
        path.write_text(json.dumps(cell), encoding="utf-8")
        return plain.Page(path.resolve(), root.resolve(), values, warnings.append).transform(text), warnings

    return build


BOX = "```{admonition} What this chapter costs\n:class: note\n\n"
FORMS = {
    "anchor": ('<a id="sec-01-a"></a>\n## A `b`', "(sec-01-a)=\n## A `b`"),
    "anchor-of-a-paragraph": ('<a id="ex-01-1"></a>\n**1. Predict.** How?', "(ex-01-1)=\n**1. Predict.** How?"),
    "link-in-the-page": ("See [above](#sec-01-here).", "See [above](#sec-01-here)."),
    "link-to-a-chapter": ("In [chapter 02](02_other.ipynb#sec-02-slow).", "In [chapter 02](#sec-02-slow)."),
    "link-with-code": ("[`f(x[0])` of *it*](02_other.ipynb#ch-other)", "[`f(x[0])` of *it*](#ch-other)"),
    "link-to-a-page": ("[the results](../book/results.md)", "[the results](../book/results.md)"),
    "link-in-a-table": (
        "| a | b |\n| --- | --- |\n| [x](02_other.ipynb#ch-other) | 2 |",
        "| a | b |\n| --- | --- |\n| [x](#ch-other) | 2 |",
    ),
    "link-in-a-list": ("- a\n  - [x](02_other.ipynb#ch-other)\n- b", "- a\n  - [x](#ch-other)\n- b"),
    "term": (f"small *[filters]({FILTER})* slide", "small *{term}`filters <kernel, filter (卷积核, 滤波器)>`* slide"),
    "term-of-several-words": (
        "[layer](../book/glossary.md#fully-connected-layer)",
        "{term}`layer <fully connected layer, linear layer (全连接层, 线性层)>`",
    ),
    "citation": (f"of it ([LeCun, 1998]({LECUN})).", "of it {cite:p}`lecun1998gradient`."),
    "two-citations": (
        f"x ([Bengio, 1994]({BENGIO}); [LeCun, 1998]({LECUN}))",
        "x {cite:p}`bengio1994learning,lecun1998gradient`",
    ),
    "citation-in-the-sentence": (f"by [LeCun (1998)]({LECUN}).", "by {cite:t}`lecun1998gradient`."),
    "citation-with-other-words": (f"[the paper]({LECUN}) has", "the paper {cite:p}`lecun1998gradient` has"),
    "number": ("It is **98.6<!-- ch01_percent:.1f -->** %.", "It is **98.6** %."),
    "number-that-moved": ("It is 97.2<!-- ch01_percent:.1f --> %.", "It is 98.6 %."),
    "count": ("after 1,100<!--ch01_steps:,--> steps", "after 1,200 steps"),
    "number-without-format": ("(1200<!-- ch01_steps -->)", "(1200)"),
    "tiny-number": ("left: 4e-29<!-- ch01_left:.0e -->", "left: 4e-29"),
    "word": ("most for Vietnamese<!-- ch01_word -->, then", "most for Spanish, then"),
    "words-in-brackets": ("it is (not measured)<!-- ch01_percent:.0f --> now", "it is 99 now"),
    "number-after-a-range": ("from 1–98<!-- ch01_percent:.0f -->", "from 1–99"),
    "box": ("> **What this chapter costs.** Ten\n> seconds.", BOX + "Ten\nseconds.\n```\n"),
    "box-with-all": (
        "> **What changed since the old posts.**\n>\n"
        "> - `a` [x](#sec-01-here)\n> - 98.6<!-- ch01_percent:.1f -->\n>\n> ```python\n> # no > mark\n> ```\n>\n> End.",
        "````{admonition} What changed since the old posts\n:class: tip\n\n"
        "- `a` [x](#sec-01-here)\n- 98.6\n\n```python\n# no > mark\n```\n\nEnd.\n````\n",
    ),
    "warning": ("> **Warning.** Hot.", "```{admonition} Warning\n:class: warning\n\nHot.\n```\n"),
    "box-of-another-title": ("> **Why?** So.", "```{admonition} Why?\n:class: note\n\nSo.\n```\n"),
    "quote": ("> To [be](02_other.ipynb#ch-other).", "> To [be](#ch-other)."),
    "after-a-box": (
        "> **Note.** One.\n\nTwo [x](02_other.ipynb#ch-other).",
        "```{admonition} Note\n:class: note\n\nOne.\n```\n\n\nTwo [x](#ch-other).",
    ),
    "full-run": (
        "| Measured in the full run | Value |\n| --- | ---: |\n| Deep: all (%) | 81.4<!-- full ch01_a:.1f --> "
        "|\n| Start | two words<!-- full ch01_s:s --> |\n\n*Full run of a day.*<!-- full stamp -->\n\nAfter.",
        "```{results} 01_first\nch01_a : Deep: all (%) : .1f\nch01_s : Start : s\n```\n\n\nAfter.",
    ),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_a_form_becomes_myst(built, text, expected):
    assert built(text) == (expected, [])


LEFT = [
    "```python\n[x](gone.md#a) 1<!-- ch01_gone -->\n> **Note.** x\n```",
    '~~~\n<a id="a"></a>\n~~~',
    "    [x](gone.md#a)",
    "- item\n\n  ```\n  98.6<!-- ch01_gone:.1f -->\n  ```",
    "`[x](gone.md#a)` and ``1<!-- ch01_gone --> ` ``",
    "$[x](gone.md#a)$ and $$a[1](b)$$",
    "$$\na = [x](gone.md)\n$$",
    "\\begin{align}\n[x](gone.md)\n\\end{align}",
    "[out](https://example.org/a.md#b) <https://example.org> [m](mailto:a@example.org)",
    "98 % <!-- setting --> and 45 % <!-- bound: asserted below -->",
    "a `{term}` and \\[x](gone.md)",
    "1. one\n2. two\n\n---\n\n![a picture](a.png)",
]


@pytest.mark.parametrize("text", LEFT)
def test_code_formulas_and_the_rest_are_left_alone(built, text):
    assert built(text) == (text, [])


BROKEN = {
    "file": ("[x](03_gone.ipynb#sec-03-a)", "leads to no file"),
    "file-without-anchor": ("[x](../book/gone.md)", "leads to no file"),
    "anchor": ("[x](02_other.ipynb#sec-02-gone)", "sec-02-gone, which 02_other.ipynb does not have"),
    "anchor-in-the-page": ("[x](#sec-01-gone)", "sec-01-gone, which 01_first.ipynb does not have"),
    "term": ("[x](../book/glossary.md#gone)", "a term that the glossary does not have"),
    "term-with-markup": (f"[*x*]({FILTER})", "no markup"),
    "key": ("([X, 1998](../book/references.md#gone))", "references.bib does not have"),
    "key-in-the-sentence": ("[X (1998)](../book/references.md#gone)", "references.bib does not have"),
    "year": (f"([LeCun, 1989]({LECUN}))", "lack the year of that source, 1998"),
    "number": ("1<!-- ch01_gone:.1f -->", "quotes ch01_gone, which no cell"),
    "format-of-a-word": ("1.0<!-- ch01_percent:d -->", "cannot be shown as 'd'"),
    "number-apart": ("98.6 <!-- ch01_percent:.1f -->", "has no number before it"),
    "in-a-box": ("> **Note.** [x](#sec-01-gone)", "sec-01-gone"),
    "in-a-list": ("- a\n- [x](#sec-01-gone)", "sec-01-gone"),
}


@pytest.mark.parametrize(("text", "sentence"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_is_said_once(built, text, sentence):
    _, warnings = built(text)
    assert len(warnings) == 1
    assert sentence in warnings[0]


def test_a_page_links_to_a_chapter(built):
    text = "[x](../notebooks/02_other.ipynb#sec-02-slow), [f](glossary.md#filter)"
    expected = "[x](#sec-02-slow), {term}`f <kernel, filter (卷积核, 滤波器)>`"
    assert built(text, "book/page.ipynb") == (expected, [])


def test_a_notebook_is_built_with_its_own_records_and_warnings_name_the_cell(root):
    warnings: list[str] = []
    cells = [
        markdown('<a id="ch-first"></a>\n# First'),
        code("record('ch01_a', 2.5, 'a')", outputs=[recorded("ch01_a", 2.5)]),
        markdown("2.4<!-- ch01_a:.1f -->, [x](#gone)"),
    ]
    path = root / "notebooks" / "01_first.ipynb"
    made = json.loads(plain.to_myst(path, root, json.dumps(notebook(*cells)), warnings.append))
    assert [cell["source"] for cell in made["cells"][::2]] == ["(ch-first)=\n# First", "2.5, x"]
    assert [sentence.partition(":")[0] for sentence in warnings] == ["cell 3"]


def test_imports_and_solutions_fold_under_their_names():
    cells = [
        markdown("# A"),
        code("import os", "imports"),
        code("x = 1"),
        code("# Solution 01-1", "solution-01-1", "hide-cell", alt="A long alternative text."),
    ]
    book = notebook(*cells)
    plain.fold(book)
    first, other, solution = (cell["metadata"] for cell in book["cells"][1:])
    assert first["tags"] == ["imports", "hide-input"]
    assert first["mystnb"]["code_prompt_show"] == first["mystnb"]["code_prompt_hide"] == "Imports"
    assert other == {}
    assert solution["tags"] == ["solution-01-1", "hide-cell"]
    assert solution["mystnb"]["code_prompt_show"] == "Solution"
    assert solution["mystnb"]["image"] == {"alt": "A long alternative text."}


def test_terms_that_share_an_anchor_stop_the_build(built, root):
    page = GLOSSARY.replace("kernel, filter", "linear layer, filter")
    (root / "book" / "glossary.md").write_text(page, encoding="utf-8")
    with pytest.raises(BookError, match="#linear-layer"):
        built(f"[filters]({FILTER})")


def test_quoted_values_can_be_written_anew():
    prose = "It is 1.0<!-- ch01_a:.1f --> %, so 7<!-- ch01_b -->."
    values = {"ch01_a": 2.25, "ch01_b": 8}

    def shown(found):
        return quoted.formatted(values, found["name"], found["spec"]) + found[0][len(found["value"]) :]

    assert quoted.replace(prose, shown) == "It is 2.2<!-- ch01_a:.1f --> %, so 8<!-- ch01_b -->."
