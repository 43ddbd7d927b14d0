"""Files that are written whole or not at all, and what the cache keeps for the next time. Taught in chapter 06."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
from functools import partial
import hashlib
import json
import logging
import os
from pathlib import Path
import re
import secrets
import shutil
import stat
import tempfile
import time
from typing import Any, BinaryIO, NamedTuple
import warnings

import numpy as np
from torchbook.data.folders import cache_folder, readable

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]

FORMAT = "2"  # of what is kept; a change makes old files invisible
SUMS = ".sha256.json"  # beside the files of a kept folder
DAY_S = 24 * 60 * 60
log = logging.getLogger(__name__)
_spares: dict[Path, tempfile.TemporaryDirectory] = {}  # for folders that the cache did not take; removed at the end


class Decoded(NamedTuple):
    """Images uint8 (N, C, H, W), labels int64 (N,), the names of the classes, and what is to be said of them."""

    images: np.ndarray
    labels: np.ndarray
    classes: list[str]
    note: str = ""


def write_atomically(path: Path | str, write: Callable[[Path], Any]) -> Path:
    """Call ``write(temporary_path)`` beside ``path``, then put the file in place: whole or not at all."""
    path, start = Path(path), time.time()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")  # created by write: with the usual rights
    try:
        write(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    remove_leftovers(path, start)
    return path


def remove_leftovers(path: Path, before: float) -> None:
    """Remove the temporary files of ``path`` that were last written to before that time, in seconds: of killed writers.

    One that is being written to at that time, by another process, stays, and one that its writer holds.
    """
    for entry in path.parent.iterdir():
        with contextlib.suppress(OSError):  # another process was faster, or has it open (Windows)
            is_ours = entry.name.startswith(f".{path.name}.") and entry.suffix == ".tmp"
            if is_ours and entry.stat().st_mtime < before:
                _remove_unless_held(entry)


def write_held(path: Path | str, write: Callable[[BinaryIO], Any], check: Callable[[Path], Any]) -> Path:
    """Like ``write_atomically`` with a function that writes into an open file; ``check`` looks at the whole file.

    Until it is in place no other writer of ``path`` takes it for a leftover. An OSError names ``path``.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{str(path)!r} is a folder: give the name of a file in it, such as last.pt.")
    try:
        with contextlib.ExitStack() as stack:
            return write_atomically(path, partial(_write_held, stack=stack, write=write, check=check))
    except OSError as error:
        if error.errno is None or error.filename == str(path):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error  # and not the temporary name


def _write_held(temporary: Path, *, stack: contextlib.ExitStack, write, check) -> None:
    with contextlib.ExitStack() as own:
        file = own.enter_context(temporary.open("xb"))
        while _lock(file) and not temporary.exists():  # another writer was faster than the lock
            file = own.enter_context(temporary.open("xb"))
        if fcntl is not None:
            stack.enter_context(own.pop_all())  # the file stays open, and the lock with it, until all is done
        write(file)
        file.flush()
    check(temporary)


def _remove_unless_held(path: Path) -> None:
    with contextlib.ExitStack() as stack:
        if fcntl is not None and not _lock(stack.enter_context(path.open("rb")), fcntl.LOCK_NB):
            return
        path.unlink()  # under the lock: who waits for it sees that the file is gone


