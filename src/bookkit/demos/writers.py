"""An LSTM (chapter 08) and a transformer (chapter 12) of the same size, trained alike on the book's own prose."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.text import load_text
from torchbook.device import seed_everything
from torchbook.models import CharRNN
from torchbook.sequences import Vocabulary, sample, text_batches, text_loss

from bookkit.demos.files import write_json, write_network
from bookkit.demos.one_step import OneStep, step_inputs
from bookkit.demos.taught import taught

BATCH_SIZE, CONTEXT, WIDTH, HEADS, LAYERS = 16, 64, 64, 4, 2
STEPS, LRS = 500, {"lstm": 0.02, "transformer": 0.006}


class Window(nn.Module):
    """Tokens (N, T) -> logits (N, T, V), T the whole context; what is behind a text does not change its logits."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model(tokens)[0]


def train(root: Path, steps: int = STEPS, seed: int = 0) -> tuple[dict[str, Any], Vocabulary, dict[str, Any]]:
    """The two networks after so many steps, by chapter 12's `train`, and their losses on the last tenth of the text."""
    book = load_text(source="embedded")
    vocabulary = Vocabulary(book.text)
    tokens, V = vocabulary.encode(book.text), len(vocabulary)
    cut = len(tokens) * 9 // 10
    batches = text_batches(tokens[:cut], BATCH_SIZE, CONTEXT)
    held_out = text_batches(tokens[cut:], 10, CONTEXT // 2)
    chapter = taught(root, "writers", torch=torch, nn=nn, F=F, math=math)
    seed_everything(seed)
    models: dict[str, nn.Module] = {"transformer": chapter.CharTransformer(V, WIDTH, HEADS, LAYERS, CONTEXT)}
    goal = sum(p.numel() for p in models["transformer"].parameters())
    models["lstm"] = CharRNN(V, hidden_for(goal, V), kind="lstm")
    facts: dict[str, Any] = {"steps": steps, "characters": cut, "context": CONTEXT, "prompt": book.prompt}
    for name, model in models.items():
        run = (batches * math.ceil(steps / len(batches)))[:steps]
        chapter.train(model, run, LRS[name], carry=name == "lstm")
        facts[f"{name}_parameters"] = sum(p.numel() for p in model.parameters())
        facts[f"{name}_bits"] = text_loss(model, held_out) / math.log(2)
    return models, vocabulary, facts


def hidden_for(parameters: int, V: int) -> int:
    """The hidden size with which CharRNN has as nearly so many parameters as it can."""
    return min(range(4, 2048), key=lambda H: abs(32 * V + 4 * H * (32 + H + 2) + (H + 1) * V - parameters))


def make(root: Path, folder: Path) -> dict[str, Any]:
    """Train, write the files into ``folder``, return what the page says."""
    models, vocabulary, facts = train(root)
    lstm: Any = models["lstm"]
    hidden = lstm.recurrent.hidden_size
    greedy = {name: sample(model, vocabulary, facts["prompt"], 2 * CONTEXT, top_k=1) for name, model in models.items()}
    page = {
        "letters": vocabulary.chars,
        "hidden": hidden,
        "context": CONTEXT,
        "prompt": facts["prompt"],
        "greedy": greedy,
    }
    write_json(folder / "writers.json", page)
    step = OneStep(lstm.embedding, lstm.recurrent, lstm.head)
    wrote = [
        write_network(folder, "lstm", step, step_inputs(3, hidden), ("scores", "new_h", "new_c")),
        write_network(
            folder, "transformer", Window(models["transformer"]), {"tokens": some_tokens(vocabulary)}, ("scores",)
        ),
    ]
    return facts | {
        "megabytes": sum(one["megabytes"] for one in wrote),
        "difference": max(one["difference"] for one in wrote),
    }


def some_tokens(vocabulary: Vocabulary) -> Tensor:
    """(1, T): drawn ones."""
    return torch.randint(len(vocabulary), (1, CONTEXT), generator=torch.Generator().manual_seed(0))
