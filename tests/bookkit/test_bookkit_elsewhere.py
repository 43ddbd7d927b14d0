"""The set-up cell and its one home, the site's downloads, the buttons that need an address."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from types import SimpleNamespace

from bs4 import BeautifulSoup
from IPython.core.inputtransformer2 import TransformerManager
import nbformat
import pytest
from tiny_books import code, make_book, markdown, notebook, printed
import torchbook
import yaml

from bookkit import downloads, elsewhere, save, site
from bookkit.digests import changed_cells
from bookkit.elsewhere import Addresses, setup_source, with_setup
from bookkit.notebooks import SETUP, BookError, Chapter, find_chapters, find_root

SITE = "https://book.example/torch"
REPOSITORY = "https://github.com/somebody/book"
WHEEL = f"torchbook-{torchbook.__version__}-py3-none-any.whl"


def chapter() -> nbformat.NotebookNode:
    return notebook(
        markdown("# First\n\nSee [second](02_second.ipynb#sec-02), [a word](../book/page.md#word)."),
        code("import os"),
        code("epochs = 2", "parameters"),
        markdown("Run it: [out](https://else.example/a.md), [here](#sec-01), [gone](09_gone.ipynb)."),
        code("print(epochs)", outputs=[printed("2\n")]),
        executed=True,
    )


def run(source: str, magics: list[tuple[str, str]]) -> None:
    """Execute a cell as IPython does; `magics` collects what it would hand to a magic."""
    shell = SimpleNamespace(run_line_magic=lambda name, line: magics.append((name, line)))
    exec(TransformerManager().transform_cell(source), {"get_ipython": lambda: shell})


@pytest.mark.parametrize(
    ("addresses", "extra", "required"),
    [
        (Addresses(), "", ""),
        (Addresses(site=SITE), "", f"torchbook @ {SITE}/_static/{WHEEL}"),
        (Addresses(SITE, REPOSITORY, "main"), "[export]", f"torchbook[export] @ {SITE}/_static/{WHEEL}"),
        (Addresses("", REPOSITORY, "main"), "", f"torchbook @ git+{REPOSITORY}@main"),
        (Addresses("", REPOSITORY), "[export]", f"torchbook[export] @ git+{REPOSITORY}"),
    ],
)
def test_where_torchbook_is_missing_the_cell_installs_or_says_what_to_do(addresses, extra, required, monkeypatch):
    source, magics = setup_source(addresses, extra), []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    if required:
        run(source, magics)
        assert magics == [("pip", f'install --quiet "{required}"')]
    else:
        with pytest.raises(ModuleNotFoundError, match=rf"make lab.* {re.escape(WHEEL)} "):
            run(source, magics)
        assert magics == []


@pytest.mark.parametrize("addresses", [Addresses(), Addresses(site=SITE)])
def test_where_torchbook_is_there_the_cell_does_nothing(addresses):
    magics = []
    run(setup_source(addresses), magics)
    assert magics == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("title: x", Addresses()),
        ("html:\nrepository:", Addresses()),
        (f"html: {{baseurl: {SITE}/}}", Addresses(SITE)),
        (f"repository: {{url: {REPOSITORY}/, branch: dev}}", Addresses("", REPOSITORY, "dev")),
    ],
)
def test_the_addresses_are_read(tmp_path, text, found):
    (tmp_path / "_config.yml").write_text(text)
    assert elsewhere.read_addresses(tmp_path / "_config.yml") == found


@pytest.mark.parametrize("text", ["html: {baseurl: book.example}", "repository: {url: 'git@github.com:a/b'}"])
def test_an_address_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "_config.yml").write_text(text)
    with pytest.raises(BookError, match=r"in _config\.yml is .* begins with https://"):
        elsewhere.read_addresses(tmp_path / "_config.yml")


def test_the_cell_is_the_first_code_cell_folded_and_changes_nothing_else():
    before = chapter()
    after = with_setup(before, Addresses())
    assert [cell.id for cell in after.cells] == ["id-1", SETUP, "id-2", "id-3", "id-4", "id-5"]
    assert [cell for cell in after.cells if cell.id != SETUP] == before.cells
    assert after.metadata == before.metadata
    assert after.cells[1].metadata.jupyter.source_hidden
    assert {SETUP, "hide-cell"} <= set(after.cells[1].metadata.tags)
    assert after.cells[1].source.splitlines()[0] == "# Set-up: does nothing where torchbook is installed"
    nbformat.validate(after)


@pytest.mark.parametrize("addresses", [Addresses(), Addresses(site=SITE)])
def test_the_digests_of_a_stored_run_hold_with_the_cell_and_with_another_address(addresses):
    once = with_setup(chapter(), Addresses(repository=REPOSITORY))
    assert with_setup(once, Addresses(repository=REPOSITORY)) == once
    assert list(changed_cells(with_setup(once, addresses))) == []


@pytest.mark.parametrize(
    "line", ["import onnx", "    from safetensors.torch import save_file", "import torchbook.export"]
)
def test_a_chapter_that_exports_gets_the_extra_for_it(line):
    assert "torchbook[export] @" in with_setup(notebook(code(line)), Addresses(site=SITE)).cells[0].source
    assert "torchbook @" in with_setup(notebook(code(f"# {line}")), Addresses(site=SITE)).cells[0].source


def moved(book):
    book.cells.append(book.cells.pop(1))


BAD = {
    "missing": (None, lambda book: book.cells.pop(1)),
    "edited": (2, lambda book: book.cells[1].update(source=book.cells[1].source + "\nimport os")),
    "printed": (2, lambda book: book.cells[1].update(outputs=[printed("x")])),
    "open": (2, lambda book: book.cells[1].metadata.update(jupyter={})),
    "moved": (6, moved),
    "second": (2, lambda book: book.cells.append(code("!pip install x", SETUP))),
}


@pytest.mark.parametrize("case", BAD)
def test_lint_tells_a_cell_that_is_not_as_made(tmp_path, case):
    number, change = BAD[case]
    book = with_setup(chapter(), Addresses())
    root = make_book(tmp_path / "book", {"01_first": book})
    assert list(elsewhere.setup_cell(Chapter(root / "notebooks" / "01_first.ipynb"))) == []
    change(book)
    nbformat.write(book, root / "notebooks" / "01_first.ipynb")
    [(cell, sentence)] = elsewhere.setup_cell(Chapter(root / "notebooks" / "01_first.ipynb"))
    assert cell == number
    assert "run python -m bookkit.elsewhere" in sentence


@pytest.mark.parametrize("one", find_chapters(find_root(), pages=True), ids=lambda one: one.name)
def test_every_chapter_and_executed_page_has_the_cell(one):
    assert list(elsewhere.setup_cell(one)) == []


def test_the_command_writes_where_something_changes(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": chapter(), "02_second": chapter()})
    (root / "book").mkdir()
    nbformat.write(chapter(), root / "book" / "page.ipynb")
    names = ("notebooks/01_first.ipynb", "notebooks/02_second.ipynb", "book/page.ipynb")
    paths = [root / name for name in names]
    assert elsewhere.write_setup(root) == paths
    assert elsewhere.write_setup(root) == []
    (root / "_config.yml").write_text(f"html: {{baseurl: {SITE}}}")
    assert elsewhere.write_setup(root) == paths
    assert f"{SITE}/_static" in paths[2].read_text()


def test_a_saved_run_counts_the_cell_and_drops_what_it_said(tmp_path):
    source = with_setup(chapter(), Addresses())
    ran = nbformat.from_dict(json.loads(json.dumps(source)))
    for count, cell in enumerate((cell for cell in ran.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
    ran.cells[1].outputs = [printed("noise")]
    cleaned = save.clean(source, ran, tmp_path)
    assert [cell.execution_count for cell in cleaned.cells if cell.cell_type == "code"] == [1, 2, 3, 4]
    assert list(changed_cells(cleaned)) == []
    assert cleaned.cells[1] == {**source.cells[1], "execution_count": 1}
    assert with_setup(cleaned, Addresses()) == cleaned


def test_a_full_run_from_before_the_cell_is_still_todays(tmp_path):
    root = make_book(tmp_path / "book", {"01_first": with_setup(chapter(), Addresses())}, profiles="")
    copy = tmp_path / "01_first.ipynb"
    nbformat.write(chapter(), copy)
    site.refuse_stale(root, copy)


def test_links_lead_to_the_site_where_it_has_the_page(tmp_path):
    for name, ids in {"notebooks/02_second": ["sec-02"], "book/page": ["term-a-word", "term-word-of-honour"]}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.html").write_text("".join(f'<p id="{one}">' for one in ids))
    book = chapter()
    downloads.link_to_site(book, "notebooks", tmp_path, SITE)
    first, last = book.cells[0].source, book.cells[3].source
    assert f"[second]({SITE}/notebooks/02_second.html#sec-02)" in first
    assert f"[a word]({SITE}/book/page.html#term-a-word)" in first
    assert last == chapter().cells[3].source


@pytest.mark.parametrize(
    ("anchor", "place"),
    [
        ("sec-1", "sec-1"),
        ("kernel", "term-kernel-filter"),
        ("filter", "term-kernel-filter"),
        ("loss", "term-loss"),
        ("", ""),
        ("lo", ""),
    ],
)
def test_an_anchor_is_found_on_the_built_page(tmp_path, anchor, place):
    ids = ["sec-1", "term-kernel-filter", "term-loss", "term-loss-function", "term-log"]
    page = tmp_path / "page.html"
    page.write_text("".join(f'<dt id="{one}">' for one in ids))
    downloads.built_page.cache_clear()
    assert downloads.place_on(page, anchor) == place


def test_the_wheel_is_built_anew_only_when_its_files_change(tmp_path, monkeypatch):
    (tmp_path / "src" / "__pycache__").mkdir(parents=True)
    (tmp_path / "src" / "a.py").write_text("a = 1")
    built = []

    def build(root, folder):
        built.append(folder)
        (folder / WHEEL).write_text("wheel")
        return folder / WHEEL

    monkeypatch.setattr(downloads, "build_wheel", build)
    for expected, change in [(1, "a.py"), (1, "__pycache__/a.pyc"), (2, "a.py"), (3, "b.py")]:
        if built:
            (tmp_path / "src" / change).write_text(f"a = {expected}")
        assert downloads.cached_wheel(tmp_path).name == WHEEL
        assert downloads.cached_wheel(tmp_path).is_file()
        assert len(built) == expected, change


TOC = "format: jb-book\nroot: book/index\nchapters:\n  - file: notebooks/01_first\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site of a tiny book with addresses; tests/site looks at one without."""
    root = make_book(tmp_path_factory.mktemp("site") / "book", {"01_first": chapter()})
    shutil.copytree(find_root() / "book" / "_web", root / "book" / "_web")  # the texts of licences
    (root / "book" / "index.md").write_text("# Start\n\nWords.\n")
    (root / "book" / "_toc.yml").write_text(TOC)
    config = yaml.safe_load((find_root() / "_config.yml").read_text(encoding="utf-8"))
    keep = {"sphinx": {"extra_extensions": ["bookkit.elsewhere"]}, "execute": config["execute"], "title": "tiny"}
    keep |= {"html": config["html"], "repository": {"url": REPOSITORY, "branch": "dev"}, "only_build_toc_files": True}
    (root / "_config.yml").write_text(yaml.safe_dump(keep))
    (root / WHEEL).write_text("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(downloads, "cached_wheel", lambda root: root / WHEEL)
        return site.build_site(root, baseurl=f"{SITE}/").parent


NOTEBOOK = "notebooks/01_first.ipynb"


def test_pages_have_the_buttons_that_lead_somewhere(built):
    page = (built / "notebooks" / "01_first.html").read_text(encoding="utf-8")
    links = [link["href"] for link in BeautifulSoup(page, "html.parser").select(".article-header-buttons a[href]")]
    assert {link.split("?title")[0] for link in links} == {
        f"../_sources/{NOTEBOOK}",
        REPOSITORY,
        f"{REPOSITORY}/edit/dev/{NOTEBOOK}",
        f"{REPOSITORY}/issues/new",
        f"https://mybinder.org/v2/gh/somebody/book/dev?urlpath=lab/tree/{NOTEBOOK}",
        f"https://colab.research.google.com/github/somebody/book/blob/dev/{NOTEBOOK}",
    }


def test_the_site_ships_the_wheel_and_notebooks_that_install_it(built):
    assert (built / "_static" / WHEEL).is_file()
    offered = nbformat.read(built / "_sources" / NOTEBOOK, 4)
    assert f"torchbook @ {SITE}/_static/{WHEEL}" in offered.cells[1].source
    assert offered.cells[1].id == SETUP
    assert "See [second](02_second.ipynb#sec-02)" in offered.cells[0].source  # the site has no such page


@pytest.mark.parametrize(
    ("url", "shown", "launched"),
    [
        ("", False, set()),
        ("https://code.example/github.com/b", False, set()),
        ("https://gitlab.com/a/b", True, {"binderhub_url"}),
        ("https://github.com/a/b", True, {"binderhub_url", "colab_url"}),
    ],
)
def test_a_host_gets_the_buttons_that_can_lead_to_it(url, shown, launched):
    config = SimpleNamespace(html_theme_options={"repository_url": url, "use_issues_button": True})
    elsewhere.show_buttons(None, config)
    assert {config.html_theme_options[button] for button in elsewhere.BUTTONS} == {shown}
    assert {name for name in config.html_theme_options["launch_buttons"] if name.endswith("_url")} == launched
    assert config.html_theme_options["repository_url"] == (url if shown else "")
