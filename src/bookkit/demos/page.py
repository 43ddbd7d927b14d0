"""A Sphinx extension: ``{demo} NAME`` stands where a demo runs, and says what the build measured of its network.

The directive's content is Markdown; ``{name}`` or ``{name:.1%}`` in it becomes a figure that `bookkit.demos.build`
recorded. A build that left the demos out says so in their place. Nothing is loaded before a reader starts a demo.
"""

from __future__ import annotations

from html import escape
import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList

from bookkit.demos.build import STATE

LEFT_OUT = "This build of the site was made without the demos, as the networks or what runs them could not be had."
PLACE = """<div class="demo" data-demo="{name}" role="group" aria-label="{label}">
<p class="demo-start"><button type="button" disabled>Start: {start}</button></p>
<p class="demo-says" role="status"></p>
<div class="demo-stage" hidden></div>
<noscript><p>The demo needs JavaScript, which this browser has switched off.</p></noscript>
</div>"""


class Demo(Directive):
    """``{demo} digits`` with ``:start:``, the words of its button, and what is said about the network."""

    has_content = True
    required_arguments = 1
    option_spec = {"start": directives.unchanged_required}  # noqa: RUF012  docutils' own form

    def run(self):
        env = self.state.document.settings.env
        path = Path(env.srcdir) / STATE
        env.note_dependency(str(path))
        state = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        name, start = self.arguments[0], self.options["start"]
        if "demos" not in state:
            return [nodes.paragraph(text=LEFT_OUT)]
        if name not in state["demos"]:
            raise self.error(f"{{demo}} takes {' or '.join(state['demos'])}, not {name!r}.")
        try:
            lines = [line.format_map(state["demos"][name]).replace("%", "\u00a0%") for line in self.content]
        except (KeyError, ValueError) as error:
            raise self.error(f"The demo {name!r} has no figure {error}.") from error
        about = nodes.container(classes=["demo-about"])
        self.state.nested_parse(StringList(lines, source=self.content.source(0)), self.content_offset, about)
        place = PLACE.format(name=escape(name), label=escape(start.capitalize()), start=escape(start))
        return [nodes.raw("", place, format="html"), about]


def add_files(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """The script that waits for a reader, and the look of the demos, on pages that have one."""
    if doctree is not None and any("data-demo" in raw.astext() for raw in doctree.findall(nodes.raw)):
        app.add_css_file("demos/demos.css")
        app.add_js_file("demos/start.js")


def setup(app):
    app.add_directive("demo", Demo)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
