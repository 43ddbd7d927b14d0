"""A reader's own folders and files, made here, each with its right reading: `python own_cases.py` prints a table.

Pictures are four squares of colours that belong to their class, so a wrong turn, label, mode or picture shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import io
from pathlib import Path
import re
import struct
import sys
import tempfile
import unicodedata
import zlib

import numpy as np
from PIL import Image
from torch import Tensor
from torchbook.data.errors import DataError
from torchbook.data.images import image_folder, load_images, load_pictures
from torchbook.data.names import TUTORIAL, load_names
from torchbook.data.text import load_text
from torchbook.digit_photo import digit_steps, read_photo
from torchbook.paper_drawing import draw_digit_photo
from torchvision.datasets import ImageFolder

RIGHT, REFUSED = "read rightly", "refused with one sentence"


@dataclass(frozen=True)
class Case:
    """A name, what makes the data in a folder, and what reads them: "" or what is wrong. refusal: the words of it."""

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path], str]
    refusal: str = ""


def outcome(case: Case, folder: Path) -> str:
    """How one case ends: RIGHT, REFUSED, or in other words what is wrong."""
    case.make(folder)
    try:
        wrong = case.read(folder)
    except DataError as error:
        if not case.refusal:
            return f"refused: {error}"
        one_sentence = "\n" not in str(error) and str(error).endswith(".") and re.search(case.refusal, str(error))
        return REFUSED if one_sentence else f"refused in other words: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if case.refusal:
        return "silently wrong: read"
    return f"silently wrong: {wrong}" if wrong else RIGHT


# pictures -----------------------------------------------------------------------------------------------------------

SIDE = 40  # pixels of a picture
COLOURS = np.array(  # three classes, four squares (upper left and right, lower left and right), red, green and blue
    [
        [[200, 30, 40], [250, 250, 250], [10, 10, 10], [40, 60, 210]],
        [[20, 180, 60], [10, 10, 10], [230, 210, 40], [250, 250, 250]],
        [[250, 250, 250], [60, 40, 200], [200, 60, 190], [10, 10, 10]],
    ],
    dtype=np.uint8,
)
GREY = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue in brightness
SCRIPTS = {
    "Latin": ("cats", "dogs", "owls"),
    "accents": ("chênes", "hêtres", "ifs d'été"),
    "Cyrillic": ("кошки", "собаки", "совы"),
    "Chinese": ("犬", "猫", "鸟"),
    "Arabic": ("بوم", "قطط", "كلاب"),
    "Hindi": ("उल्लू", "कुत्ते", "बिल्ली"),
    "emoji": ("🐈", "🐕", "🦉"),
    "signs": ("10 %", "[a] & b", "c, d; e"),
}


def colours_in(image: Tensor) -> np.ndarray:
    """The colours in the middle of each square of (3, 16, 16), as floats (4, 3)."""
    return image[:, 4::8, 4::8].flatten(1).T.double().numpy()


def squares(label: int) -> Image.Image:
    return Image.fromarray(COLOURS[label].reshape(2, 2, 3).repeat(SIDE // 2, axis=0).repeat(SIDE // 2, axis=1))


def plain(mode: str, kind: str, **options):
    """A writer of a picture in a mode and format of Pillow."""

    def write(path: Path, label: int) -> None:
        picture = squares(label)
        picture = picture.quantize(16) if mode == "P" else picture.convert(mode, dither=Image.Dither.NONE)
        picture.save(path, kind, **options)

    return write


def sixteen_bits(kind: str):
    def write(path: Path, label: int) -> None:
        Image.fromarray(np.asarray(squares(label).convert("L")).astype(np.uint16) * 257).save(path, kind)

    return write


def deep_tiff(bits: int, white_is_zero: bool):
    """Grey of 12 or 16 bits as scanners write it."""

    def write(path: Path, label: int) -> None:
        values = np.asarray(squares(label).convert("L")).astype(np.int64) * (2**bits - 1) // 255
        values = (2**bits - 1 - values if white_is_zero else values).ravel()
        first, second = values[::2], values[1::2]
        packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], 1).astype(np.uint8)
        data = packed.tobytes() if bits == 12 else values.astype("<u2").tobytes()
        tags = [(256, SIDE), (257, SIDE), (258, bits), (259, 1), (262, 1 - white_is_zero), (273, 8), (277, 1)]
        tags += [(278, SIDE), (279, len(data))]
        entries = b"".join(struct.pack("<HHIHxx", tag, 3, 1, value) for tag, value in tags)
        path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", 9) + entries + bytes(4))

    return write


def deep_clear_black(path: Path, label: int) -> None:
    """Grey of 16 bits of which black is transparent."""
    values = np.asarray(squares(label).convert("L")).astype(np.uint16) * 257
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    content, clear = buffer.getvalue(), b"tRNS" + struct.pack(">H", 10 * 257)
    path.write_bytes(content[:33] + struct.pack(">I", 2) + clear + struct.pack(">I", zlib.crc32(clear)) + content[33:])


def half_clear(path: Path, label: int) -> None:
    """Each colour at half its strength on nothing: on white, halfway to white."""
    picture = squares(label)
    picture.putalpha(128)
    picture.save(path)


def clear_black(path: Path, label: int) -> None:
    """The black squares are transparent, by a palette entry."""
    picture = squares(label).quantize(16)
    index = picture.getpixel(tuple(np.argwhere(np.asarray(squares(label)).max(2) < 20)[0][::-1].tolist()))
    picture.save(path, transparency=index)


def animated(kind: str):
    def write(path: Path, label: int) -> None:
        others = [squares((label + 1) % 3), squares((label + 2) % 3)]
        squares(label).save(
            path, kind, save_all=True, append_images=others, **({"lossless": True} if kind == "WEBP" else {})
        )

    return write


def turned(kind: str, orientation: int):
    """Stored in another position, with the mark that says how to turn it."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip

    def write(path: Path, label: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        squares(label).transpose(back).save(path, kind, exif=exif)

    return write


def wide(path: Path, label: int) -> None:
    """Three times as wide as high: the squares in the middle."""
    picture = Image.new("RGB", (3 * SIDE, SIDE), "gray")
    picture.paste(squares(label), (SIDE, 0))
    picture.save(path, "PNG")


def as_grey(colours: np.ndarray) -> np.ndarray:
    return (colours @ GREY)[..., None].repeat(3, axis=-1)


def on_white(colours: np.ndarray) -> np.ndarray:
    return (colours * 128.0 + 255 * 127) / 255


def black_is_white(colours: np.ndarray) -> np.ndarray:
    return np.where(colours.max(-1, keepdims=True) < 20, 255, colours)


def black_or_white(colours: np.ndarray) -> np.ndarray:
    return np.where(as_grey(colours) > 127, 255, 0)


def same(colours: np.ndarray) -> np.ndarray:
    return colours


FILES = [  # ending, what is in it, what writes it, what becomes of the colours
    ("jpg", "RGB", plain("RGB", "JPEG", quality=95), same),
    ("JPEG", "grey", plain("L", "JPEG", quality=95), as_grey),
    ("jfif", "CMYK", plain("CMYK", "JPEG", quality=95), same),
    ("jpe", "progressive", plain("RGB", "JPEG", progressive=True, quality=95), same),
    ("jpg", "a PNG", plain("RGB", "PNG"), same),
    ("png", "RGB", plain("RGB", "PNG"), same),
    ("PNG", "palette", plain("P", "PNG"), same),
    ("png", "half clear", half_clear, on_white),
    ("png", "palette, black is clear", clear_black, black_is_white),
    ("png", "16 bits", sixteen_bits("PNG"), as_grey),
    ("png", "grey with alpha", plain("LA", "PNG"), as_grey),
    ("png", "wide", wide, same),
    ("apng", "animated", animated("PNG"), same),
    ("gif", "animated", animated("GIF"), same),
    ("Gif", "palette", plain("P", "GIF"), same),
    ("webp", "RGB", plain("RGB", "WEBP", lossless=True), same),
    ("WEBP", "animated", animated("WEBP"), same),
    ("bmp", "RGB", plain("RGB", "BMP"), same),
    ("bmp", "black or white", plain("1", "BMP"), black_or_white),
    ("tif", "CMYK", plain("CMYK", "TIFF"), same),
    ("tiff", "16 bits", sixteen_bits("TIFF"), as_grey),
    ("TIFF", "three pages", animated("TIFF"), same),
    ("ppm", "RGB", plain("RGB", "PPM"), same),
    ("pgm", "grey", plain("L", "PPM"), as_grey),
    ("pgm", "16 bits", sixteen_bits("PPM"), as_grey),
    ("tga", "RGBA", plain("RGBA", "TGA"), same),
    ("ico", "RGB", plain("RGB", "ICO", sizes=[(SIDE, SIDE)]), same),
    ("jp2", "RGB", plain("RGB", "JPEG2000"), same),
    ("pcx", "RGB", plain("RGB", "PCX"), same),
    ("jpg", "turned left", turned("JPEG", 6), same),
    ("JPG", "turned right", turned("JPEG", 8), same),
    ("jpeg", "mirrored", turned("JPEG", 2), same),
    ("png", "upside down", turned("PNG", 3), same),
    ("webp", "transposed", turned("WEBP", 5), same),
    ("tif", "turned left", turned("TIFF", 6), same),
    ("tif", "12 bits", deep_tiff(12, white_is_zero=False), as_grey),
    ("tiff", "16 bits, white is zero", deep_tiff(16, white_is_zero=True), as_grey),
    ("png", "16 bits, black is clear", deep_clear_black, lambda colours: as_grey(black_is_white(colours))),
]

LAYOUTS = {  # where the pictures of a class lie, how many of the first class (one more of each next), what lies about
    "train and val": ({"train": 3, "val": 2}, []),
    "train and test": ({"train": 3, "test": 2}, []),
    "Training and VALIDATION": ({"Training": 3, "VALIDATION": 2}, []),
    "train, valid and test": ({"train": 3, "valid": 2, "test": 1}, []),
    "train alone": ({"train": 5}, []),
    "classes alone": ({"": 5}, []),
    "in two folders": ({"mine/mine/train": 3, "mine/mine/val": 2}, []),
    "with litter": ({"train": 3, "val": 2}, ["train/{}/._0.jpg", "train/{}/Thumbs.db", ".DS_Store",
                    "__MACOSX/train/a.jpg", "train/.ipynb_checkpoints/a.jpg", "val/{}/desktop.ini"]),
    "with notes": ({"train": 3, "val": 2}, ["train/{}/notes.txt", "train/{}/film.MOV"]),
}  # fmt: skip


def picture_case(number: int) -> Case:
    """A kind of file in one of the layouts, with class names of one of the scripts."""
    (ending, content, write, change) = FILES[number]
    layout, script = list(LAYOUTS)[number % len(LAYOUTS)], list(SCRIPTS)[number % len(SCRIPTS)]
    (parts, about), names = LAYOUTS[layout], SCRIPTS[script]

    def make(folder: Path) -> None:
        for part, count in parts.items():
            for label, name in enumerate(names):
                place = folder / part / name
                place.mkdir(parents=True)
                for k in range(count + label):
                    write(place / f"{name} {k}.{ending}", label)
        for path in about:
            path = folder / path.format(names[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\0\5\x16\7")

    def read(folder: Path) -> str:
        train, *others = parts.values()
        held = [max(1, round((train + label) / 5)) for label in range(3)]  # a fifth, where there are no parts
        expected = {"train": [train + label - (0 if others else held[label]) for label in range(3)]}
        expected["val"] = [others[0] + label for label in range(3)] if others else held
        expected["test"] = [others[-1] + label for label in range(3)] if others else held
        for split, counts in expected.items():
            images = load_images(folder=folder, split=split, size=16)
            if images.classes != tuple(sorted(names)):
                return f"classes {images.classes}"
            if [int((images.labels == images.classes.index(name)).sum()) for name in names] != counts:
                return f"{split}: {images.labels.bincount().tolist()} pictures a class"
            if not images.source.startswith("your pictures in ") or images.role != split:
                return f"called {images.source}, {images.role}"
            if ("left out: 1 .mov, 1 .txt" in images.source) != (layout == "with notes" and split == "train"):
                return images.source
            if ("animated or of several pages" in images.source) != (content in ("animated", "three pages")):
                return images.source
            for image, label in images:
                truth = change(COLOURS[names.index(images.classes[label])])
                found = colours_in(image)
                if np.abs(found - truth).max() > 12:
                    return f"{images.classes[label]} has the colours {found.tolist()} and not {truth.tolist()}"
            if split != "test":
                copies = ImageFolder(image_folder(folder=folder) / split)
                if (copies.classes, copies.targets) != (list(images.classes), images.labels.tolist()):
                    return f"torchvision finds {copies.class_to_idx}"
        return ""

    return Case(f"{ending}: {content} | {layout} | {script}", make, read)


def two(folder: Path, names=("cats", "dogs"), parts=("train", "val"), count: int = 3) -> Path:
    """Two classes of plain pictures."""
    for part in parts:
        for label, name in enumerate(names):
            place = folder / part / name
            place.mkdir(parents=True, exist_ok=True)
            for k in range(count):
                squares(label % 3).save(place / f"{k}.png")
    return folder


def with_file(name: str, content: bytes):
    """Two classes, and among the cats a file of this content."""
    return lambda folder: (two(folder) / "train" / "cats" / name).write_bytes(content)


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in 70 bytes."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 10) + b"IDAT" + bytes(14)


def half_a_png() -> bytes:
    """A PNG whose data are in order and end after the upper half."""
    upper = saved("PNG", squares(0).crop((0, 0, SIDE, SIDE // 2)))
    head = b"IHDR" + struct.pack(">II", SIDE, SIDE) + upper[24:29]
    return upper[:12] + head + struct.pack(">I", zlib.crc32(head)) + upper[33:]


def saved(kind: str, picture: Image.Image | None = None) -> bytes:
    buffer = io.BytesIO()
    (picture or squares(0)).save(buffer, kind)
    return buffer.getvalue()


def any_reading(folder: Path) -> str:
    load_images(folder=folder)
    return "no error"


BAD_PICTURES = [
    ("an HTML page as .jpg", with_file("a.jpg", b"<!doctype html><html>404</html>"), "a.jpg is no picture"),
    ("a pointer of Git LFS as .png", with_file("a.png", b"version https://git-lfs.github.com/spec/v1\n"), "no picture"),
    ("an empty .jpg", with_file("a.jpg", b""), "a.jpg is no picture"),
    ("half a .jpg", with_file("a.jpg", saved("JPEG")[:400]), "a.jpg is no picture"),
    ("half a .png", with_file("a.png", saved("PNG")[:90]), "a.png is no picture"),
    ("a .png whose data end early", with_file("a.png", half_a_png()), "its data end before the last row"),
    ("PostScript as .jpg", with_file("a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "no picture"),
    ("3,600 million pixels", with_file("a.png", bomb()), "a.png is too large, .*3600000000 pixels"),
    ("32-bit pixels", with_file("a.tif", saved("TIFF", Image.new("F", (9, 9)))), "32-bit pixels have no agreed"),
    ("a class of .heic alone", lambda folder: [
        path.rename(path.with_suffix(".heic")) for path in (two(folder) / "train" / "cats").iterdir()
    ], r"cats holds no picture that can be read \(3 \.heic\)"),
    ("one class", lambda folder: two(folder, ("cats",)), "one class alone"),
    ("a class in val alone", lambda folder: (two(folder), two(folder, ("wasps",), ("val",))), "is in val, but not in"),
    ("an empty class", lambda folder: (two(folder) / "train" / "wasps").mkdir(), "wasps holds no picture"),
    ("a class of one picture", lambda folder: two(folder, parts=("",), count=1), "has 1 picture: it needs 2"),
    ("pictures alone", lambda folder: [squares(0).save(folder / f"{k}.png") for k in range(3)], "but no class folders"),
    ("nothing", lambda folder: None, "has no class folders"),
    ("parts inside the classes", lambda folder: two(folder, ("train", "val"), ("cats", "dogs")), "holds no picture"),
    ("groups of classes", lambda folder: two(folder, parts=("animals", "things")), "holds no picture"),
    ("val without train", lambda folder: two(folder, parts=("val",)), "but no folder train"),
    ("val twice", lambda folder: two(folder, parts=("train", "val", "valid")), "has two folders for val"),
]  # fmt: skip


# one picture, and a photograph of a digit ---------------------------------------------------------------------------


def one_picture(folder: Path) -> str:
    one = load_pictures(folder / "мой кот.JPG", size=16)
    found = colours_in(one.images[0])
    return "" if one.names == ("мой кот.JPG",) and np.abs(found - COLOURS[1]).max() < 12 else f"{one.names} {found}"


def in_a_folder(folder: Path) -> str:
    few = load_pictures(folder, size=16)
    right = few.names == ("a.png", "b.webp") and "left out: 1 .heic" in few.source
    apart = [np.abs(colours_in(image) - COLOURS[label]).max() for label, image in enumerate(few.images)]
    return "" if right and max(apart) < 12 else f"{few.names} {few.source}"


def write_few(folder: Path) -> None:
    squares(0).save(folder / "a.png")
    squares(1).save(folder / "b.webp", lossless=True)
    (folder / "c.heic").write_bytes(b"x")


def photo_case(name: str, change: Callable[[Image.Image], tuple[Image.Image, dict]], ending: str) -> Case:
    """A photograph of a digit in another file or light: its 8 x 8 shares of ink stay those of the plain one."""
    sheet = Image.fromarray(draw_digit_photo(3, seed=1).permute(1, 2, 0).numpy())

    def make(folder: Path) -> None:
        picture, options = change(sheet)
        picture.save(folder / f"digit.{ending}", **options)
        sheet.save(folder / "plain.png")

    def read(folder: Path) -> str:
        found, plain = (digit_steps(read_photo(folder / name))["scaled"] for name in (f"digit.{ending}", "plain.png"))
        apart = (found.float() - plain.float()).abs().mean().item()
        return "" if apart < 12 else f"mean difference {apart:.0f} of 255"

    return Case(f"photograph of a digit: {name}", make, read)


def phone(sheet: Image.Image) -> tuple[Image.Image, dict]:
    exif = Image.Exif()
    exif[0x0112] = 6
    return sheet.transpose(Image.Transpose.ROTATE_90), {"exif": exif, "quality": 90}


def large(sheet: Image.Image) -> tuple[Image.Image, dict]:
    return sheet.resize((8 * sheet.width, 8 * sheet.height)), {"quality": 85}


def digit_refused(folder: Path) -> str:
    digit_steps(read_photo(next(folder.iterdir())))
    return "no error"


PHOTOS = [
    photo_case("grey", lambda sheet: (sheet.convert("L"), {}), "png"),
    photo_case("a phone held upright", phone, "jpg"),
    photo_case("1,920 x 2,560 pixels", large, "JPEG"),
    photo_case("darker", lambda sheet: (sheet.point(lambda value: int(0.6 * value)), {}), "webp"),
    Case("photograph of a digit: an empty sheet",
         lambda folder: Image.new("RGB", (90, 120), "ivory").save(folder / "a.png"), digit_refused, "no dark ink"),
    Case("photograph of a digit: a text",
         lambda folder: (folder / "a.jpg").write_text("5"), digit_refused, "no picture"),
]  # fmt: skip


# texts --------------------------------------------------------------------------------------------------------------

TEXTS = {
    "English": "It was the best of times, it was the worst of times.\n" * 9,
    "French": "L'été déçu, où naît l'œuvre ? Voilà, ça y est : garçon, forêt, Noël.\n" * 9,
    "Chinese": "床前明月光，疑是地上霜。举头望明月，低头思故乡。\n" * 9,
    "Russian": "Я помню чудное мгновенье: передо мной явилась ты.\n" * 9,
    "Japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 9,
    "Arabic": "كان يا ما كان في قديم الزمان ملك عادل.\n" * 9,
    "Hindi": "एक समय की बात है, एक गाँव में एक किसान रहता था।\n" * 9,
    "emoji": "👩🏽‍🚀 flies 🚀 to the 🌙.\n" * 9,
}


def text_case(name: str, content: bytes, truth: str = "", refusal: str = "", **options) -> Case:
    def read(folder: Path) -> str:
        found = load_text(text=folder / "mine.txt", **options)
        right = found.text == truth and found.source.startswith("your text mine.txt") and truth.startswith(found.prompt)
        return "" if right else repr(found.text[:60])

    return Case(f"text: {name}", lambda folder: (folder / "mine.txt").write_bytes(content), read, refusal)


def in_encoding(language: str, encoding: str, called: str) -> Case:
    return text_case(f"{language} in {encoding}", TEXTS[language].encode(encoding), refusal=f"looks like {called}")


READ_TEXTS = [
    *(text_case(f"{language} in UTF-8", text.encode(), text) for language, text in TEXTS.items()),
    text_case("a byte order mark", b"\xef\xbb\xbf" + TEXTS["Chinese"].encode(), TEXTS["Chinese"]),
    text_case("line ends of Windows", TEXTS["Russian"].replace("\n", "\r\n").encode(), TEXTS["Russian"]),
    text_case("line ends of old Macs", TEXTS["English"].replace("\n", "\r").encode(), TEXTS["English"]),
    text_case("letters taken apart", unicodedata.normalize("NFD", TEXTS["French"]).encode(), TEXTS["French"]),
    text_case("GBK, named", TEXTS["Chinese"].encode("gbk"), TEXTS["Chinese"], encoding="gbk"),
    text_case("UTF-16, named", TEXTS["Russian"].encode("utf-16"), TEXTS["Russian"], encoding="utf-16"),
]
BAD_TEXTS = [
    in_encoding("Chinese", "gb18030", "GBK or GB18030"), in_encoding("Chinese", "utf-16", "UTF-16"),
    in_encoding("English", "utf-16-le", "UTF-16 without"), in_encoding("Russian", "cp1251", "Windows-1251"),
    in_encoding("Russian", "koi8-r", "KOI8-R"), in_encoding("Japanese", "shift_jis", "SHIFT|Shift JIS"),
    in_encoding("Japanese", "euc_jp", "EUC-JP"), in_encoding("French", "cp1252", "Latin-1 or Windows-1252"),
    text_case("Japanese as old mail has it", TEXTS["Japanese"].encode("iso2022_jp"), refusal="no text|looks like"),
    text_case("English with a word of old Japanese mail", (TEXTS["English"] + "東京\n").encode("iso2022_jp"),
              refusal="no text|looks like"),
    text_case("empty", b"", refusal="is empty"), text_case("spaces alone", b" \n\t\n", refusal="is empty"),
    text_case("too short", b"The cat sat.", refusal="50 characters are needed, .* gives 12", at_least=50),
    text_case("a zip archive", b"PK\x03\x04" + bytes(90), refusal="zip archive or an office document"),
    text_case("a PDF", b"%PDF-1.7\n%\xe2\xe3", refusal="is a PDF"),
    text_case("RTF", b"{\\rtf1\\ansi hello}", refusal="RTF document"),
    text_case("an HTML page", b"<!DOCTYPE html><p>It was", refusal="HTML page"),
    text_case("an XHTML page", b"<?xml version='1.0'?>\n<!-- saved -->\n<!DOCTYPE html>It was", refusal="HTML page"),
    in_encoding("Chinese", "hz", "HZ"), in_encoding("Russian", "utf-16-le", "UTF-16 without"),
    in_encoding("Hindi", "utf-16-be", "UTF-16 without"), in_encoding("Arabic", "utf-32-le", "UTF-32-LE"),
    text_case("UTF-8, called ASCII", TEXTS["Russian"].encode(), refusal="it is UTF-8: leave encoding out",
              encoding="ascii"),
    text_case("UTF-16, a byte missing", TEXTS["Russian"].encode("utf-16")[:-1], refusal="UTF-16 and is damaged",
              encoding="utf-16"),
    text_case("half a character, escaped", b"It was \\ud800 so", refusal="half a character", encoding="unicode_escape"),
    text_case("half a letter in the middle", TEXTS["Russian"].encode()[:101] + TEXTS["Russian"].encode()[102:],
              refusal="damaged UTF-8"),
    text_case("a picture", saved("PNG"), refusal="PNG picture"),
]  # fmt: skip


# names --------------------------------------------------------------------------------------------------------------

LISTS = {"Русский": ["Иванов", "Петров"], "Deutsch": ["Weiß", "O'Hara-Bäcker"], "中文": ["王伟", "李娜"]}


def names_case(
    name: str, files: dict[str, str | bytes], truth=LISTS, said: str = "", refusal: str = "", **options
) -> Case:
    def make(folder: Path) -> None:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)

    def read(folder: Path) -> str:
        found = load_names(folder, **options)
        truths = {language: truth[language] for language in sorted(truth)}
        right = found.names == truths and said in found.source and found.source.startswith("your names in ")
        return "" if right else f"{found.names} {found.source}"

    return Case(f"names: {name}", make, read, refusal)


def lists(form="{}.txt", end="\n", before="", **more) -> dict[str, str | bytes]:
    """The files of LISTS, and more."""
    return {form.format(language): before + end.join(group) + end for language, group in LISTS.items()} | more


NAMES = [
    names_case("three scripts", lists()),
    names_case("a byte order mark, line ends of Windows", lists(end="\r\n", before="\ufeff")),
    names_case("in a folder names, ending in capitals", lists("data/names/{}.TXT")),
    names_case("empty lines, spaces, emoji, numbers", lists(end="\n\n  🙂 \n12\n"), said="without a letter"),
    names_case("a name twice, in two forms", lists(**{"Español.txt": "Núñez\nNu\u0301n\u0303ez\n"}),
               {**LISTS, "Español": ["Núñez"]}, "1 repeated"),
    names_case("with README, LICENSE and what macOS leaves", lists(**{
        "README.txt": "Names by language", "LICENSE": "MIT", "._Deutsch.txt": b"\0\5", ".DS_Store": b"\0",
    }), said="2 other files"),
    names_case("a remark in the first line", lists(before="# surnames, one a line\n"), said="3 remarks"),
    names_case("counts beside the names", lists(**{"English.txt": "Smith 1.006\nAshton\n"}),
               {**LISTS, "English": ["Ashton"]}, "1 with digits"),
    names_case("folded", {"Deutsch.txt": "Weiß\nBäcker\n", "Polski.txt": "Łoś\n"},
               {"Deutsch": ["Weiss", "Backer"], "Polski": ["Los"]}, fold=True),
    names_case("Chinese, folded", lists(), refusal="no name in plain letters: leave fold out", fold=True),
    names_case("GBK", lists(**{"中文.txt": "王\n李\n张\n刘\n".encode("gbk")}), refusal="looks like GBK"),
    names_case("Latin-1", lists(**{"Français.txt": "Élan\nRené\nHélène\n".encode("latin-1")}),
               refusal="looks like Latin-1"),
    names_case("an error page in the place of a list", lists(**{"Welsh.txt": "<body>Not found</body>"}),
               refusal="HTML page"),
    names_case("the tutorial's languages", {f"{language}.txt": "Ann\n" for language in TUTORIAL},
               {language: ["Ann"] for language in TUTORIAL}, said="they are not the tutorial's"),
    names_case("one language", {"English.txt": "Ashton\n"}, refusal="only English.txt"),
    names_case("a table of names", {"names.csv": "Ashton,English\n"}, refusal="no file <Language>.txt"),
    names_case("a language twice", lists(**{"deutsch.txt": "Weiß\n"}), refusal="in one file"),
    names_case("an empty list", lists(**{"Welsh.txt": ""}), refusal="Welsh.txt is empty"),
    names_case("too few names", lists(**{"Welsh.txt": "Evans\n"}), refusal="has 1 of 2 names needed", at_least=2),
]  # fmt: skip


CASES = [
    *map(picture_case, range(len(FILES))),
    *(Case(f"pictures: {name}", make, any_reading, refusal) for name, make, refusal in BAD_PICTURES),
    Case("one picture to predict", lambda folder: squares(1).save(folder / "мой кот.JPG", quality=95), one_picture),
    Case("a folder of pictures to predict", write_few, in_a_folder),
    *PHOTOS, *READ_TEXTS, *BAD_TEXTS, *NAMES,
]  # fmt: skip


def main() -> int:
    counts: dict[str, int] = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "mine"
            folder.mkdir()
            found = outcome(case, folder)
        counts[found.split(":")[0]] = counts.get(found.split(":")[0], 0) + 1
        print(f"{case.name:<70} {found}")
    print(", ".join(f"{count} {found}" for found, count in counts.items()))
    return int(counts.keys() > {RIGHT, REFUSED})


if __name__ == "__main__":
    sys.exit(main())
