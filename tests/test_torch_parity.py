"""Parity with PyTorch: outputs, gradients and ten steps of Adam from equal weights.

PyTorch keeps two bias vectors where this library keeps their sum. Two biases that
receive the same gradient move twice as far under Adam, so PyTorch's second bias is held
at zero, except the part that sits inside the reset product of its GRU, which is our
``bias_hh``. Its GRU also swaps the roles of z and 1 - z: since ``1 - s(a) = s(-a)``,
the rows of that gate change their sign on the way.
"""

from functools import partial

import numpy as np
import pytest
from layer_passes import cast, layer_pass
from numpy.testing import assert_allclose
from reference_layers import packed_offsets, random_problem

from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.training.optimizers import Adam

torch = pytest.importorskip("torch")

CELLS = {
    "lstm": torch.nn.LSTM,
    "gru_reset_after": torch.nn.GRU,
    "rnn_tanh": torch.nn.RNN,
    "rnn_relu": partial(torch.nn.RNN, nonlinearity="relu"),
}
LENGTHS = (9, 7, 7, 4, 1)
OUTPUT_ATOL = {np.float64: 1e-10, np.float32: 1e-5}
GRADIENT_ATOL = {np.float64: 1e-9, np.float32: 1e-5}


def swap_update_gate(cell, name, array):
    """Our parameter as PyTorch's, or back: the sign of the z rows."""
    if cell != "gru_reset_after" or name == "bias_hh":
        return array
    array = array.copy()
    third = len(array) // 3
    array[third : 2 * third] *= -1
    return array


def torch_parameters(cell, parameters, layer=0):
    """PyTorch's names and arrays for the parameters of one of our layers."""
    arrays = {
        f"{name}_l{layer}": swap_update_gate(cell, name, np.asarray(parameters[name]))
        for name in ("weight_ih", "weight_hh")
    }
    bias = swap_update_gate(cell, "bias", np.asarray(parameters["bias"]))
    second = np.zeros_like(bias)
    if "bias_hh" in parameters:
        second[-len(parameters["bias_hh"]) :] = parameters["bias_hh"]
    arrays |= {f"bias_ih_l{layer}": bias, f"bias_hh_l{layer}": second}
    return {name: torch.tensor(array) for name, array in arrays.items()}


