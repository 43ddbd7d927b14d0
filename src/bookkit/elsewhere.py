"""Notebooks that run away from the book: the set-up cell, the addresses it is made of, the buttons of the pages.

`python -m bookkit.elsewhere` writes the set-up cell into every chapter and executed page; run it after a change of the
version or of an address in `_config.yml`: `html.baseurl` (where the site lies) or `repository.url`. As a Sphinx
extension it shows the buttons that need an address where there is one, and no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
import json
from pathlib import Path
import re

import nbformat

from bookkit.notebooks import SETUP, BookError, Notebook, find_chapters, find_root, read_config, tags, write_text

HOSTS = ("github.com", "gitlab.com")  # the repositories that the theme's buttons can lead to
BUTTONS = ("use_repository_button", "use_issues_button", "use_edit_page_button")
EXPORT = re.compile(r"^\s*(?:from|import) (?:onnx|safetensors|torchbook\.export)", re.M)  # what the extra brings
INSTALL = """\
# Set-up: does nothing where torchbook is installed
from importlib.util import find_spec

if find_spec("torchbook") is None:
    %pip install --quiet "{required}"\
"""
EXPLAIN = """\
# Set-up: does nothing where torchbook is installed
from importlib.util import find_spec

if find_spec("torchbook") is None:
    raise ModuleNotFoundError(
        "torchbook is missing: run `make lab` in the book's folder,"
        " or pip install {wheel} from the book's site"
    )\
"""


@dataclass(frozen=True)
class Addresses:
    """Where the book can be reached; empty where nobody has said so."""

    site: str = ""  # without a slash at the end
    repository: str = ""
    branch: str = ""

    def required(self, extra: str) -> str:
        """What pip installs: the site's wheel, else the repository; empty without an address."""
        place = f"{self.site}/_static/{wheel_name()}" if self.site else ""
        if not self.site and self.repository:
            place = f"git+{self.repository}{f'@{self.branch}' if self.branch else ''}"
        return f"torchbook{extra} @ {place}" if place else ""


def read_addresses(config_file: Path) -> Addresses:
    """The addresses in a `_config.yml`. Raises BookError for one that does not begin with http:// or https://."""
    config = read_config(config_file.parent)
    repository = config.get("repository") or {}
    found = Addresses(
        ((config.get("html") or {}).get("baseurl") or "").rstrip("/"),
        (repository.get("url") or "").rstrip("/"),
        repository.get("branch") or "",
    )
    for name, address in (("html.baseurl", found.site), ("repository.url", found.repository)):
        if address and not re.match(r"https?://[^\s\"]+$", address):
            raise BookError(f"{name} in _config.yml is {address!r}: an address begins with https:// or http://.")
    return found


def wheel_name() -> str:
    """The file name of this version's wheel; the package is read, not imported, as that would import PyTorch."""
    [folder] = find_spec("torchbook").submodule_search_locations or []
    source = (Path(folder) / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "(.+)"$', source, re.M)[1]
    return f"torchbook-{version}-py3-none-any.whl"


def setup_source(addresses: Addresses, extra: str = "") -> str:
    """The text of the set-up cell. `extra`: "[export]" for a chapter that needs more than the package's base."""
    required = addresses.required(extra)
    return INSTALL.format(required=required) if required else EXPLAIN.format(wheel=wheel_name())


def with_setup(notebook: nbformat.NotebookNode, addresses: Addresses) -> nbformat.NotebookNode:
    """A copy of a notebook whose first code cell is the set-up cell; nothing else differs, its digests hold."""
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    count = next((cell.get("execution_count") for cell in copy.cells if SETUP in tags(cell)), None)
    copy.cells = [cell for cell in copy.cells if SETUP not in tags(cell)]
    code = [place for place, cell in enumerate(copy.cells) if cell.cell_type == "code"]
    extra = "[export]" if any(EXPORT.search(copy.cells[place].source) for place in code) else ""
    cell = nbformat.v4.new_code_cell(setup_source(addresses, extra), id=SETUP, execution_count=count)
    cell.metadata = nbformat.from_dict(
        {
            "jupyter": {"source_hidden": True},  # not its outputs: pip's reasons must be seen
            "mystnb": {"code_prompt_show": "Set-up", "code_prompt_hide": "Set-up"},
            "tags": [SETUP, "hide-cell"],
        }
    )
    copy.cells.insert(code[0] if code else len(copy.cells), cell)
    return copy


def setup_cell(chapter: Notebook) -> Iterator[tuple[int | None, str]]:
    """The first code cell is the set-up cell, made of the addresses in `_config.yml`: a copy installs what it needs."""
    wanted = with_setup(chapter.notebook, read_addresses(chapter.path.parent.parent / "_config.yml"))
    if wanted.cells != chapter.cells:
        place = next((number for number, cell in enumerate(chapter.cells, 1) if SETUP in tags(cell)), None)
        sentence = "the set-up cell is not as made" if place else "the notebook has no set-up cell"
        yield place, f"{sentence}: run python -m bookkit.elsewhere"


def write_setup(root: Path) -> list[Path]:
    """Write the set-up cell into every chapter and executed page; the notebooks that this changed."""
    addresses, changed = read_addresses(root / "_config.yml"), []
    for chapter in find_chapters(root, pages=True):
        text = nbformat.writes(with_setup(chapter.notebook, addresses)) + "\n"
        if text != chapter.path.read_text(encoding="utf-8"):
            write_text(chapter.path, text)
            changed.append(chapter.path)
    return changed


def show_buttons(app, config) -> None:
    """Sphinx: buttons to the repository, to an issue, to Colab and Binder, where `repository.url` says where it is."""
    options = config.html_theme_options
    host = re.match(r"https?://([^/]+)", options.get("repository_url") or "")
    known = bool(host) and host[1] in HOSTS
    options.update(dict.fromkeys(BUTTONS, known))
    options["launch_buttons"] = {}
    if not known:
        options["repository_url"] = ""  # the theme stops at a host that it does not know
    else:
        options["launch_buttons"] = {"notebook_interface": "jupyterlab", "binderhub_url": "https://mybinder.org"}
        if host[1] == "github.com":  # Colab opens no others
            options["launch_buttons"]["colab_url"] = "https://colab.research.google.com"


def setup(app):
    app.connect("config-inited", show_buttons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    for path in write_setup(find_root()):
        print(path)
