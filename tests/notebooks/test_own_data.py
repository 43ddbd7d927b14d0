"""The chapters that take a reader's own pictures, photograph, texts or names run on such data: part of `make smoke`."""

from __future__ import annotations

from pathlib import Path
from random import Random

from chapters import ROOT
import nbformat
import numpy as np
from PIL import Image, ImageDraw
import pytest
from torchbook.paper_drawing import draw_digit_photo

from bookkit import execute
from bookkit.notebooks import find_chapters

pytestmark = pytest.mark.own_data

KINDS = {
    "кошки": ("ellipse", 14),
    "鸟": ("rectangle", 9),
    "l'été": ("line", 6),
}  # classes: what is drawn, and how often
FILES = [("RGB", "JPG"), ("RGBA", "png"), ("P", "gif"), ("L", "webp"), ("CMYK", "tif")]
SIZES = [(60, 44), (44, 60), (90, 30)]
WORDS = {
    "chinese.txt": ("我你他她猫狗鸟人", "看听写读买卖画说", "书花山水车饭茶信", "，。", ""),
    "russian.txt": (["Я", "Она", "Сосед"], ["видит", "слышит", "несёт"], ["лес", "чай", "поезд"], ".,", " "),
}
NAMES = {
    "中文": ("王李张刘陈杨", "伟芳娜敏静"),
    "Русский": (["Ив", "Петр", "Волк", "Зайц"], ["ов", "ин", "ович", "енко"]),
    "Deutsch": (["Schön", "Grün", "Weiß", "Bäck"], ["bach", "mann", "berg", "er"]),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Pictures of three unequal classes, a photograph of a 5, two texts and the names of three languages."""
    root = tmp_path_factory.mktemp("own")
    for split in ("train", "val"):
        for number, (name, (shape, count)) in enumerate(KINDS.items()):
            write_pictures(root / "pictures" / split / name, shape, count if split == "train" else 3 + number, number)
    photo = draw_digit_photo(5, seed=0).permute(1, 2, 0).numpy()
    Image.fromarray(photo).save(root / "digit.jpg")
    for name, (*parts, gap) in WORDS.items():
        rng = Random(name)
        lines = ("".join([gap.join(map(rng.choice, parts[:3])), rng.choice(parts[3]), gap]) for _ in range(1500))
        text = "\n".join("".join(group) for group in zip(*[lines] * 10, strict=True))
        (root / name).write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    (root / "names").mkdir()
    for language, (firsts, lasts) in NAMES.items():
        text = "\n".join(first + last for first in firsts for last in lasts)
        (root / "names" / f"{language}.txt").write_text(text, encoding="utf-8")
    return root


def write_pictures(folder: Path, shape: str, count: int, seed: int) -> None:
    """A coloured shape on dark noise, in files of several endings, modes and sizes."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for k in range(count):
        (width, height), (mode, ending) = SIZES[k % len(SIZES)], FILES[k % len(FILES)]
        picture = Image.fromarray(rng.integers(0, 90, (height, width, 3), dtype=np.uint8))
        box = [width // 4, height // 4, 3 * width // 4, 3 * height // 4]
        getattr(ImageDraw.Draw(picture), shape)(box, fill=("red", "lime", "blue")[seed])
        picture.convert(mode).save(folder / f"фото {k}.{ending}")


PICTURES = {"folder": "pictures"}
THREE = "3 classes (train"
RUNS = [  # chapter, what is set, what its outputs say
    ("03", {"photo": "digit.jpg"}, ["prepared: read as"]),
    ("05", PICTURES, ["your pictures in pictures: 29 pictures, " + THREE, "l'été, кошки, 鸟"]),
    ("10", PICTURES, ["your pictures in pictures: 29 pictures, " + THREE, "classes 3"]),
    ("11", PICTURES, ["your pictures in pictures: 29 pictures, " + THREE, "warning: the classes are unequal", "кошки"]),
    ("07", {"text": "chinese.txt"}, ["your text chinese.txt", "27 different"]),
    ("07", {"text": "russian.txt"}, ["your text russian.txt"]),
    ("08", {"text": "chinese.txt", "folder": "names", "fold": False}, ["your text chinese.txt", "中文 30"]),
    ("08", {"text": "russian.txt", "folder": "names", "fold": False}, ["your text russian.txt", "Русский 16"]),
    ("12", {"text": "chinese.txt"}, ["your text chinese.txt"]),
    ("12", {"text": "russian.txt"}, ["your text russian.txt"]),
]


@pytest.mark.parametrize(
    ("number", "settings", "said"),
    RUNS,
    ids=[f"{number} on {next(iter(settings.values()))}" for number, settings, _ in RUNS],
)
def test_a_chapter_runs_on_own_data(data, tmp_path, number, settings, said):
    paths = {name: str(data / value) if isinstance(value, str) else value for name, value in settings.items()}
    (job,) = execute.plan(ROOT, find_chapters(ROOT, [number]), "smoke", paths)
    outcome = execute.run_one(tmp_path, job, execute.TIMEOUT, lambda *_, **__: None)
    assert outcome.ok, "\n".join([outcome.source, *outcome.error])
    outputs = printed(nbformat.read(outcome.executed, as_version=4))
    assert [words for words in said if words not in outputs] == []


def printed(notebook: nbformat.NotebookNode) -> str:
    """All that the cells show as text, on one line."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    return " ".join("\n".join(shown).split())
