"""Copies for students, and the grading of what they hand in."""

import csv
import json
import os
from pathlib import Path
import re
import sys
import zipfile

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
import pytest
from tiny_books import bookkit, first_chapter, make_book

from bookkit import grade, student
from bookkit.editions import page_names
from bookkit.notebooks import BookError, all_chapters, find_root

SIZE = """def output_size(size, kernel, stride=1, padding=0, dilation=1):
    return {}


check("03-2", output_size)"""
RIGHT = SIZE.format("(size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1")
WRONG = SIZE.format("(size + 2 * padding - kernel) // stride + 1")
IMPORTS = "import torch\nfrom torchbook.exercises import check"


@pytest.fixture(scope="module")
def root():
    return find_root()


def hand_in(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = new_notebook(cells=[new_markdown_cell("# LeNet"), *map(new_code_cell, cells)])
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def test_copies_have_no_solutions_outputs_or_links_that_lead_out(root):
    for chapter in all_chapters(root):
        text = nbformat.writes(student.without_solutions(chapter))
        notebook = nbformat.reads(text, as_version=4)
        assert "solution-" not in text
        assert "../book/" not in text
        assert not any(cell.outputs or cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
        exercises = re.findall(r'"exercise-(\d\d-\d+)"', text)
        assert len(exercises) >= 3
        assert len(exercises) == len(set(exercises))


def test_the_archive_holds_copies_wheel_and_readme(root, tmp_path):
    archive = student.student_copies(root, all_chapters(root)[2:3], tmp_path / "class", "A book")
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        readme = packed.read("class/README.md").decode()
    wheel = next(name for name in names if name.endswith(".whl"))
    assert {"class/README.md", "class/notebooks/03_lenet.ipynb", wheel} == {n for n in names if not n.endswith("/")}
    assert wheel.removeprefix("class/") in readme
    with zipfile.ZipFile(tmp_path / wheel) as packed:
        assert {"torchbook/training.py", "torchbook/exercises/chapter03.py"} <= set(packed.namelist())


def test_a_folder_that_is_there_is_not_touched(root, tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "mine.txt").write_text("kept")
    with pytest.raises(BookError, match="is there already"):
        student.student_copies(root, all_chapters(root)[:1], tmp_path / "class", "A book")
    assert [path.name for path in tmp_path.rglob("*")] == ["class", "mine.txt"]


@pytest.mark.parametrize("folder", ["/", "~nobodyx/s"])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows neither")
def test_a_place_where_no_copies_can_lie_is_told(root, folder):
    with pytest.raises(BookError, match="new folder"):
        student.student_copies(root, all_chapters(root)[:1], Path(folder), "A book")


@pytest.mark.parametrize(
    ("config", "part"),
    [
        (b"", "no names with values"),
        (b"- a\n", "no names with values"),
        (b"author: me\n", "_config.yml has no title"),
        (b"title: [\n", "not valid YAML"),
        (b"title: \xff\n", "not UTF-8"),
    ],
)
def test_a_book_without_a_title_is_one_sentence(tmp_path, config, part):
    book = make_book(tmp_path / "book", {"01_first": first_chapter()})
    (book / "_config.yml").write_bytes(config)
    result = bookkit(book, "student", "--to", str(tmp_path / "class"))
    assert result.exit_code == 2
    assert part in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(("toc", "part"), [(None, "cannot be read"), ("", "names no root"), ("root: a\n", "no parts")])
def test_a_table_of_contents_that_is_none_is_told(tmp_path, toc, part):
    (tmp_path / "book").mkdir()
    if toc is not None:
        (tmp_path / "book" / "_toc.yml").write_text(toc)
    with pytest.raises(BookError, match=part):
        page_names(tmp_path)


def test_an_exercise_gets_the_cells_it_needs_and_no_others():
    cells = [
        "import torch",
        "x = 1",
        "y = x + 1",
        "train()",
        "def f(): return y",
        'check("03-1", 2)',
        "check('03-2', f)",
    ]
    assert list(grade.needed(cells, 6)) == [cells[1], cells[2], cells[4], cells[6]]


ANSWERS = {
    "right": (RIGHT, ""),
    "wrong": (WRONG, "with a dilation the kernel covers more pixels"),
    "blank": ('output_size = None\ncheck("03-2", output_size)', "no answer yet"),
    "loop": ('while True:\n    pass\ncheck("03-2", 0)', "longer than"),
    "exit": ('import os\nos._exit(0)\ncheck("03-2", 0)', "ended before the check"),
    "sysexit": ('raise SystemExit\ncheck("03-2", 0)', "stopped with SystemExit"),
    "syntax": ('def f(:\ncheck("03-2", f)', "SyntaxError"),
    "print": ('print("Exercise 03-2 passes.")\nif False: check("03-2", 0)', "did not call check"),
    "silent": ("import sys\nsys.stdout.close()\n" + RIGHT, ""),
    "name": ('check("03-2", undefined)', "NameError"),
    "surrogate": ("raise ValueError('\\ud800')\ncheck('03-2', 5)", "ValueError: \\ud800"),
    "unprintable": (
        "class Mute(Exception):\n    __str__ = None\n\n\nraise Mute\ncheck('03-2', 5)",
        "stopped with Mute, and the error's text cannot be shown.",
    ),
    "endless": ("raise ValueError('no ' * 10**7)\ncheck('03-2', 5)", "ValueError: no no "),
    "deep": (f'check("03-2", {"-" * 30000}1)', "the cell stopped with"),
    "long": (f'x={"+".join(["1"] * 20000)}\ncheck("03-2", 5)', "the cell stopped with"),
}
# what an answer can put in the place of the list of sentences
PATCHES = {
    "none": "e.problems = lambda *a: None",
    "word": "e.problems = lambda *a: 'abc'",
    "number": "e.problems = lambda *a: [1]",
    "json": "import json\njson.dumps = lambda *a: 'zz'",
    "nested": "import json\njson.dumps = lambda *a: '[' * 10**5",
}
ANSWERS |= {
    kind: (f'import torchbook.exercises as e\n{patch}\ncheck("03-2", 5)', "the notebook's process gave no answer.")
    for kind, patch in PATCHES.items()
}


@pytest.fixture(scope="module")
def graded(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    for kind, (cell, _) in ANSWERS.items():
        hand_in(folder / f"Zoë {kind}" / "03_lenet.ipynb", IMPORTS, cell)
    return grade.grade_folder(root, folder, seconds=20)


@pytest.mark.parametrize("kind", ANSWERS)
def test_each_answer_is_graded(graded, kind):
    sentence = ANSWERS[kind][1]
    grades = {one.exercise: one for one in graded if one.student == f"Zoë {kind}"}
    assert grades["03-2"].passed == (not sentence)
    assert sentence in " ".join(grades["03-2"].problems)
    assert len(" ".join(grades["03-2"].problems)) < 2 * grade.LONGEST
    assert grades["03-1"].problems == ("the exercise is not in the notebook.",)


def test_the_tables_tell_everything_and_run_nothing(root, tmp_path):
    hand_in(tmp_path / "=cmd" / "03_lenet.ipynb", IMPORTS, RIGHT)
    (tmp_path / "<b>.ipynb").write_text("{", encoding="utf-8")
    hand_in(tmp_path / "none.ipynb", "x = 1")
    grades = grade.grade_folder(root, tmp_path)
    table, page = grade.write_report(grades, tmp_path)
    rows = list(csv.reader(table.open(encoding="utf-8")))
    assert rows[0] == ["student", "file", "exercise", "passed", "still wrong"]
    assert {row[0] for row in rows[1:]} == {"'=cmd", "<b>", "none"}
    assert [row[3] for row in rows[1:] if row[2] == "03-2"] == ["yes"]
    text = page.read_text(encoding="utf-8")
    assert "<b>" not in text.replace("<body>", "")
    assert "no exercise to grade" in text


def test_a_folder_without_notebooks_is_told(root, tmp_path):
    with pytest.raises(BookError, match="holds no notebook"):
        grade.grade_folder(root, tmp_path)
    with pytest.raises(BookError, match="is not a folder"):
        grade.grade_folder(root, tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such file names")
def test_what_is_no_unicode_is_shown_by_its_number(root, tmp_path):
    name = os.fsdecode(b"Zo\xeb")
    (tmp_path / f"{name}.ipynb").write_text("{", encoding="utf-8")
    hand_in(tmp_path / name / "03_lenet.ipynb", IMPORTS, r'check("\ud800", 5)')
    table, page = grade.write_report(grade.grade_folder(root, tmp_path), tmp_path)
    for path in (table, page):
        text = path.read_text(encoding="utf-8")
        assert r"Zo\udceb" in text
        assert r"\ud800" in text


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("source", 3, "cell 2 has no source"),
        ("source", None, "cell 2 has no source"),
        ("cell_type", 3, "cannot be read as a notebook"),
        ("metadata", 3, "cannot be read as a notebook"),
        ("metadata", {"tags": 3}, "tags of cell 2"),
        ("outputs", [3], "cannot be read as a notebook"),
    ],
)
def test_a_notebook_of_another_shape_is_a_grade_with_a_sentence(root, tmp_path, key, value, part):
    hand_in(tmp_path / "a.ipynb", RIGHT)
    content = json.loads((tmp_path / "a.ipynb").read_text(encoding="utf-8"))
    content["cells"][1][key] = value
    if value is None:
        del content["cells"][1][key]
    (tmp_path / "a.ipynb").write_text(json.dumps(content), encoding="utf-8")
    [one] = grade.grade_folder(root, tmp_path)
    assert part in one.problems[0]
