"""`ForecastDisplay`: history, forecast and intervals."""

import numpy as np
import pytest
from inspection.drawings import legend_of
from inspection.step_by_step import fitted
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
)
from sklstm.inspection import (
    ForecastDisplay,
)


def quantile_forecaster(y, **parameters):
    parameters = {"horizon": 4, "window": 8, "loss": "quantile"} | parameters
    parameters |= {"hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0}
    return LSTMForecaster(**parameters).fit(y)


def series(n_steps=60, seed=0):
    return np.random.RandomState(seed).normal(size=n_steps).cumsum() + 50


def assert_band(band, x, ends):
    corners = band.get_paths()[0].vertices
    for low_or_high in np.asarray(ends).T:
        for point in zip(x, low_or_high, strict=True):
            assert np.isclose(corners, point).all(axis=1).any()


def test_a_forecast_is_drawn_with_its_past_and_its_interval():
    y = series()
    forecaster = quantile_forecaster(y[:50])
    display = ForecastDisplay.from_estimator(
        forecaster, y[:50], observed=y[50:53], n_history=20
    )
    lines = display.lines_
    assert_array_equal(lines["history"].get_xdata(), np.arange(-19, 1))
    assert_array_equal(lines["history"].get_ydata(), y[30:50])
    assert_array_equal(lines["forecast"].get_xdata(), [1, 2, 3, 4])
    assert_array_equal(lines["forecast"].get_ydata(), forecaster.predict(y=y[:50]))
    assert_array_equal(lines["observed"].get_xydata(), np.c_[[1, 2, 3], y[50:53]])
    interval = forecaster.predict_interval(y=y[:50], coverage=0.8)
    assert_band(display.bands_[0.8], [1, 2, 3, 4], interval)
    assert legend_of(display.ax_) == [
        "history", "interval of 80 %", "forecast", "observed",
    ]  # fmt: skip
    assert display.ax_.get_xlabel() == "steps ahead"


def test_without_a_past_the_one_of_fit_is_gone_on_from():
    y = series()
    forecaster = quantile_forecaster(y)
    display = ForecastDisplay.from_estimator(forecaster, coverage=[0.5, 0.8], horizon=3)
    kept = display.lines_["history"].get_ydata()
    assert_array_equal(kept, y[-len(kept) :])
    assert list(display.bands_) == [0.8, 0.5]  # the narrow one on top
    expected = forecaster.predict_interval(3, coverage=0.5)
    assert_band(display.bands_[0.5], [1, 2, 3], expected)


def test_intervals_are_as_wide_as_the_quantiles_allow():
    y = series()
    narrow = quantile_forecaster(y, quantiles=(0.25, 0.5, 0.75))
    assert list(ForecastDisplay.from_estimator(narrow).bands_) == [0.5]
    with pytest.raises(ValueError, match="fit with quantiles that enclose it"):
        ForecastDisplay.from_estimator(narrow, coverage=0.9)
    point = quantile_forecaster(y, loss="squared_error")
    assert not ForecastDisplay.from_estimator(point).bands_
    with pytest.raises(ValueError, match="loss='quantile' for quantiles and intervals"):
        ForecastDisplay.from_estimator(point, coverage=0.8)


def test_one_of_several_series_is_drawn_by_its_name_with_its_dates():
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2024-01-01", periods=60)
    frame = pd.DataFrame(
        {
            "unique_id": ["north"] * 60 + ["south"] * 60,
            "ds": [*days, *days],
            "y": np.r_[series(seed=0), series(seed=1)],
        }
    )
    forecaster = quantile_forecaster(frame)
    display = ForecastDisplay.from_estimator(forecaster, frame, series="south")
    assert display.ax_.get_title() == "south"
    assert_array_equal(display.history, series(seed=1))
    ahead = np.asarray(display.times)[-4:]
    assert ahead[0] == np.datetime64("2024-03-01")
    forecasts = forecaster.predict(y=frame)
    of_south = forecasts[forecasts["unique_id"] == "south"]
    assert_allclose(display.forecast, of_south["y"])
    assert_array_equal(ahead, of_south["ds"].to_numpy().astype(ahead.dtype))
    with pytest.raises(
        ValueError, match=r"no series 'west', only \['north', 'south'\]"
    ):
        ForecastDisplay.from_estimator(forecaster, frame, series="west")


def test_series_in_columns_are_drawn_by_number():
    y = np.c_[series(seed=0), series(seed=1)]
    forecaster = quantile_forecaster(y)
    display = ForecastDisplay.from_estimator(forecaster, y, series=1)
    assert_array_equal(display.forecast, forecaster.predict(y=y)[:, 1])
    assert_array_equal(display.history, y[:, 1])
    interval = forecaster.predict_interval(y=y, coverage=0.8)[:, 1]
    assert_band(display.bands_[0.8], [1, 2, 3, 4], interval)
    with pytest.raises(
        ValueError, match="series=2 is out of range: there are 2 series"
    ):
        ForecastDisplay.from_estimator(forecaster, y, series=2)


def test_forecasts_one_has_are_drawn_at_times_one_gives():
    display = ForecastDisplay.from_predictions(
        [1, 2, 3], [4, 5], times=[10, 20, 30, 40, 50], n_history=2, name="sales",
        intervals={0.9: [[3, 5], [3, 7]]}, history_kw={"label": "known"},
    )  # fmt: skip
    assert_array_equal(display.lines_["history"].get_xydata(), [[20, 2], [30, 3]])
    assert_array_equal(display.lines_["forecast"].get_xydata(), [[40, 4], [50, 5]])
    assert legend_of(display.ax_) == ["known", "interval of 90 %", "forecast"]
    assert display.ax_.get_title() == "sales"
    with pytest.raises(ValueError, match="times has 2 entries, expected 5"):
        ForecastDisplay.from_predictions([1, 2, 3], [4, 5], times=[1, 2])
    with pytest.raises(ValueError, match="at most the 2 steps that are forecast"):
        ForecastDisplay.from_predictions([1, 2, 3], [4, 5], observed=[1, 2, 3])


def test_only_a_forecaster_forecasts():
    with pytest.raises(TypeError, match="draws forecasts of LSTMForecaster, got LSTMC"):
        ForecastDisplay.from_estimator(fitted(LSTMClassifier))
