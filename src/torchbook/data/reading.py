"""A text file of anybody's as clean Unicode: what is no UTF-8 text is refused, with what to do about it."""

from __future__ import annotations

import codecs
from itertools import islice
import os
from pathlib import Path
import re
import stat
import unicodedata

from charset_normalizer import from_bytes
from torchbook.data.errors import DataError

MOST_BYTES = 500_000_000  # larger files would fill the memory of a small machine
MARKS = {  # what a file begins with that names its encoding by itself
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ENCODINGS = {  # those of older systems, and what people call them
    "gb18030": "GBK or GB18030", "big5": "Big5", "cp932": "Shift JIS", "euc_jp": "EUC-JP", "cp949": "EUC-KR",
    "utf_16_le": "UTF-16 without a byte order mark", "utf_16_be": "UTF-16 without a byte order mark",
    "iso2022_jp": "ISO-2022-JP",
    "cp1251": "Windows-1251", "koi8_r": "KOI8-R", "cp1252": "Latin-1 or Windows-1252", "cp1253": "Windows-1253",
}  # fmt: skip
CYRILLIC = ("cp1251", "koi8_r")
BEGINNINGS = {
    b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"GIF8": "a GIF picture", b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document", b"\x1f\x8b": "a gzip archive", b"{\\rtf": "an RTF document",
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself",
}  # fmt: skip
OLD_MAIL = re.compile(rb"\x1b(\$[@B]|\([BJ])")  # how ISO-2022-JP changes its alphabet; all of it is ASCII, so UTF-8
OLD_NEWS = re.compile(rb"~\{([\x21-\x77][\x21-\x7e])+~\}")  # how HZ, the Chinese of Usenet, does
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")  # control characters that a text has no use for
HALVES = re.compile("[\ud800-\udfff]")  # of characters: no text holds one alone
WEB_PAGE = re.compile(  # what may come before: a mark, spaces, declarations and remarks
    rb"(\xef\xbb\xbf)?(?>\s++|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<(!doctype html|html|head|body|title|meta|script)\b",
    re.IGNORECASE | re.DOTALL,
)


def read_text(path: Path, encoding: str | None = None) -> str:
    """The text of a file in UTF-8 (or `encoding`): no byte order mark, lines that end in \\n, Unicode form NFC.

    Raises DataError for a file that is missing, unreadable, empty, no text, or in another encoding, which is named.
    ValueError for an encoding that is no name.
    """
    if not isinstance(encoding, str | None):
        raise ValueError(f"encoding is {encoding!r}; it must be the name of one, like 'gb18030', or None.")
    data = _bytes_of(path)
    start = data[:100].removeprefix(codecs.BOM_UTF8)
    for beginning, kind in BEGINNINGS.items():
        if start.startswith(beginning):
            raise DataError(f"{path} is {kind}: give a file of plain text.")
    if WEB_PAGE.match(data):
        raise DataError(f"{path} is an HTML page: save its text as a file of plain text.")
    text = _decoded(data, path, encoding)
    first = NO_TEXT.search(text)
    if first and ("\0" in text or next(islice(NO_TEXT.finditer(text), int(0.01 * len(text)), None), None)):
        raise DataError(f"{path} is no text (it holds the character {first[0]!r}): give a file of plain text.")
    text = unicodedata.normalize("NFC", re.sub(r"\r\n?", "\n", text.replace("\ufeff", "")))
    if not text.strip():
        raise DataError(f"{path} is empty: fill it or remove it.")
    return text


def _bytes_of(path: Path) -> bytes:
    try:
        state = os.stat(path)
        if stat.S_ISDIR(state.st_mode):
            raise DataError(f"{path} is a folder: give a file of plain text.")
        if not stat.S_ISREG(state.st_mode):
            raise DataError(f"{path} is no file (a pipe or a device): give a file of plain text.")
        if state.st_size > MOST_BYTES:
            raise DataError(f"{path} has {state.st_size:,} bytes: give a text of {MOST_BYTES:,} or fewer.")
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no file {path}: give the path of a text.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path, or the sentences above
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}.") from None


def _decoded(data: bytes, path: Path, encoding: str | None) -> str:
    if encoding is not None:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            raise DataError(f"{path} is not in {encoding}{_looks_like(data)}.") from None
        except (LookupError, ValueError):
            raise DataError(f"{encoding!r} is no encoding of Python: use one like 'utf-8' or 'gb18030'.") from None
        if half := HALVES.search(text):
            raise DataError(f"{path} is damaged {encoding} (half a character, {half[0]!r}): save it again as UTF-8.")
        return text
    try:
        text = data.decode("utf-8")
        zeros = data.count(0) > 0.2 * len(data)  # as in UTF-16, of which each Latin letter has one
        if not zeros and _hidden(data) is None:
            return text
    except UnicodeDecodeError as error:
        if _is_mostly_utf_8(data):
            raise DataError(f"{path} is damaged UTF-8 (byte {error.start:,}): save it again as UTF-8.") from None
    raise DataError(f"{path} is not UTF-8 text{_looks_like(data)}.")


def _looks_like(data: bytes) -> str:
    """How the sentence about a wrong encoding goes on: the likely one, which can read it all, and the cure."""
    if 0 not in data and _hidden(data) is None and _reads(data, "utf-8"):
        return "; it is UTF-8: leave encoding out"
    if _is_mostly_utf_8(data):
        return "; it is damaged UTF-8: save it again as UTF-8"
    found = _likely(data)
    if found in MARKS.values() and not _reads(data, str(found)):
        return f"; it begins as {str(found).upper()} and is damaged: save it again as UTF-8"
    if found is None or not _reads(data, found):
        return ": save it as UTF-8, or name its encoding (encoding='...')"
    name = ENCODINGS.get(found, found.upper().replace("_", "-"))
    return f"; it looks like {name}: save it as UTF-8, or read it with encoding={found.replace('_', '-')!r}"


def _likely(data: bytes) -> str | None:
    """The encoding that the bytes look like, or None."""
    marked = next((encoding for mark, encoding in MARKS.items() if data.startswith(mark)), None)
    if marked:
        return marked
    hidden = _hidden(data)
    if hidden:
        return hidden
    if data.count(0) == 0 and _is_frequent_chinese(data):
        return "gb18030"
    best = from_bytes(data[:100_000], cp_isolation=list(ENCODINGS)).best()
    if best is None or best.encoding not in ENCODINGS:
        return None
    if best.encoding in CYRILLIC:  # the capitals of the one are the small letters of the other
        return max(CYRILLIC, key=lambda name: len(re.findall("[а-яё]", data.decode(name, "ignore"))))
    return best.encoding


def _is_mostly_utf_8(data: bytes) -> bool:
    """Whether most of what is not ASCII is UTF-8, and some of it is not."""
    attempt = data.decode("utf-8", "replace")
    wrong = attempt.count("\ufffd")
    return wrong > 0 and sum(character > "\x7f" for character in attempt) > 5 * wrong


def _reads(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True


def _hidden(data: bytes) -> str | None:
    """The encoding of bytes that may pass for UTF-8 and are something else, or None."""
    if OLD_MAIL.search(data):
        return "iso2022_jp"
    if data.isascii() and OLD_NEWS.search(data) and _reads(data, "hz"):
        return "hz"
    return _unmarked(data) if 0 in data else None


def _unmarked(data: bytes) -> str | None:
    """UTF-16 or UTF-32 in a byte order in which all looks like words with spaces or line ends between; or None."""
    for encoding in ("utf_32_le", "utf_32_be", "utf_16_le", "utf_16_be"):
        text = data[:100_000].decode(encoding, "replace")
        spaces = text.count(" ") + text.count("\n")
        odd = sum(unicodedata.category(character)[0] == "C" for character in text if character not in "\r\n\t\ufeff")
        if spaces > 0.01 * len(text) and odd + text.count("\ufffd") <= 0.01 * len(text):
            return encoding
    return None


def _is_frequent_chinese(data: bytes) -> bool:
    """Whether all is ASCII and frequent characters of GB 2312: a few names are too little for a guess by statistics."""
    try:
        text = data.decode("gb2312")
    except UnicodeDecodeError:
        return False
    leads = {character.encode("gb2312")[0] for character in text if "\u4e00" <= character <= "\u9fff"}
    others = re.search("[\u0400-\u04ff\u3040-\u30ff]", text)  # Cyrillic or kana: another encoding by chance
    return bool(leads) and not others and not max(leads) <= 0xC8  # up to C8: Korean has its syllables there
