"""`bookkit run` and `bookkit verify` on tiny books: what is refused, what fails, what is written."""

from __future__ import annotations

import json
import os
from pathlib import Path, PureWindowsPath
import subprocess
import sys

import nbformat
import papermill
import pytest
from tiny_books import (
    bookkit,
    code,
    dying_chapter,
    failing_chapter,
    first_chapter,
    make_book,
    markdown,
    notebook,
    printed,
)
from typer.testing import CliRunner

from bookkit import execute, results, save
from bookkit.cli import app
from bookkit.notebooks import Chapter, find_chapters
from bookkit.site import refuse_stale


def contents(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "notebooks").iterdir()}


@pytest.fixture
def book(tmp_path):
    first = first_chapter()
    first.cells[2].source += "\nnone = None"
    return make_book(tmp_path / "book", {"01_first": first, "02_second": failing_chapter()})


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["run", "99"], ["no chapter 99", "01_first, 02_second"]),
        (["verify", "99"], ["no chapter 99", "01_first, 02_second"]),
        (["run", "--profile", "huge"], ["no profile huge", "quick, full, smoke"]),
        (["run", "1", "--set", "depth=3"], ["01_first has no parameter depth", "epochs, lr, none"]),
        (["run", "1", "--set", "epochs=many"], ["epochs is 2 (int)", "'many' (str)"]),
        (["run", "1", "--set", "epochs"], ["name=value"]),
        (["run", "1", "--profile", "full", "--save"], ["--save", "quick"]),
        (["run", "1", "--set", "epochs=3", "--save"], ["--save", "--set"]),
        (["run", "1", "--set", "none={1,2}"], ["none cannot be {1, 2} (--set)", "a number, text"]),
        (["run", "1", "--set", "none=1j"], ["none cannot be 1j"]),
        (["run", "1", "--set", "none=..."], ["none cannot be Ellipsis"]),
        (["run", "1", "--set", "none=[{3: 1}]"], ["none cannot be [{3: 1}]"]),
        (["run", "1", "--set", "none=\udcff"], ["none cannot be"]),
        (["run", "1", "--set", "epochs={[]: 1}"], ["epochs is 2 (int)", "(str)"]),
        (["run", "1", "--set", f"epochs={'-' * 9000}1"], ["epochs is 2 (int)", "(str)"]),
        (["run", "/other/book/01_first.ipynb"], ["/other/book/01_first.ipynb lies outside the book", "01_first, 02"]),
        (["run", "notebooks/else/01_first.ipynb"], ["lies outside the book"]),
        (["site", "--from", "elsewhere"], ["stored or full"]),
    ],
)
def test_a_bad_request_is_one_sentence_and_nothing_runs(book, words, parts):
    before = contents(book)
    result = bookkit(book, *words)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert all(part in result.stderr for part in parts), result.stderr
    assert contents(book) == before
    assert not (book / "_build").exists()


@pytest.mark.parametrize(
    ("profiles", "part"),
    [
        ('full:\n  "07": {epochs: 1}\n', "names chapter 07"),
        ('full:\n  "01": {depth: 1}\n', "has no parameter depth"),
        ('full:\n  "01": {lr: 1e-3}\n', "lr is 0.5 (float)"),  # YAML 1.1 reads 1e-3 as text
        ("full: [1]\n", "where names with values belong"),
        ("full: {\n", "not valid YAML"),
        (
            'full:\n  "01": {none: 2026-01-01}\n',
            "none cannot be datetime.date(2026, 1, 1) (notebooks/profiles.yml, full)",
        ),
        ("full:\n  1: {epochs: 2}\n  01: {epochs: 3}\n", "1 stands there twice"),
        ('full:\n  1: {epochs: 2}\n  "01": {epochs: 3}\n', "names chapter 01 twice under full"),
        ("full: 2026-13-45\n", "not valid YAML"),
        (b"full:\n  # \xff\n", "notebooks/profiles.yml is not UTF-8 text"),
        (None, "notebooks/profiles.yml cannot be read as a file"),
    ],
)
def test_a_bad_profile_is_one_sentence(book, profiles, part):
    path = book / "notebooks" / "profiles.yml"
    path.unlink()
    if profiles is None:
        path.mkdir()
    else:
        path.write_bytes(profiles if isinstance(profiles, bytes) else profiles.encode())
    result = bookkit(book, "run", "1", "--profile", "full")
    assert result.exit_code == 2
    assert part in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_outside_a_book_the_sentence_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.delenv("BOOKKIT_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run"])
    assert result.exit_code == 2
    assert "_config.yml and notebooks/" in result.stderr


