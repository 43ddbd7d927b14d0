"""The drawing of the ring: well-formed, without colours, and with the numbers it was given."""

import xml.etree.ElementTree as ET

import pytest
from torchbook.ring_drawing import draw_ring

SVG = "{http://www.w3.org/2000/svg}"
TWO = [[[1, 10], [2, 20]], [[1, 30], [3, 20]], [[3, 30], [3, 30]]]  # not the ring's own order of pieces


def test_each_number_and_line_is_drawn():
    picture = ET.fromstring(draw_ring(TWO)._repr_html_())
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert [word for word in words if word.isdigit()] == [f"{n}" for state in TWO for rank in state for n in rank]
    assert [word for word in words if not word.isdigit()] == [
        "start",
        "rank 0",
        "rank 1",
        "add, step 1",
        "copy, step 2",
    ]
    assert len(list(picture.iter(f"{SVG}path"))) == 4
    finished = [box for box in picture.iter(f"{SVG}rect") if box.get("stroke-width") == "3"]
    assert len(finished) == 6  # two after the first step, four at the end


def test_the_words_say_what_all_hold_at_the_end():
    drawing = draw_ring(TWO)
    assert "2 processes in 2 steps" in drawing.alt
    assert drawing.alt.endswith("all hold 3, 30.")
    assert "rgb" not in drawing._repr_html_()
    assert "#" not in drawing._repr_html_()


def test_a_missing_step_is_refused():
    with pytest.raises(ValueError, match="3 states, got 2"):
        draw_ring(TWO[:2])
