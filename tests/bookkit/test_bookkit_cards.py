"""The cards of the start page: what they take from the table of chapters, and from each chapter's notebook."""

from __future__ import annotations

from bs4 import BeautifulSoup
import nbformat
from PIL import Image
import pytest
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import docutils_namespace
from tiny_books import code, figure, notebook, recorded

from bookkit.chapter_cards import minutes, picture

PAGE = """# The book

## The chapters

```{chapter-cards}
02 id-2
```

| | chapter | you build | after |
| --- | --- | --- | --- |
| 01 | {ref}`ch-a` | a sum | – |
| 02 | {ref}`ch-b` | a product | 01 |

```{toctree}
a
b
```
"""


def build(folder, page=PAGE, builder="html"):
    (folder / "index.md").write_text(page, encoding="utf-8")
    books = {
        "a": notebook(code("f()", outputs=[figure()], alt="The first."), code("cost()")),
        "b": notebook(
            code("f()", outputs=[figure()], alt="Not this."), code("g()", outputs=[figure()], alt="The sum.")
        ),
    }
    books["a"].cells[1].outputs = [recorded("ch01_seconds", 131.0, "131 s", factor=10)]
    for name, book in books.items():
        nbformat.write(book, folder / f"{name}.ipynb")
        (folder / f"{name}.md").write_text(f"(ch-{name})=\n# Ifs & {name}\n", encoding="utf-8")
    settings = {"extensions": ["myst_parser", "bookkit.chapter_cards"], "project": "p"}
    out = folder / "out"
    with docutils_namespace():
        Sphinx(folder, None, out, folder / "doctrees", builder, settings, status=None, warningiserror=True).build()
    return out


def test_a_card_has_picture_title_minutes_and_what_comes_before(tmp_path):
    out = build(tmp_path)
    page = BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")
    first, second = page.select("ul.chapter-cards > li")
    assert first.a["href"] == "a.html"
    assert first.a.get_text() == "01 Ifs & a"
    assert [part.get_text() for part in first.select("p")] == [
        "You build a sum.",
        "about 2 minutes · needs no other chapter",
    ]
    assert first.img["alt"] == "The first."  # no figure was chosen
    assert second.img["alt"] == "The sum."
    assert second.select_one(".card-facts").get_text() == "after 01"  # no minutes were recorded
    for card in (first, second):
        with Image.open(out / card.img["src"]) as image:
            assert image.format == "WEBP"


def test_cards_without_a_table_are_refused(tmp_path):
    with pytest.raises(SphinxError, match=r"index: a section with \{chapter-cards\} needs the table"):
        build(tmp_path, PAGE.replace("| 01 | {ref}`ch-a` | a sum | – |", "").replace("|", "!"))


def test_what_is_no_site_has_the_table_alone(tmp_path):
    text = (build(tmp_path, builder="text") / "index.txt").read_text(encoding="utf-8")
    assert "a product" in text
    assert "You build" not in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(20, "less than a minute"), (58, "about 1 minute"), (170, "about 3 minutes")]
)
def test_minutes_are_said_in_words(seconds, words):
    book = notebook(code("cost()", outputs=[recorded("ch07_seconds", seconds, "s")]))
    assert minutes(book, "07") == words


def test_a_picture_loses_its_margin_and_keeps_its_form(tmp_path):
    from io import BytesIO

    image = Image.new("RGB", (1200, 900), "white")
    image.paste("black", (100, 100, 1100, 600))
    png = BytesIO()
    image.save(png, "PNG")
    assert picture(png.getvalue(), tmp_path / "cards" / "a.webp") == (480, 240)
