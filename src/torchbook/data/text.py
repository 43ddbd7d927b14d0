"""Text for character models: your own file, the real text where it lies, else the stand-in.

The stand-in, book_prose.txt, is this book's own prose: the sentences of its pages and chapters as they were on
25 November 2026, without headings, tables, code, formulas and links, in ASCII, each sentence once. It stays as it is
when the pages change, since a trained model depends on it; its SHA-256 is tested.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
import hashlib
import math
from numbers import Integral
import os
from pathlib import Path
import re
import unicodedata

from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.data.folders import as_path, real_path
from torchbook.data.reading import read_text

PROMPT_LENGTH = 24  # characters, at most


@dataclass(frozen=True)
class TextSource:
    """A text and where it came from; `prompt` is how it begins, for a model of it to go on with."""

    text: str
    source: str

    @property
    def prompt(self) -> str:
        return opening(self.text)


def load_text(
    name: str = "shakespeare",
    folder: str | os.PathLike | None = None,
    source: str = "auto",
    limit: int | None = None,
    *,
    text: str | os.PathLike | None = None,
    encoding: str | None = None,
    at_least: int = 1,
) -> TextSource:
    """Return the text `name`, or that of a file of your own, `text`, whatever `folder` and `source` say.

    source: "auto" (`folder`, which must have it; without one $TORCHBOOK_DATA, the cache, then the stand-in),
    "embedded" or "real" (Karpathy's Tiny Shakespeare). limit: the first so many characters (a shorter text stays
    whole). at_least: characters that the caller needs; see `length_needed`. encoding: of a file that is not UTF-8.
    Raises ValueError for a bad argument and DataError for a text that is missing, broken or too short.
    """
    if name != "shakespeare":
        raise ValueError(f"{name!r} is not a text; the texts are: shakespeare, and text=... for a file of your own.")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise ValueError(f"limit is {limit!r}; it must be a whole number of characters, 1 or more, or None for all.")
    if not isinstance(at_least, Integral):
        raise ValueError(f"at_least must be a whole number of characters; got {at_least!r}.")
    path = real_path(name, folder, source)  # checks the arguments, too
    if text is not None:
        found = _own(as_path(text), read_text(as_path(text), encoding))
    elif path is not None:
        found = _real_or_own(path, read_text(path, encoding), name)
    else:
        found = TextSource(_book_prose(), card(name).stand_in_source)
    found = replace(found, text=found.text[:limit])
    if len(found.text) < at_least:
        cure = f"raise limit ({limit:,})" if limit and limit < at_least else "take a longer text"
        raise DataError(f"{at_least:,} characters are needed, and {found.source} gives {len(found.text):,}: {cure}.")
    return found


def opening(text: str, length: int = PROMPT_LENGTH) -> str:
    """The first words of a text, `length` characters at most; of a script without spaces, its first characters.

    A letter keeps its marks, an emoji its parts. Raises DataError for a text that is white space alone.
    """
    text = text.lstrip()
    if not text:
        raise DataError("A text that is empty has no beginning.")
    end = min(length, len(text))
    if end < len(text) and not text[end].isspace():
        spaces = [place.start() for place in re.finditer(r"\s", text[:end])]
        if spaces and spaces[-1] >= length // 2:
            end = spaces[-1]
    while end < len(text) and (_continues(text[end]) or text[end - 1] == "\u200d"):
        end += 1
    return text[:end].rstrip() or text[:1]


def length_needed(batch_size: int, val_batch_size: int = 10, val_fraction: float = 0.1) -> int:
    """Characters that a text needs, if `text_batches` is to cut both of its parts into so many streams."""
    train, val = (batch_size + 1) / (1 - val_fraction), (val_batch_size + 1) / val_fraction
    return math.ceil(max(train, val)) + 1  # + 1: the cut is rounded


def _continues(character: str) -> bool:
    """Whether the character belongs to the one before it: a mark, a joiner, a variant, a skin colour."""
    return unicodedata.category(character).startswith("M") or character == "\u200d" or "🏻" <= character <= "🏿"


def _own(path: Path, content: str, remark: str = "") -> TextSource:
    counts = f"{len(content):,} characters, {len(set(content)):,} different"
    return TextSource(content, f"your text {path.name} ({counts}{remark})")


def _real_or_own(path: Path, content: str, name: str) -> TextSource:
    """What lies where the real text would; only its known size and SHA-256 make it the real one."""
    entry = card(name)
    file = entry.files[0]
    data = content.encode()
    if len(data) == file.size_bytes and hashlib.sha256(data).hexdigest() == file.sha256:
        return TextSource(content, f"real {entry.title} ({path.name})")
    return _own(path, content, f"; it is not {entry.title}, which has {file.size_bytes:,} bytes")


@lru_cache(maxsize=1)
def _book_prose() -> str:
    return read_text(Path(__file__).with_name("book_prose.txt"))
