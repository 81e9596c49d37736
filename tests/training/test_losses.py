"""Losses: gradients by finite differences, safety at the extremes, weights, scores."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import metrics

from sklstm.training import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
)

N_ROWS = 11

LOSSES = [
    SquaredError(3),
    AbsoluteError(2),
    Huber(3, delta=0.7),
    Quantile(2, quantile=0.8),
    Poisson(3),
    CrossEntropy(2),
    CrossEntropy(5),
    BinaryCrossEntropy(1),
    BinaryCrossEntropy(4),
]
REGRESSION = LOSSES[:5]


def name_of(loss):
    return f"{type(loss).__name__}_{loss.n_outputs}"


each_loss = pytest.mark.parametrize("loss", LOSSES, ids=name_of)
each_regression = pytest.mark.parametrize("loss", REGRESSION, ids=name_of)


def fresh(loss):
    """A copy that no other test has initialised."""
    return pickle.loads(pickle.dumps(loss))


def make_y(loss, rng, n_rows=N_ROWS):
    if isinstance(loss, CrossEntropy):
        # Every class occurs, so that priors are never those of an unseen one.
        codes = np.arange(n_rows) % loss.n_outputs
        return rng.permutation(codes)
    shape = (n_rows, loss.n_outputs)
    if isinstance(loss, BinaryCrossEntropy):
        y = rng.randint(2, size=shape).astype(float)
        y[0], y[1] = 0, 1
        return y
    if isinstance(loss, Poisson):
        return rng.poisson(3.0, size=shape).astype(float)
    return 50 + 7 * rng.normal(size=shape)


def make_network(loss):
    return SimpleNamespace(
        output_bias=np.full(loss.n_outputs, np.nan), parameters_changed=lambda: None
    )


def make_problem(loss, seed=0, dtype=np.float64, n_rows=N_ROWS):
    """An initialised loss, outputs, targets and weights."""
    rng = np.random.RandomState(seed)
    y = make_y(loss, rng, n_rows)
    weights = rng.uniform(0.2, 3.0, size=n_rows)
    loss = fresh(loss)
    loss.initialize_outputs(make_network(loss), y, weights)
    outputs = rng.normal(size=(n_rows, loss.n_outputs)).astype(dtype)
    return loss, outputs, loss.encode_targets(y, np.dtype(dtype)), weights.astype(dtype)


@pytest.mark.parametrize("weighted", [True, False], ids=["weights", "no_weights"])
@each_loss
def test_gradient_matches_central_difference(loss, weighted):
    loss, outputs, targets, weights = make_problem(loss)
    weights = weights if weighted else None
    total_weight = 2.7  # neither the sum of the weights nor the number of rows
    _, gradient = loss.value_and_gradient(outputs, targets, weights, total_weight)
    assert_gradient_matches(
        gradient,
        lambda: loss.value_and_gradient(outputs, targets, weights, total_weight)[0],
        outputs,
        "outputs",
        step=1e-4,  # far from the corners of the losses that have some
    )


@each_loss
def test_float32_outputs_give_float32_gradients_and_agree_with_float64(loss):
    loss, outputs, targets, weights = make_problem(loss, dtype=np.float32)
    value, gradient = loss.value_and_gradient(outputs, targets, weights, 3.0)
    exact_targets = targets if targets.dtype == np.intp else targets.astype(np.float64)
    exact_value, exact = loss.value_and_gradient(
        outputs.astype(np.float64), exact_targets, weights.astype(np.float64), 3.0
    )
    assert type(value) is float
    assert gradient.dtype == np.float32
    assert_allclose(value, exact_value, rtol=1e-6)
    assert_allclose(gradient, exact, rtol=2e-6, atol=1e-7)


@each_loss
def test_the_outputs_and_targets_are_left_alone(loss):
    loss, outputs, targets, weights = make_problem(loss)
    before = [array.copy() for array in (outputs, targets, weights)]
    for array in (outputs, targets, weights):
        array.flags.writeable = False
    loss.value_and_gradient(outputs, targets, weights, 3.0)
    loss.score(outputs, targets, weights)
    loss.predict(outputs)
    for array, copy in zip((outputs, targets, weights), before, strict=True):
        assert_array_equal(array, copy)


def test_values_are_summed_in_float64():
    n_rows = 3_000_000  # where a float32 sum of equal terms is off in the fourth digit
    loss = SquaredError(1)
    outputs = np.full((n_rows, 1), 0.1, dtype=np.float32)
    value, _ = loss.value_and_gradient(outputs, np.zeros_like(outputs), None, n_rows)
    assert_allclose(value, 0.5 * np.float32(0.1) ** 2, rtol=1e-7)


@pytest.mark.parametrize("loss", [CrossEntropy(3), BinaryCrossEntropy(3)], ids=name_of)
def test_huge_logits_give_finite_values_and_gradients(loss, dtype):
    outputs = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 3]], dtype=dtype)
    y = np.array([1, 1]) if isinstance(loss, CrossEntropy) else np.eye(3)[[1, 1]]
    targets = loss.encode_targets(y, np.dtype(dtype))
    with np.errstate(all="raise", under="ignore"):
        value, gradient = loss.value_and_gradient(outputs, targets, None, 2)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0.1  # the wrong row still says so


@pytest.mark.parametrize("output", [-20.0, -3.0, 0.0, 3.0, 20.0])
@pytest.mark.parametrize("label", [0, 1])
def test_binary_gradient_keeps_its_digits_in_both_tails(output, label):
    loss = BinaryCrossEntropy()
    targets = loss.encode_targets(np.array([label]), np.dtype(np.float32))
    outputs = np.array([[output]], dtype=np.float32)
    value, gradient = loss.value_and_gradient(outputs, targets, None, 1)
    sign = 1 - 2 * label  # the loss is log(1 + exp(sign * output))
    assert_allclose(value, np.log1p(np.exp(sign * output)), rtol=1e-6)
    assert_allclose(gradient, sign / (1 + np.exp(-sign * output)), rtol=1e-6)


def test_binary_cross_entropy_is_the_softmax_of_two_classes():
    rng = np.random.RandomState(0)
    outputs = 3 * rng.normal(size=(9, 1))
    y = rng.randint(2, size=9)
    binary, softmax = BinaryCrossEntropy(), CrossEntropy(2)
    two = np.hstack([np.zeros_like(outputs), outputs])
    one_value, one = binary.value_and_gradient(
        outputs, binary.encode_targets(y, outputs.dtype), None, 9
    )
    two_value, d_two = softmax.value_and_gradient(two, y, None, 9)
    assert_allclose(one_value, two_value)
    assert_allclose(one[:, 0], d_two[:, 1], rtol=1e-10)


@each_loss
def test_integer_weights_are_repetitions(loss):
    rng = np.random.RandomState(3)
    y = make_y(loss, rng)
    counts = rng.randint(1, 4, size=N_ROWS)
    outputs = rng.normal(size=(N_ROWS, loss.n_outputs))
    weighted, repeated = fresh(loss), fresh(loss)
    network, other = make_network(loss), make_network(loss)
    weighted.initialize_outputs(network, y, counts.astype(float))
    repeated.initialize_outputs(other, np.repeat(y, counts, axis=0))
    assert_allclose(network.output_bias, other.output_bias, rtol=1e-12)

    many = np.repeat(outputs, counts, axis=0)
    targets = weighted.encode_targets(y, outputs.dtype)
    many_targets = repeated.encode_targets(np.repeat(y, counts, axis=0), outputs.dtype)
    assert_allclose(
        weighted.value(outputs, targets, counts.astype(float)),
        repeated.value(many, many_targets),
        rtol=1e-12,
    )
    assert_allclose(
        weighted.score(outputs, targets, counts.astype(float)),
        repeated.score(many, many_targets),
        rtol=1e-12,
    )
    assert_allclose(weighted.predict(outputs), repeated.predict(outputs), rtol=1e-12)


@pytest.mark.parametrize(
    "loss",
    [SquaredError(2), Poisson(2), CrossEntropy(4), BinaryCrossEntropy(3)],
    ids=name_of,
)
def test_the_start_is_the_best_constant(loss):
    """The gradient with respect to the head's bias is zero where training starts."""
    rng = np.random.RandomState(1)
    y, weights = make_y(loss, rng), rng.uniform(0.5, 2, size=N_ROWS)
    network = make_network(loss)
    loss.initialize_outputs(network, y, weights)
    outputs = np.broadcast_to(network.output_bias, (N_ROWS, loss.n_outputs))
    targets = loss.encode_targets(y, outputs.dtype)
    _, gradient = loss.value_and_gradient(outputs, targets, weights, weights.sum())
    assert_allclose(gradient.sum(axis=0), 0, atol=1e-14)
    assert np.abs(gradient).max() > 1e-3


