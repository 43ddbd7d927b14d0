"""Text files as people have them: clean Unicode, or one sentence that names what is wrong and what to do."""

import os
import tracemalloc
import unicodedata

import pytest
from torchbook.data.errors import DataError
from torchbook.data.reading import read_text

pytestmark = pytest.mark.faults("texts and names")

CHINESE = "人民网北京消息，今天上午，中国的科学家们在北京大学发表了一篇新的论文，讨论神经网络。\n" * 10
TAIWANESE = "人民網北京消息，今天上午，中國的科學家們在北京大學發表了一篇新的論文，討論神經網絡。\n" * 10
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 10
KOREAN = "안녕하세요. 저는 학생입니다. 오늘 날씨가 좋습니다.\n" * 10
RUSSIAN = "Мой дядя самых честных правил, когда не в шутку занемог, он уважать себя заставил.\n" * 10
GERMAN = "Über den Wipfeln ist Ruh, in allen Gipfeln spürest du kaum einen Hauch; die Vögelein schweigen.\n" * 10
FRENCH = "Élan\nÇeline\nRené\nHélène\n"
HINDI = "एक समय की बात है, एक गाँव में एक किसान रहता था।\n" * 10
NAMES = "王\n李\n张\n刘\n陈\n杨\n黄\n赵\n"
ENGLISH = "Speak, speak. First, you know Caius Marcius is chief enemy to the people.\n" * 5


@pytest.fixture
def file(tmp_path):
    """A function that writes bytes to a file and returns its path."""

    def write(data):
        path = tmp_path / "mine.txt"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfThe cat", "The cat"),
        (b"one\r\ntwo\rthree\n\r\n", "one\ntwo\nthree\n\n"),
        ("cafe\u0301".encode(), "café"),
        ("a\ufeffb".encode(), "ab"),
        ("한글".encode(), "한글"),
        (unicodedata.normalize("NFD", "한글").encode(), "한글"),
        ("👩🏽‍🚀 भाषा \U0001d11e".encode(), "👩🏽‍🚀 भाषा \U0001d11e"),
        (b"tab\tand page\f", "tab\tand page\f"),
    ],
)
def test_text_is_clean(file, data, text):
    assert read_text(file(data)) == text


@pytest.mark.parametrize(
    ("text", "encoding", "name", "cure"),
    [
        (CHINESE, "gbk", "GBK or GB18030", "gb18030"),
        (CHINESE, "gb18030", "GBK or GB18030", "gb18030"),
        (NAMES, "gbk", "GBK or GB18030", "gb18030"),
        (TAIWANESE, "big5", "Big5", "big5"),
        (JAPANESE, "shift_jis", "Shift JIS", "cp932"),
        (JAPANESE, "euc_jp", "EUC-JP", "euc-jp"),
        (KOREAN, "euc_kr", "EUC-KR", "cp949"),
        (RUSSIAN, "cp1251", "Windows-1251", "cp1251"),
        (RUSSIAN, "koi8-r", "KOI8-R", "koi8-r"),
        (GERMAN, "latin-1", "Latin-1", "cp1252"),
        (FRENCH, "latin-1", "Latin-1", "cp1252"),
        (ENGLISH, "utf-16", "UTF-16", "utf-16"),
        (CHINESE, "utf-16", "UTF-16", "utf-16"),
        (ENGLISH, "utf-16-le", "UTF-16 without", "utf-16-le"),
        (ENGLISH, "utf-16-be", "UTF-16 without", "utf-16-be"),
        (CHINESE, "utf-16-le", "UTF-16 without", "utf-16-le"),
        (CHINESE, "utf-16-be", "UTF-16 without", "utf-16-be"),
        (NAMES, "utf-16-le", "UTF-16 without", "utf-16-le"),
        (RUSSIAN, "utf-16-le", "UTF-16 without", "utf-16-le"),
        (RUSSIAN, "utf-16-be", "UTF-16 without", "utf-16-be"),
        (HINDI, "utf-16-le", "UTF-16 without", "utf-16-le"),
        (GERMAN, "utf-16-be", "UTF-16 without", "utf-16-be"),
        ("Speak", "utf-16-le", "UTF-16 without", "utf-16-le"),
        (ENGLISH, "utf-32-le", "UTF-32-LE", "utf-32-le"),
        (RUSSIAN, "utf-32-be", "UTF-32-BE", "utf-32-be"),
        (CHINESE, "hz", "HZ", "hz"),
        ("名", "hz", "HZ", "hz"),
        (ENGLISH, "utf-32", "UTF-32", "utf-32"),
    ],
)
def test_another_encoding_is_named_and_its_cure_works(file, text, encoding, name, cure):
    path = file(text.encode(encoding))
    with pytest.raises(DataError, match=r"mine\.txt is not UTF-8 text; it looks like") as caught:
        read_text(path)
    assert f"looks like {name}" in str(caught.value)
    assert f"encoding={cure!r}" in str(caught.value)
    assert read_text(path, cure) == text


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "a PNG picture"),
        (b"\xff\xd8\xff\xe0....", "a JPEG picture"),
        (b"GIF89a....", "a GIF picture"),
        (b"%PDF-1.7 ....", "a PDF"),
        (b"PK\x03\x04....", "a zip archive or an office document"),
        (b"\x1f\x8b\x08....", "a gzip archive"),
        (b"{\\rtf1 Hello}", "an RTF document"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a pointer of Git LFS"),
        (b"<!DOCTYPE html><title>Log in</title>", "an HTML page"),
        (b"\xef\xbb\xbf\n <html lang=en>", "an HTML page"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html>", "an HTML page"),
        (b"<!-- saved -->\n <!-- > --><html>", "an HTML page"),
        (b" " * 100_000 + b"<html>", "an HTML page"),
        (b"<meta charset=utf-8><title>x</title>", "an HTML page"),
        (b"<title>404</title>", "an HTML page"),
        (b"<BODY>Not found</BODY>", "an HTML page"),
        (b"\xef\xbb\xbfversion https://git-lfs.github.com/spec/v1\r\n", "a pointer of Git LFS"),
        (b"one\0two and more words", r"no text \(it holds the character '\\x00'\)"),
        (b"\x01\x02\x03\x04 words", r"no text \(it holds the character '\\x01'\)"),
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
    ],
)
def test_what_is_no_text_is_told_by_kind(file, data, kind):
    with pytest.raises(DataError, match=rf"mine\.txt is {kind}"):
        read_text(file(data))


