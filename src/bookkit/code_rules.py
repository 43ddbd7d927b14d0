"""The rules for code cells, outputs and the notebook's file. A rule yields (cell number from 1 or None, sentence)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
import re

import nbformat

from bookkit.notebooks import SETUP, Notebook, read_profiles, tags

Finding = tuple[int | None, str]

MOST_LINES = 30
MOST_BYTES = 1_000_000
LEAST_ALT = 20  # characters
LEAST_EXERCISES = 3
PIP = re.compile(r"^\s*[!%]+\s*(?:\S*python\S*\s+-m\s+)?(?:pip3?|conda|mamba|uv)\b", re.M)
MACHINE_FOLDERS = "home|root|Users|tmp|mnt|work|workspace|private|content|kaggle"
PATH_IN_CODE = re.compile(rf"^(?:/(?:{MACHINE_FOLDERS}|usr|opt|var|etc|data)(?:/|$)|[A-Za-z]:[\\/]|~[\\/])")
PATH_IN_OUTPUT = re.compile(rf"(?<![\w.:/-])(?:/(?:{MACHINE_FOLDERS})/\w|[A-Za-z]:\\\w)|/site-packages/")
TRIAL_TAG = re.compile(r"(exercise|solution)-(\d\d)-(\d+)$")


def trials(cell: nbformat.NotebookNode) -> list[tuple[str, str, str]]:
    """("exercise" or "solution", number of the chapter, count) of the tags that a cell has for them."""
    return [(found[1], found[2], found[3]) for tag in tags(cell) if (found := TRIAL_TAG.match(tag))]


def parse(cell: nbformat.NotebookNode) -> ast.Module | None:
    """A cell's syntax tree without magic and shell lines; None where it is no Python (a `%%` magic, a shown error)."""
    if cell.source.lstrip().startswith("%%"):
        return None
    try:
        return ast.parse(re.sub(r"^(\s*)[!%].*$", r"\1pass", cell.source, flags=re.M))
    except SyntaxError:
        return None


def parameters_cell(chapter: Notebook) -> Iterator[Finding]:
    """The second code cell is tagged `parameters` and holds plain literals, so that profiles can replace each value."""
    for position, (number, cell) in enumerate(chapter.code_cells, 1):
        if position == 2 and "parameters" not in tags(cell):
            yield number, "the second code cell must be tagged parameters"
        if position != 2 and "parameters" in tags(cell):
            yield number, "only the second code cell may be tagged parameters"
        if "parameters" in tags(cell):
            body = tree.body if (tree := parse(cell)) else []
            if not body or not all(_is_literal_assignment(statement) for statement in body):
                yield number, "the parameters cell may hold only lines of the form name = literal"
    if len(chapter.code_cells) < 2:
        yield None, "a chapter has at least two code cells, imports and parameters"


def _is_literal_assignment(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    return isinstance(statement.targets[0], ast.Name)


def profile_parameters(chapter: Notebook) -> Iterator[Finding]:
    """profiles.yml names only parameters that the chapter defines: another name would change nothing, silently."""
    for profile, chapters in read_profiles(chapter.root).items():
        for name in chapters.get(chapter.number, {}):
            if name not in chapter.parameters:
                known = ", ".join(chapter.parameters) or "none"
                yield None, f"profiles.yml sets {name} under {profile}, but the parameters are: {known}"


def cell_length(chapter: Notebook) -> Iterator[Finding]:
    """A code cell has at most 30 lines, so that it can be read with its explanation; one class may be longer.

    So may one function that `torchbook` holds too, which cannot be cut, the imports, which are folded, and settings.
    """
    for number, cell in chapter.code_cells:
        lines = len(cell.source.splitlines())
        tree = parse(cell)
        taught = any(tag.startswith("teaches-") for tag in tags(cell))
        whole = (ast.ClassDef, ast.FunctionDef) if taught else (ast.ClassDef,)
        one_definition = tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], whole)
        imports = tree is not None and all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body)
        if lines > MOST_LINES and not (one_definition or imports or "parameters" in tags(cell)):
            yield number, f"the code cell has {lines} lines; at most {MOST_LINES}, unless it defines one class only"


def code_cells_in_a_row(chapter: Notebook) -> Iterator[Finding]:
    """At most two code cells in a row: what a cell showed is read before the next one starts."""
    row = 0
    for number, cell in enumerate(chapter.cells, 1):
        if SETUP in tags(cell):  # folded, and nothing to read
            continue
        row = row + 1 if cell.cell_type == "code" else 0
        if row == 3:
            yield number, "the third code cell in a row; put text before it"


def unexpected_error(chapter: Notebook) -> Iterator[Finding]:
    """A stored error is meant, and then tagged `raises-exception`."""
    for number, cell in chapter.code_cells:
        kinds = {output.output_type for output in cell.get("outputs", [])}
        if "error" in kinds and "raises-exception" not in tags(cell):
            yield number, "the cell ends in an error; correct it, or tag it raises-exception where the error is meant"


def executed_in_order(chapter: Notebook) -> Iterator[Finding]:
    """Every code cell was executed once, top to bottom, as a reader will do it."""
    every = [(number, cell) for number, cell in enumerate(chapter.cells, 1) if cell.cell_type == "code"]
    for position, (number, cell) in enumerate(every, 1):
        if cell.get("execution_count") != position:
            count = cell.get("execution_count")
            word = "was not executed" if count is None else f"was executed as number {count}, not {position}"
            yield number, f"the cell {word}; store a whole run with bookkit run {chapter.name} --save"
            return


