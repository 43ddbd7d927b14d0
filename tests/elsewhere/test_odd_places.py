"""Chapters in odd places give the outputs that are stored, write nothing beside them, and leave nothing in TMPDIR.

The cheapest chapters; others by name, `make test-places CHAPTERS="03 05"`, or all of them: `CHAPTERS=all`.
"""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess
import sys
from typing import NamedTuple

import pytest
from run_downloads import own_copy

from bookkit.notebooks import find_chapters, find_root

pytestmark = [
    pytest.mark.long,
    pytest.mark.faults("chapters in odd places"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces of Linux"),
]
ROOT = find_root(Path(__file__).parent)
ASKED = os.environ.get("CHAPTERS", "01 02 06 07")
NAMES = [one.name for one in find_chapters(ROOT, None if ASKED == "all" else ASKED.split())]
LOOPBACK_UP = """import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))"""  # as the Makefile's
READ_ONLY = """
for folder in "$TMPDIR" "$HOME" "$BOOKKIT_ROOT"; do mount --bind "$folder" "$folder" || exit 90; done
mount -o remount,bind,ro / && mount -o remount,bind,ro "$BOOKKIT_ROOT" || exit 91
touch "$BOOKKIT_ROOT/notebooks/new" "$PWD/new" 2>/dev/null && exit 92
exec "$@"
"""  # all but the temporary folder and the home, with its cache
OFFLINE = f"{sys.executable} -c '{LOOPBACK_UP}' && exec \"$@\""


class Place(NamedTuple):
    """What is odd: the name of the folder that all lies in, the environment, what the command is wrapped in."""

    folder: str = "plain"
    env: tuple[tuple[str, str], ...] = ()
    namespace: str = ""  # options of unshare
    script: str = 'exec "$@"'  # within it
    runs: int = 1
    at_once: int = 1
    alone: bool = False  # each chapter in a book without the others


PLACES = {
    "alone": Place(alone=True),
    "twice": Place(runs=2),
    "two at once": Place(at_once=2),
    "read-only": Place(namespace="-rm", script=READ_ONLY),
    "without network": Place(namespace="-rn", script=OFFLINE),
    "two threads": Place(env=(("OMP_NUM_THREADS", "2"),)),
    "LC_ALL=C": Place(env=(("LC_ALL", "C"),)),
    "ASCII alone": Place(env=(("LC_ALL", "C"), ("PYTHONCOERCECLOCALE", "0"), ("PYTHONUTF8", "0"))),
    "LC_ALL=C.UTF-8": Place(env=(("LC_ALL", "C.UTF-8"),)),
    "LC_ALL=de_DE.UTF-8": Place(env=(("LC_ALL", "de_DE.UTF-8"),)),
    "spaces and 中文": Place(folder="my book 中文"),
}


def copies(place: Place, folder: Path) -> list[tuple[Path, list[str]]]:
    """Books with the chapters to run in each: one with all, or one for each chapter."""
    book = own_copy(ROOT, folder / "book")
    if not place.alone:
        return [(book, NAMES)]
    made = []
    for name in NAMES:
        single = folder / name
        (single / "notebooks").mkdir(parents=True)
        shutil.copy2(ROOT / "_config.yml", single)
        for file in (f"{name}.ipynb", "profiles.yml"):
            shutil.copy2(ROOT / "notebooks" / file, single / "notebooks")
        made.append((single, [name]))
    return made


def files_of(folder: Path) -> dict[str, int]:
    """The files below, with their times; compiled Python apart."""
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in found}


@pytest.mark.parametrize("name", PLACES)
def test_chapters_give_the_stored_outputs(tmp_path, record_property, name):
    place = PLACES[name]
    needs_namespace(place)
    needs_locale(dict(place.env).get("LC_ALL", "C"))
    folder = tmp_path / place.folder
    (folder / "tmp").mkdir(parents=True)
    (folder / "home").mkdir()
    away = {"BOOKKIT_ROOT", "TORCHBOOK_CACHE", "LC_ALL", "LANG", "OMP_NUM_THREADS", "XDG_CACHE_HOME", "PYTHONUTF8"}
    env = {key: value for key, value in os.environ.items() if key not in away}
    if place.at_once == 1 and place.script != READ_ONLY:  # these two draw the stand-ins anew
        env["TORCHBOOK_CACHE"] = os.environ["TORCHBOOK_CACHE"]
    env |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), **dict(place.env)}
    wrong: dict[str, str] = {}
    books = copies(place, folder)
    for book, names in books:
        before = files_of(book)
        code = "src" if (book / "src").is_dir() else ROOT / "src"
        here = {**env, "BOOKKIT_ROOT": str(book), "PYTHONPATH": str(book / code)}
        for _ in range(place.runs):
            started = [start(place, names, here, folder) for _ in range(place.at_once)]
            for process in started:
                said, _ = process.communicate(timeout=1800)
                if process.returncode:
                    wrong[" ".join(names)] = f"exit code {process.returncode}: {said[-20_000:]}"
        if changed := files_of(book).items() ^ before.items():
            wrong["files"] = f"written into the book: {sorted(changed)}"
    left = sorted(path.name for path in (folder / "tmp").iterdir())
    if left := [name for name in left if not name.startswith("torchinductor_")]:  # PyTorch's cache, made by its import
        wrong["temporary folder"] = f"left in it: {left}"
    tries = len(NAMES) * place.runs * place.at_once
    record_property("tries", (tries, len(wrong)))
    assert not wrong, "\n\n".join(f"{what}: {how}" for what, how in wrong.items())


def start(place: Place, names: list[str], env: dict[str, str], folder: Path) -> subprocess.Popen:
    """`bookkit verify` of these chapters, in the folder above the book."""
    command = [sys.executable, "-P", "-m", "bookkit.cli", "verify", *names, "--jobs", "1"]
    if place.namespace:
        command = ["unshare", place.namespace, "sh", "-c", place.script, "sh", *command]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )


def needs_namespace(place: Place) -> None:
    if place.namespace and subprocess.run(["unshare", place.namespace, "true"], check=False).returncode:
        pytest.skip(f"NOT TRIED: unshare {place.namespace} is not permitted on this machine")


def needs_locale(name: str) -> None:
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout.lower().split()
    if name.lower().replace("utf-8", "utf8") not in known:
        pytest.skip(f"NOT TRIED: this machine has no locale {name}")
