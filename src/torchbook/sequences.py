"""Text as tokens: vocabulary, windows to train on, the loss on a text, sampling. Taught in chapter 07."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.training import keeping_modes


class Vocabulary:
    """The characters of a text, each with a number: its place in sorted order.

    `Vocabulary(vocabulary.chars)` is the same vocabulary again, so `chars` is all that a checkpoint has to keep.
    Raises ValueError for an empty text, and in `encode` and `decode` for what is not in the vocabulary.
    """

    def __init__(self, text: str):
        self.chars = "".join(sorted(set(text)))
        self.numbers = {character: number for number, character in enumerate(self.chars)}
        if not self.chars:
            raise ValueError("A vocabulary is made from a text, and this text is empty.")

    def __len__(self) -> int:
        return len(self.chars)

    def encode(self, text: str) -> Tensor:
        unknown = sorted(set(text) - set(self.chars))
        if unknown:
            raise ValueError(f"The vocabulary has no {unknown[0]!r}; its {len(self)} characters are {self.chars!r}.")
        return torch.tensor([self.numbers[character] for character in text], dtype=torch.long)  # (len(text),)

    def decode(self, tokens: Tensor) -> str:
        tokens = torch.as_tensor(tokens).tolist()
        if any(not 0 <= token < len(self) for token in tokens):
            raise ValueError(f"Tokens are numbers from 0 to {len(self) - 1}, got {min(tokens)} to {max(tokens)}.")
        return "".join(self.chars[token] for token in tokens)


def text_batches(tokens: Tensor, batch_size: int, steps: int) -> list[tuple[Tensor, Tensor]]:
    """Cut a text into batches of inputs and targets, the targets one place further on.

    tokens (L,) -> pairs (N, T), N = batch_size, T = steps (the last pair may be shorter). The text is divided into
    N streams of equal length, one a row; row i of a batch goes on where row i of the batch before ended, so that a
    state can be carried over. Fewer than N tokens at the end are left out. The pairs are views, not copies.
    Raises ValueError for a number below 1 and for a text with fewer than N + 1 tokens.
    """
    if batch_size < 1 or steps < 1:
        raise ValueError(f"batch_size and steps must be 1 or more, got {batch_size} and {steps}.")
    length = (len(tokens) - 1) // batch_size  # predictions in each stream
    if length < 1:
        raise ValueError(f"{batch_size} streams need {batch_size + 1} tokens or more, got {len(tokens)}.")
    inputs = tokens[: batch_size * length].view(batch_size, length)
    targets = tokens[1 : batch_size * length + 1].view(batch_size, length)
    return list(zip(inputs.split(steps, dim=1), targets.split(steps, dim=1), strict=True))


@torch.no_grad()
def text_loss(model: nn.Module, batches: list[tuple[Tensor, Tensor]]) -> float:
    """Mean loss on a text in nats per character, the state carried from batch to batch.

    batches: a list, that of `text_batches`. The model is left as it was, each module in its mode. Raises ValueError for
    an empty list. Divide by log 2 for bits per character; the exponential is the perplexity.
    """
    if not batches:
        raise ValueError("There is no batch to measure the loss on.")
    device = next(model.parameters()).device
    total, count, state = torch.zeros((), device=device), 0, None
    with keeping_modes(model):
        model.eval()
        for inputs, targets in batches:
            logits, state = model(inputs.to(device), state)
            total += F.cross_entropy(logits.flatten(0, 1), targets.to(device).flatten(), reduction="sum")
            count += targets.numel()
    return total.item() / count


@torch.no_grad()
def sample(
    model: nn.Module,
    vocabulary: Vocabulary,
    prompt: str,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> str:
    """Go on with `prompt`, one character at a time; return the prompt and `length` characters more.

    model: gives one score, a finite number, for each character of the vocabulary; that is not checked.
    temperature: divides the scores; below 1 the likely becomes likelier. top_k: draw from that many most likely
    characters (1: always the most likely one). generator: of the CPU, so that a seed repeats the text. The model is
    left as it was, each module in its mode. Raises ValueError for an empty prompt, a character that the vocabulary
    does not have, a negative length, a temperature that is not positive and finite, a top_k outside 1 .. V.
    """
    if not prompt or length < 0:
        raise ValueError(f"prompt needs a character or more and length 0 or more, got {prompt!r} and {length}.")
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be positive, got {temperature}; for the likeliest characters use top_k=1.")
    if top_k is not None and not 1 <= top_k <= len(vocabulary):
        raise ValueError(f"top_k must be from 1 to {len(vocabulary)}, the size of the vocabulary, got {top_k}.")
    device = next(model.parameters()).device
    tokens, state = vocabulary.encode(prompt), None
    inputs = tokens
    with keeping_modes(model):
        model.eval()
        for _ in range(length):
            logits, state = model(inputs[None].to(device), state)  # (1, T, V); T is 1 after the prompt
            scores, choices = logits[0, -1].cpu().double().topk(top_k or len(vocabulary))  # both (top_k,), sorted
            chances = torch.softmax((scores - scores[0]) / temperature, dim=0)  # the largest is 0: nothing overflows
            inputs = choices[torch.multinomial(chances, 1, generator=generator)]  # (1,)
            tokens = torch.cat([tokens, inputs])
    return vocabulary.decode(tokens)