@pytest.mark.parametrize(
    "loss, q", [(AbsoluteError(2), 0.5), (Quantile(2, quantile=0.9), 0.9)]
)
def test_quantile_losses_start_from_the_quantile(loss, q):
    rng = np.random.RandomState(1)
    y = rng.normal(size=(1000, 2)) * [3, 0.01] + [100, -5]
    loss.initialize_outputs(make_network(loss), y)
    predictions = loss.predict(np.zeros((1, 2)))
    assert_allclose((y <= predictions).mean(axis=0), q, atol=1e-3)


@each_regression
def test_standard_scale_makes_the_loss_independent_of_the_unit(loss):
    """Multiplying y by a power of two changes predictions and nothing else."""
    rng = np.random.RandomState(2)
    y, outputs = make_y(loss, rng), rng.normal(size=(N_ROWS, loss.n_outputs))
    one, other = fresh(loss), fresh(loss)
    one.initialize_outputs(make_network(loss), y)
    other.initialize_outputs(make_network(loss), 1024 * y)
    targets = one.encode_targets(y, outputs.dtype)
    assert_array_equal(targets, other.encode_targets(1024 * y, outputs.dtype))
    assert_array_equal(1024 * one.predict(outputs), other.predict(outputs))
    assert 0.3 < targets.std() < 3


