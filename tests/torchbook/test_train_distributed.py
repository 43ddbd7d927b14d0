"""The distributed script: two processes train as one does, a killed run ends where a whole one does, and what goes
wrong on one rank ends all of them with a sentence."""

import json
import os
from pathlib import Path
import re
import socket
import subprocess
import sys

import psutil
import pytest
from real_forms import cifar_batches
import torch
import torch.distributed as dist
from torch.utils.data import DistributedSampler
from torchbook import ranks, train_distributed
from torchbook.checkpoint import load_checkpoint, save_checkpoint
from torchbook.data.batches import Batches
from torchbook.data.images import load_images
from torchbook.models import LeNet
from torchbook.ranks import differences, digest, join_group, seed_of
from torchbook.train_distributed import (
    batches_of,
    build,
    crash_at,
    main,
    normalize,
    read_arguments,
    resume,
    save,
)
from torchbook.training import evaluate

SETTINGS = ["--source=embedded", "--limit=200", "--epochs=2", "--batch-size=32", "--lr=0.05"]  # 180 images to train on
STEPS = 6  # of one epoch


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    """One process unless a test starts more; the state of torch is put back."""
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("TORCHELASTIC_MAX_RESTARTS", "TORCHELASTIC_RESTART_COUNT"):
        monkeypatch.delenv(name, raising=False)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    yield
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


def loopback() -> bool:
    """Whether processes can talk to each other on this machine."""
    try:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError:
        return False
    return True


needs_loopback = pytest.mark.skipif(not loopback(), reason="no loopback interface: processes cannot talk")


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a started process."""
    own = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "OMP_NUM_THREADS": "1", "TORCHBOOK_DEVICE": "cpu"}
    own |= {"USE_LIBUV": "0"} if sys.platform == "win32" else {}
    return {**os.environ, **own, **more}


def torchrun(*arguments: str, restarts: int = 0) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += [f"--max-restarts={restarts}", f"--log-dir={os.devnull}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=surroundings())


def two_processes(command: list[str], folder: Path, environments: list[dict]) -> list[tuple[int, str]]:
    """Start a command as rank 0 and rank 1, without torchrun to end one for the other; exit codes and error streams."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(server.getsockname()[1]), "WORLD_SIZE": "2"}
    started = [
        subprocess.Popen(
            [sys.executable, *command],
            env=surroundings(**place, RANK=str(rank), **more),
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank, more in enumerate(environments)
    ]
    try:
        return [(process.wait(), errors) for process in started for errors in [process.communicate(timeout=120)[1]]]
    finally:
        for process in started:
            process.kill()
            process.wait()


def weights(folder: Path, name: str = "last") -> dict:
    return torch.load(folder / f"{name}.pt", weights_only=True)["model"]


@needs_loopback
def test_two_processes_of_which_one_dies_train_like_one_with_the_whole_batch(tmp_path):
    arguments = [*SETTINGS, "--no-flip", f"--folder={tmp_path / 'two'}", f"--crash-at-step={STEPS + 2}"]
    done = torchrun("-m", "torchbook.train_distributed", *arguments, restarts=1)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [line.split("  ")[0] for line in done.stdout.splitlines()] == ["epoch 1", "resumed after epoch 1", "epoch 2"]
    assert main([*SETTINGS, "--no-flip", f"--folder={tmp_path / 'one'}"]) == 0
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=1e-5)


@needs_loopback
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(tmp_path, monkeypatch):
    assert main([*SETTINGS, f"--folder={tmp_path / 'whole'}"]) == 0
    monkeypatch.setattr("torchbook.train_distributed.os._exit", _die)
    with pytest.raises(Died):
        main([*SETTINGS, f"--folder={tmp_path / 'killed'}", f"--crash-at-step={STEPS + 1}"])
    assert torch.load(tmp_path / "killed" / "last.pt", weights_only=True)["epoch"] == 1
    assert main([*SETTINGS, f"--folder={tmp_path / 'killed'}"]) == 0
    whole, killed = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(killed[name], tensor) for name, tensor in whole.items())


