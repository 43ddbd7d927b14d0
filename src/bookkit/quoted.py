"""Numbers that prose quotes from a run: `98.6<!-- ch03_test_percent:.1f -->`.

The comment names the recorded value and, after a colon, its format; the value is the number or the one word right
before it, or several words in brackets. `<!-- full NAME:SPEC -->` quotes the chapter's last full run (`book/results/`):
such numbers come in tables, and below them one line says where the run was made:

    | Measured in the full run | Value |
    | --- | ---: |
    | Test accuracy (%) | 71.2<!-- full ch10_resnet_accuracy:.1f --> |

    *Full run of 2026-11-24 on ...*<!-- full stamp -->
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import re

Value = float | int | str

COMMENT = r"<!--\s*(?P<name>[A-Za-z]\w*_\w+)(?::(?P<spec>[^\s>]+))?\s*-->"
NUMBER = r"(?<![\w.,])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
QUOTE = re.compile(rf"(?P<value>{NUMBER}|(?<!\w)[^\W\d_][\w'’-]*|\([^()\n]*\)){COMMENT}")
NAMED = re.compile(COMMENT)
ROW = re.compile(
    r"^\| *(?P<label>[^|\n]*?) *\| *(?P<value>[^|\n]*?)<!--\s*full\s+(?P<name>\w+):(?P<spec>[^\s>]+)\s*--> *\|[ \t]*$",
    re.M,
)
TABLE = re.compile(
    r"^\|[^\n]*\|[ \t]*\n\|[ :|-]+\|[ \t]*\n(?P<rows>(?:\|[^\n]*<!--\s*full\s[^\n]*\|[ \t]*(?:\n|\Z))+)"
    r"(?:\s*\n\*[^\n]*\*<!--\s*full stamp\s*-->)?",
    re.M,
)


class QuoteError(ValueError):
    """A quoted value is not recorded, or cannot be shown as asked; the message is one sentence."""


def formatted(values: Mapping[str, Value], name: str, spec: str | None) -> str:
    """The recorded value as the prose shows it. Raises QuoteError where it is not recorded or the format is wrong."""
    if name not in values:
        raise QuoteError(f"the prose quotes {name}, which no cell of this notebook records")
    value = values[name]
    if isinstance(value, str) or not spec:
        return str(value)
    try:
        return format(value, spec)
    except ValueError as error:
        raise QuoteError(f"{name} is {value!r}, which cannot be shown as {spec!r}: {error}") from None


def replace(prose: str, shown: Callable[[re.Match], str]) -> str:
    """Prose (no code, no math) with each quoted value and its comment replaced by what `shown` makes of the match.

    Raises QuoteError for a comment with a name that has no value before it.
    """
    replaced = QUOTE.sub(shown, prose)
    left = [found[0] for found in NAMED.finditer(QUOTE.sub("", prose))]
    if left:
        raise QuoteError(f"{left[0]} has no number before it: write 98.6{left[0]}, without a blank between")
    return replaced


def directive_lines(table: str) -> list[str]:
    """The rows of a table of the full run as `name : label : format`, the lines of the directive `{results}`."""
    return [f"{row['name']} : {row['label']} : {row['spec']}" for row in ROW.finditer(table)]
