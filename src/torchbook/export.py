"""Export a model to ONNX and prove that the file computes what the model computes. Taught in chapter 06."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import warnings

import numpy as np
import torch
from torch import Tensor, nn
from torchbook.data.cache import write_atomically
from torchbook.training import keeping_modes

try:
    import onnx
    import onnxruntime as ort
    import onnxscript  # noqa: F401  (torch.onnx.export asks for it)
except ModuleNotFoundError as missing:
    need = f"torchbook.export needs {missing.name}: pip install -e '.[export]' in the book's folder brings it."
    raise ModuleNotFoundError(need, name=missing.name) from None


def export_onnx(
    model: nn.Module, example: Tensor | tuple[Tensor, ...], path: Path | str, *,
    input_names: Sequence[str] = ("images",), output_names: Sequence[str] = ("logits",),
    dynamic_batch: bool = True, atol: float = 1e-4,
) -> Path:  # fmt: skip
    """Export ``model`` in evaluation mode to one ONNX file, check the file against the model, return its path.

    example: an input that the model takes, or a tuple of inputs, batch first, with one example or more and finite
    numbers. input_names, output_names: all different, none of them empty or the name of a parameter; the exporter
    checks that, in its own words. dynamic_batch: the file takes any batch size, which cannot be recorded of a
    ``forward(self, *inputs)``; otherwise the example's alone. atol: largest allowed difference between an output of
    ONNX Runtime and of the model, on the example and, with dynamic_batch, on a batch that is three longer. The model is
    left in its mode and on its device.
    Raises ValueError for another number of names than of inputs or outputs, for a model that the exporter cannot record
    (a decision in Python on the values of a tensor, a fixed batch size) and for a difference above ``atol``; then
    nothing has been written.
    The stack traces that the exporter puts into the file are left out.
    Source: the exporter built on torch.export, default since PyTorch 2.9.
    """
    inputs = example if isinstance(example, tuple) else (example,)
    if len(input_names) != len(inputs):
        raise ValueError(f"There are {len(inputs)} inputs but {len(input_names)} input names: {list(input_names)}.")
    with keeping_modes(model):
        model.eval()
        program = _to_onnx(model, inputs, input_names, output_names, dynamic_batch)

        def write(temporary: Path) -> None:
            program.save(temporary, external_data=False)  # one file, up to 2 GB
            assert_parity(temporary, model, inputs, atol)
            if dynamic_batch:
                assert_parity(temporary, model, tuple(_longer(tensor, by=3) for tensor in inputs), atol)

        return write_atomically(path, write)


def _to_onnx(model, inputs, input_names, output_names, dynamic_batch):
    """Record the model's operations on ``inputs`` and translate them to ONNX."""
    shapes = None
    if dynamic_batch:
        inputs = tuple(_longer(tensor, by=1) for tensor in inputs)  # a batch of one would be taken for a constant
        shapes = tuple({0: torch.export.Dim("batch")} for _ in inputs)
    with warnings.catch_warnings():  # of PyTorch's own code, for trees of inputs and for nn.LSTM: nothing to mend here
        warnings.filterwarnings("ignore", message=r"`isinstance\(treespec, LeafSpec\)`", category=FutureWarning)
        warnings.filterwarnings("ignore", message="_check_is_size will be removed", category=FutureWarning)
        warnings.filterwarnings("ignore", message=r"The tensor attributes? .*_flat_weights", category=UserWarning)
        try:
            program = torch.onnx.export(
                model, inputs, input_names=list(input_names), output_names=list(output_names),
                dynamic_shapes=shapes, dynamo=True, verbose=False,
            )  # fmt: skip
        except torch.onnx.OnnxExporterError as error:
            reason = " ".join(str(error.__cause__ or error).split("\n")[:2])
            raise ValueError(f"The model could not be recorded for ONNX: {reason}") from error
    made = [output.name for output in program.model.graph.outputs]
    if made != list(output_names):
        raise ValueError(f"The model has {len(made)} outputs but {len(output_names)} output names: {output_names}.")
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # stack traces: the paths and source lines of this machine
    return program


@torch.no_grad()
def assert_parity(path: Path | str, model: nn.Module, inputs: tuple[Tensor, ...], atol: float = 1e-4) -> float:
    """Run the ONNX file and the model on the same inputs; return the largest absolute difference of an output.

    inputs: a tuple with as many as the file takes, of its types and sizes; ONNX Runtime checks that, in its own words.
    The model computes in evaluation mode, and each module gets its mode back.
    Raises ValueError when it exceeds ``atol`` or a shape differs, onnx.checker.ValidationError for an invalid file.
    """
    onnx.checker.check_model(str(path), full_check=True)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    found = session.run(None, {name: tensor.cpu().numpy() for name, tensor in zip(names, inputs, strict=True)})
    with keeping_modes(model):
        model.eval()
        expected = [tensor.cpu().numpy() for tensor in _flat(model(*inputs))]
    shapes = [array.shape for array in found], [array.shape for array in expected]
    if shapes[0] != shapes[1]:
        raise ValueError(f"ONNX Runtime gives outputs of shape {shapes[0]}, the model {shapes[1]}.")
    worst = max(float(np.abs(a - b).max(initial=0)) for a, b in zip(found, expected, strict=True))
    if not worst <= atol:  # also where it is not a number
        raise ValueError(
            f"ONNX Runtime and the model differ by up to {worst:.2g}, more than atol={atol:g}: look for operations "
            "that draw random numbers or depend on earlier calls."
        )
    return worst


def _flat(outputs) -> list[Tensor]:
    """The tensors of nested tuples and lists, in order."""
    return [outputs] if isinstance(outputs, Tensor) else [tensor for part in outputs for tensor in _flat(part)]


def _longer(tensor: Tensor, by: int) -> Tensor:
    """(N, ...) -> (N + by, ...): the examples backwards, repeated from the last one on."""
    return tensor[torch.arange(len(tensor) + by - 1, -1, -1) % len(tensor)]
