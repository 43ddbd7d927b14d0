"""A reader's folders and files without the right to read them: one sentence that says so."""

import os
from pathlib import Path
import shutil
import tempfile

from PIL import Image
import pytest
from torchbook.data.errors import DataError
from torchbook.data.images import image_folder, load_images, load_pictures
from torchbook.data.names import load_names
from torchbook.data.pictures import picture_endings
from torchbook.data.text import load_text

pytestmark = [
    pytest.mark.faults("picture folders"),
    pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are those of Unix"),
]
NOBODY = 65_534


@pytest.fixture
def home(monkeypatch):
    """A folder of a user to whom permissions apply, as whom the test runs: they don't apply to root."""
    picture_endings()  # Pillow loads its formats
    folder = Path(tempfile.mkdtemp())
    monkeypatch.setenv("TORCHBOOK_CACHE", str(folder / "cache"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(os.getuid())
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o700)
    shutil.rmtree(folder)


def pictures(folder: Path) -> Path:
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for k in range(2):
            Image.new("RGB", (9, 9)).save(folder / name / f"{k}.png")
    return folder


@pytest.mark.parametrize("mode", [0, 0o100, 0o400, 0o600])
@pytest.mark.parametrize("place", ["", "cats"])
@pytest.mark.parametrize("read", [load_images, image_folder])
def test_a_folder_of_pictures(home, mode, place, read):
    folder = pictures(home / "mine")
    (folder / place).chmod(mode)
    with pytest.raises(DataError, match=r"mine\S* cannot be read: Permission denied\.$"):
        read(folder=folder)


@pytest.mark.parametrize("place", ["mine", "mine/cats/0.png"])
def test_one_picture(home, place):
    folder = pictures(home / "mine")
    (home / place).chmod(0)
    with pytest.raises(DataError, match=r"0\.png cannot be read: Permission denied\.$"):
        load_pictures(folder / "cats" / "0.png")


@pytest.mark.parametrize("mode", [0, 0o400, 0o600])
def test_a_folder_of_names(home, mode):
    (home / "mine").mkdir()
    for name in ("English", "German"):
        (home / "mine" / f"{name}.txt").write_text("Ann\n", encoding="utf-8")
    (home / "mine").chmod(mode)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        load_names(home / "mine")


@pytest.mark.parametrize(
    "read", [lambda path: load_images(folder=path), load_names, load_pictures, lambda path: load_text(text=path)]
)
def test_below_a_folder_that_is_locked(home, read):
    (home / "locked").mkdir(0)
    with pytest.raises(DataError, match="mine cannot be read: Permission denied"):
        read(home / "locked" / "mine")
