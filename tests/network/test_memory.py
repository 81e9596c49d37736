"""The memory of a pass is what docs/developer/memory.md says."""

import numpy as np
import pytest

from sklstm.network import RecurrentNetwork
from sklstm.network.memory import round_up
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

LENGTHS = (9, 4, 7, 2)
N_FEATURES = 3
SIZES = (5, 20)
PER_STEP = ("gates", "hidden", "cell", "extra")
PER_SEQUENCE = ("carry", "d_hidden", "d_peephole")


def make_network(cell, pooling, dtype):
    network = RecurrentNetwork(
        N_FEATURES,
        2,
        cell=cell,
        hidden_layer_sizes=SIZES,
        pooling=pooling,
        dtype=dtype,
    )
    network.initialize(np.random.RandomState(0))
    return network


def workspace_sizes(network, names):
    return [
        sum(workspace.sizes.get(name, 0) for name in names)
        for workspace in network.workspaces.values()
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("cell", "gates", "per_row", "per_sample"),
    [
        ("lstm", 4, 2, 4),
        ("lstm_coupled", 3, 2, 4),
        ("lstm_peephole", 4, 2, 7),
        ("gru", 3, 2, 3),
        ("gru_reset_after", 4, 1, 3),
        ("rnn_tanh", 1, 1, 3),
    ],
)
def test_layers_need_what_the_documentation_says(
    cell, gates, per_row, per_sample, dtype
):
    network = make_network(cell, "mean", dtype)
    lanes = network.kernels.lanes()
    values = np.ones((sum(LENGTHS), N_FEATURES), dtype=dtype)
    batch = pack_batch(Sequences(values, LENGTHS))
    outputs = network.forward(batch)
    network.backward(np.ones_like(outputs), np.empty(network.n_parameters, dtype))

    states = workspace_sizes(network, (*PER_STEP, *PER_SEQUENCE))
    down = workspace_sizes(network, ("d_x",))
    pooled = workspace_sizes(network, ("d_rows",))
    strides = [round_up(size, lanes) for size in SIZES]
    expected = [
        (
            (batch.n_rows + 1) * gates  # 22 rows, rounded up to an odd number
            + batch.n_rows * per_row
            + batch.n_samples * per_sample
        )
        * stride
        for stride in strides
    ]
    assert states == [*expected, 0]
    assert down == [0, batch.n_rows * strides[0], 0]
    assert pooled == [0, batch.n_rows * strides[1], 0]


def test_a_shorter_batch_uses_the_same_memory():
    network = make_network("lstm", "last", np.float32)
    values = np.ones((sum(LENGTHS), N_FEATURES), dtype=np.float32)
    sequences = Sequences(values, LENGTHS)
    network.forward(pack_batch(sequences))
    before = [dict(workspace.sizes) for workspace in network.workspaces.values()]
    network.forward(pack_batch(sequences, np.array([1, 3])))
    assert [
        dict(workspace.sizes) for workspace in network.workspaces.values()
    ] == before
