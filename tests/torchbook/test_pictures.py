"""One picture file of any kind: which endings, modes and shapes are read, how it is fitted, and what is refused."""

import os
import struct
import subprocess
import sys
import warnings
import zlib

import numpy as np
from PIL import Image
import pytest
from real_forms import pixels
from torchbook.data import pictures
from torchbook.data.errors import DataError
from torchbook.data.pictures import is_junk, open_picture, picture_endings, pictures_in, read_picture

pytestmark = pytest.mark.faults("picture folders")

NOISE = pixels(1, (20, 30, 3))[0]
PHOTO = Image.fromarray(NOISE)


def centre(image: np.ndarray) -> list[int]:
    return image[:, image.shape[1] // 2, image.shape[2] // 2].tolist()


def writable() -> list[str]:
    endings = picture_endings()
    return sorted(ending for ending, kind in endings.items() if kind in Image.SAVE)


# endings ----------------------------------------------------------------------------------------------------------

MODE = {".xbm": "1", ".msp": "1", ".pfm": "F", ".pbm": "1", ".pgm": "L", ".blp": "P"}


@pytest.mark.parametrize("ending", writable())
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_every_ending_that_pillow_reads(tmp_path, ending, change):
    path = tmp_path / f"a{change(ending)}"
    PHOTO.convert(MODE.get(ending, "RGB")).save(path, format="PPM" if ending == ".pfm" else picture_endings()[ending])
    if ending == ".pfm":
        with pytest.raises(DataError, match="32-bit pixels have no agreed brightest value; save it with 8 or 16 bits"):
            read_picture(path)
        return
    assert pictures_in(tmp_path)[0] == [path]
    assert read_picture(path, 16).shape == (3, 16, 16)


def test_the_usual_endings_are_among_them():
    usual = {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".tga", ".ico"}
    assert usual <= picture_endings().keys()


@pytest.mark.parametrize("ending", [".eps", ".ps", ".pdf", ".mpg", ".h5", ".wmf", ".heic", ".txt", ".mov", ".svg", ""])
def test_what_pillow_does_not_read_by_itself_is_left_out_and_counted(tmp_path, ending):
    (tmp_path / f"a{ending.upper()}").write_bytes(b"x")
    assert pictures_in(tmp_path) == ([], {ending or "without an ending": 1})


@pytest.mark.parametrize(
    "name", [".DS_Store", "._0.jpg", ".hidden.png", "Thumbs.db", "thumbs.db", "desktop.ini", ".ipynb_checkpoints",
             "__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"],
)  # fmt: skip
def test_what_systems_leave_behind_is_not_even_counted(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert is_junk(name)
    assert pictures_in(tmp_path) == ([], {})


def test_a_picture_is_told_by_its_content_and_not_by_its_ending(tmp_path):
    PHOTO.save(tmp_path / "a.jpg", format="WEBP", lossless=True)
    assert np.array_equal(read_picture(tmp_path / "a.jpg"), NOISE.transpose(2, 0, 1))


def test_a_picture_that_would_start_another_program_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    with pytest.raises(DataError, match="no picture that can be read"):
        read_picture(tmp_path / "a.jpg")


# modes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "ending"), [("L", "png"), ("P", "png"), ("RGBA", "png"), ("LA", "png"),
    ("1", "png"), ("CMYK", "jpg"), ("CMYK", "tif"), ("P", "gif")])  # fmt: skip
def test_a_picture_of_any_mode_has_three_channels(tmp_path, mode, ending):
    PHOTO.convert(mode).save(tmp_path / f"a.{ending}")
    assert read_picture(tmp_path / f"a.{ending}").shape == (3, 20, 30)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "RGBA", "P"])
def test_colours_stay_what_they_are(tmp_path, mode):
    ending = "tif" if mode == "CMYK" else "png"
    picture = Image.new("RGB", (9, 9), (200, 30, 60))
    (picture.quantize() if mode == "P" else picture.convert(mode)).save(tmp_path / f"a.{ending}")
    assert np.abs(np.array(centre(read_picture(tmp_path / f"a.{ending}"))) - [200, 30, 60]).max() <= 1


