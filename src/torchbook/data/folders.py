"""Where data may lie on this machine, in the order in which they are looked for."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import errno
import os
from pathlib import Path
import warnings

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
    Raises DataError for a name that is too long, an unknown home, and a relative one in a working folder that is gone.
    """
    chosen = os.environ.get(name)
    if not chosen:
        return None
    path = as_path(chosen)
    if not path.is_absolute():
        try:
            here = Path.cwd()
        except OSError as error:
            reason = f"{name} is {path} in the working folder, which is gone: name a whole path."
            raise DataError(reason) from error
        path = next((base / path for base in (here, *here.parents[:2]) if os.path.isdir(base / path)), here / path)
    try:
        os.stat(path)
    except OSError as error:  # absent or not to be looked into: what needs it says so
        if error.errno == errno.ENAMETOOLONG:
            raise DataError(f"{name} cannot be a folder ({error.strerror}): name another one.") from error
    return path


def as_path(place: str | os.PathLike) -> Path:
    """The path with ~ replaced by the home folder; DataError where there is no such user, and for no path at all."""
    if place == "":  # Path would take it for the working folder
        raise DataError("The path is empty: name a file or a folder ('.' is the working folder).")
    try:
        return Path(place).expanduser()
    except RuntimeError as error:
        raise DataError(f"{place} names the home of a user who is not known here: write the whole path.") from error


def exists(path: Path) -> bool:
    """Whether something is at a path; OSError where the system does not tell, in every version of Python."""
    try:
        os.stat(path)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL):
            raise
        return False
    except ValueError:  # a zero byte in the path
        return False
    return True


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the system refuses, no right to look or too long a name, into DataError: that path cannot be read."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def data_roots(folder: str | os.PathLike | None = None) -> list[Path]:
    """List the folders to search for real data: `folder`, $TORCHBOOK_DATA, then the cache's `data`.

    An explicit `folder` that is not a directory raises DataError; the other two may be absent: chapters then run on
    the stand-in.
    """
    roots = []
    if folder is not None:
        explicit = as_path(folder)
        with readable(explicit):
            is_folder = exists(explicit) and explicit.is_dir()
        if not is_folder:
            raise DataError(f"the data folder {explicit} is not a directory; create it, or leave the argument out.")
        roots.append(explicit)
    chosen = from_environment("TORCHBOOK_DATA")
    if chosen is not None:
        roots.append(chosen)
    roots.append(cache_folder() / "data")
    return roots


def find_in_roots(forms: tuple[str, ...], folder: str | os.PathLike | None = None) -> Path | None:
    """Return the first place that has one of `forms` (paths below a root), or None.

    An explicit `folder` is the only place looked at; DataError where that is not allowed. Another root that may not be
    looked into is passed over with a warning.
    """
    for root in data_roots(folder)[:1] if folder is not None else data_roots():
        try:
            with readable(root):
                found = next((root / form for form in forms if exists(root / form)), None)
        except DataError as error:
            if folder is not None:
                raise
            warnings.warn(f"{error} Real data are not looked for there.", stacklevel=4)
            continue
        if found is not None:
            return found
    return None


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
