"""`LSTMForecaster` in scikit-learn's tools; its state, going on, validation."""

import pickle

import numpy as np
import pytest
from estimators.forecasting_problems import (
    HOLIDAYS,
    QUANTILES,
    SEASON,
    SERIES,
    STEPS,
    make,
    mean_absolute,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm._threads import effective_n_threads
from sklstm.estimators import base
from sklstm.sequences.forecasting import read_series

# scikit-learn


def test_time_series_split_cuts_where_forecasts_begin():
    forecaster = make()
    for train, test in TimeSeriesSplit(3).split(SERIES):
        forecast = forecaster.fit(SERIES[train]).predict(len(test))
        assert mean_absolute(forecast, SERIES[test]) < 20
    scores = cross_val_score(forecaster, SERIES, cv=TimeSeriesSplit(3))
    assert scores[-1] == forecaster.score(SERIES[test])
    with_covariates = cross_val_score(
        forecaster, SERIES, HOLIDAYS, cv=TimeSeriesSplit(3), error_score="raise"
    )
    forecaster.fit(SERIES[train], HOLIDAYS[train])
    assert with_covariates[-1] == forecaster.score(SERIES[test], HOLIDAYS[test])


def test_search_over_parameters():
    search = GridSearchCV(
        make(), {"relative_to": ["last", "season"]}, cv=TimeSeriesSplit(2)
    ).fit(SERIES)
    assert search.best_params_ == {"relative_to": "season"}
    assert search.predict(5).shape == (5,)


def test_at_the_end_of_a_pipeline():
    pipeline = make_pipeline(make()).fit(SERIES)
    assert_array_equal(pipeline.predict(6), make().fit(SERIES).predict(6))


def test_what_is_passed_in_is_left_alone_and_may_be_read_only():
    y, X = SERIES.copy(), HOLIDAYS.copy()
    y.flags.writeable = X.flags.writeable = False
    forecaster = make(**QUANTILES).fit(y, X)
    forecaster.predict(9, X[:9])
    forecaster.backtest(y, X, start=100)
    forecaster.fit(y, X, y_val=y[:30], X_val=X[:30])
    with pytest.raises(ValueError, match="X_val is given without y_val"):
        forecaster.fit(y, X, X_val=X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forecasts_are_float64_in_either_precision(dtype):
    forecaster = make(dtype=dtype).fit((10 * SERIES).astype(int))
    assert forecaster.predict().dtype == np.float64
    exact = make(dtype="float64").fit((10 * SERIES).astype(int)).predict()
    assert_allclose(forecaster.predict(), exact, rtol=1e-3)


def test_clones_and_pickles_forecast_the_same():
    forecaster = make(**QUANTILES, quantiles=(0.2, 0.5, 0.8)).fit(SERIES, HOLIDAYS)
    X = HOLIDAYS[:9]
    again = pickle.loads(pickle.dumps(forecaster))
    for other in (again, clone(again).fit(SERIES, HOLIDAYS)):
        for horizon in (4, 9):
            assert_array_equal(
                other.predict_quantiles(horizon, X[:horizon]),
                forecaster.predict_quantiles(horizon, X[:horizon]),
            )


def test_only_the_end_of_long_series_is_kept():
    long = np.tile(SERIES, 200)
    state = pickle.dumps(make(max_iter=1, window=4).fit(long))
    assert len(state) < 0.2 * long.nbytes


def test_threads_do_not_change_the_bits(monkeypatch):
    one = make(**QUANTILES).fit(SERIES)
    monkeypatch.setattr(base, "effective_n_threads", lambda *_, **__: 2)
    two = make(**QUANTILES).fit(SERIES)
    assert two.loss_curve_ == one.loss_curve_
    for horizon in (4, 10):
        assert_array_equal(
            two.predict_quantiles(horizon), one.predict_quantiles(horizon)
        )
    assert effective_n_threads(1, work=10**9) == 1


def test_going_on_keeps_how_the_network_sees_series():
    forecaster = make(warm_start=True).fit(SERIES[:100])
    before = forecaster.loss_curve_[:]
    forecaster.fit(SERIES[:120])
    assert forecaster.loss_curve_[: len(before)] == before
    assert_array_equal(forecaster.predict(y=SERIES[:120]), forecaster.predict())
    with pytest.raises(ValueError, match=r"fitted with 0 covariate\(s\)"):
        forecaster.fit(SERIES, HOLIDAYS)


@pytest.mark.parametrize("change", [{"horizon": 5}, {"window": 11}])
def test_windows_cannot_change_while_training_goes_on(change):
    forecaster = make(warm_start=True).fit(SERIES)
    with pytest.raises(ValueError, match="cannot change while it goes on"):
        forecaster.set_params(**change).fit(SERIES)


def test_pieces_train_for_one_epoch_each():
    forecaster = make()
    for piece in (SERIES[:60], SERIES[50:120], SERIES[100:]):
        forecaster.partial_fit(piece)
    assert len(forecaster.loss_curve_) == 3
    assert_array_equal(forecaster.predict(), forecaster.predict(y=SERIES))
    assert not hasattr(make(solver="lbfgs"), "partial_fit")


def test_lbfgs_needs_few_iterations():
    forecaster = make(solver="lbfgs", max_iter=30).fit(SERIES[:130])
    assert mean_absolute(forecaster.predict(), SEASON[130:134]) < 3


def test_steps_of_no_weight_are_not_learned():
    wild = SERIES.copy()
    wild[60:70] = 1e4
    weights = np.ones(150)
    weights[55:90] = 0  # the wild steps, and those that see them
    how = {"relative_to": "last", "scaling": "series", "log": False, "window": 8}
    how |= {"alpha": 0.0}  # the penalty is divided by the sum of the weights
    forecaster = make(**how).fit(wild, sample_weight=weights)
    assert mean_absolute(forecaster.predict(), SERIES[-1]) < 20
    weighted = make(**how).fit(SERIES, sample_weight=np.full(150, 3.0))
    assert weighted.loss_curve_ == make(**how).fit(SERIES).loss_curve_
    with pytest.raises(ValueError, match="one weight for each step"):
        make().fit(SERIES, sample_weight=weights[:-1])


# Validation


def test_the_last_steps_are_the_validation_part():
    how = {"early_stopping": True, "validation_fraction": 0.2, "relative_to": "last"}
    how |= {"scaling": "series", "log": False}
    stopped = make(**how).fit(SERIES)
    # Nothing is learned from the last 30 steps: only the scale is measured on all.
    given = make(**how | {"validation_fraction": 0.1})
    split = given.fit(SERIES[:120], y_val=SERIES[120:])
    assert len(stopped.validation_scores_) == len(split.validation_scores_)
    assert_allclose(stopped.validation_scores_, split.validation_scores_, atol=0.05)
    with pytest.raises(ValueError, match="to validate on; both need at least 2"):
        make(**how).fit(SERIES[:18])


def test_no_window_to_learn_from_reaches_into_the_validation_part():
    how = {"early_stopping": True, "validation_fraction": 0.2, "scaling": "series"}
    forecaster = make(**how, relative_to="mean", log=False).fit(SERIES)
    series, _ = read_series(STEPS.astype(float))
    training, validation = forecaster._training_parts(series, None, None)
    steps = [np.unique(part[1]) for part in (training, validation)]
    assert len(training[1]) == 120 - 10 - 4 + 1
    assert len(validation[1]) == 30 - 4 + 1
    assert steps[0].max() < steps[1].min()


def test_given_steps_are_validated_on_and_not_learned():
    plain = make().fit(SERIES[:120])
    given = make().fit(SERIES[:120], y_val=SERIES[120:])
    assert given.loss_curve_ == plain.loss_curve_
    test = given.backtest(SERIES, start=120)
    assert given.validation_scores_[-1] < 1
    assert len(test.forecasts) == 27
    with pytest.raises(ValueError, match="are of 2 series, expected"):
        make().fit(SERIES[:120], y_val=[SERIES[120:]] * 2)
