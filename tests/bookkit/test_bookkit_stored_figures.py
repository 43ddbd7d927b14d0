"""Figures as the notebooks keep them: the same picture in fewer bytes."""

from __future__ import annotations

from base64 import b64decode, b64encode
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
import pytest

from bookkit.stored_figures import stored_figure


def opened(data: str) -> Image.Image:
    return Image.open(BytesIO(b64decode(data)))


@pytest.fixture
def drawn() -> str:
    figure, ax = plt.subplots(figsize=(4, 3))
    ax.plot(np.random.default_rng(0).random((60, 3)))
    file = BytesIO()
    figure.savefig(file, format="png", dpi=200)
    plt.close(figure)
    return b64encode(file.getvalue()).decode("ascii")


def test_a_chart_becomes_smaller_and_looks_the_same(drawn):
    found = stored_figure(drawn)
    assert len(found) < 0.6 * len(drawn)
    before, after = (np.asarray(opened(data).convert("RGB"), dtype=int) for data in (drawn, found))
    assert before.shape == after.shape
    assert np.abs(before - after).mean() < 0.3
    assert opened(found).info["dpi"] == pytest.approx((200, 200), abs=0.1)


def test_what_is_saved_once_more_stays_as_it_is(drawn):
    once = stored_figure(drawn)
    assert stored_figure(once) == once


def test_a_photograph_keeps_its_colours_and_a_transparent_picture_its_bytes():
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    for image, kept in ((Image.fromarray(noise), True), (Image.new("RGBA", (4, 4), (1, 2, 3, 9)), False)):
        file = BytesIO()
        image.save(file, "PNG")
        data = b64encode(file.getvalue()).decode("ascii")
        found = opened(stored_figure(data))
        if kept:
            assert np.array_equal(np.asarray(found.convert("RGB")), noise)
        else:
            assert stored_figure(data) == data
