"""Where images are looked for, what is refused, how a set is limited and split, and the stand-ins."""

from dataclasses import replace

import numpy as np
import pytest
from real_forms import CIFAR_CLASSES, cifar_batches, fashion_files, image_folder
import torch
from torch.utils.data import DataLoader
from torchbook import drawn
from torchbook.data import standin
from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.data.images import NAMES, ImageSet, load_images


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A cache of this test's own, empty."""
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def garments(root, count: int) -> None:
    """A Fashion-MNIST that can be told by its number of images."""
    fashion_files(root, train=count)


# where images come from -----------------------------------------------------------------------------------------


def test_the_folder_comes_first_then_the_environment_then_the_cache(tmp_path, cache, monkeypatch):
    garments(cache / "data", 10)
    assert len(load_images("fashion-mnist")) == 10
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "environment"))
    assert len(load_images("fashion-mnist")) == 10  # nothing lies there
    garments(tmp_path / "environment", 20)
    assert len(load_images("fashion-mnist")) == 20
    garments(tmp_path / "explicit", 30)
    assert len(load_images("fashion-mnist", folder=tmp_path / "explicit")) == 30
    assert len(load_images("fashion-mnist", folder=str(tmp_path / "explicit"), source="real")) == 30


def test_without_real_data_the_stand_in_comes_and_says_how_to_get_them(cache, monkeypatch):
    monkeypatch.setattr(standin, "COUNTS", {"train": 20, "test": 10})
    images = load_images("fashion-mnist")
    assert images.source == "drawn garments, the stand-in (real photographs: bookkit data fetch fashion-mnist)"
    assert len(images) == 20


def test_embedded_ignores_what_lies_there(tmp_path, monkeypatch):
    garments(tmp_path, 10)
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path))
    assert load_images("fashion-mnist").source.startswith("real")
    assert "stand-in" in load_images("fashion-mnist", source="embedded").source
    assert "stand-in" in load_images("fashion-mnist", source="embedded", folder=tmp_path).source


@pytest.mark.parametrize("name", ["cifar10", "fashion-mnist", "ants-bees"])
def test_real_data_that_are_asked_for_and_absent(cache, tmp_path, monkeypatch, name):
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "environment"))
    with pytest.raises(DataError, match=f"No real {name} data in .*environment, .*cache.data: .*fetch {name}`"):
        load_images(name, source="real")
    assert not cache.exists()


@pytest.mark.parametrize("source", ["auto", "real"])
def test_an_explicit_folder_is_the_only_place_that_is_looked_at(tmp_path, cache, source):
    garments(cache / "data", 10)
    (tmp_path / "explicit").mkdir()
    with pytest.raises(DataError, match=r"No real fashion-mnist data in \S*explicit: get them"):
        load_images("fashion-mnist", folder=tmp_path / "explicit", source=source)


def test_an_explicit_folder_that_is_no_directory(tmp_path):
    with pytest.raises(DataError, match="none is not a directory"):
        load_images("cifar10", folder=tmp_path / "none")


@pytest.mark.parametrize("name", NAMES)
def test_the_stand_ins_need_no_folder_that_can_be_written(tmp_path, monkeypatch, name, recwarn):
    (tmp_path / "a-file").write_text("no folder can be made below a file")
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "a-file" / "cache"))
    monkeypatch.setattr(standin, "COUNTS", {"train": 20, "test": 10})
    few = drawn.draw_insects
    monkeypatch.setattr(drawn, "draw_insects", lambda folder: few(folder, train=4, val=2, size=32))
    assert len(load_images(name, source="embedded")) in (4, 20, 1437)
    assert len(load_images(name, source="embedded")) in (4, 20, 1437)  # again, from the folder of this process
    assert not recwarn.list  # a home that is read-only changes no output