@pytest.mark.parametrize("loss", REGRESSION[:4], ids=name_of)
def test_targets_far_from_zero_keep_their_digits(loss):
    """float32 cannot tell 1e9 from 1e9 + 1; the standard scale can."""
    y = 1e9 + np.random.RandomState(0).normal(size=(N_ROWS, loss.n_outputs))
    loss = fresh(loss)
    loss.initialize_outputs(make_network(loss), y)
    targets = loss.encode_targets(y, np.dtype(np.float32))
    assert targets.dtype == np.float32
    assert_allclose(loss.predict(targets), y, rtol=0, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.0, 1e20])
@pytest.mark.parametrize("loss", REGRESSION[:4], ids=name_of)
def test_constant_targets_are_predicted_exactly_at_the_start(loss, value):
    y = np.full((N_ROWS, loss.n_outputs), value)
    loss = fresh(loss)
    loss.initialize_outputs(make_network(loss), y, np.linspace(0.1, 1, N_ROWS))
    assert_allclose(loss.predict(np.zeros((1, loss.n_outputs))), y[:1], rtol=1e-15)
    assert (loss.scale == 1).all()


def test_unseen_class_starts_improbable_but_possible():
    network = make_network(CrossEntropy(3))
    CrossEntropy(3).initialize_outputs(network, np.array([0, 0, 2, 2]))
    assert np.isfinite(network.output_bias).all()
    assert_allclose(network.output_bias[[0, 2]], np.log(0.5))
    assert np.exp(network.output_bias[1]) < 1e-3


def test_labels_of_one_kind_start_from_finite_odds():
    network = make_network(BinaryCrossEntropy(2))
    y = np.array([[1, 0], [1, 0], [1, 0]])
    BinaryCrossEntropy(2).initialize_outputs(network, y)
    assert network.output_bias[0] == -network.output_bias[1]
    assert 5 < network.output_bias[0] < 10


