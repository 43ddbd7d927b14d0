"""A recurrent network, one step at a time: what a browser calls for each letter."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class OneStep(nn.Module):
    """A token (N,) and the state h, c (N, H) -> logits (N, V), the new h and c; of an LSTM with one layer."""

    def __init__(self, embedding: nn.Embedding, lstm: nn.LSTM, head: nn.Linear):
        super().__init__()
        self.embedding, self.lstm, self.head = embedding, lstm, head

    def forward(self, token: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        outputs, (h, c) = self.lstm(self.embedding(token)[:, None], (h[None], c[None]))
        return self.head(outputs[:, 0]), h[0], c[0]


def step_inputs(token: int, hidden_size: int) -> dict[str, Tensor]:
    """A token and a drawn state, to check a file with."""
    state = torch.rand(2, 1, hidden_size, generator=torch.Generator().manual_seed(0)) - 0.5
    return {"token": torch.tensor([token]), "h": state[0], "c": state[1]}
