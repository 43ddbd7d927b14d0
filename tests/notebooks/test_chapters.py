"""Every chapter and page obeys the rules of `bookkit lint`; each chapter covers the topics it was asked to."""

from pathlib import Path
import re

import chapters
import pytest
import yaml

from bookkit import lint
from bookkit.notebooks import find_chapters

COVERAGE = yaml.safe_load(Path(__file__).with_name("coverage.yml").read_text(encoding="utf-8"))


def test_there_are_chapters_and_their_numbers_differ():
    numbers = [name[:2] for name in chapters.NAMES]
    assert numbers
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("notebook", find_chapters(chapters.ROOT, pages=True), ids=lambda notebook: notebook.name)
def test_chapters_and_pages_obey_the_rules(notebook):
    assert [str(problem) for problem in lint.check(notebook)] == []


@pytest.mark.parametrize("name", chapters.NAMES)
def test_every_cell_that_raises_as_expected_shows_it(name):
    silent = [
        cell.id
        for cell in chapters.tagged(name, "raises-exception")
        if not any(output.output_type == "error" for output in cell.outputs)
    ]
    assert silent == []


@pytest.mark.parametrize("row", COVERAGE, ids=lambda row: f"{row['chapter']} {row['tag']}")
def test_each_topic_of_the_source_posts_is_covered(row):
    assert set(row) == {"post", "topic", "chapter", "tag"}
    assert row["tag"].startswith(f"covers-{row['post']}-")
    names = [name for name in chapters.NAMES if name.startswith(row["chapter"])]
    assert names, f"there is no chapter {row['chapter']}"
    assert any(chapters.tagged(name, row["tag"]) for name in names), f"{names[0]} has no cell tagged {row['tag']}"


def test_the_table_of_topics_has_no_row_twice():
    keys = [(row["chapter"], row["topic"]) for row in COVERAGE]
    assert len(set(keys)) == len(keys)


def test_the_table_knows_every_chapter_with_such_tags():
    tagged = {
        name[:2]
        for name in chapters.NAMES
        for cell in chapters.code_cells(name)
        if any(tag.startswith("covers-") for tag in chapters.tags(cell))
    }
    assert tagged <= {row["chapter"] for row in COVERAGE}


INDEX = (chapters.ROOT / "book" / "index.md").read_text(encoding="utf-8")
AFTER = {  # number: the chapters to read first, as the table says from which the map is drawn
    number: set(re.findall(r"\d\d", last))
    for number, last in re.findall(r"^\| (\d\d) \| \{ref\}.*\| ([^|]*) \|$", INDEX, re.M)
}


def earlier(name: str, cells) -> set[str]:
    """The earlier chapters that the text of these cells links to."""
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {number for number in re.findall(r"\]\((\d\d)_\w+\.ipynb", prose) if number < name[:2]}


def test_the_index_has_a_row_for_each_chapter():
    assert sorted(AFTER) == [name[:2] for name in chapters.NAMES]
    assert all(before < number for number, row in AFTER.items() for before in row)


@pytest.mark.parametrize("name", chapters.NAMES)
def test_the_index_and_the_opening_of_a_chapter_name_the_same_prerequisites(name):
    cells = chapters.cells(name)
    opening = earlier(name, cells[:1])
    if opening:
        assert AFTER[name[:2]] == opening
    else:  # an opening that names none: the text links to each where it is needed
        assert AFTER[name[:2]] <= earlier(name, cells)
