"""The folder that real data go to: made, locked, cleaned of what killed downloads left, and filled in one step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import os
from pathlib import Path
import shutil
import tempfile
import time

from filelock import FileLock, Timeout
from torchbook.data.errors import DataError

LOCK = ".fetch.lock"  # of a folder of data: one download at a time
SCRATCH = ".fetch-"  # what the names of folders begin with that a fetch removes at its end
PARTS = ".partial"  # the folder of downloads that are not finished
OLD_S = 30 * 24 * 60 * 60  # parts of downloads that nobody went on with


def say(line: str) -> None:
    """Print a line; where nobody takes it (a closed pipe, a full disk), that is no fault of the data's folder."""
    with suppress(OSError):
        print(line)


def make_folder(folder: Path) -> Path:
    """Make the folder, if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror}; name a folder you may write to.") from error
    return folder


@contextmanager
def alone_in(root: Path) -> Iterator[None]:
    """Keep other fetches out of `root`, and remove what killed ones have left there."""
    lock = FileLock(root / LOCK)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"Another download to {root} is going on; waiting for it.")
            lock.acquire()
    except NotImplementedError as error:
        raise DataError(f"{root} is on a disk without locks; name a folder elsewhere and copy it.") from error
    try:
        for left in root.glob(SCRATCH + "*"):
            shutil.rmtree(left, ignore_errors=True)
        for part in (root / PARTS).glob("*"):
            unfinished = part.name.startswith(tempfile.gettempprefix())  # pooch's own name, until the hash is right
            if part.is_file() and (unfinished or time.time() - part.stat().st_mtime > OLD_S):
                part.unlink()
        yield
    finally:
        lock.release()


def move_in(scratch: Path, root: Path, place: str, force: bool) -> None:
    """Put `place` of the new files into `root`; what was there before goes with `scratch`."""
    ready, final = scratch / "new" / place, root / place
    final.parent.mkdir(parents=True, exist_ok=True)
    before = Path(tempfile.mkdtemp(dir=scratch)) / final.name
    if os.path.lexists(final):
        os.replace(final, before)
    try:
        os.replace(ready, final)
    except OSError:
        if os.path.lexists(before):
            os.replace(before, final)
        raise
    if force and final.suffix == ".gz":  # an unpacked file beside it would be read in its place
        final.with_suffix("").unlink(missing_ok=True)
