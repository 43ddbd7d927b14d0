"""The files of one network: the ONNX file, and inputs with PyTorch's answers to them, by which a browser checks it."""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchbook.export import assert_parity, export_onnx
from torchbook.training import keeping_modes


def write_network(
    folder: Path, name: str, model: nn.Module, inputs: dict[str, Tensor], outputs: Sequence[str]
) -> dict[str, Any]:
    """Write ``name.onnx`` and ``name.check.json``; what the page says about them: size, and the largest difference.

    inputs: by name, batch first, on which ONNX Runtime has to give what the model gives.
    """
    values = tuple(inputs.values())
    path = export_onnx(model, values, folder / f"{name}.onnx", input_names=list(inputs), output_names=list(outputs))
    with keeping_modes(model), torch.no_grad():
        answers = model.eval()(*values)
    answers = answers if isinstance(answers, tuple) else (answers,)
    check = {
        "inputs": {key: as_json(value) for key, value in inputs.items()},
        "outputs": {key: as_json(value) for key, value in zip(outputs, answers, strict=True)},
    }
    write_json(folder / f"{name}.check.json", check)
    return {"megabytes": path.stat().st_size / 1e6, "difference": assert_parity(path, model, values)}


def as_json(tensor: Tensor) -> dict[str, Any]:
    """A tensor for `runtime.js`: eight figures are all that a float32 has."""
    kind = str(tensor.dtype).removeprefix("torch.")
    data = [int(value) if value == int(value) else float(f"{value:.8g}") for value in tensor.flatten().tolist()]
    return {"type": kind, "dims": list(tensor.shape), "data": data}


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
