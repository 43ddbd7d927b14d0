"""Each rule of `bookkit lint` on a good notebook and on bad ones."""

from __future__ import annotations

import nbformat
import pytest
from tiny_books import code, error, figure, make_book, markdown, notebook, number, printed, recorded
from typer.testing import CliRunner

from bookkit import form_rules, lint, prose_rules, results
from bookkit.cli import app
from bookkit.elsewhere import write_setup
from bookkit.notebooks import Chapter, Page

ALT = "A line that falls from left to right."
IGNORED = "nbval-ignore-output"
CLASS = "class Net:\n" + "\n".join(f"    field_{n} = {n}" for n in range(40))


def solution(n: int) -> nbformat.NotebookNode:
    cell = code(f"# Solution 01-{n}\nanswer = 1", f"solution-01-{n}", "hide-cell")
    cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    return cell


def measured(value=50.1, name="ch01_test_percent", within=2):
    """The cell that reads test data and records a result."""
    source = "test = load_images('digits', 'test')\nrecord(...)\nassert percent < 90"
    return code(
        source, "reads-test-data", "nbval-ignore-output", outputs=[recorded(name, value, "accuracy: 50.1 %", within)]
    )


def good_cells() -> list[nbformat.NotebookNode]:
    """A chapter that breaks no rule."""
    cells = [
        markdown('<a id="ch-first"></a>\n# First\n\nWhat you will see.'),
        code("import os"),
        code("epochs = 2  # passes\nsource = 'embedded'", "parameters"),
        markdown("As [LeCun et al. (1998)](../book/references.md#lecun1998) did with 99 % accuracy, we train."),
        measured(),
        code("plot()", outputs=[figure()], alt=ALT),
        markdown("It is 50.1<!-- ch01_test_percent:.1f --> %, under 90 %.\n<!-- bound: asserted above -->"),
        code(CLASS),
        code("1 / 0", "raises-exception", outputs=[error()]),
    ]
    for n in (1, 2, 3):
        cells += [markdown(f"Exercise {n}: extend it."), code("answer = None", f"exercise-01-{n}"), solution(n)]
    return cells


def problems_of(tmp_path, cells, executed=True, profiles='full:\n  "01": {epochs: 3}\n'):
    root = make_book(tmp_path / "book", {"01_first": notebook(*cells, executed=executed)}, profiles)
    return lint.check(Chapter(root / "notebooks" / "01_first.ipynb"))


