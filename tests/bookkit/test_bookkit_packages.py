"""The packages: one range of Pythons everywhere, a lock that holds, extras that match the imports, wheels for all."""

from __future__ import annotations

import ast
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.version import Version
import pytest
import torchbook
import yaml

from bookkit import before
from bookkit.elsewhere import Addresses, with_setup
from bookkit.notebooks import SETUP, find_chapters

ROOT = Path(__file__).parents[2]
PYTHONS = [f"3.{minor}" for minor in range(before.LEAST[1], before.MOST[1] + 1)]
SYSTEMS = ["linux", "aarch64-apple-darwin", "windows"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAMES = {
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "markdown_it": "markdown-it-py",
    "pkg_resources": "",
    "accelerate": "",  # chapter 13 uses it where it is installed; a maintainer has it
}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> list[Requirement]:
    """The requirements of a file, its options, hashes and comments left out."""
    lines = [re.split(r"\s#|\s\\", line)[0].strip() for line in text(name).splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("README.md", r"Python 3\.11 to 3\.14"),
        ("Makefile", r"Python 3\.11 to 3\.14"),
        ("requirements.txt", r"Python 3\.11 to 3\.14"),
        ("CONTRIBUTING.md", r"Python 3\.11 to 3\.14"),
        ("book/index.md", r"Python 3\.11 to 3\.14"),
        ("pyproject.toml", r'requires-python = ">=3\.11"'),
        ("pyproject.toml", r'target-version = "py311"'),
        ("pyproject.toml", r'python_version = "3\.11"'),
        ("Makefile", r"--python-version 3\.11"),
    ],
)
def test_the_pythons_are_the_same_everywhere(name, pattern):
    assert (PYTHONS[0], PYTHONS[-1]) == ("3.11", "3.14")
    assert re.search(pattern, text(name))


def test_the_workflow_runs_every_python():
    jobs = yaml.safe_load(text(".github/workflows/test.yml"))["jobs"]
    assert jobs["systems"]["strategy"]["matrix"]["python"] == PYTHONS


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("README.md", "version {}"),
        ("CHANGELOG.md", "## [{}] - "),
        ("CITATION.cff", "version: {}\n"),
    ],
)
def test_the_version_is_the_same_everywhere(name, form):
    assert form.format(torchbook.__version__) in text(name)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-hashes.lock"])
def test_a_lock_holds_every_pin_and_names_no_place(lock):
    locked = {(pin.name, str(pin.specifier)) for pin in pins(lock)}
    wanted = {
        (pin.name, str(pin.specifier)) for name in ("requirements.txt", "requirements-dev.txt") for pin in pins(name)
    }
    assert wanted <= locked
    assert not re.search(r"https?:|file:|--(?!hash)|^-", text(lock), re.MULTILINE)


def test_a_build_for_the_cpu_satisfies_the_lock():
    [torch] = [pin for pin in pins("requirements.lock") if pin.name == "torch"]
    [wanted] = torch.specifier
    assert torch.specifier.contains(Version(f"{wanted.version}+cpu"))


def test_no_pin_of_the_lock_fits_one_build_of_torch_alone():
    assert not [pin.name for pin in pins("requirements.lock") if pin.name.startswith(("nvidia-", "cuda-"))]


def test_a_reader_needs_nothing_that_only_maintainers_use():
    readers = {pin.name for pin in pins("requirements.txt")}
    maintainers = {pin.name for pin in pins("requirements-dev.txt")}
    assert not readers & maintainers
    assert {"ruff", "check-jsonschema", "zizmor", "mypy"} <= maintainers


