"""Where data are looked for."""

from pathlib import Path

import pytest
from torchbook.data.errors import DataError
from torchbook.data.folders import cache_folder, data_roots, find_in_roots, from_environment


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
