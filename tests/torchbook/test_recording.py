"""Recorded values: what is shown, what is kept for comparison, and what is refused; digests and derived figures."""

from __future__ import annotations

from base64 import b64decode
from io import BytesIO
import math
from types import SimpleNamespace

from nbclient import NotebookClient
from nbformat import v4
import numpy as np
from PIL import Image
import pytest
import torch
from torchbook import recording
from torchbook.data.images import load_images


@pytest.fixture
def emitted(monkeypatch):
    """What `record` and `record_data` put out: (line, metadata)."""
    found = []
    monkeypatch.setattr(recording, "_emit", lambda line, metadata: found.append((line, metadata)))
    return found


@pytest.mark.parametrize(
    ("value", "words", "line", "stored"),
    [
        (98.64, {"unit": "%", "form": ".1f"}, "it: 98.6 %", 98.6),
        (torch.tensor(0.5), {}, "it: 0.5", 0.5),
        (torch.tensor([[3]]), {}, "it: 3", 3),
        (np.float32(0.1), {}, "it: 0.1", 0.1),
        (np.bool_(True), {}, "it: True", True),
        (61706, {"form": ",", "unit": "parameters"}, "it: 61,706 parameters", 61706),
        (1234.5, {"form": ",.0f"}, "it: 1,234", 1234.0),
        (0.25, {"form": ".0%"}, "it: 25%", 0.25),
        ("bird", {}, "it: bird", "bird"),
        (math.inf, {}, "it: inf", "inf"),
        (-math.inf, {"form": ".1f"}, "it: -inf", "-inf"),
    ],
)
def test_a_value_is_shown_and_recorded(emitted, value, words, line, stored):
    unit = words.pop("unit", "")
    assert recording.record("ch01_it", value, "it", unit, **words) is None  # a cell may end in it
    [(shown, metadata)] = emitted
    assert shown == line
    assert metadata == {"record": {"name": "ch01_it", "value": stored, "within": None, "factor": None}}
    assert type(metadata["record"]["value"]) is type(stored)


def test_not_a_number_is_recorded_as_a_word(emitted):
    recording.record("ch01_loss", torch.tensor(math.nan), "loss")
    assert emitted[0][1]["record"]["value"] == "nan"


@pytest.mark.parametrize("tolerance", [{"within": 2}, {"within": 0.1}, {"factor": 3}])
def test_a_tolerance_is_recorded(emitted, tolerance):
    recording.record("ch01_it", 5.0, "it", **tolerance)
    kept = emitted[0][1]["record"]
    assert (kept["within"], kept["factor"]) == (tolerance.get("within"), tolerance.get("factor"))


@pytest.mark.parametrize(
    ("value", "words", "error", "sentence"),
    [
        (torch.ones(2), {}, TypeError, r"ch01_it must be one number.*Tensor of shape \(2,\)"),
        ([1, 2], {}, TypeError, "must be one number, text or truth value, got list"),
        (None, {}, TypeError, "got NoneType"),
        (1j, {}, TypeError, "got complex"),
        (1.0, {"within": 1, "factor": 2}, ValueError, "both within=1 and factor=2: give one"),
        (1.0, {"within": 0}, ValueError, "within=0: it must be above 0"),
        (1.0, {"within": math.nan}, ValueError, "within=nan: it must be above 0"),
        (1.0, {"factor": 1}, ValueError, "factor=1: it must be above 1"),
        (10, {"factor": 2}, ValueError, "a count cannot have a factor"),
        (torch.tensor(10), {"factor": 2}, ValueError, "a count cannot have a factor"),
        (True, {"within": 1}, ValueError, "compared exactly"),
        ("bird", {"factor": 2}, ValueError, "compared exactly"),
        ("bird", {"form": ".1f"}, ValueError, "cannot be shown in the form '.1f'"),
    ],
)
def test_what_cannot_be_recorded_is_one_sentence(emitted, value, words, error, sentence):
    with pytest.raises(error, match=sentence):
        recording.record("ch01_it", value, "it", **words)
    assert emitted == []


@pytest.mark.parametrize("name", ["test accuracy", "", "2nd", None])
def test_a_name_is_a_word_of_letters_and_digits(name):
    with pytest.raises(ValueError, match="letters, digits and underscores"):
        recording.record(name, 1, "it")


