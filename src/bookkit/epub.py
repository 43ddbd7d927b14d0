"""The book as an EPUB 3, of the pages of a built site (`bookkit.editions`)."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
import mimetypes
from pathlib import Path
import re
from typing import Any
from uuid import NAMESPACE_URL, uuid5
import zipfile

from bookkit.editions import LANGUAGE, Part, chromium, page_names, parts, write_pdf
from bookkit.notebooks import BookError, read_config, write_text
from bookkit.page_shell import book_version

PLACE = re.compile(r"<!-- editions -->.*?<!-- /editions -->", re.S)

XHTML = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}"
 xml:lang="{language}">
<head><meta charset="utf-8"/><title>{title}</title><link rel="stylesheet" href="style.css"/></head>
<body>{body}</body>
</html>
"""
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
OPF = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier>
<dc:title>{title}</dc:title><dc:language>{language}</dc:language><dc:creator>{author}</dc:creator>
<dc:rights>Text and pictures: CC BY 4.0; code: MIT</dc:rights>
<meta property="dcterms:modified">{modified}</meta>
</metadata>
<manifest>{manifest}</manifest>
<spine>{spine}</spine>
</package>
"""


def write_epub(page: Any, root: Path, html: Path, to: Path) -> Path:
    """An EPUB 3 of the pages, their pictures beside them."""
    found = parts(page, root, html, joined=False)
    config = read_config(root)
    images = {Path(file).name: html / file for part in found for file in part.images}
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="style" href="style.css" media-type="text/css"/>',
        *(f'<item id="{part.slug}" href="{part.slug}.xhtml" {media(part)}/>' for part in found),
        *(
            f'<item id="image-{number}" href="images/{escape(name)}" media-type="{mimetypes.guess_type(name)[0]}"/>'
            for number, name in enumerate(images)
        ),
    ]
    title = config["title"]
    opf = OPF.format(
        language=LANGUAGE,
        identifier=uuid5(NAMESPACE_URL, f"{title} {book_version()}"),
        title=escape(title),
        author=escape(config["author"]),
        modified=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        manifest="\n".join(items),
        spine="".join(f'<itemref idref="{part.slug}"/>' for part in found),
    )
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)  # the first file, and as it is
        book.writestr("META-INF/container.xml", CONTAINER)
        book.writestr("book/content.opf", opf)
        book.writestr("book/nav.xhtml", navigation(found))
        book.write(root / "book" / "_web" / "edition.css", "book/style.css")
        for part in found:
            text = XHTML.format(language=LANGUAGE, title=escape(part.title), body=part.text)
            book.writestr(f"book/{part.slug}.xhtml", text)
        for name, file in images.items():
            book.write(file, f"book/images/{name}")
    return to


def offer(root: Path, html: Path) -> list[Path]:
    """Put EPUB and PDF beside the pages of a built site, and link them on its start page with their sizes."""
    start = html / f"{page_names(root)[0]}.html"
    text = start.read_text(encoding="utf-8") if start.is_file() else ""
    if not PLACE.search(text):
        raise BookError(f"{start} has no place for the links: build the site first (bookkit site).")
    folder = html / "_downloads"
    folder.mkdir(exist_ok=True)
    with chromium() as page:
        found = [write_epub(page, root, html, folder / "book.epub"), write_pdf(page, root, html, folder / "book.pdf")]
    up = "../" * start.relative_to(html).as_posix().count("/")
    links = (
        f'<a href="{up}_downloads/{file.name}" download>{file.suffix[1:].upper()}</a> '
        f"({file.stat().st_size / 1e6:.0f} MB)"
        for file in found
    )
    said = f"<p><strong>Take the whole book along</strong>, to be read without a browser: {' or '.join(links)}.</p>"
    write_text(start, PLACE.sub(f"<!-- editions -->{said}<!-- /editions -->", text))
    return found


def media(part: Part) -> str:
    """The attributes of a page's item: its type, and which other languages its text holds."""
    kinds = [word for word, tag in (("mathml", "<math"), ("svg", "<svg")) if tag in part.text]
    return 'media-type="application/xhtml+xml"' + (f' properties="{" ".join(kinds)}"' if kinds else "")


def navigation(found: list[Part]) -> str:
    """The table of contents, with the sections of each page."""
    rows = []
    for part in found:
        inner = "".join(
            f'<li><a href="{part.slug}.xhtml#{place}">{escape(title)}</a></li>'
            for place, title in part.sections
            if place
        )
        below = f"<ol>{inner}</ol>" if inner else ""
        rows.append(f'<li><a href="{part.slug}.xhtml">{escape(part.title)}</a>{below}</li>')
    body = f'<nav epub:type="toc"><h1>Contents</h1><ol>{"".join(rows)}</ol></nav>'
    return XHTML.format(language=LANGUAGE, title="Contents", body=body)
