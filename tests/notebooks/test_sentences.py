"""What checks say to wrong answers: the sentence is true of the answer."""

import pytest
from test_exercises import answers
from torchbook.exercises import problems

SAID = [
    ("07-2", "one_largest_for_all", "a row adds up to 0, not to 1"),
    ("07-2", "class_by_class", "uses cross_entropy"),
    ("09-2", "rows_repeated", "many of the numbers are equal"),
    ("09-2", "autograd_left_off", "autograd is off"),
    ("09-2", "without_a_text", "it stops with NotImplementedError"),
    ("09-3", "without_a_text", "it stops with NotImplementedError"),
    ("09-3", "fills_and_leaves_autograd_off", "autograd is off"),
    ("09-5", "without_a_text", "it stops with NotImplementedError"),
    ("09-5", "starts_and_leaves_autograd_off", "autograd is off"),
    ("09-5", "with_scaled_gradients", "computes something else"),
    ("10-3", "NotFinite", "not finite"),
    ("10-3", "Unwritten", "fails: NotImplementedError"),
    ("11-2", "without_a_text", "your answer stopped with ValueError."),
    ("11-3", "lucky_head", "with lr=0 the head changed"),
    ("11-3", "not_a_number", "to nan: the head changed, but it did not learn"),
    ("11-5", "squeezed", "length 1"),
    ("12-3", "scaled_in_place", "q was changed"),
    ("12-3", "cleared_afterwards", "v was changed"),
    ("12-3", "without_itself", "contain nan"),
    ("13-3", "turned", "only turned round"),
    ("13-4", "only_of_the_weight", "gradient of the bias"),
    ("13-5", "sends_where_they_differ", "learns more of rank"),
]
SAID_TO = [  # answers that a function of the module makes
    ("08-2", lambda known: known.gru_and_then(lambda x, h, W, U: x.zero_()), "x was changed"),
    ("08-2", lambda known: known.gru_and_then(lambda x, h, W, U: W["n"].zero_()), 'W["n"] was changed'),
    ("09-3", lambda known: known.each_layer(lambda layer: layer.weight.normal_(0, 0.01)), "should have mean 0 and dev"),
    ("09-3", lambda known: known.each_layer(lambda layer: layer.weight.fill_(0.1)), "equal to one another"),
    (
        "09-4",
        lambda known: lambda function, samples: known.gain(lambda y: 0.98)(function, 100),
        "was given 100 numbers",
    ),
    ("10-2", lambda known: known.written_into(1), "the weight was changed"),
    ("10-2", lambda known: known.written_into(2), "the bias was changed"),
    ("10-5", lambda known: lambda: known.Changed(lambda scores: scores * float("nan")), "are not finite"),
    ("10-5", lambda known: lambda: known.Changed(lambda scores: scores.detach()), "no gradient comes from the scores"),
    ("10-5", lambda known: lambda: known.perceptron().requires_grad_(False), "no gradient comes from the scores"),
    ("11-3", lambda known: known.train_head(steps=lambda n: n + 1), "took 6 steps where steps=5"),
    ("11-3", lambda known: known.by_hand(steps=lambda n: 2 * n), "where 10 steps of gradient descent lead"),
    ("11-3", lambda known: known.train_head(clear=False), "add up"),
    ("11-5", lambda known: known.alone(lambda found: None), "length 1"),
    ("11-5", lambda known: known.wrong_for_the_last(7), "53 of 60 are right; 54 should be"),
    ("12-3", lambda known: known.once_only(), "returned nothing (None)"),
    ("12-5", lambda known: lambda batches: known.LookupWithANumber(), "no optimiser took a step"),
    ("13-1", lambda known: [[[place] for place in share] for share in known.SHARES], "each position is a number"),
    ("13-5", lambda known: known.averaged_beside(known.sends_halves), "learns more of rank"),
    ("13-5", lambda known: lambda step, models, mean: mean(None), "`mean` takes a list"),
]


@pytest.mark.parametrize(("exercise", "name", "words"), SAID)
def test_an_answer_is_told_what_is_wrong_with_it(exercise, name, words):
    assert words in problems(exercise, getattr(answers(exercise[:2]), name))[0]


@pytest.mark.parametrize(("exercise", "make", "words"), SAID_TO)
def test_an_answer_made_to_be_wrong_is_told_so(exercise, make, words):
    assert words in problems(exercise, make(answers(exercise[:2])))[0]


def test_what_is_shown_is_on_the_same_side_of_the_bar_as_what_is_measured(monkeypatch):
    from torchbook.exercises import chapter12

    monkeypatch.setattr(chapter12, "recall_score", lambda answer: (100 * 6399 / 8000, 1))
    assert problems("12-5", print) == ["the model answers 79.99 % of new questions, 80 % are asked for."]
    monkeypatch.setattr(chapter12, "recall_score", lambda answer: (100 * 6400 / 8000, 1))
    assert problems("12-5", print) == []
    monkeypatch.setattr("torchbook.exercises.chapter09.train_one_epoch", lambda *_: (2.151, 0.5))
    assert problems("09-5", answers("09").by_kaiming) == []
