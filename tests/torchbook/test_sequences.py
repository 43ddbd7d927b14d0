"""Vocabulary, windows, the loss on a text and sampling."""

import contextlib
import math

import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.models import CharRNN
from torchbook.sequences import Vocabulary, sample, text_batches, text_loss


class FixedScores(nn.Module):
    """A model whose scores do not depend on the text; it counts the tokens that it has read."""

    def __init__(self, scores):
        super().__init__()
        self.scores = nn.Parameter(torch.tensor(scores))

    def forward(self, tokens, state=None):
        read = (0 if state is None else state) + tokens.shape[1]
        return self.scores.expand(*tokens.shape, -1), read


@pytest.fixture
def vocabulary():
    return Vocabulary("hello\n")


@pytest.fixture
def model():
    torch.manual_seed(0)
    return CharRNN(5, 8, embedding_size=4)


def test_vocabulary_is_sorted_and_goes_there_and_back(vocabulary):
    assert vocabulary.chars == "\nehlo"
    assert len(vocabulary) == 5
    tokens = vocabulary.encode("hello\n")
    assert tokens.tolist() == [2, 1, 3, 3, 4, 0]
    assert tokens.dtype == torch.long
    assert vocabulary.decode(tokens) == "hello\n"
    assert vocabulary.decode([2, 1]) == "he"


def test_vocabulary_comes_again_from_its_characters(vocabulary):
    assert Vocabulary(vocabulary.chars).chars == vocabulary.chars


def test_empty_text_encodes_to_no_tokens(vocabulary):
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.decode(vocabulary.encode("")) == ""


def test_vocabulary_refuses_the_unknown(vocabulary):
    with pytest.raises(ValueError, match="has no 'x'; its 5 characters are"):
        vocabulary.encode("hex")
    with pytest.raises(ValueError, match="from 0 to 4, got 1 to 5"):
        vocabulary.decode([1, 5])
    with pytest.raises(ValueError, match="from 0 to 4, got -1"):
        vocabulary.decode(torch.tensor([-1]))
    with pytest.raises(ValueError, match="text is empty"):
        Vocabulary("")


@pytest.mark.parametrize(("length", "batch_size", "steps"), [(15, 2, 3), (16, 2, 3), (100, 7, 5), (8, 7, 4), (2, 1, 9)])
def test_batches_hold_each_stream_in_order(length, batch_size, steps):
    tokens = torch.arange(length)
    batches = text_batches(tokens, batch_size, steps)
    inputs = torch.cat([inputs for inputs, _ in batches], dim=1)
    targets = torch.cat([targets for _, targets in batches], dim=1)
    assert torch.equal(inputs.flatten(), tokens[: inputs.numel()])  # streams one after the other: nothing is lost
    assert torch.equal(targets, inputs + 1)
    assert 0 <= length - 1 - inputs.numel() < batch_size
    assert all(part.shape[0] == batch_size and part.shape[1] <= steps for part, _ in batches)
    assert all(part.shape[1] == steps for part, _ in batches[:-1])


def test_batches_are_views():
    tokens = torch.arange(15)
    batches = text_batches(tokens, 2, 3)
    tokens[0] = 99
    assert batches[0][0][0, 0] == 99


@pytest.mark.parametrize(("batch_size", "steps"), [(0, 3), (2, 0), (-1, 3)])
def test_batches_refuse_numbers_below_one(batch_size, steps):
    with pytest.raises(ValueError, match="must be 1 or more"):
        text_batches(torch.arange(15), batch_size, steps)


def test_batches_refuse_a_short_text():
    with pytest.raises(ValueError, match="5 streams need 6 tokens or more, got 5"):
        text_batches(torch.arange(5), 5, 1)


@pytest.mark.parametrize("steps", [1, 4, 100])
def test_text_loss_does_not_depend_on_the_windows(model, steps):
    tokens = torch.randint(5, (43,), generator=torch.Generator().manual_seed(1))
    logits, _ = model(tokens[None, :-1])
    expected = F.cross_entropy(logits[0], tokens[1:]).item()
    assert text_loss(model, text_batches(tokens, 1, steps)) == pytest.approx(expected, rel=1e-5)


def test_text_loss_leaves_the_model_as_it_was(model):
    batches = text_batches(torch.arange(5).repeat(4), 2, 3)
    before = [p.detach().clone() for p in model.parameters()]
    model.train()
    text_loss(model, batches)
    assert model.training
    model.eval()
    text_loss(model, batches)
    assert not model.training
    assert all(torch.equal(a, b) and b.grad is None for a, b in zip(before, model.parameters(), strict=True))


