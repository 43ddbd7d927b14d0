"""Copies of the chapters for students: no solutions, no outputs, the helper package as a wheel, one README, zipped."""

from __future__ import annotations

import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

import nbformat

from bookkit.notebooks import BookError, Notebook, tags, write_text

PACKAGED = ("pyproject.toml", "README.md", "LICENSE", "src")  # what the wheel is made of
LINK_TO_BOOK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(\.\./book/[^()\s]+\)")
README = """# {title}

Your copies of the chapters, without solutions. Python 3.11 to 3.14 is needed. In this folder:

```
python -m venv .venv
.venv\\Scripts\\activate                # Linux, macOS: source .venv/bin/activate
python -m pip install "{wheel}[chapters]" jupyterlab
jupyter lab --notebook-dir notebooks
```

Write your answers into the cells that end in `check("03-1", ...)`; running such a cell says what is still wrong. Keep
the numbers of the exercises as they are. Hand in the notebooks, saved, under the names that they have.
"""


def without_solutions(chapter: Notebook) -> nbformat.NotebookNode:
    """A chapter as a student gets it: no solutions, no outputs, no digests, no links that lead out."""
    notebook = nbformat.from_dict(json.loads(json.dumps(chapter.notebook)))
    notebook.cells = [cell for cell in notebook.cells if not any(tag.startswith("solution-") for tag in tags(cell))]
    notebook.metadata.pop("torchbook", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        elif cell.cell_type == "markdown":
            cell.source = LINK_TO_BOOK.sub(r"\1", cell.source)  # the pages beside the chapters do not come along
    return notebook


def build_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of torchbook into `folder` with the installed setuptools. Raises BookError with pip's reason."""
    with tempfile.TemporaryDirectory() as scratch:  # a copy: the build leaves folders beside the sources
        for name in PACKAGED:
            path = root / name
            if path.is_dir():
                ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(path, Path(scratch) / name, ignore=ignore)
            elif path.is_file():
                shutil.copy2(path, scratch)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--no-build-isolation", "--wheel-dir", str(folder), scratch]
        answer = subprocess.run(command, capture_output=True, text=True)
    wheels = sorted(folder.glob("torchbook-*.whl"))
    if answer.returncode != 0 or not wheels:
        raise BookError(f"The wheel of torchbook could not be built: {answer.stderr.strip()[-500:]}")
    return wheels[-1]


def student_copies(root: Path, chapters: list[Notebook], folder: Path, title: str) -> Path:
    """Write the copies, the wheel and a README below `folder` and return the zip archive beside it.

    Raises BookError for a folder that is there and not empty: nothing of it is replaced.
    """
    try:
        folder = folder.expanduser().resolve()
    except RuntimeError as error:  # ~nobody, or links in a circle
        raise BookError(f"{folder} names no place that there is: write the whole path of a new folder.") from error
    if not folder.name:
        raise BookError(f"{folder} has no place beside it for the archive: name a new folder with --to.")
    archive = folder.with_name(folder.name + ".zip")
    for place in (folder, archive):
        if place.is_file() or (place.is_dir() and any(place.iterdir())):
            raise BookError(f"{place} is there already: name another folder with --to, or remove it.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".student-") as scratch:  # whole or not at all
        made = Path(scratch) / folder.name
        for chapter in chapters:
            write_text(made / "notebooks" / chapter.path.name, nbformat.writes(without_solutions(chapter)) + "\n")
        wheel = build_wheel(root, made)
        write_text(made / "README.md", README.format(title=title, wheel=wheel.name))
        with zipfile.ZipFile(Path(scratch) / archive.name, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(made.rglob("*")):
                packed.write(path, path.relative_to(scratch))
        if folder.is_dir():  # empty, as looked at above
            folder.rmdir()
        shutil.move(made, folder)
        shutil.move(Path(scratch) / archive.name, archive)
    return archive
