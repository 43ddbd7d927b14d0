"""A look into real data that lie somewhere, as the loaders take it: what they are, or what is wrong with them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from torchbook.data.catalog import DataFile, DatasetCard
from torchbook.data.errors import DataError


def lies_in(entry: DatasetCard, roots: list[Path]) -> tuple[Path, str] | None:
    """The first root with a form of the data, and that form, as the loaders look for them; broken links count."""
    places = ((root, form) for root in roots for form in entry.folder)
    return next(((root, form) for root, form in places if os.path.lexists(root / form)), None)


def look_into(entry: DatasetCard, root: Path, form: str) -> str:
    """What a loader says of the data in `root / form`; it reads them, so that takes up to some seconds.

    Raises DataError where they are broken or incomplete, with the loader's sentence.
    """
    found = root / form
    if entry.name == "shakespeare":
        from torchbook.data.text import load_text

        return load_text(folder=root).source
    if entry.name == "names":
        from torchbook.data.names import load_names

        return load_names(found).source
    if entry.classes:
        from torchbook.data.decode import ENDINGS, known_classes, read_real

        if entry.name == "cifar10" and form == "cifar10":  # 60,000 files: counted, not decoded
            counts = {split: sum(map(len, known_classes("cifar10", split, found).values())) for split in entry.splits}
            if counts != entry.counts:
                raise DataError(
                    f"{found} has {sum(counts.values()):,} pictures {'/'.join(sorted(ENDINGS))}: incomplete."
                )
        else:
            for split in entry.splits:
                read_real(entry.name, split, found, 64, "crop")
    else:
        for file in entry.files:
            path = root / file.target / file.name
            unpacked = path.suffix == ".gz" and path.with_suffix("").exists()
            if file.inside is None and not unpacked and not is_whole(path, file):
                raise DataError(f"{found} is incomplete: {file.name} is missing or not the known one.")
    return f"real, in {found}"


def is_whole(path: Path, file: DataFile) -> bool:
    """Whether `path` is the file of the catalogue, to the last bit."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError:
        return False
