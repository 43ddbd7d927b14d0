"""A Sphinx extension: formulas become MathML as the site is built, which browsers draw without any script.

Set ``html_math_renderer: mathml``. What latex2mathml cannot turn into MathML that browsers draw stops the build.
"""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import SphinxError

STYLES = {"italic": "ITALIC", "bold": "BOLD", "bold-italic": "BOLD ITALIC"}  # MathML Core knows none of them
STYLED = re.compile(r'<m([in]) mathvariant="(italic|bold|bold-italic)">([^<&]+)</m\1>')
CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
WRONG = re.compile(r"<mi>&</mi>|<mi>\\|<mtext>\\|<merror|linebreak=|mathvariant=\"(?!normal)")


class FormulaError(SphinxError):
    """A formula has no MathML; the message holds it."""

    category = "Formula"


def mathml(latex: str, block: bool = False) -> str:
    """A formula as a ``<math>`` element. Raises FormulaError where latex2mathml leaves a command or a line break."""
    text = latex.strip()
    try:
        found = convert(text, display="block" if block else "inline")
    except Exception as error:  # its errors have no common class
        raise FormulaError(
            f"{text!r} cannot be read ({type(error).__name__}): write it with simpler commands"
        ) from error
    found = STYLED.sub(lambda m: f"<m{m[1]}>{_styled(m[3], STYLES[m[2]])}</m{m[1]}>", found)
    if wrong := WRONG.search(found):
        raise FormulaError(f"{text!r} leaves {wrong[0]!r} in its MathML: write it with simpler commands")
    for part in ElementTree.fromstring(found).iter():
        name = part.tag.rpartition("}")[2]
        if len(part) != CHILDREN.get(name, len(part)):
            raise FormulaError(f"{text!r} gives {name} {len(part)} parts in place of {CHILDREN[name]}")
    label = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return found.replace("<math ", f'<math alttext="{label}" ', 1)


def _styled(text: str, style: str) -> str:
    """Letters of Unicode's mathematical alphabets; a character that has none there stays."""
    found = []
    for letter in text:
        try:
            case = "CAPITAL" if letter.isupper() else "SMALL"
            found.append(unicodedata.lookup(f"MATHEMATICAL {style} {case} {letter.upper()}"))
        except KeyError:
            found.append(letter)
    return "".join(found)


def visit_inline(self, node: nodes.math) -> None:
    self.body.append(f'<span class="math">{mathml(node.astext())}</span>')
    raise nodes.SkipNode


def visit_block(self, node: nodes.math_block) -> None:
    """A formula of its own line, which scrolls where it is wider than the column: book.js lets keyboards reach it."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f"{mathml(node.astext(), block=True)}</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