@pytest.mark.parametrize(
    ("picture", "save", "expected"),
    [
        (Image.new("RGBA", (9, 9), (0, 0, 0, 0)), {}, [255, 255, 255]),
        (Image.new("RGBA", (9, 9), (255, 0, 0, 128)), {}, [255, 127, 127]),
        (Image.new("LA", (9, 9), (0, 0)), {}, [255, 255, 255]),
        (Image.new("LA", (9, 9), (40, 255)), {}, [40, 40, 40]),
        (Image.new("RGB", (9, 9), (1, 2, 3)), {"transparency": (1, 2, 3)}, [255, 255, 255]),
        (Image.new("L", (9, 9), 7), {"transparency": 7}, [255, 255, 255]),
        (Image.new("P", (9, 9), 0), {"transparency": 0}, [255, 255, 255]),
    ],
    ids=["clear", "half clear", "grey clear", "grey", "one colour clear", "one grey clear", "palette clear"],
)
def test_what_is_transparent_lies_on_white(tmp_path, picture, save, expected):
    picture.save(tmp_path / "a.png", **save)
    assert np.abs(np.array(centre(read_picture(tmp_path / "a.png"))) - expected).max() <= 1


@pytest.mark.parametrize("ending", ["png", "tif", "pgm"])
@pytest.mark.parametrize(("value", "expected"), [(0, 0), (257, 1), (32_896, 128), (65_535, 255)])
def test_sixteen_bits_are_scaled_to_eight(tmp_path, ending, value, expected):
    Image.fromarray(np.full((9, 9), value, dtype=np.uint16)).save(tmp_path / f"a.{ending}")
    assert centre(read_picture(tmp_path / f"a.{ending}")) == [expected] * 3


def test_sixteen_bits_in_the_other_byte_order(tmp_path):
    head = b"MM\0*\0\0\0\x08"
    tags = [(256, 1), (257, 1), (258, 16), (259, 1), (262, 1), (273, 122), (277, 1), (278, 1), (279, 2)]
    entries = b"".join(struct.pack(">HHIHH", tag, 3, 1, value, 0) for tag, value in tags)
    (tmp_path / "a.tif").write_bytes(head + struct.pack(">H", 9) + entries + bytes(4) + struct.pack(">H", 32_896))
    assert read_picture(tmp_path / "a.tif").ravel().tolist() == [128] * 3


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_32_bits_are_refused_with_the_cure(tmp_path, dtype):
    Image.fromarray(np.ones((9, 9), dtype=dtype)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=r"a\.tif .*32-bit pixels .* save it with 8 or 16 bits"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif"])
def test_of_an_animation_the_first_frame_is_taken_and_told(tmp_path, ending):
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(
        tmp_path / f"a.{ending}",
        save_all=True,
        append_images=frames[1:],
        **{"lossless": True} if ending == "webp" else {},
    )
    picture, several = open_picture(tmp_path / f"a.{ending}")
    assert several
    assert picture.getpixel((4, 4))[0] > 240
    PHOTO.save(tmp_path / f"b.{ending}")
    assert not open_picture(tmp_path / f"b.{ending}")[1]


def test_the_preview_in_a_phone_s_photo_makes_it_no_animation(tmp_path):
    PHOTO.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[PHOTO.resize((6, 4))])
    picture, several = open_picture(tmp_path / "a.jpg")
    assert (picture.size, several) == ((30, 20), False)


# how it lies --------------------------------------------------------------------------------------------------------

CORNERS = np.array([[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [250, 250, 250]]], dtype=np.uint8)
UPRIGHT = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: lambda a: a.transpose(1, 0, 2),
           6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a.transpose(1, 0, 2), 2), 8: np.rot90}  # fmt: skip


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
def test_a_picture_is_put_upright_as_its_exif_says(tmp_path, orientation, ending):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(CORNERS).save(tmp_path / f"a.{ending}", exif=exif, **{"lossless": True} if ending == "webp" else {})
    expected = UPRIGHT[orientation](CORNERS).transpose(2, 0, 1)
    assert np.array_equal(read_picture(tmp_path / f"a.{ending}"), expected)


def test_a_phone_held_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    PHOTO.save(tmp_path / "a.jpg", exif=exif)
    assert read_picture(tmp_path / "a.jpg").shape == (3, 30, 20)


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"x"])
def test_exif_that_is_damaged_does_not_spoil_the_picture(tmp_path, exif):
    PHOTO.save(tmp_path / "a.jpg", exif=exif)
    assert read_picture(tmp_path / "a.jpg").shape == (3, 20, 30)


