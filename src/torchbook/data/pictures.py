"""One picture file of any kind that Pillow reads, as pixels that a network can take."""

from __future__ import annotations

from collections import Counter
import functools
import os
from pathlib import Path
import stat
import struct
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps
import psutil
from torchbook.data.errors import DataError
from torchbook.data.folders import readable

FITS = ("crop", "pad")
MOST_PIXELS = 178_956_970  # twice Pillow's own limit, where it stops too: a larger picture would fill the memory
NEED_A_PROGRAM = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}  # Pillow knows these, but can't read them by itself
PIECE = 1 << 20  # pixels or bytes that are worked on at once
BITS_PER_SAMPLE, PHOTOMETRIC = 258, 262  # tags of TIFF
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


def is_text(name: str) -> bool:
    """Whether the name of a file or folder can be written: one that is not UTF-8 holds halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def written(name: str) -> str:
    """The name of a file or folder with ? for what can't be written."""
    return name.encode("utf-8", "replace").decode("utf-8")


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name, without what a system leaves behind; DataError where it can't be read."""
    return sorted(map(Path, _scanned(folder)), key=lambda path: path.name)


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, without those that a system leaves behind; DataError where it can't be read."""
    return sorted(map(Path, filter(is_folder, _scanned(folder))), key=lambda path: path.name)


def is_folder(place: Path | os.DirEntry) -> bool:
    """Whether a folder lies there, or a link to one; DataError where the system does not let us look."""
    try:  # of an entry the system has told it: to ask the disk about 50,000 files takes seconds
        return place.is_dir() if isinstance(place, os.DirEntry) else stat.S_ISDIR(os.stat(place).st_mode)
    except PermissionError as error:
        raise DataError(f"{os.fspath(place)} cannot be read: {error.strerror}.") from error
    except (OSError, ValueError):  # nothing there, links in a circle, a name that no file can have
        return False


def sorted_out(folder: Path, endings=None) -> tuple[list[Path], list[Path], Counter]:
    """The picture files that lie in a folder and the folders in it, by name, and a count of what else, by kind.

    endings: those that count as pictures (all that Pillow reads). Raises DataError where the folder can't be read.
    """
    endings = picture_endings() if endings is None else endings
    files, folders, others = [], [], Counter()
    for entry in sorted(_scanned(folder), key=lambda entry: entry.name):
        path = Path(entry)
        if is_folder(entry):
            folders.append(path)
        elif path.suffix.lower() in endings:
            files.append(path)
        else:
            others[path.suffix.lower() or "without an ending"] += 1
    return files, folders, others


def pictures_in(folder: Path, endings=None) -> tuple[list[Path], Counter]:
    """The picture files that lie in a folder, sorted by name, and a count of what else lies there, by kind.

    endings: those that count as pictures (all that Pillow reads). Raises DataError where a folder can't be read.
    """
    files, folders, left_out = sorted_out(folder, endings)
    while folders:
        path = folders.pop()
        if path.is_symlink():  # it may lead round in a circle
            left_out["in deeper folders"] += 1
            continue
        deeper, inner, _ = sorted_out(path, endings)
        left_out["in deeper folders"] += len(deeper)
        folders += inner
    return files, +left_out


def room_for(count: int, size: int) -> np.ndarray:
    """An empty array uint8 (count, 3, size, size); DataError where the memory that is free does not hold it."""
    needed = count * 3 * size * size
    try:
        if needed > psutil.virtual_memory().available:  # Linux promises more than there is, and then ends the process
            raise MemoryError
        return np.empty((count, 3, size, size), dtype=np.uint8)
    except MemoryError:
        raise DataError(
            f"{count:,} pictures of {size} x {size} pixels take {needed / 1e9:,.1f} GB, more than the memory has free: "
            "choose a smaller size, or a folder with fewer pictures."
        ) from None


def read_picture(path: Path, size: int | None = None, fit: str = "crop") -> np.ndarray:
    """One picture as uint8 (3, H, W): upright, on white where it is transparent, of an animation the first frame.

    size: of a square; "crop" brings the short side to it and takes the middle, "pad" brings the long side to it and
    puts the picture on black. Raises DataError for a file that is no picture, is damaged, or is too large to be true.
    """
    picture = open_picture(path)[0]
    return np.asarray(picture if size is None else fitted(picture, size, fit)).transpose(2, 0, 1)


