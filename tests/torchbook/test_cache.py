"""What is kept for the next time: used again, made again where it is damaged, pruned, and never in the way."""

import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
import time

import numpy as np
from plain_user import plain_user
import pytest
from torchbook.data import cache as module
from torchbook.data.cache import Decoded, cached, kept_folder, state_of
from torchbook.data.errors import DataError

pytestmark = pytest.mark.faults("damaged cache files")

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 3, 8, 8), dtype=np.uint8)
MADE = Decoded(IMAGES, np.array([0, 1, 0, 1, 0, 1]), ["кошки", "dogs"], "one was animated")


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """A cache of this test's own."""
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "decoded"


def again(*_):
    pytest.fail("made again")


def equal(one: Decoded, other: Decoded) -> bool:
    return (
        np.array_equal(one.images, other.images)
        and np.array_equal(one.labels, other.labels)
        and (one.images.dtype, one.labels.dtype) == (other.images.dtype, other.labels.dtype)
        and one[2:] == other[2:]
    )


def test_the_second_call_reads_what_the_first_made():
    assert cached("a", "key", lambda: MADE) is MADE
    assert equal(cached("a", "key", again), MADE)


def test_another_key_is_made_anew_and_the_old_file_goes(folder):
    cached("a", "key", lambda: MADE)
    cached("a-b", "key", lambda: MADE)  # another label that begins alike
    cached("a", "another", lambda: MADE)
    assert len(list(folder.iterdir())) == 2
    assert equal(cached("a", "another", again), MADE)
    assert equal(cached("a-b", "key", again), MADE)


def kept(folder):
    cached("a", "key", lambda: MADE)
    (path,) = folder.iterdir()
    return path


def heals(path) -> None:
    """The damaged file is told, made again, and whole then."""
    with pytest.warns(UserWarning, match="cannot be read .* it is made again"):
        assert equal(cached("a", "key", lambda: MADE), MADE)
    assert equal(cached("a", "key", again), MADE)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])
def test_a_file_that_is_cut_is_made_again(folder, share):
    path = kept(folder)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    heals(path)


@pytest.mark.parametrize("start", range(24))
def test_a_flipped_byte_changes_nothing_that_is_returned(folder, start, recwarn):
    path = kept(folder)
    content = path.read_bytes()
    for place in range(start, len(content), 24 * 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        assert equal(cached("a", "key", lambda: MADE), MADE), place
    assert all("it is made again" in str(one.message) for one in recwarn.list)
    assert len(recwarn.list) > 0


def stored(**changes):
    """A file that a zip reader and NumPy take for whole, with other values under the old checksum."""

    def write(path):
        with np.load(path) as arrays:
            parts = dict(arrays) | changes
        with path.open("wb") as file:
            np.savez(file, **{name: value for name, value in parts.items() if value is not None})

    return write


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("spoilt"),
        lambda path: np.save(path.open("wb"), IMAGES),
        stored(images=IMAGES ^ 1),
        stored(images=IMAGES.reshape(6, 8, 8, 3)),
        stored(images=IMAGES.astype(np.int16)),
        stored(images=IMAGES[:5]),
        stored(labels=np.array([1, 1, 0, 1, 0, 1])),
        stored(labels=MADE.labels.astype(float)),
        stored(classes=np.array(["dogs", "кошки"])),
        stored(note=np.array("")),
        stored(labels=None),
        stored(checksum=None),
        stored(checksum=np.array("0" * 64)),
        stored(images=np.array([{}], dtype=object)),
    ],
)
def test_a_file_with_other_content_is_made_again(folder, spoil):
    path = kept(folder)
    spoil(path)
    heals(path)


def test_a_file_that_vanishes_between_the_look_and_the_reading_is_made_again(folder, monkeypatch, recwarn):
    path = kept(folder)

    def gone(_):
        path.unlink()
        raise FileNotFoundError(path)

    monkeypatch.setattr(module, "_read", gone)
    assert cached("a", "key", lambda: MADE) is MADE
    assert not recwarn.list


def test_a_full_disk_leaves_nothing_and_changes_no_output(folder, monkeypatch, recwarn):
    def full(file, **_):
        file.write(b"some")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.np, "savez", full)
    assert cached("a", "key", lambda: MADE) is MADE
    assert list(folder.iterdir()) == []
    assert not recwarn.list