def test_text_loss_measures_without_dropout():
    torch.manual_seed(0)
    noisy = CharRNN(5, 8, dropout=0.5).train()
    batches = text_batches(torch.arange(5).repeat(4), 2, 3)
    assert text_loss(noisy, batches) == text_loss(noisy, batches)


def test_text_loss_refuses_no_batch(model):
    with pytest.raises(ValueError, match="no batch"):
        text_loss(model, [])


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.5, None), (2.0, 3), (1.0, 1)])
def test_sample_draws_with_the_softmax_of_the_scores(vocabulary, temperature, top_k):
    scores = torch.tensor([1.0, 2.2, -3.0, 4.1, 1.5])
    allowed = scores.topk(top_k or 5).indices
    expected = torch.zeros(5)
    expected[allowed] = F.softmax(scores[allowed] / temperature, dim=0)
    generator = torch.Generator().manual_seed(0)
    text = sample(FixedScores(scores.tolist()), vocabulary, "h", 4000, temperature, top_k, generator)
    found = torch.bincount(vocabulary.encode(text[1:]), minlength=5) / 4000
    assert (found - expected).abs().max() < 0.03
    assert (found[expected == 0] == 0).all()


def test_sample_equals_a_walk_without_a_carried_state(model, vocabulary):
    text = sample(model, vocabulary, "he", 10, top_k=1)
    expected = "he"
    for _ in range(10):
        logits, _ = model(vocabulary.encode(expected)[None])
        expected += vocabulary.chars[logits[0, -1].argmax()]
    assert text == expected


def test_sample_repeats_with_its_seed(model, vocabulary):
    seeds = (torch.Generator().manual_seed(seed) for seed in (1, 1, 2))
    first, again, other = (sample(model, vocabulary, "h", 40, generator=generator) for generator in seeds)
    assert first == again != other
    assert len(first) == 41
    assert first[0] == "h"


@pytest.mark.parametrize("temperature", [1e-300, 1e-9, 1e9])
def test_sample_stands_extreme_temperatures(vocabulary, temperature):
    scores = FixedScores([1e4, -1e4, 0.0, 5.0, 1e4 - 1])
    text = sample(scores, vocabulary, "h", 5, temperature, generator=torch.Generator().manual_seed(0))
    assert len(text) == 6
    if temperature < 1:
        assert text == "h" + "\n" * 5


@pytest.mark.parametrize("training", [True, False])
def test_sample_leaves_the_mode(model, vocabulary, training):
    model.train(training)
    sample(model, vocabulary, "h", 2)
    assert model.training is training


@pytest.mark.parametrize("use", [
    lambda model, vocabulary: text_loss(model, text_batches(torch.arange(4).repeat(5), 2, 3)),
    lambda model, vocabulary: sample(model, vocabulary, "h", 3),
])  # fmt: skip
@pytest.mark.parametrize("fails", [True, False])
def test_each_module_keeps_its_mode_also_after_an_error(model, vocabulary, use, fails):
    model.train()
    model.embedding.eval()  # frozen
    before = [module.training for module in model.modules()]

    def fail(*_):
        raise KeyboardInterrupt

    if fails:
        model.register_forward_hook(fail)
    with pytest.raises(KeyboardInterrupt) if fails else contextlib.nullcontext():
        use(model, vocabulary)
    assert [module.training for module in model.modules()] == before


def test_sample_of_length_zero_is_the_prompt(model, vocabulary):
    assert sample(model, vocabulary, "he", 0) == "he"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"temperature": 0}, "temperature must be positive, got 0; for the likeliest characters use top_k=1"),
        ({"temperature": -1.0}, "temperature must be positive"),
        ({"temperature": math.nan}, "temperature must be positive"),
        ({"temperature": math.inf}, "temperature must be positive"),
        ({"top_k": 0}, "top_k must be from 1 to 5, the size of the vocabulary, got 0"),
        ({"top_k": 6}, "top_k must be from 1 to 5"),
        ({"prompt": ""}, "prompt needs a character or more"),
        ({"prompt": "x"}, "has no 'x'"),
        ({"length": -1}, "length 0 or more, got 'h' and -1"),
    ],
)
def test_sample_refuses_bad_arguments(model, vocabulary, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        sample(model, vocabulary, **({"prompt": "h", "length": 2} | settings))
