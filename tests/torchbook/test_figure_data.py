"""What of a figure is kept for comparison: words, scales, and rounded numbers of what is drawn."""

from __future__ import annotations

import json

import matplotlib
import numpy as np
import pytest
from torchbook.figure_data import MOST_POINTS, describe

matplotlib.use("agg")
import matplotlib.pyplot as plt


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def described(axes):
    """The one dictionary of a figure with one axes, as JSON gives it back."""
    [found] = json.loads(json.dumps(describe(axes.figure), allow_nan=False))
    return found


def test_the_words_of_an_axes(axes):
    axes.plot([0, 1], [0, 1], label="loss")
    axes.set(title="Title", xlabel="epoch", ylabel="loss (nats)", yscale="log", ylim=(0.1, 2))
    axes.annotate("here", (0, 0))
    axes.legend()
    found = described(axes)
    assert (found["title"], found["legend"], found["texts"]) == ("Title", ["loss"], ["here"])
    assert found["y"] == {"label": "loss (nats)", "scale": "log", "limits": [0.1, 2.0]}
    assert found["x"]["label"] == "epoch"
    assert "ticks" not in found["x"]


def test_a_line_is_thinned_and_rounded(axes):
    axes.plot(np.arange(1000), np.arange(1000) / 3, label="_hidden")
    [line] = described(axes)["lines"]
    assert set(line) == {"x", "y"}
    assert len(line["x"]) == MOST_POINTS
    assert (line["x"][0], line["x"][-1], line["y"][-1]) == (0, 999, 333)


def test_infinite_and_missing_values_are_words(axes):
    axes.plot([1.0, np.nan, np.inf])
    assert described(axes)["lines"][0]["y"] == [1.0, "nan", "inf"]


@pytest.mark.parametrize("kind", ["bar", "barh"])
def test_bars_have_their_lengths_and_names(axes, kind):
    getattr(axes, kind)(["SGD", "AdamW"], [1, 2.3456])
    found = described(axes)
    assert found["bars"] == [[1, 2.35]]
    assert found["x" if kind == "bar" else "y"]["ticks"] == ["SGD", "AdamW"]


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "colour"])
def test_an_image_has_its_shape_and_the_means_of_its_parts(axes, channels):
    picture = np.zeros((8, 8, *channels))
    picture[:2, :2] = 1
    axes.imshow(picture)
    [image] = described(axes)["images"]
    assert image == {"shape": [8, 8, *channels], "means": [1.0] + [0.0] * 15}


def test_a_masked_image_is_no_number_there(axes):
    axes.imshow(np.ma.masked_greater(np.eye(2), 0.5))
    assert described(axes)["images"][0]["means"] == ["nan", 0.0, 0.0, "nan"]


def test_points_are_counted_and_summed_up(axes):
    axes.scatter([0, 1, 5], [2, 2, 2], c=[1, 2, 3], label="birds")
    [points] = described(axes)["points"]
    assert points == {"label": "birds", "count": 3, "x": [0, 2, 5], "y": [2, 2, 2], "colors": [1, 2, 3]}


def test_a_filled_band_has_its_corners(axes):
    axes.fill_between([0, 1], [1, 2], [3, 4])
    [band] = described(axes)["points"]
    assert (band["x"][0], band["x"][2], band["y"][0], band["y"][2]) == (0, 1, 1, 4)


def test_the_figure_has_words_of_its_own_and_swapped_panels_differ():
    figure, (left, right) = plt.subplots(1, 2)
    figure.suptitle("Both")
    left.plot([1, 2])
    right.plot([2, 1])
    whole, first, second = describe(figure)
    plt.close(figure)
    assert whole == {"title": "Both"}
    assert first["lines"] != second["lines"]
