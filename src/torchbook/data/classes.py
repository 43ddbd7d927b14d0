"""Folders of pictures, one for each class."""

from __future__ import annotations

from collections import Counter
import os
from pathlib import Path
import unicodedata

import numpy as np
from torchbook.data.cache import Decoded
from torchbook.data.errors import DataError
from torchbook.data.pictures import fitted, is_text, open_picture, pictures_in, room_for, sorted_out

Classes = dict[str, list[Path]]  # the picture files of each class, classes in the order of their names


def classes_in(folder: Path, endings=None) -> tuple[Classes, Counter]:
    """The classes below ``folder``, each with its pictures, and a count of what was left out, by kind.

    endings: those that count as pictures (all that Pillow reads). Raises DataError where there is no class folder,
    where one has no picture or a name that is no text, and where two have the same name.
    """
    loose, inner, left_out = sorted_out(folder, endings)
    if not inner and loose:
        raise DataError(
            f"{folder} has {len(loose)} picture(s), but no class folders: make one folder a class, "
            "or read pictures without classes by load_pictures."
        )
    if not inner:
        raise DataError(f"{folder} has no class folders: expected {folder.name}/<class>/ with pictures in it.")
    classes: Classes = {}
    for path in inner:
        name = unicodedata.normalize("NFC", path.name)  # macOS writes é as two characters
        if not is_text(name):
            raise DataError(
                f"{folder} has a folder whose name is not UTF-8, {os.fsencode(path.name)!r}: rename it, "
                f"in Python by os.rename({os.fsencode(path)!r}, {str(folder / 'new-name')!r})."
            )
        if name in classes:
            raise DataError(f"{folder} has two folders that are both called {name!r}: rename one.")
        classes[name], others = pictures_in(path, endings)
        left_out += others
        if not classes[name]:
            raise DataError(f"The class folder {path} holds no picture{_instead(others)}: fill it or remove it.")
    left_out["beside the class folders"] += len(loose)
    return dict(sorted(classes.items())), +left_out


def _instead(others: Counter) -> str:
    """What lies there in the place of pictures."""
    known = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
    return f" that can be read ({known})" if known else ""


def read_classes(classes: Classes, size: int, fit: str | None = "crop") -> Decoded:
    """Decode the pictures of each class as squares of ``size`` pixels; with ``fit=None`` they must have that size.

    Raises DataError for a file that is no picture or is damaged, and where the memory does not hold them all.
    """
    count = sum(map(len, classes.values()))
    images, labels = room_for(count, size), np.empty(count, dtype=np.int64)
    place = several = 0
    for label, files in enumerate(classes.values()):
        for path in files:
            picture, first_of_several = open_picture(path)
            if fit is None and picture.size != (size, size):
                raise DataError(
                    f"{path} has {picture.width} x {picture.height} pixels instead of {size} x {size}: "
                    "fetch the data again or remove it."
                )
            square = picture if fit is None else fitted(picture, size, fit)
            images[place], labels[place] = np.asarray(square).transpose(2, 0, 1), label
            several += first_of_several
            place += 1
    note = f"{several} animated or of several pages: the first picture of each" if several else ""
    return Decoded(images, labels, list(classes), note)
