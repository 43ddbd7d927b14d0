"""Read the real image files in every form that people have them, and keep the decoded arrays for the next time."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path
import pickle
import warnings
import zipfile
import zlib

import numpy as np
from PIL import Image, UnidentifiedImageError
from torchbook.checkpoint import write_atomically
from torchbook.data.drawn import GARMENT_CLASSES, OBJECT_CLASSES
from torchbook.data.errors import DataError
from torchbook.data.folders import cache_folder

Decoded = tuple[np.ndarray, np.ndarray, list[str]]  # uint8 (N, C, H, W), int64 (N,), class names
IMAGE_ENDINGS = {".png", ".jpg", ".jpeg"}
FORMAT = "1"  # of the cached arrays; a change makes old ones invisible


def read_real(name: str, split: str, found: Path, size: int | None) -> Decoded:
    """Decode the real files of ``name`` below ``found`` (one of the card's folders), or take them from the cache."""
    if name == "cifar10" and found.name == "cifar-10-batches-py":
        return cached(f"cifar10-{split}", [found], lambda: _read_cifar_batches(found, split))
    if name == "fashion-mnist":
        return _read_idx(found, split)
    folder = found / split
    parts = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not parts:
        raise DataError(f"{folder} has no class folders: expected {split}/<class>/*.jpg or *.png below {found}.")
    return cached(f"{name}-{split}-{size}", parts, lambda: read_image_folder(folder, size))


def cached(label: str, inputs: list[Path], produce, key: str = "") -> Decoded:
    """Return ``produce()``, kept as one array file that is used again while ``inputs`` (folders) stay unchanged."""
    state = "".join(map(_state, inputs))
    digest = hashlib.sha256((FORMAT + state + key).encode()).hexdigest()[:16]
    path = cache_folder() / "decoded" / f"{label}-{digest}.npz"
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return arrays["images"], arrays["labels"], [str(name) for name in arrays["classes"]]
        except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            warnings.warn(f"The cached array file {path} cannot be read ({error}); it is made again.", stacklevel=3)
    images, labels, classes = produce()

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, images=images, labels=labels, classes=np.array(classes))

    try:
        write_atomically(path, write)
    except OSError as error:  # a read-only home, a full disk: slower next time, nothing else
        warnings.warn(f"The decoded images could not be kept in {path.parent}: {error}.", stacklevel=3)
    return images, labels, classes


def _state(folder: Path) -> str:
    """What tells a changed folder: the name, size and time of each file; 60,000 of them take a third of a second."""
    with os.scandir(folder) as entries:
        files = sorted((entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in entries)
    return f"{folder.resolve()}{files}"


def read_picture(path: Path, size: int | None) -> np.ndarray:
    """One picture as uint8 (3, H, W); with ``size``: short side to ``size``, then the central square."""
    try:
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
            if size is not None:
                scale = size / min(picture.size)
                width, height = (max(size, round(side * scale)) for side in picture.size)
                left, top = (width - size) // 2, (height - size) // 2
                picture = picture.resize((width, height), Image.Resampling.BILINEAR)
                picture = picture.crop((left, top, left + size, top + size))
            return np.asarray(picture).transpose(2, 0, 1)
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise DataError(
            f"{path} is no picture that can be read ({error}): fetch the data again or remove it."
        ) from error


def read_image_folder(folder: Path, size: int | None = None) -> Decoded:
    """Decode ``folder/<class>/*.{png,jpg}``; classes in the order of their names."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    images, labels = [], []
    for label, name in enumerate(classes):
        files = sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in IMAGE_ENDINGS)
        if not files:
            raise DataError(f"The class folder {folder / name} holds no .png or .jpg file.")
        for path in files:
            images.append(read_picture(path, size))
            labels.append(label)
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise DataError(f"The images below {folder} have {len(shapes)} different sizes; all must be equal.")
    return np.stack(images), np.array(labels, dtype=np.int64), classes


class _ArraysOnly(pickle.Unpickler):
    """Reads the pickles of CIFAR-10 (dicts, bytes, NumPy arrays) and refuses all else that a pickle could run."""

    RECONSTRUCT = np.empty(0).__reduce__()[0]  # its module has another name in NumPy 1 and 2
    ALLOWED = {  # noqa: RUF012  never changed
        ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
        ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): lambda text, _: text.encode("latin1"),  # how Python 3 writes bytes with protocol 2
    }

    def find_class(self, module: str, name: str):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return self.ALLOWED[module, name]


def _read_cifar_batches(folder: Path, split: str) -> Decoded:
    names = [f"data_batch_{number}" for number in range(1, 6)] if split == "train" else ["test_batch"]
    images, labels = [], []
    for name in names:
        try:
            with (folder / name).open("rb") as file:
                batch = _ArraysOnly(file, encoding="bytes").load()
            batch = {key.encode() if isinstance(key, str) else key: value for key, value in batch.items()}
            pixels = np.asarray(batch[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32)
            numbers = np.array(batch[b"labels"], dtype=np.int64)
            _check_labels(numbers, len(pixels), OBJECT_CLASSES)
            images.append(pixels)
            labels.append(numbers)
        except FileNotFoundError:
            raise DataError(f"{folder} has no file {name}: unpack cifar-10-python.tar.gz again.") from None
        except Exception as error:  # a damaged pickle stops in many ways: IndexError, AttributeError, OverflowError ...
            raise DataError(f"{folder / name} is not a CIFAR-10 batch ({error}): unpack the archive again.") from error
    return np.concatenate(images), np.concatenate(labels), list(OBJECT_CLASSES)


def _check_labels(labels: np.ndarray, images: int, classes: tuple[str, ...]) -> None:
    if labels.shape != (images,):
        raise ValueError(f"{images} images but {labels.size} labels")
    if not np.isin(labels, range(len(classes))).all():
        raise ValueError(f"a label is not one of 0 ... {len(classes) - 1}")


def _read_idx(folder: Path, split: str) -> Decoded:
    prefix = "train" if split == "train" else "t10k"
    images = _read_idx_file(folder / f"{prefix}-images-idx3-ubyte", dimensions=3)[:, None]
    labels = _read_idx_file(folder / f"{prefix}-labels-idx1-ubyte", dimensions=1).astype(np.int64)
    try:
        _check_labels(labels, len(images), GARMENT_CLASSES)
    except ValueError as error:
        raise DataError(f"{folder}, {split}: {error}; fetch the files again.") from error
    return images, labels, list(GARMENT_CLASSES)


def _read_idx_file(path: Path, dimensions: int) -> np.ndarray:
    """Read one IDX file (plain or .gz): two zero bytes, type 8 (uint8), the number of dimensions, sizes, then bytes."""
    packed = path.with_name(path.name + ".gz")
    try:
        content = path.read_bytes() if path.is_file() else gzip.decompress(packed.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path.parent} has neither {path.name} nor {packed.name}.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{packed} cannot be unpacked ({error}): fetch it again.") from error
    header = 4 + 4 * dimensions
    shape = tuple(int(n) for n in np.frombuffer(content[4:header], dtype=">i4")) if len(content) >= header else ()
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) != header + int(np.prod(shape)):
        raise DataError(f"{path} is not a whole IDX file of bytes with {dimensions} dimension(s): fetch it again.")
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape).copy()
