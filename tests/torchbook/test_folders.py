"""Where data are looked for."""

import os
from pathlib import Path
import sys

from plain_user import plain_user
import pytest
from torchbook.data.errors import DataError
from torchbook.data.folders import as_path, cache_folder, data_roots, find_in_roots, from_environment, real_path
from torchbook.data.images import image_folder, load_images
from torchbook.data.text import load_text


@pytest.fixture
def places(tmp_path, monkeypatch):
    for name in ("explicit", "environment", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "environment"))
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_roots_come_in_order(places):
    assert data_roots(places / "explicit") == [places / "explicit", places / "environment", places / "cache" / "data"]


def test_roots_without_any_setting_are_the_users_cache(monkeypatch):
    monkeypatch.delenv("TORCHBOOK_DATA", raising=False)
    monkeypatch.delenv("TORCHBOOK_CACHE", raising=False)
    assert data_roots() == [cache_folder() / "data"]
    assert cache_folder().name == "torchbook" or "torchbook" in cache_folder().parts


def test_explicit_folder_that_is_absent_is_an_error(places):
    with pytest.raises(DataError, match="is not a directory"):
        data_roots(places / "absent")


def test_absent_environment_folder_is_no_error(places, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DATA", str(places / "absent"))
    assert data_roots()[0] == places / "absent"


def test_find_takes_the_first_root_and_the_first_form(places):
    for place in ("environment/b", "cache/data/a", "environment/a"):
        (places / place).mkdir(parents=True)
    assert find_in_roots(("a", "b")) == places / "environment" / "a"


def test_find_looks_in_an_explicit_folder_alone(places):
    (places / "environment" / "a").mkdir()
    assert find_in_roots(("a",), places / "explicit") is None


def test_home_is_understood(monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", "~/somewhere")
    assert cache_folder() == Path.home() / "somewhere"


@pytest.mark.parametrize("place", [".", "notebooks", "notebooks/deep"])
def test_a_relative_folder_means_the_same_from_every_folder_of_the_book(tmp_path, monkeypatch, place):
    (tmp_path / "usb").mkdir()
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    monkeypatch.setenv("TORCHBOOK_DATA", "usb")
    monkeypatch.setenv("TORCHBOOK_CACHE", "./usb")
    monkeypatch.chdir(tmp_path / place)
    assert data_roots() == [tmp_path / "usb", tmp_path / "usb" / "data"]


def test_the_nearest_relative_folder_counts_and_one_that_is_nowhere_is_of_here(tmp_path, monkeypatch):
    (tmp_path / "usb").mkdir()
    (tmp_path / "near" / "usb").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "near")
    monkeypatch.setenv("TORCHBOOK_DATA", "usb")
    assert from_environment("TORCHBOOK_DATA") == tmp_path / "near" / "usb"
    monkeypatch.setenv("TORCHBOOK_DATA", "nowhere")
    assert from_environment("TORCHBOOK_DATA") == tmp_path / "near" / "nowhere"
    monkeypatch.delenv("TORCHBOOK_DATA")
    assert from_environment("TORCHBOOK_DATA") is None


MODES = pytest.mark.parametrize("mode", [0, 0o400, 0o600])
WHERE = pytest.mark.parametrize("below", ["", "below"], ids=["it", "the folder around it"])


@MODES
@WHERE
@pytest.mark.parametrize("name", ["TORCHBOOK_DATA", "TORCHBOOK_CACHE"])
def test_a_place_that_may_not_be_looked_into_is_passed_over_with_a_warning(monkeypatch, mode, below, name):
    with plain_user() as place:
        monkeypatch.setenv("TORCHBOOK_CACHE", str(place / "cache"))
        (place / "closed" / below).mkdir(parents=True)
        monkeypatch.setenv(name, str(place / "closed" / below))
        (place / "closed").chmod(mode)
        with pytest.warns(UserWarning, match=r"closed\S* cannot be read: Permission denied\. Real data are not looked"):
            assert real_path("cifar10") is None
        with pytest.warns(UserWarning, match="closed"), pytest.raises(DataError, match="No real cifar10 data in"):
            real_path("cifar10", source="real")


def test_the_places_after_one_that_may_not_be_looked_into_count(monkeypatch):
    with plain_user() as place:
        monkeypatch.setenv("TORCHBOOK_DATA", str(place / "closed"))
        monkeypatch.setenv("TORCHBOOK_CACHE", str(place / "cache"))
        (place / "closed").mkdir(0)
        (place / "cache" / "data" / "cifar10").mkdir(parents=True)
        with pytest.warns(UserWarning, match="closed cannot be read"):
            assert real_path("cifar10") == place / "cache" / "data" / "cifar10"


@MODES
@WHERE
def test_an_explicit_folder_that_may_not_be_looked_into_is_a_sentence(mode, below):
    with plain_user() as place:
        (place / "closed" / below).mkdir(parents=True)
        (place / "closed").chmod(mode)
        with pytest.raises(DataError, match=r"closed\S* cannot be read: Permission denied\.$"):
            real_path("cifar10", place / "closed" / below)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes such a name for one that is absent")
@pytest.mark.parametrize(
    "read",
    [
        lambda long: load_images("cifar10", folder=long),
        lambda long: image_folder("ants-bees", folder=long),
        lambda long: load_text(folder=long),
        lambda long: find_in_roots(("a",), long),
    ],
)
@pytest.mark.parametrize("long", ["x" * 5000, "/tmp/" + "x" * 300])
def test_a_folder_with_too_long_a_name_is_a_sentence(read, long):
    with pytest.raises(DataError, match=r"x cannot be read: File name too long\.$"):
        read(long)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes such a name for one that is absent")
@pytest.mark.parametrize("name", ["TORCHBOOK_DATA", "TORCHBOOK_CACHE"])
@pytest.mark.parametrize("long", ["x" * 300, "/tmp/" + "x" * 300, "/tmp" + "/xxx" * 2000])
def test_too_long_a_name_in_the_environment_is_a_sentence(monkeypatch, name, long):
    monkeypatch.setenv(name, long)
    with pytest.raises(DataError, match=rf"^{name} cannot be a folder \(File name too long\): name another one\.$"):
        real_path("cifar10")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder that is in use")
def test_a_working_folder_that_is_gone_matters_for_relative_places_alone(places, monkeypatch):
    (places / "gone").mkdir()
    monkeypatch.chdir(places / "gone")
    (places / "gone").rmdir()
    assert data_roots() == [places / "environment", places / "cache" / "data"]
    monkeypatch.setenv("TORCHBOOK_DATA", "usb")
    with pytest.raises(DataError, match="TORCHBOOK_DATA is usb in the working folder, which is gone"):
        data_roots()


@pytest.mark.parametrize(
    "read",
    [
        as_path,
        data_roots,
        lambda folder: image_folder(folder=folder),
        lambda folder: image_folder("ants-bees", folder),
        lambda folder: load_images("cifar10", folder=folder),
        lambda folder: load_text(text=folder),
    ],
)
def test_an_empty_path_is_not_the_working_folder(places, monkeypatch, read):
    (places / "hymenoptera_data").mkdir()
    monkeypatch.chdir(places)
    with pytest.raises(ValueError, match="The path is empty: name a file or a folder"):
        read("")
    assert as_path(".") == Path(os.curdir)
