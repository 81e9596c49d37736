"""`LSTMForecaster`: covariates, known ahead or not."""

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
from numpy.testing import assert_array_equal


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


def test_frames_of_covariates_are_read_by_name_also_beside_their_series():
    """In backtests, scores, other histories and further pieces, not only ahead."""
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame({"holiday": HOLIDAYS[:, 0], "day": 100.0 + STEPS})
    turned = X[["day", "holiday"]]
    y = holiday_series()
    forecaster = make().fit(y[:100], X[:100])
    assert_array_equal(
        forecaster.backtest(y, turned).forecasts, forecaster.backtest(y, X).forecasts
    )
    assert forecaster.score(y[100:], turned[100:]) == forecaster.score(y[100:], X[100:])
    assert_array_equal(
        forecaster.predict(X=turned[:94], y=y[:90]),
        forecaster.predict(X=X[:94], y=y[:90]),
    )
    pieces = [make().partial_fit(y[:80], X[:80]) for _ in range(2)]
    pieces[0].partial_fit(y[60:], X[60:])
    pieces[1].partial_fit(y[60:], X[60:].to_numpy()).partial_fit(y[60:], turned[60:])
    pieces[0].partial_fit(y[60:], X[60:])
    assert_array_equal(*[one.backtest(y, turned).forecasts for one in pieces])
    several = make().fit([y, y], [X, turned])
    assert_array_equal(
        several.predict(X=[X[:4], turned[:4]])[1], several.predict(X=[X[:4]] * 2)[1]
    )
    with pytest.raises(
        ValueError, match=r"covariates are .*'night'.*, expected .*'day'"
    ):
        forecaster.backtest(y, X.rename(columns={"day": "night"}))


def test_columns_share_covariates_and_lists_have_their_own():
    y = np.column_stack([SERIES, OTHER])
    shared = make().fit(y[:120], HOLIDAYS[:120]).predict(X=HOLIDAYS[120:124])
    own = make().fit(list(y[:120].T), [HOLIDAYS[:120]] * 2)
    forecast = own.predict(X=[HOLIDAYS[120:124]] * 2)
    assert_array_equal(np.column_stack(forecast), shared)
