"""The loss of several quantiles at once: beside one loss a quantile, and in order."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import d2_pinball_score

from sklstm.training import Quantile, Quantiles

LEVELS = (0.1, 0.35, 0.5, 0.9)
N_ROWS, N_TARGETS = 11, 3


def make_problem(dtype=np.float64, seed=0):
    rng = np.random.RandomState(seed)
    y = rng.normal(size=(N_ROWS, N_TARGETS)) * [1, 20, 0.1] + [5, -300, 0]
    weights = rng.uniform(0.2, 3.0, size=N_ROWS)
    loss = Quantiles(N_TARGETS, quantiles=LEVELS)
    network = SimpleNamespace(
        output_bias=np.full(loss.n_outputs, np.nan), parameters_changed=lambda: None
    )
    loss.initialize_outputs(network, y, weights)
    assert_array_equal(network.output_bias, 0)
    outputs = rng.normal(size=(N_ROWS, loss.n_outputs)).astype(dtype)
    targets = loss.encode_targets(y, np.dtype(dtype))
    return loss, y, outputs, targets, weights.astype(dtype)


@pytest.mark.parametrize("weighted", [True, False], ids=["weights", "no_weights"])
def test_gradient_matches_central_difference(weighted):
    loss, _, outputs, targets, weights = make_problem()
    weights = weights if weighted else None
    _, gradient = loss.value_and_gradient(outputs, targets, weights, 2.7)
    assert_gradient_matches(
        gradient,
        lambda: loss.value_and_gradient(outputs, targets, weights, 2.7)[0],
        outputs,
        "outputs",
        step=1e-4,
    )


def test_each_quantile_has_the_loss_and_the_start_it_has_alone():
    loss, y, outputs, _, weights = make_problem()
    of_step = outputs.reshape(N_ROWS, N_TARGETS, len(LEVELS))
    total = 0.0
    for k, level in enumerate(LEVELS):
        alone = Quantile(N_TARGETS, quantile=level)
        network = SimpleNamespace(
            output_bias=np.empty(N_TARGETS), parameters_changed=lambda: None
        )
        alone.initialize_outputs(network, y, weights)
        assert_array_equal(loss.center[k :: len(LEVELS)], alone.center)
        assert_array_equal(loss.scale[k :: len(LEVELS)], alone.scale)
        # The same outputs in both, in the units of y.
        targets = alone.encode_targets(y, np.dtype(np.float64))
        value, gradient = alone.value_and_gradient(of_step[:, :, k], targets, None, 2.0)
        total += value / len(LEVELS)
        encoded = loss.encode_targets(y, np.dtype(np.float64))
        _, together = loss.value_and_gradient(outputs, encoded, None, 2.0)
        assert_allclose(len(LEVELS) * together[:, k :: len(LEVELS)], gradient)
    assert_allclose(loss.value_and_gradient(outputs, encoded, None, 2.0)[0], total)


def test_float32_agrees_with_float64():
    loss, _, outputs, targets, weights = make_problem(np.float32)
    value, gradient = loss.value_and_gradient(outputs, targets, weights, 3.0)
    exact_value, exact = loss.value_and_gradient(
        outputs.astype(float), targets.astype(float), weights.astype(float), 3.0
    )
    assert gradient.dtype == np.float32
    assert_allclose(value, exact_value, rtol=1e-6)
    assert_allclose(gradient, exact, rtol=2e-6, atol=1e-7)


def test_predictions_are_in_order_and_no_worse_for_it():
    loss, y, outputs, _, _ = make_problem()
    crossed = outputs * loss.scale + loss.center
    ordered = loss.predict(outputs)
    by_target = ordered.reshape(N_ROWS, N_TARGETS, len(LEVELS))
    assert (np.diff(by_target, axis=2) >= 0).all()
    assert_array_equal(np.sort(crossed.reshape(by_target.shape), axis=2), by_target)

    def value(predictions):
        back = (predictions - loss.center) / loss.scale
        targets = loss.encode_targets(y, np.dtype(np.float64))
        unit = loss.scale / loss.scale[::4].repeat(4)  # one scale a target
        assert_array_equal(unit, 1)
        return loss.value(back, targets)

    # Quantiles of one target have one scale but centers of their own, so that losses on
    # the standard scale are those in units of y.
    assert value(ordered) < value(crossed)


def test_the_score_is_the_mean_of_pinball_scores():
    loss, y, outputs, _, _ = make_problem()
    predicted = 0.1 * outputs
    targets = loss.encode_targets(y, np.dtype(np.float64))
    columns = [
        d2_pinball_score(y[:, j], (predicted * loss.scale + loss.center)[:, 4 * j + k],
                         alpha=level)
        for j in range(N_TARGETS)
        for k, level in enumerate(LEVELS)
    ]  # fmt: skip
    # An even number of rows has another quantile in scikit-learn; here it is odd.
    assert_allclose(loss.score(predicted, targets), np.mean(columns), rtol=1e-9)


def test_one_target_may_be_a_vector():
    loss = pickle.loads(pickle.dumps(Quantiles(quantiles=(0.2, 0.8))))
    assert loss.n_outputs == 2
    assert_array_equal(
        loss.encode_targets(np.array([1.0, 2.0]), np.dtype(np.float64)),
        [[1, 1], [2, 2]],
    )