class Died(Exception):
    pass


def _die(code: int):
    raise Died(code)


@needs_loopback
def test_a_run_does_not_go_on_with_other_settings(tmp_path, capsys):
    settings = [*SETTINGS[:2], "--epochs=1", f"--folder={tmp_path}"]
    assert main(settings) == 0
    assert main([*settings, "--seed=1"]) == 2
    assert "seed=0, not 1" in capsys.readouterr().err


FAILS = """
import os, sys
from torchbook import train_distributed
def fail(*_, **__):
    raise ValueError("The second epoch is cursed.")
if os.environ["RANK"] == "1":
    train_distributed.batches_of, share = lambda *a: share(*a) if a[2] == 0 else fail(), train_distributed.batches_of
sys.exit(train_distributed.main(sys.argv[1:]))
"""


@needs_loopback
def test_an_error_on_one_rank_ends_the_launch_and_is_read(tmp_path):
    (tmp_path / "fails.py").write_text(FAILS, encoding="utf-8")
    done = torchrun(str(tmp_path / "fails.py"), *SETTINGS, f"--folder={tmp_path}")
    assert done.returncode == 1  # torchrun's own
    assert "epoch 1" in done.stdout
    assert "epoch 2" not in done.stdout
    assert "rank 1: The second epoch is cursed.\n" in done.stderr


@needs_loopback
def test_every_rank_fails_and_says_why_when_one_lacks_the_data(tmp_path):
    cifar_batches(tmp_path / "data")
    command = ["-m", "torchbook.train_distributed", "--source=real", f"--folder={tmp_path / 'run'}"]
    roots = [{"TORCHBOOK_DATA": str(tmp_path / name)} for name in ("data", "none")]
    (first, on_first), (second, on_second) = two_processes(command, tmp_path, roots)
    assert (first, second) == (2, 2)
    assert on_first.startswith("rank 0: Rank 1 is not ready: No real cifar10 data in ")
    assert on_second.startswith("rank 1: No real cifar10 data in ")
    assert not list(tmp_path.glob("run/*"))


