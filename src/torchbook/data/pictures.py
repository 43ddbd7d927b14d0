"""One picture file of any kind that Pillow reads, as pixels that a network can take."""

from __future__ import annotations

from collections import Counter
import functools
import os
from pathlib import Path
import warnings

import numpy as np
from PIL import Image, ImageOps
from torchbook.data.errors import DataError

FITS = ("crop", "pad")
MOST_PIXELS = 178_956_970  # twice Pillow's own limit, where it stops too: a larger picture would fill the memory
NEED_A_PROGRAM = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}  # Pillow knows these, but can't read them by itself
JUNK = {"thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "system volume information"}


@functools.cache
def picture_endings() -> dict[str, str]:
    """The endings, in small letters, that Pillow reads by itself, with the format of each."""
    Image.init()
    readable = Image.OPEN.keys() - NEED_A_PROGRAM
    return {ending: kind for ending, kind in Image.registered_extensions().items() if kind in readable}


def is_junk(name: str) -> bool:
    """Whether a file or folder is one that a system leaves behind, such as .DS_Store, Thumbs.db or __MACOSX."""
    return name.startswith(".") or name.lower() in JUNK


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name, without what a system leaves behind; DataError where it can't be read."""
    try:
        return sorted((path for path in folder.iterdir() if not is_junk(path.name)), key=lambda path: path.name)
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from error


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, without those that a system leaves behind."""
    return [path for path in entries(folder) if path.is_dir()]


def pictures_in(folder: Path, endings=None) -> tuple[list[Path], Counter]:
    """The picture files that lie in a folder, sorted by name, and a count of what else lies there, by kind.

    endings: those that count as pictures (all that Pillow reads).
    """
    endings = picture_endings() if endings is None else endings
    files, left_out = [], Counter()
    for path in entries(folder):
        if path.suffix.lower() in endings:  # first: to ask the disk about 50,000 files takes seconds
            files.append(path)
        elif path.is_dir():
            left_out["in deeper folders"] += len(pictures_in(path, endings)[0]) if not path.is_symlink() else 1
        else:
            left_out[path.suffix.lower() or "without an ending"] += 1
    return files, +left_out


def read_picture(path: Path, size: int | None = None, fit: str = "crop") -> np.ndarray:
    """One picture as uint8 (3, H, W): upright, on white where it is transparent, of an animation the first frame.

    size: of a square; "crop" brings the short side to it and takes the middle, "pad" brings the long side to it and
    puts the picture on black. Raises DataError for a file that is no picture, is damaged, or is too large to be true.
    """
    picture = open_picture(path)[0]
    return np.asarray(picture if size is None else fitted(picture, size, fit)).transpose(2, 0, 1)


def open_picture(path: Path) -> tuple[Image.Image, bool]:
    """The picture in RGB, upright, and whether it is the first frame of several."""
    if not os.path.isfile(path):
        raise DataError(f"{path} is no picture file (a broken link, a folder, a pipe or nothing): remove it.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, on odd but readable files
            with Image.open(path, formats=sorted(set(picture_endings().values()))) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError(f"{picture.width} x {picture.height} pixels")
                several = getattr(picture, "is_animated", False) and picture.format != "MPO"  # a phone's preview
                return _rgb(ImageOps.exif_transpose(picture), sixteen_bits=picture.format == "PPM"), several
    except Image.DecompressionBombError as error:
        raise DataError(f"{path} is too large, {error}: make it smaller, or remove it.") from error
    except Exception as error:  # a damaged file makes Pillow raise much: OSError, SyntaxError, struct.error ...
        reason = str(error).split("\n")[0] or type(error).__name__
        raise DataError(f"{path} is no picture that can be read ({reason}): replace it or remove it.") from error


def _rgb(picture: Image.Image, sixteen_bits: bool) -> Image.Image:
    """Eight bits of red, green and blue, from any mode; sixteen_bits: mode I holds no more than 0 ... 65,535."""
    if picture.mode.startswith("I;16") or (picture.mode == "I" and sixteen_bits):
        return Image.fromarray(np.rint(np.asarray(picture) / 257).clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        raise ValueError("32-bit pixels have no agreed brightest value; save it with 8 or 16 bits")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def fitted(picture: Image.Image, size: int, fit: str) -> Image.Image:
    """A square of ``size`` pixels."""
    if fit == "crop":  # of a strip the middle alone: resized whole, 1 x 300,000 pixels would fill the memory
        across, down = (min(side, 8 * min(picture.size)) for side in picture.size)
        left, top = (picture.width - across) // 2, (picture.height - down) // 2
        picture = picture.crop((left, top, left + across, top + down))
    scale = size / (min if fit == "crop" else max)(picture.size)
    width, height = (max(size if fit == "crop" else 1, round(side * scale)) for side in picture.size)
    left, top = (width - size) // 2, (height - size) // 2
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return picture.crop((left, top, left + size, top + size))  # what lies outside of it becomes black
