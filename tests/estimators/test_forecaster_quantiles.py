"""`LSTMForecaster`: quantiles and intervals."""

import numpy as np
import pytest
from estimators.forecasting_problems import (
    OTHER,
    QUANTILES,
    SEASON,
    SERIES,
    make,
)
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import LSTMForecaster


def test_quantiles_are_in_order_and_predict_gives_the_median():
    forecaster = make(**QUANTILES).fit(SERIES)
    for horizon in (4, 11):  # once through the network, and by drawing
        quantiles = forecaster.predict_quantiles(horizon)
        assert quantiles.shape == (horizon, 3)
        assert (np.diff(quantiles, axis=1) > 0).all()
        assert_array_equal(forecaster.predict(horizon), quantiles[:, 1])
        interval = forecaster.predict_interval(horizon)
        assert_array_equal(interval, quantiles[:, [0, 2]])
        inner = forecaster.predict_interval(horizon, coverage=0.5)
        assert (interval[:, 0] < inner[:, 0]).all()
        assert (inner[:, 1] < interval[:, 1]).all()


def test_intervals_hold_what_they_promise_and_widen_with_the_horizon():
    """A random walk, whose quantiles are known."""
    walk = np.random.RandomState(2).normal(size=3000).cumsum()
    how = {"horizon": 1, "max_iter": 5, "scaling": "series", "relative_to": "last"}
    forecaster = make(**QUANTILES | how).fit(walk[:2000])
    test = forecaster.backtest(
        walk, start=2000, horizon=9, stride=3, quantiles=[0.1, 0.9]
    )
    lower, upper = np.moveaxis(test.forecasts, -1, 0)
    width = (upper - lower).mean(axis=0)
    assert_allclose(width, 2 * 1.2816 * np.sqrt(np.arange(1, 10)), rtol=0.12)
    inside = ((lower <= test.observed) & (test.observed <= upper)).mean(axis=0)
    assert_allclose(inside, 0.8, atol=0.09)


def test_drawn_quantiles_do_not_depend_on_companions_and_repeat():
    y = [SERIES, OTHER[:100]]
    forecaster = make(**QUANTILES).fit(y)
    together = forecaster.predict_quantiles(10)
    assert_array_equal(forecaster.predict_quantiles(10)[1], together[1])
    test = forecaster.backtest(
        [SERIES, OTHER[:110]], start=100, horizon=10, quantiles=[0.1, 0.5, 0.9]
    )
    assert_array_equal(test.forecasts[1][0], together[1])


@pytest.mark.parametrize("scaling", ["window", "series"])
def test_futures_that_are_drawn_do_not_explode(scaling):
    forecaster = LSTMForecaster(loss="quantile", scaling=scaling, random_state=0)
    lower, upper = forecaster.fit(SERIES[:114]).predict_interval(36).T
    assert (upper - lower).max() < 10 * (upper - lower).min()
    assert (lower > 0.5 * SEASON[114:]).all()


def test_quantiles_that_were_not_learned():
    forecaster = make(**QUANTILES).fit(SERIES)
    with pytest.raises(ValueError, match=r"quantile 0.05 is beyond those learned"):
        forecaster.predict_quantiles(quantiles=[0.05])
    with pytest.raises(ValueError, match="beyond those learned"):
        forecaster.predict_interval(coverage=0.95)
    with pytest.raises(ValueError, match="quantile nan is beyond those learned"):
        forecaster.predict_quantiles(quantiles=np.nan)


@pytest.mark.parametrize(
    "quantiles", [0.5, (0.5,), (0.9, 0.1), (0.0, 0.5), (0.1, 0.2), (0.5, 0.5)]
)
def test_quantiles_that_cannot_be_learned(quantiles):
    with pytest.raises(ValueError, match="quantiles"):
        make(loss="quantile", quantiles=quantiles).fit(SERIES)


def test_numbers_have_no_intervals():
    forecaster = make().fit(SERIES)
    assert not hasattr(forecaster, "predict_interval")
    assert not hasattr(forecaster, "predict_quantiles")
    with pytest.raises(ValueError, match="loss='quantile'"):
        forecaster.backtest(SERIES, quantiles=[0.5])
