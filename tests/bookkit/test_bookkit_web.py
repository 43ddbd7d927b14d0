"""What the site is made of beside its text: formulas, fonts, figures, Chinese, the index of the search."""

from __future__ import annotations

from html import unescape
import json
import re

from fontTools.ttLib import TTFont
from PIL import Image
import pytest

from bookkit.formulas import FormulaError, mathml
from bookkit.page_body import last_run, mark_chinese, number_figures
from bookkit.search_index import read_synonyms, sections
from bookkit.web_fonts import FontError, write_fonts


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"\frac{a}{b}", "<mfrac>"),
        (r"x_{t-1}", "<msub>"),
        (r"\sqrt{2/n}", "<msqrt>"),
        (r"\mathit{ab}", "𝑎"),
        (r"\mathbf{W}", "𝐖"),
        ("a < b", 'alttext="a < b"'),
    ],
)
def test_a_formula_becomes_mathml_that_browsers_draw(latex, part):
    found = unescape(mathml(latex))
    assert part in found
    assert 'display="inline"' in found
    assert 'display="block"' in mathml(latex, block=True)


@pytest.mark.parametrize("latex", [r"\begin{aligned}a&=b\\c&=d\end{aligned}", r"\nosuchcommand{a}", r"\frac{a}"])
def test_a_formula_that_would_be_drawn_wrong_stops_the_build(latex):
    with pytest.raises(FormulaError, match=r"simpler commands|in place of 2"):
        mathml(latex)


FACE = '.fa-sun:before{content:"\\f185"}.fa-xmark:before,.fa-times:before{content:"\\f00d"}'


def built(tmp_path, page: str, font: bool = True):
    """A site of one page with the theme's icon font."""
    from importlib.util import find_spec
    from pathlib import Path

    html = tmp_path / "html"
    vendor = html / "_static" / "vendor" / "fontawesome" / "6.5.2"
    for folder in ("css", "webfonts"):
        (vendor / folder).mkdir(parents=True)
    (vendor / "css" / "all.min.css").write_text(FACE)
    theme = Path(find_spec("pydata_sphinx_theme").submodule_search_locations[0])
    for name in ("fa-solid-900.ttf", "fa-brands-400.ttf"):
        [source] = theme.rglob(name)
        (vendor / "webfonts" / name).write_bytes(source.read_bytes())
    (html / "index.html").write_text(page, encoding="utf-8")
    return html


def test_fonts_hold_what_pages_show_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr("bookkit.web_fonts.FROM_STYLE_SHEETS", set())
    html = built(tmp_path, '<i class="fa-solid fa-sun fa-lg"></i><math><mi>x</mi><mo>&#x2211;</mo></math>')
    write_fonts(html)
    static = html / "_static"
    assert {*TTFont(static / "icons-solid.woff").getBestCmap()} == {0xF185}
    assert {0x1D465, 0x2211, ord("x")} <= {*TTFont(static / "formulas.woff").getBestCmap()}
    assert (static / "formulas.woff").stat().st_size < 20_000
    assert '.fa-sun::before { content: "\\f185"; }' in (static / "icons.css").read_text()
    assert not (static / "vendor").exists()


def test_an_icon_that_the_font_lacks_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("bookkit.web_fonts.FROM_STYLE_SHEETS", set())
    with pytest.raises(FontError, match="fa-unicorn-of-mine"):
        write_fonts(built(tmp_path, '<i class="fas fa-unicorn-of-mine"></i>'))


def test_figures_are_numbered_with_their_caption_and_size(tmp_path):
    Image.new("RGB", (60, 40)).save(tmp_path / "a.png")
    sharp = '<img alt="Sharp." src="../_images/a.png" style="width: 30px; height: 20px;" />'
    sharp = f'<a class="reference internal image-reference" href="../_images/a.png">{sharp}\n</a>'
    body = f'<img alt="A curve." src="../_images/a.png" /><p></p><img alt="No file." src="../_images/b.png" />{sharp}'
    found = number_figures(body, "03", [tmp_path])
    assert 'id="figure-03-1"' in found
    assert re.findall(r' width="(\d+)" height="(\d+)"', found) == [("60", "40"), ("30", "20")]
    assert found.count("<figcaption>") == 3
    assert "style=" not in found
    assert re.search(r'<figure [^>]*><a [^>]*href="../_images/a.png"><img [^>]*></a><figcaption>', found)
    assert found.count("</a>") == 1
    assert "<b>Figure 03.2</b>" in found
    assert "<b>Figure 2</b>" in number_figures(body, "", [])


def test_chinese_is_marked_in_prose_alone():
    body = '<p title="卷积">kernel (卷积核, 滤波器)</p><pre>卷积</pre>'
    marked = '<p title="卷积">kernel (<span lang="zh">卷积核</span>, <span lang="zh">滤波器</span>)</p><pre>卷积</pre>'
    assert mark_chinese(body) == marked


PAGE = """<nav><p>Menu</p></nav><article><section id="lenet"><h1><span class="chapter-number">03</span> LeNet
<a class="headerlink" href="#lenet">#</a></h1><p>Reads digits.</p><img alt="x" src="y"/></br>
<section id="rule"><h2>The rule</h2><p>Rounded <b>down</b>.</p><script>no()</script></section></section>
<dl><dt id="term-stride">stride (步幅)</dt><dd>Steps.</dd>
<dt class="sig" id="torchbook.fit">torchbook.fit(model, lr=0.1)</dt><dd>Trains.</dd></dl></article><p>Foot</p>"""


def test_the_index_has_sections_terms_and_names_with_their_anchors():
    assert sections(PAGE) == [
        ["lenet", "LeNet", 1, "Reads digits."],
        ["rule", "The rule", 2, "Rounded down."],
        ["term-stride", "stride (步幅)", 4, "Steps."],
        ["torchbook.fit", "torchbook.fit", 4, "Trains."],
    ]


def test_synonyms_are_one_group_a_line(tmp_path):
    (tmp_path / "words.txt").write_text("# of words\nlr, learning rate\n\ncnn, convnet # networks\n")
    assert read_synonyms(tmp_path / "words.txt") == [["lr", "learning rate"], ["cnn", "convnet"]]


@pytest.mark.parametrize(
    ("metadata", "part"), [({}, "quick profile"), ({"papermill": {}}, "are those of the full run")]
)
def test_a_chapter_says_what_its_outputs_come_from(tmp_path, metadata, part):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_first.ipynb").write_text(json.dumps({"metadata": metadata}))
    foot = last_run(tmp_path, "01_first")
    assert part in foot
    assert "No full run of this chapter has been recorded yet." in foot
