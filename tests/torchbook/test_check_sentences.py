"""What a check says is true: of the answer, of the numbers that it shows, and of the error that it tells."""

from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.exercises import problems
from torchbook.exercises.compare import apart, first_line, largest, named, numbers, parts


@pytest.mark.parametrize("part", [torch.tensor([6.0]), np.array([[6.0]]), torch.tensor(6.0), np.float32(6)])
def test_a_tensor_with_one_number_is_a_number(part):
    assert numbers([part, 7], 2) == [6.0, 7]
    assert parts(((8, 64), part), 2, "parts") == [[8, 64], 6.0]


@pytest.mark.parametrize(
    ("value", "bar", "shown"),
    [(0.2004, 0.2, "0.2004"), (0.31, 0.2, "0.31"), (0.2, 0.2, "0.20"), (94.996, 95, "94.996")],
)
def test_a_number_is_shown_with_the_digits_that_tell_it_from_the_bar(value, bar, shown):
    assert apart(value, bar) == shown


def test_digits_end_where_those_of_a_float_end():
    value = np.nextafter(0.2, 1)
    assert len(apart(value, 0.2)) <= len("0.") + 17
    assert apart(float("nan"), 0.2) == "nan"


@pytest.mark.parametrize(
    ("error", "line", "whole"),
    [
        (ValueError("one\ntwo"), "one", "ValueError: one"),
        (NotImplementedError(), "NotImplementedError", "NotImplementedError"),
        (ValueError("\n"), "", "ValueError: "),
    ],
)
def test_the_first_line_of_an_error_or_its_name(error, line, whole):
    assert first_line(error) == line
    assert named(error) == whole


def made_by_numpy(a):
    return torch.from_numpy(np.ones((50, 50, 50), dtype=np.float32).sum(axis=2))


@pytest.mark.parametrize(
    "answer",
    [
        made_by_numpy,
        lambda a: (a[:, None, None] * a[:, None] * a).sum(),
        lambda a: torch.vmap(lambda x: torch.vmap(lambda y: (x * y * a).sum())(a))(a),
        lambda a: torch.ones(50, 50, 50).unbind()[0],
    ],
)
def test_the_largest_tensor_is_seen_inside_vmap_and_numpy_too(answer):
    assert largest(answer, torch.ones(50)) >= 50**3


def test_a_small_one_is_not_called_large():
    assert largest(lambda a: (a[:, None] * a).sum(), torch.ones(50)) == 50**2


def none_for(shape, right):
    return lambda x, *rest: None if x.shape == shape else right(x, *rest)


def descent(w, inputs, targets, lr, steps):
    losses = []
    for _ in range(steps):
        loss = ((inputs @ w - targets) ** 2).sum()
        (slope,) = torch.autograd.grad(loss, w)
        w.data -= lr * slope
        losses.append(loss.item())
    return losses


def down_in_place(function, start):
    start -= 1.0
    return start


def shifts_the_first(images, pixels):
    moved = torch.zeros_like(images)
    moved[0, ..., max(pixels, 0) :] = images[0, ..., : 4 - max(pixels, 0)]
    return moved


def off_by_little(logits, labels, k):
    return (logits.topk(k).indices == labels[:, None]).any(dim=1).double().mean().item() + 2e-6


def not_written(*arguments, **options):
    raise NotImplementedError


class Unfinished(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, kernel_size=5)
        self.fc = nn.Linear(64, 10)

    forward = not_written


def nan_logits():
    return nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(64, 10), nn.Threshold(9.0, torch.nan))


def save_without_model(path, model, optimizer, generator):
    state = (optimizer.state_dict(), generator.get_state(), torch.get_rng_state())
    torch.save(state, path)


def resume_without_model(path, model, optimizer, generator):
    moments, order, drawn = torch.load(path)
    optimizer.load_state_dict(moments)
    generator.set_state(order)
    torch.set_rng_state(drawn)


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("01-2", none_for((3, 3), lambda x: F.normalize(x, dim=1)), "a (3, 3) matrix: your function returned nothing"),
        ("01-3", none_for((200, 20), lambda a, b: torch.cdist(a, b) ** 2), "200 points against themselves: your"),
        ("01-4", not_written, "stopped with NotImplementedError"),
        ("01-5", lambda pixels, labels, new: labels[: len(new)].float(), "labels are whole numbers"),
        ("02-5", down_in_place, "from [-1.2, 1.0] the value"),
        ("03-3", Unfinished, "with a batch of 1 it stops: NotImplementedError"),
        ("03-5", nan_logits, "the logits contain nan"),
        ("04-2", lambda w, *rest, **options: w.float(), "the result should have type torch.float64"),
        ("05-2", shifts_the_first, "row 0 of channel 0 of image 1 should be [25.0, 26.0, 27.0, 28.0], not [0.0"),
        ("06-3", (save_without_model, resume_without_model), "after resume the model does not have the weights"),
    ],
)
def test_the_first_sentence_says_what_is_wrong(exercise, answer, words):
    assert words in problems(exercise, answer)[0]


def test_a_wrong_first_step_is_all_that_is_said_of_the_steps():
    assert problems("02-4", descent) == ["already the first step differs from that of torch.optim.SGD."]


def test_two_numbers_that_differ_are_not_shown_alike():
    (sentence,) = problems("05-4", off_by_little)
    expected, found = sentence.removesuffix(".").split(" should be ")[1].split(", yours is ")
    assert float(found) > float(expected)


def test_the_first_check_of_a_session_changes_no_setting():
    code = """
import os, warnings
import torch, torchbook.exercises
def settings():
    return list(warnings.filters), dict(os.environ)
before = settings()
for number in range(1, 14):
    torchbook.exercises.problems(f"{number:02}-1", None)
    assert settings() == before, number
torchbook.exercises.problems("06-5", (print, print))
assert settings() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)
