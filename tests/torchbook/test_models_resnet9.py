"""ResNet9: what its stages hand on, what it starts with, and that it learns."""

import math

import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.models import ResNet9, conv_block

WIDTHS = (4, 6, 8, 10)


def network(**arguments):
    torch.manual_seed(0)
    return ResNet9(WIDTHS, **arguments)


def by_hand(conv, bn, x, pool, activation=F.relu):
    """One block in training, from PyTorch's functions."""
    x = F.conv2d(x, conv.weight, padding=1)
    x = F.max_pool2d(x, 2) if pool else x
    return activation(F.batch_norm(x, None, None, bn.weight, bn.bias, training=True))


@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize(("made_by", "activation"), [(nn.ReLU, F.relu), (nn.GELU, F.gelu)])
def test_a_block_is_convolution_pooling_norm_and_activation(pool, made_by, activation):
    torch.manual_seed(0)
    block = conv_block(3, 5, pool, made_by)
    x = torch.randn(4, 3, 8, 8)
    found = block(x)
    assert found.shape == ((4, 5, 4, 4) if pool else (4, 5, 8, 8))
    torch.testing.assert_close(found, by_hand(block[0], block[-2], x, pool, activation))


def test_the_activation_stands_in_every_block():
    assert sum(isinstance(part, nn.ReLU) for part in network().modules()) == 8
    parts = list(network(activation=nn.GELU).modules())
    assert sum(isinstance(part, nn.GELU) for part in parts) == 8
    assert not any(isinstance(part, nn.ReLU) for part in parts)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (8, 24), (64, 16)])
def test_stages_have_the_promised_sizes(height, width):
    model = network(in_channels=2)
    shapes = {}
    for name in ("stem", "down1", "residual1", "down2", "down3", "residual2", "fc"):
        model.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: shapes.update({name: tuple(output.shape)})
        )
    model(torch.rand(3, 2, height, width))
    assert shapes == {
        "stem": (3, 4, height, width),
        "down1": (3, 6, height // 2, width // 2),
        "residual1": (3, 6, height // 2, width // 2),
        "down2": (3, 8, height // 4, width // 4),
        "down3": (3, 10, height // 8, width // 8),
        "residual2": (3, 10, height // 8, width // 8),
        "fc": (3, 10),
    }


@pytest.mark.parametrize("classes", [2, 10])
def test_logits_one_a_class(classes):
    assert network(classes=classes)(torch.rand(3, 3, 32, 32)).shape == (3, classes)


@pytest.mark.parametrize("widths", [WIDTHS, (16, 32, 64, 128), (64, 128, 256, 512)])
def test_number_of_parameters(widths):
    full, half, quarter, eighth = widths
    pairs = [(3, full), (full, half), *[(half, half)] * 2, (half, quarter), (quarter, eighth), *[(eighth, eighth)] * 2]
    expected = sum(9 * before * after + 2 * after for before, after in pairs) + 10 * eighth
    with torch.device("meta"):
        assert sum(p.numel() for p in ResNet9(widths).parameters()) == expected


def test_output_put_together_by_hand():
    model = network()
    images = torch.randn(6, 3, 16, 16)
    x = by_hand(model.stem[0], model.stem[-2], images, pool=False)
    x = by_hand(model.down1[0], model.down1[-2], x, pool=True)
    inner = x
    for block in model.residual1:
        inner = by_hand(block[0], block[-2], inner, pool=False)
    x = x + inner
    x = by_hand(model.down2[0], model.down2[-2], x, pool=True)
    x = by_hand(model.down3[0], model.down3[-2], x, pool=True)
    inner = x
    for block in model.residual2:
        inner = by_hand(block[0], block[-2], inner, pool=False)
    pooled = (x + inner).amax(dim=(2, 3))
    torch.testing.assert_close(model(images), pooled @ model.fc.weight.T / 8)


@pytest.mark.parametrize("part", ["residual1", "residual2"])
def test_a_residual_part_adds_to_its_input(part):
    """Where it yields zeros, its input goes through as it is."""
    model = network().eval()
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        changed = model(images)
        last = model.get_submodule(part)[-1][-2]
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        passed = model(images)
        setattr(model, part, nn.Identity())
        doubled = model(images)
        setattr(model, part, ZerosLike())
        torch.testing.assert_close(model(images), passed)
    assert not torch.allclose(changed, passed)
    assert not torch.allclose(doubled, passed)


class ZerosLike(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)


def test_untrained_loss_is_that_of_guessing():
    torch.manual_seed(0)
    images, labels = torch.randn(200, 3, 32, 32), torch.arange(200) % 10
    with torch.no_grad():
        loss = F.cross_entropy(ResNet9()(images), labels)
    assert loss.item() == pytest.approx(math.log(10), abs=0.1)


def test_a_gradient_reaches_every_parameter():
    model = network()
    F.cross_entropy(model(torch.randn(16, 3, 32, 32)), torch.arange(16) % 10).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_memory_order_changes_nothing():
    model, images = network(), torch.randn(4, 3, 32, 32)
    expected = model(images)
    torch.testing.assert_close(
        model.to(memory_format=torch.channels_last)(images.contiguous(memory_format=torch.channels_last)), expected
    )


def test_learns_32_pictures_by_heart():
    torch.manual_seed(0)
    images, labels = torch.rand(32, 3, 16, 16), torch.arange(32) % 10
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, nesterov=True)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    assert F.cross_entropy(model(images), labels).item() < 0.05
    assert (model(images).argmax(1) == labels).all()


@pytest.mark.parametrize("widths", [(), (8, 8, 8), (8,) * 5, (8, 8, 0, 8)])
def test_bad_widths_are_refused(widths):
    with pytest.raises(ValueError, match="widths must be four positive numbers") as caught:
        ResNet9(widths)
    assert str(list(widths)) in str(caught.value)