@pytest.mark.parametrize("part", ["", "decoded"], ids=["the cache", "its folder decoded"])
@pytest.mark.parametrize("mode", [0, 0o400, 0o600])
def test_a_cache_that_may_not_be_looked_into_changes_no_output(monkeypatch, recwarn, mode, part):
    with plain_user() as place:
        monkeypatch.setenv("TORCHBOOK_CACHE", str(place / "cache"))
        (place / "cache" / part).mkdir(parents=True)
        (place / "cache" / part).chmod(mode)
        assert cached("a", "key", lambda: MADE) is MADE
    assert not recwarn.list


# folders --------------------------------------------------------------------------------------------------------------


def two_files(place) -> None:
    (place / "inner").mkdir()
    (place / "inner" / "a.jpg").write_bytes(b"a picture")
    (place / "b.jpg").write_bytes(b"another")


def contents(place) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*.jpg")}


WHOLE = {"inner/a.jpg": b"a picture", "b.jpg": b"another"}


def test_a_folder_is_written_once():
    home = kept_folder("drawn/x", "key", two_files)
    assert contents(home) == WHOLE
    assert kept_folder("drawn/x", "key", again) == home
    assert [path.name for path in home.parent.iterdir()] == [home.name]  # no draft is left


def instead(name, put):
    """Something else in the place of a file or folder of the kept one, or of itself."""

    def spoil(home: Path) -> None:
        path = home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        put(path)

    return spoil


def full_folder(path) -> None:
    path.mkdir()
    (path / "b.jpg").write_bytes(b"another")


OTHER_THINGS = [  # of the file system
    instead("", lambda path: path.write_text("a file")),
    instead("", lambda path: path.symlink_to("/nowhere/x")),
    instead("", lambda path: path.symlink_to(path)),
    instead("", os.mkfifo),
    *(instead(name, put) for name in ("b.jpg", "inner/a.jpg", module.SUMS) for put in (
        os.mkdir, full_folder, os.mkfifo, lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("/nowhere/x"), lambda path: path.symlink_to(path),
    )),
    instead("inner", lambda path: path.write_text("a file")),
    instead("inner", lambda path: path.symlink_to("/dev")),
    lambda home: (home / "inner" / "zzz").mkdir(),
    lambda home: full_folder(home / ".ipynb_checkpoints"),
    lambda home: os.mkfifo(home / "pipe"),
    lambda home: (home / "zero").symlink_to("/dev/zero"),
    lambda home: (home / "itself").symlink_to(home),
] if os.name == "posix" else []  # fmt: skip


@pytest.mark.parametrize(
    "spoil",
    [
        lambda home: (home / "b.jpg").write_bytes(b"anothes"),
        lambda home: (home / "b.jpg").write_bytes(b""),
        lambda home: (home / "inner" / "a.jpg").unlink(),
        lambda home: (home / "inner" / "c.jpg").write_bytes(b"not ours"),
        lambda home: (home / module.SUMS).unlink(),
        lambda home: (home / module.SUMS).write_text("{"),
        lambda home: (home / module.SUMS).write_text(json.dumps({})),
        lambda home: (home / module.SUMS).write_text("[" * 100_000),
        *OTHER_THINGS,
    ],
)
def test_a_damaged_folder_is_made_whole(spoil):
    home = kept_folder("drawn/x", "key", two_files)
    spoil(home)
    assert kept_folder("drawn/x", "key", two_files) == home
    assert contents(home) == WHOLE
    assert {path.name for path in home.rglob("*")} == {"inner", "a.jpg", "b.jpg", module.SUMS}
    kept_folder("drawn/x", "key", again)


@pytest.mark.skipif(os.name != "posix", reason="Windows makes links for some users alone")
def test_what_a_link_in_the_place_of_a_kept_folder_leads_to_is_left_alone(tmp_path):
    home = kept_folder("drawn/x", "key", two_files)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(b"mine")
    instead("", lambda path: path.symlink_to(tmp_path / "photos"))(home)
    assert contents(kept_folder("drawn/x", "key", two_files)) == WHOLE
    assert contents(tmp_path / "photos") == {"mine.jpg": b"mine"}


