"""Archives from elsewhere: every member is checked before the first is written; what is odd is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import errno
from functools import partial
import gzip
import lzma
import math
from pathlib import Path, PurePosixPath
import re
import shutil
import stat
import struct
import tarfile
from typing import IO, Any, NamedTuple
import unicodedata
import zipfile
import zlib

from torchbook.data.errors import DataError

MOST_BYTES = 2_000_000_000  # unpacked; the largest set of the book has 0.2 GB
MOST_MEMBERS = 200_000  # files, and the folders that they lie in
MOST_HEADER = 1 << 20  # bytes that are read at once: a name or a remark is never that long
MOST_HEADERS = 1 << 27  # bytes of all headers of a tar file: those of 80,000 files with long names
MOST_REMARKS = 100  # of a tar file on all of its members: tarfile goes through them for each
LONGEST_PATH = 500  # bytes; Windows takes 260 characters
DEEPEST_PATH = 30  # parts
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # no file can be called so on Windows
BLOCK = 512  # bytes; a tar file ends in such blocks of zeros
BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile,
          NotImplementedError, RuntimeError, ValueError, OverflowError, LookupError, struct.error)  # fmt: skip


class Member(NamedTuple):
    """One file or folder of an archive; `kind` says what it is where it is neither."""

    name: str
    size: int
    folder: bool
    kind: str
    content: Callable[[], Any]  # opens it


def unpack(archive: Path, inside: str, target: Path) -> None:
    """Write what lies in the folder `inside` of a zip or (gzipped) tar file to the folder `target`, which is made.

    Nothing is written where a member leads outside, is no file or folder, has a name twice (or in another case), has
    a name that some system cannot keep, or where all would be too large: DataError. So is an archive without files in
    the folder `inside`, and one whose paths are too long below `target`.
    """
    try:
        with _opened(archive) as source:
            there = [
                (member, path.relative_to(inside))
                for member in _checked(_members(source), archive.name)
                if (path := PurePosixPath(member.name)).is_relative_to(inside)
            ]
            wanted = [(member, path) for member, path in there if not member.folder]
            if not there:
                raise DataError(f"{archive.name} does not hold the folder {inside}.")
            if not wanted:
                raise DataError(f"{archive.name} holds no file in the folder {inside}.")
            if any(path == PurePosixPath() for _, path in wanted):
                raise DataError(f"{archive.name} holds {inside} as a file, not as a folder; it was not unpacked.")
            for member, path in wanted:
                _write(member, target / path, archive.name)
    except DataError:
        raise
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise DataError(
                f"{archive.name} holds paths that are too long here: name a folder with a shorter path."
            ) from error
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # the disk, not the archive
            raise
        raise DataError(f"{archive.name} is not an archive that can be unpacked: {str(error)[:200]}.") from error


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile | tarfile.TarFile]:
    with archive.open("rb") as raw:
        beginning = raw.read(4)
        raw.seek(0)
        if beginning[:2] == b"PK":
            with zipfile.ZipFile(raw) as source:
                yield source
        else:
            stream = gzip.GzipFile(fileobj=raw) if beginning[:2] == b"\x1f\x8b" else raw
            careful: Any = _Careful(stream)
            with tarfile.open(fileobj=careful, mode="r:") as source:
                yield source


class _Careful:
    """A stream that refuses to read very much, at once or of headers in all, which tarfile would keep in memory."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self.stream, self.seek, self.tell = stream, stream.seek, stream.tell
        self.left: float = MOST_HEADERS

    def read(self, count: int) -> bytes:
        if count > MOST_HEADER:
            raise DataError(f"a header of the archive has {count:,} bytes; it was not unpacked.")
        self.left -= count
        if self.left < 0:
            raise DataError(f"the headers of the archive have more than {MOST_HEADERS:,} bytes; it was not unpacked.")
        return self.stream.read(count)


