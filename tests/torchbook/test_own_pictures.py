"""A reader's own pictures: every layout, what is left out and said, what is refused with one sentence."""

import os
from pathlib import Path
import re
import shutil
import sys
from types import SimpleNamespace
import unicodedata

import numpy as np
from PIL import Image
import psutil
import pytest
import torch
from torchbook.data import own
from torchbook.data.errors import DataError
from torchbook.data.images import image_folder, load_images, load_pictures
from torchbook.data.pictures import room_for
from torchvision.datasets import ImageFolder

pytestmark = pytest.mark.faults("picture folders")

COLOURS = {"cats": "red", "dogs": "lime", "owls": "blue"}


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path_factory.mktemp("cache")))


def photos(folder: Path, count: int = 3, colour="red", ending: str = "jpg", size=(24, 18)) -> Path:
    """So many pictures of one colour."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        Image.new("RGB", size, colour).save(folder / f"{k}.{ending}")
    return folder


def classes(folder: Path, names=COLOURS, count: int = 3) -> Path:
    for number, name in enumerate(names):
        photos(folder / name, count + number, COLOURS.get(name, "gray"))
    return folder


def phases(folder: Path, names=COLOURS, parts=("train", "val")) -> Path:
    for part in parts:
        classes(folder / part, names)
    return folder


def colours_fit(images) -> bool:
    """Whether each picture has the colour of its class."""
    means = images.images.float().mean((2, 3))  # (N, 3): red cats, green dogs, blue owls
    return bool((means - 255 * torch.eye(3)[images.labels]).abs().max() < 6)


# layouts ------------------------------------------------------------------------------------------------------------


def test_train_and_val_with_three_classes(tmp_path):
    folder = phases(tmp_path / "my-photos")
    train, val = (load_images(folder=folder, split=split) for split in ("train", "val"))
    assert train.images.shape == (12, 3, 64, 64)
    assert train.classes == val.classes == ("cats", "dogs", "owls")
    assert torch.bincount(train.labels).tolist() == [3, 4, 5]
    assert colours_fit(train)
    assert colours_fit(val)
    assert (train.role, val.role) == ("train", "val")
    assert train.source == "your pictures in my-photos: 12 pictures, 3 classes (train)"
    assert val.source == "your pictures in my-photos: 12 pictures, 3 classes (val)"


@pytest.mark.parametrize("held_out", ["val", "valid", "validation", "test", "Test", "TESTING"])
@pytest.mark.parametrize("train", ["train", "Training"])
def test_the_names_that_people_give_to_the_parts(tmp_path, train, held_out):
    folder = phases(tmp_path, parts=(train, held_out))
    assert load_images(folder=folder).source.endswith(f"({train})")
    for split in ("val", "test"):
        images = load_images(folder=folder, split=split)
        assert images.role == split
        assert colours_fit(images)
        assert f"({held_out}" in images.source
        assert ("taken for" in images.source) == (own.FOLDERS[held_out.lower()] != split)


def test_three_parts_are_kept_apart(tmp_path):
    folder = phases(tmp_path, parts=("train", "val", "test"))
    photos(folder / "test" / "cats", 9)
    sizes = [len(load_images(folder=folder, split=split)) for split in ("train", "val", "test")]
    assert sizes == [12, 12, 18]
    home = image_folder(folder=folder)
    assert sorted(path.name for path in home.iterdir()) == ["test", "train", "val"]


@pytest.mark.parametrize("count", [2, 3, 8, 20])
def test_classes_alone_are_split_by_seed(tmp_path, count):
    folder = tmp_path / "flat"
    for number, name in enumerate(COLOURS):
        (folder / name).mkdir(parents=True)
        for k in range(count):
            Image.new("RGB", (9, 9), (50 * number, 5 * k, 0)).save(folder / name / f"{k}.png")
    train, val = (load_images(folder=folder, split=split, size=9) for split in ("train", "val"))
    held = max(1, round(count / 5))
    assert torch.bincount(train.labels).tolist() == [count - held] * 3
    assert torch.bincount(val.labels).tolist() == [held] * 3
    seen = [tuple(image[:, 4, 4].tolist()) for part in (train, val) for image in part.images]
    assert len(set(seen)) == 3 * count
    assert train.source == f"your pictures in flat: {3 * (count - held)} pictures, 3 classes (four fifths, by seed 0)"
    assert val.source == f"your pictures in flat: {3 * held} pictures, 3 classes (the fifth held out by seed 0)"
    assert torch.equal(val.images, load_images(folder=folder, split="test", size=9).images)
    others = [load_images(folder=folder, split="val", size=9, seed=seed).images for seed in range(1, 9)]
    assert any(not torch.equal(val.images, other) for other in others)


@pytest.mark.parametrize("around", ["hymenoptera_data", "my-photos/my-photos"])
@pytest.mark.parametrize("inner", [phases, classes])
def test_a_folder_around_it_does_no_harm(tmp_path, around, inner):
    inner(tmp_path / around)
    assert load_images(folder=tmp_path).classes == tuple(COLOURS)


def test_train_alone_is_split_by_seed(tmp_path):
    folder = phases(tmp_path / "mine", parts=("train",))
    assert "four fifths, by seed 0" in load_images(folder=folder).source
    photos(tmp_path / "mine" / "test", 7)  # pictures without classes, as competitions have them
    source = load_images(folder=folder).source
    assert "four fifths, by seed 0; left out: 7 in test)" in source


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train", "bus", "car"):
        photos(tmp_path / name, 4)
    assert load_images(folder=tmp_path).classes == ("bus", "car", "train")


@pytest.mark.parametrize("count", [2, 3, 7, 30])
def test_any_number_of_classes(tmp_path, count):
    names = [f"class {k:02d}" for k in range(count)]
    for name in names:
        photos(tmp_path / name, 2)
    images = load_images(folder=tmp_path)
    assert images.classes == tuple(names)
    assert images.labels.tolist() == list(range(count))


@pytest.mark.parametrize(
    "names", [("кошки", "собаки"), ("犬", "猫"), ("ζώα", "φυτά"), ("قطط", "كلاب"), ("a b", "c'd"), ("🐱", "🐶"),
              ("École", "Été"), ("100%", "[x]")],
)  # fmt: skip
def test_names_in_any_script(tmp_path, names):
    for part in ("train", "val"):
        for name in names:
            place = photos(tmp_path / "фото" / part / name, 2)
            (place / "0.jpg").rename(place / "фото 1.jpg")
    images = load_images(folder=tmp_path / "фото")
    assert images.classes == tuple(sorted(names))
    assert images.source.startswith("your pictures in фото: 4 pictures, 2 classes")
    assert ImageFolder(image_folder(folder=tmp_path / "фото") / "val").classes == sorted(names)
    again = load_images(folder=tmp_path / "фото")  # from the cache
    assert again.classes == images.classes


def test_a_name_that_a_mac_and_another_system_write_differently(tmp_path):
    for part, form in (("train", "NFD"), ("val", "NFC")):
        for name in ("été", "hiver"):
            photos(tmp_path / part / unicodedata.normalize(form, name))
    assert load_images(folder=tmp_path).classes == load_images(folder=tmp_path, split="val").classes


def test_sizes_as_they_come_and_as_the_caller_says(tmp_path):
    for number, size in enumerate([(90, 60), (60, 90), (5, 5), (300, 20)]):
        photos(tmp_path / "a", 1 + number, size=size)
        photos(tmp_path / "b", 1 + number, size=size)
    for size in (8, 64, 224):
        for fit in ("crop", "pad"):
            assert load_images(folder=tmp_path, size=size, fit=fit).images.shape[1:] == (3, size, size)
    padded, cut = (load_images(folder=tmp_path, size=16, fit=fit).images for fit in ("pad", "crop"))
    assert (padded == 0).all(1).any()
    assert cut[:, 0].min() > 200


def test_a_limit_and_a_relative_folder(tmp_path, monkeypatch):
    phases(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert torch.bincount(load_images(folder="mine", limit=6).labels).tolist() == [2, 2, 2]
    monkeypatch.chdir(tmp_path / "mine")
    assert load_images(folder=".").source.startswith("your pictures in mine: 12 pictures")


def test_source_is_about_the_sets_of_the_book_alone(tmp_path):
    folder = phases(tmp_path)
    assert load_images(folder=folder, source="embedded").source == load_images(folder=folder).source


# what is left out, and said -----------------------------------------------------------------------------------------


def test_kinds_of_pictures(tmp_path):
    """Upper case, webp, bmp, palette, transparency, grey, CMYK, 16 bits, a phone held upright: all are read."""
    folder = phases(tmp_path / "kinds", ("cats", "dogs"))
    place = folder / "train" / "cats"
    photo = Image.new("RGB", (30, 20), "red")
    for name, mode in {"A.JPG": "RGB", "b.webp": "RGB", "c.bmp": "RGB", "d.png": "P", "e.PNG": "RGBA", "f.png": "L",
                       "g.jpeg": "CMYK"}.items():  # fmt: skip
        photo.convert(mode).save(place / name)
    Image.fromarray(np.full((20, 30), 30_000, dtype=np.uint16)).save(place / "h.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(place / "i.jpg", exif=exif)
    images = load_images(folder=folder)
    assert torch.bincount(images.labels).tolist() == [3 + 9, 4]
    assert images.source == "your pictures in kinds: 16 pictures, 2 classes (train)"
    assert images.images[11 - 1].float().mean() < 130  # the 16-bit one is grey, not white


@pytest.mark.parametrize(
    "litter", [".ipynb_checkpoints/", "ants/.ipynb_checkpoints/", "ants/._0.jpg", "ants/Thumbs.db", "ants/desktop.ini",
               "ants/.DS_Store", "__MACOSX/", "../__MACOSX/", "../.git/", "../.DS_Store", "../Thumbs.db"],
)  # fmt: skip
@pytest.mark.parametrize("layout", [phases, classes])
def test_litter_is_passed_over(tmp_path, litter, layout):
    folder = layout(tmp_path / "mine", ("ants", "bees"))
    inner = folder / "train" if layout is phases else folder
    place = (inner / litter).resolve()
    place.mkdir(parents=True) if litter.endswith("/") else place.write_bytes(b"\0\5\x16\7")
    images = load_images(folder=folder)
    assert images.classes == ("ants", "bees")
    assert "left out" not in images.source
    assert ImageFolder(image_folder(folder=folder) / "train").classes == ["ants", "bees"]


def test_what_is_left_out_is_said_once_with_counts(tmp_path):
    folder = phases(tmp_path / "mine")
    cats = folder / "train" / "cats"
    for name in ("a.heic", "b.HEIC", "notes.txt", "film.mov", "list"):
        (cats / name).write_bytes(b"x")
    photos(cats / "more", 5)
    photos(folder / "train", 2)
    photos(folder, 1)
    photos(folder / "other", 4)
    said = load_images(folder=folder).source
    assert said == (
        "your pictures in mine: 12 pictures, 3 classes (train; left out: 2 .heic, 1 .mov, 1 .txt, "
        "2 beside the class folders, 1 beside the folders, 5 in deeper folders, 4 in other, 1 without an ending)"
    )
    assert load_images(folder=folder).source == said  # from the cache
    assert "left out: 1 beside the folders, 4 in other" in load_images(folder=folder, split="val").source


def test_animations_are_said(tmp_path):
    folder = phases(tmp_path / "mine")
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "train" / "cats" / "a.gif", save_all=True, append_images=frames[1:])
    for _ in range(2):  # the second from the cache
        images = load_images(folder=folder)
        assert images.source.endswith("(train; 1 animated or of several pages: the first picture of each)")
        assert colours_fit(images)


def test_a_changed_folder_is_read_anew(tmp_path):
    folder = phases(tmp_path)
    load_images(folder=folder)
    home = image_folder(folder=folder)
    photos(folder / "train" / "cats", 9)
    assert len(load_images(folder=folder)) == 18
    assert image_folder(folder=folder) != home


# what is refused ----------------------------------------------------------------------------------------------------


def uneven(folder, part):
    phases(folder)
    photos(folder / part / "wasps")


def empty_class(folder, inside=()):
    phases(folder)
    (folder / "train" / "wasps").mkdir()
    (folder / "val" / "wasps").mkdir()
    for name in inside:
        (folder / "train" / "wasps" / name).write_bytes(b"x")


def broken_picture(folder, layout=phases):
    place = sorted(layout(folder).rglob("1.jpg"))[0]
    place.write_bytes(place.read_bytes()[:-200])


def dangling(folder):
    os.symlink(folder / "nothing", phases(folder) / "train" / "cats" / "x.jpg")


def one_picture(folder):
    classes(folder)
    shutil.rmtree(folder / "owls")
    photos(folder / "owls", 1)


REFUSED = {
    "a class in val alone": (lambda folder: uneven(folder, "val"), "The class 'wasps' is in val, but not in train, of"),
    "a class in train alone": (lambda folder: uneven(folder, "train"), "The class 'wasps' is in train, but not in val"),
    "classes in other cases": (
        lambda folder: (classes(folder / "train"), classes(folder / "val", ("Cats", "dogs", "owls"))),
        "The class 'cats' is in train, but not in val",
    ),
    "a class in test alone": (
        lambda folder: (phases(folder), classes(folder / "test", [*COLOURS, "wasps"])),
        "The class 'wasps' is in test, but not in train",
    ),
    "an empty class": (empty_class, "class folder .*wasps holds no picture: fill it or remove it"),
    "a class of other files": (
        lambda folder: empty_class(folder, ("a.heic", "b.heic")), r"holds no picture that can be read \(2 \.heic\)",
    ),
    "an empty class alone": (
        lambda folder: (classes(folder) / "wasps").mkdir(), "class folder .*wasps holds no picture: fill it",
    ),
    "one class": (lambda folder: phases(folder, ("cats",)), "one class alone .cats.: a classifier needs two or more"),
    "one class without parts": (lambda folder: classes(folder, ("cats",)), "one class alone .cats."),
    "pictures alone": (lambda folder: photos(folder, 5), r"has 5 picture\(s\), but no class folders: .*load_pictures"),
    "no picture": (lambda folder: folder.mkdir(), "has no class folders"),
    "other files alone": (lambda folder: (folder.mkdir(), (folder / "a.txt").write_text("x")), "has no class folders"),
    "litter alone": (lambda folder: (folder / ".git").mkdir(parents=True), "has no class folders"),
    "parts that are empty": (
        lambda folder: ((folder / "train").mkdir(parents=True), (folder / "val").mkdir()), "train and val without",
    ),
    "parts without classes": (
        lambda folder: (photos(folder / "train"), photos(folder / "test")), "has test and train without class folders",
    ),
    "no train": (lambda folder: phases(folder, parts=("val", "test")), "has test, but no folder train"),
    "val alone": (lambda folder: phases(folder, parts=("val",)), "has val, but no folder train"),
    "two for val": (lambda folder: phases(folder, parts=("train", "val", "valid")), "has two folders for val"),
    "no folder": (lambda folder: None, "There is no folder .*mine: name the one that holds your pictures"),
    "a file": (lambda folder: folder.write_text("x"), "mine is not a folder: name the one that holds your pictures"),
    "a broken picture": (broken_picture, r"1\.jpg is no picture that can be read \(.*\): replace it or remove it"),
    "a link to nothing": (dangling, r"x\.jpg is no picture file"),
    "a class of one picture": (one_picture, "class 'owls' of .* has 1 picture: it needs 2, one of them to be held out"),
    "two names that read alike": (
        lambda folder: [photos(phases(folder) / "train" / unicodedata.normalize(f, "été")) for f in ("NFC", "NFD")],
        "two folders that are both called 'été'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_learned_from_is_refused_with_one_sentence(tmp_path, make, words):
    folder = tmp_path / "mine"
    make(folder)
    for read in (load_images, image_folder):
        with pytest.raises(DataError, match=words) as caught:
            read(folder=folder)
        assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    folder = phases(tmp_path)
    real = os.scandir

    def locked(path):
        if Path(path).name == "train":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(DataError, match="train cannot be read: Permission denied"):
        load_images(folder=folder)


@pytest.fixture
def deep(tmp_path):
    """A function that makes 1,200 folders, each in the one before."""
    made = []

    def make(folder: Path) -> None:
        folder.mkdir(parents=True)
        made.extend([*folder.parents[: len(folder.relative_to(tmp_path).parts)][::-1], folder])
        for _ in range(1200):
            made.append(made[-1] / "a")
            made[-1].mkdir()

    yield make
    for folder in made[:0:-1]:  # rmtree would give up
        if not any(folder.iterdir()):
            folder.rmdir()


def test_folders_at_a_great_depth(tmp_path, deep):
    deep(classes(tmp_path / "mine") / "cats" / "x")
    assert len(load_images(folder=tmp_path / "mine")) == 9


def test_folders_at_a_great_depth_alone(tmp_path, deep):
    deep(tmp_path / "mine")
    with pytest.raises(DataError, match=r"has no class folders|holds no picture"):
        load_images(folder=tmp_path / "mine")


def test_class_folders_that_are_called_like_pictures(tmp_path):
    images = load_images(folder=classes(tmp_path / "mine", ("cats.png", "dogs.jpg")))
    assert images.classes == ("cats.png", "dogs.jpg")
    assert "left out" not in images.source
    (tmp_path / "mine" / "x.png").write_bytes(b"")
    assert "left out: 1 beside the class folders" in load_images(folder=tmp_path / "mine").source


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("read", [load_images, image_folder])
def test_a_class_folder_whose_name_is_not_utf_8(tmp_path, read):
    folder = classes(tmp_path / "mine", ("cats", "dogs"))
    os.rename(folder / "dogs", os.fsencode(folder) + b"/h\xe9")
    with pytest.raises(DataError, match=r"has a folder whose name is not UTF-8, b'h\\xe9': rename it, in Py") as caught:
        read(folder=folder)
    (command,) = re.findall(r"os\.rename\(.*\)", str(caught.value))
    eval(command)  # the advice works
    assert load_images(folder=folder).classes == ("cats", "new-name")


def test_more_pictures_than_the_memory_holds(tmp_path, monkeypatch):
    folder = classes(tmp_path, ("cats", "dogs"), count=5)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=200_000_000))
    with pytest.raises(DataError, match=r"^9 pictures of 4096 x 4096 pixels take 0\.5 GB, more .*: choose a smaller"):
        load_images(folder=folder, size=4096)
    with pytest.raises(DataError, match=r"^5 pictures of 4096 x 4096 pixels take 0\.3 GB, more .*: choose a smaller"):
        load_pictures(folder / "cats", size=4096)
    assert len(load_images(folder=folder)) == 9
    assert len(load_pictures(folder / "cats").images) == 5


def test_memory_that_numpy_does_not_get(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1 << 70))
    with pytest.raises(DataError, match="10,000,000 pictures of 4096 x 4096 pixels take 503,316"):
        room_for(10_000_000, 4096)


@pytest.mark.parametrize("read", [load_images, image_folder])
def test_an_empty_name_is_not_the_working_folder(read):
    with pytest.raises(ValueError, match="folder"):
        read(folder="")
    with pytest.raises(ValueError, match="The path is empty"):
        load_pictures("")


def test_a_home_that_is_not_known():
    with pytest.raises(DataError, match="~nosuchuser/photos names the home of a user who is not known here"):
        load_images(folder="~nosuchuser/photos")


@pytest.mark.parametrize("name", ["ants-bees", "cifar10", "fashion-mnist"])
def test_own_pictures_under_the_name_of_a_set_are_told_the_way(tmp_path, name):
    with pytest.raises(DataError, match=r"for your own pictures leave the name out: load_images\(folder=\.\.\.\)"):
        load_images(name, folder=phases(tmp_path / "three"))


@pytest.mark.parametrize("read", [load_images, image_folder])
def test_own_pictures_in_the_place_of_ants_and_bees_are_never_called_so(tmp_path, monkeypatch, read):
    phases(tmp_path / "hymenoptera_data")
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path))
    with pytest.raises(
        DataError, match=r"class 'ants' of ants and bees is missing in train of .*hymenoptera_data: .*load_i"
    ):
        read("ants-bees")
    assert load_images(folder=tmp_path).source.startswith("your pictures in ")


# a folder for torchvision -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", [phases, classes])
def test_torchvision_reads_the_copy_with_the_labels_of_load_images(tmp_path, layout):
    home = image_folder(folder=layout(tmp_path / "mine"))
    for split in ("train", "val"):
        dataset, images = ImageFolder(home / split), load_images(folder=tmp_path / "mine", split=split)
        assert dataset.classes == list(images.classes)
        assert dataset.targets == images.labels.tolist()
    assert home.name == "mine"


def test_the_copy_is_made_once_upright_in_rgb_and_not_too_large(tmp_path, monkeypatch):
    folder = phases(tmp_path, ("a", "b"))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1200, 600)).save(folder / "train" / "a" / "0.jpg", exif=exif)
    Image.new("I;16", (30, 20), 30_000).save(folder / "train" / "b" / "0.png")
    home = image_folder(folder=folder)
    assert Image.open(home / "train" / "a" / "000000.jpg").size == (512, 1024)
    assert {Image.open(path).mode for path in home.rglob("*.jpg")} == {"RGB"}
    monkeypatch.setattr(own, "open_picture", lambda *_: pytest.fail("copied again"))
    assert image_folder(folder=folder) == home


@pytest.mark.parametrize("size", [(70_000, 3), (3, 70_000), (66_000, 600)])
def test_the_copy_of_a_strip_is_short_enough_for_a_jpeg(tmp_path, capfd, size):
    Image.new("RGB", size).save(classes(tmp_path / "mine", ("a", "b")) / "a" / "strip.png")
    copies = [Image.open(path).size for path in image_folder(folder=tmp_path / "mine").rglob("*.jpg")]
    assert 512 < max(map(max, copies)) <= 65_500
    assert capfd.readouterr().err == ""


# pictures without labels --------------------------------------------------------------------------------------------


def test_one_picture_for_a_prediction(tmp_path):
    path = photos(tmp_path, 1) / "0.jpg"
    one = load_pictures(path, size=32)
    assert one.images.shape == (1, 3, 32, 32)
    assert one.images.dtype == torch.uint8
    assert (one.names, one.source) == (("0.jpg",), "your pictures in 0.jpg: 1 picture")


def test_a_folder_of_pictures_for_a_prediction(tmp_path):
    photos(tmp_path / "new", 3, ending="PNG")
    (tmp_path / "new" / "._0.PNG").write_bytes(b"x")
    (tmp_path / "new" / "b.heic").write_bytes(b"x")
    few = load_pictures(str(tmp_path / "new"), fit="pad")
    assert few.images.shape == (3, 3, 64, 64)
    assert few.names == ("0.PNG", "1.PNG", "2.PNG")
    assert few.source == "your pictures in new: 3 pictures (left out: 1 .heic)"


def test_pictures_are_prepared_like_those_of_the_training(tmp_path):
    folder = classes(tmp_path, ("cats", "dogs"), count=5)
    images = load_images(folder=folder, size=16, fit="pad")
    assert torch.equal(load_pictures(folder / "cats", size=16, fit="pad").images[0], images.images[0])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "mine is no picture file"),
        (lambda path: path.mkdir(), "has no pictures in it: name the folder in which they lie"),
        (classes, "has no pictures in it: name the folder in which they lie"),
        (lambda path: path.write_text("x"), "mine is no picture that can be read"),
    ],
)
def test_what_cannot_be_predicted_is_refused(tmp_path, make, words):
    make(tmp_path / "mine")
    with pytest.raises(DataError, match=words) as caught:
        load_pictures(tmp_path / "mine")
    assert not re.search(r"\n", str(caught.value))


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_a_name_that_no_file_can_have(name):
    with pytest.raises(DataError, match="There is no folder"):
        load_images(folder=name)
    with pytest.raises(DataError, match="is no picture file"):
        load_pictures(name)


@pytest.mark.parametrize(("arguments", "words"), [({"size": 3}, "at least 8"), ({"fit": "x"}, "Unknown fit 'x'")])
def test_bad_arguments(tmp_path, arguments, words):
    with pytest.raises(ValueError, match=words):
        load_pictures(photos(tmp_path), **arguments)
