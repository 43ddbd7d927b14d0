"""The notebook that `make lab` opens."""

import re

from bookkit.notebooks import all_chapters, find_root, read_notebook

ROOT = find_root()
START = ROOT / "notebooks" / "START_HERE.ipynb"
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def test_its_links_lead_somewhere_and_name_every_chapter_once():
    links = LINK.findall("\n".join(cell.source for cell in read_notebook(START).cells if cell.cell_type == "markdown"))
    assert all((START.parent / target).is_file() for _, target in links)
    chapters = [target for _, target in links if re.match(r"\d\d_", target)]
    assert chapters == [chapter.path.name for chapter in all_chapters(ROOT)]


def test_its_table_says_what_the_readme_says():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| (\[\d.+?\)) \| (.+?) \|$", read_notebook(START).cells[0].source, re.M))
    assert len(table) == len(all_chapters(ROOT))
    for link, builds in table.items():
        assert f"| {link.replace('](', '](notebooks/')} | {builds} |" in readme


def test_it_is_text_alone_so_that_nothing_of_one_machine_is_stored():
    assert {cell.cell_type for cell in read_notebook(START).cells} == {"markdown"}
