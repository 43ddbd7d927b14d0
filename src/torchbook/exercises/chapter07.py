"""Checks of chapter 07, recurrent networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
import re

import torch
import torch.nn.functional as F
from torchbook.data.text import load_text
from torchbook.exercises.compare import Watch, Wrong, close, function, number, numbers, parts, tensor, unchanged
from torchbook.exercises.contest import Contest, check_contest
from torchbook.models import CharRNN
from torchbook.sequences import Vocabulary


def check_1(answer) -> Iterator[str]:
    """Shapes and number of parameters of a two-layer nn.RNN."""
    first, last, count = parts(answer, 3, "parts: a shape, a shape and a number")
    layer = torch.nn.RNN(5, 7, num_layers=2, batch_first=True)
    outputs, state = layer(torch.zeros(3, 11, 5))
    if first != list(outputs.shape):
        yield "the outputs hold the state of the last layer for each sequence and each step, batch first."
    if last != list(state.shape):
        yield "the state has one entry for each layer and sequence; which axis of it is the batch?"
    if number(count, "the number of parameters") != sum(p.numel() for p in layer.parameters()):
        yield "the number of parameters: how large is the input of the second layer, and how many biases are there?"


READY_MADE = re.compile("softm|log(cum)?sumexp|logaddexp|cross_entropy|nll|attention")  # in the name of a function


def check_2(answer: Callable) -> None:
    """tempered_softmax(scores, temperature) over the last axis, from exp, sums and maxima alone."""
    function(answer)
    cases = [(torch.randn(shape), t) for shape in ((4,), (3, 5), (2, 3, 4)) for t in (1.0, 0.5, 3.0)]
    cases += [(torch.tensor([[1000.0, 999.0], [-1000.0, -999.0]]), t) for t in (1.0, 0.001)]
    for scores, temperature in cases:
        before = scores.clone()
        where = f"for scores of shape {tuple(scores.shape)} and temperature {temperature}"
        with Watch() as watch:
            found = tensor(answer(scores, temperature), where, scores.shape)
        unchanged(scores, before, "the tensor of scores")
        ready_made = [name for name in watch.calls if READY_MADE.search(name)]
        ready_made += [name for name in watch.modules if name.partition(".")[0] == "scipy"]
        if ready_made:
            raise Wrong(f"your function uses {ready_made[0]}; exp, sums and maxima alone are wanted.")
        if not found.isfinite().all():
            raise Wrong(f"{where} the result is not finite: which number may be subtracted from each row before exp?")
        sums = found.detach().sum(dim=-1).flatten()
        if not close(sums, torch.ones(len(sums)), 1e-5):
            raise Wrong(f"{where} a row adds up to {sums[(sums - 1).abs().argmax()].item():.6g}, not to 1.")
        if not close(found, torch.softmax(before.double() / temperature, dim=-1), 1e-5):
            raise Wrong(f"{where} the probabilities are not those of the divided scores.")


def _stream() -> tuple[CharRNN, list[torch.Tensor]]:
    """A small model and four windows (2, 7) of a text of random tokens, each going on where the last ended."""
    torch.manual_seed(7)
    model = CharRNN(6, 8, embedding_size=4).double()
    tokens = torch.randint(6, (2, 25))
    return model, [tokens[:, i : i + 7] for i in range(0, 24, 6)]


def _trained_by_reference(clear: bool = True) -> tuple[dict, list[float]]:
    """Parameters and losses of the right loop, or of one that never clears the gradients."""
    model, windows = _stream()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses, state = [], None
    for window in windows:
        logits, state = model(window[:, :-1], state)
        state = state.detach()
        loss = F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model.state_dict(), losses


def _same(found: list[float], losses: list[float]) -> bool:
    return all(abs(a - b) < 1e-6 for a, b in zip(found, losses, strict=True))


def check_3(answer: Callable) -> Iterator[str]:
    """train_stream(model, windows, optimizer) against a loop with the state carried and detached."""
    function(answer)
    parameters, losses = _trained_by_reference()
    _, adding = _trained_by_reference(clear=False)
    model, windows = _stream()
    try:
        found = answer(model, windows, torch.optim.SGD(model.parameters(), lr=0.5))
    except RuntimeError as error:
        if "backward through the graph a second time" not in str(error) and "inplace" not in str(error):
            raise
        raise Wrong(
            "the second window's backward pass wants to go through the first window, whose graph is gone: "
            "what does the state carry with it besides its numbers?"
        ) from None
    found = numbers(found, len(windows), "the result, one loss for each window,")
    if not _same(found[:1], losses[:1]):
        yield "already the loss of the first window is wrong: which character is the model asked for at each place?"
    elif _same(found, adding):
        yield "the gradients of all windows so far add up: what is in .grad before backward()?"
    elif not _same(found, losses):
        yield "the first loss is right and a later one is not: does each window begin with the state of the one before?"
    elif not all(torch.allclose(model.state_dict()[name], value) for name, value in parameters.items()):
        yield "the losses are right, but the model's parameters are not: is there one step of the optimiser a window?"


def check_4(answer: Callable) -> Iterator[str]:
    """nucleus(probabilities, p) for vectors."""
    function(answer)
    cases = [(torch.tensor([0.125, 0.5, 0.25, 0.125]), p) for p in (0.1, 0.5, 0.51, 0.75)]
    cases += [(torch.randn(9).mul(2).softmax(dim=0), p) for p in (0.2, 0.6, 0.9, 1.0)]
    cases += [(torch.tensor([0.0, 1.0]), 0.9), (torch.tensor([1.0]), 0.5)]
    for probabilities, p in cases:
        before = probabilities.clone()
        shown = [round(value, 3) for value in before.tolist()]
        found = tensor(answer(probabilities, p), f"for {shown} and p={p}", before.shape)
        unchanged(probabilities, before, "the vector of probabilities")
        expected, total = torch.zeros_like(before), 0.0
        for place in before.argsort(descending=True).tolist():
            if total >= p:
                break
            expected[place] = before[place]
            total += before[place].item()
        expected /= expected.sum()
        if not close(found, expected, 1e-5):
            kept, wanted = int((found > 0).sum()), int((expected > 0).sum())
            yield (
                f"for {shown} and p={p} the result should keep {wanted} of its {len(before)} entries and add up to 1; "
                f"yours keeps {kept} and adds up to {found.sum().item():.3f}, or has them at other places."
            )
            return


@cache
def _text() -> tuple[torch.Tensor, torch.Tensor, int]:
    """The tokens to learn from, those kept out, and the size of the vocabulary."""
    text = load_text(source="embedded", limit=30_000).text
    vocabulary = Vocabulary(text)
    tokens = vocabulary.encode(text)
    cut = len(tokens) * 9 // 10
    return tokens[:cut], tokens[cut:], len(vocabulary)


def _text_nats(answer: Callable) -> float:
    """Mean nats per character that the probabilities of fit_text(tokens, size) give to the text kept out."""
    function(answer)
    tokens, held, size = _text()
    predict = answer(tokens.clone(), size)
    if not callable(predict):
        raise Wrong("fit_text should return a function, predict.")
    where = f"for {len(held):,} characters"
    chances = tensor(predict(held.clone()), where, (len(held), size)).detach().double()
    if not (chances >= 0).all() or not close(chances.sum(dim=1), torch.ones(len(held)), 1e-4):
        raise Wrong(f"{where}: each row should hold probabilities, none below 0 and together 1.")
    half = len(held) // 2
    other = torch.cat([held[:half], held[half:].flip(0)])
    if not close(tensor(predict(other), where, chances.shape).detach().double()[:half], chances[:half], 1e-4):
        raise Wrong("a row changes with the characters after it: predict may look at those up to its place only.")
    return -chances[torch.arange(len(held) - 1), held[1:]].log().mean().item()


CONTEST_5 = Contest(_text_nats, _text, "text kept out, nats per character", bar=2.25, larger=False, seconds=10.0)


def check_5(answer: Callable) -> Iterator[str]:
    """fit_text(tokens, size) -> predict(tokens) -> (T, V): better than a table of pairs, within the budget."""
    yield from check_contest(CONTEST_5, answer)
