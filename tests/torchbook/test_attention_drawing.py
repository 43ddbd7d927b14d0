"""The drawing of a transformer block: its shapes are PyTorch's, it is well-formed and has no colours of its own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import torch
from torch import nn
from torchbook.attention_drawing import draw_block

SVG = "{http://www.w3.org/2000/svg}"


def words(drawing) -> list[str]:
    return [text.text or "" for text in ET.fromstring(drawing._repr_html_()).iter(f"{SVG}text")]


@pytest.mark.parametrize(("length", "width", "heads"), [(6, 12, 3), (5, 8, 1)])
def test_drawn_shapes_are_pytorchs(length, width, heads):
    module = nn.MultiheadAttention(width, heads, batch_first=True)
    x = torch.randn(1, length, width)
    outputs, weights = module(x, x, x, average_attn_weights=False)
    shown = words(draw_block(length, width, heads))
    assert shown.count(str(tuple(weights.shape[1:]))) == 3  # scores, masked scores, weights
    assert f"q ({heads}, {length}, {width // heads})" in shown
    assert f"x {tuple(outputs.shape[1:])}" in shown


def test_is_well_formed_within_its_frame_and_has_the_colours_of_the_page():
    drawing = draw_block(128, 512, 8)
    root = ET.fromstring(drawing._repr_html_())
    assert root.get("role") == "img"
    assert root.get("aria-label") == " ".join(repr(drawing).split()) == drawing.alt
    assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawing._repr_html_())) == {"currentColor", "none"}
    width, height = (float(number) for number in root.get("viewBox").split()[2:])
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.get("x")) < width
        assert 0 < float(text.get("y")) < height


@pytest.mark.parametrize("numbers", [(6, 12, 5), (0, 12, 3), (6, 12, 0)])
def test_numbers_that_do_not_fit_are_refused(numbers):
    with pytest.raises(ValueError, match="divide width"):
        draw_block(*numbers)
