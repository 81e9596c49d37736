"""`LSTMForecaster`: forecasts, layouts, covariates, quantiles, backtests, state."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMForecaster, Sequences
from sklstm._threads import effective_n_threads
from sklstm.estimators import base
from sklstm.sequences.forecasting import read_series

STEPS = np.arange(150)
RNG = np.random.RandomState(0)
SEASON = 100 + 0.5 * STEPS + 10 * np.sin(2 * np.pi * STEPS / 12)
SERIES = SEASON + RNG.normal(size=150)
OTHER = 1e4 * (SEASON[::-1] + RNG.normal(size=150))
HOLIDAYS = (RNG.uniform(size=(150, 1)) < 0.2).astype(float)
SMALL = {
    "horizon": 4,
    "window": 10,
    "hidden_layer_sizes": 5,
    "max_iter": 4,
    "random_state": 0,
    "n_jobs": 1,
}
QUANTILES = SMALL | {"loss": "quantile"}


def make(**parameters):
    return LSTMForecaster(**{**SMALL, **parameters})


def mean_absolute(forecast, values):
    return np.abs(forecast - values).mean()


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


# Covariates


def holiday_series():
    """A walk that jumps on holidays and comes back."""
    walk = 100 + 0.3 * np.random.RandomState(3).normal(size=150).cumsum()
    return walk + 10 * HOLIDAYS[:, 0]


KNOWING = {"relative_to": "mean", "max_iter": 60, "alpha": 1e-3, "log": False}
KNOWING |= {"hidden_layer_sizes": 12, "seasonal_period": None}


def test_covariates_known_ahead_are_used():
    y = holiday_series()
    blind = make(**KNOWING).fit(y[:126])
    seeing = make(**KNOWING).fit(y[:126], HOLIDAYS[:126])
    errors = []
    for forecaster, X in ((blind, None), (seeing, HOLIDAYS)):
        test = forecaster.backtest(y, X, start=126)
        errors.append(np.square(test.forecasts - test.observed).mean())
    assert errors[1] < 0.3 * errors[0]


def test_each_step_ahead_has_the_covariate_of_that_step():
    y = holiday_series()
    forecaster = make(**KNOWING).fit(y[:126], HOLIDAYS[:126])
    without = forecaster.predict(X=np.zeros((4, 1)))
    for step in range(4):
        X = np.zeros((4, 1))
        X[step] = 1
        jump = forecaster.predict(X=X) - without
        assert np.argmax(jump) == step
        assert jump[step] > 5


def test_a_step_does_not_wait_for_the_covariates_of_later_ones():
    forecaster = make(**QUANTILES).fit(SERIES, HOLIDAYS)
    one, other = np.zeros((4, 1)), np.array([[0.0], [0], [1], [1]])
    quantiles = [forecaster.predict_quantiles(X=X) for X in (one, other)]
    assert_array_equal(quantiles[0][:2], quantiles[1][:2])
    assert (quantiles[0][2:] != quantiles[1][2:]).all()
    assert_array_equal(forecaster.predict_quantiles(2, one[:2]), quantiles[0][:2])


def test_two_directions_read_the_covariates_of_all_steps_first():
    forecaster = make(bidirectional=True).fit(SERIES, HOLIDAYS)
    one, other = np.zeros((4, 1)), np.array([[0.0], [0], [0], [1]])
    assert (forecaster.predict(X=one) != forecaster.predict(X=other)).all()


def test_past_covariates_are_read_and_not_asked_for_ahead():
    rng = np.random.RandomState(4)
    leading = rng.normal(size=150)
    y = np.concatenate([[0], leading[:-1]]) + 0.1 * rng.normal(size=150)
    how = {"horizon": 1, "past_covariates": (0,), **KNOWING}
    forecaster = make(**how).fit(y[:120], leading[:120, None])
    test = forecaster.backtest(y, leading[:, None], start=120)
    assert np.square(test.forecasts - test.observed).mean() < 0.4
    assert_array_equal(
        forecaster.predict(), forecaster.predict(y=y[:120], X=leading[:120, None])
    )
    with pytest.raises(ValueError, match="past_covariates only"):
        forecaster.predict(X=leading[120:121, None])
    with pytest.raises(ValueError, match="values of past_covariates would be needed"):
        forecaster.predict(2)


def test_covariates_of_another_history_come_before_those_ahead():
    X = np.column_stack([HOLIDAYS[:, 0], STEPS % 7, SERIES])
    forecaster = make(past_covariates=[2]).fit(SERIES[:120], X[:120])
    ahead = X[120:124].copy()
    ahead[:, 2] = np.nan  # not known
    forecast = forecaster.predict(X=ahead)
    assert_array_equal(forecaster.predict(X=ahead[:, :2]), forecast)
    again = forecaster.predict(X=np.vstack([X[:120], ahead]), y=SERIES[:120])
    assert_array_equal(again, forecast)
    test = forecaster.backtest(SERIES[:124], X[:124], start=120)
    assert_array_equal(test.forecasts[0], forecast)
    assert_array_equal(forecaster.predict(2, X=ahead[:2]).shape, (2,))


def test_frames_of_covariates_are_read_by_name():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame({"holiday": HOLIDAYS[:, 0], "price": SERIES, "day": STEPS % 7})
    forecaster = make(past_covariates=["price"]).fit(SERIES[:120], X[:120])
    forecast = forecaster.predict(X=X[120:124])
    swapped = X[["day", "holiday"]]
    assert_array_equal(forecaster.predict(X=swapped[120:124]), forecast)
    with pytest.raises(ValueError, match="Covariate 'holiday' of the series has no"):
        forecaster.predict(X=X[["day"]][120:124])


def test_columns_share_covariates_and_lists_have_their_own():
    y = np.column_stack([SERIES, OTHER])
    shared = make().fit(y[:120], HOLIDAYS[:120]).predict(X=HOLIDAYS[120:124])
    own = make().fit(list(y[:120].T), [HOLIDAYS[:120]] * 2)
    forecast = own.predict(X=[HOLIDAYS[120:124]] * 2)
    assert_array_equal(np.column_stack(forecast), shared)


# Quantiles


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
    with pytest.raises(ValueError, match="beyond those learned"):
        forecaster.predict_interval(coverage=np.nan)


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


# Errors


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
