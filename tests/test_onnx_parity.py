"""Parity with the recurrent operators of ONNX, as onnxruntime computes them.

``onnx_layers.py`` says how the definitions differ and builds the graphs.
"""

import numpy as np
import pytest
from layer_passes import cast, layer_pass
from numpy.testing import assert_allclose, assert_array_equal
from onnx_layers import OPERATORS, run_onnx
from reference_layers import random_problem

from sklstm.network import RecurrentNetwork, cells
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch, unpack_rows

N_FEATURES, HIDDEN_SIZE = 6, 19
LENGTHS = (9, 7, 7, 4, 1)  # in batch order
AS_GIVEN = (4, 1, 9, 7, 3, 7, 1)  # in a user's order
DIRECTIONS = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}


def assert_close(found, expected, name):
    """To 1e-5 of the largest entry."""
    scale = np.abs(expected).max()
    assert scale > 0.1, f"nothing to see in {name}"
    assert_allclose(found, expected, rtol=0, atol=1e-5 * scale, err_msg=name)


def alive(lengths):
    """Which steps the sequences have, of shape (n_timesteps, n_samples)."""
    return np.arange(max(lengths))[:, np.newaxis] < np.asarray(lengths)


def padded(rows, lengths):
    """Packed rows as ONNX has them: (n_timesteps, n_samples, width), zeros behind."""
    mask = alive(lengths)
    array = np.zeros((*mask.shape, rows.shape[1]), dtype=rows.dtype)
    array[mask] = rows
    return array


def test_every_cell_has_an_operator():
    assert set(OPERATORS) == set(cells.CELLS)


@pytest.mark.parametrize("has_initial", [True, False], ids=["initial", "from_zero"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("cell", OPERATORS)
def test_layer_equals_the_onnx_operator(isa, cell, direction, has_initial):
    problems = []
    for seed, _ in enumerate(DIRECTIONS[direction]):
        problem = random_problem(
            cell, lengths=LENGTHS, n_features=N_FEATURES, hidden_size=HIDDEN_SIZE,
            scale=0.3, seed=seed,
        )  # fmt: skip
        problem["x"] = problems[0]["x"] if problems else problem["x"]
        if not has_initial:
            for name, state in problem["initial"].items():
                problem["initial"][name] = np.zeros_like(state)
        problems.append(cast(problem, np.float32))
    initial = {
        name: np.stack([problem["initial"][name] for problem in problems])
        for name in problems[0]["initial"]
    }
    hidden, final = run_onnx(
        cell,
        direction,
        [problem["parameters"] for problem in problems],
        padded(problems[0]["x"], LENGTHS),
        LENGTHS,
        initial if has_initial else None,
    )
    for i, reverse in enumerate(DIRECTIONS[direction]):
        result = layer_pass(
            cell, problems[i], LENGTHS, reverse=reverse, gradients=False
        )
        assert_close(padded(result.hidden, LENGTHS), hidden[:, i], f"hidden {i}")
        assert set(result.final) == set(final)
        for name, state in result.final.items():
            assert_close(state, final[name][i], f"final {name} {i}")


def make_network(cell, bidirectional):
    """A network with nothing zero in it."""
    network = RecurrentNetwork(
        N_FEATURES,
        2,
        cell=cell,
        hidden_layer_sizes=(HIDDEN_SIZE,),
        bidirectional=bidirectional,
    )
    rng = np.random.default_rng(0)
    network.set_parameters(0.3 * rng.normal(size=network.n_parameters))
    return network


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("cell", OPERATORS)
def test_features_of_sequences_in_any_order_equal_the_onnx_operator(
    isa, cell, direction
):
    network = make_network(cell, direction == "bidirectional")
    rng = np.random.default_rng(1)
    values = rng.normal(size=(sum(AS_GIVEN), N_FEATURES)).astype(np.float32)
    batch = pack_batch(Sequences(values, AS_GIVEN))
    mask = alive(AS_GIVEN)
    x = np.zeros((*mask.shape[::-1], N_FEATURES), dtype=np.float32)
    x[mask.T] = values
    x = x.swapaxes(0, 1)
    hidden, final = run_onnx(cell, direction, network.layers[0], x, AS_GIVEN)

    rows = unpack_rows(network.features(batch, "sequence"), batch).values
    # (n_timesteps, n_directions, n_samples, size) -> the directions side by side
    by_sample = hidden.transpose(2, 0, 1, 3).reshape(*mask.shape[::-1], -1)
    assert_array_equal(by_sample[~mask.T], 0)
    assert_close(rows, by_sample[mask.T], "every step")
    last = np.empty((len(AS_GIVEN), network.n_features_out), dtype=np.float32)
    last[batch.index] = network.features(batch, "last")
    assert_close(last, np.concatenate(list(final["hidden"]), axis=1), "last")
