"""The code that a chapter teaches is the code of the package, docstrings aside."""

import ast
from pathlib import Path

import chapters
import pytest
import torchbook

PACKAGE = Path(torchbook.__file__).parent
PREFIX = "teaches-"
TAUGHT = [
    (name, tag.removeprefix(PREFIX))
    for name in chapters.NAMES + chapters.PAGES
    for cell in chapters.code_cells(name)
    for tag in chapters.tags(cell)
    if tag.startswith(PREFIX)
]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definition(source: str, name: str):
    """The one definition of `name` at the top of `source`, without docstrings; None where there is none."""
    found = [node for node in ast.parse(source).body if name in names_of(node)]
    assert len(found) < 2, f"{name} is defined {len(found)} times"
    for node in ast.walk(found[0]) if found else ():
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return found[0] if found else None


def names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, DEFINITIONS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def same(one: str, other: str, name: str) -> bool:
    """Whether both sources define `name` alike."""
    ours, theirs = definition(one, name), definition(other, name)
    return ours is not None and theirs is not None and ast.dump(ours) == ast.dump(theirs)


@pytest.mark.parametrize(("chapter", "taught"), TAUGHT)
def test_taught_code_is_the_packaged_code(chapter, taught):
    module, _, name = taught.rpartition(".")
    path = PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    assert path.is_file(), f"torchbook has no module {module}"
    (cell,) = chapters.tagged(chapter, PREFIX + taught)
    ours, packaged = definition(cell.source, name), definition(path.read_text(encoding="utf-8"), name)
    assert packaged is not None, f"torchbook.{module} does not define {name}"
    assert ours is not None, f"the cell does not define {name}"
    assert ast.unparse(ours) == ast.unparse(packaged)  # the readable difference
    assert ast.dump(ours) == ast.dump(packaged)


def test_a_thing_is_taught_once():
    taught = [name for _, name in TAUGHT]
    assert sorted(set(taught)) == sorted(taught)


BODY = "def f(x):\n    return x + 1\n"


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        ('def f(x):\n    """Add one."""\n    # a reason\n    return (x + 1)\n', True),
        ("import math\n\ndef g(): ...\n\n" + BODY, True),
        ("def f(x):\n    return x + 2\n", False),
        ("def f(x, y=1):\n    return x + 1\n", False),
        ("@cache\n" + BODY, False),
        ("def g(x):\n    return x + 1\n", False),
        ("class C:\n    def f(x):\n        return x + 1\n", False),
    ],
)
def test_the_comparison_sees_what_differs(other, equal):
    assert same(BODY, other, "f") is equal
