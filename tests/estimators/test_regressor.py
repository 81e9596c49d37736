"""`LSTMRegressor`: losses, outputs, units."""

import numpy as np
import pytest
from estimators.problems import make_estimator, make_problem
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import LSTMRegressor

X, _, NUMBERS = make_problem(n_samples=64)
WELL = {"max_iter": 60, "hidden_layer_sizes": 12, "pooling": "mean"}


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd", "lbfgs"])
def test_every_solver_learns_numbers_far_from_zero(solver):
    stochastic = {"batch_size": 8, "learning_rate_init": 0.02}
    how = WELL | {"random_state": 0, "solver": solver}
    regressor = LSTMRegressor(**how, **({} if solver == "lbfgs" else stochastic))
    assert regressor.fit(X, NUMBERS).score(X, NUMBERS) > 0.9


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "quantile", "poisson"]
)
def test_every_loss_learns(loss):
    regressor = make_estimator("regressor", loss=loss, **WELL)
    y = NUMBERS - 90 if loss == "poisson" else NUMBERS
    assert regressor.fit(X, y).score(X, y) > 0.85


def test_predictions_do_not_depend_on_the_unit():
    plain = make_estimator("regressor", **WELL).fit(X, NUMBERS).predict(X)
    scaled = make_estimator("regressor", **WELL).fit(X, 1e6 * NUMBERS + 1e9)
    assert_allclose(scaled.predict(X), 1e6 * plain + 1e9, rtol=1e-6)


@pytest.mark.parametrize("quantile", [0.1, 0.8])
def test_a_quantile_lies_where_it_should(quantile):
    rng = np.random.RandomState(0)
    many = rng.normal(size=(400, 4, 1))
    y = rng.exponential(size=400)
    how = {"loss": "quantile", "quantile": quantile, "max_iter": 5}
    regressor = make_estimator("regressor", **how).fit(many, y)
    below = np.mean(y < regressor.predict(many))
    assert below == pytest.approx(quantile, abs=0.08)


def test_huber_moves_little_for_an_outlier():
    wild = np.where(np.arange(len(X)) % 16 == 0, NUMBERS + 300, NUMBERS)
    errors = []
    for parameters in ({"loss": "huber", "huber_delta": 0.05}, {}):
        regressor = make_estimator("regressor", **parameters, **WELL).fit(X, wild)
        errors.append(np.median(np.abs(regressor.predict(X) - NUMBERS)))
    assert errors[0] < 0.5 * errors[1]


def test_huber_delta_has_an_effect():
    small, large = (
        make_estimator("regressor", loss="huber", huber_delta=delta)
        .fit(X, NUMBERS)
        .predict(X)
        for delta in (0.1, 10.0)
    )
    assert not np.array_equal(small, large)


def test_several_outputs_of_different_units():
    y = np.stack([NUMBERS, 1e-3 * NUMBERS[::-1], -1e4 * NUMBERS], axis=1)
    regressor = make_estimator("regressor", **WELL).fit(X, y)
    assert regressor.n_outputs_ == 3
    predicted = regressor.predict(X)
    assert predicted.shape == y.shape
    errors = np.mean((predicted - y) ** 2, axis=0) / y.var(axis=0)
    assert errors[0] < 0.1
    assert errors[2] < 0.1


def test_predictions_are_one_number_a_sequence_in_float64():
    predicted = make_estimator("regressor").fit(X, NUMBERS).predict(X)
    assert predicted.shape == (len(X),)
    assert predicted.dtype == np.float64


def test_poisson_predicts_positive_numbers_and_refuses_negative_ones():
    counts = np.random.RandomState(0).poisson(2, size=len(X))
    regressor = make_estimator("regressor", loss="poisson").fit(X, counts)
    assert (regressor.predict(X) > 0).all()
    with pytest.raises(ValueError, match=r"poisson.*sample 3 is -1"):
        regressor.fit(X, np.where(np.arange(len(X)) == 3, -1, counts))


@pytest.mark.parametrize(
    "y, message",
    [
        (np.full(len(X), np.nan), "Input y contains NaN"),
        (np.full(len(X), np.inf), "Input y contains infinity"),
        (["high"] * len(X), "could not convert"),
        (np.ones((len(X), 2, 2)), "3"),
    ],
    ids=["nan", "inf", "text", "3d"],
)
def test_targets_that_are_no_numbers_are_an_error(y, message):
    with pytest.raises(ValueError, match=message):
        LSTMRegressor().fit(X, y)


def test_a_constant_target_is_predicted():
    regressor = make_estimator("regressor", max_iter=2).fit(X, np.full(len(X), 7.0))
    assert_allclose(regressor.predict(X), 7.0, atol=1.0)


def test_weights_move_the_fit():
    y = np.where(np.arange(len(X)) % 2, 0.0, 10.0)
    blind = [np.ones((4, 1))] * len(X)
    how = {"learning_rate_init": 1e-9}
    for share in (0.1, 0.9):
        weights = np.where(y > 0, share, 1 - share)
        regressor = make_estimator("regressor", **how).fit(blind, y, weights)
        assert_allclose(regressor.predict(blind[:1]), 10 * share, atol=1.5)


def test_integer_weights_are_repetitions_to_the_last_bit_with_lbfgs():
    counts = np.random.RandomState(1).randint(0, 4, size=len(X))
    lbfgs = {"solver": "lbfgs", "hidden_layer_sizes": 6, "random_state": 0}
    repeated = [X[i] for i in np.repeat(np.arange(len(X)), counts)]
    a = LSTMRegressor(**lbfgs).fit(repeated, np.repeat(NUMBERS, counts))
    b = LSTMRegressor(**lbfgs).fit(X, NUMBERS, sample_weight=counts)
    assert_array_equal(a.predict(X), b.predict(X))
