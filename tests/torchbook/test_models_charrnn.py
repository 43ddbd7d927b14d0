"""CharRNN against PyTorch's layers put together by hand."""

import pytest
import torch
from torch import nn
from torchbook.models import CharRNN

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
TOKENS = torch.tensor([[0, 4, 2, 2, 1], [3, 3, 0, 1, 4]])  # (N, T) = (2, 5)


def parts(state):
    """The tensors of a state: one, or the pair of an LSTM."""
    return state if isinstance(state, tuple) else (state,)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", LAYERS)
def test_equals_embedding_layer_and_head(kind, layers):
    torch.manual_seed(0)
    model = CharRNN(5, 7, kind=kind, embedding_size=3, layers=layers)
    recurrent = LAYERS[kind](3, 7, layers, batch_first=True)
    recurrent.load_state_dict(model.recurrent.state_dict())
    outputs, expected_state = recurrent(model.embedding.weight[TOKENS])
    logits, state = model(TOKENS)
    torch.testing.assert_close(logits, outputs @ model.head.weight.T + model.head.bias)
    assert logits.shape == (2, 5, 5)
    assert parts(state)[0].shape == (layers, 2, 7)
    torch.testing.assert_close(parts(state), parts(expected_state))


def test_rnn_is_the_step_of_the_chapter():
    torch.manual_seed(0)
    model = CharRNN(5, 7, embedding_size=3).double()
    layer, h = model.recurrent, torch.zeros(2, 7, dtype=torch.float64)
    for t in range(TOKENS.shape[1]):
        x = model.embedding(TOKENS[:, t])
        h = torch.tanh(x @ layer.weight_ih_l0.T + layer.bias_ih_l0 + h @ layer.weight_hh_l0.T + layer.bias_hh_l0)
    logits, state = model(TOKENS)
    torch.testing.assert_close(state[0], h)
    torch.testing.assert_close(logits[:, -1], model.head(h))


@pytest.mark.parametrize("kind", LAYERS)
def test_state_carries_a_text_over(kind):
    torch.manual_seed(0)
    model = CharRNN(5, 7, kind=kind)
    whole, _ = model(TOKENS)
    first, state = model(TOKENS[:, :2])
    second, _ = model(TOKENS[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    assert not torch.allclose(model(TOKENS[:, 2:])[0], second)


def test_dropout_acts_in_training_alone():
    torch.manual_seed(0)
    model = CharRNN(5, 7, layers=2, dropout=0.5)
    assert not torch.equal(model(TOKENS)[0], model(TOKENS)[0])
    model.eval()
    assert torch.equal(model(TOKENS)[0], model(TOKENS)[0])


@pytest.mark.filterwarnings("error")
def test_dropout_with_one_layer_does_not_warn():
    assert CharRNN(5, 7, dropout=0.5).recurrent.dropout == 0


@pytest.mark.parametrize("kind", ["RNN", "transformer", ""])
def test_unknown_kind_is_refused(kind):
    with pytest.raises(ValueError, match=r"kind must be one of 'rnn', 'lstm', 'gru'"):
        CharRNN(5, 7, kind=kind)
