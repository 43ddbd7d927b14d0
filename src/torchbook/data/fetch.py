"""Get real data when a reader asks: mirrors in order, resumed, hash checked, unpacked safely, moved in one step."""

from __future__ import annotations

import contextlib
from functools import partial
import os
from pathlib import Path, PurePosixPath
import shutil
import tarfile
import tempfile
import zipfile
import zlib

import pooch
import requests
from torchbook.data.catalog import DataFile, DatasetCard, card
from torchbook.data.errors import DataError
from torchbook.data.folders import data_roots
from tqdm import tqdm

TIMEOUT_S = (10, 60)  # to connect, and between two pieces


def fetch(name: str, folder: str | os.PathLike | None = None, progress: bool = True) -> Path:
    """Download the data set `name` unless it is there, and return the folder (or file) that holds it.

    It goes below `folder`, which is made if need be; without one below $TORCHBOOK_DATA, else the user's cache.
    $TORCHBOOK_MIRROR, a base address, is tried before the mirrors of the catalogue. What a broken connection left is
    resumed by the next call. Raises ValueError for an unknown name and DataError where every mirror failed.
    """
    entry = card(name)
    if not entry.forms:
        print(entry.note)
        return data_roots()[0]
    if folder is not None:
        _make(Path(folder).expanduser())
    roots = data_roots(folder)[:1] if folder is not None else data_roots()
    there = next((root / form for root in roots for form in entry.folder if _complete(root, form, entry)), None)
    if there is not None:
        print(f"{entry.title} is there already: {there}")
        return there
    root, failures = _make(roots[0]), []
    for files in entry.forms:
        try:
            with tempfile.TemporaryDirectory(dir=root, prefix=".fetch-") as scratch:  # same disk: one move at the end
                archives = [_download(file, root, progress, failures) for file in files]
                for archive, file in zip(archives, files, strict=True):
                    _unpack(archive, file, Path(scratch))
                for file in files:
                    _move(Path(scratch), root, file)
        except _NoMirrorError:
            continue
        except OSError as error:
            raise DataError(f"{root} cannot take the data: {error.strerror or error}.") from error
        _tidy(root, entry)
        got = next(root / form for form in entry.folder if (root / form).exists())
        print(f"{entry.title} is ready: {got}")
        return got
    listing = "".join(f"\n  {failure}" for failure in failures)
    names = " or ".join(" + ".join(file.name for file in files) for files in entry.forms)
    raise DataError(
        f"{entry.title} could not be downloaded; chapters run on the stand-in meanwhile ({entry.stand_in})."
        f" To install it by hand, get {names}, unpacked, so that {root / entry.folder[0]} exists. Tried:{listing}"
    )


class _NoMirrorError(Exception):
    """Every mirror of one file failed."""


