"""A character model on Tiny Shakespeare in 100 seconds: the book's LSTM against nanoGPT's documented CPU recipe.

    python benchmarks/char_model.py           # three repeats of two sides: about 10 minutes on two cores

Both sides get the same seconds of training and the same text; the last tenth is held out. The transformer has the
sizes and settings of nanoGPT's recipe for a CPU: https://github.com/karpathy/nanoGPT#quick-start
"""

from __future__ import annotations

from collections.abc import Iterator
import math
import time

from harness import Keep, in_turn, ratio, record, show, summaries
import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.text import load_text
from torchbook.device import autocast_dtype, pick_device, seed_everything, synchronize, use_threads
from torchbook.models import CharRNN
from torchbook.sequences import Vocabulary, text_batches, text_loss
import typer


class SmallGPT(nn.Module):
    """nanoGPT's CPU sizes from PyTorch's own layers: tokens (N, T) -> logits (N, T, V), T up to 64."""

    def __init__(self, vocabulary_size: int, width: int = 128, heads: int = 4, layers: int = 4, context: int = 64):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.places = nn.Embedding(context, width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, bias=False
        )
        self.blocks = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, vocabulary_size, bias=False)
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.02)
        self.head.weight = self.tokens.weight

    def forward(self, tokens: Tensor) -> Tensor:
        steps = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(steps, device=tokens.device)
        x = self.tokens(tokens) + self.places.weight[:steps]
        return self.head(self.blocks(x, mask=mask, is_causal=True))


def fractions(seconds: float, device: torch.device) -> Iterator[float]:
    """Share of the time that is used up, again and again, until all of it is."""
    start = time.perf_counter()
    while (used := (time.perf_counter() - start) / seconds) < 1:
        yield used
        synchronize(device)


def update(optimizer: torch.optim.Optimizer, model: nn.Module, loss: Tensor, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def train_book(
    train: Tensor, val: Tensor, V: int, seed: int, seconds: float, device: torch.device, hidden_size: int = 256
) -> dict[str, float]:
    """An LSTM that reads 32 streams, its state carried on; the rate rises and falls in a straight line."""
    seed_everything(seed)
    lr, batch_size, steps = 0.006, 32, 64
    model = CharRNN(V, hidden_size, kind="lstm", embedding_size=64, dropout=0.2).to(device)
    with torch.no_grad():
        model.recurrent.bias_ih_l0[hidden_size : 2 * hidden_size] = 1.0  # the forget gate starts open, chapter 08
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=0.01)
    autocast = autocast_dtype(device)
    clock, passes, characters = fractions(seconds, device), 0, 0
    used = next(clock)
    while used < 1:
        state, start = None, int(torch.randint(steps, ()))  # other windows in each pass
        for inputs, targets in text_batches(train[start:], batch_size, steps):
            with torch.autocast(device.type, dtype=autocast, enabled=autocast is not None):
                logits, state = model(inputs, state)
                loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
            state = tuple(part.detach() for part in state)
            update(optimizer, model, loss, lr * max(min(used / 0.1, (1 - used) / 0.9), 1e-3))
            characters += inputs.numel()
            if (used := next(clock, 1.0)) >= 1:
                break
        passes += 1
    return {
        "val_loss": text_loss(model, text_batches(val, 10, 200)),
        "characters_per_second": characters / seconds,
        "passes": characters / len(train),
    }


@torch.no_grad()
def window_loss(model: SmallGPT, tokens: Tensor, context: int = 64) -> float:
    """Mean loss over all windows of a text, nats per character."""
    inputs, targets = (part.unfold(0, context, context) for part in (tokens[:-1], tokens[1:]))  # (windows, context)
    losses = [
        F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum")
        for x, y in zip(inputs.split(100), targets.split(100), strict=True)
    ]
    return torch.stack(losses).sum().item() / targets.numel()


def train_recipe(
    train: Tensor, val: Tensor, V: int, seed: int, seconds: float, device: torch.device
) -> dict[str, float]:
    """nanoGPT's CPU recipe: batches of 12 windows of 64 characters, warm-up, then a cosine to a tenth of the rate."""
    seed_everything(seed)
    lr, batch_size, context = 1e-3, 12, 64
    model = SmallGPT(V).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=0.1)
    characters = 0
    for used in fractions(seconds, device):
        starts = torch.randint(len(train) - context, (batch_size, 1))
        places = (starts + torch.arange(context + 1)).to(device)  # (batch_size, context + 1)
        windows = train[places]
        loss = F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())
        rate = min(used / 0.05, 0.1 + 0.45 * (1 + math.cos(math.pi * used)))
        update(optimizer, model, loss, lr * max(rate, 1e-3))
        characters += batch_size * context
    return {
        "val_loss": window_loss(model.eval(), val),
        "characters_per_second": characters / seconds,
        "passes": characters / len(train),
    }


def main(
    seconds: float = 100.0, repeats: int = 3, hidden_size: int = 256, smoke: bool = False, keep: Keep = False
) -> None:
    """Train both sides for --seconds, compare their losses on the held-out tenth; --record keeps the figures."""
    threads, device = use_threads(0), pick_device()
    book = load_text("shakespeare", source="embedded" if smoke else "real", limit=20_000 if smoke else None)
    text = book.text
    if smoke:
        seconds, repeats = 0.5, 1
    vocabulary = Vocabulary(text)
    tokens = vocabulary.encode(text).to(device)
    cut, V = len(tokens) * 9 // 10, len(vocabulary)
    given = (tokens[:cut], tokens[cut:], V)
    sides = {
        "book": lambda seed: train_book(*given, seed, seconds, device, hidden_size),
        "recipe": lambda seed: train_recipe(*given, seed, seconds, device),
    }
    found = in_turn(sides, repeats)
    rows = {f"{side}, {name}": row for side, group in summaries(found).items() for name, row in group.items()}
    losses = ratio(found["recipe"]["val_loss"], found["book"]["val_loss"])
    show(f"Tiny Shakespeare after {seconds:g} s on {device}", {**rows, "ratio of losses, recipe / book": losses})
    if keep and not smoke:
        values = {**summaries(found), "loss_ratio": losses, "seconds": seconds, "hidden_size": hidden_size}
        record("char_model" if device.type == "cpu" else f"char_model_{device.type}", values, threads, {"text": book})


if __name__ == "__main__":
    typer.run(main)
