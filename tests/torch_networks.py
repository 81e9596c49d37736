"""Our networks as PyTorch modules, from equal weights.

PyTorch keeps two bias vectors where this library keeps their sum. Two biases that
receive the same gradient move twice as far under Adam, so PyTorch's second bias is held
at zero, except the part that sits inside the reset product of its GRU, which is our
``bias_hh``. Its GRU also swaps the roles of z and 1 - z: since ``1 - s(a) = s(-a)``,
the rows of that gate change their sign on the way.
"""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")

CELLS = {
    "lstm": torch.nn.LSTM,
    "gru_reset_after": torch.nn.GRU,
    "rnn_tanh": torch.nn.RNN,
    "rnn_relu": partial(torch.nn.RNN, nonlinearity="relu"),
}
OUTPUT_TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}
GRADIENT_TOLERANCE = {np.float64: 1e-9, np.float32: 1e-5}


def assert_close(found, expected, tolerance, name):
    """To `tolerance` times the largest entry of what is expected."""
    expected = np.asarray(expected)
    scale = np.abs(expected).max()
    assert_allclose(found, expected, rtol=0, atol=tolerance * scale, err_msg=name)


def swap_update_gate(cell, name, array):
    """Our parameter as PyTorch's, or back: the sign of the z rows."""
    if cell != "gru_reset_after" or name == "bias_hh":
        return array
    array = array.copy()
    third = len(array) // 3
    array[third : 2 * third] *= -1
    return array


def torch_name(name, layer=0, direction=0):
    """PyTorch's name for a parameter of one of our layers."""
    theirs = {"bias": "bias_ih", "projection": "weight_hr"}.get(name, name)
    return f"{theirs}_l{layer}{'_reverse' if direction else ''}"


def torch_parameters(cell, parameters, layer=0, direction=0):
    """PyTorch's names and arrays for the parameters of one of our layers."""
    arrays = {
        name: swap_update_gate(cell, name, np.asarray(array))
        for name, array in parameters.items()
    }
    second = np.zeros_like(arrays["bias"])
    if "bias_hh" in arrays:
        second[-len(arrays["bias_hh"]) :] = arrays["bias_hh"]
    arrays["bias_hh"] = second
    return {
        torch_name(name, layer, direction): torch.tensor(array)
        for name, array in arrays.items()
    }


def from_torch(cell, module, name, layer=0, direction=0, attribute="data"):
    """A parameter of a PyTorch module, or its gradient, as we have it."""
    parameter = getattr(module, torch_name(name, layer, direction))
    array = getattr(parameter, attribute).numpy()
    if name == "bias_hh":
        array = array[-len(array) // 3 :]
    return swap_update_gate(cell, name, array)


def torch_module(cell, n_features, sizes, dtype, *, projection_sizes=None, **choices):
    """PyTorch's layers; all of them have one size."""
    assert len(set(sizes)) == len(set(projection_sizes or sizes)) == 1
    if projection_sizes:
        choices["proj_size"] = projection_sizes[0]
    module = CELLS[cell](n_features, sizes[0], num_layers=len(sizes), **choices)
    return module.to(torch.float64 if dtype == np.float64 else torch.float32)


def hold_second_bias(cell, module):
    """Keep at zero what this library does not have."""
    for name, parameter in module.named_parameters():
        if name.startswith("bias_hh"):
            is_gru = cell == "gru_reset_after"
            n_held = 2 * len(parameter) // 3 if is_gru else len(parameter)
            parameter.register_hook(lambda g, n_held=n_held: _zeroed(g, n_held))


def _zeroed(gradient, n_held):
    gradient = gradient.clone()
    gradient[:n_held] = 0
    return gradient


class TorchNetwork:
    """Our network's layers under its head: on the last states, or on every step."""

    def __init__(self, network):
        config = self.config = network.config
        self.recurrent = torch_module(
            config.cell, config.n_features, config.hidden_layer_sizes, network.dtype,
            projection_sizes=config.projection_sizes,
            bidirectional=config.bidirectional,
        )  # fmt: skip
        state = {}
        for layer, directions in enumerate(network.layers):
            for direction, parameters in enumerate(directions):
                state |= torch_parameters(config.cell, parameters, layer, direction)
        self.recurrent.load_state_dict(state)
        hold_second_bias(config.cell, self.recurrent)
        self.head = torch.nn.Linear(*network.output_weight.shape[::-1])
        self.head.weight.data = torch.tensor(network.output_weight)
        self.head.bias.data = torch.tensor(network.output_bias)
        self.parameters = [*self.recurrent.parameters(), *self.head.parameters()]

    def __call__(self, sequences):
        """In the samples' order; without pooling their steps one after the other."""
        rnn = torch.nn.utils.rnn
        packed = rnn.pack_sequence(
            [torch.tensor(sequence) for sequence in sequences], enforce_sorted=False
        )
        output, final = self.recurrent(packed)
        if self.config.pooling is None:
            return self.head(torch.cat(rnn.unpack_sequence(output)))
        hidden = final[0] if self.config.cell == "lstm" else final
        return self.head(torch.cat([*hidden[-len(self.config.directions) :]], dim=1))

    def arrays(self, network, attribute="data"):
        """Parameters, or their gradients, by the place our network has them in."""
        found = {
            (layer, direction, name): from_torch(
                self.config.cell, self.recurrent, name, layer, direction, attribute
            )
            for layer, direction, name in places(network)
        }
        for name in network.head:
            found["head", name] = getattr(getattr(self.head, name), attribute).numpy()
        return found


def places(network):
    """Number, direction and name of every parameter of the layers."""
    return [
        (layer, direction, name)
        for layer, directions in enumerate(network.layers)
        for direction, parameters in enumerate(directions)
        for name in parameters
    ]


def our_arrays(network, flat):
    """A flat vector, such as a gradient, by the place of each part."""
    twin = type(network).from_config(network.config, flat)
    found = {
        (layer, direction, name): twin.layers[layer][direction][name]
        for layer, direction, name in places(twin)
    }
    return found | {("head", name): array for name, array in twin.head.items()}


def our_step(network, batch, targets, gradient):
    """Half the mean squared error: outputs in the samples' order; fills the gradient.

    Without pooling there is a target for every step, in the order of ``values``.
    """
    every_step = network.config.pooling is None
    source = batch.row_source if every_step else batch.index
    network.parameters_changed()
    outputs = network.forward(batch)
    network.backward((outputs - targets[source]) / len(targets), gradient)
    ordered = np.empty_like(outputs)
    ordered[source] = outputs
    return ordered


def torch_loss(outputs, targets):
    """The same of PyTorch's outputs."""
    return 0.5 * ((outputs - torch.tensor(targets)) ** 2).sum() / len(targets)