def test_a_good_chapter_has_no_problem(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": notebook(*good_cells(), executed=True)})
    chapter = Chapter(root / "notebooks" / "01_first.ipynb")
    assert [problem.rule for problem in lint.check(chapter)] == ["setup-cell"]
    write_setup(root)
    assert [problem.rule for problem in lint.check(Chapter(chapter.path))] == ["executed-in-order"]
    run_anew(chapter.path)
    assert lint.check(Chapter(chapter.path)) == []


def run_anew(path):
    """Number the cells, the set-up cell too, as a saved run does."""
    book = nbformat.read(path, as_version=4)
    number(book.cells)
    nbformat.write(book, path)


def replaced(index, *cells):
    """The good chapter with the cell at `index` (from 0) replaced."""

    def change(good):
        return good[:index] + list(cells) + good[index + 1 :]

    return change


def added(*cells):
    return lambda good: good + list(cells)


def tagged(index, *tags):
    def change(good):
        good[index].metadata["tags"] = list(tags)
        return good

    return change


BAD = [
    ("heading", 1, replaced(0, markdown("# First"))),
    ("heading", 1, replaced(0, markdown("(ch-first)=\n# First"))),
    ("heading", 1, lambda good: good[1:2] + good[:1] + good[2:]),
    ("heading", 19, added(markdown("# Second title"))),
    ("setup-cell", None, lambda good: good),
    ("parameters-cell", 3, tagged(2)),
    ("parameters-cell", 3, replaced(2, code("epochs = 1 + n", "parameters"))),
    ("parameters-cell", 3, replaced(2, code("epochs = 1\nprint(epochs)", "parameters"))),
    ("parameters-cell", 3, replaced(2, code("a = b = 1\nepochs = 1", "parameters"))),
    ("parameters-cell", 5, tagged(4, "parameters")),
    ("profile-parameters", None, replaced(2, code("passes = 1", "parameters"))),
    ("cell-length", 6, replaced(5, code("\n".join(["x = 1"] * 31)))),
    ("cell-length", 8, replaced(7, code(CLASS + "\nnet = Net()"))),
    ("code-cells-in-a-row", 7, replaced(6, code("x = 1"))),
    ("unexpected-error", 9, tagged(8)),
    ("alt-text", 6, replaced(5, code("plot()", outputs=[figure()]))),
    ("alt-text", 6, replaced(5, code("plot()", outputs=[figure()], alt="A line."))),
    ("exercises", 11, replaced(11)),
    ("folded-solutions", 12, tagged(11, "solution-01-1")),
    ("folded-solutions", 12, replaced(11, code("# Solution 01-1\nanswer = 1", "solution-01-1", "hide-cell"))),
    ("folded-solutions", 12, lambda good: good[11].update(source="answer = 1") or good),
    ("exercises", 11, replaced(10)),
    ("exercises", 11, tagged(10, "exercise-02-1")),
    ("exercises", 14, tagged(13, "exercise-01-1")),
    ("exercises", None, replaced(16)),
    ("no-installing", 2, replaced(1, code("!pip install x"))),
    ("no-installing", 2, replaced(1, code("%pip install x"))),
    ("no-installing", 2, replaced(1, code("if True:\n    !python -m pip install x"))),
    ("no-cuda-call", 2, replaced(1, code("model.cuda()"))),
    ("no-download", 2, replaced(1, code("CIFAR10('x', download=True)"))),
    ("weak-assert", 2, replaced(1, code("assert right > -1"))),
    ("weak-assert", 2, replaced(1, code("assert ok and -0.5 <= accuracy <= 1"))),
    ("weak-assert", 2, replaced(1, code("assert abs(a / b - 1) < 10"))),
    ("no-absolute-path", 2, replaced(1, code("open('/home/me/data.csv')"))),
    ("no-absolute-path", 2, replaced(1, code(r"open('C:\\data.csv')"))),
    ("no-absolute-path", 2, replaced(1, code("f()", outputs=[printed("saved in /home/me/model.pt")]))),
    ("no-absolute-path", 2, replaced(1, code("f()", outputs=[printed("x/lib/site-packages/torch/nn.py:3: Warn")]))),
    ("file-size", None, replaced(1, code("f()", outputs=[printed("x" * 1_000_000)]))),
    ("asserted-bound", 4, replaced(3, markdown("Below 45 %. <!-- bound: asserted in the next cell -->"))),
    ("code-width", 6, replaced(5, code("x = '" + "x" * 84 + "'"))),
    ("output-width", 6, replaced(5, code("f()", outputs=[printed("short\n" + "x" * 89)]))),
    ("output-width", 6, replaced(5, code("f()", outputs=[printed("\u5377" * 45)]))),
    ("one-import-cell", 6, replaced(5, code("import json"))),
    ("one-import-cell", 6, replaced(5, code("def f():\n    from json import dumps"))),
    ("summary-links", 7, replaced(6, markdown("## Summary\n\n- A.\n\n## Sources\n\n[A](#sec-01-a)"))),
    ("no-glue", 2, replaced(1, code("from myst_nb import glue"))),
    ("no-glue", 6, replaced(5, code("glue('ch01_x', 1)"))),
    ("plain-markdown", 7, replaced(6, markdown("See {ref}`sec-01-a`."))),
    ("plain-markdown", 7, replaced(6, markdown("(sec-01-a)=\n## A"))),
    ("plain-markdown", 7, replaced(6, markdown("```{note}\nA\n```"))),
    ("plain-markdown", 7, replaced(6, markdown(":::{note}\nA\n:::"))),
    ("record-kinds", 5, replaced(4, code("x = 1", outputs=[recorded("ch01_x", 1.5, "x: 1.5", 2)]))),
    ("record-kinds", 5, replaced(4, code("x", IGNORED, outputs=[recorded("ch01_x", 3, "x: 3", None, 2)]))),
    ("record-kinds", 5, replaced(4, code("x", IGNORED, outputs=[recorded("ch01_x", 3.5, "x: 3", 1, 2)]))),
    ("record-kinds", 5, replaced(4, code("x", IGNORED, outputs=[recorded("ch01_x", "bee", "x: bee", 1)]))),
    ("recorded-names", 7, replaced(6, markdown("It is 3.1<!-- ch01_loss:.1f -->."))),
    ("recorded-names", 5, replaced(4, measured(name="test_percent"))),
    ("recorded-names", None, added(measured())),
    ("test-data", 5, lambda good: good[4].metadata["tags"].remove("reads-test-data") or good),
    ("test-data", 6, replaced(5, code("load_images('digits', split='test')"))),
    ("test-data", 3, replaced(2, code("x = 1", outputs=[recorded("ch01_test_x", 1, "x: 1")]))),
    ("test-data", 19, added(code("x = 1", "reads-test-data"))),
    ("typed-number", 7, replaced(6, markdown("There are 1,797 of them."))),
    ("belittling-word", 4, replaced(3, markdown("We simply call it."))),
    ("belittling-word", 4, replaced(3, markdown("*Just* call it."))),
    ("typed-result", 4, replaced(3, markdown("The network reaches 93 % of them."))),
]


@pytest.mark.parametrize(("rule", "cell", "change"), BAD, ids=[f"{n}-{row[0]}" for n, row in enumerate(BAD)])
def test_a_bad_chapter_breaks_its_rule_in_that_cell(tmp_path, rule, cell, change):
    cells = change(good_cells())
    if rule == "asserted-bound":
        cells[4].source = "accuracy = 0.5"
    found = problems_of(tmp_path, cells)
    assert (rule, cell) in [(problem.rule, problem.cell) for problem in found], [str(problem) for problem in found]


@pytest.mark.parametrize("counts", [None, [1, 3]], ids=["never", "out-of-order"])
def test_cells_must_be_executed_in_order(tmp_path, counts):
    cells = good_cells()
    for cell, count in zip([cells[1], cells[2]], counts or [None, None], strict=True):
        cell["execution_count"] = count
    found = problems_of(tmp_path, cells, executed=False)
    assert ("executed-in-order", 3 if counts else 2) in [(problem.rule, problem.cell) for problem in found]


FULL_TABLE = "| Measured in the full run | Value |\n| --- | ---: |\n| Accuracy (%) | 81.4<!-- full ch01_a:.1f --> |"
BAD_RUNS = [
    ("kernel", None, lambda book: book.metadata.kernelspec.update(name="conda-env-book-py"), "it must be python3"),
    ("kernel", None, lambda book: book.metadata.pop("kernelspec"), "it must be python3"),
    ("digests", None, lambda book: book.metadata.pop("torchbook"), "no digests of a stored run"),
    (
        "digests",
        6,
        lambda book: book.cells[5].update(source="plot(2)"),
        "outputs of cell 6 are not those of the stored",
    ),
    ("digests", 9, lambda book: book.cells[8].outputs.clear(), "bookkit run 01_first --save --accept"),
    (
        "passing-solutions",
        12,
        lambda book: book.cells[11].update(source='# Solution 01-1\nanswer = 2\ncheck("01-1", answer)'),
        "the solution of exercise 01-1 does not pass",
    ),
    ("stale-number", 4, lambda book: book.cells[3].update(source="Of 5<!-- ch01_seen --> seen."), "as 5, but the run"),
    ("stale-number", 4, lambda book: book.cells[3].update(source="Of 4<!-- ch01_seen:q -->."), "be shown as 'q'"),
    (
        "stale-full-run",
        4,
        lambda book: book.cells[3].update(source=FULL_TABLE),
        "there is no book/results/01_first.json",
    ),
]


@pytest.mark.parametrize(("rule", "cell", "change", "part"), BAD_RUNS, ids=[row[0] for row in BAD_RUNS])
def test_what_no_run_stored_is_found(tmp_path, rule, cell, change, part):
    cells = good_cells()
    cells[4].outputs = [recorded("ch01_seen", 4, "images seen: 4")]
    book = notebook(*cells, executed=True)
    change(book)
    root = make_book(tmp_path / "book", {"01_first": book})
    found = [problem for problem in lint.check(Chapter(root / "notebooks" / "01_first.ipynb")) if problem.rule == rule]
    assert [problem.cell for problem in found] == [cell]
    assert part in found[0].sentence


@pytest.mark.parametrize(
    ("typed", "name", "part"),
    [("81.4", "ch01_a", None), ("81.5", "ch01_a", "is not that of"), ("81.4", "ch01_b", "quotes ch01_b")],
)
def test_a_table_of_the_full_run_is_that_of_its_record(tmp_path, typed, name, part):
    record = {"values": {"ch01_a": 81.42}, "date": "2026-01-02", "minutes": 4.6, "commit": "abc1234", "torch": "2.13.0"}
    record["hardware"] = {"cpu": "a CPU", "threads": 1, "gpu": None}
    said = f"*{results.stamp(record)}*<!-- full stamp -->"
    cells = replaced(3, markdown(f"{FULL_TABLE.replace('81.4', typed).replace('ch01_a', name)}\n\n{said}"))(
        good_cells()
    )
    root = make_book(tmp_path / "book", {"01_first": notebook(*cells, executed=True)})
    results.write(root / "book" / "results" / "01_first.json", record)
    problems = lint.check(Chapter(root / "notebooks" / "01_first.ipynb"))
    found = [problem.sentence for problem in problems if problem.rule == "stale-full-run"]
    assert len(found) == (part is not None)
    assert part is None or part in found[0]


def test_every_rule_has_a_bad_example_and_a_reason():
    rules = lint.CHAPTER_RULES + lint.RULES
    names = {lint.rule_name(rule) for rule in rules}
    assert names == {row[0] for row in BAD} | {"executed-in-order"} | {row[0] for row in BAD_RUNS}
    assert all(rule.__doc__ for rule in rules)


TYPED = [
    "The network reaches 93.5 %.",
    "It is right on 93% of the images.",
    "It gains 4 percentage points.",
    "It gets 93 percent.",
    "An accuracy of 0.93 is what we see.",
    "An [accuracy](../book/glossary.md#accuracy) of 0.93 is what we see.",
    "The accuracy is 93.",
    "The loss falls from 2.30 to 0.61.",
    "The validation loss\nends at 0.61.",
    "We end with 0.61 loss.",
    "A perplexity near 5.1 is good.",
    "An epoch takes 12 s on a laptop.",
    "It runs in 3.5 seconds.",
    "The 45-second run shows it.",
    "A step takes 8 ms, as seen.",
    "About 20 minutes on a GPU.",
    "It is 3.2 times faster.",
    "| net | accuracy |\n|---|---|\n| LeNet | 71.2 % |",
    "> **Note.** It reached 93 %.",
    "| Measured by hand | Value |\n| --- | ---: |\n| Accuracy (%) | 81.4 |\n| accuracy | 81.4 |",
    "> **Note.**\n>\n> - Networks with\n>   accuracy 0.93",
    "The loss of [the network](03_lenet.ipynb#ch-lenet) is 0.31.",
    "> **Result.** It reached 93 %.",
    "Marked: 10 % <!-- bound: asserted below -->\n\nNot marked: 12 %.",
]
FINE = [
    "We use 50 % dropout and a 95 % confidence interval.",
    "Dropout of 50 % is common; chance is 10 %.",
    "A validation split: 10 % validation split of the training set.",
    "The accuracy is 0.93<!-- ch01_accuracy:.2f -->, in 12<!-- ch01_seconds:.0f --> s.",
    "It is 98.6<!-- ch01_accuracy:.1f --> %, **1.5<!-- ch01_gain:.1f --> times faster** (4e-05<!-- ch01_s:.0e --> s).",
    "> ```\n> accuracy 93 %\n> ```",
    "| Measured in the full run | Value |\n| --- | ---: |\n| Accuracy (%) | 81.4<!-- full ch01_a:.1f --> |\n\n"
    "*Full run of 2026-01-02 on a laptop, 4.6 minutes.*<!-- full stamp -->",
    "| net | 71.2<!-- full ch01_accuracy:.1f --> % |",
    "`accuracy = 0.93` and ``loss 2.30`` are code.",
    "Untrained, the loss should be $-\\log(1/10) = 2.303$.",
    "$$\nloss = 2.30\n$$",
    "```\naccuracy 93 %\n```",
    "```python\nloss = 0.61  # 93 %\n```",
    "See [93 % in 3 minutes](https://example.org/93%).",
    "The record is 96 % ([Jordan, 2024](../book/references.md#jordan2024)).",
    "The record is 96 % (Jordan, 2024). <!-- cited -->",
    "We mask 30 % of the pixels. <!-- setting -->",
    "The loss uses label smoothing 0.1 here.",
    "The loss uses [label smoothing](#sec-01-a) 0.1 here.",
    "The loss uses [label smoothing](../book/glossary.md#label-smoothing) 0.1 here.",
    "The 1990s had 60,000 images, 10 classes and 28x28 pixels.",
    "With a learning rate of 0.01 the loss falls; see chapter 5.",
    "The loss is averaged over 512 images.",
    "It needs PyTorch 2.6 or newer.",
    '<a id="ch-90s"></a>\n## Ten sections',
]


@pytest.mark.parametrize("text", TYPED)
def test_a_typed_result_is_found(tmp_path, text):
    found = problems_of(tmp_path, replaced(3, markdown(text))(good_cells()))
    assert [(problem.rule, problem.cell) for problem in found if problem.rule == "typed-result"] == [
        ("typed-result", 4)
    ]


@pytest.mark.parametrize("text", FINE)
def test_what_is_no_result_passes(tmp_path, text):
    chapter = Chapter(make_book(tmp_path / "b", {"01_a": notebook(markdown(text))}) / "notebooks" / "01_a.ipynb")
    assert list(prose_rules.typed_result(chapter)) == []


@pytest.mark.parametrize("text", ["Compiled just-in-time.", "We adjust it.", "`just` is a tool.", "An unjust rule."])
def test_words_that_only_look_alike_pass(tmp_path, text):
    chapter = Chapter(make_book(tmp_path / "b", {"01_a": notebook(markdown(text))}) / "notebooks" / "01_a.ipynb")
    assert list(prose_rules.belittling_word(chapter)) == []


READ = [
    "There are 1,797 of them.",
    "It rises to 2.30.",
    "It is right for 93 of 100.",
    "The loss is 2.3026, after 12 steps in 1998.",
    "A ResNet-34 is one.",
    "Here are 64<!-- setting --> of them.",
    "`60000` and $60000$ are none.",
]


@pytest.mark.parametrize(("text", "count"), [*((text, 0) for text in READ), ("It is 2.31.", 1), ("A 512 of 4096.", 2)])
def test_a_number_is_read_in_the_cells_beside_it(tmp_path, text, count):
    cells = [code("n = 1_797\nx = 100"), markdown(text), code("print(loss)", outputs=[printed("2.30259 0.93")])]
    chapter = Chapter(make_book(tmp_path / "b", {"01_a": notebook(*cells)}) / "notebooks" / "01_a.ipynb")
    assert len(list(prose_rules.typed_number(chapter))) == count


@pytest.mark.parametrize(
    "text",
    [
        "`{ref}` and ``(a)=`` are code.",
        "```\n:::{note}\n{ref}`a`\n(a)=\n```",
        "A set {a} and `b`.",
        "> **Note.** Plain.",
    ],
)
def test_plain_text_is_no_myst(tmp_path, text):
    chapter = Chapter(make_book(tmp_path / "b", {"01_a": notebook(markdown(text))}) / "notebooks" / "01_a.ipynb")
    assert list(form_rules.plain_markdown(chapter)) == []


def test_a_page_obeys_the_rules_that_apply_to_it(tmp_path):
    root = make_book(tmp_path / "book", {})
    (root / "book").mkdir()
    cells = [markdown('<a id="page-a"></a>\n# A page'), code("import os"), markdown("We simply call it.")]
    nbformat.write(notebook(*cells, executed=True), root / "book" / "a.ipynb")
    problems = lint.check(Page(root / "book" / "a.ipynb"))
    assert [str(problem) for problem in problems if problem.rule != "setup-cell"] == [
        "book/a.ipynb: cell 3: leave out the word 'simply' (belittling-word)"
    ]


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        (code("a = 1\n" * 31), "cell-length"),
        (code("print(1)", outputs=[printed("x" * 89)]), "output-width"),
        (code("from os import path"), "one-import-cell"),
        (code("test = load_images('digits', 'test')"), "test-data"),
        (markdown("It has 4711 parameters."), "typed-number"),
        (markdown("It gets 98.6 % right."), "typed-result"),
    ],
)
def test_a_page_has_no_exceptions_of_its_own(tmp_path, cell, rule):
    root = make_book(tmp_path / "book", {})
    (root / "book").mkdir()
    cells = [markdown('<a id="page-a"></a>\n# A page'), code("import os"), markdown("Words."), cell]
    nbformat.write(notebook(*cells, executed=True), root / "book" / "a.ipynb")
    assert rule in {problem.rule for problem in lint.check(Page(root / "book" / "a.ipynb"))}