@each_loss
def test_predictions_do_not_depend_on_the_other_rows(loss, dtype):
    loss, outputs, _, _ = make_problem(loss, dtype=dtype, n_rows=23)
    together = loss.predict(3 * outputs)
    for row in range(len(outputs)):
        alone = loss.predict(3 * outputs[row : row + 1])
        assert_array_equal(alone[0], together[row])


@pytest.mark.parametrize("weighted", [True, False], ids=["weights", "no_weights"])
@pytest.mark.parametrize(
    "loss, metric",
    [
        (SquaredError(2), metrics.r2_score),
        (AbsoluteError(2), metrics.d2_absolute_error_score),
        (Quantile(2, quantile=0.8), metrics.d2_pinball_score),
        (Poisson(1), metrics.d2_tweedie_score),
    ],
)
def test_regression_scores_are_those_of_scikit_learn(loss, metric, weighted):
    # An odd number of rows: scikit-learn's quantile of an even one is another.
    rng = np.random.RandomState(5)
    y = make_y(loss, rng)
    weights = rng.uniform(0.5, 2, size=N_ROWS) if weighted else None
    loss.initialize_outputs(make_network(loss), y)
    outputs = 0.1 * rng.normal(size=(N_ROWS, loss.n_outputs))
    options = {"alpha": 0.8} if isinstance(loss, Quantile) else {}
    if isinstance(loss, Poisson):
        options = {"power": 1}
        y = y[:, 0]
    expected = metric(y, loss.predict(outputs), sample_weight=weights, **options)
    targets = loss.encode_targets(y, outputs.dtype)
    assert_allclose(loss.score(outputs, targets, weights), expected, rtol=1e-9)


def test_classification_scores_are_weighted_accuracies():
    rng = np.random.RandomState(0)
    weights = rng.uniform(size=N_ROWS)
    for loss in (CrossEntropy(4), BinaryCrossEntropy(1), BinaryCrossEntropy(2)):
        y = make_y(loss, rng)
        outputs = rng.normal(size=(N_ROWS, loss.n_outputs))
        predicted = (
            outputs.argmax(axis=1) if isinstance(loss, CrossEntropy) else outputs > 0
        )
        score = loss.score(outputs, loss.encode_targets(y, outputs.dtype), weights)
        expected = metrics.accuracy_score(y, predicted, sample_weight=weights)
        assert 0 < expected < 1
        assert_allclose(score, expected)


def test_score_of_a_constant_target_is_one_or_nothing():
    loss = SquaredError(1)
    targets = np.zeros((4, 1))
    assert loss.score(targets, targets) == 1
    assert loss.score(targets + 0.1, targets) == 0


def test_poisson_names_the_negative_target():
    y = np.array([1.0, 2.0, -0.5])
    with pytest.raises(ValueError, match=r"y of sample 2 is -0\.5"):
        Poisson().initialize_outputs(make_network(Poisson()), y)
    with pytest.raises(ValueError, match=r"y of sample 2 is -0\.5"):
        Poisson().encode_targets(y, np.dtype(np.float32))


def test_poisson_needs_a_positive_target():
    y = np.array([[1.0, 0.0], [2.0, 0.0]])
    with pytest.raises(ValueError, match="column 1 of y are 0"):
        Poisson(2).initialize_outputs(make_network(Poisson(2)), y)


@each_loss
def test_losses_pickle_with_their_scale_and_without_their_caches(loss):
    loss, outputs, targets, weights = make_problem(loss, n_rows=5000)
    loss.value_and_gradient(outputs, targets, weights, 1.0)
    pickled = pickle.dumps(loss)
    assert len(pickled) < 1000
    assert_array_equal(pickle.loads(pickled).predict(outputs), loss.predict(outputs))


@pytest.mark.parametrize(
    "loss, labels",
    [
        (CrossEntropy(3), [0, 2, 1]),
        (BinaryCrossEntropy(), [0, 1, 1]),
        (BinaryCrossEntropy(3), None),
        (SquaredError(), None),
    ],
)
def test_stratification_is_by_class_where_there_is_one(loss, labels):
    y = np.eye(3) if labels is None else np.array(labels)
    found = loss.stratify(y)
    assert found is None if labels is None else found.tolist() == labels
