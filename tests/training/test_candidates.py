"""Training on some of the symbols: what is right on average, and what is exact."""

import numpy as np
import pytest

from sklstm import LSTMLanguageModel
from sklstm.network.symbol_network import SymbolNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.streams import Streams
from sklstm.training.candidates import CandidateSampler
from sklstm.training.streams import SymbolLikelihood

N_SYMBOLS = 11


def _streams():
    rng = np.random.RandomState(0)
    lengths = np.array([6, 4, 9])
    codes = rng.randint(0, N_SYMBOLS - 2, (lengths.sum(), 1)).astype(np.intp)
    return Streams(Sequences(codes, lengths))


def _network(streams, tied, n_negatives):
    network = SymbolNetwork(
        5, N_SYMBOLS, hidden_layer_sizes=(5,), pooling=None, n_symbols=N_SYMBOLS,
        tied=tied, n_negatives=n_negatives, dtype="float64",
    )  # fmt: skip
    network.initialize(np.random.RandomState(1))
    targets = SymbolLikelihood(N_SYMBOLS).make_targets(streams, None)
    targets.prepare(np.float64, np.arange(len(streams)))
    network.output_bias[:] = np.random.RandomState(2).normal(size=N_SYMBOLS)
    network.parameters_changed()
    return network, targets


class _Fixed:
    """Hands out the same candidates again."""

    def __init__(self, candidates):
        self.candidates = candidates

    def draw(self, targets, generator):
        return self.candidates


def _loss(network, targets, batch, sampler):
    network.candidates = targets.draw(sampler, batch, None)
    outputs = network.forward(batch)
    return targets.value_and_gradient(outputs, batch)


def _full_gradient(network, dense):
    gradient = np.zeros(network.n_parameters)
    gradient[: network.n_dense] = dense
    for part in network.row_gradients:
        part.table_in(gradient)[part.rows] += part.values
    return gradient


@pytest.mark.parametrize("tied", [False, True])
def test_gradient_with_candidates_is_that_of_the_loss(tied):
    streams = _streams()
    network, targets = _network(streams, tied, 3)
    [window] = streams.passes()
    batch = streams.pack(window)
    sampler = targets.sampler(np.arange(3), 3)
    fixed = _Fixed(targets.draw(sampler, batch, np.random.default_rng(0)))
    assert len(fixed.candidates.rows) < N_SYMBOLS
    _, d_outputs = _loss(network, targets, batch, fixed)
    dense = np.empty(network.n_dense)
    network.backward(d_outputs, dense)
    gradient, parameters = _full_gradient(network, dense), network.parameters.copy()
    numeric, step = np.empty_like(gradient), 1e-6
    for k in range(len(parameters)):
        values = []
        for sign in (1, -1):
            network.parameters[:] = parameters
            network.parameters[k] += sign * step
            network.parameters_changed()
            values.append(_loss(network, targets, batch, fixed)[0])
        numeric[k] = (values[0] - values[1]) / (2 * step)
    np.testing.assert_allclose(gradient, numeric, atol=1e-8)
    assert np.abs(gradient).max() > 1e-2


@pytest.mark.parametrize("tied", [False, True])
def test_all_symbols_as_candidates_are_the_softmax(tied):
    streams = _streams()
    sampled, targets = _network(streams, tied, 10**6)
    [window] = streams.passes()
    batch = streams.pack(window)
    sampler = CandidateSampler(np.ones(N_SYMBOLS), 10**6)
    value, _ = _loss(
        sampled, targets, batch, _Fixed(sampler.draw([0], np.random.default_rng(0)))
    )
    outputs = sampled.predict(batch)
    whole, _ = targets.value_and_gradient(outputs, batch)
    assert value == pytest.approx(whole, rel=1e-12)


def test_sums_over_candidates_are_right_on_average():
    counts = np.array([0, 50, 20, 10, 5, 2, 1, 1])
    sampler = CandidateSampler(counts, 3)
    rng = np.random.default_rng(0)
    values = rng.uniform(1, 2, len(counts))
    values[0] = 0  # never occurs, never drawn
    frequencies = counts / counts.sum()
    totals = []
    for _ in range(20000):
        targets = rng.choice(len(counts), 2, p=frequencies)
        candidates = sampler.draw(targets, rng)
        totals.append(
            np.sum(values[candidates.rows] / np.exp(candidates.log_inclusion))
        )
    error = np.std(totals) / np.sqrt(len(totals))
    assert abs(np.mean(totals) - values.sum()) < 4 * error


def test_a_model_trained_on_candidates_is_as_good():
    rng = np.random.RandomState(0)
    following = rng.randint(0, 60, (60, 2))

    def text(n_symbols):
        symbols = [0]
        for _ in range(n_symbols):
            symbols.append(int(following[symbols[-1], rng.randint(2)]))
        return symbols

    X, X_test = [[text(40) for _ in range(n)] for n in (60, 20)]
    perplexities = [
        LSTMLanguageModel(
            hidden_layer_sizes=32, embedding_size=16, n_negatives=n_negatives,
            batch_size=4, max_iter=15, random_state=0,
        ).fit(X).perplexity(X_test)
        for n_negatives in (None, 10)
    ]  # fmt: skip
    assert perplexities[0] < 5  # of 60 symbols two can follow
    assert perplexities[1] < 1.1 * perplexities[0]
