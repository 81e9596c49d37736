"""A CRF fitted to noisy sequences reads them as well as the process that made them."""

import numpy as np
import pytest
from scipy.optimize import minimize

from sklstm._kernels import kernels_for
from sklstm.network.crf import CRF
from sklstm.network.memory import Workspace
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

N_TAGS, N_SYMBOLS = 5, 8


def hidden_markov_model(rng):
    """Probabilities: tags mostly go round in a circle, symbols say little of them."""
    turning = np.roll(np.eye(N_TAGS), 1, axis=1)
    transitions = 0.75 * turning + 0.25 * rng.dirichlet(np.ones(N_TAGS), N_TAGS)
    symbols = rng.dirichlet(0.7 * np.ones(N_SYMBOLS), N_TAGS)
    return rng.dirichlet(np.ones(N_TAGS)), transitions, symbols


def draw(model, lengths, rng):
    """Draw symbols and their tags, sequence after sequence."""
    start, transitions, emissions = model
    tags, symbols = [], []
    for length in lengths:
        p = start
        for _ in range(length):
            tags.append(rng.choice(N_TAGS, p=p))
            symbols.append(rng.choice(N_SYMBOLS, p=emissions[tags[-1]]))
            p = transitions[tags[-1]]
    return np.array(symbols), np.array(tags)


class Problem:
    """A batch whose emissions are looked up in a table of scores."""

    def __init__(self, model, lengths, rng):
        symbols, tags = draw(model, lengths, rng)
        self.batch = pack_batch(Sequences(symbols[:, np.newaxis] * 1.0, lengths))
        self.symbols = symbols[self.batch.row_source]
        self.tags = tags[self.batch.row_source]


@pytest.fixture(scope="module")
def problems():
    rng = np.random.default_rng(0)
    model = hidden_markov_model(rng)
    lengths = rng.integers(5, 40, size=(2, 150))
    return model, *(Problem(model, part.tolist(), rng) for part in lengths)


def fit(crf, problem):
    """The table of emissions and the parameters of the chain, by L-BFGS."""
    shapes = {"table": (N_SYMBOLS, N_TAGS), **crf.parameter_shapes}
    ends = np.cumsum([0, *(np.prod(shape) for shape in shapes.values())])
    workspace = Workspace(np.float64)

    def views(flat):
        places = zip(shapes.items(), ends, ends[1:], strict=False)
        return {name: flat[a:b].reshape(shape) for (name, shape), a, b in places}

    def objective(flat):
        gradient = np.empty_like(flat)
        parameters, gradients = views(flat), views(gradient)
        losses, d_emissions = crf.negative_log_likelihood(
            parameters["table"][problem.symbols], problem.batch, problem.tags, None,
            parameters, gradients, workspace,
        )  # fmt: skip
        gradients["table"][...] = 0
        np.add.at(gradients["table"], problem.symbols, d_emissions)
        return losses.sum() + 0.5 * (flat**2).sum(), gradient + flat

    found = minimize(objective, np.zeros(ends[-1]), jac=True, method="L-BFGS-B")
    assert found.success
    return views(found.x)


def test_a_fitted_chain_reads_like_the_process_that_made_it(problems):
    model, train, test = problems
    crf = CRF(N_TAGS, np.float64, kernels_for(np.float64))
    start, transitions, symbols = (np.log(p) for p in model)
    truth = {"start": start, "transitions": transitions, "end": np.zeros(N_TAGS)}
    best = crf.viterbi(symbols.T[test.symbols], test.batch, truth) == test.tags
    alone = symbols.T[test.symbols].argmax(axis=1) == test.tags

    parameters = fit(crf, train)
    emissions = parameters["table"][test.symbols]
    found = crf.viterbi(emissions, test.batch, parameters) == test.tags
    assert alone.mean() < 0.6
    assert best.mean() > 0.72
    assert found.mean() > best.mean() - 0.02

    marginals = crf.marginals(emissions, test.batch, parameters)
    expected = crf.marginals(symbols.T[test.symbols], test.batch, truth)
    assert np.abs(marginals - expected).mean() < 0.04
