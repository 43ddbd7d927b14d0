"""Each recipe's bound or deviation against its formula; what is left alone; what is refused."""

import math
import re

import pytest
import torch
from torch import nn
from torchbook.initialization import init_weights, whiten_

RECIPES = ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal", "normal_0.01"]
GAINS = {"linear": 1, "tanh": 5 / 3, "relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / 1.0001)}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def layer(kind: str) -> tuple[nn.Module, int, int]:
    """A layer with its fan_in and fan_out, which differ."""
    if kind == "linear":
        return nn.Linear(300, 200), 300, 200
    if kind == "conv1d":
        return nn.Conv1d(40, 80, 5), 200, 400
    if kind == "conv2d":
        return nn.Conv2d(30, 50, 5), 750, 1250
    return nn.Conv3d(20, 10, 3), 540, 270


@pytest.mark.parametrize("nonlinearity", GAINS)
@pytest.mark.parametrize("kind", ["linear", "conv1d", "conv2d", "conv3d"])
@pytest.mark.parametrize("recipe", ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"])
def test_the_weights_follow_the_formula(recipe, kind, nonlinearity):
    module, fan_in, fan_out = layer(kind)
    init_weights(module, recipe, nonlinearity)
    fan = (fan_in + fan_out) / 2 if recipe.startswith("xavier") else fan_in
    std = GAINS[nonlinearity] / math.sqrt(fan)
    weight = module.weight.detach()
    assert weight.std().item() == pytest.approx(std, rel=0.03)
    assert abs(weight.mean().item()) < 0.05 * std
    largest = weight.abs().max().item() / std
    assert largest == pytest.approx(math.sqrt(3), rel=0.01) if recipe.endswith("uniform") else largest > 2.5


@pytest.mark.parametrize("nonlinearity", GAINS)
def test_orthogonal_rows_have_the_gain_for_their_length(nonlinearity):
    weight = init_weights(nn.Conv2d(4, 8, 3), "orthogonal", nonlinearity).weight.detach().flatten(1)  # (8, 36)
    torch.testing.assert_close(weight @ weight.T, GAINS[nonlinearity] ** 2 * torch.eye(8), rtol=0, atol=1e-5)


@pytest.mark.parametrize("nonlinearity", GAINS)
def test_the_small_normal_knows_no_fan_and_no_gain(nonlinearity):
    weight = init_weights(nn.Linear(300, 200), "normal_0.01", nonlinearity).weight
    assert weight.std().item() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("recipe", RECIPES)
def test_layers_are_filled_by_their_type(recipe):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 4), nn.LayerNorm(4))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 7.0)
    assert init_weights(model, recipe) is model
    conv, batch_norm, _, linear, layer_norm = model
    for module in (conv, linear):
        assert module.bias.eq(0).all()
        assert module.weight.unique().numel() == module.weight.numel()
    for module in (batch_norm, layer_norm):
        assert module.weight.eq(1).all()
        assert module.bias.eq(0).all()


@pytest.mark.parametrize(
    "module",
    [
        nn.Linear(3, 2, bias=False),
        nn.Conv2d(2, 2, 1, bias=False),
        nn.BatchNorm1d(3, affine=False),
        nn.LayerNorm(3, bias=False),
    ],
    ids=lambda module: type(module).__name__,
)
def test_layers_without_a_bias_or_a_weight_are_no_error(module):
    init_weights(module)


@pytest.mark.parametrize(
    "module", [nn.Embedding(5, 3), nn.LSTM(3, 2), nn.ConvTranspose2d(2, 3, 2)], ids=lambda module: type(module).__name__
)
def test_other_layers_keep_their_values(module):
    before = [parameter.clone() for parameter in module.parameters()]
    init_weights(module)
    assert all(torch.equal(one, other) for one, other in zip(before, module.parameters(), strict=True))


def test_the_parameters_stay_the_same_leaves():
    model = nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    before = list(model.parameters())
    init_weights(model)
    assert all(one is other for one, other in zip(before, model.parameters(), strict=True))
    assert (model.weight.requires_grad, model.bias.requires_grad) == (True, False)
    assert model.weight.grad_fn is None


