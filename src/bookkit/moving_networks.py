"""The two networks that moving pictures look into: trained by the chapters' own code, and read letter by letter."""

from __future__ import annotations

import json
import math
from pathlib import Path
import re
from typing import Any

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.data.text import load_text
from torchbook.device import seed_everything
from torchbook.models import CharRNN
from torchbook.sequences import Vocabulary, text_batches, text_loss

from bookkit.notebooks import Notebook, find_chapters, write_text
from bookkit.plain import values_of
from bookkit.taught import defined

LINES = 2  # sentences of the validation text that each picture shows
LETTERS = 64  # of each sentence that the LSTM reads
UNITS = 8  # of the LSTM: those whose forget gate changes most


def chapter_names(chapter: Notebook, names: set[str], given: dict[str, Any]) -> dict[str, Any]:
    """What a chapter defines under these names, run with its parameters, quick profile, and with what is `given`.

    Raises BookError for a name that no cell defines.
    """
    space = {**chapter.parameters, **given, "torch": torch, "nn": nn, "F": F, "math": math}
    space |= {"CharRNN": CharRNN, "seed_everything": seed_everything, "text_loss": text_loss}
    return defined(chapter, names, "the moving pictures use", space)


def split_text(chapter: Notebook, steps: int) -> dict[str, Any]:
    """The embedded text as the chapter reads it: vocabulary, training batches, validation batches and tokens."""
    book = load_text(source="embedded", limit=chapter.parameters["limit"]).text
    vocabulary = Vocabulary(book)
    tokens = vocabulary.encode(book)
    cut = len(tokens) * 9 // 10
    return {
        "vocabulary": vocabulary,
        "held": tokens[cut:],
        "train_batches": text_batches(tokens[:cut], chapter.parameters["batch_size"], steps),
        "val_batches": text_batches(tokens[cut:], 10, 100),
        "device": torch.device("cpu"),
    }


def sentences(held: str, length: int) -> list[str]:
    """The first pieces of a text that begin with a sentence and have so many characters, on one line."""
    starts = re.finditer(rf"(?<=[.?!] )[A-Z][^\n]{{{length - 1}}}", held)
    return [found[0] for found, _ in zip(starts, range(LINES), strict=False)]


def trained_lstm(chapter: Notebook) -> tuple[CharRNN, dict[str, Any]]:
    """The LSTM of chapter 08, and the names that its code was run with."""
    given = split_text(chapter, chapter.parameters["steps"])
    taught = {"lstm_step", "gates", "set_forget_bias", "detached", "train_text"}
    names = chapter_names(chapter, taught, {**given, "write": lambda model: ""})  # pages are not needed
    model = names["train_text"]("lstm", chapter.parameters["seed"])[0]
    return model.eval(), names


@torch.no_grad()
def gates_by_letter(model: CharRNN, tokens: Tensor, names: dict[str, Any]) -> dict[str, Tensor]:
    """Gates i, f, o, proposal g, cell c and output h of each unit at each token (T,): tensors (T, hidden_size).

    Stepped with the model's weights by the chapter's functions; raises AssertionError unless h is the layer's output.
    """
    weights = list(model.recurrent.parameters())
    h = c = torch.zeros(1, model.recurrent.hidden_size)
    rows = []
    for vector in model.embedding(tokens):
        opened = names["gates"](vector[None], h, weights)
        h, c = names["lstm_step"](vector[None], (h, c), weights)
        rows.append(torch.cat([*opened, c, h]))
    found = dict(zip("ifgoch", torch.stack(rows, dim=1), strict=True))
    torch.testing.assert_close(found["h"], model.recurrent(model.embedding(tokens)[None])[0][0])
    return found


def trained_transformer(chapter: Notebook) -> tuple[nn.Module, dict[str, Any]]:
    """The longer run of chapter 12, at the rate that the chapter found best, and the names of its code."""
    settings = chapter.parameters
    taught = {"attention", "SelfAttention", "Block", "CharTransformer", "train", "weights_of"}
    names = chapter_names(chapter, taught, split_text(chapter, settings["context"]))
    batches, steps = names["train_batches"], settings["long_steps"]
    rate = values_of(chapter.notebook)["ch12_transformer_lr"]
    seed_everything(settings["seed"])
    sizes = (settings[name] for name in ("width", "heads", "layers", "context"))
    model = names["CharTransformer"](len(names["vocabulary"]), *sizes)
    names["train"](model, (batches * math.ceil(steps / len(batches)))[:steps], rate)
    return model.eval(), names


def rounded(values: Tensor) -> list:
    return json.loads(json.dumps(values.double().tolist()), parse_float=lambda digits: round(float(digits), 3))


def make(book: Path, to: Path) -> dict[str, list[dict]]:
    """Write ``networks.js``, what the pictures show, and ``networks.pt``, the weights that it was computed with.

    Returns what the pictures show: for each, its sentences as ``text`` with the values at each letter.
    """
    chapter_08, chapter_12 = find_chapters(book, ["08", "12"])
    lstm, names = trained_lstm(chapter_08)
    shown = []
    for line in sentences(names["vocabulary"].decode(names["held"]), LETTERS):
        found = gates_by_letter(lstm, names["vocabulary"].encode(line), names)
        units = found["f"].std(dim=0).argsort(descending=True)[:UNITS]
        by_unit = {unit: {key: rounded(found[key][:, unit]) for key in found} for unit in units.tolist()}
        mean = {key: rounded(found[key].mean(dim=1)) for key in found}
        shown.append({"text": line, "units": by_unit, "mean": mean})
    saved: dict[str, Any] = {"lstm": lstm.state_dict(), "lstm_chars": names["vocabulary"].chars}

    transformer, names = trained_transformer(chapter_12)
    looked = []
    for line in sentences(names["vocabulary"].decode(names["held"]), chapter_12.parameters["context"]):
        maps = names["weights_of"](transformer, names["vocabulary"].encode(line)[None])  # blocks of (1, heads, T, T)
        looked.append({"text": line, "weights": [rounded(block[0]) for block in maps]})
    saved |= {"transformer": transformer.state_dict(), "transformer_chars": names["vocabulary"].chars}

    torch.save(saved, to / "networks.pt")
    data: dict[str, list[dict]] = {"lstm": shown, "attention": looked}
    write_text(to / "networks.js", f"Moving.networks = {json.dumps(data, separators=(',', ':'))};\n")
    return data
