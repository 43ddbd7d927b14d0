"""Every form in which people have the real images, whole and broken, and the arrays kept for the next time."""

import os
import time

import numpy as np
from PIL import Image
from plain_user import plain_user
import pytest
from real_forms import CIFAR_CLASSES, cifar_batches, fashion_files, image_folder, pixels, write_pickle
import torch
from torchbook.data import decode, images
from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.data.folders import cache_folder
from torchbook.data.images import load_images


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """A cache of this test's own, so that it can be looked into."""
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept() -> list[str]:
    return [path.name for path in sorted(cache_folder().rglob("*")) if path.is_file()]


# whole ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("python2", [True, False], ids=["python 2", "python 3"])
def test_cifar_as_the_original_batches(tmp_path, python2):
    cifar_batches(tmp_path, each=20, python2=python2)
    train, test = (load_images("cifar10", split, folder=tmp_path) for split in ("train", "test"))
    expected = np.concatenate([pixels(20, (3, 32, 32), seed) for seed in range(5)])
    assert np.array_equal(train.images.numpy(), expected)
    assert np.array_equal(test.images.numpy(), pixels(20, (3, 32, 32), seed=5))
    assert train.labels.tolist() == [k % 10 for k in range(20)] * 5
    assert (train.images.dtype, train.labels.dtype) == (torch.uint8, torch.int64)
    assert list(train.classes) == CIFAR_CLASSES
    assert train.source == "real CIFAR-10 (cifar-10-batches-py, 100 of 50,000)"


@pytest.mark.parametrize("ending", ["png", "jpg", "JPEG"])
def test_cifar_as_an_image_folder(tmp_path, ending):
    image_folder(tmp_path / "cifar10" / "train", CIFAR_CLASSES, each=3, ending=ending)
    image_folder(tmp_path / "cifar10" / "test", CIFAR_CLASSES, each=1, ending=ending)
    train, test = (load_images("cifar10", split, folder=tmp_path) for split in ("train", "test"))
    assert train.images.shape == (30, 3, 32, 32)
    assert test.images.shape == (10, 3, 32, 32)
    assert train.labels.tolist() == [label for label in range(10) for _ in range(3)]
    assert list(train.classes) == CIFAR_CLASSES
    fill = torch.tensor([20 * label + k for label in range(10) for k in range(3)])
    assert (train.images[:, :, 16, 16] - fill[:, None]).abs().max() <= 1  # jpg rounds
    assert train.source == "real CIFAR-10 (cifar10, 30 of 50,000)"


def test_the_original_batches_come_before_the_image_folder(tmp_path):
    image_folder(tmp_path / "cifar10" / "train", CIFAR_CLASSES)
    cifar_batches(tmp_path)
    assert load_images("cifar10", folder=tmp_path).source.startswith("real CIFAR-10 (cifar-10-batches-py")


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_fashion_mnist(tmp_path, packed):
    fashion_files(tmp_path, packed=packed)
    train, test = (load_images("fashion-mnist", split, folder=tmp_path) for split in ("train", "test"))
    assert np.array_equal(train.images.numpy(), pixels(30, (1, 28, 28), seed=0))
    assert np.array_equal(test.images.numpy(), pixels(10, (1, 28, 28), seed=1))
    assert train.labels.tolist() == [k % 10 for k in range(30)]
    assert train.labels.dtype == torch.int64
    assert train.classes == card("fashion-mnist").classes
    assert train.source == "real Fashion-MNIST (raw, 30 of 60,000)"
    train.images.zero_()  # writable: not a view of the file's bytes


def test_ants_and_bees_of_any_shape_become_squares(tmp_path):
    home = tmp_path / "hymenoptera_data"
    image_folder(home / "train", ["ants", "bees"], each=2, ending="jpg", shape=(90, 60))
    image_folder(home / "val", ["ants", "bees"], each=1, ending="jpg", shape=(40, 200))
    train, val = (load_images("ants-bees", split, folder=tmp_path) for split in ("train", "val"))
    assert train.images.shape == (4, 3, 64, 64)
    assert val.images.shape == (2, 3, 64, 64)
    assert load_images("ants-bees", "val", folder=tmp_path, size=48).images.shape == (2, 3, 48, 48)
    assert train.classes == ("ants", "bees")
    assert train.labels.tolist() == [0, 0, 1, 1]
    assert train.source == "real ants and bees (hymenoptera_data, 4 of 244)"


