"""Fashion-MNIST's files: IDX, plain or packed by gzip."""

from __future__ import annotations

import math
from pathlib import Path
import struct
import zlib

import numpy as np
from torchbook.data.cache import Decoded
from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.data.folders import exists, readable

MOST_PICTURES = 100_000
SIDE = 28  # pixels


def read_idx(folder: Path, split: str) -> Decoded:
    """Read the images and labels of one split: uint8 (N, 1, 28, 28), int64 (N,); DataError where they are broken."""
    prefix, classes = "train" if split == "train" else "t10k", card("fashion-mnist").classes
    images = read_idx_file(folder / f"{prefix}-images-idx3-ubyte", (SIDE, SIDE))[:, None]
    labels = read_idx_file(folder / f"{prefix}-labels-idx1-ubyte", ()).astype(np.int64)
    if len(images) != len(labels):
        raise DataError(f"{folder}, {split}: {len(images)} images but {len(labels)} labels; fetch the files again.")
    if labels.max() >= len(classes):
        raise DataError(f"{folder}, {split}: a label is not one of 0 ... {len(classes) - 1}; fetch the files again.")
    return Decoded(images, labels, list(classes))


def read_idx_file(path: Path, item: tuple[int, ...]) -> np.ndarray:
    """Read one IDX file of bytes, ``path`` or ``path``.gz, as uint8 (N, *item).

    The file: two zero bytes, the type (8 for uint8), the number of dimensions, their sizes, then the values.
    """
    dimensions = 1 + len(item)
    header = 4 + 4 * dimensions
    most = header + MOST_PICTURES * math.prod(item)
    found, content = _content(path, most)
    shape = struct.unpack_from(f">{dimensions}I", content, 4) if len(content) >= header else ()
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) != header + math.prod(shape):
        raise DataError(f"{found} is not a whole IDX file of bytes with {dimensions} dimension(s): fetch it again.")
    if shape[0] == 0:
        raise DataError(f"{found} is an IDX file without any entry: fetch it again.")
    if shape[1:] != item:
        sizes = ["x".join(map(str, size)) for size in (shape[1:], item)]
        raise DataError(f"{found} holds pictures of {sizes[0]} pixels instead of {sizes[1]}: fetch it again.")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape).copy()


def _content(path: Path, most: int) -> tuple[Path, bytes]:
    """The file that is there, and what it holds: ``most`` bytes at most."""
    packed = path.with_name(path.name + ".gz")
    with readable(path.parent):
        found = next((one for one in (path, packed) if exists(one)), None)
    if found is None:
        raise DataError(f"{path.parent} has neither {path.name} nor {packed.name}.")
    if not found.is_file():
        raise DataError(f"{found} is not a file: move it away, and fetch the data again.")
    try:
        if found.stat().st_size > most:
            raise DataError(f"{found} is larger than {most:,} bytes, the most that it may hold: fetch it again.")
        content = found.read_bytes()
        if found == packed:
            stream = zlib.decompressobj(wbits=31)  # gzip
            content = stream.decompress(content, most + 1)
            if len(content) > most:
                raise DataError(f"{found} unpacks to more than {most:,} bytes, the most that it may: fetch it again.")
            if not stream.eof:
                raise EOFError("it ends too early")
            if stream.unused_data:
                raise DataError(f"{found} has {len(stream.unused_data):,} bytes after its end: fetch it again.")
        return found, content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{found} cannot be read or unpacked ({error}): fetch it again.") from error
