"""The residual networks against torchvision's, and the shapes that they promise."""

import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.models import ResidualBlock, ResNet, make_layer, resnet18, resnet34
from torchvision import models as oracle


def pair(name):
    """Ours with the random weights of torchvision's, and torchvision's."""
    torch.manual_seed(0)
    theirs = getattr(oracle, name)(weights=None)
    ours = {"resnet18": resnet18, "resnet34": resnet34}[name]()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return ours, theirs


@pytest.mark.parametrize("name", ["resnet18", "resnet34"])
def test_outputs_gradients_and_running_statistics_are_torchvisions(name):
    ours, theirs = pair(name)
    images, labels = torch.rand(3, 3, 64, 64), torch.tensor([1, 20, 300])
    for model in (ours, theirs):
        F.cross_entropy(model.train()(images), labels).backward()
    for mine, reference in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert mine[0] == reference[0]
        torch.testing.assert_close(mine[1].grad, reference[1].grad)
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(images), theirs.eval()(images))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (65, 97), (224, 160)])
def test_any_image_size_gives_torchvisions_output(height, width):
    ours, theirs = pair("resnet18")
    images = torch.rand(1, 3, height, width)
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(images), theirs.eval()(images))


@pytest.mark.parametrize("classes", [2, 101])
def test_classes_change_the_head_alone(classes):
    with torch.device("meta"):
        ours, theirs = resnet34(classes), oracle.resnet34(num_classes=classes)
    assert {name: p.shape for name, p in ours.state_dict().items()} == {
        name: p.shape for name, p in theirs.state_dict().items()
    }


def test_convolutions_start_as_torchvisions_do():
    torch.manual_seed(0)
    ours, theirs = resnet18().layer3[0].conv1.weight, oracle.resnet18(weights=None).layer3[0].conv1.weight
    assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.02)
    assert ours.std().item() == pytest.approx((2 / (9 * 256)) ** 0.5, rel=0.02)


@pytest.mark.parametrize(("stem", "size"), [("cifar", 32), ("imagenet", 8)])
def test_stem_and_stages_have_the_promised_sizes(stem, size):
    model = ResNet((1, 2, 1), (4, 8, 12), classes=7, in_channels=1, stem=stem)
    x = model.maxpool(model.bn1(model.conv1(torch.rand(2, 1, 32, 32))))
    assert x.shape == (2, 4, size, size)
    for number, channels in ((1, 4), (2, 8), (3, 12)):
        x = model.get_submodule(f"layer{number}")(x)
        assert x.shape == (2, channels, size // 2 ** (number - 1), size // 2 ** (number - 1))
    assert model(torch.rand(2, 1, 32, 32)).shape == (2, 7)
    assert [len(stage) for stage in (model.layer1, model.layer2, model.layer3)] == [1, 2, 1]


@pytest.mark.parametrize(
    ("channels", "stride", "projects"), [((4, 4), 1, False), ((4, 6), 1, True), ((4, 4), 2, True), ((4, 6), 2, True)]
)
def test_a_block_projects_where_the_shape_changes(channels, stride, projects):
    block = ResidualBlock(*channels, stride)
    assert (block.downsample is not None) == projects
    assert block(torch.rand(2, 4, 9, 9)).shape == (2, channels[1], -(-9 // stride), -(-9 // stride))


def test_a_block_with_zero_weights_passes_its_input_and_leaves_it_alone():
    block = ResidualBlock(3, 3)
    nn.init.zeros_(block.bn2.weight)
    x = torch.randn(2, 3, 5, 5)
    before = x.clone()
    torch.testing.assert_close(block(x), x.relu())
    assert torch.equal(x, before)


def test_another_block_takes_its_place():
    class Plain(nn.Conv2d):
        def __init__(self, in_channels, out_channels, stride=1):
            super().__init__(in_channels, out_channels, 3, stride, padding=1)

    stage = make_layer(Plain, 4, 8, 3, stride=2)
    assert [type(block) for block in stage] == [Plain] * 3
    assert stage(torch.rand(1, 4, 8, 8)).shape == (1, 8, 4, 4)
    assert ResNet((1, 1), (4, 8), block=Plain)(torch.rand(2, 3, 16, 16)).shape == (2, 10)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"stem": "mnist"}, "stem must be 'imagenet' or 'cifar', got 'mnist'"),
        ({"blocks": (2, 2), "widths": (8, 16, 32)}, r"one positive number a stage, got \[2, 2\] and \[8, 16, 32\]"),
        ({"blocks": (2, 0), "widths": (8, 16)}, "one positive number a stage"),
        ({"blocks": (), "widths": ()}, "one positive number a stage"),
    ],
)
def test_bad_arguments_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        ResNet(**arguments)
