"""`bookkit doctor` and `bookkit data`: rows, remedies, sentences."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
import sys

from jupyter_client import kernelspec
import pytest
import threadpoolctl
from tiny_books import first_chapter, make_book
from torchbook.data.errors import DataError
from torchbook.data.images import load_images
from torchbook.data.text import load_text
from torchbook.device import pick_device
from typer.testing import CliRunner

from bookkit import doctor
from bookkit.cli import absolute_places, app


@pytest.fixture
def book(tmp_path):
    return make_book(tmp_path / "book", {"01_first": first_chapter()})


def bookkit(root: Path, *words: str, **env: str):
    return CliRunner().invoke(app, list(words), env={"BOOKKIT_ROOT": str(root), **env})


def test_every_row_is_ok_or_says_what_to_do(book):
    rows = doctor.examine(book)
    names = [row.check for row in rows]
    assert {"Python", "PyTorch", "device", "packages", "Jupyter kernel", "memory", "disk", "fonts"} < set(names)
    assert {"data folder", "data: cifar10", "data: digits", "notebooks"} < set(names)
    assert all(row.state in (doctor.OK, doctor.NOTE, doctor.PROBLEM) for row in rows)
    assert all(row.remedy for row in rows if row.state != doctor.OK)


@pytest.mark.parametrize(
    ("requirements", "state", "part"),
    [
        ("nbformat>=5  # notebooks\n# a comment\n-e .\n", doctor.OK, "1 packages"),
        ("nbformat==0.0.1\n", doctor.NOTE, "instead of ==0.0.1"),
        ("no-such-package-of-the-book==1.0\n", doctor.PROBLEM, "missing: no-such-package-of-the-book"),
        ('no-such-package==1.0; python_version < "3"\n', doctor.OK, "0 packages"),
    ],
)
def test_packages_are_held_against_requirements(book, requirements, state, part):
    (book / "requirements.txt").write_text(requirements)
    [row] = doctor.packages(book)
    assert row.state == state
    assert part in row.found


def test_old_python_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 9, 1))
    [row] = doctor.python(None)
    assert row.state == doctor.PROBLEM
    assert "3.11" in row.remedy


@pytest.mark.parametrize(
    ("pools", "state"),
    [
        ([("openmp", "libgomp", "a.so"), ("openmp", "libgomp", "b.so")], doctor.OK),
        ([("openmp", "libiomp", "a.dll"), ("blas", "openblas", "b.dll")], doctor.OK),
        ([("openmp", "libiomp", "a.dll"), ("openmp", "libiomp", "b.dll")], doctor.NOTE),
        ([("openmp", "libomp", "a.dylib"), ("openmp", "libiomp", "b.dylib")], doctor.NOTE),
    ],
)
def test_two_openmp_libraries_that_disagree_are_told(monkeypatch, pools, state):
    keys = ("user_api", "internal_api", "filepath")
    monkeypatch.setattr(
        threadpoolctl, "threadpool_info", lambda: [dict(zip(keys, pool, strict=True)) for pool in pools]
    )
    [row] = doctor.openmp(None)
    assert row.state == state
    assert state == doctor.OK or (pools[0][2] in row.found and pools[1][2] in row.found)


@pytest.mark.parametrize(
    ("program", "state"),
    [("python", doctor.OK), (sys.executable, doctor.OK), (os.path.abspath("/elsewhere/bin/python"), doctor.NOTE)],
)
def test_a_kernel_of_another_environment_is_told(tmp_path, monkeypatch, program, state):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(
        json.dumps({"argv": [program, "-m", "x"], "display_name": "x", "language": "x"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    [row] = doctor.kernel(None)
    assert row.state == state
    assert (program in row.found and sys.executable in row.found) == (state == doctor.NOTE)


def test_no_kernel_is_a_problem(monkeypatch):
    def none(self, name):
        raise kernelspec.NoSuchKernel(name)

    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", none)
    [row] = doctor.kernel(None)
    assert (row.state, row.found) == (doctor.PROBLEM, "none named python3")


def test_a_proxy_is_told_without_its_password(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    [row] = doctor.proxy(None)
    assert (row.state, row.found) == (doctor.OK, "none")
    monkeypatch.setenv("HTTPS_PROXY", "http://ann:secret@proxy.example.org:8080")
    [row] = doctor.proxy(None)
    assert (row.state, row.found) == (doctor.NOTE, "https through proxy.example.org")
    assert "secret" not in row.remedy


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("proxy.example.org:8080", doctor.NOTE),
        ("http://[::1]:8080", doctor.NOTE),
        ("http://[::1:", doctor.PROBLEM),
        ("x:y", doctor.PROBLEM),
        ("http://", doctor.PROBLEM),
    ],
)
def test_a_proxy_that_is_no_address_is_told(monkeypatch, address, state):
    monkeypatch.setattr(doctor, "getproxies", lambda: {"https": address})
    [row] = doctor.proxy(None)
    assert row.state == state
    assert "None" not in row.found
    assert state == doctor.NOTE or row.found == "no address of a proxy: HTTPS_PROXY"


@pytest.mark.parametrize("name", ["gpu", "meta", "cuda:99"])
def test_a_device_that_the_chapters_refuse_is_a_problem_in_the_same_words(monkeypatch, name):
    monkeypatch.setenv("TORCHBOOK_DEVICE", name)
    [row] = doctor.devices(None)
    assert row.state == doctor.PROBLEM
    with pytest.raises((ValueError, RuntimeError)) as caught:
        pick_device()
    assert row.found == str(caught.value)
    assert "TORCHBOOK_DEVICE" in row.remedy


@pytest.mark.parametrize("place", ["file", "absent", "."])
def test_a_data_folder_that_is_none_is_told(tmp_path, monkeypatch, place):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / place))
    rows = [row for row in doctor.data_sets(None) if row.check == "TORCHBOOK_DATA"]
    assert [row.state for row in rows] == ([] if place == "." else [doctor.NOTE])
    assert all(str(tmp_path / place) in row.found for row in rows)


def test_a_cache_folder_that_cannot_be_made_is_a_problem(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "file" / "cache"))
    [row] = doctor.cache(None)
    assert row.state == doctor.PROBLEM
    assert "TORCHBOOK_CACHE" in row.remedy


def test_real_data_are_told_from_the_stand_in(tmp_path, monkeypatch):
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_text("My own text.", encoding="utf-8")
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path))
    rows = {row.check: row for row in doctor.data_sets(None)}
    assert rows["data: shakespeare"].state == doctor.OK
    assert rows["data: shakespeare"].found == load_text().source
    assert rows["data: fashion-mnist"].state == doctor.NOTE
    assert rows["data: fashion-mnist"].remedy == "bookkit data fetch fashion-mnist"
    assert rows["data: digits"].state == doctor.OK


def test_data_that_the_loader_refuses_are_a_problem_in_the_same_words(tmp_path, monkeypatch):
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{part}-ubyte.gz").write_bytes(gzip.compress(b"cut off"))
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path))
    [row] = [row for row in doctor.data_sets(None) if row.check == "data: fashion-mnist"]
    assert row.state == doctor.PROBLEM
    with pytest.raises(DataError) as caught:
        load_images("fashion-mnist")
    assert row.found == str(caught.value)
    assert row.remedy == "bookkit data fetch fashion-mnist --force"


def test_a_relative_place_of_data_is_made_absolute(tmp_path, monkeypatch):
    (tmp_path / "usb").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("TORCHBOOK_DATA", "usb")
    monkeypatch.setenv("TORCHBOOK_CACHE", "~no-such-user/cache")
    monkeypatch.chdir(tmp_path / "notebooks")
    absolute_places()
    assert os.environ["TORCHBOOK_DATA"] == str(tmp_path / "usb")
    assert os.environ["TORCHBOOK_CACHE"] == "~no-such-user/cache"


def test_a_check_that_breaks_is_a_problem_and_the_others_go_on(book, monkeypatch):
    def broken(root):
        raise OSError("the disk is gone")

    broken.__name__ = "disk"
    monkeypatch.setattr(doctor, "disk", broken)
    rows = doctor.examine(book)
    assert doctor.Row("disk", doctor.PROBLEM, "OSError: the disk is gone", doctor.INSTALL) in rows
    assert rows[-1].check == "notebooks"


def test_the_table_shows_rows_and_passes_without_a_problem(book):
    result = bookkit(book, "doctor")
    assert result.exit_code == 0, result.output
    assert "1 chapters" in result.stdout


def test_json_and_exit_code_1_where_there_is_no_book(tmp_path):
    result = bookkit(tmp_path, "doctor", "--json")
    assert result.exit_code == 1
    rows = {row["check"]: row for row in json.loads(result.stdout)}
    assert rows["notebooks"]["state"] == "problem"
    assert "BOOKKIT_ROOT" in rows["notebooks"]["remedy"]


def test_data_list_names_every_set(book):
    result = bookkit(book, "data", "list")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in ("digits", "cifar10", "ants-bees", "shakespeare", "names"))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["data", "path", "mnist-of-cats"], "cifar10"),
        (["data", "fetch", "mnist-of-cats"], "cifar10"),
        (["data", "path", "cifar10"], "bookkit data fetch cifar10"),
        (["data", "path", "digits"], "Nothing to download: the digits come with scikit-learn."),
    ],
)
def test_data_that_are_unknown_or_absent_are_one_sentence(book, words, part):
    result = bookkit(book, *words)
    assert result.exit_code == 2
    assert part in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [["list"], ["path"], ["path", "cifar10"], ["fetch", "cifar10"]])
@pytest.mark.parametrize(
    ("place", "part"), [("~nosuchuser/x", "home of a user who is not known"), (f"/tmp/{'x' * 300}", "too long")]
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows neither")
def test_a_data_folder_that_cannot_be_one_is_a_sentence(book, words, place, part):
    result = bookkit(book, "data", *words, TORCHBOOK_DATA=place)
    assert result.exit_code == 2
    assert part in result.stderr
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1


def test_data_path_is_where_the_data_lie(book, tmp_path):
    (tmp_path / "cifar10").mkdir()
    assert bookkit(book, "data", "path", "cifar10", TORCHBOOK_DATA=str(tmp_path)).stdout == f"{tmp_path / 'cifar10'}\n"
    assert bookkit(book, "data", "path", TORCHBOOK_DATA=str(tmp_path)).stdout.splitlines()[0] == str(tmp_path)


def test_fetch_without_a_name_goes_on_after_a_set_that_fails(book, monkeypatch):
    from torchbook.data import fetch

    asked = []

    def broken(name, folder, force):
        asked.append(name)
        if len(asked) == 1:
            raise OSError("the mirror is gone")
        return Path("somewhere") / name

    monkeypatch.setattr(fetch, "fetch", broken)
    result = bookkit(book, "data", "fetch")
    assert result.exit_code == 1
    assert result.stderr == "the mirror is gone\n"
    assert len(asked) > 3
    assert [Path(line).name for line in result.stdout.splitlines()] == asked[1:]


@pytest.mark.parametrize("words", [["all"], []])
def test_fetch_all_to_a_stick_says_how_to_use_it(book, tmp_path, monkeypatch, words):
    from torchbook.data import fetch

    asked = []
    monkeypatch.setattr(
        fetch, "fetch", lambda name, folder, force: asked.append((name, folder, force)) or f"{folder}/{name}"
    )
    result = bookkit(book, "data", "fetch", *words, "--to", str(tmp_path), "--force")
    assert result.exit_code == 0, result.output
    assert asked == [
        (n, str(tmp_path), True) for n in ("cifar10", "fashion-mnist", "ants-bees", "shakespeare", "names")
    ]
    assert f"TORCHBOOK_DATA={tmp_path}" in result.stdout.splitlines()[-1]


def test_fetch_of_a_set_that_needs_no_download_names_no_place(book):
    result = bookkit(book, "data", "fetch", "digits")
    assert result.exit_code == 0
    assert result.stdout == "Nothing to download: the digits come with scikit-learn.\n"
