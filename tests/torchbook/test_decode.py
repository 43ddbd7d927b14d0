"""Every form in which people have the real images, whole and broken, and the arrays kept for the next time."""

import gzip
import os
import pickle
import time

import numpy as np
from PIL import Image
import pytest
from real_forms import CIFAR_CLASSES, cifar_batches, fashion_files, idx_bytes, image_folder, pixels, write_pickle
import torch
from torchbook.data import decode
from torchbook.data.drawn import GARMENT_CLASSES
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
    assert train.source == "real CIFAR-10 (cifar-10-batches-py)"


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
    assert train.source == "real CIFAR-10 (cifar10)"


def test_the_original_batches_come_before_the_image_folder(tmp_path):
    image_folder(tmp_path / "cifar10" / "train", CIFAR_CLASSES)
    cifar_batches(tmp_path)
    assert load_images("cifar10", folder=tmp_path).source.endswith("(cifar-10-batches-py)")


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_fashion_mnist(tmp_path, packed):
    fashion_files(tmp_path, packed=packed)
    train, test = (load_images("fashion-mnist", split, folder=tmp_path) for split in ("train", "test"))
    assert np.array_equal(train.images.numpy(), pixels(30, (1, 28, 28), seed=0))
    assert np.array_equal(test.images.numpy(), pixels(10, (1, 28, 28), seed=1))
    assert train.labels.tolist() == [k % 10 for k in range(30)]
    assert train.labels.dtype == torch.int64
    assert train.classes == GARMENT_CLASSES
    assert train.source == "real Fashion-MNIST (raw)"
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
    assert train.source == "real ants and bees (hymenoptera_data)"


