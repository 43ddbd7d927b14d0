"""Texts: the stand-in is pinned; the real one is known by its hash; a reader's own is read in any script."""

import hashlib
from pathlib import Path

import pytest
import torch
from torchbook.data import text as module
from torchbook.data.errors import DataError
from torchbook.data.text import length_needed, load_text, opening
from torchbook.models import CharRNN
from torchbook.sequences import Vocabulary, sample, text_batches

pytestmark = pytest.mark.faults("texts and names")

PROSE_SHA256 = "251b7f4109692ef350002679079abb349754059bfd354cae744e48ea00a7f574"


@pytest.fixture
def real(tmp_path):
    """A folder with a file where Tiny Shakespeare would lie."""
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_bytes("First Citizen:\r\nSpeak, naïve one.\n".encode())
    return tmp_path


@pytest.fixture
def own(tmp_path):
    """A function that writes a text and returns its path."""

    def write(text):
        path = tmp_path / "mine.txt"
        path.write_bytes(text.encode())
        return path

    return write


def test_embedded_text_is_pinned():
    assert hashlib.sha256(load_text(source="embedded").text.encode()).hexdigest() == PROSE_SHA256


def test_embedded_text_is_long_prose():
    text = load_text(source="embedded").text
    assert len(text) > 200_000
    assert text.isascii()
    assert len(set(text)) < 90
    letters = sum(character.isalpha() or character.isspace() for character in text)
    assert letters / len(text) > 0.95
    assert text.count(" the ") > 2000


def test_embedded_text_is_sentences_each_once():
    paragraphs = load_text(source="embedded").text.strip().split("\n\n")
    assert len(set(paragraphs)) == len(paragraphs)
    assert all(paragraph[0].isupper() or paragraph[0] in '("' for paragraph in paragraphs)
    assert all(paragraph[-1] in '.!?")' for paragraph in paragraphs)


def test_embedded_text_is_in_the_wheel():
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert "book_prose.txt" in project["tool"]["setuptools"]["package-data"]["torchbook.data"]
    assert Path(module.__file__).with_name("book_prose.txt").is_file()


def test_what_lies_in_the_place_of_shakespeare_is_called_what_it_is(real):
    found = load_text(folder=real)
    assert found.text == "First Citizen:\nSpeak, naïve one.\n"
    assert found.source.startswith("your text input.txt (33 characters, 21 different; it is not Tiny Shakespeare")


def test_the_known_hash_alone_makes_it_real(real, monkeypatch):
    data = b"First Citizen:\nSpeak.\n"
    file = module.card("shakespeare").files[0]
    known = type(file)(file.name, file.urls, hashlib.sha256(data).hexdigest(), len(data), file.target)
    card = type(module.card("shakespeare"))(**{**vars(module.card("shakespeare")), "forms": ((known,),)})
    monkeypatch.setattr(module, "card", lambda name: card)
    path = real / "tinyshakespeare" / "input.txt"
    path.write_bytes(data.replace(b"\n", b"\r\n"))  # line ends of Windows are no difference
    assert load_text(folder=real).source == "real Tiny Shakespeare (input.txt)"
    path.write_bytes(data.replace(b"Speak", b"Sleep"))
    assert load_text(folder=real).source.startswith("your text")


def test_environment_folder_is_searched_but_embedded_wins_when_asked(real, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DATA", str(real))
    assert load_text().source.startswith("your text")
    assert "stand-in" in load_text(source="embedded").source


def test_auto_falls_back_to_the_stand_in_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path))
    assert (
        load_text().source == "prose of this book, the stand-in (real Tiny Shakespeare: bookkit data fetch shakespeare)"
    )


def test_missing_real_data_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="bookkit data fetch shakespeare"):
        load_text(source="real")
    with pytest.raises(DataError, match="No real shakespeare data"):
        load_text(folder=tmp_path)


@pytest.mark.parametrize("source", ["auto", "embedded"])
def test_own_text_comes_before_everything(own, real, source):
    found = load_text(text=own("Тихо в лесу.\r\n"), folder=real, source=source)
    assert found.text == "Тихо в лесу.\n"
    assert found.source == "your text mine.txt (13 characters, 12 different)"


def test_own_text_in_another_encoding(tmp_path):
    (tmp_path / "old.txt").write_bytes("我看书。".encode("gbk"))
    assert load_text(text=tmp_path / "old.txt", encoding="gbk").text == "我看书。"


def test_home_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "mine.txt").write_text("words", encoding="utf-8")
    assert load_text(text="~/mine.txt").text == "words"


