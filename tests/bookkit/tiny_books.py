"""Books of a few cells, for the tests of bookkit."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import v4
from typer.testing import CliRunner

from bookkit.cli import app
from bookkit.digests import store_digests

PROFILES = 'full:\n  "01": {epochs: 5}\nsmoke:\n  "01": {epochs: 1}\n'
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def markdown(source: str) -> nbformat.NotebookNode:
    return v4.new_markdown_cell(source)


def code(source: str, *tags: str, outputs: list | None = None, alt: str | None = None) -> nbformat.NotebookNode:
    cell = v4.new_code_cell(source, outputs=outputs or [])
    if tags:
        cell.metadata["tags"] = list(tags)
    if alt is not None:
        cell.metadata["mystnb"] = {"image": {"alt": alt}}
    return cell


def printed(text: str) -> nbformat.NotebookNode:
    return v4.new_output("stream", name="stdout", text=text)


def figure() -> nbformat.NotebookNode:
    return v4.new_output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure size 1x1 with 1 Axes>"})


def error() -> nbformat.NotebookNode:
    return v4.new_output("error", ename="ValueError", evalue="bad", traceback=["ValueError: bad"])


def glued(name: str, text: str) -> nbformat.NotebookNode:
    """What MyST-NB's `glue(name, value, display=False)` leaves behind."""
    prefix = "application/papermill.record/"
    scrap = {"scrapbook": {"name": name, "mime_prefix": prefix}}
    return v4.new_output("display_data", data={prefix + "text/plain": text}, metadata=scrap)


def recorded(name: str, value, line: str, within=None, factor=None) -> nbformat.NotebookNode:
    """What `torchbook.recording.record` leaves behind."""
    record = {"name": name, "value": value, "within": within, "factor": factor}
    return v4.new_output("display_data", data={"text/plain": line}, metadata={"torchbook": {"record": record}})


def notebook(*cells: nbformat.NotebookNode, executed: bool = False) -> nbformat.NotebookNode:
    """A notebook of these cells, with stable ids; `executed`: numbers and digests as a saved run leaves them."""
    for place, cell in enumerate(cells, 1):
        cell["id"] = f"id-{place}"
    if executed:
        number(cells)
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    whole = v4.new_notebook(cells=list(cells), metadata=metadata)
    if executed:
        store_digests(whole)
    return whole


def number(cells) -> None:
    """Number the code cells as a run does."""
    for count, cell in enumerate((cell for cell in cells if cell.cell_type == "code"), 1):
        cell["execution_count"] = count


def bookkit(root: Path, *words: str):
    """The result of a `bookkit` command in a book: exit_code, stdout, stderr."""
    return CliRunner().invoke(app, list(words), env={"BOOKKIT_ROOT": str(root)})


def make_book(root: Path, chapters: dict[str, nbformat.NotebookNode], profiles: str = PROFILES) -> Path:
    """A folder that bookkit takes for a book: _config.yml, notebooks/, profiles.yml."""
    (root / "notebooks").mkdir(parents=True)
    (root / "_config.yml").write_text("title: tiny\n")
    (root / "notebooks" / "profiles.yml").write_text(profiles)
    for name, content in chapters.items():
        nbformat.write(content, root / "notebooks" / f"{name}.ipynb")
    return root


def first_chapter() -> nbformat.NotebookNode:
    """Runs, prints, glues two values, raises one error on purpose."""
    return notebook(
        markdown('<a id="ch-first"></a>\n# First'),
        code("import os\nfrom myst_nb import glue"),
        code("epochs = 2  # passes\nlr = 0.5  # step", "parameters"),
        code('print("epochs", epochs)\nprint(os.path.basename(os.getcwd()))'),
        code("1 / 0", "raises-exception"),
        code('glue("ch01_product", epochs * lr, display=False)\nglue("ch01_word", "plain", display=False)'),
    )


def dying_chapter() -> nbformat.NotebookNode:
    """Ends its kernel, as running out of memory does."""
    return notebook(markdown("# Third"), code("import os"), code("os._exit(3)"))


def failing_chapter() -> nbformat.NotebookNode:
    return notebook(
        markdown("# Second"),
        code("import math"),
        code("epochs = 1", "parameters"),
        code('value = 3\nraise RuntimeError("the pipe is frozen")'),
        code('print("never reached")'),
    )
