"""Parity with PyTorch: outputs, gradients and ten steps of Adam from equal weights.

``torch_networks.py`` says how the definitions differ and converts the weights.
"""

import numpy as np
import pytest
from layer_passes import cast, layer_pass
from numpy.testing import assert_allclose
from reference_layers import packed_offsets, random_problem
from torch_networks import (
    CELLS,
    GRADIENT_TOLERANCE,
    OUTPUT_TOLERANCE,
    TorchNetwork,
    assert_close,
    from_torch,
    our_arrays,
    our_step,
    torch,
    torch_loss,
    torch_module,
    torch_parameters,
)

from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.training.optimizers import Adam

LENGTHS = (9, 7, 7, 4, 1)
LAYERS = [*((cell, None) for cell in CELLS), ("lstm", 11)]
LAYER_IDS = [*CELLS, "lstm_projected"]
STACK = {"hidden_layer_sizes": (18, 18)}
NETWORKS = {f"{cell}_stacked": {"cell": cell, **STACK} for cell in CELLS}
NETWORKS |= {
    f"{cell}_bidirectional": {"cell": cell, "bidirectional": True} for cell in CELLS
}
NETWORKS |= {
    f"{cell}_stacked_bidirectional": {"cell": cell, "bidirectional": True, **STACK}
    for cell in CELLS
}
PROJECTED = {"cell": "lstm", "projection_sizes": (11,)}
STACK_PROJECTED = {"cell": "lstm", "projection_sizes": (11, 11), **STACK}
NETWORKS |= {
    "lstm_projected": PROJECTED,
    "lstm_projected_bidirectional": {**PROJECTED, "bidirectional": True},
    "lstm_projected_stacked": STACK_PROJECTED,
    "lstm_projected_stacked_bidirectional": {**STACK_PROJECTED, "bidirectional": True},
}


@pytest.mark.parametrize("cell, projection_size", LAYERS, ids=LAYER_IDS)
def test_layer_outputs_and_all_gradients_equal_torch(isa, dtype, cell, projection_size):
    n_features, hidden_size = 6, 19
    problem = cast(
        random_problem(
            cell,
            lengths=LENGTHS,
            n_features=n_features,
            hidden_size=hidden_size,
            projection_size=projection_size,
            scale=0.3,
        ),
        dtype,
    )
    projection_sizes = projection_size and [projection_size]
    module = torch_module(
        cell, n_features, [hidden_size], dtype, projection_sizes=projection_sizes
    )
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
    found = dict(result.gradients)
    wanted = {
        name: from_torch(cell, module, name, attribute="grad")
        for name in problem["parameters"]
    }
    wanted["x"] = x.grad
    for name, state in initial.items():
        wanted[f"{name}_0"] = state.grad[0]
    assert set(found) == set(wanted)
    tolerance = OUTPUT_TOLERANCE[dtype]
    assert_close(result.hidden, output.data.detach(), tolerance, "hidden")
    for name, state in zip(result.final, final, strict=True):
        assert_close(result.final[name], state[0].detach(), tolerance, f"final {name}")
    for name, gradient in wanted.items():
        assert_close(found[name], gradient, GRADIENT_TOLERANCE[dtype], f"d_{name}")


def make_pair(dtype, *, pooling="last", hidden_layer_sizes=(18,), **choices):
    """Our network, PyTorch's with the same weights, sequences and targets."""
    network = RecurrentNetwork(
        6, 3, hidden_layer_sizes=hidden_layer_sizes, pooling=pooling, dtype=dtype,
        **choices,
    )  # fmt: skip
    network.initialize(np.random.RandomState(0))
    rng = np.random.default_rng(1)
    network.parameters += 0.1 * rng.normal(size=network.n_parameters).astype(dtype)
    network.parameters_changed()
    lengths = rng.integers(1, 15, size=20)
    lengths[7] = 1
    values = rng.normal(size=(lengths.sum(), 6)).astype(dtype)
    n_targets = len(lengths) if pooling else len(values)
    targets = rng.normal(size=(n_targets, 3)).astype(dtype)
    return network, TorchNetwork(network), Sequences(values, lengths), targets


@pytest.mark.parametrize("pooling", ["last", None], ids=["last", "every_step"])
@pytest.mark.parametrize("choices", NETWORKS.values(), ids=NETWORKS)
def test_network_outputs_and_all_gradients_equal_torch(isa, dtype, choices, pooling):
    network, theirs, sequences, targets = make_pair(dtype, pooling=pooling, **choices)
    gradient = np.empty(network.n_parameters, dtype=dtype)
    found = our_step(network, pack_batch(sequences), targets, gradient)
    outputs = theirs(sequences)
    torch_loss(outputs, targets).backward()
    assert_close(found, outputs.detach(), OUTPUT_TOLERANCE[dtype], "outputs")
    gradients = our_arrays(network, gradient)
    expected = theirs.arrays(network, "grad")
    assert set(gradients) == set(expected)
    for place, array in expected.items():
        assert_close(gradients[place], array, GRADIENT_TOLERANCE[dtype], f"d_{place}")


@pytest.mark.parametrize("choices", NETWORKS.values(), ids=NETWORKS)
def test_ten_adam_steps_equal_torch(isa, choices):
    network, theirs, sequences, targets = make_pair(np.float64, **choices)
    start = network.parameters.copy()
    gradient = np.empty(network.n_parameters)
    ours = Adam(network.parameters, gradient)
    other = torch.optim.Adam(theirs.parameters, lr=0.01)
    for _ in range(10):
        our_step(network, pack_batch(sequences), targets, gradient)
        ours.step(0.01)
        other.zero_grad()
        torch_loss(theirs(sequences), targets).backward()
        other.step()
    assert np.abs(network.parameters - start).max() > 0.02  # it did go somewhere
    expected = theirs.arrays(network)
    for place, array in our_arrays(network, network.parameters).items():
        assert_allclose(array, expected[place], rtol=0, atol=1e-7, err_msg=str(place))