@pytest.mark.parametrize(("limit", "text"), [(5, "First"), (33, None), (34, None), (None, None)])
def test_limit_takes_at_most_so_many_characters(real, limit, text):
    assert load_text(folder=real, limit=limit).text == (text or "First Citizen:\nSpeak, naïve one.\n")


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "9"])
def test_limit_must_be_a_whole_number(real, limit):
    with pytest.raises(ValueError, match="whole number of characters"):
        load_text(folder=real, limit=limit)


@pytest.mark.parametrize("at_least", ["3", 2.5, None])
def test_the_characters_needed_must_be_a_whole_number(real, at_least):
    with pytest.raises(ValueError, match="at_least must be a whole number of characters"):
        load_text(folder=real, at_least=at_least)


def test_an_encoding_must_be_a_name(own):
    with pytest.raises(ValueError, match="encoding is 5; it must be the name of one, like 'gb18030', or None"):
        load_text(text=own("words"), encoding=5)


def test_a_text_too_short_is_told_with_the_length_needed(own):
    with pytest.raises(DataError, match=r"^50 characters are needed, and your text mine.txt.* gives 12: take a longer"):
        load_text(text=own("twelve chars"), at_least=50)
    with pytest.raises(DataError, match=r"gives 20: raise limit \(20\)"):
        load_text(source="embedded", limit=20, at_least=50)
    assert len(load_text(text=own("twelve chars"), at_least=12).text) == 12


@pytest.mark.parametrize(("batch_size", "val_batch_size", "val_fraction"), [(64, 10, 0.1), (1, 1, 0.5), (500, 10, 0.1)])
def test_length_needed_is_enough_for_both_parts(batch_size, val_batch_size, val_fraction):
    needed = length_needed(batch_size, val_batch_size, val_fraction)
    tokens = torch.zeros(needed, dtype=torch.long)
    cut = int(needed * (1 - val_fraction))
    assert text_batches(tokens[:cut], batch_size, 10)
    assert text_batches(tokens[cut:], val_batch_size, 10)
    short = needed * 9 // 10 - 2
    cut = int(short * (1 - val_fraction))
    with pytest.raises(ValueError, match="streams need"):  # not many more than are needed
        (text_batches(tokens[:cut], batch_size, 10), text_batches(tokens[cut:short], val_batch_size, 10))


def test_unknown_source_and_text(real):
    with pytest.raises(ValueError, match="'auto', 'embedded', 'real'"):
        load_text(source="web")
    with pytest.raises(ValueError, match=r"the texts are: shakespeare, and text="):
        load_text("goethe")


@pytest.mark.parametrize(
    ("text", "length", "begins"),
    [
        ("The cat sat on the mat.", 12, "The cat sat"),
        ("The cat sat on the mat.", 11, "The cat sat"),
        ("\n\n  The cat", 24, "The cat"),
        ("a dog ran to the door", 5, "a dog"),
        ("Donaudampfschifffahrt faehrt", 10, "Donaudampf"),
        ("我看书。你听水，他买花。", 6, "我看书。你听"),
        ("हिन्दी में लिखा", 1, "हि"),
        ("👩🏽‍🚀 flies", 1, "👩🏽‍🚀"),
        ("👍🏿👍🏿", 1, "👍🏿"),
        ("e\u0323\u0307x", 1, "e\u0323\u0307"),
        ("Тихо в лесу, только не спит барсук", 20, "Тихо в лесу, только"),
        ("x", 24, "x"),
        ("First Citizen:\nBefore we proceed", 20, "First Citizen:"),
    ],
)
def test_the_opening_of_a_text(text, length, begins):
    assert opening(text, length) == begins


def test_an_empty_text_has_no_opening():
    with pytest.raises(DataError, match="has no beginning"):
        opening(" \n")


@pytest.mark.parametrize(
    "text",
    [
        "我看书。你听水，他买花。猫画山，狗写信。",
        "Тихо в лесу, только не спит барсук.",
        "👩🏽‍🚀 e\u0323\u0307 नमस्ते \U0001d11e ok",
        "aaaa",
    ],
)
def test_any_script_goes_through_vocabulary_model_and_sample(own, text):
    found = load_text(text=own(text * 20))
    vocabulary = Vocabulary(found.text)
    assert vocabulary.decode(vocabulary.encode(found.text)) == found.text
    model = CharRNN(len(vocabulary), 8)
    generator = torch.Generator().manual_seed(0)
    made = sample(model, vocabulary, found.prompt, 15, generator=generator)
    assert made.startswith(found.prompt)
    assert len(made) == len(found.prompt) + 15
    assert made.encode("utf-8").decode("utf-8") == made


@pytest.mark.real_data
def test_the_real_text_is_tiny_shakespeare(real_data):
    found = load_text(folder=real_data, source="real")
    assert found.source == "real Tiny Shakespeare (input.txt)"
    assert len(found.text) == 1_115_394
    assert len(set(found.text)) == 65
    assert found.prompt == "First Citizen:\nBefore we"
