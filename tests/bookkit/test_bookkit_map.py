"""The map of chapters: ranks, arrows, places without overlap, the table it is read from, what each builder gets."""

from itertools import combinations, pairwise
import random
import re
from xml.etree import ElementTree

from bs4 import BeautifulSoup
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from bookkit import chapter_map, map_drawing, map_layout, map_ranks

DIAMOND = {"01": [], "02": ["01"], "03": ["01"], "04": ["01", "02", "03"]}
LADDER = {"01": [], "02": ["01"], "03": ["02"], "04": ["01", "02"], "05": ["01", "04"], "06": ["03", "05"], "07": []}
PAGE = """# The book

## The chapters

```{{chapter-map}}
```

| | chapter | after |
| --- | --- | --- |
{rows}
"""
ROWS = ["| 01 | {ref}`ch-a` | – |", "| 02 | {ref}`ch-b` | 01 |", "| 03 | {ref}`ch-c` | 01, 02 |"]
CHARSET = "Content-Type: text/plain; charset=UTF-8\\n"
TITLES = {"a": "First & foremost", "b": "Second thoughts on things", "c": "Third"}


def random_graph(seed: int) -> dict[str, list[str]]:
    dice = random.Random(seed)
    return {f"{i:02}": [f"{j:02}" for j in range(i) if dice.random() < 0.3] for i in range(dice.randint(5, 14))}


GRAPHS = [DIAMOND, LADDER, *(random_graph(seed) for seed in range(20))]


def laid_out(after):
    return map_layout.lay_out(after, {node: 60 + 10 * (int(node) % 4) for node in after}, gap=14, port=16)


@pytest.mark.parametrize(
    ("after", "ranks"),
    [
        (DIAMOND, {"01": 0, "02": 1, "03": 1, "04": 2}),
        (LADDER, {"01": 0, "02": 1, "03": 2, "04": 2, "05": 3, "06": 4, "07": 0}),
        ({}, {}),
    ],
)
def test_a_rank_is_the_longest_path_from_a_root(after, ranks):
    assert map_ranks.longest_paths(after) == ranks


def test_an_implied_arrow_is_left_out():
    assert map_ranks.direct_edges(DIAMOND) == [("01", "02"), ("01", "03"), ("02", "04"), ("03", "04")]


def test_two_ladders_are_untangled():
    rows = map_ranks.ordered_rows({"01": [], "02": [], "03": ["02"], "04": ["01"], "05": ["04"], "06": ["03"]})[0]
    assert rows == [["01", "02"], ["04", "03"], ["05", "06"]]


@pytest.mark.parametrize(("lower", "count"), [(["03", "04"], 0), (["04", "03"], 1)])
def test_crossings_are_counted(lower, count):
    assert map_ranks.crossings([["01", "02"], lower], [("01", "03"), ("02", "04")]) == count


@pytest.mark.parametrize("after", GRAPHS)
def test_boxes_and_lanes_keep_apart_and_inside(after):
    layout = laid_out(after)
    spans = {}  # rank: the left and right side of each box, and of each lane without width
    for node, middle in layout.middles.items():
        half = 30 + 5 * (int(node) % 4)
        spans.setdefault(layout.ranks[node], []).append((middle - half, middle + half))
    for (before, _), route in layout.routes.items():
        for rank, lane in enumerate(route[1:-1], layout.ranks[before] + 1):
            spans[rank].append((lane, lane))
    near = [pair for row in spans.values() for pair in pairwise(sorted(row))]
    assert all(left[1] + 14 <= right[0] + 1e-6 for left, right in near)
    assert all(left >= -1e-6 and right <= layout.width + 1e-6 for row in spans.values() for left, right in row)


@pytest.mark.parametrize("after", GRAPHS)
def test_arrows_at_one_side_of_a_box_do_not_touch(after):
    routes = laid_out(after).routes
    pairs = [(a, b) for a, b in combinations(routes, 2) if a[0] == b[0]]
    assert all(abs(routes[a][0] - routes[b][0]) > 5 for a, b in pairs)
    pairs = [(a, b) for a, b in combinations(routes, 2) if a[1] == b[1]]
    assert all(abs(routes[a][-1] - routes[b][-1]) > 5 for a, b in pairs)


def test_a_chain_stands_straight():
    layout = laid_out({"01": [], "02": ["01"], "03": ["02"]})
    assert len({round(middle, 6) for middle in layout.middles.values()}) == 1


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Tensors", ["Tensors"]),
        ("Convolutional", ["Convolutional"]),
        ("The optimisation loop", ["The optimisation", "loop"]),
        ("循环神经网络入门教程", ["循环神经网", "络入门教程"]),
    ],
)
def test_a_title_takes_one_line_or_two(title, lines):
    assert map_drawing.wrap(title) == lines


