"""What stands round a page's text: its description, the number before its title, and no script that it does not use."""

from __future__ import annotations

from types import SimpleNamespace

from docutils import nodes
from docutils.core import publish_doctree
import pytest

from bookkit import page_shell


def file(filename, **attributes):
    return SimpleNamespace(filename=filename, attributes=attributes)


def complete(**context):
    """The context of a page after the extension has seen it."""
    app = SimpleNamespace(config=SimpleNamespace(html_baseurl="https://example.org/book/"))
    context = {"script_files": [], "css_files": [], **context}
    page_shell.complete_page(app, "notebooks/01_first", "page.html", context, None)
    return context


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One sentence. Another one.", "One sentence. Another one."),
        (f"A first one. {'Words ' * 30}end.", "A first one."),
        ("word " * 50, ("word " * 31).strip() + "…"),
    ],
)
def test_the_description_is_whole_sentences_or_cut_at_a_word(text, found):
    document = publish_doctree(
        f"Title\n=====\n\n{text}\n\nSection\n-------\n\nMore.", settings_overrides={"doctitle_xform": False}
    )
    assert page_shell.description(document) == found
    assert len(found) <= page_shell.DESCRIPTION


def test_scripts_that_no_page_uses_are_dropped_and_the_others_wait():
    scripts = [
        file("sphinx-thebe.js", **{"async": "async"}),
        file(None, body="const THEBE_JS_URL = 'https://elsewhere'"),
        file("documentation_options.js"),
        file("doctools.js"),
        file(None, body="DOCUMENTATION_OPTIONS.pagename = 'a'"),
    ]
    sheets = [file("sphinx-thebe.css"), file("book.css")]
    context = complete(script_files=[*scripts], css_files=[*sheets])
    assert context["script_files"] == scripts[2:4]
    assert [one.attributes.get("defer") for one in context["script_files"]] == ["defer", "defer"]
    assert context["css_files"] == sheets[1:]
    assert context["book_address"] == "https://example.org/book"


def test_labels_that_mislead_are_taken_away():
    body = (
        '<summary aria-label="Toggle hidden content"><p>Solution</p></summary><div role="list" class="citation-list">'
    )
    assert complete(body=body)["body"] == '<summary><p>Solution</p></summary><div class="citation-list">'


@pytest.mark.parametrize(("docname", "title"), [("notebooks/03_lenet", "03 LeNet"), ("book/glossary", "LeNet")])
def test_a_chapter_has_its_number_before_its_title(docname, title):
    document = publish_doctree("LeNet\n=====\n\nText.", settings_overrides={"doctitle_xform": False})
    page_shell.number_title(SimpleNamespace(env=SimpleNamespace(docname=docname)), document)
    assert next(document.findall(nodes.title)).astext() == title


def test_the_set_up_of_thebe_is_removed():
    document = publish_doctree("Text.")
    document += nodes.raw("", '<script type="text/x-thebe-config">{}</script>', format="html")
    document += nodes.raw("", "<script>kernelName = 'python3'</script>", format="html")
    document += nodes.raw("", "<b>kept</b>", format="html")
    page_shell.remove_thebe(None, document, "a")
    assert [raw.astext() for raw in document.findall(nodes.raw)] == ["<b>kept</b>"]
