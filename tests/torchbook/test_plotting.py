"""Figures: what is drawn, on which axes, and that nothing is shown or saved."""

import matplotlib

matplotlib.use("Agg")

from matplotlib import font_manager
from matplotlib.axes import Axes
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as oracle
import torch
from torchbook.plotting import FALLBACKS, confusion_matrix, font_families, plot_confusion, plot_history, show_images
from torchbook.training import History

EPOCHS = {"train_loss": [2.0, 1.0, 0.5], "train_accuracy": [0.2, 0.5, 0.8], "seconds": [1.0, 1.0, 1.0]}
WITHOUT = History(**EPOCHS)
WITH = History(**EPOCHS, val_loss=[2.1, 1.2, 0.9], val_accuracy=[0.1, 0.4, 0.6])
MATRIX = torch.tensor([[8, 2, 0], [1, 3, 0], [0, 0, 0]])


@pytest.fixture(autouse=True)
def _nothing_is_shown_or_saved(monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("shown"))
    monkeypatch.setattr(matplotlib.figure.Figure, "show", lambda *_, **__: pytest.fail("shown"))
    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", lambda *_, **__: pytest.fail("saved"))
    yield
    plt.close("all")


def draw_all(axes) -> None:
    axes[0].figure.canvas.draw()


@pytest.mark.parametrize(
    ("draw", "axes"),
    [
        (lambda ax: show_images(torch.rand(2, 3, 4, 4), axes=ax), 2),
        (lambda ax: plot_history(WITH, axes=ax), 2),
        (lambda ax: [plot_confusion(MATRIX, "abc", ax=ax[0])], 1),
    ],
    ids=["images", "history", "confusion"],
)
def test_the_axes_given_are_used_and_returned(draw, axes):
    given = plt.figure().subplots(1, 2)
    returned = draw(given)
    assert list(returned) == list(given)[:axes]
    assert all(ax.has_data() for ax in returned)
    assert len(plt.get_fignums()) == 1
    draw_all(returned)


@pytest.mark.parametrize(
    ("count", "columns", "grid"), [(1, 8, (1, 1)), (3, 8, (1, 3)), (8, 8, (1, 8)), (11, 4, (3, 4))]
)
def test_each_image_has_axes_of_its_own(count, columns, grid):
    axes = show_images(torch.rand(count, 3, 4, 4), columns=columns)
    assert len(axes) == grid[0] * grid[1]
    assert [len(ax.images) for ax in axes] == [1] * count + [0] * (len(axes) - count)
    assert not any(ax.axison for ax in axes)
    assert axes[0].get_gridspec().get_geometry() == grid
    assert all(isinstance(ax, Axes) for ax in axes)
    draw_all(axes)


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        (torch.tensor([[0, 255], [128, 7]], dtype=torch.uint8), [[0, 255], [128, 7]]),
        (torch.tensor([[[0.0, 1.0], [0.5, 0.25]]]), [[0, 1], [0.5, 0.25]]),
        (torch.tensor([[[-1.0, 2.0], [0.5, 0.25]]]), [[0, 1], [0.5, 0.25]]),  # cut to [0, 1]
        (torch.tensor([[[0.0, 1.0]]] * 3), [[[0, 0, 0], [1, 1, 1]]]),
        (torch.tensor([[[1.0]], [[0.5]], [[0.25]]], requires_grad=True), [[[1, 0.5, 0.25]]]),
        (np.array([[0.5]], dtype=np.float64), [[0.5]]),
    ],
    ids=["uint8", "float", "out of range", "colour", "channels last", "numpy"],
)
def test_pixels_are_drawn_as_they_are(image, shown):
    (ax,) = show_images(image[None])
    assert np.asarray(ax.images[0].get_array()) == pytest.approx(np.array(shown))


@pytest.mark.parametrize(("image", "top"), [(torch.full((2, 2), 9, dtype=torch.uint8), 255), (torch.rand(2, 2) / 9, 1)])
def test_a_dark_grey_image_stays_dark(image, top):
    (ax,) = show_images(image[None])
    assert ax.images[0].get_clim() == (0, top)


def test_titles_and_their_colours():
    axes = show_images(torch.rand(2, 1, 4, 4), titles=["one", "two"], title_colors=["red", "blue"])
    assert [ax.get_title() for ax in axes] == ["one", "two"]
    assert [ax.title.get_color() for ax in axes] == ["red", "blue"]


@pytest.mark.parametrize("shape", [(2, 4, 4), (4, 4, 3), (4,), (1, 1, 4, 4)])
def test_an_image_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"shape \(H, W\), \(1, H, W\) or \(3, H, W\), got"):
        show_images(torch.rand(1, *shape))


@pytest.mark.parametrize(("count", "titles", "words"), [(0, None, "no images"), (3, ["a"], "3 images but 1 titles")])
def test_a_number_of_images_that_cannot_be_right(count, titles, words):
    with pytest.raises(ValueError, match=words):
        show_images(torch.rand(count, 3, 4, 4), titles=titles)