@pytest.mark.parametrize(
    ("named", "part"), [("~nobodyx/a", "whole path"), ("a" * 5000, "cannot be looked into"), ("/etc", "no _config.yml")]
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows neither")
def test_a_root_that_is_none_is_one_sentence(named, part):
    result = bookkit(named, "run")
    assert result.exit_code == 2
    assert result.stderr.startswith("BOOKKIT_ROOT")
    assert part in result.stderr
    assert part in bookkit(named, "doctor", "--json").stdout


@pytest.mark.parametrize("words", [["run", "1"], ["data", "path"], ["doctor"]], ids=" ".join)
@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that is worked in")
def test_a_working_folder_that_is_gone_is_one_sentence(tmp_path, words):
    (tmp_path / "gone").mkdir()
    start = "import os, sys\nfrom bookkit import cli\nos.rmdir(os.getcwd())\ncli.main()"
    result = subprocess.run(
        [sys.executable, "-c", start, *words], cwd=tmp_path / "gone", capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr == "The working folder is gone: go to another one, such as the book's.\n"


@pytest.mark.parametrize(
    ("place", "folder", "words"),
    [
        ("_build", False, ["run", "1"]),
        ("_build/executed/full/01_first.ipynb", True, ["run", "1", "--profile", "full"]),
        ("book/results/01_first.json", True, ["run", "1", "--profile", "full"]),
        ("book/results", False, ["run", "1", "--profile", "full"]),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_run(book, place, folder, words):
    path = book / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if folder else path.touch()
    result = bookkit(book, *words)
    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert "01_first: ok" not in result.stdout
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_record_that_cannot_be_written_is_told_and_the_run_goes_on(book, monkeypatch):
    def full_disk(*_, **__):
        raise OSError(28, "No space left on device", "01_first.json")

    monkeypatch.setattr(results, "write", full_disk)
    result = bookkit(book, "run", "1", "--profile", "full")
    assert result.exit_code == 1
    assert "01_first ran, but what came out was not kept: No space left on device (01_first.json)." in result.stdout
    assert "1 of 1 chapters ran to the end" in result.stdout


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda cell: cell["metadata"].update(tags=3), "the tags of cell 2"),
        (lambda cell: cell["metadata"].update(torchbook=3), "torchbook in the metadata of cell 2"),
        (lambda cell: cell["outputs"][0]["metadata"].update(torchbook=3), "torchbook in the metadata of an output"),
        (lambda cell: cell["outputs"][0]["metadata"].update(torchbook={"record": 3}), "record in the metadata"),
        (lambda cell: cell["outputs"][0].update(data=3), "cannot be read as a notebook"),
        (lambda cell: cell.pop("source"), "cell 2 has no source"),
    ],
)
@pytest.mark.parametrize("words", [["run"], ["lint"], ["verify", "--share"]], ids=" ".join)
def test_a_notebook_of_another_shape_is_one_sentence(tmp_path, change, part, words):
    whole = notebook(markdown("# A"), code("f()", outputs=[nbformat.v4.new_output("display_data", metadata={})]))
    root = make_book(tmp_path / "book", {"01_first": whole})
    path = root / "notebooks" / "01_first.ipynb"
    content = json.loads(path.read_text())
    change(content["cells"][1])
    path.write_text(json.dumps(content))
    result = bookkit(root, *words)
    assert result.exit_code == 2
    assert part in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_broken_notebook_is_one_sentence(book):
    (book / "notebooks" / "01_first.ipynb").write_text("{")
    result = bookkit(book, "run", "1", "--profile", "full")
    assert result.exit_code == 2
    assert "01_first.ipynb cannot be read as a notebook" in result.stderr


@pytest.mark.parametrize("merge", ["<<<<<<< HEAD", '"<<<<<<< local\\n",'], ids=["git's", "nbdime's"])
def test_an_unsettled_merge_is_told_as_that_with_its_line(book, merge):
    path = book / "notebooks" / "02_second.ipynb"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:9], f"   {merge}" if merge[0] == '"' else merge, *lines[9:]]))
    result = bookkit(book, "run", "2")
    assert result.exit_code == 2
    assert "02_second.ipynb holds an unsettled merge (line 10)" in result.stderr
    assert "git checkout --ours" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """A run of chapters that end badly elsewhere, on a console of code page 1252: exit code and what it wrote."""
    foreign = notebook(markdown("# A"), code("import sys\nprint(sys.executable)"))
    foreign.metadata.kernelspec = {"name": "conda-env-book-py", "display_name": "book", "language": "python"}
    hang = notebook(markdown("# B"), code("import time"), code("while True:\n    time.sleep(1)"))
    chinese = notebook(markdown("# 八"), code("raise ValueError('词表里没有 Nguyễn')"))
    chapters = {"01_foreign": foreign, "02_hang": hang, "03_chinese": chinese}
    root = make_book(tmp_path_factory.mktemp("hard") / "book", chapters, profiles="")
    command = [sys.executable, "-m", "bookkit.cli", "run", "--timeout", "2"]
    env = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    result = subprocess.run(command, cwd=root, env=env, capture_output=True)
    return root, result.returncode, (result.stdout + result.stderr).decode("cp1252")


