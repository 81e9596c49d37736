"""The first layer on distinct symbols: what it saves, and that it changes nothing."""

import numpy as np
import pytest

from sklstm.network import cells
from sklstm.network.coded_rows import CodedRows, distinct_codes
from sklstm.network.symbol_network import SymbolNetwork, SymbolNetworkConfig
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

N_SYMBOLS = 7


class _RowByRow(SymbolNetworkConfig):
    """The same network, with a row for every step."""

    reads_codes = False


def _networks(dtype, **choices):
    """One that reads codes, one that reads rows; equal parameters."""
    choices = {"hidden_layer_sizes": (19, 5), "pooling": None, "dtype": dtype} | choices
    coded = SymbolNetwork(6, 4, n_symbols=N_SYMBOLS, **choices)
    coded.initialize(np.random.RandomState(0))
    coded.parameters += 0.1 * np.random.RandomState(1).normal(size=coded.n_parameters)
    coded.parameters_changed()
    config = _RowByRow(6, 4, n_symbols=N_SYMBOLS, **choices)
    return coded, SymbolNetwork.from_config(config, coded.parameters)


def _batch(seed=0):
    rng = np.random.RandomState(seed)
    lengths = np.array([5, 1, 9, 4])
    # One symbol never occurs.
    codes = rng.randint(0, N_SYMBOLS - 1, (lengths.sum(), 1))
    return pack_batch(Sequences(codes.astype(np.intp), lengths))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", cells.CELLS)
def test_outputs_are_those_of_rows_to_the_last_bit(cell, bidirectional):
    coded, plain = _networks("float32", cell=cell, bidirectional=bidirectional)
    batch = _batch()
    np.testing.assert_array_equal(coded.predict(batch), plain.predict(batch))
    np.testing.assert_array_equal(coded.forward(batch), plain.forward(batch))


@pytest.mark.parametrize("window_steps", [None, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", cells.CELLS)
def test_gradients_are_those_of_rows(cell, bidirectional, window_steps):
    gradients = []
    for network in _networks("float64", cell=cell, bidirectional=bidirectional):
        batch = _batch()
        outputs = network.forward(batch, window_steps=window_steps)
        d_outputs = np.random.RandomState(2).normal(size=outputs.shape)
        gradient = np.full(network.n_parameters, np.nan)
        network.backward(d_outputs, gradient)
        gradients.append(gradient)
    np.testing.assert_allclose(*gradients, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru", "gru_reset_after"])
def test_windows_and_threads_change_no_bit(cell):
    network, _ = _networks("float32", cell=cell)
    batch, gradients = _batch(), []
    for n_threads, window_steps in ((1, None), (2, None), (1, 2)):
        outputs = network.forward(batch, n_threads, window_steps=window_steps)
        d_outputs = np.random.RandomState(2).normal(size=outputs.shape)
        gradient = np.full(network.n_dense, np.nan, dtype=np.float32)
        network.backward(d_outputs.astype(np.float32), gradient, n_threads)
        [rows] = network.row_gradients
        gradients.append((gradient, rows.values.copy()))
    for other in gradients[1:]:
        np.testing.assert_array_equal(other[0], gradients[0][0])
        np.testing.assert_array_equal(other[1], gradients[0][1])


def test_rows_seen_have_the_gradient_of_the_table():
    network, _ = _networks("float64")
    batch = _batch()
    full, dense = np.empty(network.n_parameters), np.empty(network.n_dense)
    for gradient in (full, dense):
        outputs = network.forward(batch)
        network.backward(np.ones_like(outputs), gradient)
    [part] = network.row_gradients
    np.testing.assert_array_equal(full[: network.n_dense], dense)
    table = part.table_in(full)
    np.testing.assert_array_equal(table[part.rows], part.values)
    unseen = np.setdiff1d(np.arange(N_SYMBOLS), part.rows)
    assert len(unseen) > 0
    assert not table[unseen].any()


def test_distinct_codes_and_their_rows():
    codes = np.array([4, 0, 4, 2])
    distinct, places = distinct_codes(codes, 6)
    np.testing.assert_array_equal(distinct[places], codes)
    np.testing.assert_array_equal(distinct, [0, 2, 4])
    order, starts = CodedRows(places, np.zeros((3, 1))).groups()
    np.testing.assert_array_equal(order, [1, 3, 0, 2])
    np.testing.assert_array_equal(starts, [0, 1, 2, 4])