# what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "mnist"}, "Unknown image set 'mnist': use one of digits, cifar10, fashion-mnist, ants-bees"),
        ({"name": "cifar10", "split": "val"}, "cifar10 has no split 'val': use 'train' or 'test'"),
        ({"name": "ants-bees", "split": "test"}, "ants-bees has no split 'test': use 'train' or 'val'"),
        ({"name": "digits", "source": "drawn"}, "Unknown source 'drawn': use one of auto, embedded, real"),
        ({"name": "digits", "size": 64}, "size is for ants-bees and your own pictures alone; got 64 for digits"),
        ({"name": "cifar10", "size": 32}, "size is for ants-bees and"),
        ({"name": "ants-bees", "size": 7}, "at least 8 pixels and 4096 at most; got 7"),
        ({"name": "ants-bees", "size": 64.0}, "must be a whole number of pixels, .*got 64.0"),
        ({"name": "ants-bees", "fit": "stretch"}, "Unknown fit 'stretch': use 'crop' or 'pad'"),
        ({}, "Give a folder of your own pictures, or the name of a set: digits, cifar10"),
        ({"folder": "mine", "split": "valid"}, "mine has no split 'valid': use 'train' or 'val' or 'test'"),
        ({"name": "digits", "limit": 0}, "limit must lie between 1 and 1437, the number of images there are; got 0"),
        ({"name": "digits", "limit": -5}, "got -5"),
        ({"name": "digits", "limit": "5"}, "limit must be a whole number of images; got '5'"),
        ({"name": "digits", "limit": 2.5}, "a whole number of images; got 2.5"),
        ({"name": "digits", "limit": True}, "a whole number of images; got True"),
        ({"name": "digits", "limit": 1438}, "between 1 and 1437"),
        ({"name": "digits", "split": "test", "limit": 361}, "between 1 and 360"),
    ],
)
def test_bad_arguments(cache, arguments, words):
    with pytest.raises(ValueError, match=words) as caught:
        load_images(**arguments)
    assert "\n" not in str(caught.value)
    assert not cache.exists()


# a set, limited and split -----------------------------------------------------------------------------------------


def lopsided() -> ImageSet:
    """60 of class 0, 30 of class 1, 10 of class 2, in no order; image i is filled with i."""
    order = torch.randperm(100, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0] * 60 + [1] * 30 + [2] * 10)[order]
    images = torch.arange(100, dtype=torch.uint8).reshape(-1, 1, 1, 1).expand(100, 1, 2, 2)
    return ImageSet(images, labels, ("a", "b", "c"), "made here")


def names_of(part: ImageSet) -> list[int]:
    return part.images[:, 0, 0, 0].tolist()


def test_a_set_is_a_data_set_of_its_images():
    data = lopsided()
    image, label = data[7]
    assert len(data) == 100
    assert image.unique().tolist() == [7]
    assert label == data.labels[7]
    assert isinstance(label, int)
    batch, labels = next(iter(DataLoader(data, batch_size=4)))
    assert batch.shape == (4, 1, 2, 2)
    assert labels.tolist() == data.labels[:4].tolist()


def test_a_subset_keeps_the_order_asked_for():
    data = lopsided()
    part = data.subset(torch.tensor([5, 3, 9]))
    assert names_of(part) == [5, 3, 9]
    assert part.labels.tolist() == data.labels[[5, 3, 9]].tolist()
    assert (part.classes, part.source) == (data.classes, data.source)


@pytest.mark.parametrize(
    ("limit", "counts"),
    [(3, [1, 1, 1]), (30, [10, 10, 10]), (50, [20, 20, 10]), (90, [50, 30, 10]), (100, [60, 30, 10])],
)
def test_a_limit_fills_the_classes_evenly(limit, counts):
    data = lopsided()
    part = data.limited(limit)
    assert torch.bincount(part.labels).tolist() == counts
    assert names_of(part) == sorted(names_of(part))
    first = [i for label, count in enumerate(counts) for i in (data.labels == label).nonzero()[:count, 0].tolist()]
    assert names_of(part) == sorted(first)


