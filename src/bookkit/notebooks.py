"""Where the book lies, which chapters it has, and what a chapter says about itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
import os
from pathlib import Path
import re
import tempfile
from typing import Any

import nbformat
import yaml

SETUP = "setup"  # tag of the cell that installs the helper package where it is missing; bookkit.elsewhere makes it
KERNEL = "python3"  # the name that every environment gives its own kernel
NO_LITERAL = (SyntaxError, ValueError, TypeError, MemoryError, RecursionError)  # of ast, for a text of any kind
CONFLICT = re.compile(r'^[ \t]*"?<{7} ', re.M)  # git's lines in the file, nbdime's in a cell's source


class BookError(ValueError):
    """What the user asked for cannot be done; the message is one sentence: what was wrong and what would be right."""


def find_root(start: Path | None = None) -> Path:
    """The project's root: `$BOOKKIT_ROOT`, or the nearest folder from `start` up with `_config.yml` and `notebooks/`.

    Raises BookError where there is none.
    """
    named = os.environ.get("BOOKKIT_ROOT")
    if named:
        try:
            root = Path(named).expanduser().resolve()
            if _is_root(root):
                return root
        except RuntimeError as error:  # ~nobody, or links in a circle
            raise BookError("BOOKKIT_ROOT names no folder that there is: write the book's whole path.") from error
        except OSError as error:
            raise BookError(
                f"BOOKKIT_ROOT names a folder that cannot be looked into ({error.strerror}): name the book's."
            ) from error
        raise BookError(f"BOOKKIT_ROOT is {root}, which has no _config.yml beside a notebooks folder.")
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        with suppress(OSError):  # one that may not be looked into
            if _is_root(folder):
                return folder
    raise BookError(
        f"No book at or above {here}: go to a folder with _config.yml and notebooks/, or name it in BOOKKIT_ROOT."
    )


def _is_root(folder: Path) -> bool:
    return (folder / "_config.yml").is_file() and (folder / "notebooks").is_dir()


@dataclass(frozen=True)
class Notebook:
    """A chapter or a page, read when first needed."""

    path: Path

    @property
    def name(self) -> str:
        """`05_cifar10`"""
        return self.path.stem

    @property
    def number(self) -> str:
        """`05`; empty for a page"""
        return ""

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Name and quick value of what a chapter's cell tagged `parameters` defines; empty without such a cell."""
        return {}

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.path.parent.parent

    @cached_property
    def notebook(self) -> nbformat.NotebookNode:
        return read_notebook(self.path)

    @property
    def cells(self) -> list[nbformat.NotebookNode]:
        return self.notebook.cells

    @property
    def code_cells(self) -> list[tuple[int, nbformat.NotebookNode]]:
        """(number among all cells from 1, cell); the set-up cell, the same everywhere, is none of the chapter's."""
        numbered = enumerate(self.cells, 1)
        return [(number, cell) for number, cell in numbered if cell.cell_type == "code" and SETUP not in tags(cell)]

    @property
    def markdown_cells(self) -> list[tuple[int, nbformat.NotebookNode]]:
        """(number among all cells from 1, cell)"""
        return [(number, cell) for number, cell in enumerate(self.cells, 1) if cell.cell_type == "markdown"]


class Chapter(Notebook):
    """`notebooks/NN_topic.ipynb`"""

    @property
    def number(self) -> str:
        return self.path.stem[:2]

    @cached_property
    def parameters(self) -> dict[str, Any]:
        for _, cell in self.code_cells:
            if "parameters" in tags(cell):
                return literal_assignments(cell.source)
        return {}