def test_files_that_are_no_pictures_are_passed_over(tmp_path):
    home = image_folder(tmp_path / "cifar10" / "train", CIFAR_CLASSES)
    (home / "cat" / "Thumbs.db").write_bytes(b"x")
    (home / "README.md").write_text("words")
    assert len(load_images("cifar10", folder=tmp_path)) == 20


# broken ---------------------------------------------------------------------------------------------------------


def batch(**changes) -> dict:
    whole = {b"data": pixels(20, (3072,)), b"labels": [k % 10 for k in range(20)]}
    return whole | {key.encode(): value for key, value in changes.items()}


def truncate(path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_pictures(change):
    def spoil(root):
        change(image_folder(root / "cifar10" / "train", CIFAR_CLASSES))

    return spoil


def extra_class(home) -> None:
    image_folder(home, ["zebra"])


def empty_class(home) -> None:
    for path in (home / "cat").iterdir():
        path.unlink()


def no_bird(home) -> None:
    (home / "bird").rename(home.parent.parent / "bird")


def no_class_folders(root) -> None:
    (root / "cifar10" / "train").mkdir(parents=True)


def no_split(root) -> None:
    image_folder(root / "cifar10" / "test", CIFAR_CLASSES)


def batches_that_are_a_file(root) -> None:
    (root / "cifar-10-batches-py").write_text("not a folder")


def larger_picture(home) -> None:
    Image.new("RGB", (33, 32)).save(home / "cat" / "0001.png")


def text_as_picture(home) -> None:
    (home / "cat" / "0001.png").write_text("not found")


def bees_alone(root) -> None:
    for phase, names in (("train", ["ants", "bees"]), ("val", ["bees"])):
        image_folder(root / "hymenoptera_data" / phase, names)


def cats_and_dogs(root) -> None:
    for phase in ("train", "val"):
        image_folder(root / "hymenoptera_data" / phase, ["cats", "dogs", "owls"])


CASES = {
    "no class folders": ("cifar10", no_class_folders, r"train has no class folders: expected train/<class>/"),
    "empty class folder": ("cifar10", spoil_pictures(empty_class), "cat holds no picture: fill it"),
    "picture truncated": (
        "cifar10", spoil_pictures(lambda home: truncate(home / "cat" / "0001.png")), r"0001\.png is no picture",
    ),
    "picture that is text": ("cifar10", spoil_pictures(text_as_picture), r"0001\.png is no picture"),
    "pictures of two sizes": ("cifar10", spoil_pictures(larger_picture), "has 33 x 32 pixels instead of 32 x 32"),
    "a class too many": ("cifar10", spoil_pictures(extra_class), "class 'zebra' in train of .* is none of CIFAR-10"),
    "a class missing": ("cifar10", spoil_pictures(no_bird), "class 'bird' of CIFAR-10 is missing in train of"),
    "no such split": ("cifar10", no_split, "has no folder train: fetch"),
    "batches that are a file": ("cifar10", batches_that_are_a_file, "cifar-10-batches-py is not a folder"),
    "other people's classes": ("ants-bees", cats_and_dogs, r"class 'ants' of ants and bees is missing .*load_images\("),
}  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "words"), CASES.values(), ids=CASES.keys())
def test_broken_data_give_one_clear_sentence_and_leave_nothing(tmp_path, name, spoil, words):
    spoil(tmp_path)
    with pytest.raises(DataError, match=words) as caught:
        load_images(name, folder=tmp_path)
    assert "\n" not in str(caught.value)
    assert kept() == []