def _make(folder: Path) -> Path:
    """Make the folder, if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror}; name a folder you may write to.") from error
    return folder


def _tidy(root: Path, entry: DatasetCard) -> None:
    """Remove the downloaded archives of this data set, and parts of them."""
    for file in (file for files in entry.forms for file in files):
        for name in (file.name, file.name + ".part"):
            (_parts(root) / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # parts of another data set are there
        _parts(root).rmdir()


def _complete(root: Path, form: str, entry: DatasetCard) -> bool:
    """Whether `form` is there; of a set of plain files, whether each is there, packed or unpacked."""
    plain = [file for file in entry.files if file.inside is None]
    wanted = [root / file.target / file.name for file in plain]
    return (root / form).exists() and all(path.exists() or path.with_suffix("").exists() for path in wanted)


def _parts(root: Path) -> Path:
    return root / ".partial"


def _download(file: DataFile, root: Path, progress: bool, failures: list[str]) -> Path:
    """Return the file, complete and with the right hash; say of each mirror that fails why, and which is next."""
    part = _parts(root) / (file.name + ".part")
    own = os.environ.get("TORCHBOOK_MIRROR")
    urls = [*([f"{own.rstrip('/')}/{file.name}"] if own else []), *file.urls]
    pooch.get_logger().setLevel("WARNING")
    for url, following in zip(urls, [*urls[1:], None], strict=True):
        for resumed in [True, False] if part.exists() else [False]:  # a part that is spoilt: once more from the start
            downloader = partial(_resume, file=file, part=part, progress=progress)
            try:
                known = f"sha256:{file.sha256}"
                return Path(pooch.retrieve(url, known, fname=file.name, path=part.parent, downloader=downloader))
            except requests.RequestException as error:
                reason = _why(error)
                break
            except ValueError as error:  # a wrong hash (pooch) or a wrong size
                reason = "its SHA-256 is not the known one" if "hash" in str(error) else str(error)
                if not resumed or part.exists():
                    break
        failures.append(f"{url}: {reason}")
        print(f"{url} failed ({reason}); " + (f"next: {following}" if following else "no mirror is left."))
    raise _NoMirrorError


def _why(error: requests.RequestException) -> str:
    """Say in a few words why a mirror failed."""
    if isinstance(error, requests.HTTPError):
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _resume(url: str, output_file: str, _pooch: object, *, file: DataFile, part: Path, progress: bool) -> None:
    """Download `url` to `output_file` through `part`, which outlives a broken connection (pooch's downloader form)."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code == 416:  # nothing after `start`: the part is whole, or not of this file; the hash tells
            os.replace(part, output_file)
            return
        answer.raise_for_status()
        start = start if answer.status_code == 206 else 0
        length = answer.headers.get("Content-Length")
        total = None if length is None else start + int(length)
        if file.size_bytes and total and total != file.size_bytes:
            raise ValueError(f"it offers {total:,} bytes instead of {file.size_bytes:,}")
        bar = tqdm(
            total=total, initial=start, unit="B", unit_scale=True, desc=file.name, disable=None if progress else True
        )
        with bar, part.open("ab" if start else "wb") as stream:
            for piece in answer.iter_content(1 << 16):
                stream.write(piece)
                bar.update(len(piece))
        if total and part.stat().st_size < total:
            raise requests.exceptions.ChunkedEncodingError("the connection ended early")
    os.replace(part, output_file)  # pooch checks the hash and drops a wrong file: it can't spoil the next mirror


def _unpack(archive: Path, file: DataFile, scratch: Path) -> None:
    """Put what the file holds at `scratch / file.target`; an archive with a path that leads outside is refused."""
    target = scratch / file.target
    if file.inside is None:
        target.mkdir(parents=True, exist_ok=True)
        shutil.move(archive, target / file.name)
        return
    opened = scratch / "opened"
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as source:
                source.extractall(opened, [name for name in source.namelist() if _wanted(name, file)])
        else:
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python before 3.10.12 and 3.11.4
            with tarfile.open(archive) as source:
                members = [member for member in source if _wanted(member.name, file)]
                if any(not (member.isfile() or member.isdir()) for member in members):
                    raise DataError(f"{file.name} holds links or devices and was not unpacked.")
                source.extractall(opened, members, **safely)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError(f"{file.name} is not an archive that can be unpacked: {error}.") from error
    if not (opened / file.inside).is_dir():
        raise DataError(f"{file.name} does not hold the folder {file.inside}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(opened / file.inside, target)


def _wanted(member: str, file: DataFile) -> bool:
    """Whether the archive's member lies in the folder that is wanted; DataError for a path that leads outside."""
    path = PurePosixPath(member.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0:1]:
        raise DataError(f"{file.name} holds the path {member}, which leads out of its folder; it was not unpacked.")
    return path.is_relative_to(PurePosixPath(file.inside or "."))


def _move(scratch: Path, root: Path, file: DataFile) -> None:
    """Move a finished folder into place in one step; plain files join those that are there."""
    ready, place = scratch / file.target, root / file.target
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        os.replace(ready, place)
    elif file.inside is None and (ready / file.name).exists():
        os.replace(ready / file.name, place / file.name)