class Page(Notebook):
    """`book/NAME.ipynb`: an executed page beside the chapters, which has quick values only."""


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook as version 4. Raises BookError where the file is not one, or holds an unsettled merge."""
    try:
        text = path.read_text(encoding="utf-8")
        conflict = CONFLICT.search(text)
        notebook = nbformat.NotebookNode() if conflict else nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises many kinds: JSON, encoding, validation, its own
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BookError(f"{path.name} cannot be read as a notebook: {reason}") from error
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        raise BookError(
            f"{path.name} holds an unsettled merge (line {line}): keep one side with git checkout --ours or --theirs, "
            "or join the cells with nbdime mergetool; then run it again."
        )
    for problem in _misshapen(notebook):
        raise BookError(f"{path.name} cannot be read as a notebook: {problem}.")
    return notebook


def _misshapen(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """What is not as a notebook has it, of the parts that bookkit reads: nbformat only warns of them."""
    if not _is_list(notebook.get("cells"), dict):
        yield "its cells are not a list of cells"
        return
    yield from _odd_metadata(notebook, "the notebook")
    for number, cell in enumerate(notebook.cells, 1):
        name = f"cell {number}"
        for key in ("cell_type", "source"):
            if not isinstance(cell.get(key), str):
                yield f"{name} has no {key} that is text"
        yield from _odd_metadata(cell, name)
        if not _is_list(tags(cell), str):
            yield f"the tags of {name} are not a list of words"
        outputs = cell.setdefault("outputs", []) if cell.cell_type == "code" else []
        if not _is_list(outputs, dict):
            yield f"the outputs of {name} are not a list of outputs"
        for output in outputs:
            if not isinstance(output.get("output_type"), str):
                yield f"an output of {name} has no output_type that is text"
            if not isinstance(output.get("data", {}), dict):
                yield f"the data of an output of {name} are not names with values"
            if "metadata" in output:
                yield from _odd_metadata(output, f"an output of {name}")


def _odd_metadata(part: nbformat.NotebookNode, name: str) -> Iterator[str]:
    metadata = part.setdefault("metadata", nbformat.NotebookNode())
    if not isinstance(metadata, dict):
        yield f"the metadata of {name} are not names with values"
        return
    own = metadata.get("torchbook", {})
    inside = {key: own[key] for key in ("record", "data", "digests") if isinstance(own, dict) and own.get(key)}
    for key, value in {"torchbook": own, "scrapbook": metadata.get("scrapbook", {}), **inside}.items():
        if not isinstance(value, dict):
            yield f"{key} in the metadata of {name} is {value!r}, where names with values belong"


def _is_list(value: Any, of: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, of) for one in value)


def literal_assignments(source: str) -> dict[str, Any]:
    """`name = literal` lines of a cell as a dictionary; what is not a literal has the value None."""
    found: dict[str, Any] = {}
    try:
        body = ast.parse(source).body
    except NO_LITERAL:
        return found
    for statement in body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = ast.literal_eval(value)
                except NO_LITERAL:
                    found[target.id] = None
    return found


def all_chapters(root: Path) -> list[Chapter]:
    """The chapters in order. Raises BookError where there are none."""
    chapters = [Chapter(path) for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))]
    if not chapters:
        raise BookError(f"{root / 'notebooks'} has no chapters, which are files named NN_topic.ipynb.")
    return chapters


def executed_pages(root: Path) -> list[Page]:
    """The pages beside the chapters that are notebooks too."""
    return [Page(path) for path in sorted((root / "book").glob("*.ipynb"))]


def find_chapters(root: Path, asked: list[str] | None = None, pages: bool = False) -> list[Notebook]:
    """The chapters asked for ("5", "05", "05_cifar10" or a path), in the book's order; all when none is named.

    pages: executed pages may be named too, and belong to "all". Raises BookError that lists what there is, for a path
    that leads elsewhere too.
    """
    known: list[Notebook] = [*all_chapters(root), *(executed_pages(root) if pages else [])]
    if not asked:
        return known
    wanted = set()
    for word in asked:
        stem = Path(word).name.removesuffix(".ipynb")
        matches = [chapter for chapter in known if stem.zfill(2) == chapter.number or stem == chapter.name]
        if not matches:
            raise BookError(f"There is no chapter {word}: the chapters are {names_of(known)}.")
        if Path(word).name != word:
            places = {os.path.realpath(base / Path(word).parent) for base in (Path(), root)}
            matches = [chapter for chapter in matches if os.path.realpath(chapter.path.parent) in places]
        if not matches:
            raise BookError(f"{word} lies outside the book in {root}, whose chapters are {names_of(known)}.")
        wanted.update(matches)
    return [chapter for chapter in known if chapter in wanted]


def names_of(chapters: Iterable[Notebook]) -> str:
    return ", ".join(chapter.name for chapter in chapters)


def read_profiles(root: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """notebooks/profiles.yml as {profile: {"05": {parameter: value}}}; empty without the file.

    Raises BookError for a file of another shape, or a chapter that does not exist or is named twice.
    """
    if not (root / "notebooks" / "profiles.yml").exists():
        return {}
    content = read_yaml(root, "notebooks/profiles.yml")
    known = {chapter.number for chapter in all_chapters(root)}
    profiles: dict[str, dict[str, dict[str, Any]]] = {}
    for profile, chapters in _mapping(content, "at the top").items():
        profiles[str(profile)] = {}
        for key, values in _mapping(chapters, f"under {profile}").items():
            number = str(key).zfill(2)
            if number not in known:
                raise BookError(
                    f"notebooks/profiles.yml names chapter {key} under {profile}, "
                    f"but the chapters are {names_of(all_chapters(root))}."
                )
            if number in profiles[str(profile)]:
                raise BookError(f"notebooks/profiles.yml names chapter {number} twice under {profile}: join the two.")
            profiles[str(profile)][number] = _mapping(values, f"under {profile}, {key}")
    return profiles


class _Unique(yaml.SafeLoader):
    """Refuses a name that stands twice, of which the last would win silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        found = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and not key.tag.endswith(":merge"):
                name = self.construct_object(key)
                if name in found:
                    raise yaml.constructor.ConstructorError(None, None, f"{name} stands there twice", key.start_mark)
                found.add(name)
        return super().construct_mapping(node, deep)


def read_yaml(root: Path, place: str) -> Any:
    """The content of a YAML file at a place below the root. Raises BookError where it cannot be read as one."""
    try:
        return yaml.load((root / place).read_text(encoding="utf-8"), _Unique)
    except OSError as error:
        raise BookError(f"{place} cannot be read as a file ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise BookError(f"{place} is not UTF-8 text ({error.reason}): save it as UTF-8.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date or a number that is none
        raise BookError(f"{place} is not valid YAML: {' '.join(str(error).split())}") from error


def read_config(root: Path) -> dict[str, Any]:
    """The content of _config.yml. Raises BookError where it does not hold names with values."""
    content = read_yaml(root, "_config.yml")
    if not isinstance(content, dict):
        raise BookError('_config.yml holds no names with values, such as title: "My book".')
    return content


def book_title(root: Path) -> str:
    """The title in _config.yml. Raises BookError where there is none."""
    title = read_config(root).get("title")
    if not isinstance(title, str) or not title:
        raise BookError('_config.yml has no title: write one as a text, such as title: "My book".')
    return title


def check_writable(folder: Path, *files: Path) -> None:
    """Raise BookError where nothing can be written into the folder, or a folder lies where a file is to be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BookError(f"{folder} cannot be written to ({error.strerror}): make it a folder of yours.") from error
    for file in files:
        if file.is_dir():
            raise BookError(f"{file} is a folder where a file is to be written: move it away.")


def _mapping(value: Any, where: str) -> dict:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BookError(f"notebooks/profiles.yml holds {value!r} {where}, where names with values belong.")
    return value


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: to a temporary name beside it, then in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
