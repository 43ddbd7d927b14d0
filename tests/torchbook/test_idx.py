"""Fashion-MNIST's files: whole ones are read, broken ones give one sentence."""

import gzip
import os
import struct
import subprocess
import sys

import numpy as np
from plain_user import plain_user
import pytest
from real_forms import fashion_files, idx_bytes, pixels
from torchbook.data import idx
from torchbook.data.errors import DataError
from torchbook.data.idx import read_idx

pytestmark = pytest.mark.faults("IDX files")

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
WHOLE = idx_bytes(pixels(30, (28, 28)))


def header(*sizes: int, kind: int = 8, dimensions: int | None = None) -> bytes:
    return bytes([0, 0, kind, len(sizes) if dimensions is None else dimensions]) + struct.pack(
        f">{len(sizes)}I", *sizes
    )


def labels(values) -> bytes:
    return idx_bytes(np.asarray(values, dtype=np.uint8))


def bad_block() -> bytes:
    return gzip.compress(b"")[:10] + b"\xff" * 50  # a right header, then a block of a type that does not exist


def wrong_sum() -> bytes:
    packed = bytearray(gzip.compress(WHOLE))
    packed[-8] ^= 1
    return bytes(packed)


BIG = 2**32 - 1
PLAIN = {
    "empty": (IMAGES, b"", "not a whole IDX file"),
    "three bytes": (IMAGES, b"\0\0\x08", "not a whole IDX file"),
    "no sizes": (IMAGES, b"\0\0\x08\x03", "not a whole IDX file"),
    "half a size": (IMAGES, WHOLE[:10], "not a whole IDX file"),
    "a byte too few": (IMAGES, WHOLE[:-1], "not a whole IDX file"),
    "a byte too many": (IMAGES, WHOLE + b"x", "not a whole IDX file"),
    "a picture too few": (IMAGES, WHOLE[:-784], "not a whole IDX file"),
    "html": (IMAGES, b"<html></html>", "not a whole IDX file"),
    "first bytes": (IMAGES, b"\1" + WHOLE[1:], "not a whole IDX file"),
    "the other byte order": (IMAGES, WHOLE[:4] + struct.pack("<3I", 30, 28, 28) + WHOLE[16:], "not a whole IDX file"),
    **{f"type {kind}": (IMAGES, header(1, 28, 28, kind=kind) + bytes(784), "not a whole IDX file of bytes")
       for kind in (0, 9, 11, 12, 13, 14)},
    "labels for images": (IMAGES, labels(range(10)), "IDX file of bytes with 3 dim"),
    "four dimensions": (IMAGES, header(30, 28, 28, 1) + bytes(30 * 784), "with 3 dim"),
    "no dimension": (IMAGES, header(dimensions=0), "not a whole IDX file"),
    "255 dimensions": (IMAGES, header(*[1] * 255), "not a whole IDX file"),
    "a negative count": (IMAGES, header(BIG, 28, 28) + bytes(784), "not a whole IDX file"),
    "two negative sizes": (IMAGES, header(30, BIG - 27, BIG - 27) + WHOLE[16:], "not a whole IDX file"),
    "sizes that overflow": (IMAGES, header(2**31, 2**31, 4), "not a whole IDX file"),
    "no pictures": (IMAGES, header(0, 28, 28), "IDX file without any entry"),
    "pictures of no size": (IMAGES, header(30, 0, 28), "pictures of 0x28 pixels instead of 28x28"),
    "pictures of 14 x 56": (IMAGES, header(30, 14, 56) + WHOLE[16:], "pictures of 14x56 pixels instead of 28x28"),
    "larger pictures": (IMAGES, idx_bytes(pixels(30, (32, 32))), "pictures of 32x32 pixels instead of 28x28"),
    "one picture less": (IMAGES, idx_bytes(pixels(29, (28, 28))), "29 images but 30 labels"),
    "a label less": (LABELS, labels([0] * 29), "30 images but 29 labels"),
    "a label more": (LABELS, labels([0] * 31), "30 images but 31 labels"),
    "no labels": (LABELS, header(0), "IDX file without any entry"),
    "label 10": (LABELS, labels([10] + [0] * 29), "a label is not one of 0 ... 9"),
    "label 255": (LABELS, labels([0] * 29 + [255]), "a label is not one of 0 ... 9"),
    "images for labels": (LABELS, WHOLE, "is larger than|with 1 dim"),
    "labels in a row": (LABELS, header(30, 1) + bytes(30), "with 1 dim"),
    "too large a file": (LABELS, header(100_001) + bytes(100_001), "is larger than 100,008 bytes"),
}  # fmt: skip
PACKED = {
    "not packed": (b"<html>", "cannot be read or unpacked"),
    "empty": (b"", "cannot be read or unpacked"),
    "cut": (gzip.compress(WHOLE)[:-20], "cannot be read or unpacked .it ends too early"),
    "without its end": (gzip.compress(WHOLE)[:-8], "cannot be read or unpacked .it ends too early"),
    "its header alone": (gzip.compress(WHOLE)[:10], "cannot be read or unpacked .it ends too early"),
    "a spoilt block": (bad_block(), "cannot be read or unpacked"),
    "a wrong sum": (wrong_sum(), "cannot be read or unpacked"),
    "words after it": (gzip.compress(WHOLE) + b"<html>", "has 6 bytes after its end"),
    "zeros after it": (gzip.compress(WHOLE) + bytes(8), "has 8 bytes after its end"),
    "another after it": (gzip.compress(WHOLE) + gzip.compress(b"more"), "bytes after its end"),
    "packed twice": (gzip.compress(gzip.compress(WHOLE)), "not a whole IDX file"),
    "broken inside": (gzip.compress(WHOLE[:-1]), "not a whole IDX file"),
    "a bomb": (gzip.compress(header(60_000, 28, 28) + bytes(200_000_000)), "unpacks to more than 78,400,016 bytes"),
}