def _members(source: zipfile.ZipFile | tarfile.TarFile) -> Iterator[Member]:
    if isinstance(source, zipfile.ZipFile):
        for info in source.infolist():
            mode = stat.S_IFMT(info.external_attr >> 16)
            kind = "" if mode in (0, stat.S_IFREG, stat.S_IFDIR) else "a link or a device"
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others may fill the memory
                kind = "packed by another method than deflate"
            kind = "encrypted" if info.flag_bits & 1 else kind
            yield Member(info.orig_filename, info.file_size, info.is_dir(), kind, partial(source.open, info))
        return
    tar: Any = source
    while info := tar.next():
        if len(tar.pax_headers) > MOST_REMARKS:
            raise tarfile.ReadError(f"it has more than {MOST_REMARKS} remarks on all of its files")
        tar.members.clear()  # neither these nor remarks on each member are kept in memory
        info.pax_headers = {}
        yield Member(info.name, info.size, info.isdir(), _tar_kind(info), partial(tar.extractfile, info))
    tar.fileobj.left = math.inf
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(BLOCK) != bytes(BLOCK):  # tarfile takes a damaged header for the end
        raise tarfile.ReadError("it is cut off or damaged")
    after = 0
    while rest := tar.fileobj.read(MOST_HEADER):  # to the end, where gzip checks its sum
        after += len(rest)
        if after > 16 * MOST_HEADER:
            raise tarfile.ReadError("much comes after its end")


def _tar_kind(info: tarfile.TarInfo) -> str:
    """What a member is that is no plain file and no folder, or nothing."""
    if info.issparse():
        return "a sparse file"
    if info.issym() or info.islnk() or info.isdev():
        return "a link or a device"
    return "" if info.isreg() or info.isdir() else f"neither a file nor a folder (its type is {info.type!r})"


def _checked(members: Iterator[Member], archive: str) -> list[Member]:
    """All members, when nothing is wrong with any; stops at the first that is."""
    found: list[Member] = []
    seen: dict[str, tuple[str, bool]] = {}  # by what a system that ignores case sees: the path, and if it is a folder
    total = 0
    for member in members:
        problem = _name_problem(member.name) or (f"is {member.kind}" if member.kind else "")
        if problem:
            raise DataError(f"{archive} holds {_short(member.name)!r}, which {problem}; it was not unpacked.")
        total += member.size
        path = PurePosixPath(member.name)
        for one, folder in ((path, member.folder), *((parent, True) for parent in path.parents)):
            name = str(one)
            before, known = seen.get(_same(name), (name, None))
            if before != name or (known is False and not folder):
                raise DataError(f"{archive} holds {before!r} and {name!r}, one name twice; it was not unpacked.")
            if known not in (None, folder):
                raise DataError(f"{archive} holds {name!r} as a file and as a folder; it was not unpacked.")
            if known and one is not path:  # and so are those above it
                break
            seen[_same(name)] = name, folder
        if total > MOST_BYTES or max(len(seen), len(found)) > MOST_MEMBERS:
            raise DataError(
                f"{archive} holds more than {MOST_BYTES:,} bytes or {MOST_MEMBERS:,} files and folders: not unpacked."
            )
        found.append(member)
    return found


def _short(name: str) -> str:
    return name if len(name) <= 100 else name[:100] + "..."


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", str(PurePosixPath(name))).casefold()


def _name_problem(name: str) -> str:
    """What is wrong with a path, or nothing."""
    if len(name.encode(errors="surrogatepass")) > LONGEST_PATH or name.count("/") > DEEPEST_PATH:
        return f"is a path of more than {LONGEST_PATH} bytes or {DEEPEST_PATH} folders"
    parts = re.split(r"[/\\]", name.removesuffix("/"))
    while len(parts) > 1 and parts[0] == ".":  # ./folder/file, as tar writes it
        parts.pop(0)
    if name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name):
        return "leads out of its folder"
    if "\\" in name or "" in parts or "." in parts[1:]:
        return "is no plain path"
    for part in parts:
        if re.search(r'[\x00-\x1f<>:"|?*]', part) or RESERVED.fullmatch(part) or (part[-1] in ". " and part != "."):
            return "is a name that Windows does not have"
        if len(part.encode("utf-8", "surrogateescape")) > 255:
            return "has too long a name"
        if any("\ud800" <= character <= "\udfff" for character in part):
            return "has a name that is no Unicode"
    return ""


def _write(member: Member, path: Path, archive: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with member.content() as content, path.open("xb") as file:
        shutil.copyfileobj(content, file)
        if file.tell() != member.size:
            raise DataError(f"{archive} ends within {member.name!r}; it was not unpacked.")
