"""The drawing of LeNet: its shapes are the network's, and the picture is well-formed and has no colours of its own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import torch
from torch import nn
from torchbook.lenet_drawing import SHEETS, draw_lenet, stage_shapes
from torchbook.models import LeNet

SVG = "{http://www.w3.org/2000/svg}"


def root_of(model) -> ET.Element:
    return ET.fromstring(draw_lenet(model)._repr_html_())


def test_shapes_are_those_that_hooks_measure():
    model, seen = LeNet(), []
    for module in model.children():
        module.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape[1:])))
    model(torch.zeros(1, 1, 32, 32))
    expected = list(seen)  # the drawing calls the layers, and so the hooks, once more
    by_layer = [shape for how, shape in stage_shapes(model) if how.startswith(("conv", "linear"))]
    assert by_layer == expected


def test_the_last_stage_is_the_network_s_output():
    model = LeNet(in_channels=3, classes=7)
    assert stage_shapes(model)[0] == ("image", (3, 32, 32))
    assert stage_shapes(model)[-1][1] == tuple(model(torch.zeros(1, 3, 32, 32)).shape[1:])


@pytest.mark.parametrize("model", [LeNet(), LeNet(in_channels=3, classes=7)])
def test_every_shape_is_shown_and_said(model):
    words = [text.text for text in root_of(model).iter(f"{SVG}text")]
    for _, shape in stage_shapes(model):
        assert " × ".join(map(str, shape)) in words
        assert " × ".join(map(str, shape)) in draw_lenet(model).alt


def test_another_network_gives_another_drawing():
    wide = LeNet()
    wide.conv1 = nn.Conv2d(1, 8, kernel_size=5)
    wide.conv2 = nn.Conv2d(8, 16, kernel_size=5)
    assert "8 × 28 × 28" in draw_lenet(wide).alt
    assert "6 × 28 × 28" in draw_lenet(LeNet()).alt


def test_no_more_sheets_than_maps():
    rectangles = len(list(root_of(LeNet()).iter(f"{SVG}rect")))
    assert rectangles == 1 + 2 * 6 + 2 * SHEETS + 4


def test_is_well_formed_inside_its_frame_and_has_the_colours_of_the_page():
    root = root_of(LeNet())
    assert root.get("role") == "img"
    colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', draw_lenet(LeNet())._repr_html_()))
    assert colours == {"currentColor", "none"}
    width, height = (float(number) for number in root.get("viewBox").split()[2:])
    for text in root.iter(f"{SVG}text"):
        half = 3.2 * len(text.text)
        assert half < float(text.get("x")) < width - half
        assert 0 < float(text.get("y")) < height
    for box in root.iter(f"{SVG}rect"):
        assert 0 < float(box.get("x")) < width - float(box.get("width"))
        assert 0 < float(box.get("y")) < height - float(box.get("height"))