# how it is fitted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(64, 128), (128, 64), (64, 65), (64, 2000)], ids=["wide", "tall", "almost", "strip"])
def test_a_photo_is_cut_to_its_central_square(tmp_path, shape):
    picture = np.zeros((*shape, 3), dtype=np.uint8)
    picture[shape[0] // 2 - 32 : shape[0] // 2 + 32, shape[1] // 2 - 32 : shape[1] // 2 + 32] = 200
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png", 64), np.full((3, 64, 64), 200, dtype=np.uint8))


def test_a_photo_is_padded_with_black(tmp_path):
    Image.new("RGB", (80, 40), (200, 200, 200)).save(tmp_path / "a.png")
    padded = read_picture(tmp_path / "a.png", 16, "pad")
    assert padded[:, 4:12].min() == 200
    assert padded[:, [0, 1, 2, 3, 12, 13, 14, 15]].max() == 0


@pytest.mark.parametrize("fit", pictures.FITS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 5), (500, 400)])
def test_every_shape_becomes_a_square(tmp_path, shape, fit):
    Image.new("RGB", shape, (90, 90, 90)).save(tmp_path / "a.png")
    image = read_picture(tmp_path / "a.png", 16, fit)
    assert image.shape == (3, 16, 16)
    assert centre(image) == [90, 90, 90] or fit == "pad"


def test_a_strip_of_300_000_pixels_takes_little_memory(tmp_path):
    resource = pytest.importorskip("resource")
    Image.new("RGB", (1, 300_000), (90, 90, 90)).save(tmp_path / "a.png")
    code = f"""if True:
        import resource
        from pathlib import Path
        from torchbook.data.pictures import read_picture
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for fit in ("crop", "pad"):
            read_picture(Path({str(tmp_path / "a.png")!r}), 64, fit)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    assert int(said) * (1024 if sys.platform == "linux" else 1) < 100_000_000  # bytes
    assert resource is not None


# what is refused ------------------------------------------------------------------------------------------------------


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (1, 200_000_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb(tmp_path, width, height):
    (tmp_path / "a.png").write_bytes(png_of(width, height))
    refused(tmp_path / "a.png", "is too large, .*pixels.*: make it smaller, or remove it")


def test_a_bomb_is_refused_where_pillow_s_own_limit_is_off(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    (tmp_path / "a.png").write_bytes(png_of(20_000, 20_000))
    refused(tmp_path / "a.png", "is too large, 20000 x 20000 pixels: make it smaller")


def test_a_large_photo_gives_no_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    PHOTO.save(tmp_path / "a.png")  # 600 pixels: Pillow warns from 400 on
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_picture(tmp_path / "a.png")


def refused(path, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_picture(path, 16)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "bmp", "gif", "tif", "jp2"])
@pytest.mark.parametrize("share", [0, 0.02, 0.5, 0.9])
def test_a_file_that_is_cut(tmp_path, ending, share):
    path = tmp_path / f"a.{ending}"
    PHOTO.resize((300, 200)).save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path, f"a.{ending} is no picture that can be read .*: replace it or remove it")


def test_text_in_the_place_of_a_picture(tmp_path):
    (tmp_path / "a.png").write_text("<html>not found</html>")
    refused(tmp_path / "a.png", "no picture that can be read")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: os.symlink(path.with_name("nothing"), path),
        pytest.param(
            getattr(os, "mkfifo", None), marks=pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
        ),
    ],
    ids=["nothing", "a folder", "a broken link", "a pipe"],
)
def test_something_else_in_the_place_of_a_picture(tmp_path, make):
    make(tmp_path / "a.png")
    refused(tmp_path / "a.png", "a.png is no picture file")


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "bmp", "gif", "tif", "jp2", "tga", "ico", "ppm"])
def test_damage_at_any_place_gives_a_picture_or_one_sentence(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    PHOTO.save(path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    said = []
    for _ in range(60):
        damaged = bytearray(content)
        for place in rng.integers(0, min(200, len(content)), 2):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            read_picture(path, 16)
        except DataError as error:
            said.append(str(error))
    assert len(said) > 0  # some of the damage is noticed
    assert not any("\n" in words for words in said)