AGREE = """
from functools import partial
import json
from pathlib import Path
from torchbook.ranks import agree, join_group, require_distinct, require_equal
from torchbook.train_distributed import prepare, read_arguments
rank, world, device = join_group()
said = {}
for name, arguments in json.loads(Path("cases.json").read_text()).items():
    try:
        agree(partial(prepare, read_arguments(arguments[rank]), rank, world, device))
        said[name] = "equal"
    except ValueError as error:
        said[name] = str(error)
for name, guard, value in (
    ("equal", require_equal, 7), ("not equal", require_equal, rank),
    ("distinct", require_distinct, rank), ("not distinct", require_distinct, 7),
):
    try:
        said[name] = guard("number", value)
    except ValueError as error:
        said[name] = str(error)
Path(f"said-{rank}.json").write_text(json.dumps(said))
"""
UNEQUAL = {  # what rank 0 and rank 1 are started with, and what is said to differ
    "nothing": ([], [], "equal"),
    "the checkpoint": (["--folder=done"], ["--folder=done"], "equal"),
    "a folder that is not shared": (["--folder=done"], ["--folder=new"], r"epochs done \(rank 0: 1; rank 1: 0\)"),
    "another run in the folder": (["--folder=done"], ["--folder=other"], r"in digest of the weights \(rank 0: \w+; r"),
    "the data": (
        ["--source=auto"],
        ["--source=auto"],
        r"data source \(rank 0: real CIFAR-10 .*; rank 1: drawn .*digest",
    ),
    "the number of images": (["--limit=90"], ["--limit=80"], r"images \(rank 0: 90; rank 1: 80\)"),
    "seed": (["--seed=1"], ["--seed=2"], r"seed \(rank 0: 1; rank 1: 2\)"),
    "lr": (["--lr=0.1"], ["--lr=0.2"], r"in lr \(rank 0: 0.1; rank 1: 0.2\)\."),
    "epochs": (["--epochs=1"], ["--epochs=3"], r"in epochs \(rank 0: 1; rank 1: 3\)\."),
    "batch size": (["--batch-size=8"], ["--batch-size=4"], r"in batch_size \(rank 0: 8; rank 1: 4\)\."),
    "flips": (["--flip"], ["--no-flip"], r"in flip \(rank 0: True; rank 1: False\)\."),
    "one cannot": (["--batch-size=8"], ["--batch-size=9"], "Rank 1 is not ready: --batch-size must be a multiple of"),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> list[dict]:
    """What each rank says to each case of UNEQUAL."""
    folder = tmp_path_factory.mktemp("agree")
    cache = str(tmp_path_factory.getbasetemp().parent / "torchbook-cache")  # that of the other tests
    cifar_batches(folder / "data")
    start = ["--source=embedded", "--limit=100", "--epochs=2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHBOOK_CACHE", cache)
        patch.setattr(train_distributed.os, "_exit", _die)
        with pytest.raises(Died):
            main([*start, "--batch-size=64", f"--folder={folder / 'done'}", "--crash-at-step=2"])
    state = torch.load(folder / "done" / "last.pt", weights_only=True)
    state["model"]["fc3.bias"] += 1
    (folder / "other").mkdir()
    torch.save(state, folder / "other" / "last.pt")
    cases = {name: [[*start, "--folder=new", *own] for own in case[:2]] for name, case in UNEQUAL.items()}
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    (folder / "agree.py").write_text(AGREE, encoding="utf-8")
    roots = [{"TORCHBOOK_DATA": str(folder / name), "TORCHBOOK_CACHE": cache} for name in ("data", "none")]
    for code, errors in two_processes(["agree.py"], folder, roots):
        assert code == 0, errors[-3000:]
    return [json.loads((folder / f"said-{rank}.json").read_text(encoding="utf-8")) for rank in range(2)]


@needs_loopback
@pytest.mark.parametrize("case", UNEQUAL)
def test_ranks_that_would_not_train_the_same_run_are_refused(case, said):
    assert re.search(UNEQUAL[case][2], said[0][case])
    own_problem = case == "one cannot"  # rank 1 says it without saying of whom
    assert said[1][case] == said[0][case].removeprefix("Rank 1 is not ready: " if own_problem else "")


@needs_loopback
@pytest.mark.parametrize(
    ("guard", "sentence"),
    [
        ("equal", None),
        ("not equal", "All ranks must have the same number (rank 0: 0; rank 1: 1)."),
        ("distinct", None),
        ("not distinct", "Each rank needs its own number, but the ranks have 7, 7."),
    ],
)
def test_a_guard_speaks_on_all_ranks_or_on_none(guard, sentence, said):
    assert [on_rank[guard] for on_rank in said] == [sentence, sentence]


def test_a_process_ends_soon_after_the_one_that_started_it():
    body = "from torchbook.ranks import end_with_launcher; end_with_launcher(); print('on', flush=True); input()"
    middle = (
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {body!r}]).pid, flush=True); input()"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", middle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings()
    )
    pid, said = int(launcher.stdout.readline()), launcher.stdout.readline()
    assert said == "on\n"
    child = psutil.Process(pid)
    launcher.kill()
    launcher.wait()
    psutil.wait_procs([child], timeout=20)
    assert not child.is_running()


def test_differences_name_all_ranks():
    facts = [{"seed": 1, "lr": lr, "epochs done": epochs} for lr, epochs in ((0.1, 3), (0.2, 0), (0.1, 3))]
    assert differences(facts) == ["lr (rank 0, 2: 0.1; rank 1: 0.2)", "epochs done (rank 0, 2: 3; rank 1: 0)"]
    assert differences(facts[::2]) == []


def test_a_digest_sees_one_number():
    whole, changed = torch.arange(6.0).view(2, 3), torch.arange(6.0).view(2, 3)
    changed[1, 2] += 1e-6
    assert digest([whole]) == digest([whole.t().contiguous().t()]) != digest([changed])