def says(folder, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_idx(folder, "train")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "content", "words"), PLAIN.values(), ids=PLAIN)
def test_a_broken_file(tmp_path, name, content, words):
    folder = fashion_files(tmp_path)
    (folder / name).write_bytes(content)
    says(folder, words)


@pytest.mark.parametrize(("content", "words"), PACKED.values(), ids=PACKED)
def test_a_broken_packed_file(tmp_path, content, words):
    folder = fashion_files(tmp_path, packed=True)
    (folder / f"{IMAGES}.gz").write_bytes(content)
    says(folder, words)


@pytest.mark.parametrize("packed", [False, True])
def test_an_absent_file(tmp_path, packed):
    folder = fashion_files(tmp_path, packed=packed)
    (folder / f"{LABELS}{'.gz' if packed else ''}").unlink()
    says(folder, "has neither train-labels-idx1-ubyte nor train-labels-idx1-ubyte.gz")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("make", [os.mkdir, getattr(os, "mkfifo", os.mkdir)])
def test_something_else_in_its_place(tmp_path, packed, make):
    folder = fashion_files(tmp_path, packed=packed)
    place = folder / f"{LABELS}{'.gz' if packed else ''}"
    place.unlink()
    make(place)
    says(folder, "is not a file")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mode", [0, 0o400, 0o600])
def test_a_folder_that_may_not_be_looked_into(packed, mode):
    with plain_user() as place:
        folder = fashion_files(place, packed=packed)
        folder.chmod(mode)
        says(folder, "raw cannot be read: Permission denied")


@pytest.mark.parametrize("packed", [False, True])
def test_a_whole_file_can_be_written_to(tmp_path, packed):
    images, numbers, classes, _ = read_idx(fashion_files(tmp_path, packed=packed), "test")
    assert images.shape == (10, 1, 28, 28)
    assert (images.dtype, numbers.dtype) == (np.uint8, np.int64)
    assert numbers.tolist() == list(range(10)) == [classes.index(name) for name in classes]
    images[:] = 0


def test_the_plain_file_comes_before_the_packed_one(tmp_path):
    folder = fashion_files(tmp_path)
    (folder / f"{IMAGES}.gz").write_bytes(b"spoilt")
    assert len(read_idx(folder, "train").labels) == 30


def test_a_bomb_is_not_unpacked(tmp_path):
    """A gigabyte of zeros in a megabyte: refused with less memory than it would take."""
    resource = pytest.importorskip("resource")
    folder = fashion_files(tmp_path, packed=True)
    block = bytes(10_000_000)
    with gzip.open(folder / f"{IMAGES}.gz", "wb", compresslevel=1) as file:
        for _ in range(100):
            file.write(block)
    code = f"""if True:
        import resource
        from pathlib import Path
        from torchbook.data.errors import DataError
        from torchbook.data.idx import read_idx
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            read_idx(Path({str(folder)!r}), "train")
        except DataError:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    unit = 1024 if sys.platform == "linux" else 1  # bytes
    assert int(said) * unit < 400_000_000
    assert resource is not None


def test_the_limit_leaves_room_for_the_real_files():
    assert idx.MOST_PICTURES >= 60_000