@pytest.mark.parametrize("shape", [(64, 128), (128, 64)], ids=["wide", "tall"])
def test_a_photo_is_cut_to_its_central_square(tmp_path, shape):
    picture = np.zeros((*shape, 3), dtype=np.uint8)
    picture[shape[0] // 2 - 32 : shape[0] // 2 + 32, shape[1] // 2 - 32 : shape[1] // 2 + 32] = 200
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert np.array_equal(decode.read_picture(tmp_path / "a.png", 64), np.full((3, 64, 64), 200, dtype=np.uint8))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_a_picture_of_any_kind_has_three_channels(tmp_path, mode):
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.fromarray(pixels(1, (10, 12, 3))[0]).convert(mode).save(path)
    assert decode.read_picture(path, None).shape == (3, 10, 12)


def test_files_that_are_no_pictures_are_passed_over(tmp_path):
    home = image_folder(tmp_path / "cifar10" / "train", CIFAR_CLASSES)
    (home / "cat" / "Thumbs.db").write_bytes(b"x")
    (home / "README.md").write_text("words")
    assert len(load_images("cifar10", folder=tmp_path)) == 20


# broken ---------------------------------------------------------------------------------------------------------


def spoil_batch(change, name: str = "data_batch_1"):
    def spoil(root):
        change(cifar_batches(root) / name)

    return spoil


def batch(**changes) -> dict:
    whole = {b"data": pixels(20, (3072,)), b"labels": [k % 10 for k in range(20)]}
    return whole | {key.encode(): value for key, value in changes.items()}


def truncate(path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_idx(name: str, content: bytes | None, packed: bool = False):
    def spoil(root):
        path = fashion_files(root, packed=packed) / name
        path.unlink() if content is None else path.write_bytes(content)

    return spoil


def spoil_pictures(change):
    def spoil(root):
        change(image_folder(root / "cifar10" / "train", CIFAR_CLASSES))

    return spoil


def empty_class(home) -> None:
    (home / "zebra").mkdir()


def no_class_folders(root) -> None:
    (root / "cifar10" / "train").mkdir(parents=True)


def larger_picture(home) -> None:
    Image.new("RGB", (33, 32)).save(home / "cat" / "0001.png")


def text_as_picture(home) -> None:
    (home / "cat" / "0001.png").write_text("not found")


def gz_with_an_error() -> bytes:
    return gzip.compress(b"")[:10] + b"\xff" * 50  # a right header, then a block of a type that does not exist


TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
IMAGES = idx_bytes(pixels(30, (28, 28)))
CASES = {
    "batch missing": ("cifar10", spoil_batch(lambda path: path.unlink()), "has no file data_batch_1: unpack"),
    "batch truncated": ("cifar10", spoil_batch(truncate), "data_batch_1 is not a CIFAR-10 batch"),
    "batch empty": ("cifar10", spoil_batch(lambda path: path.write_bytes(b"")), "is not a CIFAR-10 batch"),
    "batch not a pickle": ("cifar10", spoil_batch(lambda path: path.write_bytes(b"<html>")), "is not a CIFAR-10 batch"),
    "batch stops the reader": ("cifar10", spoil_batch(lambda path: path.write_bytes(b"\x80\x02.")), "not a CIFAR-10"),
    "batch a list": ("cifar10", spoil_batch(lambda path: write_pickle(path, [1, 2])), "is not a CIFAR-10 batch"),
    "batch without labels": ("cifar10", spoil_batch(lambda path: write_pickle(path, {b"data": 1})), "not a CIFAR-10"),
    "batch of other pixels": (
        "cifar10", spoil_batch(lambda path: write_pickle(path, batch(data=pixels(20, (3000,))))), "not a CIFAR-10",
    ),
    "batch of too large values": (
        "cifar10", spoil_batch(lambda path: write_pickle(path, batch(data=[300] * 3072))), "not a CIFAR-10 batch",
    ),
    "batch with a label missing": (
        "cifar10", spoil_batch(lambda path: write_pickle(path, batch(labels=[1] * 19))), r"\(20 images but 19 labels\)",
    ),
    "batch with label 10": (
        "cifar10", spoil_batch(lambda path: write_pickle(path, batch(labels=[10] * 20))), "label is not one of 0",
    ),
    "idx missing": ("fashion-mnist", spoil_idx(TRAIN_IMAGES, None), "has neither train-images-idx3-ubyte nor"),
    "idx truncated": ("fashion-mnist", spoil_idx(TRAIN_IMAGES, IMAGES[:-1]), "is not a whole IDX file"),
    "idx too long": ("fashion-mnist", spoil_idx(TRAIN_IMAGES, IMAGES + b"x"), "is not a whole IDX file"),
    "idx without header": ("fashion-mnist", spoil_idx(TRAIN_IMAGES, b"\0\0\x08"), "is not a whole IDX file"),
    "idx of floats": ("fashion-mnist", spoil_idx(TRAIN_IMAGES, b"\0\0\x0d" + IMAGES[3:]), "is not a whole IDX file"),
    "idx of labels as images": (
        "fashion-mnist", spoil_idx(TRAIN_IMAGES, idx_bytes(np.zeros(30, np.uint8))), "IDX file of bytes with 3 dim",
    ),
    "idx with a label missing": (
        "fashion-mnist", spoil_idx(TRAIN_LABELS, idx_bytes(np.zeros(29, np.uint8))), "train: 30 images but 29 labels",
    ),
    "idx with label 10": (
        "fashion-mnist", spoil_idx(TRAIN_LABELS, idx_bytes(np.full(30, 10, np.uint8))), "label is not one of 0",
    ),
    "gz truncated": (
        "fashion-mnist", spoil_idx(f"{TRAIN_IMAGES}.gz", gzip.compress(IMAGES)[:-20], True), "cannot be unpacked",
    ),
    "gz spoilt": ("fashion-mnist", spoil_idx(f"{TRAIN_IMAGES}.gz", gz_with_an_error(), True), "cannot be unpacked"),
    "gz not packed": ("fashion-mnist", spoil_idx(f"{TRAIN_IMAGES}.gz", b"<html>", True), "cannot be unpacked"),
    "no class folders": ("cifar10", no_class_folders, r"train has no class folders: expected train/<class>/"),
    "empty class folder": ("cifar10", spoil_pictures(empty_class), r"zebra holds no \.png or \.jpg"),
    "picture truncated": (
        "cifar10", spoil_pictures(lambda home: truncate(home / "cat" / "0001.png")), r"0001\.png is no picture",
    ),
    "picture that is text": ("cifar10", spoil_pictures(text_as_picture), r"0001\.png is no picture"),
    "pictures of two sizes": ("cifar10", spoil_pictures(larger_picture), "have 2 different sizes"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "words"), CASES.values(), ids=CASES.keys())
def test_broken_data_give_one_clear_sentence_and_leave_nothing(tmp_path, name, spoil, words):
    spoil(tmp_path)
    with pytest.raises(DataError, match=words) as caught:
        load_images(name, folder=tmp_path)
    assert "\n" not in str(caught.value)
    assert kept() == []


def test_a_truncated_jpg(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels(1, (40, 40, 3))[0]).save(path)
    truncate(path)
    with pytest.raises(DataError, match=r"a\.jpg is no picture that can be read"):
        decode.read_picture(path, 16)


class Hostile:
    """A pickle of it makes a folder when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_hostile_pickle_is_refused_before_it_runs(tmp_path):
    folder, trace = cifar_batches(tmp_path), tmp_path / "it-ran"
    content = pickle.dumps({b"data": Hostile(trace), b"labels": []}, protocol=2)
    (folder / "data_batch_1").write_bytes(content)
    with pytest.raises(DataError, match=rf"data_batch_1 is not a CIFAR-10 batch \(it asks for {os.name}\.mkdir\)"):
        load_images("cifar10", folder=tmp_path)
    assert not trace.exists()
    assert kept() == []
    pickle.loads(content)  # the trap works
    assert trace.is_dir()


@pytest.mark.parametrize("name", ["builtins.eval", "builtins.getattr", "numpy.load", "codecs.encode", "os.system"])
def test_a_pickle_gets_nothing_but_arrays(tmp_path, name):
    module, function = name.split(".")
    folder = cifar_batches(tmp_path)
    (folder / "test_batch").write_bytes(f"\x80\x02c{module}\n{function}\n.".encode("latin1"))
    with pytest.raises(DataError, match=rf"it asks for (__builtin__|{module})\.{function}"):
        load_images("cifar10", "test", folder=tmp_path)


# kept for the next time -------------------------------------------------------------------------------------------


def forbid_decoding(monkeypatch) -> None:
    monkeypatch.setattr(decode, "_read_cifar_batches", lambda *_: pytest.fail("decoded again"))
    monkeypatch.setattr(decode, "read_picture", lambda *_: pytest.fail("decoded again"))


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


@pytest.mark.parametrize(
    "spoil",
    [
        truncate,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"spoilt"),
        lambda path: path.write_bytes(path.read_bytes()[:200] + b"\xff" * 99 + path.read_bytes()[299:]),
        lambda path: np.savez(path, images=np.zeros(3)),
        lambda path: np.save(path.open("wb"), np.zeros(3)),
    ],
    ids=["truncated", "empty", "text", "a byte", "parts missing", "one array"],
)
def test_a_spoilt_cache_file_is_made_again_with_a_warning(tmp_path, monkeypatch, spoil):
    cifar_batches(tmp_path)
    first = load_images("cifar10", folder=tmp_path)
    (path,) = cache_folder().rglob("*.npz")
    spoil(path)
    with pytest.warns(UserWarning, match=r"cannot be read .* it is made again"):
        second = load_images("cifar10", folder=tmp_path)
    assert torch.equal(first.images, second.images)
    forbid_decoding(monkeypatch)
    assert len(load_images("cifar10", folder=tmp_path)) == len(first)
    assert len(kept()) == 1


@FORMS
def test_an_unwritable_cache_warns_and_the_images_are_there(tmp_path, monkeypatch, make):
    make(tmp_path)
    (tmp_path / "a-file").write_text("no folder can be made below a file")
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "a-file" / "cache"))
    with pytest.warns(UserWarning, match="could not be kept in"):
        assert len(load_images("cifar10", folder=tmp_path)) in (20, 100)


def test_a_full_disk_warns_and_leaves_nothing(tmp_path, monkeypatch):
    cifar_batches(tmp_path)

    def full(file, **_):
        file.write(b"some")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decode.np, "savez", full)
    with pytest.warns(UserWarning, match="No space left"):
        load_images("cifar10", folder=tmp_path)
    assert kept() == []


# the real ones ----------------------------------------------------------------------------------------------------


@pytest.mark.real_data
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
