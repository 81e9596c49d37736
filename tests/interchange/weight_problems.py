"""Random weights of all variants, ragged sequences, and how ours predict with them."""

import numpy as np

from sklstm import LSTMRegressor
from sklstm.interchange import RecurrentWeights, set_weights
from sklstm.network.cells import CELLS

N_FEATURES, N_OUTPUTS = 3, 2
LENGTHS = (6, 9, 1, 4, 9)


def random_weights(
    cell, sizes=(5,), *, projection_sizes=None, bidirectional=False,
    n_outputs=N_OUTPUTS, pooling="last", dtype=np.float64, seed=0, learned_start=False,
    n_symbols=None,
):  # fmt: skip
    """Weights with nothing zero in them."""
    rng = np.random.default_rng(seed)
    n_inputs, layers = N_FEATURES, []
    for i, size in enumerate(sizes):
        projected = projection_sizes[i] if projection_sizes else None
        shapes = CELLS[cell].parameter_shapes(n_inputs, size, projected, learned_start)
        layers.append(
            [
                {
                    name: rng.normal(scale=0.6, size=shape).astype(dtype)
                    for name, shape in shapes.items()
                }
                for _ in range(1 + bidirectional)
            ]
        )
        n_inputs = (projected or size) * (1 + bidirectional)
    head = {
        "weight": rng.normal(size=(n_outputs, n_inputs)).astype(dtype),
        "bias": rng.normal(size=n_outputs).astype(dtype),
    }
    table = None
    if n_symbols:
        table = rng.normal(size=(n_symbols, N_FEATURES)).astype(dtype)
    return RecurrentWeights(cell, layers, head, table, pooling)


def sequences(lengths=LENGTHS, dtype=np.float64, seed=7):
    """Ragged sequences, none of their numbers zero."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, N_FEATURES)).astype(dtype) for n in lengths]


def padded(ragged):
    """One array, with zeros behind the sequences."""
    out = np.zeros((len(ragged), max(map(len, ragged)), N_FEATURES), ragged[0].dtype)
    for row, sequence in zip(out, ragged, strict=True):
        row[: len(sequence)] = sequence
    return out


def our_predictions(weights, X, **parameters):
    """What an estimator with such weights predicts, (n_samples, n_outputs)."""
    return set_weights(LSTMRegressor(**parameters), weights).predict(X)


def assert_close(found, expected, tolerance=1e-6):
    """To a part of the largest output."""
    scale = np.abs(expected).max()
    assert scale > 0.1, "nothing to see"
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def assert_same_weights(found, expected):
    """Two `RecurrentWeights` are equal to the last bit."""
    assert found.cell == expected.cell
    assert len(found.layers) == len(expected.layers)
    for layer, wanted in zip(found.layers, expected.layers, strict=True):
        for direction, arrays in zip(layer, wanted, strict=True):
            assert set(direction) == set(arrays)
            for name, array in arrays.items():
                assert direction[name].dtype == array.dtype
                np.testing.assert_array_equal(direction[name], array, err_msg=name)
    assert (found.head is None) == (expected.head is None)
    for name, array in (expected.head or {}).items():
        np.testing.assert_array_equal(found.head[name], array, err_msg=name)
    assert (found.embedding is None) == (expected.embedding is None)
    if expected.embedding is not None:
        np.testing.assert_array_equal(found.embedding, expected.embedding)
