"""Targets answered at the last steps of a sequence, one step each."""

from types import SimpleNamespace

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_array_equal

from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.training import Quantiles, SquaredError, StepsAhead
from sklstm.training.steps_ahead import last_rows

N_STEPS = 3
LENGTHS = [5, 3, 7, 5, 4]


def make_batch(index=(3, 0, 4, 2, 1), lengths=LENGTHS):
    values = np.arange(sum(lengths), dtype=float)[:, np.newaxis]
    return pack_batch(Sequences(values, lengths), np.array(index))


def test_the_last_rows_are_those_of_the_ends():
    batch = make_batch()
    found = batch.inputs[last_rows(batch, N_STEPS), 0]
    ends = np.cumsum(LENGTHS)[batch.index]
    assert_array_equal(found, ends[:, np.newaxis] + np.arange(-N_STEPS, 0))


@pytest.mark.parametrize("weighted", [True, False], ids=["weights", "no_weights"])
@pytest.mark.parametrize(
    "loss",
    [SquaredError(N_STEPS), Quantiles(N_STEPS, quantiles=(0.2, 0.9))],
    ids=["squared", "quantiles"],
)
def test_gradient_matches_central_difference(loss, weighted):
    rng = np.random.RandomState(0)
    y = rng.normal(size=(5, N_STEPS)) * [1, 10, 0.1]
    weights = rng.uniform(0.5, 2, size=5) if weighted else None
    steps_ahead = StepsAhead(loss, N_STEPS)
    targets = steps_ahead.make_targets(None, y, weights)
    network = SimpleNamespace(
        output_bias=np.empty(steps_ahead.n_outputs), parameters_changed=lambda: None
    )
    everything = np.arange(5)
    targets.initialize(network, everything)
    targets.prepare(np.dtype(float), everything)
    batch = make_batch()
    outputs = rng.normal(size=(batch.n_rows, steps_ahead.n_outputs))
    _, gradient = targets.value_and_gradient(outputs, batch)
    assert_gradient_matches(
        gradient,
        lambda: targets.value_and_gradient(outputs, batch)[0],
        outputs,
        "outputs",
        step=1e-4,
    )
    assert (gradient == 0).sum() == (sum(LENGTHS) - 5 * N_STEPS) * gradient.shape[1]


def test_what_is_predicted_is_what_was_compared():
    lengths, y = [6] * 4, np.arange(12.0).reshape(4, N_STEPS)
    steps_ahead = StepsAhead(Quantiles(N_STEPS, quantiles=(0.2, 0.9)), N_STEPS)
    targets = steps_ahead.make_targets(None, y)
    targets.prepare(np.dtype(float), np.arange(4))
    batch = make_batch([2, 0, 3, 1], lengths)
    in_order = np.random.RandomState(0).normal(size=(24, 2)).cumsum(axis=1)
    in_order[:, 1] += 10  # no quantiles that cross
    outputs, encoded, _ = targets.select(in_order[batch.row_source], batch)
    predicted = steps_ahead.predict_last(in_order, 4)
    assert_array_equal(outputs, predicted[batch.index])
    assert_array_equal(encoded[:, ::2], y[batch.index])