def alt_text(chapter: Notebook) -> Iterator[Finding]:
    """A figure has alternative text for those who cannot see it."""
    for number, cell in chapter.code_cells:
        shown = any(key.startswith("image/") for output in cell.get("outputs", []) for key in output.get("data", {}))
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if shown and len(str(alt).strip()) < LEAST_ALT:
            yield number, f"the figure needs alt text of {LEAST_ALT} characters or more, in metadata mystnb.image.alt"


def exercises(chapter: Notebook) -> Iterator[Finding]:
    """At least three exercises, each with its solution after it."""
    places: dict[str, dict[str, int]] = {"exercise": {}, "solution": {}}
    for number, cell in chapter.code_cells:
        for kind, of_chapter, count in trials(cell):
            name = f"{of_chapter}-{count}"
            if of_chapter != chapter.number:
                yield number, f"the tag {kind}-{name} names another chapter than {chapter.number}"
            if name in places[kind]:
                yield number, f"the tag {kind}-{name} is there twice"
            if kind == "solution" and name not in places["exercise"]:
                yield number, f"solution-{name} has no exercise-{name} before it"
            places[kind][name] = number
    for name in places["exercise"].keys() - places["solution"].keys():
        yield places["exercise"][name], f"exercise-{name} has no solution-{name}"
    if len(places["exercise"]) < LEAST_EXERCISES:
        yield None, f"the chapter has {len(places['exercise'])} exercises; at least {LEAST_EXERCISES}"


def no_installing(chapter: Notebook) -> Iterator[Finding]:
    """A chapter installs nothing: it would need the network, and change the reader's machine."""
    for number, cell in chapter.code_cells:
        if PIP.search(cell.source):
            yield number, "a cell must not install packages; they belong in requirements.txt"


def no_cuda_call(chapter: Notebook) -> Iterator[Finding]:
    """Nothing calls `.cuda()`, which fails on most readers' machines; the device is an argument."""
    for number, node in calls(chapter):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "cuda":
            yield number, ".cuda() fails where there is no such device; write .to(device)"


def no_download(chapter: Notebook) -> Iterator[Finding]:
    """A chapter never downloads by itself and never needs the network."""
    for number, node in calls(chapter):
        for keyword in node.keywords:
            if keyword.arg == "download" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True:
                yield number, "a chapter must not download; use torchbook.data, or download=False"


def calls(chapter: Notebook) -> Iterator[tuple[int, ast.Call]]:
    for number, cell in chapter.code_cells:
        for node in ast.walk(parse(cell) or ast.Module([], [])):
            if isinstance(node, ast.Call):
                yield number, node


def weak_assert(chapter: Notebook) -> Iterator[Finding]:
    """No assert is passed by a count, size or accuracy of 0, nor by a relative error of a whole.

    The least of many numbers may have a bound below 0.
    """
    for number, cell in chapter.code_cells:
        for node in ast.walk(parse(cell) or ast.Module([], [])):
            if isinstance(node, ast.Assert):
                for low, high in _ordered_pairs(node.test):
                    if (bound := _number(low)) is not None and bound < 0 and ".min()" not in ast.unparse(high):
                        yield number, f"{ast.unparse(high)[:50]!r} above {bound:g} says nothing of it: raise the bound"
                    if (bound := _number(high)) is not None and bound >= 1 and _is_relative_error(low):
                        yield number, f"{ast.unparse(low)[:50]!r} below {bound:g} is passed by 0: lower the bound"


def _ordered_pairs(test: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(smaller, larger) of every comparison in a condition, also of those joined by `and` and `or`."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            for left, kind, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
                if isinstance(kind, (ast.Lt, ast.LtE)):
                    yield left, right
                if isinstance(kind, (ast.Gt, ast.GtE)):
                    yield right, left


def _number(node: ast.expr) -> float | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _is_relative_error(node: ast.expr) -> bool:
    """`abs(a / b - 1)`."""
    match node:
        case ast.Call(
            func=ast.Name(id="abs"),
            args=[ast.BinOp(left=ast.BinOp(op=ast.Div()), op=ast.Sub(), right=ast.Constant(value=1))],
        ):
            return True
    return False


def no_absolute_path(chapter: Notebook) -> Iterator[Finding]:
    """No path of one machine in code or output: it exists nowhere else, and tells of its owner."""
    for number, cell in chapter.code_cells:
        for node in ast.walk(parse(cell) or ast.Module([], [])):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and PATH_IN_CODE.match(node.value):
                yield number, f"the absolute path {node.value!r} exists on one machine only"
        for output in cell.get("outputs", []):
            if found := PATH_IN_OUTPUT.search(_text_of(output)):
                start = found.start()
                yield number, f"the output shows a path of one machine: {_text_of(output)[start : start + 40]!r}"


def _text_of(output: nbformat.NotebookNode) -> str:
    data = [value for key, value in output.get("data", {}).items() if key.startswith("text/")]
    return "\n".join(str(part) for part in [output.get("text", ""), *data, *output.get("traceback", [])])


def file_size(chapter: Notebook) -> Iterator[Finding]:
    """A notebook stays under 1 MB, so that git, editors and browsers handle it."""
    size = chapter.path.stat().st_size
    if size >= MOST_BYTES:
        yield None, f"the notebook has {size / 1e6:.2f} MB; it must stay under {MOST_BYTES / 1e6:.0f} MB"
