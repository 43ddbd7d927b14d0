"""Files of every kind that the book reads, damaged at random: what is accepted is right, all else is one sentence.

Seed 0 runs with every test; the others, which make up the counts of the table, in `make test-slow`.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from random import Random
import tarfile
import warnings
import zipfile

from damage import count_wrong, damaged
import numpy as np
from PIL import Image
import pytest
import real_forms
import torch
from torch import nn
from torchbook.checkpoint import load_checkpoint, save_checkpoint
from torchbook.data.cache import Decoded, cached, kept_folder
from torchbook.data.cifar import read_batches
from torchbook.data.errors import DataError
from torchbook.data.idx import read_idx
from torchbook.data.images import load_images
from torchbook.data.names import load_names
from torchbook.data.reading import read_text
from torchbook.data.unpack import unpack

TRIES = 40  # a seed
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 12))]
GOOD = {"toy/a.txt": b"one" * 100, "toy/sub/b.txt": b"two" * 3000}


def ends_well(read, accepted) -> str:
    """Empty where `read()` gives what `accepted` takes, or is refused in one sentence; else what went wrong."""
    try:
        found = read()
    except DataError as error:
        text = str(error)
        return "" if 20 < len(text) < 500 and "\n" not in text else f"not one sentence: {text[:200]!r}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    return "" if accepted(found) else f"accepted: {str(found)[:100]}"


def packed(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in GOOD.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if kind == "tgz" else "w") as archive:
            for name, content in GOOD.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.faults("archives")
@pytest.mark.parametrize("seed", SEEDS)
def test_archives(tmp_path, record_property, seed):
    rng = Random(seed)

    def one(number: int) -> str:
        kind = rng.choice(["zip", "tgz", "tar"])
        place = tmp_path / str(number)
        place.mkdir()
        (place / "toy.tgz").write_bytes(damaged(packed(kind), rng))

        def contents(_) -> bool:  # a plain tar file has no sums of its contents: the sum of the whole file guards it
            written = [path for path in place.rglob("*") if path.is_file() and path.name != "toy.tgz"]
            inside = all((place / "new" / "toy") in path.parents for path in written)
            return inside and (kind == "tar" or all(path.read_bytes() in GOOD.values() for path in written))

        return ends_well(lambda: unpack(place / "toy.tgz", "toy", place / "new" / "toy"), contents)

    count_wrong(record_property, map(one, range(TRIES)))


def labelled(made: Decoded) -> bool:
    """Pictures with a label each."""
    fits = made.images.dtype == np.uint8 and len(made.images) == len(made.labels) > 0
    return fits and 0 <= made.labels.min() <= made.labels.max() < len(made.classes)


@pytest.mark.faults("CIFAR pickles")
@pytest.mark.parametrize("seed", SEEDS)
def test_pickles(tmp_path, record_property, seed):
    rng = Random(seed)
    folder = real_forms.cifar_batches(tmp_path, each=4)
    whole = (folder / "test_batch").read_bytes()
    pixels = whole.index(real_forms.pixels(4, (3072,), seed=5).tobytes()[:50])
    head, tail = whole[:pixels], whole[pixels + 4 * 3072 :]

    def one(_) -> str:  # all of the damage goes where it matters, around the pixels
        first = rng.random() < 0.5
        middle = whole[pixels : pixels + 4 * 3072]
        parts = (damaged(head, rng), middle, tail) if first else (head, middle, damaged(tail, rng))
        (folder / "test_batch").write_bytes(b"".join(parts))
        return ends_well(lambda: read_batches(folder, "test"), labelled)

    count_wrong(record_property, map(one, range(2 * TRIES)))


@pytest.mark.faults("IDX files")
@pytest.mark.parametrize("seed", SEEDS)
def test_idx(tmp_path, record_property, seed):
    rng = Random(seed)
    zipped = seed % 2 == 0
    folder = real_forms.fashion_files(tmp_path, train=3, test=3, packed=zipped)
    files = sorted(folder.glob("t10k*"))
    whole = {path: path.read_bytes() for path in files}
    truth = read_idx(folder, "test")

    def one(_) -> str:
        path = rng.choice(files)
        new = damaged(whole[path], rng)
        path.write_bytes(new)

        def right(made: Decoded) -> bool:  # a packed file has a sum; a plain one has its sizes alone
            same = np.array_equal(made.images, truth.images) and np.array_equal(made.labels, truth.labels)
            return labelled(made) and (same or not zipped)

        outcome = ends_well(lambda: read_idx(folder, "test"), right)
        path.write_bytes(whole[path])
        return outcome

    count_wrong(record_property, map(one, range(TRIES)))


@pytest.mark.faults("picture folders")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.filterwarnings("ignore")
def test_pictures(tmp_path, record_property, seed):
    rng = Random(seed)
    noise = np.random.default_rng(seed)

    def picture(mode: str, form: str) -> bytes:
        buffer = io.BytesIO()
        side = (int(noise.integers(1, 40)), int(noise.integers(1, 40)), 3)
        Image.fromarray(noise.integers(0, 256, side, dtype=np.uint8)).convert(mode).save(buffer, form)
        return buffer.getvalue()

    kinds = [
        ("RGB", "PNG"),
        ("RGB", "JPEG"),
        ("P", "GIF"),
        ("RGB", "BMP"),
        ("RGB", "WEBP"),
        ("L", "TIFF"),
        ("RGBA", "PNG"),
    ]

    def one(number: int) -> str:
        folder = tmp_path / str(number)
        for name in ("ants", "bees"):
            (folder / name).mkdir(parents=True)
            for k in range(3):
                mode, form = rng.choice(kinds)
                content = picture(mode, form)
                ending = "jpg" if form == "JPEG" else form.lower()
                spoilt = rng.random() < 0.3
                (folder / name / f"{k}.{ending}").write_bytes(damaged(content, rng) if spoilt else content)

        def right(made) -> bool:
            return tuple(made.images.shape[1:]) == (3, 16, 16) and made.classes == ("ants", "bees") and labelled(made)

        return ends_well(lambda: as_arrays(load_images(folder=folder, size=16)), right)

    def as_arrays(made):
        made.images.numpy()
        return Decoded(made.images.numpy(), made.labels.numpy(), made.classes)

    count_wrong(record_property, map(one, range(TRIES // 2)))


TEXTS = {
    "English": "It was the best of times, it was the worst of times, it was the age of wisdom. " * 8,
    "Chinese": "床前明月光,疑是地上霜。举头望明月,低头思故乡。春眠不觉晓,处处闻啼鸟。" * 8,
    "Russian": "Я помню чудное мгновенье: передо мной явилась ты, как мимолётное виденье. " * 8,
    "Japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 8,
}
ENCODINGS = {
    "English": ["utf-8", "utf-8-sig", "utf-16"],
    "Chinese": ["utf-8", "utf-8-sig", "utf-16", "gb18030"],
    "Russian": ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r"],
    "Japanese": ["utf-8", "utf-8-sig", "utf-16", "shift_jis", "euc_jp"],
}


@pytest.mark.faults("texts and names")
@pytest.mark.parametrize("seed", SEEDS)
def test_texts(tmp_path, record_property, seed):
    rng = Random(seed)
    path = tmp_path / "a.txt"

    def one(_) -> str:
        language = rng.choice(list(TEXTS))
        encoding = rng.choice(ENCODINGS[language])
        text = TEXTS[language][rng.randrange(20) :]
        content = text.replace("\n", rng.choice(["\n", "\r\n"])).encode(encoding)
        spoilt = rng.random() < 0.5
        path.write_bytes(damaged(content, rng) if spoilt else content)

        def right(found: str) -> bool:  # what is whole and in UTF-8 comes back; nothing comes back as other letters
            if not spoilt:
                return found == text and encoding.startswith("utf-8")
            strange = [character for character in found if character not in text and ord(character) > 0x7F]
            return len(strange) <= max(3, len(found) // 50) or len(set(strange)) < 1100 // 8

        return ends_well(lambda: read_text(path), right)

    count_wrong(record_property, map(one, range(TRIES)))


@pytest.mark.faults("texts and names")
@pytest.mark.parametrize("seed", SEEDS)
def test_names(tmp_path, record_property, seed):
    rng = Random(seed)
    lines = [
        "Ann",
        "Bob",
        "李",
        "Мария",
        "O'Neil",
        "",
        "  ",
        "12",
        "<html>",
        "x" * 300,
        "a\tb",
        "😀",
        "Zoë",
        "\ufeffEva",
    ]

    def one(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        for language in ("English", "Русский", "中文"):
            content = "\n".join(rng.choices(lines, k=rng.choice([1, 5, 20]))).encode()
            (folder / f"{language}.txt").write_bytes(
                damaged(content, rng) if rng.random() < 0.3 and content else content
            )

        def right(made) -> bool:
            names = [name for one in made.names.values() for name in one]
            return bool(names) and all(name == name.strip() != "" and "\n" not in name for name in names)

        return ends_well(lambda: load_names(folder), right)

    count_wrong(record_property, map(one, range(TRIES)))


MADE = Decoded(
    np.random.default_rng(0).integers(0, 256, (6, 3, 8, 8), dtype=np.uint8), np.arange(6) % 2, ["кошки", "dogs"], "note"
)


@pytest.mark.faults("damaged cache files")
@pytest.mark.parametrize("seed", SEEDS)
def test_caches(tmp_path, monkeypatch, record_property, seed):
    rng = Random(seed)
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    cached("a", "key", lambda: MADE)
    (file,) = (tmp_path / "cache" / "decoded").iterdir()
    home = kept_folder("b", "key", lambda folder: (folder / "x.bin").write_bytes(bytes(range(256))))
    whole = {path: path.read_bytes() for path in (file, home / "x.bin", home / ".sha256.json")}

    def one(_) -> str:
        path = rng.choice([file, file, *whole])
        path.write_bytes(damaged(whole[path], rng))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "is made again"
            try:
                made = cached("a", "key", lambda: MADE)
                again = kept_folder("b", "key", lambda folder: (folder / "x.bin").write_bytes(bytes(range(256))))
            except Exception as error:
                return f"{type(error).__name__}: {error}"
        same = all(np.array_equal(one, other) for one, other in zip(made, MADE, strict=True))
        return "" if same and (again / "x.bin").read_bytes() == bytes(range(256)) else "another content"

    count_wrong(record_property, map(one, range(4 * TRIES)))


def parts() -> dict:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.rand(5, 3)).sum().backward()
    optimizer.step()
    return {"model": model, "optimizer": optimizer}


@pytest.mark.faults("damaged checkpoints")
@pytest.mark.parametrize("seed", SEEDS)
def test_checkpoints(tmp_path, record_property, seed):
    rng = Random(seed)
    saved = parts()
    path = save_checkpoint(tmp_path / "a.pt", **saved, epoch=3)
    whole = path.read_bytes()
    truth = {name: value.clone() for name, value in saved["model"].state_dict().items()}

    def one(_) -> str:
        path.write_bytes(damaged(whole, rng))
        others = parts()
        nn.init.zeros_(others["model"][0].weight)
        before = {name: value.clone() for name, value in others["model"].state_dict().items()}
        try:
            rest = load_checkpoint(path, **others)
        except ValueError as error:
            unchanged = all(torch.equal(value, before[name]) for name, value in others["model"].state_dict().items())
            good = unchanged and "\n" not in str(error) and "weights_only" not in str(error)
            return "" if good else f"changed something, or no sentence: {str(error)[:200]}"
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:200]}"
        same = all(torch.equal(value, truth[name]) for name, value in others["model"].state_dict().items())
        return "" if same and rest == {"epoch": 3} else "loaded something else"

    count_wrong(record_property, map(one, range(TRIES)))


def test_the_damage_is_damage():
    rng = Random(0)
    assert all(damaged(b"0123456789" * 9, rng) != b"0123456789" * 9 for _ in range(2000))


def test_what_is_wrong_is_counted():
    seen = []
    with pytest.raises(AssertionError, match="2 of 3: bad"):
        count_wrong(lambda *words: seen.append(words), ["", "bad", "worse"])
    assert seen == [("tries", (3, 2))]


def test_whole_files_are_read(tmp_path):
    """The oracle of the packed files: without damage each is accepted."""
    for kind in ("zip", "tgz", "tar"):
        (tmp_path / "toy.tgz").write_bytes(packed(kind))
        unpack(tmp_path / "toy.tgz", "toy", tmp_path / kind)
        assert {path.read_bytes() for path in Path(tmp_path / kind).rglob("*.txt")} == set(GOOD.values())
    assert gzip.decompress(packed("tgz"))[:5] == b"toy/a"
