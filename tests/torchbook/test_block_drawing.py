"""Drawings of residual blocks: well-formed, in the page's colours, everything named, nothing outside or overlapping."""

from __future__ import annotations

from itertools import combinations
import re
import xml.etree.ElementTree as ET

import pytest
from torchbook.block_drawing import BlockPlan, draw_blocks

SVG = "{http://www.w3.org/2000/svg}"
CONV = "3 × 3 convolution"
BASIC = BlockPlan("basic", [CONV, "batch norm", "ReLU", CONV, "batch norm"], end=["ReLU"])
PROJECTED = BlockPlan("a < b", [CONV, "ReLU"], ["1 × 1 conv.", "batch norm"], ["ReLU"])
PRE = BlockPlan("pre-activation", ["batch norm", "ReLU", CONV])


def root(*plans):
    return ET.fromstring(draw_blocks(*plans)._repr_html_())


@pytest.mark.parametrize("plans", [[BASIC], [BASIC, PROJECTED], [PRE, PROJECTED, BASIC]])
def test_is_well_formed_within_its_frame_and_in_the_colours_of_the_page(plans):
    drawing, svg = draw_blocks(*plans), root(*plans)
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == drawing.alt
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawing._repr_html_()))
    assert colours == {"currentColor", "none"}
    width, height = (float(number) for number in svg.get("viewBox").split()[2:])
    for box in svg.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 < x < x + w < width
        assert 0 < y < y + h < height
    for path in svg.iter(f"{SVG}path"):
        for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.get("d")):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height


def test_boxes_do_not_overlap():
    boxes = [
        [float(box.get(name)) for name in ("x", "y", "width", "height")]
        for box in root(PROJECTED, BASIC, PRE).iter(f"{SVG}rect")
    ]
    for (x, y, w, h), (u, v, other_w, other_h) in combinations(boxes, 2):
        assert x + w < u or u + other_w < x or y + h < v or v + other_h < y


@pytest.mark.parametrize("plan", [BASIC, PROJECTED, PRE])
def test_names_every_layer_in_its_order_in_picture_and_words(plan):
    layers = [*plan.branch, *plan.shortcut, *plan.end]
    words = [text.text for text in root(plan).iter(f"{SVG}text")]
    assert [word for word in words if word not in ("x", "+", plan.title)] == layers
    assert words.count("+") == 1
    assert ", ".join(plan.branch) in draw_blocks(plan).alt
    assert ("stays as it is" in draw_blocks(plan).alt) == (not plan.shortcut)


@pytest.mark.parametrize("plans", [[], [BlockPlan("empty", [])]])
def test_refuses_what_is_no_block(plans):
    with pytest.raises(ValueError, match="one block or more"):
        draw_blocks(*plans)
