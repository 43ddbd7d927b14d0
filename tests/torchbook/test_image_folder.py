"""The folder of ants and bees: which one is found, what is refused, and that torchvision reads it."""

import pytest
from real_forms import image_folder as write_pictures
from torchbook.data import standin
from torchbook.data.errors import DataError
from torchbook.data.images import image_folder, load_images
from torchvision.datasets import ImageFolder


def insects(root):
    """The real layout, two pictures a class and phase; returns .../hymenoptera_data."""
    for phase in ("train", "val"):
        write_pictures(root / "hymenoptera_data" / phase, ["ants", "bees"], ending="jpg")
    return root / "hymenoptera_data"


def test_the_folder_comes_first_then_the_environment_then_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    in_cache = insects(tmp_path / "cache" / "data")
    assert image_folder() == in_cache
    in_environment = insects(tmp_path / "environment")
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "environment"))
    assert image_folder("ants-bees") == in_environment
    given = insects(tmp_path / "given")
    assert image_folder("ants-bees", folder=tmp_path / "given") == given
    assert image_folder("ants-bees", folder=str(tmp_path / "given"), source="real") == given


def test_embedded_ignores_what_lies_there(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DATA", str(insects(tmp_path).parent))
    assert image_folder(source="embedded") == standin.insects_folder()
    assert image_folder("ants-bees", folder=tmp_path, source="embedded") == standin.insects_folder()


def test_without_real_pictures_the_drawn_ones_come(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path))
    assert image_folder() == standin.insects_folder()


@pytest.mark.parametrize("phase", ["train", "val"])
def test_torchvision_reads_it_with_the_labels_of_load_images(phase):
    dataset = ImageFolder(image_folder(source="embedded") / phase)
    images = load_images("ants-bees", phase, source="embedded", size=8)
    assert dataset.classes == list(images.classes)
    assert dataset.targets == images.labels.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"name": "cifar10"}, "'cifar10' does not come as a folder"), ({"source": "web"}, "Unknown source 'web'")],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        image_folder(**arguments)


def test_real_pictures_that_are_asked_for_and_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataError, match=r"No real ants-bees data in .*cache.data: .*fetch ants-bees"):
        image_folder(source="real")
    with pytest.raises(DataError, match="No real ants-bees data"):
        image_folder("ants-bees", folder=tmp_path)


@pytest.mark.parametrize("litter", ["train/.ipynb_checkpoints", "val/ants/._0000.jpg", "train/ants/Thumbs.db"])
def test_what_a_system_left_in_the_real_folder_does_not_reach_torchvision(tmp_path, monkeypatch, litter):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    place = insects(tmp_path) / litter
    place.write_bytes(b"x") if place.suffix else place.mkdir()
    folder = image_folder("ants-bees", folder=tmp_path)
    for phase in ("train", "val"):
        dataset = ImageFolder(folder / phase)
        images = load_images("ants-bees", phase, folder=tmp_path, size=8)
        assert (dataset.classes, dataset.targets) == (["ants", "bees"], images.labels.tolist())