def open_picture(path: Path) -> tuple[Image.Image, bool]:
    """The picture in RGB, upright, and whether it is the first frame of several.

    Raises DataError for a file that is no picture, is damaged, is too large to be true, or can't be read. Damage that
    leaves a picture is noticed where the format tells: not in an interlaced PNG whose data end early.
    """
    try:
        if not _is_file(path):
            raise DataError(f"{path} is no picture file (a broken link, a folder, a pipe or nothing): remove it.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, on odd but readable files
            with Image.open(path, formats=sorted(set(picture_endings().values()))) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Image.DecompressionBombError(f"{picture.width} x {picture.height} pixels")
                several = getattr(picture, "is_animated", False) and picture.format != "MPO"  # a phone's preview
                if picture.format == "PNG" and _last_row_is_empty(picture) and _lacks_rows(path):
                    raise ValueError("its data end before the last row")
                if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PPM"):
                    tags = getattr(picture, "tag_v2", {})  # of a TIFF
                    brightest = 4095 if tags.get(BITS_PER_SAMPLE) == (12,) else 65_535
                    white_is_zero = tags.get(PHOTOMETRIC) == 0
                    return _grey(ImageOps.exif_transpose(picture), brightest, white_is_zero), several
                return _rgb(ImageOps.exif_transpose(picture)), several
    except DataError:
        raise
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{path} is too large, {error}: make it smaller, or remove it.") from error
    except Exception as error:  # a damaged file makes Pillow raise much: OSError, SyntaxError, struct.error ...
        reason = str(error).split("\n")[0] or type(error).__name__
        raise DataError(f"{path} is no picture that can be read ({reason}): replace it or remove it.") from error


def _scanned(folder: Path) -> list[os.DirEntry]:
    """What lies in a folder, in no order, without what a system leaves behind."""
    with readable(folder), os.scandir(folder) as found:
        return [entry for entry in found if not is_junk(entry.name)]


def _is_file(path: Path) -> bool:
    """Whether a file lies there; PermissionError where the system does not let us look."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except PermissionError:
        raise
    except (OSError, ValueError):
        return False


def _last_row_is_empty(picture: Image.Image) -> bool:
    """Whether all of the last row is zero, as it is where the data of a PNG end early."""
    picture.load()
    last = picture.crop((0, picture.height - 1, picture.width, picture.height))
    return not np.asarray(last).any()


def _lacks_rows(path: Path) -> bool:
    """Whether the data of a PNG file end before its last row, of which Pillow says nothing; not told if interlaced."""
    needed, unpacker = 0, zlib.decompressobj()
    with open(path, "rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"IHDR":
                width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", file.read(13))
                samples = {2: 3, 4: 2, 6: 4}.get(colours, 1)  # of a pixel
                needed = height * (1 + (width * depth * samples + 7) // 8)  # a row begins with its filter
                if interlaced:
                    return False
            elif kind == b"IDAT":
                data = file.read(length)
                while data and needed > 0 and not unpacker.eof:
                    needed -= len(unpacker.decompress(data, min(PIECE, needed)))
                    data = unpacker.unconsumed_tail
            else:
                file.seek(length, os.SEEK_CUR)
            file.seek(4, os.SEEK_CUR)  # its checksum
    return needed > 0


def _grey(picture: Image.Image, brightest: int, white_is_zero: bool) -> Image.Image:
    """Eight bits in RGB, from grey in more of them, 0 ... brightest; on white where it is transparent."""
    deep = np.asarray(picture).ravel()
    grey = np.empty(deep.shape, dtype=np.uint8)
    for start in range(0, deep.size, PIECE):  # else four bytes and more for each pixel at once
        part = deep[start : start + PIECE].astype(np.uint32).clip(0, brightest)
        scaled = (part * 255 + brightest // 2) // brightest
        scaled = 255 - scaled if white_is_zero else scaled
        grey[start : start + PIECE] = np.where(part == picture.info.get("transparency", -1), 255, scaled)
    return Image.fromarray(grey.reshape(picture.height, picture.width)).convert("RGB")


def _rgb(picture: Image.Image) -> Image.Image:
    """Eight bits of red, green and blue, from any mode with eight bits or fewer."""
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
