"""Names by language: the stand-in is pinned; a reader's files are read in any script; one bad name stops no other."""

import hashlib
from importlib.metadata import version
import json
import os
import sys

import pytest
from torchbook.data.errors import DataError
from torchbook.data.names import NAME_LETTERS, TUTORIAL, ascii_letters_only, load_names
from torchbook.sequences import Vocabulary

pytestmark = pytest.mark.faults("texts and names")

NAMES_SHA256 = "348c42c9c0659e85aa54cb83881b91e768ba53ee85b42c56e93208a147d338a5"  # made with Faker 40.63.0


@pytest.fixture
def own(tmp_path):
    """A function that writes files and returns their folder."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / "mine" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "mine"

    return write


TWO = {"Irish.txt": "Ó Briain\n\n  Mac  Adam \n", "Czech.txt": "Čapek\nNovák\n"}


@pytest.mark.skipif(version("faker") != "40.63.0", reason="the names are those of Faker 40.63.0")
def test_embedded_names_are_pinned():
    names = load_names(source="embedded").names
    assert hashlib.sha256(json.dumps(names, ensure_ascii=False).encode()).hexdigest() == NAMES_SHA256


def test_embedded_names_suit_a_classifier():
    names = load_names(source="embedded").names
    assert len(names) == 20
    assert list(names) == sorted(names)
    assert {"Chinese", "Japanese"} < set(names)
    assert all(60 <= len(words) <= 400 for words in names.values())
    assert all(len(set(words)) == len(words) for words in names.values())
    assert {"Zhang", "Xu"} < set(names["Chinese"])
    assert {"Yamamoto", "Watanabe"} < set(names["Japanese"])


def test_embedded_names_can_be_changed_without_harm():
    load_names(source="embedded").names["Czech"].clear()
    assert load_names(source="embedded").names["Czech"]


def test_embedded_names_lose_no_letter_when_folded():
    plain, folded = load_names(source="embedded"), load_names(source="embedded", fold=True)
    assert set(folded.alphabet) <= set(NAME_LETTERS) < set(plain.alphabet + NAME_LETTERS)
    words = [word for group in plain.names.values() for word in group]
    assert all(len(ascii_letters_only(word)) >= len(word) for word in words)
    assert all(abs(len(folded.names[language]) - len(group)) <= 5 for language, group in plain.names.items())


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


def test_own_names_are_stripped_and_sorted_by_language(own):
    found = load_names(own(TWO))
    assert found.names == {"Czech": ["Čapek", "Novák"], "Irish": ["Ó Briain", "Mac Adam"]}
    assert found.source == "your names in mine (4 names in 2 languages)"
    assert found.alphabet == "".join(sorted(set("ČapekNovákÓ BriainMac Adam")))
    assert not found.folded


def test_own_names_folded(own):
    found = load_names(own(TWO), fold=True)
    assert found.names == {"Czech": ["Capek", "Novak"], "Irish": ["O Briain", "Mac Adam"]}
    assert found.folded


@pytest.mark.parametrize("layout", ["{}", "names/{}", "around/{}", "around/names/{}"])
def test_the_folder_is_found(own, layout):
    assert len(load_names(own({layout.format(name): content for name, content in TWO.items()})).names) == 2


def test_the_environment_folder_is_searched(own, monkeypatch):
    folder = own({f"names/{name}": content for name, content in TWO.items()})
    monkeypatch.setenv("TORCHBOOK_DATA", str(folder))
    assert load_names().source == "your names in names (4 names in 2 languages)"
    assert "stand-in" in load_names(source="embedded").source


@pytest.mark.parametrize(
    "litter",
    [
        "._Czech.txt",
        ".DS_Store",
        ".Welsh.txt",
        "__MACOSX/Czech.txt",
        "Thumbs.db",
        "desktop.ini",
    ],
)
def test_what_a_system_leaves_behind_is_skipped_in_silence(own, litter):
    found = load_names(own({**TWO, litter: b"\0\1\2"}))
    assert found.source == "your names in mine (4 names in 2 languages)"


@pytest.mark.parametrize("other", ["README.txt", "LICENSE.txt", "Readme.TXT", "list.csv", "notes.md", "picture.png"])
def test_other_files_are_counted_aloud(own, other):
    found = load_names(own({**TWO, other: "This is no name."}))
    assert list(found.names) == ["Czech", "Irish"]
    assert found.source.endswith("; left out: 1 other files)")


def test_an_ending_in_capitals_is_read(own):
    assert list(load_names(own({"Irish.TXT": "Ó Briain", "Czech.txt": "Čapek"})).names) == ["Czech", "Irish"]


def test_any_script_byte_order_marks_and_line_ends(own):
    files = {"中文.txt": "\ufeff王\r\n李\r\n", "Русский.txt": "Иванов\rПетров", "עברית.txt": "כהן\n"}
    found = load_names(own(files))
    assert found.names == {"Русский": ["Иванов", "Петров"], "עברית": ["כהן"], "中文": ["王", "李"]}
    letters = Vocabulary(found.alphabet)
    assert letters.decode(letters.encode(found.spell("Иванов"))) == "Иванов"


def test_composed_and_decomposed_letters_are_the_same(own):
    found = load_names(own({"Czech.txt": "C\u030capek\nČapek\n", "Irish.txt": "Ó Briain\n"}))
    assert found.names["Czech"] == ["Čapek"]
    assert found.spell("C\u030capek") == "Čapek"


def test_lines_that_are_no_names_are_counted_and_the_others_read(own):
    long = "This is a whole sentence that has found its way into the list of names by mistake."
    found = load_names(own({**TWO, "Czech.txt": f"Čapek\n🙂\n---\n123\n{long}\nČapek\n"}))
    assert found.names["Czech"] == ["Čapek"]
    assert found.source.endswith("; left out: 1 repeated, 1 too long for a name, 3 without a letter)")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"Czech.txt": "Čapek"}, r"has only Czech\.txt: a classifier needs such files for two languages"),
        ({"list.csv": "Čapek"}, "has no file <Language>.txt"),
        ({**TWO, "czech.txt": "Čapek"}, r"has Czech\.txt and czech\.txt: put the names of a language in one file"),
        ({**TWO, "Welsh.txt": ""}, r"Welsh\.txt is empty: fill it or remove it"),
        ({**TWO, "Welsh.txt": "\n \n"}, r"Welsh\.txt is empty"),
        ({**TWO, "Welsh.txt": "1\n🙂\n"}, r"Welsh\.txt has no name: one name a line"),
        ({**TWO, "Chinese.txt": "王\n李\n张\n刘\n陈\n".encode("gbk")}, r"Chinese\.txt is not UTF-8.*GBK.*'gb18030'"),
        ({**TWO, "French.txt": "Élan\nÇeline\nRené\n".encode("latin-1")}, r"French\.txt is not UTF-8.*Latin-1"),
        ({**TWO, "Welsh.txt": b"<!doctype html>"}, "is an HTML page"),
        ({**TWO, "Welsh.txt": b"<body>Not found</body>"}, "is an HTML page"),
    ],
)
def test_what_is_wrong_is_a_sentence(own, files, says):
    with pytest.raises(DataError, match=says):
        load_names(own(files))


def test_a_language_with_too_few_names_is_told(own):
    folder = own({**TWO, "German.txt": "Weissbach\n"})
    with pytest.raises(DataError, match=r"German\.txt has 1 of 2 names needed: add some, or remove the file"):
        load_names(folder, at_least=2)
    assert load_names(folder).names["German"] == ["Weissbach"]


@pytest.mark.parametrize("at_least", ["3", 2.5, None])
def test_the_names_needed_must_be_a_whole_number(own, at_least):
    with pytest.raises(ValueError, match="at_least must be a whole number of names"):
        load_names(own(TWO), at_least=at_least)


def test_an_empty_name_is_not_the_working_folder():
    with pytest.raises(ValueError, match="The path is empty"):
        load_names("")


def test_the_tutorial_s_names_are_known_by_their_numbers(own):
    files = {f"{language}.txt": "\n".join(map(spelled, range(lines))) for language, lines in TUTORIAL.items()}
    folder = own(files | {"Thai.txt": "Ann\n"})
    assert load_names(folder).source == "real names by language (20,075 names in 19 languages)"
    own({"Korean.txt": "\n".join(map(spelled, range(93)))})
    said = "your names in mine (20,074 names in 19 languages; they are not the tutorial's, which have 20,074 lines)"
    assert load_names(folder).source == said


def spelled(number: int) -> str:
    """A name for each number."""
    return "A" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_folders_at_a_great_depth(tmp_path):
    made = [tmp_path / "mine"]
    for _ in range(1200):
        made[-1].mkdir()
        made.append(made[-1] / "a")
    with pytest.raises(DataError, match=r"has no file <Language>\.txt"):
        load_names(tmp_path / "mine")
    for folder in made[-2::-1]:  # rmtree would give up
        folder.rmdir()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_whose_name_is_not_utf_8(own):
    folder = own(TWO)
    os.rename(folder / "Irish.txt", os.fsencode(folder) + b"/\xe9.txt")
    with pytest.raises(DataError, match=r"has a file whose name is not UTF-8, b'\\xe9\.txt': rename it"):
        load_names(folder)


def test_a_folder_comes_before_the_source(own):
    assert load_names(own(TWO), source="embedded").source.startswith("your names")


def test_names_that_folding_would_empty_are_told(own):
    folder = own({**TWO, "Chinese.txt": "王\n李\n"})
    with pytest.raises(DataError, match=r"Chinese\.txt has no name in plain letters: leave fold out"):
        load_names(folder, fold=True)
    assert load_names(folder).names["Chinese"] == ["王", "李"]


def test_names_in_another_encoding(own):
    folder = own({"Chinese.txt": "王\n".encode("gbk"), "Japanese.txt": "佐藤\n".encode("gbk")})
    assert load_names(folder, encoding="gbk").names == {"Chinese": ["王"], "Japanese": ["佐藤"]}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "The name '' is empty"),
        (" \t", "is empty"),
        ("北京", "The name '北京' has '京', '北', which no name of the data has"),
        ("Čapek🙂", "The name 'Čapek🙂' has '🙂'"),
        ("xyzüq", "and 2 more"),
    ],
)
def test_a_name_that_cannot_be_spelled_is_told_and_the_others_go_on(own, name, says):
    found = load_names(own(TWO))
    with pytest.raises(DataError, match=says):
        found.spell(name)
    assert found.spell("  Čapek ") == "Čapek"


def test_a_folded_set_folds_what_is_typed(own):
    found = load_names(own(TWO), fold=True)
    assert found.spell("Nóvak") == "Novak"
    with pytest.raises(DataError, match="The name '北京' is empty in plain letters"):
        found.spell("北京")


def test_a_folder_that_is_none_is_told(tmp_path):
    (tmp_path / "file").write_text("Čapek", encoding="utf-8")
    for name in ("file", "gone", "x" * 5000, "a\0b"):
        with pytest.raises(DataError, match=f"There is no folder .*{name}"):
            load_names(tmp_path / name)


def test_without_real_names_the_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path))
    assert "bookkit data fetch names" in load_names().source
    with pytest.raises(DataError, match="bookkit data fetch names"):
        load_names(source="real")


@pytest.mark.parametrize("folder", [None, "."])
def test_unknown_source(folder):
    with pytest.raises(ValueError, match="'auto', 'embedded', 'real'"):
        load_names(folder, source="web")


@pytest.mark.real_data
def test_the_real_names_are_those_of_the_tutorial(real_data):
    found = load_names(real_data)
    assert found.source.startswith("real names by language")
    assert len(found.names) >= 18
    assert found.names["Japanese"][:2] == ["Abe", "Abukara"]
    assert all(found.names.values())
