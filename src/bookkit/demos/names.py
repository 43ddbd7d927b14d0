"""The classifier of names of chapter 08, trained by its recipe, as a network that is told one letter at a time."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torchbook.data.names import ascii_letters_only, load_names
from torchbook.device import seed_everything
from torchbook.sequences import Vocabulary

from bookkit.demos.files import write_json, write_network
from bookkit.demos.one_step import OneStep, step_inputs
from bookkit.demos.taught import taught

EPOCHS, BATCH_SIZE, LR, HIDDEN, DROPOUT, CLIP = 7, 64, 0.01, 64, 0.2, 1.0  # chapter 08's
FOLDED = [
    *map(chr, range(0xA0, 0x250)),
    *map(chr, range(0x1E00, 0x1F00)),
    *"’ʼʻ-–",
]  # what a reader may type
SAMPLES = 6


def train(root: Path, epochs: int = EPOCHS, seed: int = 0) -> SimpleNamespace:
    """Chapter 08's training run: the classifier, its letters and languages, the names held out for the test."""
    found = load_names(source="embedded", fold=True)
    letters, languages = Vocabulary(found.alphabet), list(found.names)
    padding = len(letters)
    given = {"torch": torch, "nn": nn, "letters": letters, "padding": padding, "pad_sequence": pad_sequence}
    book = taught(root, "names", **given, pack_padded_sequence=pack_padded_sequence)
    names = {language: sorted(group) for language, group in found.names.items()}
    train_names, _, test_names = book.split_names(names, torch.Generator().manual_seed(seed))
    tokens, lengths = book.pad([name for name, _ in train_names])
    labels = torch.tensor([label for _, label in train_names])
    seed_everything(seed)
    classifier = book.NameClassifier(len(languages), HIDDEN, 1, DROPOUT)
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=LR)
    total = epochs * math.ceil(len(labels) / BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=total)
    for _ in range(epochs):
        for rows in torch.randperm(len(labels)).split(BATCH_SIZE):
            loss = F.cross_entropy(classifier(tokens[rows, : lengths[rows].max()], lengths[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(classifier.parameters(), CLIP)
            optimizer.step()
            schedule.step()
    made = {"classifier": classifier.eval(), "pad": book.pad, "letters": letters, "languages": languages}
    return SimpleNamespace(**made, train=train_names, test=test_names)


@torch.no_grad()
def chances(run: SimpleNamespace, names: list[str]) -> Tensor:
    """(N, languages), by the chapter's own way: whole names, packed."""
    return run.classifier(*run.pad(names)).softmax(dim=1)


def make(root: Path, folder: Path) -> dict[str, Any]:
    """Train, write the files into ``folder``, return what the page says."""
    run = train(root)
    found = chances(run, [name for name, _ in run.test])  # (N, languages)
    labels = torch.tensor([label for _, label in run.test])
    hits = found.topk(3, dim=1).indices == labels[:, None]
    places = torch.linspace(0, len(run.test) - 1, SAMPLES + 2).long()[1:-1].tolist()
    page = {
        "letters": run.letters.chars,
        "languages": run.languages,
        "hidden": HIDDEN,
        "fold": {character: ascii_letters_only(character) for character in FOLDED},
        "samples": [{"name": run.test[k][0], "chances": found[k].tolist()} for k in places],
    }
    write_json(folder / "names.json", page)
    step = OneStep(run.classifier.embedding, run.classifier.lstm, run.classifier.head)
    wrote = write_network(folder, "names", step, step_inputs(3, HIDDEN), ("scores", "new_h", "new_c"))
    counts = {"train_count": len(run.train), "test_count": len(run.test), "languages": len(run.languages)}
    accuracies = {"test_accuracy": hits[:, 0].float().mean().item(), "top3": hits.any(dim=1).float().mean().item()}
    return counts | accuracies | wrote
