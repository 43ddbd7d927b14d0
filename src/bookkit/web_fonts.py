"""The site's two fonts, cut down to the characters that its pages have: icons, and letters of formulas.

The theme brings Font Awesome whole, as fonts and once more as a script; ziamath brings STIX Two Math. Both are free
(SIL Open Font License). `write_fonts` puts the small ones and their style sheets into ``_static`` of a built site.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import unescape
from importlib.util import find_spec
import logging
from pathlib import Path
import re
import shutil
import unicodedata

from fontTools import subset

from bookkit.notebooks import BookError, write_text

ICON = re.compile(r"(?<![\w-])fa-([a-z][a-z0-9-]*)")
FAMILIES = {"solid": ("fa-solid-900", 900, "Free"), "brands": ("fa-brands-400", 400, "Brands")}
STYLES = ("solid", "regular", "brands", "lg", "fw", "spin", "pulse", "font", "style")  # of Font Awesome, no icons
FROM_STYLE_SHEETS = {"chevron-down", "angle-down", "caret-down"}  # which the theme's rules draw by their codes
CODE = re.compile(r"\\([ef][0-9a-f]{3})\b|([\ue000-\uf8ff])")  # written out, or as the character itself
MATH = re.compile(r"<math\b.*?</math>", re.S)
TAG = re.compile(r"<[^>]*>")


logging.getLogger("fontTools").setLevel(logging.WARNING)


class FontError(BookError):
    """A page names an icon that the icon font does not have."""


def write_fonts(html: Path) -> None:
    """Write ``icons.css``, ``formulas.css`` and their fonts; remove the whole icon font and its script."""
    static = html / "_static"
    pages = {path: path.read_text(encoding="utf-8") for path in html.rglob("*.html") if "_static" not in path.parts}
    vendor = next(iter(sorted((static / "vendor" / "fontawesome").glob("*/css/all.min.css"))), None)
    if vendor is not None:
        _write_icons(static, vendor, pages.values())
        shutil.rmtree(static / "vendor")
    _write_formulas(static, pages.values())


def _write_icons(static: Path, sheet: Path, pages: Iterable[str]) -> None:
    """The icons that pages, scripts and the theme's style sheets draw, each family a font of its own."""
    scripts = [path.read_text(encoding="utf-8") for path in (static / "scripts").glob("*.js")]
    names = {name for text in (*pages, *scripts) for name in ICON.findall(text)} - {*STYLES} | FROM_STYLE_SHEETS
    names = {name for name in names if not re.search(r"-[49]00$", name)}  # a font's file, not an icon
    rules = sheet.read_text(encoding="utf-8")
    codes = {name: _code(rules, name) for name in sorted(names)}
    styles = (path.read_text(encoding="utf-8") for path in static.rglob("*.css") if path != sheet)
    drawn = {int(code, 16) if code else ord(one) for text in styles for code, one in CODE.findall(text)}
    css = [f'.fa-{name}::before {{ content: "\\{code:x}"; }}' for name, code in codes.items()]
    for family, (name, weight, kind) in FAMILIES.items():
        cut = cut_font(
            sheet.parent.parent / "webfonts" / f"{name}.ttf", drawn | {*codes.values()}, static / f"icons-{family}.woff"
        )
        if not cut:
            continue
        for alias in (f"Font Awesome 6 {kind}", f"Font Awesome 5 {kind}", "FontAwesome"):
            css.insert(0, _face(alias, f"icons-{family}.woff", weight))
        css.append(f'.fa-{family} {{ font-family: "Font Awesome 6 {kind}"; font-weight: {weight}; }}')
    css += [
        '.fas { font-family: "Font Awesome 6 Free"; font-weight: 900; }',
        '.fab { font-family: "Font Awesome 6 Brands"; font-weight: 400; }',
        ".fas, .fab, .fa-solid, .fa-brands { display: inline-block; font-style: normal; line-height: 1; }",
        ".fa-lg { font-size: 1.25em; line-height: 0.05em; vertical-align: -0.075em; }",
        ':root { --fa-font-solid: normal 900 1em/1 "Font Awesome 6 Free";',
        ' --fa-font-brands: normal 400 1em/1 "Font Awesome 6 Brands"; --fa-style-family: "Font Awesome 6 Free"; }',
    ]
    write_text(static / "icons.css", "\n".join(css) + "\n")


def _code(rules: str, name: str) -> int:
    """The code point of an icon, from Font Awesome's style sheet. Raises FontError for one that it does not have."""
    found = re.search(rf'\.fa-{name}(?:,\.fa-[\w-]+)*:before[^{{]*{{content:"\\([0-9a-f]+|.)"', rules)
    found = found or re.search(rf'\.fa-{name}:before(?:,[^{{]*)?{{content:"\\([0-9a-f]+)"', rules)
    if not found:
        raise FontError(f"a page asks for the icon fa-{name}, which Font Awesome does not have")
    return int(found[1], 16)


def _write_formulas(static: Path, pages: Iterable[str]) -> None:
    """The characters of all formulas with the forms that grow: brackets, roots, sums."""
    [folder] = find_spec("ziamath").submodule_search_locations or []
    letters = set()
    for page in pages:
        letters |= {*unescape(TAG.sub("", "".join(MATH.findall(page))))}
    for letter in sorted(letters):
        letters |= _italics(letter)
    font = Path(folder) / "fonts" / "STIXTwoMath-Regular.ttf"
    cut_font(font, {ord(letter) for letter in letters}, static / "formulas.woff")
    rule = 'math { font-family: "Formulas", math; }'
    write_text(static / "formulas.css", f"{_face('Formulas', 'formulas.woff', 400)}\n{rule}\n")


def _italics(letter: str) -> set[str]:
    """The slanted form of a letter, which a browser draws for a variable."""
    if letter == "h":
        return {"ℎ"}  # PLANCK CONSTANT stands for the italic small h
    name = unicodedata.name(letter, "")
    short = re.fullmatch(r"(?:LATIN|GREEK) (SMALL|CAPITAL) LETTER (\w+)", name)
    try:
        return {unicodedata.lookup(f"MATHEMATICAL ITALIC {short[1]} {short[2]}")} if short else set()
    except KeyError:
        return set()


def _face(family: str, file: str, weight: int) -> str:
    return f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-display: block; src: url("{file}"); }}'


def cut_font(source: Path, codes: set[int], target: Path) -> int:
    """Write a font with these characters alone, as WOFF; how many of them it has (none: no file is written)."""
    options = subset.Options()
    options.flavor = "woff"
    options.notdef_outline = True
    with subset.load_font(str(source), options) as font:
        known = {*font.getBestCmap()} & codes
        if known:
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=known)
            cutter.subset(font)
            target.parent.mkdir(parents=True, exist_ok=True)
            subset.save_font(font, str(target), options)
    return len(known)