def imported(source: str) -> set[str]:
    """The packages that a source imports anywhere, those of Python and of this project left out."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    tops = {name.split(".")[0] for name in names} - {*sys.stdlib_module_names, "torchbook", "bookkit", ""}
    return {NAMES.get(top, top.replace("_", "-")).lower() for top in tops} - {""}


def declared(*extras: str) -> set[str]:
    """The packages of the base and of these extras, with the extras that they name."""
    found = {Requirement(line).name for line in PROJECT["dependencies"]}
    for extra in extras:
        for line in map(Requirement, PROJECT["optional-dependencies"][extra]):
            found |= declared(*line.extras) if line.name == PROJECT["name"] else {line.name}
    return found


TORCHBOOK = sorted((ROOT / "src" / "torchbook").rglob("*.py"))
EXPORT = ROOT / "src" / "torchbook" / "export.py"
EDITIONS = ROOT / "src" / "bookkit" / "editions.py"  # needs a maintainer's Chromium
BOOKKIT = sorted({*(ROOT / "src" / "bookkit").rglob("*.py")} - {EDITIONS})
IN_SPHINX = {  # bookkit's modules that Sphinx or the building of the site alone imports
    "pages.py", "chapter_map.py", "chapter_cards.py", "formulas.py", "page_shell.py", "page_body.py", "tested.py",
    "web_fonts.py", "search_index.py", "my_run.py", "licences.py",
}  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "extras"),
    [
        ([path for path in TORCHBOOK if path != EXPORT], []),
        ([EXPORT], ["export"]),
        ([path for path in BOOKKIT if path.name not in IN_SPHINX and path.parent.name != "demos"], ["cli"]),
        (BOOKKIT, ["book"]),
        ([EDITIONS], ["test"]),
    ],
    ids=["base", "export", "cli", "book", "test"],
)
def test_the_extras_have_what_is_imported(paths, extras):
    needed = set().union(*(imported(path.read_text(encoding="utf-8")) for path in paths))
    assert needed <= declared(*extras), f"not in pyproject.toml's {extras or 'dependencies'}"


def imported_by(path: Path) -> set[str]:
    """The packages that a notebook imports."""
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    source = "\n".join("".join(cell["source"]) for cell in cells)
    modules = re.findall(r"^\s*(?:from (?=\w[\w.]* import)|import )([\w.]+)", source, re.MULTILINE)
    return imported("\n".join(f"import {module}" for module in modules))


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_extra_for_chapters_has_what_they_import(path):
    assert imported_by(path) <= declared("chapters")


@pytest.mark.parametrize("chapter", find_chapters(ROOT, pages=True), ids=lambda chapter: chapter.name)
def test_the_set_up_cell_of_a_notebook_brings_what_it_imports(chapter):
    made = with_setup(chapter.notebook, Addresses(site="https://book.example"))
    [cell] = [cell for cell in made.cells if SETUP in cell.metadata.get("tags", [])]
    required = Requirement(re.search(r'"(torchbook.*)"$', cell.source)[1])
    assert imported_by(chapter.path) <= declared(*required.extras)


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [("bookkit.cli", "typer", "cli"), ("bookkit.cli", "rich", "cli"), ("torchbook.export", "onnxruntime", "export")],
)
def test_a_missing_extra_is_named_in_one_sentence(module, missing, extra):
    code = f"import sys; sys.modules[{missing!r}] = None; import {module}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert f"needs {missing}" in last
    assert f"'.[{extra}]'" in last


@pytest.mark.parametrize(
    ("system", "machine", "python", "macos", "part"),
    [
        ("Linux", "x86_64", (3, 10), "", "Python 3.11 to 3.14 is needed and this is 3.10"),
        ("Linux", "x86_64", (3, 15), "", "Python 3.11 to 3.14 is needed and this is 3.15"),
        ("Darwin", "x86_64", (3, 12), "15.1", "Intel"),
        ("Darwin", "arm64", (3, 12), "13.6", "macOS 14"),
        ("Windows", "ARM64", (3, 12), "", "Windows for ARM"),
        ("Windows", "x86", (3, 12), "", "64-bit"),
        ("Linux", "i686", (3, 12), "", "64-bit"),
    ],
)
def test_where_the_book_cannot_be_installed_a_sentence_says_what_to_do(system, machine, python, macos, part):
    assert part in before.obstacle(system, machine, python, macos)


@pytest.mark.parametrize(
    ("system", "machine", "macos"),
    [("Linux", "x86_64", ""), ("Linux", "aarch64", ""), ("Darwin", "arm64", "14.5"), ("Windows", "AMD64", "")],
)
@pytest.mark.parametrize("python", [(3, 11), (3, 14)])
def test_nothing_stands_in_the_way_on_the_systems_promised(system, machine, python, macos):
    assert before.obstacle(system, machine, python, macos) == ""


@pytest.mark.parametrize(
    ("system", "torch", "parts"),
    [
        ("Linux", "", ["2.9 GB", "2.7 GB", "TORCH=cpu makes that 0.4 GB"]),
        ("Linux", "cpu", ["0.4 GB"]),
        ("Linux", "auto", ["2.9 GB", "NVIDIA driver, else 0.4 GB"]),
        ("Windows", "", ["0.3 GB"]),
        ("Darwin", "", ["0.3 GB"]),
    ],
)
def test_the_download_is_told_before_it(system, torch, parts):
    assert all(part in before.download(system, torch) for part in parts)


@pytest.mark.network
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_pin_and_lock_has_a_wheel(python, system, tmp_path, monkeypatch):
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    assert uv, "uv is needed: pip install -r requirements-dev.txt"
    monkeypatch.setenv("MACOSX_DEPLOYMENT_TARGET", f"{before.OLDEST_MACOS}.0")
    command = [uv, "pip", "compile", "--quiet", "--only-binary", ":all:", "--no-emit-package", PROJECT["name"]]
    command += ["--python-version", python, "--python-platform", system, "-c", "requirements.lock"]
    result = subprocess.run(
        [*command, "requirements-dev.txt", "-o", str(tmp_path / "out.txt")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    chosen = {(pin.name, str(pin.specifier)) for pin in pins(str(tmp_path / "out.txt"))}
    unlocked = {name for name, _ in chosen - {(pin.name, str(pin.specifier)) for pin in pins("requirements.lock")}}
    assert not {name for name in unlocked if not name.startswith(("nvidia-", "cuda-"))}