class Patched:
    """A machine with GPUs, for `join_group`; what it starts is written down."""

    def __init__(self, monkeypatch, gpus: int):
        self.started = []
        monkeypatch.delenv("TORCHBOOK_DEVICE", raising=False)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.cuda, "set_device", lambda device: self.started.append(str(device)))
        monkeypatch.setattr(dist, "init_process_group", self.init)

    def init(self, backend, *, store, rank, world_size, device_id=None):
        self.started.append((backend, rank, world_size, device_id and str(device_id)))


@pytest.mark.parametrize(
    ("gpus", "started"), [(0, [("gloo", 0, 1, None)]), (2, ["cuda:0", ("nccl", 0, 1, "cuda:0")])]
)  # fmt: skip
def test_one_process_takes_the_first_gpu(gpus, started, monkeypatch, capsys):
    machine = Patched(monkeypatch, gpus)
    assert join_group() == (0, 1, torch.device("cuda", 0) if gpus else torch.device("cpu"))
    assert machine.started == started
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("gpus", "others", "backend", "says"),
    [
        (2, "cuda", "nccl", ""),
        (1, "cpu", "gloo", "2 processes and 1 GPU on this machine: all train on the CPU, with gloo.\n"),
        (1, "cuda", "gloo", "2 processes and 1 GPU on this machine: all train on the CPU, with gloo.\n"),
        (2, "cpu", "gloo", ""),  # the machine with too few says so
        (0, "cpu", "gloo", ""),
    ],
)
@pytest.mark.parametrize("local_rank", [0, 1])
def test_all_processes_take_gpus_or_none_does(gpus, others, backend, says, local_rank, monkeypatch, capsys):
    machine, store = Patched(monkeypatch, gpus), dist.HashStore()
    for rank in range(4):  # two machines
        store.set(f"device of {rank}", others)
    for name, value in {"RANK": local_rank, "LOCAL_RANK": local_rank, "LOCAL_WORLD_SIZE": 2, "WORLD_SIZE": 4}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(dist, "rendezvous", lambda method: iter([(store, local_rank, 4)]))
    device = torch.device("cuda", local_rank) if backend == "nccl" else torch.device("cpu")
    assert join_group() == (local_rank, 4, device)
    assert machine.started[-1] == (backend, local_rank, 4, str(device) if backend == "nccl" else None)
    assert capsys.readouterr().err == (says if local_rank == 0 else "")


@pytest.mark.parametrize("accuracies", [[0.3, 0.5, 0.4], [0.1, 0.2, 0.3], [0.5, 0.5, 0.2], [0.0, 0.0]])
def test_best_and_last_are_kept_apart_and_a_resumed_run_knows_the_best(accuracies, tmp_path):
    args, cpu = read_arguments([]), torch.device("cpu")
    for epoch, accuracy in enumerate(accuracies):
        parts = build(args, 10, cpu)  # a new process for each epoch
        start, best = resume(tmp_path / "last.pt", parts, {})
        assert start == epoch
        torch.nn.init.constant_(parts["model"].fc3.bias, epoch)
        assert save(tmp_path, parts, accuracy, best, epoch=epoch + 1, settings={}) == max(accuracies[: epoch + 1])
    best_epoch = accuracies.index(max(accuracies))
    for name, epoch in {"best": best_epoch, "last": len(accuracies) - 1}.items():
        saved = torch.load(tmp_path / f"{name}.pt", weights_only=True)
        assert (saved["epoch"], saved["best"]) == (epoch + 1, max(accuracies))
        assert set(saved["model"]["fc3.bias"].tolist()) == {epoch}


