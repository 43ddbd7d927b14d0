"""What counts as a difference between a stored run and a new one: values by tolerance, figures by words and data."""

from __future__ import annotations

from copy import deepcopy
import subprocess
import sys

import nbformat
from nbformat import v4
import pytest
from tiny_books import code, make_book, notebook

from bookkit import differences, verify
from bookkit.notebooks import Chapter
from bookkit.recorded import Recorded


def recorded(value, within=None, factor=None, name="ch01_it"):
    """The output that `record` leaves."""
    record = {"name": name, "value": value, "within": within, "factor": factor}
    return v4.new_output("display_data", {"text/plain": f"it: {value}"}, metadata={"torchbook": {"record": record}})


@pytest.mark.parametrize(
    ("old", "new", "tolerance", "agree"),
    [
        (98.6, 98.6, {}, True),
        (98.6, 98.7, {}, False),
        (10, 11, {}, False),
        ("bird", "bee", {}, False),
        (True, 1, {}, False),
        (98.6, 98.5, {"within": 0.1}, True),
        (98.6, 98.4, {"within": 0.1}, False),
        (98.6, 99.9, {"within": 1}, False),
        (2.0, 5.9, {"factor": 3}, True),
        (6.1, 2.0, {"factor": 3}, False),
        (0.0, 2.0, {"factor": 3}, False),
        (-1.0, -2.0, {"factor": 3}, False),
        ("nan", 2.0, {"within": 3}, False),
        ("inf", "inf", {"factor": 3}, True),
    ],
)
def test_values_agree_by_their_tolerance(old, new, tolerance, agree):
    assert differences.agree(old, new, **tolerance) is agree
    assert differences.agree(new, old, **tolerance) is agree


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ([98.6, 1], [99.9, 1], "ch01_it is stored as 98.6, but the run found 99.9 (within 1)."),
        ([10], [11], "ch01_it is stored as 10, but the run found 11 (exact)."),
        ([2.0, None, 3], [9.0, None, 3], "ch01_it is stored as 2.0, but the run found 9.0 (factor 3)."),
        ([2.0, 1], [2.0, 50], "ch01_it is stored with the tolerance within 1, but the run has within 50."),
        ([2.0, 1], None, "ch01_it is stored as 2.0, but the run did not record it."),
        (None, [2.0, 1], "ch01_it was recorded by the run, but is not stored."),
    ],
)
def test_a_difference_is_one_sentence(old, new, sentence):
    stored, found = ({"ch01_it": Recorded("ch01_it", one[0], "", *one[1:])} if one else {} for one in (old, new))
    assert differences.value_differences(stored, found) == [sentence]


AXES = {
    "title": "Losses",
    "x": {"label": "epoch", "limits": [0.0, 10.0]},
    "y": {"label": "loss", "scale": "log", "limits": [0.01, 1.0]},
    "legend": ["SGD", "AdamW"],
    "texts": ["best 3"],
    "lines": [
        {"label": "SGD", "x": [0.0, 10.0], "y": [1.0, 0.1]},
        {"label": "AdamW", "x": [0.0, 10.0], "y": [1.0, 0.02]},
    ],
    "bars": [[10.0, 50.0]],
    "images": [{"shape": [8, 8], "means": [0.0, 1.0]}],
    "points": [{"count": 3, "x": [1.0, 2.0, 3.0], "y": [0.1, 0.2, 0.3]}],
}


def changed(*path_and_value):
    """AXES with one place changed: all but the last argument are the path."""
    *path, last, value = path_and_value
    axes = deepcopy(AXES)
    place = axes
    for key in path:
        place = place[key]
    place[last] = value
    return axes


def figure_problem(axes, how="close", digits=True):
    return differences.figure_differences([[AXES]], [[axes]], how, digits)


@pytest.mark.parametrize(
    ("axes", "part"),
    [
        (changed("title", "Accuracies"), "axes 1, title: 'Losses' is stored, but the run wrote 'Accuracies'"),
        (changed("legend", ["AdamW", "SGD"]), "axes 1, legend"),
        (changed("texts", ["best 4"]), "axes 1, texts"),
        (changed("y", "label", "error"), "axes 1, y label"),
        (changed("y", "scale", "linear"), "axes 1, y scale"),
        (changed("lines", 1, "y", [1.0, 0.03]), "lines 2 y: number 2 is stored as 0.02, but the run drew 0.03 (factor"),
        (changed("lines", 0, "x", [0.0, 10.3]), "lines 1 x: number 2 is stored as 10.0, but the run drew 10.3 (within"),
        (changed("lines", 0, "y", [1.0]), "lines 1 y: 2 stored, but the run drew 1"),
        (changed("lines", AXES["lines"][:1]), "lines 2 label: stored, but not drawn by the run"),
        (changed("bars", [[50.0, 10.0]]), "bars 1: number 1 is stored as 10.0, but the run drew 50.0"),
        (changed("images", 0, "means", [0.1, 1.0]), "images 1 means: number 1"),
        (changed("images", 0, "shape", [8, 9]), "images 1 shape: [8, 8] stored, but the run drew [8, 9]"),
        (changed("points", 0, "count", 4), "points 1 count: [3] stored, but the run drew [4]"),
        (changed("x", "limits", [0.0, 12.0]), "x limits: number 2"),
        (changed("lines", 0, "y", [1.0, "nan"]), "number 2 is stored as 0.1, but the run drew nan"),
    ],
)  # fmt: skip
def test_a_figure_that_differs_says_where(axes, part):
    [sentence] = figure_problem(axes)
    assert sentence.startswith("figure 1, axes 1")
    assert part in sentence


