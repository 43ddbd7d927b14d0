"""The drawn image sets: shapes, determinism, difficulty, and folders that appear whole or not at all."""

import hashlib
from random import Random

import numpy as np
from PIL import Image
import pytest
import torch
from torch import nn
from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.drawn import draw_garments, draw_insects, draw_objects, insect_set
from torchbook.drawn.garments import GARMENTS
from torchbook.drawn.insects import INSECTS
from torchbook.drawn.object_set import OBJECTS

SETS = pytest.mark.parametrize(("draw", "shape"), [(draw_objects, (3, 32, 32)), (draw_garments, (1, 28, 28))])


def digest(images: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(images).tobytes()).hexdigest()


@SETS
def test_shapes_types_and_range(draw, shape):
    images, labels = draw(23)
    assert images.shape == (23, *shape)
    assert images.dtype == np.uint8
    assert labels.shape == (23,)
    assert labels.dtype == np.int64
    assert np.all(images.reshape(23, -1).max(1) - images.reshape(23, -1).min(1) > 20)  # no empty picture


@SETS
def test_each_block_of_ten_holds_every_class_in_an_order_of_its_own(draw, shape):
    labels = draw(40)[1].reshape(4, 10)
    assert np.array_equal(np.sort(labels, axis=1), np.tile(np.arange(10), (4, 1)))
    assert len({tuple(row) for row in labels}) == 4


@SETS
def test_a_shorter_set_is_the_beginning_of_a_longer_one(draw, shape):
    short, long = draw(13, seed=5), draw(27, seed=5)
    assert np.array_equal(short[0], long[0][:13])
    assert np.array_equal(short[1], long[1][:13])


@SETS
def test_another_seed_gives_other_pictures(draw, shape):
    assert digest(draw(10, seed=1)[0]) != digest(draw(10, seed=2)[0])
    assert not np.array_equal(draw(50, seed=1)[1], draw(50, seed=2)[1])


def insect_pixels() -> np.ndarray:
    return np.stack([np.asarray(insect_set._insect(name, Random(f"pinned {name}"), 160)) for name in ("ants", "bees")])


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (lambda: draw_objects(20)[0], "2a30d711038f9b8517f5c5e1ad1cac396d603a06836c3782de8f3f4f0ad0c1c1"),
        (lambda: draw_garments(20)[0], "2f3785e42a688b9e0065b5074cb324a81538e595a8b56aa9fcb8059987af1624"),
        (insect_pixels, "314fcabf5c210d968aad087d18a60c6cdff2fc3694145d2837847414bc7e04ef"),
    ],
    ids=["objects", "garments", "insects"],
)
def test_the_same_bytes_on_every_machine(pixels, expected):
    assert digest(pixels()) == expected


@SETS
@pytest.mark.parametrize("size", [16, 48])
def test_other_sizes(draw, shape, size):
    assert draw(3, size=size)[0].shape == (3, shape[0], size, size)


@SETS
@pytest.mark.parametrize(("arguments", "words"), [({"n": 0}, "n is 0"), ({"n": 5, "size": 15}, "size is 15")])
def test_bad_arguments_are_named(draw, shape, arguments, words):
    with pytest.raises(ValueError, match=words):
        draw(**arguments)


@pytest.mark.parametrize(
    ("name", "figures"), [("cifar10", OBJECTS), ("fashion-mnist", GARMENTS), ("ants-bees", INSECTS)]
)
def test_the_figures_are_the_classes_of_the_catalogue_in_its_order(name, figures):
    assert tuple(figures) == card(name).classes


