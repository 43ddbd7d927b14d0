"""Where data may lie on this machine, in the order in which they are looked for."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path
from torchbook.data.catalog import card
from torchbook.data.errors import DataError

SOURCES = ("auto", "embedded", "real")


def cache_folder() -> Path:
    """Return the folder for downloads and caches, which may not exist yet: $TORCHBOOK_CACHE, else the user's cache."""
    return from_environment("TORCHBOOK_CACHE") or user_cache_path("torchbook")


def from_environment(name: str) -> Path | None:
    """The absolute path that a variable of the environment names, or None where it is not set.

    A relative one is looked for in the working folder and in the two above it, so that it means the same in a book's
    folder and in its notebooks; where none of them has it, it is one of the working folder.
    """
    chosen = os.environ.get(name)
    if not chosen:
        return None
    path, here = as_path(chosen), Path.cwd()
    if path.is_absolute():
        return path
    try:
        return next((base / path for base in (here, *here.parents[:2]) if (base / path).is_dir()), here / path)
    except OSError as error:  # too long a name
        raise DataError(f"{name} cannot be a folder ({error.strerror}): name another one.") from error


def as_path(place: str | os.PathLike) -> Path:
    """The path with ~ replaced by the home folder; DataError where there is no such user."""
    try:
        return Path(place).expanduser()
    except RuntimeError as error:
        raise DataError(f"{place} names the home of a user who is not known here: write the whole path.") from error


def data_roots(folder: str | os.PathLike | None = None) -> list[Path]:
    """List the folders to search for real data: `folder`, $TORCHBOOK_DATA, then the cache's `data`.

    An explicit `folder` that is not a directory raises DataError; the other two may be absent: chapters then run on
    the stand-in.
    """
    roots = []
    if folder is not None:
        explicit = as_path(folder)
        if not explicit.is_dir():
            raise DataError(f"the data folder {explicit} is not a directory; create it, or leave the argument out.")
        roots.append(explicit)
    chosen = from_environment("TORCHBOOK_DATA")
    if chosen is not None:
        roots.append(chosen)
    roots.append(cache_folder() / "data")
    return roots


def find_in_roots(forms: tuple[str, ...], folder: str | os.PathLike | None = None) -> Path | None:
    """Return the first place that has one of `forms` (paths below a root), or None.

    An explicit `folder` is the only place looked at.
    """
    roots = data_roots(folder)[:1] if folder is not None else data_roots()
    return next((root / form for root in roots for form in forms if (root / form).exists()), None)


def real_path(name: str, folder: str | os.PathLike | None = None, source: str = "auto") -> Path | None:
    """Return where the real data of the set `name` lie, or None for the stand-in.

    source: "auto" (the real data where they are; an explicit `folder` must have them), "embedded" or "real".
    Raises ValueError for another source, DataError for real data that are asked for and absent.
    """
    if source not in SOURCES:
        raise ValueError(f"Unknown source {source!r}: use one of {', '.join(map(repr, SOURCES))}.")
    if source == "embedded":
        return None
    found = find_in_roots(card(name).folder, folder)
    if found is None and (source == "real" or folder is not None):
        places = ", ".join(map(str, data_roots())) if folder is None else folder
        own = "; for your own pictures leave the name out: load_images(folder=...)" if card(name).classes else ""
        raise DataError(
            f"No real {name} data in {places}: get them with `bookkit data fetch {name}`, "
            f"or use source='embedded'{own if folder is not None else ''}."
        )
    return found
