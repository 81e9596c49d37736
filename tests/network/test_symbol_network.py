"""Networks that read symbols: the table, its gradient, and what it shares."""

import pickle

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.network import RecurrentNetwork
from sklstm.network.links import cross_entropy
from sklstm.network.symbol_network import SymbolNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

N_SYMBOLS, SIZE = 7, 5
LENGTHS = (3, 6, 1, 4)


def make_network(tied=False, dtype="float64", sizes=(3, SIZE), seed=0, **choices):
    network = SymbolNetwork(
        SIZE, N_SYMBOLS, n_symbols=N_SYMBOLS, tied=tied, hidden_layer_sizes=sizes,
        pooling=None, dtype=dtype, **choices,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    network.set_parameters(0.5 * rng.normal(size=network.n_parameters))
    return network


def make_batch(n_symbols=N_SYMBOLS, seed=1):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_symbols, (sum(LENGTHS), 1)).astype(np.intp)
    return pack_batch(Sequences(codes, LENGTHS))


def targets_of(batch, seed=2):
    rng = np.random.default_rng(seed)
    return rng.integers(0, N_SYMBOLS, batch.n_rows).astype(np.intp)


def loss_and_gradient(network, batch, gradient, n_threads=1, **how):
    network.parameters_changed()
    outputs = network.forward(batch, n_threads, **how)
    losses, d_outputs = cross_entropy(outputs, targets_of(batch))
    if gradient is not None:
        network.backward(d_outputs, gradient, n_threads)
    return losses.sum()


CHOICES = {
    "plain": {},
    "tied": {"tied": True},
    "gru": {"cell": "gru"},
    "tied_projection": {"tied": True, "sizes": (4,), "projection_sizes": (SIZE,)},
    "learned_start": {"learned_start": True},
    "dropout": {"dropout": 0.3, "input_dropout": 0.2, "recurrent_dropout": 0.2},
    "tied_dropout": {"tied": True, "dropout": 0.3, "input_dropout": 0.2},
}


@pytest.mark.parametrize("name", CHOICES)
def test_gradient_of_the_whole_loss_is_that_of_finite_differences(name):
    network, batch = make_network(**CHOICES[name]), make_batch(n_symbols=5)
    gradient = np.full(network.n_parameters, np.nan)
    loss_and_gradient(network, batch, gradient)
    assert_gradient_matches(
        gradient, lambda: loss_and_gradient(network, batch, None),
        network.parameters, "parameters",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["plain", "gru", "dropout"])
def test_gradient_of_the_rows_seen_is_that_of_the_whole_table(name):
    network, batch = make_network(**CHOICES[name]), make_batch(n_symbols=5)
    whole = np.full(network.n_parameters, np.nan)
    loss_and_gradient(network, batch, whole)
    dense = np.full(network.n_dense, np.nan)
    assert network.n_dense == network.n_parameters - N_SYMBOLS * SIZE
    loss_and_gradient(network, batch, dense)
    assert_array_equal(dense, whole[: network.n_dense])
    [part] = network.row_gradients
    assert_array_equal(part.rows, np.unique(batch.inputs))
    assert part.table_in(network.parameters).base is network.parameters
    table = np.zeros((N_SYMBOLS, SIZE))
    table[part.rows] = part.values
    assert_array_equal(table, part.table_in(whole))


def test_a_tied_table_has_no_rows_of_its_own():
    network, batch = make_network(tied=True), make_batch()
    assert network.n_dense == network.n_parameters
    loss_and_gradient(network, batch, np.empty(network.n_parameters))
    assert len(network.row_gradients) == 0
    assert np.shares_memory(network.table, network.output_weight)
    difference = make_network().n_parameters - network.n_parameters
    assert difference == N_SYMBOLS * SIZE


def test_reads_symbols_as_a_network_without_table_reads_their_rows():
    network, batch = make_network(), make_batch()
    plain = RecurrentNetwork(
        SIZE, N_SYMBOLS, hidden_layer_sizes=(3, SIZE), pooling=None, dtype="float64"
    )
    plain.set_parameters(network.parameters[: network.n_dense])
    rows = batch.with_inputs(network.table[batch.inputs.reshape(-1)])
    assert_array_equal(network.predict(batch), plain.predict(rows))


@pytest.mark.parametrize("tied", [False, True])
def test_gradient_has_the_same_bits_for_any_number_of_threads(isa, dtype, tied):
    network = make_network(tied=tied, dtype=np.dtype(dtype).name)
    batch = pack_batch(
        Sequences(np.arange(900, dtype=np.intp)[:, np.newaxis] % 7, [30] * 30)
    )
    gradients = []
    for n_threads in (1, 2):
        gradients.append(np.empty_like(network.parameters))
        loss_and_gradient(network, batch, gradients[-1], n_threads)
    assert_array_equal(*gradients)


@pytest.mark.parametrize("tied", [False, True])
def test_single_precision_agrees_with_double(tied):
    network, batch = make_network(tied=tied), make_batch()
    single = network.astype("float32")
    assert single.config.tied == tied
    assert_allclose(single.predict(batch), network.predict(batch), rtol=1e-4, atol=1e-5)
    gradients = [np.empty_like(one.parameters) for one in (network, single)]
    for one, gradient in zip((network, single), gradients, strict=True):
        loss_and_gradient(one, batch, gradient)
    assert_allclose(gradients[1], gradients[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("tied", [False, True])
def test_survives_pickling(tied):
    network, batch = make_network(tied=tied), make_batch()
    copy = pickle.loads(pickle.dumps(network))
    assert_array_equal(copy.predict(batch), network.predict(batch))
    copy.table[:] = 0
    copy.parameters_changed()
    assert (copy.predict(batch) != network.predict(batch)).any()
    assert np.shares_memory(copy.table, copy.output_weight) == tied


@pytest.mark.parametrize("tied", [False, True])
def test_starts_with_rows_of_its_own_for_every_symbol(tied):
    network = make_network(tied=tied)
    network.initialize(np.random.RandomState(0))
    assert len(np.unique(network.table, axis=0)) == N_SYMBOLS
    assert (network.table != 0).all()


def test_the_table_is_not_penalised():
    network = make_network()
    mask = network.is_weight
    assert not mask[network.n_dense :].any()
    assert mask[: network.n_dense].any()


def test_tied_sizes_must_agree():
    with pytest.raises(ValueError, match="the embedding, got 4 and 5"):
        make_network(tied=True, sizes=(4,))


@pytest.mark.parametrize("name", ["lstm_peephole", "gru", "rnn_tanh"])
def test_no_gradient_for_learned_states_where_a_pass_began_with_given_ones(name):
    network = make_network(cell=name, learned_start=True)
    batch = make_batch()
    loss_and_gradient(network, batch, None, wants_states=True)
    given = network.last_states
    gradient = np.full(network.n_parameters, np.nan)
    loss_and_gradient(network, batch, gradient, initial=given)

    def loss():
        return loss_and_gradient(network, batch, None, initial=given)

    # Finite differences of the learned states are zero: nothing depends on them.
    assert_gradient_matches(gradient, loss, network.parameters, "parameters")