def row(number, *after):
    return chapter_map.Row(number, "ch", after)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("01"), row("02", "01", "1")], "chapter 02 comes after '1', but the table has 01, 02"),
        ([row("01"), row("01")], "chapter 01 has two rows"),
        ([row("01", "02"), row("02", "01")], "wait for each other: 0[12] before 0[12] before 0[12]"),
        ([row("01", "01")], "wait for each other: 01 before 01"),
    ],
)
def test_a_table_that_cannot_be_drawn_is_refused(rows, message):
    with pytest.raises(chapter_map.MapError, match=message):
        chapter_map.check(rows)


def build(folder, page, builder="html", **more):
    """Build a book of three chapters, warnings being errors, and return the folder of its pages."""
    (folder / "index.md").write_text(f"{page}\n```{{toctree}}\na\nb\nc\n```\n", encoding="utf-8")
    for name, title in TITLES.items():
        (folder / f"{name}.md").write_text(f"(ch-{name})=\n# {title}\n", encoding="utf-8")
    out = folder / "out"
    settings = {
        "extensions": ["myst_parser", "bookkit.chapter_map"],
        "project": "p",
        "version": "1",
        "epub_copyright": "c",
    }
    settings |= more
    with docutils_namespace():
        Sphinx(folder, None, out, folder / "doctrees", builder, settings, status=None, warningiserror=True).build()
    return out


def test_the_page_shows_the_table_as_a_map(tmp_path):
    html = (build(tmp_path, PAGE.format(rows="\n".join(ROWS))) / "index.html").read_text(encoding="utf-8")
    svg = BeautifulSoup(html, "html.parser").select_one("svg.chapter-map")
    links = svg.select("a")
    assert [link["href"] for link in links] == ["a.html", "b.html", "c.html"]
    assert links[0]["aria-label"] == "01 First & foremost"
    assert " ".join(links[1].get_text().split()) == "02 Second thoughts on things"
    assert links[2]["aria-label"] == "03 Third, after 02"
    assert [(path["data-from"], path["data-to"]) for path in svg.select("path")] == [("01", "02"), ("02", "03")]
    picture = svg.select_one("[role=img]")
    assert svg.find(id=picture["aria-labelledby"]).text == "The chapters"
    assert svg.find(id=picture["aria-describedby"]).text.endswith("03 Third, after 02")


def test_the_map_is_well_formed_for_an_epub(tmp_path):
    html = (build(tmp_path, PAGE.format(rows="\n".join(ROWS))) / "index.html").read_text(encoding="utf-8")
    svg = ElementTree.fromstring(re.search("<svg class=.chapter-map.*?</svg>", html, re.DOTALL)[0])
    assert next(svg.iter("a")).get("aria-label") == "01 First & foremost"


def test_a_translated_book_has_a_translated_map(tmp_path, monkeypatch):
    monkeypatch.setattr("sphinx.locale.translators", {})  # Sphinx would keep the catalogs for the next build
    words = {"index": {"after": "nach", "The chapters": "Die Kapitel"}, "c": {"Third": "Drittes"}}
    catalogs = tmp_path / "locale" / "de" / "LC_MESSAGES"
    catalogs.mkdir(parents=True)
    for name, pairs in words.items():
        lines = [f'msgid "{one}"\nmsgstr "{other}"\n' for one, other in {"": CHARSET, **pairs}.items()]
        (catalogs / f"{name}.po").write_text("\n".join(lines), encoding="utf-8")
    page = PAGE.format(rows="\n".join(ROWS))
    html = (build(tmp_path, page, language="de", locale_dirs=["locale"]) / "index.html").read_text(encoding="utf-8")
    svg = BeautifulSoup(html, "html.parser").select_one("svg.chapter-map")
    assert svg.select("a")[2]["aria-label"] == "03 Drittes, nach 02"
    assert svg.find("title").text == "Die Kapitel"


def test_a_builder_without_pictures_gets_a_list(tmp_path):
    text = (build(tmp_path, PAGE.format(rows="\n".join(ROWS)), "text") / "index.txt").read_text(encoding="utf-8")
    assert "* 02 Second thoughts on things, after 01" in text


@pytest.mark.parametrize("builder", ["epub", "latex", "gettext", "singlehtml"])
def test_no_builder_fails(tmp_path, builder):
    assert build(tmp_path, PAGE.format(rows="\n".join(ROWS)), builder).is_dir()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (PAGE.format(rows="| 01 | {ref}`ch-a` | 07 |"), "index: chapter 01 comes after '07'"),
        (PAGE.format(rows="| 01 | {ref}`ch-z` | – |"), "index: chapter 01 refers to 'ch-z', which labels no title"),
        (PAGE.format(rows="| 01 | no reference | – |"), "needs a number and a {ref}"),
        ("# The book\n\n```{chapter-map}\n```\n", "index: a section with {chapter-map} needs the table"),
    ],
)
def test_the_build_stops_at_a_table_that_cannot_be_drawn(tmp_path, page, message):
    with pytest.raises(chapter_map.MapError, match=message):
        build(tmp_path, page)
