"""Checks of the exercises of chapter 07, recurrent networks."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torchbook.models import CharRNN


def check_1(answer) -> Iterator[str]:
    """Shapes and number of parameters of a two-layer nn.RNN."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        yield "the answer is a tuple of three: a shape, a shape and a number."
        return
    layer = torch.nn.RNN(5, 7, num_layers=2, batch_first=True)
    outputs, state = layer(torch.zeros(3, 11, 5))
    if tuple(answer[0]) != tuple(outputs.shape):
        yield "the outputs hold the state of the last layer for each sequence and each step, batch first."
    if tuple(answer[1]) != tuple(state.shape):
        yield "the state has one entry for each layer and sequence; which axis of it is the batch?"
    if answer[2] != sum(p.numel() for p in layer.parameters()):
        yield "the number of parameters: how large is the input of the second layer, and how many biases are there?"


def check_2(answer) -> Iterator[str]:
    """tempered_softmax(scores, temperature) over the last axis."""
    generator = torch.Generator().manual_seed(2)
    shapes = ((4,), (3, 5), (2, 3, 4))
    cases = [(torch.randn(shape, generator=generator), t) for shape in shapes for t in (1.0, 0.5, 3.0)]
    cases += [(torch.tensor([[1000.0, 999.0], [-1000.0, 1000.0]]), t) for t in (1.0, 0.001)]
    for scores, temperature in cases:
        before = scores.clone()
        found = answer(scores, temperature)
        where = f"for scores of shape {tuple(scores.shape)} and temperature {temperature}"
        if not isinstance(found, torch.Tensor) or found.shape != scores.shape:
            yield f"{where} the result should be a tensor of the same shape."
            return
        if not torch.equal(scores, before):
            yield "the scores themselves were changed; compute in new tensors."
            return
        if not found.isfinite().all():
            yield f"{where} the result is not finite: exp overflows. What may be subtracted from a row?"
            return
        if not torch.allclose(found.sum(dim=-1), torch.ones(found.shape[:-1]), atol=1e-5):
            yield f"{where} a row adds up to {found.sum(dim=-1).flatten()[0].item():.3f}, not to 1."
            return
        if not torch.allclose(found, torch.softmax(before.double() / temperature, dim=-1).float(), atol=1e-5):
            yield f"{where} the probabilities are not those of the divided scores."
            return


def _stream() -> tuple[CharRNN, list[torch.Tensor]]:
    """A small model and four windows (2, 7) of a text of random tokens, each going on where the last ended."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = CharRNN(6, 8, embedding_size=4).double()
        tokens = torch.randint(6, (2, 25))
    return model, [tokens[:, i : i + 7] for i in range(0, 24, 6)]


def _trained_by_reference() -> tuple[dict, list[float]]:
    model, windows = _stream()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses, state = [], None
    for window in windows:
        logits, state = model(window[:, :-1], state)
        state = state.detach()
        loss = F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model.state_dict(), losses


def check_3(answer) -> Iterator[str]:
    """train_stream(model, windows, optimizer) against a loop with the state carried and detached."""
    model, windows = _stream()
    parameters, losses = _trained_by_reference()
    try:
        found = answer(model, windows, torch.optim.SGD(model.parameters(), lr=0.5))
    except RuntimeError as error:
        if "backward through the graph a second time" not in str(error) and "inplace" not in str(error):
            raise
        yield (
            "the second window's backward pass wants to go through the first window, whose graph is gone: "
            "what does the state carry with it besides its numbers?"
        )
        return
    if not isinstance(found, list) or len(found) != len(windows):
        yield "the function should return a list with one loss for each window."
        return
    if abs(found[0] - losses[0]) > 1e-9:
        yield "already the loss of the first window is wrong: which character is the model asked for at each place?"
        return
    if any(abs(a - b) > 1e-9 for a, b in zip(found, losses, strict=True)):
        yield "the first loss is right and a later one is not: does each window begin with the state of the one before?"
        return
    trained = model.state_dict()
    if not all(torch.allclose(trained[name], value) for name, value in parameters.items()):
        yield "the losses are right, but the model's parameters are not: is there one step of the optimiser a window?"


def check_4(answer) -> Iterator[str]:
    """nucleus(probabilities, p) for vectors."""
    generator = torch.Generator().manual_seed(4)
    cases = [(torch.tensor([0.125, 0.5, 0.25, 0.125]), p) for p in (0.1, 0.5, 0.51, 0.75)]
    cases += [(torch.randn(9, generator=generator).mul(2).softmax(dim=0), p) for p in (0.2, 0.6, 0.9, 1.0)]
    cases += [(torch.tensor([0.0, 1.0]), 0.9), (torch.tensor([1.0]), 0.5)]
    for probabilities, p in cases:
        before = probabilities.clone()
        found = answer(probabilities, p)
        if not isinstance(found, torch.Tensor) or found.shape != before.shape:
            yield f"the result should be a tensor of shape {tuple(before.shape)}, as the argument."
            return
        if not torch.equal(probabilities, before):
            yield "the argument itself was changed; write into a new tensor."
            return
        expected, total = torch.zeros_like(before), 0.0
        for place in before.argsort(descending=True).tolist():
            if total >= p:
                break
            expected[place] = before[place]
            total += before[place].item()
        expected /= expected.sum()
        if not torch.allclose(found, expected, atol=1e-5):
            kept, wanted = int((found > 0).sum()), int((expected > 0).sum())
            shown = [round(value, 3) for value in before.tolist()]
            yield (
                f"for {shown} and p={p} the result should keep {wanted} of its {len(before)} entries and add up to 1; "
                f"yours keeps {kept} and adds up to {found.sum().item():.3f}, or has them at other places."
            )
            return