def _lock(file: BinaryIO, how: int = 0) -> bool:
    """Lock the file until it is closed; False where a living process holds it. Without locks (Windows) always True."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | how)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        pass
    return True


def cached(label: str, key: str, produce: Callable[[], Decoded]) -> Decoded:
    """Return ``produce()``, kept as one file in the cache that is used again for the same label and key.

    A file that is damaged is made again, with a warning; files of the same label and another key are removed.
    """
    path = cache_folder() / "decoded" / f"{label}-{_digest(key)}.npz"
    if os.path.isfile(path):  # which raises nothing where the cache may not be looked into
        try:
            return _read(path)
        except FileNotFoundError:  # another process removed it between the two lines
            pass
        except Exception as error:  # whatever a damaged file makes zipfile, zlib and NumPy raise
            warnings.warn(f"The cached array file {path} cannot be read ({error}); it is made again.", stacklevel=3)
    made = produce()
    try:
        write_atomically(path, lambda temporary: _write(temporary, made))
        for old in _older(path):
            with contextlib.suppress(OSError):  # another process reads it (Windows), or was faster
                old.unlink()
    except OSError as error:  # a read-only home, a full disk: slower next time, nothing else
        log.info("The images could not be kept in %s: %s.", path.parent, error)
    return made


def kept_folder(label: str, key: str, produce: Callable[[Path], Any]) -> Path:
    """Return a folder with what ``produce(folder)`` writes, kept in the cache for the same label and key.

    What is damaged in it is made again. Without a cache that can be written, the folder lives as long as the process.
    """
    home = cache_folder() / f"{label}-{_digest(key)}"
    if _whole(home):
        return home
    if home in _spares and _whole(Path(_spares[home].name)):
        return Path(_spares[home].name)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=home.parent))
        try:
            _fill(draft, produce)
            draft.chmod(0o755)
            _put_in_place(draft, home)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:  # a read-only home, a full disk, a damaged folder that may not be changed
        log.info("The pictures could not be kept in %s: %s.", home, error)
        if home in _spares:  # damaged, too
            _spares.pop(home).cleanup()
        _spares[home] = tempfile.TemporaryDirectory(prefix="torchbook-", ignore_cleanup_errors=True)
        home = Path(_spares[home].name)
        _fill(home, produce)
        return home
    with contextlib.suppress(OSError):  # another process was faster
        for old in _older(home):
            if time.time() - old.stat().st_mtime > DAY_S:  # else a process of another version may be reading it
                shutil.rmtree(old, ignore_errors=True)
    return home


def state_of(folder: Path) -> str:
    """What tells a changed folder: the name, size and time of each file; 60,000 of them take a third of a second.

    Raises DataError where the folder cannot be read.
    """
    with readable(folder), os.scandir(folder) as entries:
        files = sorted((entry.name, *_size_and_time(entry)) for entry in entries)
    return f"{folder.resolve()}{files}"


def _size_and_time(entry: os.DirEntry) -> tuple[int, int]:
    try:
        state = entry.stat()
    except OSError:  # a link to nothing: what reads it says so
        state = entry.stat(follow_symlinks=False)
    return state.st_size, state.st_mtime_ns


def _digest(key: str) -> str:
    return hashlib.sha256((FORMAT + key).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _older(path: Path) -> list[Path]:
    """What is kept beside ``path`` under the same label."""
    label = re.escape(path.stem[:-16])
    return [old for old in path.parent.iterdir() if old != path and re.fullmatch(label + "[0-9a-f]{16}", old.stem)]


def _write(path: Path, made: Decoded) -> None:
    arrays = {name: np.asarray(value) for name, value in made._asdict().items()}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays, checksum=np.array(_checksum(arrays)))


def _read(path: Path) -> Decoded:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in Decoded._fields}
        if str(stored["checksum"]) != _checksum(arrays):
            raise ValueError("its checksum is another")
    return Decoded(arrays["images"], arrays["labels"], [str(name) for name in arrays["classes"]], str(arrays["note"]))


def _checksum(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 of the types, shapes and values."""
    total = hashlib.sha256()
    for array in arrays.values():
        total.update(f"{array.dtype.str}{array.shape}".encode())
        total.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def _below(folder: Path) -> list[Path]:
    """All files and folders below a folder, without the list of their checksums, a folder before what is in it."""
    return sorted(path for path in folder.rglob("*") if path != folder / SUMS)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _sum(path: Path) -> str:
    """SHA-256 of a file, nothing for a folder; ValueError for links, pipes and devices, which may have no end."""
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return ""
    if not stat.S_ISREG(mode):
        raise ValueError(f"{path} is neither a file nor a folder")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sums(folder: Path) -> str:
    """The checksums of what is below a folder, as they are kept beside it."""
    return json.dumps({path.relative_to(folder).as_posix(): _sum(path) for path in _below(folder)})


def _fill(folder: Path, produce: Callable[[Path], Any]) -> None:
    produce(folder)
    (folder / SUMS).write_text(_sums(folder), encoding="utf-8")


def _whole(folder: Path) -> bool:
    """Whether a kept folder holds exactly what was written."""
    try:
        return _sum(folder / SUMS) != "" and (folder / SUMS).read_text(encoding="utf-8") == _sums(folder)
    except (OSError, ValueError):
        return False


def _put_in_place(draft: Path, home: Path) -> None:
    """Make ``draft`` the kept folder; where a damaged one is in the way, file by file, as others may be reading it."""
    try:
        os.replace(draft, home)
        return
    except OSError:
        if not os.path.lexists(home):
            raise
    if not _is_folder(home):  # a file, or a link: what it leads to is not ours
        home.unlink()
        os.replace(draft, home)
        return
    for old in [*_below(home), home / SUMS]:
        new = draft / old.relative_to(home)
        if os.path.lexists(old) and (not os.path.lexists(new) or _is_folder(old) != _is_folder(new)):
            if _is_folder(old):
                shutil.rmtree(old)
            else:
                old.unlink(missing_ok=True)
    for new in [*_below(draft), draft / SUMS]:
        place = home / new.relative_to(draft)
        if _is_folder(new):
            place.mkdir(exist_ok=True)
        else:
            os.replace(new, place)
