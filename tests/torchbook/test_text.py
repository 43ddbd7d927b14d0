"""Texts and names: the stand-ins are the same on every Python; real files are read, broken ones refused."""

import hashlib
import json

import babel
import numpy as np
import pytest
from torchbook.data import text as module
from torchbook.data.errors import DataError
from torchbook.data.text import NAME_LETTERS, ascii_letters_only, load_names, load_text

# Made with NumPy 2.2.6 and Babel 2.18.0; the same on Python 3.10 to 3.13.
TEXT_SHA256 = "bd9cc0eabdf26d5acf40e07f30caf6699ca658e6b02e1669913b60df4802f813"
NAMES_SHA256 = "f9b1ad3f77492844dbd17f7150444f2c53d1316608803c0d1c3706afb5aa0f00"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No real data anywhere."""
    monkeypatch.delenv("TORCHBOOK_DATA", raising=False)
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def real(nowhere):
    """A tiny real folder."""
    (nowhere / "tinyshakespeare").mkdir()
    (nowhere / "tinyshakespeare" / "input.txt").write_bytes("First Citizen:\r\nSpeak, naïve one.\n".encode())
    (nowhere / "names").mkdir()
    (nowhere / "names" / "Irish.txt").write_bytes("Ó Briain\n\n  Mac Adam \n".encode())
    (nowhere / "names" / "Czech.txt").write_bytes("Čapek\n".encode())
    return nowhere


@pytest.mark.skipif(np.__version__ != "2.2.6", reason="the text is that of NumPy 2.2.6")
def test_embedded_text_is_pinned():
    text = load_text(source="embedded").text
    assert hashlib.sha256(text.encode()).hexdigest() == TEXT_SHA256


@pytest.mark.skipif(babel.__version__ != "2.18.0", reason="the names are those of Babel 2.18.0")
def test_embedded_names_are_pinned():
    names = load_names(source="embedded").names
    assert hashlib.sha256(json.dumps(names, ensure_ascii=False).encode()).hexdigest() == NAMES_SHA256


def test_embedded_text_is_long_prose():
    text = load_text(source="embedded").text
    assert len(text) > 200_000
    assert text.isascii()
    assert len(set(text)) < 90
    letters = sum(character.isalpha() or character.isspace() for character in text)
    assert letters / len(text) > 0.95
    assert text.count(" the ") > 2000


def test_embedded_text_repeats_no_paragraph():
    paragraphs = load_text(source="embedded").text.split("\n\n")
    assert len(set(paragraphs)) == len(paragraphs)


def test_paragraphs_keep_sentences_and_leave_the_rest():
    docstring = """Return the rolled array, whose last elements come first again.

    Parameters
    ----------
    shift : int or tuple of ints
        The number of places by which elements are shifted along.

    >>> roll([1, 2, 3], 1)  # This is code and never prose, however long it is.
    array([3, 1, 2])
    """
    assert module._paragraphs(docstring) == [
        "Return the rolled array, whose last elements come first again.",
        "The number of places by which elements are shifted along.",
    ]


def test_embedded_names_suit_a_classifier():
    names = load_names(source="embedded").names
    assert 15 <= len(names) <= 18
    assert list(names) == sorted(names)
    assert min(len(words) for words in names.values()) >= 150
    plain = [ascii_letters_only(word).lower() for words in names.values() for word in words]
    assert len(set(plain)) == len(plain)  # no name belongs to two languages
    assert all(2 <= len(word) <= 30 for word in plain)


def test_embedded_names_can_be_changed_without_harm():
    load_names(source="embedded").names["Czech"].clear()
    assert load_names(source="embedded").names["Czech"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Ślusàrski", "Slusarski"),
        ("O'Néàl", "O'Neal"),
        ("Łódź", "Lodz"),
        ("Đà Nẵng", "Da Nang"),
        ("Þórðar", "Thordar"),
        ("Großbritannien", "Grossbritannien"),
        ("Guinea-Bissau", "Guinea Bissau"),
        ("Ivory’s 2", "Ivory's "),
        ("İstanbul ırmak", "Istanbul irmak"),
        ("北京", ""),
    ],
)
def test_ascii_letters_only(name, plain):
    assert ascii_letters_only(name) == plain


def test_every_embedded_name_keeps_its_length_in_plain_letters():
    words = [word for words in load_names(source="embedded").names.values() for word in words]
    assert all(len(ascii_letters_only(word)) >= len(word) for word in words)  # no letter is lost
    assert set("".join(map(ascii_letters_only, words))) <= set(NAME_LETTERS)


def test_real_text_comes_first_and_loses_carriage_returns(real):
    found = load_text(folder=real)
    assert found.text == "First Citizen:\nSpeak, naïve one.\n"
    assert found.source.startswith("real Tiny Shakespeare")
    assert found.note == ""


def test_real_names_are_read_stripped_and_sorted(real):
    found = load_names(folder=real)
    assert found.names == {"Czech": ["Čapek"], "Irish": ["Ó Briain", "Mac Adam"]}
    assert found.source.startswith("real")


def test_environment_folder_is_searched_but_embedded_wins_when_asked(real, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_DATA", str(real))
    assert load_text().source.startswith("real")
    assert "stand-in" in load_text(source="embedded").source
    assert "stand-in" in load_names(source="embedded").source


def test_auto_falls_back_to_the_stand_in_and_says_so(nowhere):
    assert "bookkit data fetch shakespeare" in load_text().source
    assert "bookkit data fetch names" in load_names().source


@pytest.mark.parametrize(("load", "name"), [(load_text, "shakespeare"), (load_names, "names")])
def test_missing_real_data_names_the_command(nowhere, load, name):
    with pytest.raises(DataError, match=f"bookkit data fetch {name}"):
        load(source="real")


@pytest.mark.parametrize(("load", "name"), [(load_text, "shakespeare"), (load_names, "names")])
def test_an_explicit_folder_must_have_the_data(nowhere, load, name):
    with pytest.raises(DataError, match=f"No real {name} data"):
        load(folder=nowhere)


def test_limit_takes_the_first_characters(real):
    assert load_text(folder=real, limit=5).text == "First"


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "9"])
def test_limit_must_be_a_whole_number(real, limit):
    with pytest.raises(ValueError, match="whole number of characters"):
        load_text(folder=real, limit=limit)


def test_limit_past_the_end_says_how_many_there_are(real):
    with pytest.raises(ValueError, match="has 33 characters"):
        load_text(folder=real, limit=34)


def test_limit_of_the_whole_text_is_fine(real):
    assert len(load_text(folder=real, limit=33).text) == 33


@pytest.mark.parametrize("load", [load_text, load_names])
def test_unknown_source(load):
    with pytest.raises(ValueError, match="'auto', 'embedded', 'real'"):
        load(source="web")


def test_unknown_text():
    with pytest.raises(ValueError, match="the texts are: shakespeare"):
        load_text("goethe")


def test_file_that_is_not_utf8_names_file_and_byte(real):
    (real / "names" / "Czech.txt").write_bytes(b"Capek\n\xc8erny\n")
    with pytest.raises(DataError, match=r"Czech\.txt is not UTF-8 text: byte 6"):
        load_names(folder=real)


@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_empty_file_is_refused(real, content):
    (real / "tinyshakespeare" / "input.txt").write_bytes(content)
    with pytest.raises(DataError, match=r"input\.txt is empty"):
        load_text(folder=real)


def test_a_folder_in_place_of_the_file_is_refused(real):
    (real / "tinyshakespeare" / "input.txt").unlink()
    (real / "tinyshakespeare" / "input.txt").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        load_text(folder=real)


def test_one_language_is_not_enough(real):
    (real / "names" / "Czech.txt").unlink()
    with pytest.raises(DataError, match="has 1 file"):
        load_names(folder=real)


def test_a_file_in_place_of_the_names_folder_is_refused(nowhere):
    (nowhere / "names").write_text("Capek")
    with pytest.raises(DataError, match="has 0 file"):
        load_names(folder=nowhere)


@pytest.mark.real_data
def test_the_real_text_is_tiny_shakespeare(real_data):
    found = load_text(folder=real_data, source="real")
    assert len(found.text) == 1_115_394
    assert len(set(found.text)) == 65


@pytest.mark.real_data
def test_the_real_names_are_those_of_the_tutorial(real_data):
    names = load_names(folder=real_data, source="real").names
    assert len(names) >= 18
    assert names["Japanese"][:2] == ["Abe", "Abukara"]
    assert all(words for words in names.values())
