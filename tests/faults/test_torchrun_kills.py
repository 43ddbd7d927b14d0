"""torchrun and its processes killed at random moments, and started again: the run ends bit-equal, nobody is left."""

from __future__ import annotations

from contextlib import suppress
import os
from pathlib import Path
from random import Random
import subprocess
import sys
import time

from damage import count_wrong
import psutil
import pytest
from test_train_distributed import SETTINGS, needs_loopback, surroundings
import torch
from torchbook.checkpoint import read_checkpoint

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of torchrun by their environment"),
    needs_loopback,
    pytest.mark.long,
]
RUNS, KILLS, EPOCHS = 5, 4, 60  # a run is killed so often, and goes on each time
VICTIMS = ("all", "rank 0", "rank 1", "torchrun")  # in turn
KEEPS = """
import sys
from torchbook import train_distributed
from torchbook.checkpoint import save_checkpoint
def keep(folder, parts, accuracy, best, **extra):
    save_checkpoint(folder / f"epoch-{extra['epoch']}.pt", **parts)
    return save(folder, parts, accuracy, best, **extra)
save, train_distributed.save = train_distributed.save, keep
sys.exit(train_distributed.main(sys.argv[1:]))
"""  # the whole run, which keeps the weights after each epoch


class Launch:
    """A torchrun with two processes that writes into a folder; what it prints goes to a file beside it."""

    def __init__(self, folder: Path, *script: str):
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
        command += [f"--log-dir={os.devnull}", *(script or ("-m", "torchbook.train_distributed"))]
        command += [*SETTINGS, f"--epochs={EPOCHS}"]
        self.said = folder.with_suffix(".txt")
        with self.said.open("w") as out:
            self.agent = psutil.Popen(
                [*command, f"--folder={folder}"], stdout=out, stderr=subprocess.STDOUT, env=surroundings()
            )
        self.seen: set[psutil.Process] = {self.agent}

    def ranks(self) -> dict[str, psutil.Process]:
        """The processes that train, by "rank 0" and "rank 1", those that have started."""
        found = {}
        for process in self.agent.children(recursive=True):
            self.seen.add(process)
            with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                if (rank := process.environ().get("RANK")) is not None:
                    found[f"rank {rank}"] = process
        return found

    def epochs(self) -> int:
        """How many epochs this launch has told the end of."""
        return self.said.read_text().count("  val ")

    def wait_for(self, epochs: int) -> None:
        """Until both processes are there, and that many epochs have ended; no longer than torchrun lives."""
        end, both = time.monotonic() + 300, False
        while self.agent.poll() is None and not (both and self.epochs() >= epochs):
            assert time.monotonic() < end, self.said.read_text()
            both = both or len(self.ranks()) == 2
            time.sleep(0.02)

    def kill(self, victim: str) -> None:
        """SIGKILL to all, to torchrun alone, or to one rank alone."""
        ranks = self.ranks()
        for process in {"all": [self.agent, *ranks.values()], "torchrun": [self.agent]}.get(
            victim, [ranks.get(victim)]
        ):
            process.kill()

    def left(self) -> list[psutil.Process]:
        """Which of its processes are there still, after 90 s at most (torchrun gives one 30); they are killed."""
        _, alive = psutil.wait_procs(self.seen, timeout=90)
        for process in alive:
            process.kill()
        return alive


def same(path: Path, truth: Path) -> bool:
    weights, right = read_checkpoint(path)["model"], read_checkpoint(truth)["model"]
    return all(torch.equal(weights[name], tensor) for name, tensor in right.items())


@pytest.mark.faults("torchrun killed")
def test_a_launch_that_is_killed_goes_on_and_ends_bit_equal(tmp_path, record_property):
    rng = Random(0)
    truth = tmp_path / "whole"
    (tmp_path / "keeps.py").write_text(KEEPS, encoding="utf-8")
    begin = time.monotonic()
    whole = Launch(truth, str(tmp_path / "keeps.py"))
    whole.wait_for(1)
    until_training = time.monotonic() - begin  # seconds
    assert whole.agent.wait(timeout=300) == 0, whole.said.read_text()
    of_epoch = (time.monotonic() - begin - until_training) / EPOCHS  # seconds

    def killed(folder: Path, victim: str) -> str:
        """Go on in the folder, kill the victim at some moment, look at what is left: processes, checkpoint."""
        path = folder / "last.pt"
        done = read_checkpoint(path)["epoch"] if path.exists() else 0
        launch = Launch(folder)
        epochs = rng.randrange(victim == "torchrun", 3)  # to wait for; before it loads PyTorch no process hears of it
        launch.wait_for(epochs)
        time.sleep(rng.random() * (of_epoch if epochs else until_training))
        if launch.agent.poll() is not None:
            return f"ended by itself: {launch.said.read_text()[-500:]}"
        launch.kill(victim)
        if left := launch.left():
            return f"{victim} was killed, and {len(left)} processes were left"
        said = launch.said.read_text()
        if launch.epochs() and (f"resumed after epoch {done}\n" in said) != bool(done):
            return f"did not go on after epoch {done}: {said[-500:]}"
        if path.exists() and not same(path, truth / f"epoch-{read_checkpoint(path)['epoch']}.pt"):
            return f"other weights when {victim} had been killed"
        return ""

    def ended(folder: Path) -> str:
        """Go on to the end: the weights, and no temporary file beside them."""
        launch = Launch(folder)
        if launch.agent.wait(timeout=300) != 0:
            return f"going on failed: {launch.said.read_text()[-500:]}"
        if sorted(path.name for path in folder.iterdir()) != ["best.pt", "last.pt"]:
            return f"left {sorted(path.name for path in folder.iterdir())}"
        return "" if same(folder / "last.pt", truth / f"epoch-{EPOCHS}.pt") else "other weights at the end"

    def outcomes():
        for run in range(RUNS):
            folder = tmp_path / f"run-{run}"
            found = [killed(folder, VICTIMS[(run + kill) % len(VICTIMS)]) for kill in range(KILLS)]
            end = ended(folder)  # counts for each moment of this run
            yield from (moment or end for moment in found)

    count_wrong(record_property, outcomes())