def test_a_class_missing_in_one_split_does_not_renumber_the_others(tmp_path):
    bees_alone(tmp_path)
    assert load_images("ants-bees", "train", folder=tmp_path).classes == ("ants", "bees")
    with pytest.raises(DataError, match="class 'ants' of ants and bees is missing in val of"):
        load_images("ants-bees", "val", folder=tmp_path)
    with pytest.raises(DataError, match="class 'ants' of ants and bees is missing in val of"):
        images.image_folder("ants-bees", tmp_path)


def make_insects(root) -> None:
    for phase in ("train", "val"):
        image_folder(root / "hymenoptera_data" / phase, ["ants", "bees"], each=2)


CLOSED = [
    ("cifar10", "cifar-10-batches-py", lambda root: cifar_batches(root)),
    ("cifar10", "cifar10/train/cat", lambda root: image_folder(root / "cifar10" / "train", CIFAR_CLASSES)),
    ("fashion-mnist", "FashionMNIST/raw", lambda root: fashion_files(root)),
    ("fashion-mnist", "FashionMNIST", lambda root: fashion_files(root)),
    *(("ants-bees", f"hymenoptera_data{part}", make_insects) for part in ("", "/train", "/train/ants")),
]


@pytest.mark.parametrize("mode", [0, 0o400, 0o600])
@pytest.mark.parametrize(("name", "part", "make"), CLOSED, ids=[part for _, part, _ in CLOSED])
def test_a_part_that_may_not_be_read_is_a_sentence(monkeypatch, mode, name, part, make):
    with plain_user() as root:
        monkeypatch.setenv("TORCHBOOK_CACHE", str(root / "cache"))
        make(root)
        (root / part).chmod(mode)
        reads = [lambda: load_images(name, folder=root)]
        if name == "ants-bees" and part != "hymenoptera_data/train/ants":
            reads.append(lambda: images.image_folder(name, root))
        for read in reads:
            with pytest.raises(DataError, match=r" cannot be read: Permission denied\.$") as caught:
                read()
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spoil", [
    lambda path: path.chmod(0), lambda path: (path.unlink(), os.mkfifo(path)),
    lambda path: (path.unlink(), path.symlink_to("/dev/zero")), lambda path: (path.unlink(), path.symlink_to("no.png")),
])  # fmt: skip
def test_a_picture_that_cannot_be_copied_for_torchvision_is_a_sentence(monkeypatch, spoil):
    with plain_user() as root:
        monkeypatch.setenv("TORCHBOOK_CACHE", str(root / "cache"))
        make_insects(root)
        (root / "hymenoptera_data" / "train" / ".DS_Store").touch()
        assert images.image_folder("ants-bees", root) != root / "hymenoptera_data"
        spoil(root / "hymenoptera_data" / "train" / "ants" / "0001.png")
        later(root / "hymenoptera_data" / "val" / "ants" / "0001.png")  # so that it is copied again
        with pytest.raises(DataError, match=r"0001\.png (cannot be read: Permission denied|is no picture file)"):
            images.image_folder("ants-bees", root)


# kept for the next time -------------------------------------------------------------------------------------------


def forbid_decoding(monkeypatch) -> None:
    monkeypatch.setattr(decode, "read_batches", lambda *_: pytest.fail("decoded again"))
    monkeypatch.setattr(decode, "read_classes", lambda *_: pytest.fail("decoded again"))


def make_batches(root) -> None:
    cifar_batches(root)


def make_pictures(root) -> None:
    image_folder(root / "cifar10" / "train", CIFAR_CLASSES)


FORMS = pytest.mark.parametrize("make", [make_batches, make_pictures])


@FORMS
def test_the_second_load_does_not_decode(tmp_path, monkeypatch, make):
    make(tmp_path)
    first = load_images("cifar10", folder=tmp_path)
    assert len(kept()) == 1
    forbid_decoding(monkeypatch)
    second = load_images("cifar10", folder=tmp_path)
    assert torch.equal(first.images, second.images)
    assert torch.equal(first.labels, second.labels)
    assert (first.classes, first.source) == (second.classes, second.source)