def lines_of(ax) -> dict:
    return {line.get_label(): list(line.get_ydata()) for line in ax.get_lines()}


def test_a_history_with_validation():
    loss, accuracy = plot_history(WITH)
    assert lines_of(loss) == {"training": WITH.train_loss, "validation": WITH.val_loss}
    assert lines_of(accuracy)["validation"] == pytest.approx([10, 40, 60])
    assert list(loss.get_lines()[0].get_xdata()) == [1, 2, 3]
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "loss (nats)")
    assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy (%)")
    draw_all([loss, accuracy])


def test_a_history_without_validation():
    loss, accuracy = plot_history(WITHOUT)
    assert lines_of(loss) == {"training": WITHOUT.train_loss}
    assert lines_of(accuracy) == {"training": pytest.approx([20, 50, 80])}


def test_histories_beside_each_other_have_names_and_colours_of_their_own():
    loss, accuracy = plot_history([WITH, WITHOUT], labels=["slow", "fast"])
    assert list(lines_of(loss)) == ["slow training", "slow validation", "fast training"]
    assert [text.get_text() for text in accuracy.get_legend().get_texts()] == list(lines_of(accuracy))
    first, second, third = (line.get_color() for line in loss.get_lines())
    assert first == second != third
    assert loss.get_lines()[0].get_linestyle() != loss.get_lines()[1].get_linestyle()  # told apart in grey too


def test_a_confusion_matrix_equals_scikit_learn_s():
    generator = torch.Generator().manual_seed(0)
    labels, predictions = torch.randint(5, (2, 200), generator=generator)
    matrix = confusion_matrix(labels, predictions, classes=5)
    assert matrix.tolist() == oracle(labels, predictions, labels=range(5)).tolist()
    assert matrix.sum() == 200


def test_classes_that_do_not_occur_have_rows_of_zeros():
    assert confusion_matrix(torch.tensor([0, 0]), torch.tensor([0, 1]), 3).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("labels", "predictions", "words"),
    [
        ([0, 1], [0, 3], "A prediction is not one of the 3 classes 0 ... 2"),
        ([0, 5], [0, 1], "A label is not one of the 3 classes"),
        ([0, -1], [0, 1], "A label is not one of"),
        ([0, 1], [0], r"\(2,\) labels cannot be held against \(1,\) predictions"),
    ],
)
def test_labels_that_cannot_be_counted_are_refused(labels, predictions, words):
    with pytest.raises(ValueError, match=words):
        confusion_matrix(torch.tensor(labels), torch.tensor(predictions), classes=3)


def test_a_confusion_is_drawn_in_per_cent_of_each_row():
    ax = plot_confusion(MATRIX, ["a", "b", "c"])
    expected = np.array([[80, 20, 0], [25, 75, 0], [0, 0, 0]])
    assert np.asarray(ax.images[0].get_array()) == pytest.approx(expected)
    assert [text.get_text() for text in ax.texts] == [str(value) for value in expected.flatten()]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")
    draw_all([ax])


def test_many_classes_are_drawn_without_numbers():
    assert len(plot_confusion(torch.eye(13), [str(k) for k in range(13)]).texts) == 0


def test_what_was_not_measured_is_a_gap_and_another_metric_is_named():
    history = History([2.0, 1.0], [None, None], [None, 1.5], [None, None], [1.0, 1.0])
    loss_axis, accuracy_axis = plot_history(history)
    (_, validation) = loss_axis.lines
    np.testing.assert_array_equal(validation.get_ydata(), [np.nan, 1.5])
    assert not accuracy_axis.lines
    named = History([2.0], [7.5], [2.0], [8.5], [1.0], metric="mistake")
    _, score_axis = plot_history(named)
    assert score_axis.get_ylabel() == "mistake"
    assert score_axis.lines[0].get_ydata() == [7.5]
    draw_all([loss_axis]), draw_all([score_axis])


def test_fonts_for_other_scripts_come_after_the_own_one_where_they_are_installed():
    assert font_families(["sans-serif"], ["Arial", FALLBACKS[1], "Noto Serif"]) == ["sans-serif", FALLBACKS[1]]
    assert font_families(["serif", FALLBACKS[0]], FALLBACKS) == ["serif", *FALLBACKS]
    assert font_families(["sans-serif"], []) == ["sans-serif"]
    assert plt.rcParams["font.family"][0] == "sans-serif"


@pytest.mark.skipif(not set(FALLBACKS) & set(font_manager.get_font_names()), reason="no such font is installed")
@pytest.mark.filterwarnings("error:Glyph")
def test_classes_with_chinese_names_are_drawn():
    draw_all(show_images(torch.zeros(2, 1, 4, 4), titles=["кошки", "鸟"]))
