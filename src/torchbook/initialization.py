"""Named recipes for the numbers that a network starts from. Taught in chapter 09 and on "How fast, and why"."""

from __future__ import annotations

import torch
from torch import Tensor, nn
import torch.nn.functional as F


@torch.no_grad()
def init_weights(model: nn.Module, recipe: str = "kaiming_normal", nonlinearity: str = "relu") -> nn.Module:
    """Fill the layers of `model` in place, by their type, and return it; taught in chapter 09.

    Linear and convolution layers: weight by the recipe, bias 0. Batch, layer and group norms: weight 1, bias 0. All
    else keeps its values (embeddings, recurrent and transposed layers). recipe: "xavier_uniform", "xavier_normal",
    "kaiming_uniform", "kaiming_normal" (fan_in), "orthogonal" or "normal_0.01" (standard deviation 0.01).
    nonlinearity: what follows the layers, as in `nn.init.calculate_gain`; every recipe but the last takes its gain
    from it ("linear": gain 1; "leaky_relu": slope 0.01). Raises ValueError for an unknown recipe or nonlinearity,
    before anything has changed. Sources: Glorot and Bengio, 2010; He et al., 2015; Saxe et al., 2014.
    """
    gains = {name: nn.init.calculate_gain(name) for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu")}
    if nonlinearity not in gains:
        raise ValueError(f"Unknown nonlinearity {nonlinearity!r}: use one of {', '.join(gains)}.")
    gain = gains[nonlinearity]
    recipes = {
        "xavier_uniform": lambda weight: nn.init.xavier_uniform_(weight, gain),
        "xavier_normal": lambda weight: nn.init.xavier_normal_(weight, gain),
        "kaiming_uniform": lambda weight: nn.init.kaiming_uniform_(weight, a=0.01, nonlinearity=nonlinearity),
        "kaiming_normal": lambda weight: nn.init.kaiming_normal_(weight, a=0.01, nonlinearity=nonlinearity),
        "orthogonal": lambda weight: nn.init.orthogonal_(weight, gain),
        "normal_0.01": lambda weight: nn.init.normal_(weight, std=0.01),
    }
    if recipe not in recipes:
        raise ValueError(f"Unknown recipe {recipe!r}: use one of {', '.join(recipes)}.")
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            recipes[recipe](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm)):
            if module.weight is not None:  # None with affine=False
                nn.init.ones_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


@torch.no_grad()
def whiten_(conv: nn.Conv2d, images: Tensor, eps: float = 5e-4) -> nn.Conv2d:
    """Make a first convolution whiten the patches of `images` and freeze it; taught on "How fast, and why".

    images: (N, C, H, W) as the network will see them, one or more, none smaller than the kernel. The first half of the
    channels then holds the patches' main directions, that of largest variance first, each scaled to a mean square of 1
    and uncorrelated with the others; the second half holds the same with the sign changed, since what follows, a ReLU
    or the like, lets one sign through. Channels beyond twice the size of a patch keep their weights. eps is added to
    the variances: above 0 where the images may lack a direction. Returns `conv`. Raises ValueError for images of
    another number of axes or channels, and for groups. Source: David Page, How to train your ResNet, 2018.
    """
    if images.ndim != 4 or images.shape[1] != conv.in_channels or conv.groups != 1:
        raise ValueError(
            f"images must be (N, {conv.in_channels}, H, W) for a convolution without groups, got {tuple(images.shape)}."
        )
    patches = F.unfold(images.float(), conv.kernel_size).transpose(1, 2).flatten(0, 1)  # (patches, C * kh * kw)
    moments = (patches.T @ patches / len(patches)).cpu()  # small, and not every device has the next function
    variances, directions = torch.linalg.eigh(moments)  # rising; directions in columns
    filters = (directions / (variances + eps).sqrt()).T.flip(0)[: conv.out_channels // 2]
    pairs = torch.cat([filters, -filters]).view(-1, *conv.weight.shape[1:])
    conv.weight[: len(pairs)].copy_(pairs)
    conv.weight.requires_grad_(False)
    return conv