def test_stats_of_a_counted_chapter(tmp_path):
    cells = [
        markdown("# Title that is not between code cells"),
        code("a = 1\nb = 2", outputs=[printed("x")]),
        markdown("one two three"),
        code("c = 3", "nbval-ignore-output", outputs=[printed("x")]),
        code("d = 4"),
        markdown("one `two three` four five six"),  # code spans are not counted
        code("e = 5"),
    ]
    chapter = Chapter(make_book(tmp_path / "b", {"01_a": notebook(*cells)}) / "notebooks" / "01_a.ipynb")
    assert lint.stats(chapter) == lint.Stats("01_a", words=3.5, lines=1, longest_row=2, strict=0.5)


def test_the_command_prints_each_problem_and_fails(tmp_path):
    cells = replaced(3, markdown("We simply call it."))(good_cells())
    root = make_book(tmp_path / "book", {"01_first": notebook(*cells, executed=True)})
    result = CliRunner().invoke(app, ["lint", "--stats"], env={"BOOKKIT_ROOT": str(root)})
    assert result.exit_code == 1
    assert "notebooks/01_first.ipynb: cell 4: leave out the word 'simply' (belittling-word)\n" in result.stdout
    assert "01_first" in result.stdout.split("problem", 1)[0]


def test_the_command_passes_a_good_book(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": notebook(*good_cells(), executed=True)})
    write_setup(root)
    run_anew(root / "notebooks" / "01_first.ipynb")
    result = CliRunner().invoke(app, ["lint"], env={"BOOKKIT_ROOT": str(root)})
    assert (result.exit_code, result.stdout) == (0, "0 problems in 1 notebooks.\n")