class TestHardChapters:
    """What came of that run."""

    def test_a_foreign_kernel_name_runs_in_this_environment(self, hard):
        root, _, output = hard
        assert "01_foreign: ok" in output
        executed = nbformat.read(root / "_build" / "executed" / "quick" / "01_foreign.ipynb", as_version=4)
        assert executed.cells[1].outputs[0].text.strip() == sys.executable

    def test_a_cell_that_hangs_is_one_sentence_with_chapter_and_cell(self, hard):
        (line,) = [line for line in hard[2].splitlines() if line.startswith("02_hang")]
        assert line.startswith("02_hang failed in cell 3 after ")
        assert line.endswith("it was still running after 2 s and was stopped (--timeout sets another limit)")

    def test_characters_that_the_console_lacks_are_shown_by_number(self, hard):
        assert "03_chinese failed in cell 2" in hard[2]
        assert r"ValueError: \u8bcd\u8868\u91cc\u6ca1\u6709 Nguy\u1ec5n" in hard[2]

    def test_the_run_ends_with_its_count(self, hard):
        assert hard[1] == 1
        assert "1 of 3 chapters ran to the end" in hard[2]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One quick run of a good and two failing chapters: the book, its notebooks before it, what the command said."""
    chapters = {"01_first": first_chapter(), "02_second": failing_chapter(), "03_third": dying_chapter()}
    root = make_book(tmp_path_factory.mktemp("run") / "book", chapters)
    before = contents(root)
    return root, before, bookkit(root, "run", "--save", "--accept")


class TestOneRun:
    """What came of that run, from several sides."""

    def test_exit_code_is_1_and_the_count_is_told(self, ran):
        _, _, result = ran
        assert result.exit_code == 1
        assert "1 of 3 chapters ran to the end" in result.output

    def test_the_failed_cell_is_shown_with_number_source_and_error(self, ran):
        _, _, result = ran
        assert "02_second failed in cell 4" in result.output
        assert "    value = 3" in result.output
        assert "RuntimeError: the pipe is frozen" in result.output
        assert "_build/executed/quick/failed/02_second.ipynb" in result.output

    def test_a_kernel_that_dies_is_a_failure_of_its_cell(self, ran):
        _, _, result = ran
        assert "03_third failed in cell 3" in result.output
        assert "DeadKernelError" in result.output

    def test_the_failed_copy_lies_apart_from_the_good_ones(self, ran):
        folder = ran[0] / "_build" / "executed" / "quick"
        assert [path.name for path in folder.glob("*.ipynb")] == ["01_first.ipynb"]
        assert {path.name for path in (folder / "failed").iterdir()} == {"02_second.ipynb", "03_third.ipynb"}

    def test_a_failed_run_changes_nothing_and_leaves_no_temporary_file(self, ran):
        root, before, _ = ran
        after = contents(root)
        assert {name for name in after if after[name] != before[name]} == {"01_first.ipynb"}
        assert after.keys() == before.keys()

    def test_the_good_chapter_is_saved_with_outputs_and_clean(self, ran):
        saved = nbformat.read(ran[0] / "notebooks" / "01_first.ipynb", as_version=4)
        assert [cell.id for cell in saved.cells] == [cell.id for cell in first_chapter().cells]
        counts = [cell.execution_count for cell in saved.cells if cell.cell_type == "code"]
        assert counts == [1, 2, 3, 4, 5]
        assert saved.cells[3].outputs[0].text == "epochs 2\nnotebooks\n"
        assert set(saved.metadata) == {"kernelspec", "language_info", "torchbook"}
        assert set(saved.metadata.torchbook.digests) == {cell.id for cell in saved.cells if cell.cell_type == "code"}
        assert saved.metadata.language_info == {"name": "python"}
        assert all(set(cell.metadata) <= {"tags"} for cell in saved.cells)

    def test_the_saved_outputs_verify_and_changed_ones_do_not(self, ran, tmp_path, capfd):
        saved = nbformat.read(ran[0] / "notebooks" / "01_first.ipynb", as_version=4)
        wrong = nbformat.from_dict(json.loads(json.dumps(saved)))
        wrong.cells[3].outputs[0].text = "epochs 3\nnotebooks\n"
        root = make_book(tmp_path / "book", {"01_first": saved, "02_wrong": wrong})
        assert bookkit(root, "verify", "--jobs", "1").exit_code == 1
        report = capfd.readouterr().out
        assert "1 failed" in report
        assert "02_wrong.ipynb" in report

    def test_a_cell_that_hangs_fails_verification_at_its_limit(self, tmp_path, capfd):
        root = make_book(tmp_path / "book", {"01_hang": notebook(code("while True:\n    pass"))}, profiles="")
        assert bookkit(root, "verify", "--jobs", "1", "--timeout", "2").exit_code == 1
        report = capfd.readouterr().out
        assert "notebooks/01_hang.ipynb::Cell 0" in report
        assert "Timeout of 2 seconds exceeded" in report

    def test_a_full_run_takes_the_profile_and_records_its_results(self, ran):
        root = ran[0]
        result = bookkit(root, "run", "1", "--profile", "full")
        assert result.exit_code == 0, result.output
        recorded = json.loads((root / "book" / "results" / "01_first.json").read_text())
        assert recorded["parameters"] == {"epochs": 5, "lr": 0.5}
        assert recorded["values"] == {"ch01_product": 2.5, "ch01_word": "plain"}
        assert recorded["minutes"] > 0
        copy = nbformat.read(root / "_build" / "executed" / "full" / "01_first.ipynb", as_version=4)
        assert "epochs 5" in copy.cells[4].outputs[0].text  # one cell further: papermill injected the profile's values
        refuse_stale(root, root / "_build" / "executed" / "full" / "01_first.ipynb")  # it is today's


def test_saved_tracebacks_and_streams_do_not_depend_on_the_machine(tmp_path):
    folder = "/somewhere/lib/python3.11/site-packages"
    shown = nbformat.v4.new_output(
        "error", ename="E", evalue="", traceback=[f"File \x1b[32m{folder}/torch/nn.py:1", f"{tmp_path}/src/a.py"]
    )
    source = notebook(code("f()"))
    ran = notebook(code("f()", outputs=[printed("a\n"), printed("b\n"), shown]))
    ran.cells[0].execution_count = 7
    cell = save.clean(source, ran, tmp_path).cells[0]
    assert [output.get("text") for output in cell.outputs] == ["a\nb\n", None]
    assert cell.outputs[1].traceback == ["File \x1b[32msite-packages/torch/nn.py:1", "src/a.py"]
    assert cell.execution_count == 1


@pytest.mark.parametrize(
    ("line", "saved"),
    [
        (
            r"File \x1b[32mC:\Users\a\.venv\Lib\site-packages\torch\nn.py:1\x1b[39m",
            "File \x1b[32msite-packages/torch/nn.py:1\x1b[39m",
        ),
        (
            r"File ~\AppData\Python311\Lib\site-packages\torch\nn.py:1, in f(x)",
            "File site-packages/torch/nn.py:1, in f(x)",
        ),
        (r"File D:\my book\src\a.py:2, in g(x)", "File src/a.py:2, in g(x)"),
        (r"ValueError: no such form: '\d+'", r"ValueError: no such form: '\d+'"),
    ],
)
def test_tracebacks_of_windows_are_saved_as_those_of_linux(line, saved):
    assert save._without_folders(line.replace(r"\x1b", "\x1b"), PureWindowsPath(r"D:\my book")) == saved


@pytest.mark.parametrize(
    ("text", "value"),
    [("n=3", 3), ("n=1e-3", 1e-3), ("n=true", True), ("n=embedded", "embedded"), ("n='3'", "3"), ("n=[1, 2]", [1, 2])],
)
def test_settings_are_python_values(text, value):
    assert execute.parse_setting(text) == ("n", value)


def test_parameters_are_those_that_papermill_finds(book):
    chapter = Chapter(book / "notebooks" / "01_first.ipynb")
    assert list(chapter.parameters) == list(papermill.inspect_notebook(str(chapter.path)))


@pytest.mark.parametrize(
    ("profile", "threads", "device"), [("quick", "1", "cpu"), ("smoke", "1", "cpu"), ("full", None, None)]
)
def test_environment_of_a_profile(monkeypatch, profile, threads, device):
    for name in ("OMP_NUM_THREADS", "TORCHBOOK_DEVICE", "TQDM_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    env = execute.environment(profile)
    assert (env.get("OMP_NUM_THREADS"), env.get("TORCHBOOK_DEVICE")) == (threads, device)
    assert env["TQDM_DISABLE"] == "1"


def test_environment_keeps_the_users_device(monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DEVICE", "cuda")
    assert execute.environment("quick")["TORCHBOOK_DEVICE"] == "cuda"


@pytest.mark.parametrize("word", ["1", "01", "01_first", "01_first.ipynb", "notebooks/01_first.ipynb"])
def test_a_chapter_is_found_by_each_of_its_names(book, word):
    assert [chapter.name for chapter in find_chapters(book, [word])] == ["01_first"]


def shared_book(root: Path, ignored: int) -> Path:
    """Five printing cells, `ignored` of them not compared, and one figure."""
    cells = [code("print(1)", *(["nbval-ignore-output"] * (n < ignored)), outputs=[printed("1\n")]) for n in range(5)]
    return make_book(root, {"01_first": notebook(markdown("# A"), *cells)}, profiles="")


@pytest.mark.parametrize(("ignored", "exit_code", "share"), [(1, 0, "80%"), (2, 1, "60%")])
def test_share_counts_what_is_compared(tmp_path, ignored, exit_code, share):
    result = bookkit(shared_book(tmp_path / "book", ignored), "verify", "--share")
    assert result.exit_code == exit_code
    assert share in result.stdout
