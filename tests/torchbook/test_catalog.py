"""The catalogue is complete and sound; nothing is downloaded."""

import re

import pytest
from torchbook.data.catalog import CATALOG, card

FILES = [file for entry in CATALOG.values() for files in entry.forms for file in files]


def test_the_six_data_sets_are_there():
    assert list(CATALOG) == ["digits", "cifar10", "fashion-mnist", "ants-bees", "shakespeare", "names"]


@pytest.mark.parametrize("name", CATALOG)
def test_every_card_is_filled_in(name):
    entry = card(name)
    assert entry.name == name
    assert all((entry.title, entry.licence, entry.citation, entry.homepage, entry.stand_in))
    assert bool(entry.forms) == bool(entry.folder) == (name != "digits")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_has_a_hash_and_web_addresses(file):
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)
    assert all(re.match("https?://", url) for url in file.urls)
    assert len(set(file.urls)) == len(file.urls) >= 1
    assert file.size_bytes is None or file.size_bytes > 1000


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_plain_http_only_behind_a_hash_and_never_alone(file):
    assert any(url.startswith("https://") for url in file.urls)


def test_hashes_are_not_shared():
    assert len({file.sha256 for file in FILES}) == len(FILES)


@pytest.mark.parametrize("name", [name for name in CATALOG if CATALOG[name].forms])
def test_every_form_lands_where_it_is_looked_for(name):
    entry = card(name)
    lands = [{file.target if file.inside else f"{file.target}/{file.name}" for file in files} for files in entry.forms]
    assert all(any(place.startswith(form) for form in entry.folder for place in places) for places in lands)


def test_the_throttled_host_of_cifar10_comes_last():
    assert "cs.toronto.edu" in card("cifar10").files[0].urls[-1]


PICTURE_SETS = ["digits", "cifar10", "fashion-mnist", "ants-bees"]


@pytest.mark.parametrize("name", PICTURE_SETS)
def test_a_picture_set_has_classes_and_splits_with_training_data_first(name):
    entry = card(name)
    assert len(entry.classes) == len(set(entry.classes)) >= 2
    assert entry.splits[0] == "train"
    assert set(entry.splits) < {"train", "val", "test"}
    assert all(count > 100 for count in entry.counts.values())


def test_class_names_are_those_of_the_originals():
    assert " ".join(card("cifar10").classes) == "airplane automobile bird cat deer dog frog horse ship truck"
    assert ", ".join(card("fashion-mnist").classes) == (
        "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
    )


@pytest.mark.parametrize("name", CATALOG)
def test_the_stand_in_says_what_it_is_and_how_to_get_the_real_data(name):
    said = card(name).stand_in_source
    assert said.startswith(card(name).stand_in.partition(":")[0])
    assert ("the stand-in" in said) == (f"bookkit data fetch {name})" in said) == bool(card(name).forms)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'mnist' is not a data set.*cifar10"):
        card("mnist")
