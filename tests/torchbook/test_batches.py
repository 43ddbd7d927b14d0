"""Batches against slicing by hand and against a DataLoader; how many workers are safe where."""

import multiprocessing
import os
from pathlib import Path
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import DataLoader
from torchbook.data import batches as module
from torchbook.data.batches import Batches, worker_count
from torchbook.data.images import ImageSet


def numbered(count: int = 10) -> SimpleNamespace:
    """Image i is filled with i, its label is i."""
    images = torch.arange(count, dtype=torch.uint8).reshape(-1, 1, 1, 1).expand(count, 3, 2, 2).contiguous()
    return SimpleNamespace(images=images, labels=torch.arange(count))


def order_of(batches) -> list[int]:
    return [int(label) for _, labels in batches for label in labels]


def test_batches_have_the_role_of_their_data():
    data = ImageSet(numbered().images, numbered().labels, tuple("0123456789"), "made here", role="test")
    assert Batches(data, 4).role == "test"
    assert Batches(numbered(), 4).role is None


def test_batches_equal_slices_by_hand():
    data = numbered()
    found = list(Batches(data, 4))
    expected = [(data.images[start : start + 4].float() / 255, data.labels[start : start + 4]) for start in (0, 4, 8)]
    assert len(found) == 3
    for (images, labels), (wanted_images, wanted_labels) in zip(found, expected, strict=True):
        assert images.dtype == torch.float32
        assert torch.equal(images, wanted_images)
        assert labels.dtype == torch.int64
        assert torch.equal(labels, wanted_labels)


def test_bytes_become_floats_from_0_to_1_and_stay_as_they_were():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(3, 1, 1, 1)
    data = SimpleNamespace(images=pixels, labels=torch.arange(3))
    images, _ = next(iter(Batches(data, 3)))
    assert images.flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])
    assert data.images.flatten().tolist() == [0, 51, 255]


def test_floats_are_handed_on_unchanged():
    data = SimpleNamespace(images=torch.full((2, 1, 1, 1), 7.5), labels=torch.arange(2))
    images, _ = next(iter(Batches(data, 2)))
    assert images.flatten().tolist() == [7.5, 7.5]


def test_changing_a_batch_in_place_does_not_change_the_data():
    data = SimpleNamespace(images=torch.ones(2, 1, 1, 1), labels=torch.arange(2))
    batches = Batches(data, 2)
    next(iter(batches))[0].zero_()
    assert next(iter(batches))[0].sum() == 2


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 64])
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_example_comes_once(batch_size, shuffle):
    batches = Batches(numbered(), batch_size, shuffle=shuffle)
    assert sorted(order_of(batches)) == list(range(10))
    assert all(torch.equal((images[:, 0, 0, 0] * 255).round().long(), labels) for images, labels in batches)


def test_shuffling_repeats_with_the_seed_and_changes_between_passes():
    one, same, other = (Batches(numbered(50), 8, shuffle=True, seed=seed) for seed in (3, 3, 4))
    first, second = order_of(one), order_of(one)
    assert first != second
    assert first != list(range(50))
    assert [order_of(same), order_of(same)] == [first, second]
    assert order_of(other) != first


def test_the_order_does_not_depend_on_the_global_generator():
    torch.manual_seed(0)
    first = order_of(Batches(numbered(50), 8, shuffle=True))
    torch.manual_seed(1)
    assert order_of(Batches(numbered(50), 8, shuffle=True)) == first


@pytest.mark.parametrize(
    ("count", "drop_last", "sizes"),
    [(10, False, [4, 4, 2]), (10, True, [4, 4]), (8, False, [4, 4]), (8, True, [4, 4]), (3, False, [3]), (3, True, [])],
)
def test_a_short_last_batch_is_kept_or_dropped_and_counted(count, drop_last, sizes):
    batches = Batches(numbered(count), 4, drop_last=drop_last, shuffle=True)
    assert [len(labels) for _, labels in batches] == sizes
    assert len(batches) == len(sizes)


def test_the_transform_is_called_once_a_batch_with_floats():
    seen = []

    def double(images):
        seen.append((images.dtype, len(images)))
        return images * 2

    images, _ = next(iter(Batches(numbered(), 10, transform=double)))
    assert torch.equal(images, numbered().images.float() / 255 * 2)
    list(Batches(numbered(), 4, transform=double))
    assert seen == [(torch.float32, size) for size in (10, 4, 4, 2)]


@pytest.mark.parametrize("batch_size", [0, -3])
def test_a_batch_size_below_1_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"batch_size must be 1 or more, got {batch_size}"):
        Batches(numbered(), batch_size)


def test_a_data_loader_over_an_image_set_gives_the_same_examples():
    data = ImageSet(numbered().images, numbered().labels, tuple("abcdefghij"), "made here")
    loader = DataLoader(data, batch_size=4)
    batches = Batches(data, 4)
    assert len(loader) == len(batches)
    for (raw, numbers), (images, labels) in zip(loader, batches, strict=True):
        assert torch.equal(raw.float() / 255, images)
        assert torch.equal(numbers, labels)


@pytest.mark.parametrize(
    ("platform", "method", "cores", "wanted", "expected"),
    [
        ("linux", "fork", 8, 2, 2),
        ("linux", "fork", 8, 0, 0),
        ("linux", "fork", 3, 16, 3),
        ("linux", "fork", None, 4, 1),  # the number of cores is unknown
        ("linux", "spawn", 8, 2, 0),
        ("linux", "forkserver", 8, 2, 0),
        ("win32", "spawn", 8, 2, 0),
        ("darwin", "spawn", 8, 2, 0),
        ("darwin", "fork", 8, 2, 0),  # chosen by hand, and unsafe on macOS
    ],
)
def test_workers_only_where_they_are_forked_and_at_most_one_a_core(
    monkeypatch, platform, method, cores, wanted, expected
):
    monkeypatch.setattr(module.sys, "platform", platform)
    monkeypatch.setattr(module.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda allow_none=False: method)
    assert worker_count(wanted) == expected


@pytest.mark.parametrize(("methods", "expected"), [(["fork", "spawn"], 2), (["forkserver", "fork", "spawn"], 0)])
def test_the_default_method_counts_where_none_was_chosen(monkeypatch, methods, expected):
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    monkeypatch.setattr(multiprocessing, "get_start_method", lambda allow_none=False: None)
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: methods)
    assert worker_count(2) == expected


@pytest.mark.skipif(sys.platform != "linux" or sys.version_info >= (3, 14), reason="workers are not forked here")
@pytest.mark.parametrize(("length", "expected"), [(75, 1), (76, 0), (200, 0)])
def test_no_workers_where_the_temporary_folder_has_too_long_a_path(length, expected):
    code = (
        "import torch; from torch.utils.data import DataLoader; from torchbook.data.batches import worker_count; "
        "count = worker_count(1); loader = DataLoader(torch.arange(4), batch_size=2, num_workers=count); "
        "print(count, [batch.tolist() for batch in loader])"
    )
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        place = Path(folder) / ("x" * (length - len(folder) - 1))
        place.mkdir()
        env = {**os.environ, "TMPDIR": str(place)}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == (f"{expected} [[0, 1], [2, 3]]\n", 0), done.stderr


def test_asking_does_not_fix_the_start_method():
    code = "import multiprocessing as m; from torchbook.data.batches import worker_count; worker_count(); " \
           "m.set_start_method('spawn'); print(worker_count())"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(ValueError, match="0 or more workers, got -1"):
        worker_count(-1)