def test_sizes_and_splits_are_kept_apart(tmp_path):
    image_folder(tmp_path / "hymenoptera_data" / "train", ["ants", "bees"], each=2)
    image_folder(tmp_path / "hymenoptera_data" / "val", ["ants", "bees"], each=1)
    wanted = {("train", 16): 4, ("train", 32): 4, ("val", 16): 2}
    found = {key: load_images("ants-bees", key[0], folder=tmp_path, size=key[1]).images.shape for key in wanted}
    again = {key: load_images("ants-bees", key[0], folder=tmp_path, size=key[1]).images.shape for key in wanted}
    assert found == again == {(split, size): (count, 3, size, size) for (split, size), count in wanted.items()}


def later(path) -> None:
    """Give a file another time, as a change of its content does."""
    stamp = time.time() + 5
    os.utime(path, (stamp, stamp))


def add_picture(home) -> None:
    Image.new("RGB", (32, 32), (250, 250, 250)).save(home / "cat" / "0009.png")


def replace_picture(home) -> None:
    Image.new("RGB", (32, 32), (250, 250, 250)).save(home / "cat" / "0001.png")
    later(home / "cat" / "0001.png")


def remove_picture(home) -> None:
    (home / "cat" / "0001.png").unlink()


@pytest.mark.parametrize(("change", "count", "bright"), [(add_picture, 21, 1), (replace_picture, 20, 1),
                                                         (remove_picture, 19, 0)])  # fmt: skip
def test_a_changed_folder_is_decoded_anew(tmp_path, change, count, bright):
    home = image_folder(tmp_path / "cifar10" / "train", CIFAR_CLASSES)
    load_images("cifar10", folder=tmp_path)
    change(home)
    images = load_images("cifar10", folder=tmp_path)
    assert len(images) == count
    assert (images.images[images.labels == 3] == 250).flatten(1).all(1).sum() == bright


def test_a_replaced_batch_is_decoded_anew(tmp_path):
    folder = cifar_batches(tmp_path)
    load_images("cifar10", folder=tmp_path)
    write_pickle(folder / "data_batch_1", batch(data=np.zeros((20, 3072), dtype=np.uint8)))
    later(folder / "data_batch_1")
    assert load_images("cifar10", folder=tmp_path).images[:20].sum() == 0


# the real ones ----------------------------------------------------------------------------------------------------


@pytest.mark.real_data
@pytest.mark.long  # 60,000 files
def test_real_cifar(real_data, monkeypatch):
    train, test = (load_images("cifar10", split, folder=real_data, source="real") for split in ("train", "test"))
    assert train.images.shape == (50_000, 3, 32, 32)
    assert test.images.shape == (10_000, 3, 32, 32)
    assert list(train.classes) == list(test.classes) == CIFAR_CLASSES
    assert torch.bincount(train.labels).tolist() == [5000] * 10
    assert torch.bincount(test.labels).tolist() == [1000] * 10
    assert 0.47 < train.images.float().mean() / 255 < 0.48  # 0.473, as often published
    forbid_decoding(monkeypatch)
    assert torch.equal(load_images("cifar10", "test", folder=real_data).images, test.images)


@pytest.mark.real_data
def test_real_fashion_mnist(real_data):
    train, test = (load_images("fashion-mnist", split, folder=real_data, source="real") for split in ("train", "test"))
    assert train.images.shape[1:] == test.images.shape[1:] == (1, 28, 28)
    assert len(train) in (3000, 60_000)  # a part of it is enough here
    assert len(test) in (600, 10_000)
    assert train.labels.unique().tolist() == test.labels.unique().tolist() == list(range(10))
    assert train.labels[:4].tolist() == [9, 0, 0, 3]  # the well-known beginning


@pytest.mark.real_data
def test_real_ants_and_bees(real_data):
    train, val = (load_images("ants-bees", split, folder=real_data, source="real") for split in ("train", "val"))
    assert train.images.shape == (len(train), 3, 64, 64)
    assert train.classes == val.classes == ("ants", "bees")
    assert (len(train), len(val)) == (244, 153)  # all but one file in train/ants, which is a .gif without an ant