@pytest.mark.parametrize("limit", [10, 25, 100])
def test_a_limit_of_a_loaded_set(limit):
    images = load_images("digits", limit=limit)
    counts = torch.bincount(images.labels, minlength=10)
    assert len(images) == limit
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize(("fraction", "counts"), [(0.1, [6, 3, 1]), (0.5, [30, 15, 5]), (0.25, [15, 8, 2])])
def test_a_split_is_disjoint_complete_and_stratified(fraction, counts):
    data = lopsided()
    train, val = data.split(fraction, seed=3)
    assert sorted(names_of(train) + names_of(val)) == list(range(100))
    assert torch.bincount(val.labels).tolist() == counts
    assert all(data.labels[i] == label for i, label in zip(names_of(train), train.labels, strict=True))
    assert train.source == val.source == "made here"
    assert (train.role, val.role) == ("train", "val")


def test_a_split_repeats_with_its_seed_alone():
    one, same, other = (lopsided().split(0.2, seed=seed) for seed in (1, 1, 2))
    assert [names_of(part) for part in one] == [names_of(part) for part in same]
    assert names_of(one[1]) != names_of(other[1])


@pytest.mark.parametrize("role", ["val", "test"])
def test_the_parts_of_test_images_are_test_images(role):
    held_out = replace(lopsided(), role=role)
    assert [part.role for part in held_out.split(0.2)] == [role, role]
    assert held_out.limited(5).role == held_out.subset(torch.tensor([1])).role == role


def test_a_set_made_by_hand_has_no_role_unless_it_says_so():
    assert lopsided().role is None
    assert lopsided().limited(5).role is None


@pytest.mark.parametrize(("name", "split"), [(name, split) for name in NAMES for split in card(name).splits])
def test_the_role_of_a_loaded_set_is_its_split(name, split):
    assert load_images(name, split, source="embedded", limit=10).role == split


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_fraction_outside_0_and_1(fraction):
    with pytest.raises(ValueError, match="val_fraction must lie between 0 and 1"):
        lopsided().split(fraction)


@pytest.mark.parametrize(("fraction", "words"), [(0.01, "0 of 10 examples of class 'c'"), (0.99, "10 of 10 .* 'c'")])
def test_a_fraction_that_empties_a_class(fraction, words):
    data = lopsided()
    with pytest.raises(ValueError, match=f"leaves {words}"):
        data.subset((data.labels == 2).nonzero()[:, 0]).split(fraction)


def test_there_must_be_an_example_to_split():
    with pytest.raises(ValueError, match="no example to split"):
        lopsided().subset(torch.tensor([], dtype=torch.int64)).split()


@pytest.mark.parametrize("labels", [10, 14])
def test_images_and_labels_must_be_as_many(labels):
    with pytest.raises(ValueError, match=f"Each image needs a label: 12 images have {labels} labels"):
        ImageSet(torch.zeros(12, 1, 2, 2), torch.zeros(labels, dtype=torch.int64), ("a",), "made here")


@pytest.mark.parametrize(("labels", "said"), [([0, 1, 2], "got 0 to 2"), ([-1, 0, 1], "got -1 to 1")])
def test_a_label_must_be_the_number_of_a_class(labels, said):
    with pytest.raises(ValueError, match=f"Labels must lie between 0 and 1, as there are 2 classes; {said}"):
        ImageSet(torch.zeros(3, 1, 2, 2), torch.tensor(labels), ("a", "b"), "made here")


@pytest.mark.parametrize("kind", [torch.int32, torch.uint8])
def test_a_limit_with_labels_of_other_integers(kind):
    data = replace(lopsided(), labels=lopsided().labels.to(kind))
    assert data.limited(np.int64(30)).labels.tolist() == lopsided().limited(30).labels.tolist()