@needs_loopback
def test_the_best_epoch_of_a_resumed_run_evaluated_again_gives_what_was_printed(tmp_path, capsys, monkeypatch):
    arguments = [
        "--source=embedded",
        "--limit=200",
        "--epochs=6",
        "--batch-size=16",
        "--lr=0.2",
        f"--folder={tmp_path}",
    ]
    with monkeypatch.context() as patch:
        patch.setattr("torchbook.train_distributed.os._exit", _die)
        with pytest.raises(Died):
            main([*arguments, "--crash-at-step=50"])  # in the fifth epoch
    assert main(arguments) == 0
    printed = [float(number) for number in re.findall(r"val ([\d.]+)%", capsys.readouterr().out)]
    assert len(printed) == 6
    net = LeNet(in_channels=3)
    saved = load_checkpoint(tmp_path / "best.pt", model=net)
    assert saved["epoch"] == printed.index(max(printed)) + 1
    _, val = load_images("cifar10", source="embedded", limit=200).split(val_fraction=0.1, seed=0)
    _, accuracy = evaluate(net, Batches(val, 500, transform=normalize))
    assert accuracy == saved["best"] == torch.load(tmp_path / "last.pt", weights_only=True)["best"]
    assert round(100 * accuracy, 1) == max(printed)  # of 20 images: printed without loss


def foreign(path: Path, kind: str) -> None:
    """A file that this script has not written."""
    net = LeNet(in_channels=3)
    if kind == "text":
        path.write_text("not a checkpoint", encoding="utf-8")
    elif kind == "weights":
        torch.save(net.state_dict(), path)
    elif kind == "parts":
        torch.save({"model": net.state_dict()}, path)
    elif kind == "another script":
        save_checkpoint(path, model=net, epoch=1)
    elif kind == "another network":
        save_checkpoint(path, model=torch.nn.Linear(2, 2), settings={})


@needs_loopback
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("text", "is not a checkpoint that can be loaded safely"),
        ("weights", "is not a checkpoint of save_checkpoint, it holds a state dict"),
        ("parts", "is not a checkpoint of save_checkpoint, it holds data"),
        ("another script", "is not a checkpoint of this script: use another folder."),
        ("another network", "does not fit"),
    ],
)
def test_a_foreign_checkpoint_is_refused_before_the_first_epoch(kind, sentence, tmp_path, capsys):
    foreign(tmp_path / "last.pt", kind)
    before = (tmp_path / "last.pt").read_bytes()
    assert main([*SETTINGS, f"--folder={tmp_path}"]) == 2
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert len(shown.err.splitlines()) == 1
    assert not shown.out
    assert (tmp_path / "last.pt").read_bytes() == before


@needs_loopback
def test_a_folder_that_cannot_be_written_to_is_told_before_the_first_epoch(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert main([*SETTINGS, f"--folder={tmp_path / 'file' / 'run'}"]) == 2
    shown = capsys.readouterr()
    assert "run" in shown.err
    assert not shown.out


@needs_loopback
def test_a_loss_that_is_not_finite_stops_the_run_before_it_is_saved(tmp_path, capsys):
    assert main([*SETTINGS, "--lr=1e30", f"--folder={tmp_path}"]) == 2
    shown = capsys.readouterr()
    assert re.search(r"loss of epoch 1 is (nan|inf)", shown.err)
    assert not shown.out
    assert not list(tmp_path.iterdir())


@needs_loopback
def test_a_run_begun_on_photographs_does_not_go_on_with_drawings(tmp_path, monkeypatch, capsys):
    cifar_batches(tmp_path / "data")
    arguments = ["--source=auto", "--limit=100", "--epochs=1", "--batch-size=8", f"--folder={tmp_path / 'run'}"]
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "data"))
    assert main(arguments) == 0
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "nothing"))
    assert main(arguments) == 2
    assert re.search(r"was saved with data source=real CIFAR-10.*, not drawn", capsys.readouterr().err)


