"""Drawings of cells: the numbers are those of PyTorch's cells, and the picture is well-formed and has no colours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import torch
from torch import nn
from torchbook.cell_drawing import draw_gru, draw_lstm

SVG = "{http://www.w3.org/2000/svg}"


def words(drawing) -> list[str]:
    return [text.text or "" for text in ET.fromstring(drawing._repr_html_()).iter(f"{SVG}text")]


def parts(cell: nn.RNNCellBase, x, h) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """What input and state give to each gate of a cell with one unit."""
    return list(
        zip((cell.weight_ih @ x + cell.bias_ih).unbind(), (cell.weight_hh @ h + cell.bias_hh).unbind(), strict=True)
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_drawn_states_are_pytorchs(seed):
    torch.manual_seed(seed)
    x, h, c = torch.randn(3), torch.randn(1), torch.randn(1)
    lstm, gru = nn.LSTMCell(3, 1), nn.GRUCell(3, 1)
    i, f, g, o = (a + b for a, b in parts(lstm, x, h))
    drawing = draw_lstm(i.sigmoid().item(), f.sigmoid().item(), g.tanh().item(), o.sigmoid().item(), c.item())
    new_h, new_c = lstm(x, (h, c))
    assert f"h′ {new_h.item():.2f}" in words(drawing)
    assert f"c′ {new_c.item():.2f}" in words(drawing)
    (r_x, r_h), (z_x, z_h), (n_x, n_h) = parts(gru, x, h)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    drawing = draw_gru(r.item(), z.item(), (n_x + r * n_h).tanh().item(), h.item())
    assert f"h′ {gru(x, h).item():.2f}" in words(drawing)


@pytest.mark.parametrize("drawing", [draw_lstm(0.1, 0.9, -0.5, 0.7, 2.0, "a < b"), draw_gru(0.2, 0.6, -0.4, 0.5)])
def test_is_well_formed_and_has_the_colours_of_the_page(drawing):
    root = ET.fromstring(drawing._repr_html_())
    assert root.get("role") == "img"
    assert root.get("aria-label") == " ".join(repr(drawing).split()) == drawing.alt
    assert max(map(len, repr(drawing).splitlines())) <= 88
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawing._repr_html_()))
    assert colours == {"currentColor", "none"}
    width, height = (float(number) for number in root.get("viewBox").split()[2:])
    for text in root.iter(f"{SVG}text"):
        assert 0 < float(text.get("x")) < width
        assert 0 < float(text.get("y")) < height


@pytest.mark.parametrize("value", ["0.10", "0.90", "-0.50", "0.70"])
def test_says_and_shows_every_gate(value):
    drawing = draw_lstm(0.1, 0.9, -0.5, 0.7, 2.0, "a step")
    assert value in words(drawing)
    assert value in drawing.alt
    assert drawing.alt.startswith("a step: one step")
