"""A Sphinx extension: what stands round the text of every page: scripts, style sheets, description, number, footer.

Nothing is loaded that the page does not use: no Thebe, no scripts of widgets that the book does not have. Scripts run
after the page is there (``defer``). A chapter's number comes from its file's name and stands before its title.
"""

from __future__ import annotations

from pathlib import Path
import re

from docutils import nodes

from bookkit.elsewhere import wheel_name
from bookkit.policy import as_meta

UNUSED = ("sphinx-thebe", "togglebutton", "design-tabs", "sphinx-design.min", "plus-minus", "sphinx_highlight")
INLINE = ("THEBE_JS_URL", "toggleHint", "toggleOpenOnPrint", "togglebuttonSelector", "DOCUMENTATION_OPTIONS.pagename")
SHEETS = ("icons.css", "formulas.css")
CHAPTER = re.compile(r"notebooks/(\d\d)_")
RELABELLED = {  # what others write for those who hear the page, and it misleads them
    ' aria-label="Toggle hidden content"': "",  # the words that are seen say more
    '<div role="list" class="citation-list">': '<div class="citation-list">',  # its parts are no list items
}
DESCRIPTION = 160  # characters of a page's description that search engines show


def number_title(app, doctree: nodes.document) -> None:
    """Put a chapter's number before its title; references to the chapter keep the title alone."""
    found = CHAPTER.match(app.env.docname)
    title = next(iter(doctree.findall(nodes.title)), None)
    if found and title is not None:
        title.insert(0, [nodes.inline("", found[1], classes=["chapter-number"]), nodes.Text(" ")])


def remove_thebe(app, doctree: nodes.document, docname: str) -> None:
    """Take out the set-up of Thebe, which Jupyter Book adds to each page and which asks a third party."""
    for raw in list(doctree.findall(nodes.raw)):
        if "text/x-thebe-config" in raw.astext() or raw.astext().startswith("<script>kernelName"):
            raw.parent.remove(raw)


def description(doctree: nodes.document | None) -> str:
    """The first sentences of a page, as many as fit into a description; at least one, cut if it must be."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree is not None else ():
        if isinstance(paragraph.parent, nodes.section):
            text = re.sub(r"\s+", " ", paragraph.astext()).strip()
            while len(text) > DESCRIPTION and re.search(r"[.!?] \S", text):
                text = re.sub(r"(?<=[.!?]) (?!.*[.!?] ).*", "", text)
            return text if len(text) <= DESCRIPTION else f"{text[: DESCRIPTION - 1].rsplit(' ', 1)[0]}…"
    return ""


def complete_page(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Drop what is not used, let scripts wait, and give the templates what they show."""
    for kind in ("script_files", "css_files"):
        context[kind][:] = [file for file in context[kind] if not _unused(file)]
    for script in context["script_files"]:
        if script.filename:
            script.attributes.pop("async", None)
            script.attributes["defer"] = "defer"
    context["book_description"] = description(doctree)
    context["book_sheets"] = SHEETS
    context["book_policy"] = as_meta()
    context["book_address"] = (app.config.html_baseurl or "").rstrip("/")
    if "body" in context:
        for label, ours in RELABELLED.items():
            context["body"] = context["body"].replace(label, ours)


def _unused(file) -> bool:
    name, body = str(file.filename or ""), file.attributes.get("body") or ""
    return any(part in name for part in UNUSED) or any(part in body for part in INLINE)


def book_version() -> str:
    """The version of the book, which is that of torchbook."""
    return wheel_name().split("-")[1]


def configure(app, config) -> None:
    """The version in the footer, and the templates, which lie beside the pages."""
    config.version = config.release = book_version()
    options = config.html_theme_options
    options["extra_footer"] = (options.get("extra_footer") or "").replace("VERSION", book_version())
    config.templates_path = [*config.templates_path, str(Path(app.srcdir) / "book" / "_templates")]


def setup(app):
    app.connect("config-inited", configure)
    app.connect("doctree-read", number_title, priority=100)
    app.connect("doctree-resolved", remove_thebe, priority=900)
    app.connect("html-page-context", complete_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
