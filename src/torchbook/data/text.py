"""Text for character models, and names by language: the real files where they lie, else a real stand-in.

The stand-ins are text that pinned packages carry, because they must be the same on every Python: NumPy's
documentation for `shakespeare`, Babel's tables (Unicode CLDR) for `names`. Their SHA-256 is tested.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
import inspect
import os
from pathlib import Path
import re
import string
import unicodedata

import babel
import numpy as np
from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.data.folders import real_path

NAME_LETTERS = string.ascii_letters + " .,;'"  # 57 characters
NUMPY_PARTS = ("lib", "_core", "linalg", "fft", "ma", "polynomial")
BABEL_LANGUAGES = {
    "Czech": "cs", "Dutch": "nl", "English": "en", "Finnish": "fi", "French": "fr", "German": "de",
    "Hungarian": "hu", "Icelandic": "is", "Irish": "ga", "Italian": "it", "Latvian": "lv", "Lithuanian": "lt",
    "Polish": "pl", "Portuguese": "pt", "Spanish": "es", "Swedish": "sv", "Turkish": "tr", "Vietnamese": "vi",
}  # fmt: skip
# letters that Unicode does not take apart into a base letter and a mark
_UNDIVIDED = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ı": "i", "ß": "ss", "þ": "th"}
    | {"Þ": "Th", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "’": "'", "ʼ": "'", "ʻ": "'", "-": " ", "–": " "}
)  # fmt: skip


@dataclass(frozen=True)
class TextSource:
    """A text, where it came from, and (for the stand-in) the version that carries it."""

    text: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class NamesSet:
    """Names by language, where they came from, and (for the stand-in) the version that carries them."""

    names: dict[str, list[str]]
    source: str
    note: str = ""


def load_text(
    name: str = "shakespeare", folder: str | os.PathLike | None = None, source: str = "auto", limit: int | None = None
) -> TextSource:
    """Return the text `name`, its first `limit` characters where a limit is given.

    `source` is "auto" (`folder`, which must have it; without one $TORCHBOOK_DATA, the cache, then the stand-in),
    "embedded" or "real". Raises ValueError for a bad argument and DataError for real data that are missing or broken.
    Real text: Karpathy's Tiny Shakespeare; the stand-in is the running prose of NumPy's documentation.
    """
    if name != "shakespeare":
        raise ValueError(f"{name!r} is not a text; the texts are: shakespeare.")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise ValueError(f"limit is {limit!r}; it must be a whole number of characters, 1 or more, or None for all.")
    path = real_path(name, folder, source)
    if path is not None:
        found = TextSource(_read(path).replace("\r\n", "\n"), f"real {card(name).title} ({path.name})")
    else:
        origin = "prose of NumPy's documentation, the stand-in (real Tiny Shakespeare: bookkit data fetch shakespeare)"
        found = TextSource(_numpy_prose(), origin, f"NumPy {np.__version__}")
    if limit is None:
        return found
    if limit > len(found.text):
        raise ValueError(f"limit is {limit:,}, but the text ({found.source}) has {len(found.text):,} characters.")
    return TextSource(found.text[:limit], found.source, found.note)


def load_names(folder: str | os.PathLike | None = None, source: str = "auto") -> NamesSet:
    """Return the names of each language, languages in alphabetical order.

    `source` as in `load_text`. Raises ValueError for a bad argument and DataError for real data that are missing
    or broken. Real names: names/<Language>.txt, one name a line (the PyTorch tutorial's files); the stand-in is
    the names of countries and languages in 18 languages.
    """
    path = real_path("names", folder, source)
    if path is None:
        names = {language: list(words) for language, words in _babel_names().items()}  # copies: the cache stays whole
        origin = "names of countries and languages, the stand-in (real surnames: bookkit data fetch names)"
        return NamesSet(names, origin, f"Babel {babel.__version__}")
    files = sorted(path.glob("*.txt"))
    if len(files) < 2:
        raise DataError(f"{path} has {len(files)} file(s) named <Language>.txt; a classifier needs two or more.")
    names = {file.stem: [line.strip() for line in _read(file).splitlines() if line.strip()] for file in files}
    return NamesSet(names, f"real {card('names').title} ({len(files)} files)")


def ascii_letters_only(text: str) -> str:
    """Return `text` in plain letters: marks dropped (é -> e, ł -> l), hyphens to spaces, the rest left out.

    The result holds only the 57 characters of NAME_LETTERS.
    """
    apart = unicodedata.normalize("NFD", text.translate(_UNDIVIDED))
    return "".join(character for character in apart if character in NAME_LETTERS)


def _read(path: Path) -> str:
    """Read a whole UTF-8 file; one that cannot be read, is empty or is not UTF-8 raises DataError."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: byte {error.start} is wrong; save the file as UTF-8.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if not text.strip():
        raise DataError(f"{path} is empty; remove it, and fetch the data again.")
    return text


@lru_cache(maxsize=1)
def _numpy_prose() -> str:
    """Join the paragraphs of running text in NumPy's docstrings, each once, a blank line between (about 0.3 MB)."""
    root = Path(np.__file__).parent
    paragraphs: dict[str, None] = {}  # a dict keeps the order
    files = [file for part in NUMPY_PARTS for file in sorted((root / part).glob("*.py"), key=lambda file: file.name)]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 200:
                paragraphs.update(dict.fromkeys(_paragraphs(node.value)))
    return "\n\n".join(paragraphs) + "\n"


def _paragraphs(docstring: str) -> list[str]:
    """Return the paragraphs that are sentences: no headings, signatures, tables, code or formulas."""
    lines, blocks, block, indent = inspect.cleandoc(docstring).split("\n"), [], [], 0
    for line in lines:
        here = len(line) - len(line.lstrip())
        if not line.strip() or here != indent or re.match(r"\s*(-{3,}|={3,}|\.\. |[\w*, ]+ : )", line):
            blocks.append(" ".join(block))
            block = []
        indent = here
        block.append(line.strip())
    found = []
    for text in [*blocks, " ".join(block)]:
        text = " ".join(re.sub(r":\w+:(?=`)|`|\*\*", "", text).split())
        letters = sum(character.isalpha() or character == " " for character in text)
        if re.fullmatch(r"[A-Z][\w ,.;:'\"()/-]{40,}[.!?]", text, re.ASCII) and letters >= 0.94 * len(text):
            found.append(text)
    return found


@lru_cache(maxsize=1)
def _babel_names() -> dict[str, tuple[str, ...]]:
    """Return names of countries and languages, sorted; a name that two languages share is left out of both."""
    words: dict[str, dict[str, str]] = {}  # language -> plain form -> name
    owners: dict[str, int] = {}  # plain form -> how many languages have it
    for language, code in BABEL_LANGUAGES.items():
        locale = babel.Locale(code)
        forms = {}
        for key, name in sorted([*locale.territories.items(), *locale.languages.items()]):
            plain = ascii_letters_only(name).lower()
            if not key.isdigit() and re.fullmatch(r"[^\W\d_]+([ '’-][^\W\d_]+)*", name) and 2 <= len(plain) <= 30:
                forms.setdefault(plain, name)
        words[language] = forms
        for plain in forms:
            owners[plain] = owners.get(plain, 0) + 1
    return {
        language: tuple(sorted(name for plain, name in forms.items() if owners[plain] == 1))
        for language, forms in words.items()
    }