def linear_accuracy(train, test, epochs: int, lr: float) -> float:
    """Test accuracy, 0 ... 1, of a linear classifier on pixels; each set is images and labels."""
    torch.manual_seed(0)
    x, x_test = (torch.tensor(images).float().flatten(1) / 127.5 - 1 for images, _ in (train, test))
    y, y_test = torch.tensor(train[1]), torch.tensor(test[1])
    model = nn.Linear(x.shape[1], int(y.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1.0)
    steps = epochs * -(-len(x) // 64)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
            scheduler.step()
    return (model(x_test).argmax(1) == y_test).float().mean().item()


def test_objects_are_too_hard_for_a_linear_classifier_but_not_random():
    accuracy = linear_accuracy(draw_objects(5000, seed=0), draw_objects(1000, seed=1), epochs=12, lr=1e-3)
    assert 0.2 < accuracy < 0.45


def test_garments_suit_a_linear_classifier():
    accuracy = linear_accuracy(draw_garments(3000, seed=0), draw_garments(1000, seed=1), epochs=12, lr=2e-3)
    assert 0.55 < accuracy < 0.8


def test_colour_alone_does_not_tell_ants_from_bees(tmp_path):
    home = draw_insects(tmp_path, train=300, val=200, size=96)

    def pixels(split):
        files = sorted((home / split).glob("*/*.jpg"))
        images = np.stack([np.asarray(Image.open(file).reduce(3)) for file in files])
        return images, np.array([int(file.parent.name == "bees") for file in files])

    assert linear_accuracy(pixels("train"), pixels("val"), epochs=20, lr=1e-3) < 0.76


def snapshot(folder) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.jpg"))}


def test_insects_lie_in_the_layout_of_the_original(tmp_path):
    home = draw_insects(tmp_path / "data", train=5, val=2, size=48)
    assert home == tmp_path / "data" / "hymenoptera_data"
    assert list(snapshot(home)) == [
        "train/ants/0000.jpg", "train/ants/0001.jpg", "train/ants/0002.jpg", "train/bees/0000.jpg",
        "train/bees/0001.jpg", "val/ants/0000.jpg", "val/bees/0000.jpg",
    ]  # fmt: skip
    with Image.open(home / "val" / "bees" / "0000.jpg") as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (48, 48))
    assert [path.name for path in home.parent.iterdir()] == ["hymenoptera_data"]  # no draft is left


def test_insects_repeat_for_a_seed_and_a_larger_set_begins_alike(tmp_path):
    few = snapshot(draw_insects(tmp_path / "a", train=4, val=2, size=32))
    more = snapshot(draw_insects(tmp_path / "b", train=6, val=4, size=32))
    other = snapshot(draw_insects(tmp_path / "c", train=4, val=2, size=32, seed=1))
    assert few.items() <= more.items()
    assert not set(few.values()) & set(other.values())


def test_a_complete_set_is_left_alone(tmp_path, monkeypatch):
    home = draw_insects(tmp_path, train=2, val=2, size=32)
    before = snapshot(home)
    monkeypatch.setattr(insect_set, "_insect", lambda *_: pytest.fail("drew again"))
    assert draw_insects(tmp_path, train=2, val=2, size=32) == home
    assert snapshot(home) == before


def test_a_folder_that_lacks_pictures_is_reported_and_kept(tmp_path):
    kept = tmp_path / "hymenoptera_data" / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    with pytest.raises(DataError, match="not the whole drawn set"):
        draw_insects(tmp_path, train=2, val=2, size=32)
    assert kept.read_text() == "mine"


def test_nothing_is_left_when_drawing_breaks_off(tmp_path, monkeypatch):
    draw, calls = insect_set._insect, []

    def breaks(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError("disk full")
        return draw(*arguments)

    monkeypatch.setattr(insect_set, "_insect", breaks)
    with pytest.raises(OSError, match="disk full"):
        draw_insects(tmp_path, train=4, val=2, size=32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"), [({"train": 1}, "train is 1"), ({"val": 0}, "val is 0"), ({"size": 8}, "size is 8")]
)
def test_bad_insect_arguments_are_named(tmp_path, arguments, words):
    with pytest.raises(ValueError, match=words):
        draw_insects(tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []
