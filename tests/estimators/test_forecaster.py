"""`LSTMForecaster`: forecasts, horizons, backtests, several series."""

import numpy as np
import pytest
from estimators.forecasting_problems import (
    OTHER,
    SEASON,
    SERIES,
    make,
    mean_absolute,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import r2_score

from sklstm import LSTMForecaster, Sequences

# Forecasts


def test_defaults_continue_trend_and_season():
    forecaster = LSTMForecaster(max_iter=30, random_state=0).fit(SERIES[:126])
    assert forecaster.seasonal_period_ == 12
    assert forecaster.relative_to_.startswith("season")
    assert forecaster.window_ == 13
    assert mean_absolute(forecaster.predict(24), SEASON[126:]) < 2


def test_a_network_beats_the_naive_forecast_it_starts_from():
    """An autoregressive process around its mean."""
    rng = np.random.RandomState(2)
    y = np.zeros(800)
    for t in range(2, 800):
        y[t] = 1.2 * y[t - 1] - 0.7 * y[t - 2] + rng.normal()
    forecaster = make(horizon=1, window=6, max_iter=30).fit(y[:600])
    test = forecaster.backtest(y, start=600)
    error = np.square(test.forecasts - test.observed).mean()
    assert error < 1.1  # the noise alone: 1; the last value: 2
    assert_allclose(forecaster.score(y[600:]), 1 - error / y[600:].var(), rtol=1e-3)


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_other_cells_forecast(cell):
    forecast = make(cell=cell).fit(SERIES[:130]).predict()
    assert mean_absolute(forecast, SERIES[130:134]) < 10


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "quantile"]
)
def test_every_loss_forecasts(loss):
    forecast = make(loss=loss, max_iter=15).fit(SERIES[:130]).predict()
    assert mean_absolute(forecast, SEASON[130:134]) < 3


def test_forecasts_are_in_the_unit_of_the_series():
    plain = make(log=False).fit(SERIES).predict()
    moved = make(log=False).fit(1e6 * SERIES + 1e9).predict()
    assert_allclose(moved, 1e6 * plain + 1e9, rtol=1e-7)
    plain = make(log=True).fit(SERIES).predict()
    assert_allclose(make(log=True).fit(1e6 * SERIES).predict(), 1e6 * plain, rtol=1e-5)


def test_a_constant_series_stays_what_it_is():
    assert_allclose(make().fit(np.full(60, 7.0)).predict(9), 7.0, rtol=1e-9)


# Horizons


def test_fewer_steps_are_the_first_of_those_learned():
    forecaster = make().fit(SERIES)
    assert_array_equal(forecaster.predict(3), forecaster.predict()[:3])
    assert_array_equal(forecaster.predict(4), forecaster.predict())


def test_beyond_the_horizon_forecasts_are_taken_for_what_happened():
    forecaster = make(scaling="series").fit(SERIES)
    first = forecaster.predict()
    second = forecaster.predict(y=np.concatenate([SERIES, first]))
    assert_array_equal(forecaster.predict(7), np.concatenate([first, second])[:7])


def test_direct_forecasts_go_no_farther_than_learned():
    forecaster = make(strategy="direct").fit(SERIES)
    assert forecaster.predict(4).shape == (4,)
    with pytest.raises(ValueError, match=r"horizon=5 is farther than the 4 step"):
        forecaster.predict(5)


@pytest.mark.parametrize("horizon", [0, -1, 2.0, True])
def test_horizons_are_numbers_of_steps(horizon):
    with pytest.raises(ValueError, match="horizon must be a number of steps"):
        make().fit(SERIES).predict(horizon)


# Histories and backtests


def test_the_end_of_the_fitted_series_is_what_predict_goes_on_from():
    forecaster = make().fit(SERIES)
    assert_array_equal(forecaster.predict(9), forecaster.predict(9, y=SERIES))
    assert_array_equal(forecaster.predict(9), forecaster.predict(9, y=SERIES[40:]))


@pytest.mark.parametrize("scaling", ["window", "series", "all"])
@pytest.mark.parametrize("horizon", [1, 4, 6])
def test_a_backtest_is_many_forecasts(horizon, scaling):
    forecaster = make(scaling=scaling).fit(SERIES[:100])
    test = forecaster.backtest(SERIES, start=100, horizon=horizon, stride=7)
    assert_array_equal(test.origins, np.arange(100, 151 - horizon, 7))
    for origin, forecast, observed in zip(
        test.origins, test.forecasts, test.observed, strict=True
    ):
        assert_array_equal(observed, SERIES[origin : origin + horizon])
        assert_array_equal(forecaster.predict(horizon, y=SERIES[:origin]), forecast)


def test_a_backtest_begins_as_early_as_it_can_and_ends_with_the_series():
    forecaster = make(relative_to="last").fit(SERIES[:100])
    test = forecaster.backtest(SERIES)
    assert test.origins[0] == 10
    assert test.origins[-1] == 146
    assert test.observed[-1, -1] == SERIES[-1]


