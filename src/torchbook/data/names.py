"""Names by language: your own lists, the real ones where they lie, else the stand-in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
import os
from pathlib import Path
import string
import unicodedata

from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.data.folders import SOURCES, as_path, real_path
from torchbook.data.pictures import entries, folders_in, is_folder, is_text, written
from torchbook.data.reading import read_text
from torchbook.data.surnames import FAKER, faker_names

NAME_LETTERS = string.ascii_letters + " .,;'"  # 57 characters: what folding leaves
LONGEST = 60  # characters; a longer line is no name
NO_LANGUAGES = {"readme", "license", "licence", "copying", "notice", "authors", "changelog", "requirements", "about"}
# the PyTorch tutorial's files and the lines in each: who has them all has the real ones
TUTORIAL = {
    "Arabic": 2000, "Chinese": 268, "Czech": 519, "Dutch": 297, "English": 3668, "French": 277, "German": 724,
    "Greek": 203, "Irish": 232, "Italian": 709, "Japanese": 991, "Korean": 94, "Polish": 139, "Portuguese": 74,
    "Russian": 9408, "Scottish": 100, "Spanish": 298, "Vietnamese": 73,
}  # fmt: skip
# letters that Unicode does not take apart into a base letter and a mark
_UNDIVIDED = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ı": "i", "ß": "ss", "þ": "th"}
    | {"Þ": "Th", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "’": "'", "ʼ": "'", "ʻ": "'", "-": " ", "–": " "}
)  # fmt: skip


@dataclass(frozen=True)
class NamesSet:
    """Names by language, each once a language, where they came from, and whether they are folded to plain letters."""

    names: dict[str, list[str]]
    source: str
    note: str = ""
    folded: bool = False

    @cached_property
    def alphabet(self) -> str:
        """The characters that occur in the names, sorted; `Vocabulary(alphabet)` gives each a number."""
        return "".join(sorted(set().union(*(name for group in self.names.values() for name in group))))

    def spell(self, name: str) -> str:
        """A name as this set writes names, for a model of them.

        Raises DataError, a sentence about this name, where it is empty or has characters that no name here has.
        """
        spelled = _clean(name, self.folded)
        if not spelled:
            reason = " in plain letters" if self.folded and name.strip() else ""
            raise DataError(f"The name {name!r} is empty{reason}: type one of the letters {self.alphabet.strip()}.")
        unknown = sorted(set(spelled) - set(self.alphabet))
        if unknown:
            raise DataError(f"The name {name!r} has {listed(unknown)}, which no name of the data has.")
        return spelled


def load_names(
    folder: str | os.PathLike | None = None,
    source: str = "auto",
    *,
    fold: bool = False,
    encoding: str | None = None,
    at_least: int = 1,
) -> NamesSet:
    """Return the names of each language, languages in alphabetical order.

    `folder`: one with files <Language>.txt, one name a line, in any script; or one with such a folder `names` in it,
    whatever source says. Without it, source is "auto" ($TORCHBOOK_DATA, the cache, then the stand-in), "embedded" or
    "real" (the PyTorch tutorial's surnames). fold: in the 57 plain letters, as by `ascii_letters_only`. encoding: of
    files not in UTF-8. at_least: names that each language needs, if some are to be held out. What was left out is
    counted in the source line. Raises ValueError for a bad argument and DataError for names that are missing, broken
    or too few, or fewer than two languages.
    """
    if folder is not None and source not in SOURCES:
        raise ValueError(f"Unknown source {source!r}: use one of {', '.join(map(repr, SOURCES))}.")
    if not isinstance(at_least, Integral):
        raise ValueError(f"at_least must be a whole number of names; got {at_least!r}.")
    path = real_path("names", source=source) if folder is None else _home(as_path(folder))
    if path is not None:
        return _from_files(path, fold, encoding, at_least)
    names = {language: list(words) for language, words in faker_names().items()}  # copies: the cache stays whole
    if fold:
        names = {language: _kept(words, fold, Counter()) for language, words in names.items()}
    return NamesSet(names, card("names").stand_in_source, FAKER, fold)


def ascii_letters_only(text: str) -> str:
    """Return `text` in plain letters: marks dropped (é -> e, ł -> l), hyphens to spaces, the rest left out.

    The result holds only the 57 characters of NAME_LETTERS.
    """
    apart = unicodedata.normalize("NFD", text.translate(_UNDIVIDED))
    return "".join(character for character in apart if character in NAME_LETTERS)


def listed(characters: list[str]) -> str:
    """A few characters, quoted."""
    more = f" and {len(characters) - 3} more" if len(characters) > 3 else ""
    return ", ".join(map(repr, characters[:3])) + more


def _clean(name: str, fold: bool) -> str:
    name = unicodedata.normalize("NFC", name)
    return " ".join((ascii_letters_only(name) if fold else name).split())


def _home(folder: Path) -> Path:
    """The folder with the files: this one, the one in it called names, or the only one in it."""
    if not is_folder(folder):
        raise DataError(f"There is no folder {folder}: name the one that holds your files <Language>.txt.")
    while True:
        inner = folders_in(folder)
        if any(path.suffix.lower() == ".txt" for path in entries(folder) if path not in inner):
            return folder
        below = next((path for path in inner if path.name in card("names").folder), None)
        if below is not None or len(inner) != 1:
            return below or folder
        folder = inner[0]


def _from_files(folder: Path, fold: bool, encoding: str | None, at_least: int) -> NamesSet:
    """Read <Language>.txt files; what is left out is counted."""
    files: dict[str, Path] = {}
    left_out: Counter = Counter()
    inner = folders_in(folder)
    for path in entries(folder):
        language = unicodedata.normalize("NFC", path.stem)
        if path.suffix.lower() != ".txt" or language.lower() in NO_LANGUAGES or path in inner:
            left_out["other files" if path not in inner else "folders"] += 1
            continue
        if not is_text(language):
            raise DataError(
                f"{folder} has a file whose name is not UTF-8, {os.fsencode(path.name)!r}: rename it, "
                f"in Python by os.rename({os.fsencode(path)!r}, {str(folder / 'Language.txt')!r})."
            )
        other = next((known for known in files if known.casefold() == language.casefold()), None)
        if other is not None:
            raise DataError(
                f"{folder} has {files[other].name} and {path.name}: put the names of a language in one file."
            )
        files[language] = path
    if len(files) < 2:
        have = f"only {next(iter(files.values())).name}" if files else "no file <Language>.txt"
        raise DataError(f"{folder} has {have}: a classifier needs such files for two languages or more.")
    names, line_counts = {}, {}
    for language, path in files.items():
        lines = read_text(path, encoding).split("\n")
        line_counts[language] = sum(map(bool, map(str.strip, lines)))
        names[language] = _kept(lines, fold, left_out)
        if not names[language]:
            why = " in plain letters: leave fold out" if fold else ": one name a line is expected"
            raise DataError(f"{path} has no name{why}.")
        if len(names[language]) < at_least:
            raise DataError(
                f"{path} has {len(names[language])} of {at_least} names needed: add some, or remove the file."
            )
    own = f"your names in {written(folder.resolve().name)}"
    whose = f"real {card('names').title}" if line_counts.items() >= TUTORIAL.items() else own
    said = f"{sum(map(len, names.values())):,} names in {len(names)} languages"
    without = ", ".join(f"{count:,} {kind}" for kind, count in sorted(left_out.items()))
    without = f"; left out: {without}" if without else ""
    if whose == own and names.keys() >= TUTORIAL.keys():
        without += f"; they are not the tutorial's, which have {sum(TUTORIAL.values()):,} lines"
    return NamesSet(names, f"{whose} ({said}{without})", folded=fold)


def _kept(lines: list[str], fold: bool, left_out: Counter) -> list[str]:
    """The names among the lines, each once, in their order; `left_out` counts the others by kind."""
    kept: dict[str, None] = {}
    for line in filter(str.strip, lines):
        name = _clean(line, fold)
        if line.lstrip().startswith("#"):
            left_out["remarks"] += 1
        elif not any(character.isalpha() for character in name):
            left_out["without a letter" + (" of the plain ones" if fold else "")] += 1
        elif any(character.isdecimal() for character in name):  # a table with counts or years
            left_out["with digits"] += 1
        elif len(name) > LONGEST:
            left_out["too long for a name"] += 1
        elif name in kept:
            left_out["repeated"] += 1
        else:
            kept[name] = None
    return list(kept)
