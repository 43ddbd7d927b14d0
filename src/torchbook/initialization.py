"""Named recipes for the numbers that a network starts from. Taught in chapter 09."""

from __future__ import annotations

import torch
from torch import nn


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
