"""export_onnx: the file computes what the model computes, at any batch size, or there is no file."""

import contextlib
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.export import assert_parity, export_onnx
from torchbook.models import CharRNN, LeNet


class Forgetful(nn.Module):
    """Dropout that does not know about evaluation mode: a common mistake."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(F.dropout(x, 0.5))


class Deciding(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


class Counting(nn.Module):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.calls


def run(path, *arrays):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays, strict=True)))


@pytest.fixture(scope="module")
def lenet_file(tmp_path_factory):
    torch.manual_seed(0)
    model = LeNet()
    path = export_onnx(model, torch.randn(1, 1, 32, 32), tmp_path_factory.mktemp("onnx") / "deep" / "lenet.onnx")
    return model, path


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_any_batch_size_agrees_with_eager(lenet_file, batch):
    model, path = lenet_file
    images = torch.randn(batch, 1, 32, 32)
    with torch.no_grad():
        expected = model(images)
    np.testing.assert_allclose(run(path, images.numpy())[0], expected.numpy(), atol=1e-5)


def test_names_and_dynamic_batch_are_in_the_file(lenet_file):
    graph = onnx.load(lenet_file[1]).graph
    assert [node.name for node in graph.input] == ["images"]
    assert [node.name for node in graph.output] == ["logits"]
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_one_file_and_nothing_beside_it(lenet_file):
    assert [path.name for path in lenet_file[1].parent.iterdir()] == ["lenet.onnx"]


def test_no_path_of_this_machine_is_in_the_file(lenet_file):
    assert b".py" not in lenet_file[1].read_bytes()


def test_assert_parity_sees_a_changed_weight(lenet_file):
    model, path = lenet_file
    other = LeNet()
    other.load_state_dict(model.state_dict())
    images = (torch.randn(2, 1, 32, 32),)
    assert assert_parity(path, other, images) < 1e-5
    with torch.no_grad():
        other.fc3.bias[4] += 0.01
    with pytest.raises(ValueError, match=r"differ by up to 0\.01"):
        assert_parity(path, other, images)


def test_lstm_with_state_and_integer_tokens(tmp_path):
    model = CharRNN(vocabulary_size=11, hidden_size=8, kind="lstm")
    tokens = torch.randint(11, (2, 5))
    path = export_onnx(
        model, tokens, tmp_path / "rnn.onnx", input_names=("tokens",), output_names=("logits", "hidden", "cell")
    )
    longer = torch.randint(11, (4, 5))
    with torch.no_grad():
        logits, (hidden, cell) = model(longer)
    found = run(path, longer.numpy())
    for array, expected in zip(found, (logits, hidden, cell), strict=True):
        np.testing.assert_allclose(array, expected.numpy(), atol=1e-5)


def test_fixed_batch_takes_no_other(tmp_path):
    path = export_onnx(nn.Linear(4, 2), torch.randn(3, 4), tmp_path / "m.onnx", dynamic_batch=False)
    assert run(path, np.zeros((3, 4), np.float32))[0].shape == (3, 2)
    with pytest.raises(Exception, match=r"(?i)dimension"):
        run(path, np.zeros((5, 4), np.float32))


def test_the_mode_of_each_module_is_restored(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).train()
    model[1].eval()  # a frozen batch norm in a network that trains
    before = {name: value.clone() for name, value in model.state_dict().items()}
    path = export_onnx(model, torch.randn(3, 4), tmp_path / "m.onnx")
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with torch.no_grad():
        expected = model.eval()(torch.ones(2, 4))
    np.testing.assert_allclose(run(path, np.ones((2, 4), np.float32))[0], expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("atol", [1e-4, -1.0])
def test_parity_is_judged_in_evaluation_mode_and_leaves_the_modes(tmp_path, atol):
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    path = export_onnx(model, torch.randn(3, 4), tmp_path / "m.onnx")
    model[1].eval()
    with pytest.raises(ValueError, match="differ by up to") if atol < 0 else contextlib.nullcontext():
        assert_parity(path, model, (torch.randn(3, 4),), atol)
    assert [module.training for module in model.modules()] == [True, True, False, True]


@pytest.mark.parametrize(
    ("model", "message"),
    [(Forgetful(), "differ by up to"), (Counting(), "differ by up to"), (Deciding(), "could not be recorded")],
)
def test_a_failure_is_told_and_leaves_the_old_file(tmp_path, model, message):
    path = tmp_path / "m.onnx"
    path.write_bytes(b"the file of yesterday")
    model.train()
    with pytest.raises(ValueError, match=message):
        export_onnx(model, torch.ones(2, 6), path)
    assert path.read_bytes() == b"the file of yesterday"
    assert [item.name for item in tmp_path.iterdir()] == ["m.onnx"]
    assert model.training


def test_a_bound_of_zero_is_held(tmp_path):
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 8), nn.Softmax(dim=1))
    with pytest.raises(ValueError, match="atol=-1"):
        export_onnx(model, torch.randn(2, 64), tmp_path / "m.onnx", atol=-1.0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("names", "message"),
    [({"input_names": ("a", "b")}, "1 inputs but 2"), ({"output_names": ("a", "b")}, "1 outputs but 2")],
)
def test_names_must_fit(tmp_path, names, message):
    with pytest.raises(ValueError, match=message):
        export_onnx(nn.Linear(4, 2), torch.randn(2, 4), tmp_path / "m.onnx", **names)
    assert not list(tmp_path.iterdir())


def test_the_export_is_quiet(tmp_path, capfd, recwarn):
    export_onnx(nn.Linear(4, 2), torch.randn(2, 4), tmp_path / "m.onnx")
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert not recwarn.list


def test_onnx_runtime_reports_nothing_and_leaves_no_file(tmp_path):
    """Its builds send data on their use, unless they are told not to before the import."""
    away = {"ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED", "CI", "GITHUB_ACTIONS"}  # in which it is silent
    env = {name: value for name, value in os.environ.items() if name not in away}
    env |= {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    code = "import torchbook.export, onnxruntime; onnxruntime.SessionOptions()"
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert list(tmp_path.iterdir()) == []