@pytest.mark.parametrize("place", [1, 700])
def test_damaged_utf8_is_not_taken_for_another_encoding(file, place):
    data = bytearray(CHINESE.encode())
    data[place] = 0xFF
    with pytest.raises(DataError, match="damaged UTF-8 "):
        read_text(file(bytes(data)))


def test_utf8_cut_within_a_character_is_told(file):
    with pytest.raises(DataError, match="damaged UTF-8 "):
        read_text(file(CHINESE.encode()[:-2]))


@pytest.mark.parametrize("encoding", ["no-such", "hex", "rot13", "a\0b"])
def test_an_encoding_that_is_none_is_told(file, encoding):
    with pytest.raises(DataError, match="no encoding of Python"):
        read_text(file(b"text"), encoding)


def test_a_wrong_encoding_is_told_with_the_likely_one(file):
    with pytest.raises(DataError, match=r"not in ascii; it looks like GBK.*encoding='gb18030'"):
        read_text(file(CHINESE.encode("gbk")), "ascii")


@pytest.mark.parametrize("text", [
    "~{ is how HZ begins, ~} how it ends.", "a ~{b}~ c", "<?xml version='1.0'?><TEI><text>It was</text></TEI>",
    "<!-- a remark --> and a text", "<!-- a remark that does not end", "<bodyguard>", "<headless> rider",
    "<?php" + " <!-- -->" * 20_000, "<!-- -->" * 20_000,
])  # fmt: skip
def test_what_only_begins_like_something_else_is_a_text(file, text):
    assert read_text(file(text.encode())) == text


@pytest.mark.parametrize(("text", "encoding"), [
    (ENGLISH + "x" * (1 - len(ENGLISH) % 2), "utf-16"), (ENGLISH, "punycode"), (ENGLISH, "undefined"),
    (RUSSIAN, "ascii"), (FRENCH, "ascii"), (CHINESE, "ascii"), (FRENCH, "shift-jis"), (CHINESE, "utf-7"),
])  # fmt: skip
def test_utf_8_that_is_called_something_else(file, text, encoding):
    with pytest.raises(DataError, match=rf"not in {encoding}; it is UTF-8: leave encoding out\.$"):
        read_text(file(text.encode()), encoding)


@pytest.mark.parametrize("encoding", [None, "utf-16", "utf-8", "ascii"])
def test_an_encoding_that_fails_is_not_advised(file, encoding):
    with pytest.raises(DataError, match="it begins as UTF-16 and is damaged: save it again as UTF-8") as caught:
        read_text(file(RUSSIAN.encode("utf-16") + b"x"), encoding)
    assert "encoding=" not in str(caught.value)
    with pytest.raises(DataError, match=r"not in gb2312; .*encoding='gb18030'"):
        read_text(file((CHINESE + "镕").encode("gbk")), "gb2312")
    with pytest.raises(DataError, match="damaged UTF-8") as caught:
        read_text(file(CHINESE.encode()[:-2]), "ascii")
    assert "encoding=" not in str(caught.value)


@pytest.mark.parametrize(("data", "encoding"), [(b"abc \\ud800 def", "unicode_escape"), (b"abc +2AA- def", "utf-7")])
def test_half_a_character_is_refused(file, data, encoding):
    with pytest.raises(DataError, match=rf"is damaged {encoding} \(half a character, '\\ud800'\): save it again"):
        read_text(file(data), encoding)


@pytest.mark.parametrize(("share", "refused"), [(100, False), (99, True)])
def test_a_few_control_characters_do_no_harm(file, share, refused):
    path = file(("\x1b" + "a" * (share - 1)).encode() * 10)
    if refused:
        with pytest.raises(DataError, match="no text"):
            read_text(path)
    else:
        assert len(read_text(path)) == 1000


def test_control_characters_alone_take_little_memory(file):
    path = file(b"\1" * 5_000_000)
    tracemalloc.start()
    with pytest.raises(DataError, match="no text"):
        read_text(path)
    assert tracemalloc.get_traced_memory()[1] < 25_000_000
    tracemalloc.stop()


def test_a_folder_is_told(tmp_path):
    with pytest.raises(DataError, match="is a folder: give a file"):
        read_text(tmp_path)


def test_a_missing_file_and_a_link_to_nothing_are_told(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("gone", "link"):
        with pytest.raises(DataError, match=f"There is no file .*{name}"):
            read_text(tmp_path / name)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="a pipe or a device"):
        read_text(tmp_path / "pipe")


def test_an_unreadable_file_is_told(file, monkeypatch):
    path = file(b"text")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        read_text(path)


def test_a_path_too_long_or_with_a_nul_is_told(tmp_path):
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(DataError, match="cannot be read"):
            read_text(tmp_path / name)


def test_a_file_too_large_is_refused_unread(tmp_path):
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(600_000_000)  # sparse: takes no room
    with pytest.raises(DataError, match="600,000,000 bytes"):
        read_text(tmp_path / "huge")