def test_forecasts_do_not_look_ahead():
    forecaster = make().fit(SERIES[:100])
    changed = SERIES.copy()
    changed[120:] = 1e3
    one, other = (forecaster.backtest(y, start=100) for y in (SERIES, changed))
    n_same = 120 - 100 + 1  # origins 100 to 120 know nothing of step 120
    assert_array_equal(one.forecasts[:n_same], other.forecasts[:n_same])
    assert (one.forecasts[n_same:] != other.forecasts[n_same:]).all()


def test_the_choices_do_not_look_ahead():
    forecaster = make(window="auto", relative_to="auto", early_stopping=False)
    plain = forecaster.fit(SERIES[:100])
    validated = clone(forecaster).fit(SERIES[:100], y_val=1e6 * SERIES[100:])
    assert_array_equal(plain.predict(), validated.predict())
    assert validated.validation_loss_curve_ is not None


def test_scores_are_of_all_forecasts_from_where_the_fit_ended():
    forecaster = make().fit(SERIES[:100])
    test = forecaster.backtest(SERIES, start=100)
    expected = r2_score(test.observed.ravel(), test.forecasts.ravel())
    assert forecaster.score(SERIES[100:]) == expected
    few = forecaster.score(SERIES[100:103])  # less than the horizon: one forecast
    assert few == r2_score(SERIES[100:103], forecaster.predict(3))


# Several series


def test_series_share_a_network_and_keep_their_own_scale():
    y = np.column_stack([SERIES, OTHER])
    forecaster = make(max_iter=20).fit(y[:130])
    forecast = forecaster.predict(12)
    assert forecast.shape == (12, 2)
    for column in range(2):
        missed = mean_absolute(forecast[:, column], y[130:142, column])
        assert missed < 0.3 * y[:, column].std()


def test_every_layout_gives_the_same_forecasts():
    pd = pytest.importorskip("pandas")
    y = np.column_stack([SERIES, OTHER])
    forecast = make().fit(y).predict(6)
    for layout in (
        pd.DataFrame(y, columns=["a", "b"]),
        pd.DataFrame(y, index=pd.date_range("2020-01-01", periods=150)),
        y.astype(object),
        np.asfortranarray(y),
    ):
        assert_array_equal(make().fit(layout).predict(6), forecast)
    for several in ([SERIES, OTHER], [SERIES.tolist(), OTHER[:, None]]):
        in_list = make().fit(several).predict(6)
        assert isinstance(in_list, list)
        assert_array_equal(np.column_stack(in_list), forecast)
    sequences = Sequences.from_list([SERIES, OTHER])
    assert_array_equal(np.column_stack(make().fit(sequences).predict(6)), forecast)
    one = make().fit(SERIES).predict(6)
    assert_array_equal(make().fit(pd.Series(SERIES)).predict(6), one)
    assert_array_equal(make().fit(SERIES.tolist()).predict(6), one)
    assert_array_equal(make().fit(SERIES[:, None]).predict(6), one[:, None])


@pytest.mark.parametrize("scaling", ["window", "series", "all"])
def test_a_series_alone_gets_what_it_gets_in_company(scaling):
    y = [SERIES, OTHER[:100], SERIES[20:] ** 2]
    forecaster = make(scaling=scaling).fit(y)
    together = forecaster.predict(9)
    order = [2, 0, 1]
    again = make(scaling=scaling).fit([y[i] for i in order])
    assert len(again.predict(9)) == 3
    histories = [y[0][-90:], y[1], y[2][-90:]]
    for one, other in zip(together, forecaster.predict(9, y=histories), strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize("scaling", ["window", "series"])
def test_columns_of_frames_are_known_by_their_names(scaling):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"small": SERIES, "large": OTHER})
    turned = frame[["large", "small"]]
    forecaster = make(scaling=scaling).fit(frame[:120])
    assert_array_equal(
        forecaster.predict(y=turned[:130]), forecaster.predict(y=frame[:130])[:, ::-1]
    )
    assert forecaster.score(turned[120:]) == forecaster.score(frame[120:])
    with pytest.raises(ValueError, match=r"expected those .*, \['small', 'large'\]"):
        forecaster.score(turned[120:].rename(columns={"small": "other"}))


def test_series_that_were_not_fitted_are_scaled_by_themselves():
    forecaster = make(scaling="series", relative_to="last", log=False)
    forecaster.fit([SERIES, SERIES + 3])
    small, large = forecaster.predict(y=SERIES), forecaster.predict(y=1e6 * SERIES)
    assert_allclose(large, 1e6 * small, rtol=1e-6)


def test_scaling_together_keeps_the_difference_between_series():
    forecaster = make(scaling="all", relative_to="last", log=False)
    forecaster.fit([SERIES, SERIES + 3])
    small, large = forecaster.predict(y=SERIES), forecaster.predict(y=1e3 * SERIES)
    assert not np.allclose(large, 1e3 * small, rtol=1e-3)