def our_gradients(cell, module, layer=0):
    """The gradients of a PyTorch module under our names."""
    gradients = {
        ours: swap_update_gate(cell, ours, getattr(module, f"{theirs}_l{layer}").grad)
        for ours, theirs in [
            ("weight_ih", "weight_ih"),
            ("weight_hh", "weight_hh"),
            ("bias", "bias_ih"),
        ]
        for swap_update_gate in [_swap_tensor]
    }
    if cell == "gru_reset_after":
        second = getattr(module, f"bias_hh_l{layer}").grad
        gradients["bias_hh"] = second[-len(second) // 3 :].numpy()
    return gradients


def _swap_tensor(cell, name, tensor):
    return swap_update_gate(cell, name, tensor.numpy())


def torch_module(cell, n_features, sizes, dtype):
    module = CELLS[cell](n_features, sizes[0], num_layers=len(sizes))
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


def assert_close(found, expected, tolerance, name):
    """To `tolerance` times the largest entry of what is expected."""
    expected = np.asarray(expected)
    scale = np.abs(expected).max()
    assert_allclose(found, expected, rtol=0, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_layer_outputs_and_all_gradients_equal_torch(isa, dtype, cell):
    n_features, hidden_size = 6, 19
    problem = cast(
        random_problem(
            cell,
            lengths=LENGTHS,
            n_features=n_features,
            hidden_size=hidden_size,
            scale=0.3,
        ),
        dtype,
    )
    module = torch_module(cell, n_features, [hidden_size], dtype)
    module.load_state_dict(torch_parameters(cell, problem["parameters"]))
    n_alive = torch.tensor(np.diff(packed_offsets(LENGTHS)))
    x = torch.tensor(problem["x"], requires_grad=True)
    packed = torch.nn.utils.rnn.PackedSequence(x, n_alive)
    initial = {
        name: torch.tensor(state[None], requires_grad=True)
        for name, state in problem["initial"].items()
    }
    states = tuple(initial.values())
    output, final = module(packed, states if cell == "lstm" else states[0])
    final = final if cell == "lstm" else (final,)
    loss = (output.data * torch.tensor(problem["d_hidden"])).sum()
    for state, d_state in zip(final, problem["d_final"].values(), strict=True):
        loss = loss + (state[0] * torch.tensor(d_state)).sum()
    loss.backward()

    result = layer_pass(cell, problem, LENGTHS)
    found, wanted = dict(result.gradients), our_gradients(cell, module)
    wanted["x"] = x.grad
    for name, state in initial.items():
        wanted[f"{name}_0"] = state.grad[0]
    assert set(found) == set(wanted)
    assert_close(result.hidden, output.data.detach(), OUTPUT_ATOL[dtype], "hidden")
    for name, state in zip(result.final, final, strict=True):
        expected = state[0].detach()
        assert_close(result.final[name], expected, OUTPUT_ATOL[dtype], f"final {name}")
    for name, gradient in wanted.items():
        assert_close(found[name], gradient, GRADIENT_ATOL[dtype], f"d_{name}")


class TorchNetwork:
    """Two layers and a linear head on the last state, from our network's weights."""

    def __init__(self, network, cell):
        self.cell = cell
        sizes = network.config.hidden_layer_sizes
        self.recurrent = torch_module(
            cell, network.config.n_features, sizes, network.dtype
        )
        state = {}
        for layer, (parameters,) in enumerate(network.layers):
            state |= torch_parameters(cell, parameters, layer)
        self.recurrent.load_state_dict(state)
        hold_second_bias(cell, self.recurrent)
        self.head = torch.nn.Linear(sizes[-1], network.config.n_outputs)
        self.head.weight.data = torch.tensor(network.output_weight)
        self.head.bias.data = torch.tensor(network.output_bias)
        self.parameters = [*self.recurrent.parameters(), *self.head.parameters()]

    def __call__(self, sequences):
        packed = torch.nn.utils.rnn.pack_sequence(
            [torch.tensor(sequence) for sequence in sequences], enforce_sorted=False
        )
        _, final = self.recurrent(packed)
        return self.head((final[0] if self.cell == "lstm" else final)[-1])

    def load_into(self, network, attribute="data"):
        """Write our flat vector from these parameters, or from their gradients."""
        twin = network.astype(network.dtype)
        for layer, (views,) in enumerate(twin.layers):
            for name, view in views.items():
                source = {"bias": "bias_ih"}.get(name, name)
                tensor = getattr(
                    getattr(self.recurrent, f"{source}_l{layer}"), attribute
                )
                array = tensor.detach().numpy()[-len(view) :]
                writable = twin.parameters[_span(view, twin.parameters)]
                writable[:] = swap_update_gate(self.cell, name, array).ravel()
        twin.output_weight[...] = getattr(self.head.weight, attribute).detach()
        twin.output_bias[...] = getattr(self.head.bias, attribute).detach()
        return twin.parameters


def _span(view, flat):
    """Where a contiguous view lies in the flat vector."""
    start = view.ctypes.data - flat.ctypes.data
    start //= flat.itemsize
    return slice(start, start + view.size)


def make_pair(cell, dtype):
    network = RecurrentNetwork(
        6, 3, hidden_layer_sizes=(18, 18), pooling="last", dtype=dtype, cell=cell
    )
    network.initialize(np.random.RandomState(0))
    rng = np.random.default_rng(1)
    network.parameters += 0.1 * rng.normal(size=network.n_parameters).astype(dtype)
    network.parameters_changed()
    lengths = rng.integers(1, 15, size=20)
    values = rng.normal(size=(lengths.sum(), 6)).astype(dtype)
    targets = rng.normal(size=(20, 3)).astype(dtype)
    return network, TorchNetwork(network, cell), Sequences(values, lengths), targets


def our_step(network, sequences, targets, gradient):
    """Half the mean squared error: outputs in sample order; fills the gradient."""
    batch = pack_batch(sequences)
    network.parameters_changed()
    outputs = network.forward(batch)
    network.backward((outputs - targets[batch.index]) / len(targets), gradient)
    ordered = np.empty_like(outputs)
    ordered[batch.index] = outputs
    return ordered


def torch_loss(outputs, targets):
    return 0.5 * ((outputs - torch.tensor(targets)) ** 2).sum() / len(targets)


@pytest.mark.parametrize("cell", CELLS)
def test_stacked_network_equals_torch(isa, dtype, cell):
    network, theirs, sequences, targets = make_pair(cell, dtype)
    gradient = np.empty(network.n_parameters, dtype=dtype)
    found = our_step(network, sequences, targets, gradient)
    outputs = theirs(sequences)
    torch_loss(outputs, targets).backward()
    assert_close(found, outputs.detach(), OUTPUT_ATOL[dtype], "outputs")
    expected = theirs.load_into(network, "grad")
    assert_close(gradient, expected, GRADIENT_ATOL[dtype], "gradient")


@pytest.mark.parametrize("cell", CELLS)
def test_ten_adam_steps_equal_torch(isa, cell):
    network, theirs, sequences, targets = make_pair(cell, np.float64)
    start = network.parameters.copy()
    gradient = np.empty(network.n_parameters)
    ours = Adam(network.parameters, gradient)
    other = torch.optim.Adam(theirs.parameters, lr=0.01)
    for _ in range(10):
        our_step(network, sequences, targets, gradient)
        ours.step(0.01)
        other.zero_grad()
        torch_loss(theirs(sequences), targets).backward()
        other.step()
    expected = theirs.load_into(network)
    assert np.abs(network.parameters - start).max() > 0.02  # it did go somewhere
    assert_allclose(network.parameters, expected, rtol=0, atol=1e-7)