def test_outside_ipython_the_line_is_printed(capsys):
    recording.record("ch01_it", 98.64, "test accuracy", "%", form=".1f")
    assert capsys.readouterr().out == "test accuracy: 98.6 %\n"


def test_images_are_recorded_with_source_count_and_digest(emitted):
    images = load_images("digits", "test")
    recording.record_data("test", images)
    [(line, metadata)] = emitted
    assert line == f"test: {len(images):,} images, {images.source}"
    kept = metadata["data"]
    assert (kept["name"], kept["source"], kept["count"], kept["unit"]) == ("test", images.source, len(images), "images")
    assert kept["digest"] == recording.digest(images.images, images.labels)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (SimpleNamespace(text="to be", source="a play"), "it: 5 characters, a play"),
        (SimpleNamespace(names={"a": ["x", "y"], "b": ["z"]}, source="a table"), "it: 3 names, a table"),
    ],
)
def test_texts_and_names_are_recorded_too(emitted, data, line):
    recording.record_data("it", data)
    assert emitted[0][0] == line
    assert len(emitted[0][1]["data"]["digest"]) == 16


def test_a_long_line_about_data_is_wrapped(emitted):
    recording.record_data("it", SimpleNamespace(text="a" * 1000, source="prose of this book, " + 20 * "long " + "end"))
    line = emitted[0][0]
    assert max(map(len, line.splitlines())) <= recording.WIDTH
    assert " ".join(line.split()).endswith("long end")
    assert emitted[0][1]["data"]["source"].endswith("long end")  # as it was


def test_a_role_is_recorded_and_other_data_are_refused(emitted):
    recording.record_data("it", SimpleNamespace(text="a", source="b", role="test"))
    assert emitted[0][1]["data"]["role"] == "test"
    with pytest.raises(TypeError, match="it must hold images and labels, a text, or names; got list"):
        recording.record_data("it", [1])


ONE = torch.arange(6, dtype=torch.uint8)


@pytest.mark.parametrize(
    "other", [ONE.flip(0), ONE.reshape(2, 3), ONE.long(), ONE[:5]], ids=["order", "shape", "type", "count"]
)
def test_a_digest_tells_order_shape_type_and_count(other):
    assert recording.digest(ONE) == recording.digest(ONE.clone()) == recording.digest(ONE.numpy())
    assert recording.digest(other) != recording.digest(ONE)


def test_derived_figures():
    assert recording.bits_per_character(math.log(8)) == pytest.approx(3.0)
    assert recording.ratio(6.0, 4.0) == 1.5
    assert recording.percent(3, 4) == 75.0


@pytest.mark.parametrize(("part", "whole"), [(5, 4), (-1, 4), (0, 0)])
def test_a_share_lies_between_none_and_all(part, whole):
    with pytest.raises(ValueError, match="0 <= part <= whole"):
        recording.percent(part, whole)


def test_a_ratio_to_nothing_is_refused():
    with pytest.raises(ValueError, match="no ratio of 2 to 0"):
        recording.ratio(2, 0)


def test_a_kernel_publishes_values_and_the_data_of_figures():
    """In a real notebook: the line as text, and everything for machines in the outputs' metadata."""
    cells = [
        "import sys\nfrom torchbook.recording import record\nassert 'matplotlib' not in sys.modules",
        "record('ch01_it', 98.64, 'accuracy', '%', form='.1f', within=2)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 4]);",
        "figure, axes = plt.subplots()\naxes.set_title('returned')\nplt.close()\nfigure",
    ]
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, kernel_name="python3").execute()
    [value] = notebook.cells[1].outputs
    assert value.data == {"text/plain": "accuracy: 98.6 %"}
    assert value.metadata.torchbook == {"record": {"name": "ch01_it", "value": 98.6, "within": 2, "factor": None}}
    drawn, returned = notebook.cells[2].outputs[-1], notebook.cells[3].outputs[-1]
    for figure in (drawn, returned):  # twice the pixels that they are shown with
        pixels = Image.open(BytesIO(b64decode(figure.data["image/png"]))).size
        shown = figure.metadata["image/png"]
        assert [2 * shown.width, 2 * shown.height] == pytest.approx(pixels, abs=1)
    assert drawn.metadata.torchbook.figure[0]["lines"] == [{"x": [0, 1, 2], "y": [1, 2, 4]}]
    assert returned.metadata.torchbook.figure[0]["title"] == "returned"