@pytest.mark.parametrize(
    ("axes", "how"),
    [
        (AXES, "close"),
        (changed("lines", 0, "y", [1.0, 0.105]), "close"),
        (changed("bars", [[10.5, 50.0]]), "close"),
        (changed("lines", 0, "y", [1.0, 0.6]), {"within": 0.5}),
        (changed("bars", [[14.0, 40.0]]), {"factor": 1.5}),
        (changed("y", "limits", [0.02, 1.5]), {"factor": 1.5}),
        (changed("lines", 0, "y", [0.5, 0.9]), "shape"),
        (changed("points", 0, "count", 9), "labels"),
        (changed("lines", 0, "y", [0.5]), "labels"),
    ],
)
def test_noise_that_is_allowed_passes(axes, how):
    assert figure_problem(axes, how) == []


@pytest.mark.parametrize(
    ("axes", "how"),
    [
        (changed("lines", 0, "y", [1.0, 0.7]), {"within": 0.5}),
        (changed("bars", [[16.0, 50.0]]), {"factor": 1.5}),
        (changed("lines", 0, "x", [0.0, 9.0]), {"within": 5}),
        (changed("lines", 0, "y", [0.5]), "shape"),
        (changed("legend", ["AdamW", "SGD"]), "labels"),
        (AXES, {"within": 1, "factor": 2}),
        (AXES, "roughly"),
    ],
)
def test_what_is_not_allowed_fails(axes, how):
    assert len(figure_problem(axes, how)) == 1


def test_digits_in_words_may_differ_where_outputs_are_ignored():
    assert figure_problem(changed("texts", ["best 4.5"]), "labels", digits=False) == []
    assert len(figure_problem(changed("texts", ["worst 3"]), "labels", digits=False)) == 1


@pytest.mark.parametrize(("stored", "found"), [([], [[AXES]]), ([[AXES]], []), ([[AXES]], [[AXES, AXES]])])
def test_figures_and_axes_are_counted(stored, found):
    assert len(differences.figure_differences(stored, found)) == 1


SOURCE = "from torchbook.recording import record\n_ = record('ch01_it', 50.0, 'it', within=2)"
PLOT = "import torchbook.recording\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, 2, {last}])"


def plotted(last):
    line = {"x": [0.0, 1.0, 2.0], "y": [1.0, 2.0, last]}
    axes = {"x": {"limits": [-0.1, 2.1]}, "y": {"limits": [0.85, 4.15]}, "lines": [line]}
    data = {"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": ""}
    return v4.new_output("display_data", data, metadata={"torchbook": {"figure": [axes]}})


def test_nbval_compares_ignored_cells_through_the_plugin(tmp_path):
    """A forged value and a forged curve fail their cells; without the plugin nbval passes them."""
    ignored = "nbval-ignore-output"
    cells = [
        code(SOURCE, ignored, outputs=[recorded(51.0, within=2)]),
        code(SOURCE, ignored, outputs=[recorded(99.9, within=2)]),
        code(PLOT.format(last=4), outputs=[plotted(4.0)]),
        code(PLOT.format(last=3), outputs=[plotted(4.0)]),
    ]
    root = make_book(tmp_path / "book", {"01_a": notebook(*cells, executed=True)})
    nbformat.validate(nbformat.read(root / "notebooks" / "01_a.ipynb", as_version=4))
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", "-q", "--color=no", "notebooks"]
    plain = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert plain.returncode == 0, plain.stdout
    guarded = subprocess.run([*command, "-p", "bookkit.nbval_records"], cwd=root, capture_output=True, text=True)
    assert "2 failed, 2 passed" in guarded.stdout
    assert "Cell 1: ch01_it is stored as 99.9, but the run found 50.0 (within 2)." in guarded.stdout
    assert "Cell 3: figure 1, axes 1, lines 1 y: number 3 is stored as 4.0, but the run drew 3.0" in guarded.stdout


def test_share_counts_recorded_values_and_leaves_skipped_ones_out(tmp_path):
    cells = [code(SOURCE, tag, outputs=[recorded(51.0)]) for tag in ("nbval-ignore-output", "nbval-skip")]
    root = make_book(tmp_path / "book", {"01_a": notebook(*cells)})
    share = verify.share_of(Chapter(root / "notebooks" / "01_a.ipynb"))
    assert share == verify.Share("01_a", printing=0, strict=0, values=2, compared=1)
    assert verify.total([share, share]) == verify.Share("total", 0, 0, 4, 2)