def test_autograd_notices_the_change():
    model = nn.Linear(3, 2)
    loss = model(torch.ones(1, 3, requires_grad=True)).sum()
    init_weights(model)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_seed_repeats():
    torch.manual_seed(3)
    one = init_weights(nn.Linear(3, 2)).weight.clone()
    torch.manual_seed(4)
    assert not torch.equal(init_weights(nn.Linear(3, 2)).weight, one)
    torch.manual_seed(3)
    assert torch.equal(init_weights(nn.Linear(3, 2)).weight, one)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("he",), f"Unknown recipe 'he': use one of {', '.join(RECIPES)}."),
        (("xavier_normal", "gelu"), "Unknown nonlinearity 'gelu': use one of linear, sigmoid, tanh, relu, "),
    ],
)
def test_unknown_names_are_refused_and_nothing_changes(arguments, sentence):
    model = nn.Linear(3, 2)
    before = model.weight.clone()
    with pytest.raises(ValueError, match=re.escape(sentence)):
        init_weights(model, *arguments)
    assert torch.equal(model.weight, before)


def pictures(channels: int = 3) -> torch.Tensor:
    """Correlated pixels: smooth noise, another deviation in each channel."""
    noise = torch.randn(40, channels, 14, 14)
    return nn.functional.avg_pool2d(noise, 3, stride=1) * torch.arange(1.0, channels + 1).view(-1, 1, 1)


@pytest.mark.parametrize(("kernel", "settings"), [(3, {}), ((2, 3), {}), (4, {"stride": 2, "padding": 1})])
def test_whitened_outputs_are_uncorrelated_with_mean_square_1(kernel, settings):
    images = pictures()
    conv = whiten_(nn.Conv2d(3, 12, kernel, bias=False, **settings), images, eps=0.0)
    outputs = nn.functional.conv2d(images, conv.weight).transpose(0, 1).flatten(1)  # (12, places): every patch
    moments = outputs[:6] @ outputs[:6].T / outputs.shape[1]
    torch.testing.assert_close(moments, torch.eye(6), rtol=0, atol=2e-3)
    torch.testing.assert_close(outputs[6:], -outputs[:6])


def test_the_directions_of_largest_variance_come_first():
    images = pictures()
    weight = whiten_(nn.Conv2d(3, 54, 3), images).weight.detach()[:27].flatten(1)
    patches = nn.functional.unfold(images, 3).transpose(1, 2).flatten(0, 1)
    along = (patches @ (weight / weight.norm(dim=1, keepdim=True)).T).square().mean(0)
    assert (along.diff() < 0).all()
    assert along[0].item() == pytest.approx(torch.linalg.matrix_norm(patches, 2).item() ** 2 / len(patches), rel=1e-3)


def test_eps_holds_back_directions_that_images_hardly_have():
    grey = pictures(1).expand(-1, 3, -1, -1)  # three equal channels: most directions have no variance
    weight = whiten_(nn.Conv2d(3, 54, 3), grey, eps=0.01).weight.detach()
    assert weight.flatten(1).norm(dim=1).max().item() == pytest.approx(10, rel=0.01)


def test_channels_beyond_all_directions_keep_their_weights_and_all_are_frozen():
    conv = nn.Conv2d(1, 10, 2)  # a patch has four numbers
    weight, bias = conv.weight.detach().clone(), conv.bias.detach().clone()
    assert whiten_(conv, pictures(1)) is conv
    assert torch.equal(conv.weight[8:], weight[8:])
    assert not torch.isclose(conv.weight[:8], weight[:8]).any()
    assert not conv.weight.requires_grad
    assert conv.bias.requires_grad
    assert torch.equal(conv.bias, bias)


@pytest.mark.parametrize("shape", [(4, 1, 8, 8), (3, 8, 8), (2, 4, 8, 8)])
def test_images_that_do_not_fit_are_refused_and_nothing_changes(shape):
    conv = nn.Conv2d(3, 8, 3)
    before = conv.weight.detach().clone()
    with pytest.raises(
        ValueError, match=re.escape(f"images must be (N, 3, H, W) for a convolution without groups, got {shape}")
    ):
        whiten_(conv, torch.rand(shape))
    assert torch.equal(conv.weight, before)
    assert conv.weight.requires_grad
