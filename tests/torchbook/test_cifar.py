"""The original batches of CIFAR-10: whole ones are read, and nothing in a file can make the reader do anything else."""

import json
import os
import pickle
import subprocess
import sys

import hostile_batches
from hostile_batches import HOSTILE, Calls, array, batch
import numpy as np
from plain_user import plain_user
import pytest
from real_forms import cifar_batches, pixels, write_pickle
from torchbook.data.cifar import read_batches
from torchbook.data.errors import DataError

pytestmark = pytest.mark.faults("CIFAR pickles")

NAMES = list(HOSTILE)


def area(name: str) -> pytest.MarkDecorator:
    return pytest.mark.faults("hostile dtypes" if name.startswith("dtype") else "CIFAR pickles")


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, str]:
    """What another process says of each file: one that crashed or hung has no answer for the file, and for the rest."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, name in enumerate(NAMES):
        (folder / f"{number:03d}").mkdir()
        (folder / f"{number:03d}" / "test_batch").write_bytes(HOSTILE[name])
    command = [sys.executable, "-X", "faulthandler", hostile_batches.__file__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    said = dict(map(json.loads, done.stdout.splitlines()))
    return {NAMES[int(number)]: words for number, words in said.items()} | {"stderr": done.stderr}


@pytest.mark.parametrize("name", [pytest.param(name, marks=area(name)) for name in NAMES])
def test_a_hostile_batch_is_refused_with_one_sentence(answers, name):
    assert name in answers, answers["stderr"][-2000:]
    assert "test_batch is not a CIFAR-10 batch (" in answers[name]
    assert answers[name].endswith("): unpack the archive again.")
    assert "\n" not in answers[name]
    assert len(answers[name]) < 400


def test_the_hostile_batches_are_hostile_in_nothing_else(tmp_path):
    (tmp_path / "test_batch").write_bytes(batch())
    images, labels, classes, _ = read_batches(tmp_path, "test")
    assert images.shape == (1, 3, 32, 32)
    assert (labels.tolist(), len(classes)) == ([0], 10)


def test_the_traps_work(tmp_path):
    trace = tmp_path / "it-ran"
    content = pickle.dumps({b"data": Calls(os.mkdir, (str(trace),)), b"labels": []}, protocol=2)
    (tmp_path / "test_batch").write_bytes(content)
    with pytest.raises(DataError, match=rf"\(it asks for {os.name}\.mkdir\)"):
        read_batches(tmp_path, "test")
    assert not trace.exists()
    pickle.loads(content)
    assert trace.is_dir()


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_batches_of_every_protocol(tmp_path, protocol):
    data = pixels(20, (3072,))
    content = pickle.dumps({b"data": data, "labels": list(range(10)) * 2, b"filenames": [b"a.png"] * 20}, protocol)
    (tmp_path / "test_batch").write_bytes(content)
    images, labels, *_ = read_batches(tmp_path, "test")
    assert np.array_equal(images.reshape(20, 3072), data)
    assert labels.tolist() == list(range(10)) * 2


def test_an_array_stored_by_column(tmp_path):
    data = pixels(4, (3072,))
    columns = array(shape=(4, 3072), content=data.T.tobytes(), by_column=True)
    (tmp_path / "test_batch").write_bytes(batch(columns, [0, 1, 2, 3]))
    assert np.array_equal(read_batches(tmp_path, "test")[0].reshape(4, 3072), data)


def test_the_training_batches_come_in_their_order(tmp_path):
    folder = cifar_batches(tmp_path, each=10)
    expected = np.concatenate([pixels(10, (3, 32, 32), seed) for seed in range(5)])
    assert np.array_equal(read_batches(folder, "train")[0], expected)


def truncate(path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def folder_in_its_place(path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "has no file data_batch_3: unpack"),
        (truncate, "data_batch_3 is not a CIFAR-10 batch"),
        (folder_in_its_place, r"data_batch_3 is not a CIFAR-10 batch \(it is not a file\)"),
        (lambda path: os.truncate(path, 60_000_000), "it is larger than 50 MB"),
        (lambda path: write_pickle(path, {b"data": pixels(20, (3072,))}), "no parts named data and labels"),
        (
            lambda path: write_pickle(path, {b"data": pixels(20, (3072,)), b"labels": [1] * 19}),
            "20 images but 19 labels",
        ),
        (lambda path: write_pickle(path, {b"data": pixels(20, (3000,)), b"labels": [1] * 20}), "rows of 3,072 bytes"),
    ],
)
def test_a_broken_batch_is_named(tmp_path, spoil, words):
    folder = cifar_batches(tmp_path)
    spoil(folder / "data_batch_3")
    with pytest.raises(DataError, match=words):
        read_batches(folder, "train")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_the_place_of_a_batch_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "test_batch")
    with pytest.raises(DataError, match="it is not a file"):
        read_batches(tmp_path, "test")


def test_a_batch_in_a_folder_that_may_not_be_looked_into(tmp_path):
    with plain_user() as place:
        (place / "test_batch").write_bytes(batch())
        place.chmod(0o600)
        with pytest.raises(DataError, match=f"{place} cannot be read: Permission denied"):
            read_batches(place, "test")
