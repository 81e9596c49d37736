"""The whole loss against the flat vector: head, pooling, layers, weights, penalty."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from training.problems import make_network, make_sequences

from sklstm.sequences.packing import pack_batch
from sklstm.training import (
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Poisson,
    SquaredError,
)
from sklstm.training import lbfgs as lbfgs_module
from sklstm.training.lbfgs import FullBatchObjective
from sklstm.training.minibatches import passes_by_length
from sklstm.training.targets import (
    NextStepTargets,
    SequenceTargets,
    rows_with_a_successor,
)

SEQUENCES = make_sequences(17, dtype=np.float64, min_length=2)
RNG = np.random.RandomState(4)
WEIGHTS = RNG.uniform(0.5, 2, size=17)
INDEX = np.array([0, 1, 2, 4, 5, 8, 9, 10, 11, 12, 13, 16])

CASES = {
    "classes": (CrossEntropy(4), RNG.randint(4, size=17)),
    "labels": (BinaryCrossEntropy(2), RNG.randint(2, size=(17, 2))),
    "numbers": (SquaredError(2), 100 + RNG.normal(size=(17, 2))),
    "robust": (Huber(1), RNG.normal(size=17)),
    "counts": (Poisson(1), RNG.poisson(3, size=17)),
    "next_step": (SquaredError(3), None),
}


def make_objective(case, *, weights=WEIGHTS, penalty_strength=0.07, **options):
    loss, y = CASES[case]
    options.setdefault("pooling", "mean")
    if y is None:
        options["pooling"] = None
    network = make_network(
        loss.n_outputs, hidden=(4, 3), dtype=np.float64, seed=1, **options
    )
    if y is None:
        targets = NextStepTargets(loss, SEQUENCES, weights)
    else:
        targets = SequenceTargets(loss, y, weights)
    targets.initialize(network, INDEX)
    targets.prepare(np.dtype(np.float64), INDEX)
    objective = FullBatchObjective(
        network,
        SEQUENCES,
        targets,
        INDEX,
        penalty_strength=penalty_strength,
        n_threads=1,
    )
    return objective, network


@pytest.mark.parametrize("weighted", [True, False], ids=["weights", "no_weights"])
@pytest.mark.parametrize("case", CASES)
def test_gradient_of_the_whole_loss_matches_central_difference(case, weighted):
    objective, network = make_objective(case, weights=WEIGHTS if weighted else None)
    parameters = network.parameters.copy()
    parameters += 0.1 * RNG.normal(size=parameters.size)  # away from zero biases
    _, gradient = objective(parameters)
    assert_gradient_matches(
        gradient, lambda: objective(parameters)[0], parameters, "parameters"
    )


@pytest.mark.parametrize("cell", ["gru", "gru_reset_after", "lstm_coupled", "rnn_tanh"])
@pytest.mark.parametrize("pooling", ["last", "max"])
def test_gradient_of_other_cells_and_poolings(cell, pooling):
    objective, network = make_objective("classes", cell=cell, pooling=pooling)
    parameters = network.parameters.copy()
    _, gradient = objective(parameters)
    assert_gradient_matches(
        gradient,
        lambda: objective(parameters)[0],
        parameters,
        "parameters",
        step=1e-4,  # the largest of a maximum must not change on the way
    )


@pytest.mark.parametrize("case", ["classes", "next_step"])
def test_passes_of_any_size_add_up(case, monkeypatch):
    value, gradient = make_objective(case)[0](make_objective(case)[1].parameters)
    monkeypatch.setattr(
        lbfgs_module,
        "passes_by_length",
        lambda lengths, index: passes_by_length(lengths, index, rows_per_pass=7),
    )
    objective, network = make_objective(case)
    assert len(objective._batches) > 3
    in_pieces = objective(network.parameters)
    assert_allclose(in_pieces[0], value, rtol=1e-12)
    assert_allclose(in_pieces[1], gradient, rtol=1e-9, atol=1e-14)


def test_value_is_the_definition():
    """sum(w * l) / sum(w) + alpha / (2 * sum(w)) * |W|^2, sample by sample."""
    total = WEIGHTS[INDEX].sum()
    objective, network = make_objective("classes", penalty_strength=0.9 / total)
    value, _ = objective(network.parameters)
    y = CASES["classes"][1]
    terms = []
    for sample in INDEX:
        z = network.predict(pack_batch(SEQUENCES, [sample]))[0]
        terms.append(WEIGHTS[sample] * (np.log(np.exp(z).sum()) - z[y[sample]]))
    squares = (network.parameters[network.is_weight] ** 2).sum()
    expected = np.sum(terms) / total + 0.9 / (2 * total) * squares
    assert_allclose(value, expected, rtol=1e-10)


def test_value_of_the_next_step_is_the_definition():
    objective, network = make_objective("next_step", penalty_strength=0.0)
    value, _ = objective(network.parameters)
    following = np.concatenate([SEQUENCES[i][1:] for i in INDEX])
    n_steps = np.array([len(SEQUENCES[i]) - 1 for i in INDEX])
    step_weights = np.repeat(WEIGHTS[INDEX] / n_steps, n_steps)
    step_weights /= step_weights.sum()
    mean = step_weights @ following
    scale = np.sqrt(step_weights @ (following - mean) ** 2)
    outputs = np.concatenate(
        [network.predict(pack_batch(SEQUENCES, [i]))[:-1] for i in INDEX]
    )
    errors = (outputs - (following - mean) / scale) ** 2 / 2
    assert_allclose(value, step_weights @ errors.mean(axis=1), rtol=1e-10)


def test_rows_with_a_successor_are_all_but_the_last_steps():
    batch = pack_batch(SEQUENCES)
    rows, samples = rows_with_a_successor(batch)
    expected = [
        (batch.offsets[t] + b, b)
        for t in range(len(batch.offsets) - 2)
        for b in range(batch.n_samples)
        if t + 1 < batch.lengths[b]
    ]
    assert_array_equal(np.column_stack([rows, samples]), expected)
    sample = batch.index[samples]
    step = np.searchsorted(batch.offsets, rows, side="right") - 1
    following = [SEQUENCES[s][t + 1] for s, t in zip(sample, step, strict=True)]
    assert_array_equal(batch.inputs[batch.offsets[1] :], following)


def test_nothing_flows_into_rows_without_a_target():
    loss = SquaredError(3)
    targets = NextStepTargets(loss, SEQUENCES)
    targets.initialize(make_network(3, pooling=None), np.arange(17))
    targets.prepare(np.dtype(np.float64), np.arange(17))
    batch = pack_batch(SEQUENCES)
    outputs = RNG.normal(size=(batch.n_rows, 3))
    _, d_outputs = targets.value_and_gradient(outputs, batch)
    rows, _ = rows_with_a_successor(batch)
    others = np.setdiff1d(np.arange(batch.n_rows), rows)
    assert len(others) == 17
    assert (d_outputs[others] == 0).all()
    assert (d_outputs[rows] != 0).all()