@needs_loopback
def test_ranks_whose_weights_have_drifted_apart_stop(tmp_path, monkeypatch, capsys):
    def seen(what, value):
        ranks.require_equal(what, value)  # alone there is nothing to find
        raise ValueError(f"{what} {len(value)}")

    monkeypatch.setattr(train_distributed, "require_equal", seen)
    assert main([*SETTINGS, f"--folder={tmp_path}"]) == 2
    assert capsys.readouterr().err == "weights after epoch 1 12\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--epochs=0"], "--epochs"),
        (["--epochs=many"], "--epochs"),
        (["--batch-size=-4"], "--batch-size"),
        (["--lr=0"], "--lr"),
        (["--lr=nan"], "--lr"),
        (["--seed=-1"], "--seed"),
        ([f"--seed={2**70}"], "--seed"),
        (["--source=elsewhere"], "--source"),
        (["--colour"], "--colour"),
    ],
)
def test_a_bad_argument_is_told_in_one_sentence(arguments, word, capsys):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert word in shown.err
    assert len(shown.err.splitlines()) == 1
    assert not shown.out


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RANK", "x"), ("WORLD_SIZE", "x"), ("LOCAL_RANK", "-1"), ("LOCAL_WORLD_SIZE", "2.0"),
        ("TORCHELASTIC_MAX_RESTARTS", "x"), ("TORCHELASTIC_MAX_RESTARTS", ""),
    ],
)  # fmt: skip
def test_a_number_of_torchrun_that_is_none_is_named(name, value, monkeypatch, capsys):
    monkeypatch.setenv(name, value)
    assert main([]) == 2
    assert f"variable {name} must be a whole number, as torchrun sets it, got {value!r}.\n" in capsys.readouterr().err


def test_a_device_that_is_not_there_is_told_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setenv("TORCHBOOK_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main([]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Device 'cuda' is not available on this machine")
    assert len(shown.splitlines()) == 1


def test_the_folder_of_the_user_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert read_arguments(["--folder=~/run"]).folder == tmp_path / "run"


@needs_loopback
@pytest.mark.parametrize("name", ["last.pt", "best.pt"])
def test_a_folder_in_the_place_of_a_checkpoint_is_told_before_the_first_epoch(name, tmp_path, capsys):
    (tmp_path / name).mkdir()
    assert main([*SETTINGS, f"--folder={tmp_path}"]) == 2
    shown = capsys.readouterr()
    assert f"{name} is a folder" in shown.err
    assert not shown.out


ABSENT = object()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("epoch", value) for value in (ABSENT, "x", None, True, 1.0, -1, 3)),
        *(("best", value) for value in (ABSENT, "x", None, float("nan"), [0.5])),
    ],
)
def test_an_edited_epoch_or_best_is_told(name, value, tmp_path):
    parts = build(read_arguments([]), 10, torch.device("cpu"))
    extra = {"epoch": 1, "best": 0.5, "settings": {"epochs": 2}, name: value}
    save_checkpoint(
        tmp_path / "last.pt", **parts, **{key: found for key, found in extra.items() if found is not ABSENT}
    )
    with pytest.raises(ValueError, match=rf"last\.pt was edited: its {name} must be"):
        resume(tmp_path / "last.pt", parts, {})


def test_a_restart_in_the_old_meeting_place_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "1")
    monkeypatch.delenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", raising=False)
    assert main([]) == 2
    assert "TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1" in capsys.readouterr().err


def test_ranks_share_an_epoch_and_epochs_differ():
    images = load_images("cifar10", source="embedded", limit=60)
    args = read_arguments(["--batch-size=20", "--no-flip"])

    def sums(world: int, rank: int, epoch: int) -> list[float]:
        sampler = DistributedSampler(images, world, rank, shuffle=True, seed=0)
        batches = batches_of(images, sampler, epoch, args, torch.device("cpu"))
        return [image.double().sum().item() for batch, _ in batches for image in batch]

    assert sorted(sums(1, 0, 0)) == sorted(sums(2, 0, 0) + sums(2, 1, 0))
    assert sums(1, 0, 0) != sums(1, 0, 1)


def test_seeds_differ_between_runs_epochs_and_ranks():
    seeds = {seed_of(seed, epoch, rank) for seed in range(3) for epoch in range(3) for rank in range(3)}
    assert len(seeds) == 27


def test_the_crash_comes_at_its_step(monkeypatch):
    monkeypatch.setattr("torchbook.train_distributed.os._exit", _die)
    assert list(crash_at([1, 2, 3], -1)) == [1, 2, 3]
    batches = crash_at([1, 2, 3], 2)
    assert [next(batches), next(batches)] == [1, 2]
    with pytest.raises(Died):
        next(batches)
