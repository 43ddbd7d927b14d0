"""Get real data when a reader asks: looked at first, downloaded, unpacked safely, and put in place in one step."""

from __future__ import annotations

from contextlib import suppress
import os
from pathlib import Path
import shutil
import tempfile

from torchbook.data.catalog import DataFile, DatasetCard, card
from torchbook.data.download import NoMirrorError, download
from torchbook.data.errors import DataError
from torchbook.data.folders import as_path, data_roots
from torchbook.data.inside import is_whole, lies_in, look_into
from torchbook.data.place import PARTS, SCRATCH, alone_in, make_folder, move_in, say
from torchbook.data.unpack import unpack


def fetch(
    name: str, folder: str | os.PathLike | None = None, progress: bool = True, force: bool = False
) -> Path | None:
    """Get the data set `name` unless it is there, and return the folder (or file) that holds it; None: nothing to get.

    It goes below `folder`, which is made if need be; without one below $TORCHBOOK_DATA, else the user's cache.
    $TORCHBOOK_MIRROR, a base address, is tried before the mirrors of the catalogue. What a broken connection left is
    resumed by the next call. What is there is read; packed files that are damaged are fetched again, and anything
    else is replaced with `force` alone. Raises ValueError for an unknown name, and DataError where data that are
    there are broken, where every mirror failed, or where the folder cannot take the data.
    """
    entry = card(name)
    if folder is not None and not os.fspath(folder):  # such as a variable of the shell that is not set
        raise DataError("The folder to fetch to has no name: give one, or leave it out.")
    if not entry.forms:
        say(entry.note)
        return None
    roots = [as_path(folder)] if folder is not None else data_roots()
    there = None if force else _there(entry, roots)
    if there is not None:  # before anything is written: a memory stick may be write-protected
        if (roots[0] / PARTS).is_dir():  # a fetch was killed at its very end, or one is going on
            with suppress(OSError, DataError), alone_in(roots[0]):
                _tidy(entry, roots[0] / PARTS)
        return there
    root = make_folder(roots[0])
    try:
        with alone_in(root):
            there = None if force else _there(entry, roots)  # another one may have fetched it meanwhile
            return there or _get(entry, root, progress, force)
    except OSError as error:
        raise DataError(f"{root} cannot take the data: {_fault(error)}.") from error


def _fault(error: OSError) -> str:
    """What the system says, and of which path."""
    said, path = error.strerror or str(error), error.filename
    if path is not None and isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
        return f"{path} is in the way ({said}); move it elsewhere"
    return f"{said} ({path})" if path is not None else said


def _there(entry: DatasetCard, roots: list[Path]) -> Path | None:
    """Where the data are, whole; None where they are not, or are damaged files that a download replaces.

    Raises DataError where something else is in their place, which may be somebody's own.
    """
    place = lies_in(entry, roots)
    if place is None:
        return None
    there = Path(*place)
    try:
        said = look_into(entry, *place)
        if said.startswith("your"):
            raise DataError(f"it is {said}.")
    except DataError as error:
        if all(file.inside is None and file.name.endswith(".gz") for file in entry.files):
            return None  # nobody keeps anything else under these names
        raise DataError(f"{there} is there, but {error} {_by_force(entry)}") from error
    say(f"{entry.title} is there already: {there}")
    return there


def _by_force(entry: DatasetCard) -> str:
    return f"To replace what lies there: bookkit data fetch {entry.name} --force"


def _get(entry: DatasetCard, root: Path, progress: bool, force: bool) -> Path:
    """Copy, or download and unpack, the first form of which each file can be had, and put it in place."""
    failures: list[str] = []
    parts = make_folder(root / PARTS)
    for files in (None, *entry.forms):
        try:
            with tempfile.TemporaryDirectory(dir=root, prefix=SCRATCH) as scratch:  # same disk: one move at the end
                if files is None:
                    places = _copied(entry, root, Path(scratch) / "new") if not force else []
                else:
                    places = _downloaded(files, root, parts, Path(scratch) / "new", progress, failures, force)
                for place in places:
                    move_in(Path(scratch), root, place, force)
        except NoMirrorError:
            continue
        if not places and files is None:
            continue
        _tidy(entry, parts)
        got = next(root / form for form in entry.folder if (root / form).exists())
        try:
            look_into(entry, root, str(got.relative_to(root)))
        except DataError as error:
            raise DataError(f"{error} {_by_force(entry)}") from error
        say(f"{entry.title} is ready: {got}")
        return got
    stand_in = f"; chapters run on the stand-in meanwhile ({entry.stand_in})"
    meanwhile = "" if lies_in(entry, [root]) else stand_in
    listing = "".join(f"\n  {failure}" for failure in failures)
    raise DataError(
        f"{entry.title} could not be downloaded{meanwhile}."
        f" To install it by hand, {_by_hand(entry, root)}. Tried:{listing}"
    )


def _copied(entry: DatasetCard, root: Path, new: Path) -> list[str]:
    """Copy whole data that lie in another folder of this machine; the paths below `new`, none where there are none."""
    for other in data_roots():
        place = lies_in(entry, [other])
        if place is None or other.resolve() == root.resolve():
            continue
        try:
            if look_into(entry, *place).startswith("your"):
                continue
        except DataError:
            continue
        source, ready = Path(*place), new / place[1]
        ready.parent.mkdir(parents=True, exist_ok=True)
        try:
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, ready)
        except OSError:  # a broken link in it, a pipe, a file that may not be read; or the disk is full: told later
            shutil.rmtree(new, ignore_errors=True)
            say(f"{entry.title} could not be copied from {source}.")
            continue
        say(f"{entry.title} is copied from {source}.")
        return [place[1]]
    return []


def _downloaded(
    files: tuple[DataFile, ...],
    root: Path,
    parts: Path,
    new: Path,
    progress: bool,
    failures: list[str],
    force: bool,
) -> list[str]:
    """Download what is not whole in `root` and unpack it below `new`; returns the paths there."""
    needed = [f for f in files if force or f.inside or not is_whole(root / f.target / f.name, f)]
    archives = [download(file, parts, progress, failures) for file in needed]
    places = []
    for archive, file in zip(archives, needed, strict=True):
        if file.inside is None:
            place = f"{file.target}/{file.name}"
            (new / file.target).mkdir(parents=True, exist_ok=True)
            shutil.move(archive, new / place)
        else:
            place = file.target
            unpack(archive, file.inside, new / place)
        places.append(place)
    return places


def _by_hand(entry: DatasetCard, root: Path) -> str:
    """Which files to get elsewhere, and where to put them."""
    names = " or ".join(" and ".join(file.name for file in files) for files in entry.forms)
    file = entry.files[0]
    if file.inside is None:
        return f"get {names} and put it into the folder {root / file.target}"
    return f"get {names} and unpack it, so that {root / entry.folder[0]} exists"


def _tidy(entry: DatasetCard, parts: Path) -> None:
    """Remove the downloaded archives of this data set, and parts of them."""
    for file in (file for files in entry.forms for file in files):
        for name in (file.name, file.name + ".part"):
            (parts / name).unlink(missing_ok=True)
    with suppress(OSError):  # parts of another data set are there
        parts.rmdir()
