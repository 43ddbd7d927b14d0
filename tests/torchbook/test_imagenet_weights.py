"""The road of ImageNet's weights, with a file of the same form served on loopback: fetched, checked, kept, loaded."""

from functools import partial
import hashlib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import threading

import pytest
import torch
import torchbook  # noqa: F401  before torchvision: it makes a CPU torch work beside a CUDA torchvision
from torchbook.models import resnet18
from torchvision import models
from torchvision.models import Weights

MEMBER = models.ResNet18_Weights.IMAGENET1K_V1


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory) -> Path:
    """The parameters of an untrained ResNet-18 as resnet18-<hash>.pth, named as torchvision names its files."""
    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("served")
    torch.save(models.resnet18(weights=None).state_dict(), folder / "draft")
    digest = hashlib.sha256((folder / "draft").read_bytes()).hexdigest()
    return (folder / "draft").rename(folder / f"resnet18-{digest[:8]}.pth")


@pytest.fixture
def server(weights_file, monkeypatch):
    """A server on loopback that notes what it is asked for; torchvision's weights point to it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=weights_file.parent)) as running:
        running.asked = []
        threading.Thread(target=running.serve_forever, daemon=True).start()
        point_to(monkeypatch, running, weights_file.name)
        yield running
        running.shutdown()


@pytest.fixture(autouse=True)
def hub(tmp_path):
    """A folder of torch.hub of this test's own."""
    before = torch.hub.get_dir()
    torch.hub.set_dir(str(tmp_path / "hub"))
    yield tmp_path / "hub" / "checkpoints"
    torch.hub.set_dir(before)


def point_to(monkeypatch, server, name: str) -> None:
    url = f"http://127.0.0.1:{server.server_address[1]}/{name}"
    monkeypatch.setattr(MEMBER, "_value_", Weights(url=url, transforms=MEMBER.transforms, meta=MEMBER.meta))


def test_the_file_is_fetched_once_and_kept_under_its_name(server, hub, weights_file):
    first = models.resnet18(weights=MEMBER)
    second = models.resnet18(weights="IMAGENET1K_V1")
    assert server.asked == [f"/{weights_file.name}"]
    assert (hub / weights_file.name).read_bytes() == weights_file.read_bytes()
    torch.testing.assert_close(second.state_dict(), first.state_dict())


def test_a_file_put_there_by_hand_needs_no_network(server, hub, weights_file):
    hub.mkdir(parents=True)
    (hub / weights_file.name).write_bytes(weights_file.read_bytes())
    models.resnet18(weights=MEMBER)
    assert server.asked == []


def test_a_file_with_another_hash_is_refused_and_not_kept(server, hub, weights_file, monkeypatch):
    other = weights_file.with_name("resnet18-00000000.pth")
    other.write_bytes(weights_file.read_bytes())
    point_to(monkeypatch, server, other.name)
    with pytest.raises(RuntimeError, match="invalid hash value"):
        models.resnet18(weights=MEMBER)
    assert list(hub.iterdir()) == []


def test_our_resnet18_takes_the_same_weights_and_agrees(server):
    theirs = models.resnet18(weights=MEMBER).eval()
    ours = resnet18().eval()
    ours.load_state_dict(MEMBER.get_state_dict(check_hash=True), strict=True)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images))
