"""A Sphinx extension: the text of a page: numbered figures, Chinese marked as such, the last run at its foot.

What a picture shows stands in its cell (the alternative text); under the picture it is the caption. A chapter's foot
says what its outputs come from: the quick profile, and the full run that `book/results/` holds.
"""

from __future__ import annotations

from html import escape
import json
from pathlib import Path
import re
import struct

from bookkit.notebooks import BookError
from bookkit.ranges import RANGES
from bookkit.results import FOLDER, read, stamp

NOTEBOOK = re.compile(r"(?:notebooks/(?P<number>\d\d)_|book/).*")
PICTURE = re.compile(  # a sharp one has more pixels than it is shown with: Sphinx links such a picture to its file
    r'(?P<link><a class="[^"]*image-reference[^"]*" href="[^"]*">)?'
    r'<img alt="(?P<alt>[^"]*)" src="(?P<src>[^"]*_images/(?P<file>[^"/]+))"'
    r'(?: style="width: (?P<width>[\d.]+)px; height: (?P<height>[\d.]+)px;")? ?/?>(?(link)\s*</a>)'
)
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+(?:[、，/ ]+[\u3400-\u9fff]+)*")
PARTS = re.compile(r"(<(?:pre|script|style|math|textarea)\b.*?</(?:pre|script|style|math|textarea)>|<[^>]*>)", re.S)


def number_figures(body: str, number: str, folders: list[Path]) -> str:
    """Each picture of a cell as a figure with its number (`03.2`, or `2` on a page) and its text as caption."""
    count = 0

    def figure(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        name = f"{number}.{count}" if number else f"{count}"
        size = (found["width"], found["height"]) if found["width"] else None
        size = size or next(filter(None, (png_size(folder / found["file"]) for folder in folders)), None)
        wide = f' width="{size[0]}" height="{size[1]}"' if size else ""
        image = f'<img alt="{found["alt"]}" src="{found["src"]}"{wide} loading="lazy" decoding="async"/>'
        image = f"{found['link']}{image}</a>" if found["link"] else image
        caption = f'<b>Figure {name}</b> <span aria-hidden="true">{found["alt"]}</span>'  # heard once: the alt text
        anchor = f"figure-{name.replace('.', '-')}"
        return f'<figure class="shown" id="{anchor}">{image}<figcaption>{caption}</figcaption></figure>'

    return PICTURE.sub(figure, body)


def png_size(path: Path) -> tuple[int, int] | None:
    """Width and height of a PNG file; None for another file, or none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        head = file.read(24)
    return struct.unpack(">II", head[16:24]) if head[:8] == b"\x89PNG\r\n\x1a\n" else None


def mark_chinese(body: str) -> str:
    """Chinese words of the prose in ``<span lang="zh">``, so that voices and fonts are right; code stays as it is."""
    parts = PARTS.split(body)
    parts[::2] = [HAN.sub(r'<span lang="zh">\g<0></span>', text) for text in parts[::2]]
    return "".join(parts)


def last_run(root: Path, chapter: str) -> str:
    """The foot of a chapter: where its outputs come from, and its last full run."""
    record = read(root / FOLDER / f"{chapter}.json")
    full = stamp(record) if record else "No full run of this chapter has been recorded yet."
    executed = json.loads((root / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf-8"))["metadata"]
    if "papermill" in executed:  # a copy that `bookkit site --from full` shows
        shown = "The outputs above are those of the full run."
    else:
        shown = "The outputs above are those of the quick profile, which each change of the book runs and compares."
    seeds = len((read(root / RANGES) or {}).get(chapter, {}).get("seeds", []))
    table = f"../book/my_run.html#my-run-{chapter[:2]}"
    other = f' <a href="{table}">Where {seeds} runs with other seeds lie</a>.' if seeds > 1 else ""
    return f'<p class="last-run"><b>Last run.</b> {shown} {escape(full)}{other}</p>'


def complete_body(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Sphinx: change the text of a page before its template is filled."""
    found = NOTEBOOK.fullmatch(pagename)
    if "body" not in context or not found:
        return
    root = Path(app.srcdir)
    context["body"] = mark_chinese(context["body"])
    if (root / f"{pagename}.ipynb").is_file():
        folders = [Path(source).parent if Path(source).is_absolute() else root / Path(source).parent
                   for source in app.env.images]  # fmt: skip
        context["body"] = number_figures(context["body"], found["number"] or "", sorted({*folders}))
    if found["number"]:
        try:
            context["body"] += last_run(root, Path(pagename).name)
        except BookError as error:
            raise BookError(f"{pagename}: {error}") from error


def setup(app):
    app.connect("html-page-context", complete_body, priority=910)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
