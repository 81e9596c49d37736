"""`LSTMForecaster`: what it refuses, and what it says."""

import numpy as np
import pytest
from estimators.forecasting_problems import (
    HOLIDAYS,
    OTHER,
    QUANTILES,
    SERIES,
    STEPS,
    make,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError


def test_series_that_are_too_short_are_named():
    with pytest.raises(ValueError, match=r"Series 1 has 13 steps, but window=10 and"):
        make(relative_to="last").fit([SERIES, SERIES[:13]])
    with pytest.raises(
        ValueError, match=r"season of 12 and horizon=4 need at least 26"
    ):
        make(relative_to="season", seasonal_period=12).fit(SERIES[:25])
    forecaster = make(relative_to="last").fit(SERIES)
    with pytest.raises(ValueError, match=r"The series has 9 steps, but .* the last 10"):
        forecaster.predict(y=SERIES[:9])


def test_gaps_are_named():
    y = np.column_stack([SERIES, OTHER])
    y[[7, 9], 1] = np.nan
    with pytest.raises(ValueError, match=r"Series 1 has NaN at step 7 \(2 such steps"):
        make().fit(y)
    X = HOLIDAYS.copy()
    X[5] = np.inf
    with pytest.raises(ValueError, match="infinity in covariate 0 at step 5"):
        make().fit(SERIES, X)


def test_covariates_that_are_missing_or_too_many():
    forecaster = make().fit(SERIES, HOLIDAYS)
    with pytest.raises(ValueError, match=r"X is missing: .* for the next 4 steps"):
        forecaster.predict()
    with pytest.raises(ValueError, match=r"X has 3 rows for the series, expected 4"):
        forecaster.predict(X=HOLIDAYS[:3])
    with pytest.raises(ValueError, match="Covariate 0 of the series has no value at"):
        forecaster.predict(X=[[0], [0], [np.nan], [0]])
    with pytest.raises(ValueError, match="here are 0: pass their values as X"):
        forecaster.backtest(SERIES)
    with pytest.raises(ValueError, match=r"X has 150 rows, y has 150 .* 4 steps"):
        forecaster.predict(X=HOLIDAYS, y=SERIES)
    with pytest.raises(ValueError, match=r"X has 3 columns, expected the 1 covariates"):
        forecaster.predict(X=np.zeros((4, 3)))
    with pytest.raises(ValueError, match="fitted without covariates"):
        make().fit(SERIES).predict(X=HOLIDAYS[:4])
    with pytest.raises(ValueError, match="past_covariates has 'price', but"):
        make(past_covariates=["price"]).fit(SERIES, HOLIDAYS)


def test_starts_without_a_past_or_a_future():
    forecaster = make(relative_to="last").fit(SERIES)
    with pytest.raises(ValueError, match="start=9 must be an int of at least 10"):
        forecaster.backtest(SERIES, start=9)
    with pytest.raises(ValueError, match="from step 147 on can be compared"):
        forecaster.backtest(SERIES, start=147)


@pytest.mark.parametrize("stride", [0, -1, 1.5, True])
def test_strides_are_numbers_of_steps(stride):
    with pytest.raises(ValueError, match=f"stride must be .* at least 1, got {stride}"):
        make().fit(SERIES).backtest(SERIES, stride=stride)


@pytest.mark.parametrize("coverage", [0, 1, -0.5, 1.5, np.nan, "80 %", None])
def test_coverages_are_probabilities(coverage):
    forecaster = make(**QUANTILES).fit(SERIES)
    with pytest.raises(ValueError, match="coverage must be a probability between"):
        forecaster.predict_interval(coverage=coverage)


@pytest.mark.parametrize("n_steps", [0, 1])
def test_one_step_has_no_r2(n_steps):
    forecaster = make().fit(SERIES[:120])
    with pytest.raises(ValueError, match=f"at least 2 .* the series has {n_steps}:"):
        forecaster.score(SERIES[120 : 120 + n_steps])


@pytest.mark.parametrize("factor", [1e150, 1e300])
def test_values_whose_squares_are_not_finite_are_named(factor):
    with pytest.raises(
        ValueError, match=r"has 1\.\d*e\+\d+ at step \d.*divide the series"
    ):
        make().fit(SERIES * factor)
    with pytest.raises(ValueError, match=r"e\+\d+ in covariate 0 at step 0"):
        make().fit(SERIES, STEPS[:, np.newaxis] * factor + factor)


def test_values_beyond_the_network_s_precision_are_named():
    forecaster = make(scaling="series").fit(SERIES, HOLIDAYS)
    with pytest.raises(ValueError, match="beyond what float32 can hold"):
        forecaster.predict(X=np.full((4, 1), 1e60))


def test_values_next_to_nothing_are_forecast():
    """The variance of such a series is zero, though it is not constant."""
    forecast = make(relative_to="auto").fit(SERIES * 1e-300).predict()
    assert_allclose(forecast, 1e-300 * SERIES[-1], rtol=0.5)


@pytest.mark.parametrize("kind", ["datetime64[D]", "timedelta64[D]", "complex128"])
def test_dates_and_complex_numbers_are_no_values(kind):
    with pytest.raises(ValueError, match="y must be numbers, got dtype"):
        make().fit(np.arange(60).astype(kind))


def test_errors_of_weights_speak_of_weights():
    with pytest.raises(ValueError, match=r"sample_weight has shape \(\)"):
        make().fit(SERIES, sample_weight=2.0)


def test_layouts_that_are_none():
    with pytest.raises(ValueError, match=r"y has shape \(5, 5, 2\)"):
        make().fit(np.zeros((5, 5, 2)))
    with pytest.raises(ValueError, match="Series 0 of y has shape"):
        make().fit([np.zeros((50, 2))])
    with pytest.raises(ValueError, match="y must be numbers"):
        make().fit(["a", "b"])
    with pytest.raises(ValueError, match="X must be a list with one array"):
        make().fit([SERIES, OTHER], HOLIDAYS)


def test_a_season_that_is_not_there():
    with pytest.raises(ValueError, match="needs a season, but none was found"):
        make(relative_to="season").fit(np.random.RandomState(0).normal(size=80))
    with pytest.raises(ValueError, match="needs a season, but there is none"):
        make(relative_to="season", seasonal_period=None).fit(SERIES)


def test_a_failed_fit_leaves_the_forecaster_as_it_was():
    forecaster = make().fit(SERIES)
    before = forecaster.predict(9)
    with pytest.raises(ValueError, match="NaN"):
        forecaster.fit(np.append(OTHER, np.nan))
    with pytest.raises(ValueError, match="one weight for each step"):
        forecaster.fit(OTHER, sample_weight=[1])
    assert_array_equal(forecaster.predict(9), before)


def test_unfitted_and_unfit_for_streams():
    with pytest.raises(NotFittedError):
        make().predict()
    with pytest.raises(NotFittedError):
        make().score(SERIES)
    assert not hasattr(make(), "step")
    with pytest.raises(AttributeError, match="backtest"):
        make().fit(SERIES).initial_state()