# the stand-ins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "split", "shape", "classes"),
    [
        ("digits", "train", (1437, 1, 32, 32), tuple("0123456789")),
        ("digits", "test", (360, 1, 32, 32), tuple("0123456789")),  # 1,797 in all
        ("cifar10", "train", (5000, 3, 32, 32), tuple(CIFAR_CLASSES)),
        ("cifar10", "test", (1000, 3, 32, 32), tuple(CIFAR_CLASSES)),
        ("fashion-mnist", "train", (5000, 1, 28, 28), card("fashion-mnist").classes),
        ("fashion-mnist", "test", (1000, 1, 28, 28), card("fashion-mnist").classes),
        ("ants-bees", "train", (200, 3, 64, 64), ("ants", "bees")),
        ("ants-bees", "val", (100, 3, 64, 64), ("ants", "bees")),
    ],
)
def test_the_stand_ins(name, split, shape, classes):
    images = load_images(name, split, source="embedded")
    assert images.images.shape == shape
    assert images.images.dtype == torch.uint8
    assert images.labels.dtype == torch.int64
    assert images.classes == classes
    assert images.labels.unique().tolist() == list(range(len(classes)))
    share = torch.bincount(images.labels) / len(images) * len(classes)
    assert (share - 1).abs().max() < (0.4 if name == "digits" else 0.01)  # the drawn ones are balanced


def test_the_digits_are_scikit_learn_s(cache):
    from sklearn.datasets import load_digits

    train, test = load_images("digits"), load_images("digits", "test", source="real")
    original = load_digits()
    assert "real handwritten digits" in train.source
    assert test.labels.tolist() == original.target[::5].tolist()
    assert train.labels.tolist() == [label for i, label in enumerate(original.target) if i % 5]
    small = test.images[:, 0].float().unfold(1, 4, 4).unfold(2, 4, 4).mean((3, 4))  # (N, 8, 8): enlarged and back
    assert np.abs(small.numpy() / 255 * 16 - original.images[::5]).mean() < 1  # of 16 shades
    assert not cache.exists()


@pytest.mark.parametrize("name", ["digits", "cifar10", "fashion-mnist", "ants-bees"])
def test_training_and_test_pictures_differ(name):
    train, test = (load_images(name, split, source="embedded") for split in card(name).splits)
    known = {image.numpy().tobytes() for image in train.images}
    assert not known & {image.numpy().tobytes() for image in test.images}


def test_the_drawn_sets_are_drawn_once(cache, monkeypatch):
    monkeypatch.setattr(standin, "COUNTS", {"train": 20, "test": 10})
    first = load_images("cifar10", source="embedded")
    monkeypatch.setattr(drawn, "draw_objects", lambda *_, **__: pytest.fail("drawn again"))
    assert torch.equal(load_images("cifar10", source="embedded").images, first.images)


def test_a_changed_drawing_never_meets_an_old_cache(cache, monkeypatch):
    monkeypatch.setattr(standin, "COUNTS", {"train": 20, "test": 10})
    first = load_images("cifar10", source="embedded")
    darker = (first.images.numpy() // 2, first.labels.numpy())
    monkeypatch.setattr(drawn, "draw_objects", lambda *_, **__: darker)
    monkeypatch.setattr(standin, "_drawing_code", lambda: "another")
    assert torch.equal(load_images("cifar10", source="embedded").images, first.images // 2)


def test_a_changed_number_of_drawings_neither(cache, monkeypatch):
    monkeypatch.setattr(standin, "COUNTS", {"train": 20, "test": 10})
    assert len(load_images("fashion-mnist", source="embedded")) == 20
    monkeypatch.setattr(standin, "COUNTS", {"train": 30, "test": 10})
    assert len(load_images("fashion-mnist", source="embedded")) == 30


def test_the_drawn_insects_lie_in_the_layout_of_the_real_ones():
    home = standin.insects_folder()
    assert home.name == "hymenoptera_data"
    from_folder = load_images("ants-bees", "val", folder=home.parent, source="real")
    assert torch.equal(from_folder.images, load_images("ants-bees", "val", source="embedded").images)


def test_the_forms_are_told_by_their_source(tmp_path):
    cifar_batches(tmp_path / "a")
    image_folder(tmp_path / "b" / "cifar10" / "train", CIFAR_CLASSES)
    sources = [load_images("cifar10", folder=tmp_path / part).source for part in "ab"]
    assert sources == ["real CIFAR-10 (cifar-10-batches-py, 100 of 50,000)", "real CIFAR-10 (cifar10, 20 of 50,000)"]
