"""Hostile archives: each is refused in one sentence, and nothing of it is written."""

import contextlib
import gzip
import io
import os
from pathlib import Path
import random
import stat
import struct
import tarfile
import time
import zipfile

import pytest
from torchbook.data import unpack as module
from torchbook.data.errors import DataError
from torchbook.data.unpack import unpack

pytestmark = pytest.mark.faults("archives")

GOOD = {"toy/a.txt": b"one", "toy/sub/b.txt": b"two"}


def tar_of(members, mode="w:gz", form=tarfile.PAX_FORMAT):
    """A tar file of (name, content) or ready TarInfo with content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=form) as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if not isinstance(name, tarfile.TarInfo):
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zip_of(members, compression=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def special(kind, linkname="a.txt"):
    info = tarfile.TarInfo("toy/odd")
    info.type, info.linkname = kind, linkname
    return tar_of([*GOOD.items(), (info, b"")])


def zip_link():
    info = zipfile.ZipInfo("toy/odd")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zip_of([*GOOD.items(), (info, b"/etc/passwd")])


def sparse():
    info = tarfile.TarInfo("toy/odd")
    info.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": "1000000000", "GNU.sparse.name": "toy/odd"}
    return tar_of([*GOOD.items(), (info, b"")])


def tried(tmp_path, data):
    archive = tmp_path / "toy.tgz"
    archive.write_bytes(data)
    unpack(archive, "toy", tmp_path / "new" / "toy")
    return {path.relative_to(tmp_path / "new").as_posix(): path.read_bytes() for path in files(tmp_path / "new")}


def files(folder: Path):
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize(
    "data",
    [
        tar_of(GOOD.items()),
        tar_of(GOOD.items(), "w"),
        tar_of(GOOD.items(), form=tarfile.GNU_FORMAT),
        tar_of(GOOD.items(), form=tarfile.USTAR_FORMAT),
        zip_of(GOOD.items()),
        zip_of(GOOD.items(), zipfile.ZIP_STORED),
        tar_of([("./" + name, content) for name, content in GOOD.items()]),
        tar_of([*GOOD.items(), ("else/c.txt", b"not wanted")]),
        zip_of([("toy/", b""), ("toy/sub/", b""), *GOOD.items(), ("__MACOSX/toy/._a.txt", b"")]),
    ],
    ids=["tgz", "tar", "gnu", "ustar", "zip", "stored", "dot", "more", "folders"],
)
def test_good_archives_are_unpacked(tmp_path, data):
    assert tried(tmp_path, data) == GOOD


PATHS = [
    ("../evil", "leads out"),
    ("toy/../../evil", "leads out"),
    ("toy/..", "leads out"),
    ("/evil", "leads out"),
    ("//server/share/evil", "leads out"),
    ("C:/evil", "leads out"),
    ("C:\\evil", "leads out"),
    ("c:evil", "leads out"),
    ("toy\\..\\..\\evil", "leads out"),
    ("\\\\server\\evil", "leads out"),
    ("toy\\evil", "is no plain path"),
    ("toy//evil", "is no plain path"),
    ("toy/./evil", "is no plain path"),
    ("toy/evil:stream", "Windows"),
    ("toy/NUL", "Windows"),
    ("toy/con.txt", "Windows"),
    ("toy/LPT1.tar.gz", "Windows"),
    ("toy/aux/evil", "Windows"),
    ("toy/evil.", "Windows"),
    ("toy/evil ", "Windows"),
    ("toy/what?", "Windows"),
    ("toy/a\nb", "Windows"),
    ("toy/" + "x" * 300, "too long a name"),
    ("toy/" + "/".join(["x" * 80] * 60), "is a path of more than 500 bytes or 30 folders"),
    ("toy/" + "ß/" * 200 + "f", "is a path of more than 500 bytes or 30 folders"),
    ("toy/" + "a/" * 32_000 + "f", "is a path of more than 500 bytes or 30 folders"),
    ("toy/a.txt", "one name twice"),
    ("toy/A.TXT", "one name twice"),
    ("TOY/a.txt", "one name twice"),
    ("toy/Sub/c.txt", "holds 'toy/sub' and 'toy/Sub', one name twice"),
    ("toy/SUB/", "one name twice"),
    ("toy/a.txt/evil", "as a file and as a folder"),
    ("toy/sub", "as a file and as a folder"),
]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
@pytest.mark.parametrize(("name", "says"), PATHS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_bad_path_is_refused_and_nothing_is_written(tmp_path, pack, name, says):
    with pytest.raises(DataError, match=says) as caught:
        tried(tmp_path, pack([*GOOD.items(), (name, b"evil")]))
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == [tmp_path / "toy.tgz"]


def test_a_path_of_a_megabyte_is_refused_at_once(tmp_path):
    start = time.perf_counter()
    with pytest.raises(DataError, match="is a path of more than 500 bytes") as caught:
        tried(tmp_path, tar_of([("toy/" + "a/" * 500_000 + "f", b"evil")]))
    assert time.perf_counter() - start < 2
    assert len(str(caught.value)) < 300


@pytest.mark.skipif(os.name != "posix", reason="lengths of POSIX")
def test_paths_that_are_too_long_here_are_no_fault_of_the_disk(tmp_path):
    deep = tmp_path.joinpath(*["x" * 200] * 18)
    (tmp_path / "toy.tgz").write_bytes(tar_of([("toy/" + "/".join(["y" * 90] * 5), b"one")]))
    with pytest.raises(DataError, match=r"toy\.tgz holds paths that are too long here: name a folder with a shorter"):
        unpack(tmp_path / "toy.tgz", "toy", deep)


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_file_in_place_of_the_folder_is_refused(tmp_path, pack):
    with pytest.raises(DataError, match=r"toy\.tgz holds toy as a file, not as a folder; it was not unpacked"):
        tried(tmp_path, pack([("toy", b"evil")]))
    assert files(tmp_path) == [tmp_path / "toy.tgz"]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_folder_without_files_is_told(tmp_path, pack):
    def folder(name):
        info = tarfile.TarInfo(name)
        info.type = tarfile.DIRTYPE
        return info if pack is tar_of else name + "/"

    with pytest.raises(DataError, match=r"toy\.tgz holds no file in the folder toy\."):
        tried(tmp_path, pack([(folder("toy"), b""), (folder("toy/sub"), b"")]))


def test_composed_and_decomposed_names_collide(tmp_path):
    with pytest.raises(DataError, match="one name twice"):
        tried(tmp_path, tar_of([("toy/é", b"1"), ("toy/e\u0301", b"2")]))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (special(tarfile.SYMTYPE, "/etc"), "is a link or a device"),
        (special(tarfile.SYMTYPE), "is a link or a device"),
        (special(tarfile.LNKTYPE, "toy/a.txt"), "is a link or a device"),
        (special(tarfile.CHRTYPE), "is a link or a device"),
        (special(tarfile.BLKTYPE), "is a link or a device"),
        (special(tarfile.FIFOTYPE), "is a link or a device"),
        (sparse(), "is a sparse file"),
        (zip_link(), "is a link or a device"),
    ],
    ids=["link out", "link", "hard link", "character device", "block device", "pipe", "sparse", "link in zip"],
)
def test_what_is_no_plain_file_is_refused(tmp_path, data, says):
    with pytest.raises(DataError, match=f"'toy/odd', which {says}; it was not unpacked"):
        tried(tmp_path, data)
    assert files(tmp_path) == [tmp_path / "toy.tgz"]


@pytest.mark.parametrize("kind", [b"V", b"M", b"N", b"D", b"Z", b"\xff"])
def test_a_member_of_an_unknown_type_is_told(tmp_path, kind):
    data = bytearray(tar_of([("toy/odd", b""), *GOOD.items()], "w", tarfile.GNU_FORMAT))
    data[156:157], data[148:156] = kind, b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    with pytest.raises(DataError, match="'toy/odd', which is neither a file nor a folder"):
        tried(tmp_path, bytes(data))


def remarked(count, size, kind=tarfile.XHDTYPE):
    """A tar file with a remark before each of so many empty files, or as many before the first of them."""
    file = tarfile.TarInfo("toy/a").tobuf(tarfile.USTAR_FORMAT)
    packed = io.BytesIO()
    with gzip.open(packed, "wb", 1) as stream:
        for number in range(count):
            record = b"%d k%d=" % (size, number)
            info = tarfile.TarInfo("remark")
            info.type, info.size = kind, size
            record += b"x" * (size - len(record) - 1) + b"\n"
            stream.write(info.tobuf(tarfile.USTAR_FORMAT) + record + bytes(-size % 512))
            if kind == tarfile.XHDTYPE:
                stream.write(tarfile.TarInfo(f"toy/{number}").tobuf(tarfile.USTAR_FORMAT))
        stream.write(file + bytes(1024))
    return packed.getvalue()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_remarks_do_not_fill_the_memory(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(module, "MOST_HEADERS", 5_000_000)
    with pytest.raises(DataError, match="the headers of the archive have more than 5,000,000 bytes"):
        tried(tmp_path, remarked(6, 1_000_000, kind))


def test_many_remarks_on_all_members_are_refused(tmp_path):
    with pytest.raises(DataError, match="it has more than 100 remarks on all of its files"):
        tried(tmp_path, remarked(101, 100, tarfile.XGLTYPE))


def test_remarks_on_members_are_not_kept(tmp_path):
    info = tarfile.TarInfo("toy/a.txt")
    info.size, info.pax_headers = 3, {"comment": "x" * 1000}
    (tmp_path / "toy.tgz").write_bytes(tar_of([(info, b"one")]))
    with module._opened(tmp_path / "toy.tgz") as source:
        member = next(module._members(source))
        assert member.content.args[0].pax_headers == {}
        assert source.members == []


def encrypted():
    data = bytearray(zip_of(GOOD.items()))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def wrong_crc():
    data = bytearray(zip_of(GOOD.items(), zipfile.ZIP_STORED))
    data[data.index(b"one")] ^= 1
    return bytes(data)


def damaged_header():
    data = bytearray(tar_of(GOOD.items(), "w"))
    data[1024 + 10] ^= 1  # the second header: tarfile alone takes it for the end
    return bytes(data)


def strange_method():
    data = bytearray(zip_of(GOOD.items(), zipfile.ZIP_STORED))
    for mark, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.index(mark) + place, 77)
    return bytes(data)


def short_content():
    data = bytearray(zip_of([("toy/a.txt", b"one" * 100)]))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 400)  # the directory claims more than there is
    return bytes(data)


def test_a_member_that_is_shorter_than_it_says_is_told(tmp_path):
    with pytest.raises(DataError, match=r"ends within 'toy/a\.txt'; it was not unpacked"):
        tried(tmp_path, short_content())


def places_before_the_beginning():
    data = bytearray(zip_of(GOOD.items()))
    struct.pack_into("<I", data, data.index(b"PK\x05\x06") + 16, len(data))  # where the directory begins
    return bytes(data)


@pytest.mark.parametrize("seed", range(5))
def test_damage_at_random_is_refused_or_does_no_harm(tmp_path, seed):
    rng = random.Random(seed)
    for number in range(60):
        data = bytearray(rng.choice([zip_of(GOOD.items()), tar_of(GOOD.items()), tar_of(GOOD.items(), "w")]))
        for _ in range(rng.choice([1, 2, 8])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        (tmp_path / "toy.tgz").write_bytes(data[: rng.choice([len(data), rng.randrange(len(data))])])
        with contextlib.suppress(DataError):  # any other error fails
            unpack(tmp_path / "toy.tgz", "toy", tmp_path / str(number) / "toy")
    assert all(path.parent.name in ("toy", "sub", tmp_path.name) for path in files(tmp_path))


def test_a_full_disk_is_not_taken_for_a_broken_archive(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        tried(tmp_path, tar_of(GOOD.items()))


@pytest.mark.parametrize(
    "data",
    [
        places_before_the_beginning(),
        b"",
        b"not an archive",
        b"PK\x03\x04 is not one either",
        b"\x1f\x8b\x08 nor this",
        gzip.compress(b"text that is no tar file " * 100),
        tar_of(GOOD.items())[:100],
        tar_of(GOOD.items())[:-20],
        tar_of(GOOD.items(), "w")[:700],
        tar_of(GOOD.items(), "w")[:1024],
        tar_of(GOOD.items(), "w")[:1200],
        zip_of(GOOD.items())[:-30],
        zip_of(GOOD.items())[30:],
        b"\0" * 20_480,
        damaged_header(),
        wrong_crc(),
    ],
    ids=range(16),
)
def test_a_broken_archive_is_one_sentence(tmp_path, data):
    with pytest.raises(DataError, match=r"^toy\.tgz (is not an archive that can be unpacked|does not hold)") as caught:
        tried(tmp_path, data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [zip_of(GOOD.items(), zipfile.ZIP_BZIP2), zip_of(GOOD.items(), zipfile.ZIP_LZMA), strange_method()],
    ids=["bzip2", "LZMA", "unknown"],
)
def test_methods_that_may_fill_the_memory_are_refused(tmp_path, data):
    with pytest.raises(DataError, match="is packed by another method than deflate; it was not unpacked"):
        tried(tmp_path, data)
    assert files(tmp_path) == [tmp_path / "toy.tgz"]


def test_an_encrypted_archive_is_told(tmp_path):
    with pytest.raises(DataError, match="is encrypted; it was not unpacked"):
        tried(tmp_path, encrypted())


def test_another_folder_is_told(tmp_path):
    with pytest.raises(DataError, match="does not hold the folder toy"):
        tried(tmp_path, tar_of([("toys/a.txt", b"one")]))


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_bomb_is_refused_before_anything_is_written(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    with pytest.raises(DataError, match="holds more than 1,000,000 bytes"):
        tried(tmp_path, pack([*GOOD.items(), ("toy/zeros", bytes(1_000_001))]))
    assert files(tmp_path) == [tmp_path / "toy.tgz"]


def test_a_header_that_claims_much_is_refused_unread(tmp_path):
    info = tarfile.TarInfo("toy/zeros")
    info.size = 10**12
    start = time.perf_counter()
    with pytest.raises(DataError, match="holds more than 2,000,000,000 bytes"):
        tried(tmp_path, gzip.compress(info.tobuf() + bytes(1024)))
    assert time.perf_counter() - start < 5


def test_a_name_of_a_gigabyte_is_not_read(tmp_path):
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 10**9
    with pytest.raises(DataError, match=r"a header of the archive has 1,000,000,\d+ bytes"):
        tried(tmp_path, gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_MEMBERS", 3)
    with pytest.raises(DataError, match="or 3 files"):
        tried(tmp_path, tar_of((f"toy/{number}", b"") for number in range(4)))


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_rights_in_the_archive_do_not_matter(tmp_path):
    info = tarfile.TarInfo("toy/a.txt")
    info.mode, info.size = 0o4000, 3
    tried(tmp_path, tar_of([(info, b"one")]))
    mode = (tmp_path / "new" / "toy" / "a.txt").stat().st_mode
    assert mode & 0o4000 == 0
    assert mode & 0o400