@pytest.mark.parametrize("mode", [0o555, 0])
def test_a_damaged_folder_that_may_not_be_changed_is_left_for_a_temporary_one(monkeypatch, mode):
    with plain_user() as place:
        monkeypatch.setenv("TORCHBOOK_CACHE", str(place))
        home = kept_folder("drawn/x", "key", two_files)
        (home / "b.jpg").write_bytes(b"damaged")
        home.chmod(mode)
        other = kept_folder("drawn/x", "key", two_files)
        assert other != home
        assert contents(other) == WHOLE
        assert kept_folder("drawn/x", "key", again) == other
        assert [path.name for path in home.parent.iterdir()] == [home.name]  # no draft is left
        (other / "b.jpg").unlink()
        other.chmod(mode)
        assert contents(kept_folder("drawn/x", "key", two_files)) == WHOLE


def test_pictures_that_a_full_disk_does_not_take_go_to_a_temporary_folder(tmp_path):
    def on_a_full_disk(place):
        two_files(place)
        if place.is_relative_to(tmp_path):
            raise OSError(28, "No space left on device")

    home = kept_folder("drawn/x", "key", on_a_full_disk)
    assert not home.is_relative_to(tmp_path)
    assert contents(home) == WHOLE
    assert list((tmp_path / "cache" / "drawn").iterdir()) == []


@pytest.mark.parametrize("mode", [0, 0o400, 0o600])
def test_the_state_of_a_folder_that_may_not_be_read_is_a_sentence(mode):
    with plain_user() as place:
        two_files(place)
        (place / "inner").chmod(mode)
        with pytest.raises(DataError, match=r"inner cannot be read: Permission denied\."):
            state_of(place / "inner")


def test_nothing_is_left_when_writing_breaks_off(tmp_path):
    def breaks(place):
        (place / "a.jpg").write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        kept_folder("drawn/x", "key", breaks)
    assert list((tmp_path / "cache" / "drawn").iterdir()) == []


def test_the_next_write_removes_what_killed_ones_left(tmp_path):
    left, live, other = (tmp_path / name for name in (".a.pt.0a.tmp", ".a.pt.0b.tmp", ".b.pt.0c.tmp"))
    for file in (left, live, other):
        file.touch()
    for file in (left, other):
        os.utime(file, (time.time() - 1, time.time() - 1))
    module.write_atomically(tmp_path / "a.pt", lambda path: (path.write_text("x"), live.write_text("y")))
    assert sorted(file.name for file in tmp_path.iterdir()) == [".a.pt.0b.tmp", ".b.pt.0c.tmp", "a.pt"]


@pytest.mark.skipif(os.name == "nt", reason="a finished file is not held there")
def test_a_finished_file_that_another_is_about_to_move_is_no_leftover(tmp_path):
    def another_writes(temporary):
        os.utime(temporary, (time.time() - 60, time.time() - 60))
        module.write_atomically(tmp_path / "a.pt", lambda path: path.write_text("other"))
        assert temporary.exists()

    module.write_held(tmp_path / "a.pt", lambda file: file.write(b"ours"), another_writes)
    assert (tmp_path / "a.pt").read_text() == "ours"
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize(("days", "there"), [(0, True), (2, False)])
def test_an_old_folder_goes_after_a_day(days, there):
    old = kept_folder("drawn/x", "key", two_files)
    stamp = time.time() - days * module.DAY_S
    os.utime(old, (stamp, stamp))
    kept_folder("drawn/x", "another", two_files)
    assert old.exists() == there


def test_two_processes_at_once_both_end_well(tmp_path):
    code = """if True:
        import time
        from torchbook.data.cache import kept_folder
        def write(place):
            for k in range(20):
                (place / f"{k}.jpg").write_bytes(b"x" * 1000)
                time.sleep(0.005)
        print(len(list(kept_folder("drawn/x", "key", write).glob("*.jpg"))))
    """
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["20", "20"]


def test_reading_real_pictures_imports_no_code_that_draws(tmp_path):
    from real_forms import CIFAR_CLASSES, image_folder

    image_folder(tmp_path / "cifar10" / "train", CIFAR_CLASSES)
    image_folder(tmp_path / "mine", ["cats", "dogs"], each=4)
    code = """if True:
        import sys
        from torchbook.data.images import image_folder, load_images
        load_images("cifar10", folder=sys.argv[1])
        load_images(folder=sys.argv[1] + "/mine")
        image_folder(folder=sys.argv[1] + "/mine")
        drawing = [name for name in sys.modules if "drawn" in name]
        assert not drawing, drawing
        load_images("ants-bees", source="embedded")
        assert "torchbook.drawn.pen" in sys.modules
    """
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)
