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


def test_pictures_at_any_depth_are_counted_and_links_are_not_followed(tmp_path):
    deep = tmp_path / "a.png" / "b" / "c"
    deep.mkdir(parents=True)
    for folder in (tmp_path, deep.parent, deep):
        PHOTO.save(folder / "0.png")
    (deep / "round").symlink_to(tmp_path)
    assert pictures_in(tmp_path) == ([tmp_path / "0.png"], {"in deeper folders": 3})


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


def test_all_values_of_sixteen_bits(tmp_path):
    values = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert np.array_equal(read_picture(tmp_path / "a.png")[0], np.rint(values / 257))


def tiff_of(bits: int, white_is_zero: int, data: bytes) -> bytes:
    """A grey TIFF of 8 x 8 pixels."""
    tags = [(256, 8), (257, 8), (258, bits), (259, 1), (262, 1 - white_is_zero), (273, 8), (277, 1), (278, 8)]
    entries = b"".join(struct.pack("<HHIHxx", tag, 3, 1, value) for tag, value in [*tags, (279, len(data))])
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", 9) + entries + bytes(4)


@pytest.mark.parametrize("bits", [1, 8, 12, 16])
@pytest.mark.parametrize("white_is_zero", [0, 1])
@pytest.mark.parametrize("byte", [0, 255])
def test_the_brightest_value_of_a_tiff_is_white(tmp_path, bits, white_is_zero, byte):
    (tmp_path / "a.tif").write_bytes(tiff_of(bits, white_is_zero, bytes([byte]) * (8 * bits)))
    if (bits, white_is_zero) == (12, 1):
        refused(tmp_path / "a.tif", "no picture that can be read")  # Pillow does not know it
    else:
        assert centre(read_picture(tmp_path / "a.tif")) == [255 - byte if white_is_zero else byte] * 3


def test_twelve_bits_are_scaled_to_eight(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff_of(12, 0, b"\x80\x08\x00" * 32))  # 0x800: the middle of 0 ... 0xFFF
    assert centre(read_picture(tmp_path / "a.tif")) == [128] * 3


@pytest.mark.parametrize("value", [0, 7, 65_535])
def test_one_of_the_greys_of_sixteen_bits_is_clear(tmp_path, value):
    header, clear = (16, 0), chunk(b"tRNS", struct.pack(">H", value))
    row = b"\0" + struct.pack(">4H", value, 257, 257, 257)
    (tmp_path / "a.png").write_bytes(png_of(4, 4, header, zlib.compress(4 * row), clear))
    assert read_picture(tmp_path / "a.png")[0, 0].tolist() == [255, 1, 1, 1]


def test_sixteen_bits_take_little_memory(tmp_path):
    Image.fromarray(np.zeros((3000, 3000), dtype=np.uint16)).save(tmp_path / "a.png")
    assert memory_taken(f"read_picture(Path({str(tmp_path / 'a.png')!r}), 64)") < 14 * 3000 * 3000


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
    Image.new("RGB", (1, 300_000), (90, 90, 90)).save(tmp_path / "a.png")
    path = str(tmp_path / "a.png")
    assert memory_taken(f"[read_picture(Path({path!r}), 64, fit) for fit in ('crop', 'pad')]") < 100_000_000


def memory_taken(call: str) -> int:
    """Bytes that a process takes for a call, at most at once."""
    pytest.importorskip("resource")
    code = f"""if True:
        import resource
        from pathlib import Path
        from torchbook.data.pictures import read_picture
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        {call}
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    return int(said) * (1024 if sys.platform == "linux" else 1)


# what is refused ------------------------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, form=(8, 2), data: bytes = zlib.compress(bytes(100)), before: bytes = b"") -> bytes:
    """A PNG that says it is so large, and holds next to nothing. form: bits and colour type, before: other chunks."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, *form, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


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


FORMS = {(1, 0): 3, (8, 0): 20, (16, 0): 40, (8, 2): 60, (4, 3): 10, (8, 4): 40, (8, 6): 80}  # bytes of 20 pixels


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rows", [1, 5, 19, 20, 21])
def test_a_png_whose_data_end_early(tmp_path, form, rows):
    palette = chunk(b"PLTE", bytes(range(48)))
    data = zlib.compress(rows * (b"\0" + bytes(FORMS[form])))
    (tmp_path / "a.png").write_bytes(png_of(20, 20, form, data, palette if form[1] == 3 else b""))
    if rows < 20:
        refused(tmp_path / "a.png", r"a\.png is no picture that can be read \(its data end before the last row\)")
    else:
        assert read_picture(tmp_path / "a.png").shape == (3, 20, 20)


@pytest.mark.parametrize("kind", ["plain", "interlaced", "several chunks", "animated"])
def test_a_png_whose_last_row_is_black_is_whole(tmp_path, kind):
    black = Image.new("RGB", (200, 200))
    black.paste(PHOTO, (5, 5))
    if kind == "interlaced":  # Pillow writes none; of seven passes all rows are zero
        passes = [(25, 25), (25, 25), (50, 25), (50, 50), (100, 50), (100, 100), (200, 100)]  # columns and rows
        content = png_of(200, 200, data=zlib.compress(bytes(sum(down * (1 + 3 * across) for across, down in passes))))
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 200, 200, 8, 2, 0, 0, 1))
        (tmp_path / "a.png").write_bytes(content[:8] + header + content[8 + len(header) :])
    elif kind == "several chunks":
        data = zlib.compress(200 * (b"\0" + bytes(600)), level=0)
        pieces = [chunk(b"IDAT", data[k : k + 7000]) for k in range(0, len(data), 7000)]
        content = png_of(200, 200, data=b"", before=b"".join(pieces))
        (tmp_path / "a.png").write_bytes(content)
    else:
        black.save(tmp_path / "a.png", save_all=kind == "animated", append_images=[black.rotate(90)])
    assert read_picture(tmp_path / "a.png").shape == (3, 200, 200)


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
