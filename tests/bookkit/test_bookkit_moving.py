"""What the build makes for the moving pictures: the chapters' own code, read letter by letter, made once."""

from __future__ import annotations

from pathlib import Path
import shutil

import pytest
import torch
from torchbook.models import CharRNN

from bookkit import moving, moving_networks, moving_stills
from bookkit.notebooks import BookError, find_chapters

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lstm_code():
    [chapter] = find_chapters(ROOT, ["08"])
    return moving_networks.chapter_names(chapter, {"lstm_step", "gates"}, {})


def test_gates_by_letter_are_those_of_pytorchs_layer(lstm_code):
    torch.manual_seed(0)
    model, tokens = CharRNN(7, 5, kind="lstm"), torch.tensor([3, 1, 6, 0])
    found = moving_networks.gates_by_letter(model, tokens, lstm_code)
    assert {key: tuple(values.shape) for key, values in found.items()} == dict.fromkeys("ifgoch", (4, 5))
    outputs, (_, cell) = model.recurrent(model.embedding(tokens)[None])
    torch.testing.assert_close(found["h"], outputs[0])
    torch.testing.assert_close(found["c"][-1:], cell[0])
    before = torch.cat([torch.zeros(1, 5), found["c"][:-1]])
    torch.testing.assert_close(found["f"] * before + found["i"] * found["g"], found["c"])


def test_a_step_that_is_wrong_stops_the_build(lstm_code):
    def other_step(x, state, weights):
        h, c = lstm_code["lstm_step"](x, state, weights)
        return h + 0.01, c

    with pytest.raises(AssertionError):
        moving_networks.gates_by_letter(
            CharRNN(7, 5, kind="lstm"), torch.tensor([3, 1]), {**lstm_code, "lstm_step": other_step}
        )


def test_a_name_that_a_chapter_does_not_define_is_told():
    [chapter] = find_chapters(ROOT, ["08"])
    with pytest.raises(BookError, match="08_lstm does not define no_such_step, which the moving pictures use"):
        moving_networks.chapter_names(chapter, {"lstm_step", "no_such_step"}, {})


def test_sentences_begin_with_a_capital_and_lie_side_by_side():
    text = "end. One two three four. Five six\nseven. Eight nine ten eleven. Twelve of them."
    assert moving_networks.sentences(text, 12) == ["One two thre", "Eight nine t"]


@pytest.mark.parametrize("rate", [0.85, 1.02])
def test_the_still_path_steps_by_rate_times_gradient(rate):
    curvatures = torch.tensor([0.05, 2.0], dtype=torch.float64)
    points = moving_stills.path(curvatures, rate, 3)
    torch.testing.assert_close(points[1:], points[:-1] * (1 - rate * curvatures))


@pytest.fixture
def book(tmp_path) -> Path:
    (tmp_path / "notebooks").mkdir()
    for chapter in find_chapters(ROOT, moving.CHAPTERS):
        shutil.copy(chapter.path, tmp_path / "notebooks")
    return tmp_path


def change(book: Path, old: str, new: str) -> None:
    path = book / "notebooks" / "08_lstm.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_digest_is_of_code_and_not_of_prose(book):
    before = moving.digest_of(book)
    change(book, "# LSTM character models", "# LSTM models of characters")
    assert moving.digest_of(book) == before
    change(book, "torch.sigmoid(f) * c", "torch.sigmoid(f) * 1 * c")
    assert moving.digest_of(book) != before


def test_networks_are_made_once(book, monkeypatch):
    made = []

    def make(book, to):
        made.append(book)
        (to / "networks.js").write_text("Moving.networks = {};\n", encoding="utf-8")
        (to / "networks.pt").write_bytes(b"weights")

    monkeypatch.setattr(moving_networks, "make", make)
    monkeypatch.setattr(moving_stills, "make", lambda to, networks: (to / "one.svg").write_text("<svg/>"))
    html = book / "_build" / "html"
    moving.write_moving(book, html)
    assert not html.exists()  # no page, nothing to show
    (html / moving.PAGE).parent.mkdir(parents=True)
    (html / moving.PAGE).touch()
    for _ in range(2):
        moving.write_moving(book, html)
    assert sorted(path.name for path in (html / moving.FOLDER).iterdir()) == ["networks.js", "one.svg"]
    assert made == [book]
    change(book, "torch.sigmoid(f) * c", "torch.sigmoid(f) * 1 * c")
    moving.write_moving(book, html)
    assert made == [book, book]
    assert len(list((html.parent / "moving").iterdir())) == 1  # what older code made is gone
