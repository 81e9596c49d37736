"""Long data frames of two libraries in, and forecasts with the times that follow."""

import datetime

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import LSTMForecaster
from sklstm.sequences.forecasting.times import continued_times

RNG = np.random.RandomState(0)
LENGTHS = {"b": 60, "a": 45}
SMALL = {
    "horizon": 3,
    "window": 8,
    "hidden_layer_sizes": 4,
    "max_iter": 3,
    "random_state": 0,
    "n_jobs": 1,
}


def columns(n_ahead=0):
    """Two series by the day, their rows mixed up; covariates for days ahead as well."""
    rng = np.random.RandomState(1)
    rows = []
    for key, n in LENGTHS.items():
        y = (100 if key == "a" else 5) + rng.normal(size=n + n_ahead).cumsum()
        first = datetime.datetime(2024, 1, 1 if key == "a" else 20)
        for t in range(n + n_ahead):
            day = first + datetime.timedelta(days=t)
            rows.append((key, day, y[t], float(day.weekday()), rng.normal()))
    rows = [rows[i] for i in rng.permutation(len(rows))]
    names = ("unique_id", "ds", "y", "weekday", "visits")
    return dict(
        zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True)
    )


@pytest.fixture(params=["pandas", "polars"])
def library(request):
    return pytest.importorskip(request.param)


def frame_of(library, data, names=("unique_id", "ds", "y")):
    return library.DataFrame({name: data[name] for name in names})


def rows_where(data, chosen):
    """The rows of a table for which `chosen` is true."""
    return {
        name: [value for value, take in zip(column, chosen, strict=True) if take]
        for name, column in data.items()
    }


def sorted_series(data, column="y"):
    """The series of each id, in the order of the ids."""
    return [
        np.array(
            [
                value
                for _, key_of_row, value in sorted(
                    zip(data["ds"], data["unique_id"], data[column], strict=True)
                )
                if key_of_row == key
            ]
        )
        for key in sorted(LENGTHS)
    ]


def values_of(frame, column):
    return np.asarray(frame[column].to_numpy())


def test_a_long_frame_gives_a_long_frame_with_the_days_that_follow(library):
    data = columns()
    forecaster = LSTMForecaster(**SMALL).fit(frame_of(library, data))
    forecast = forecaster.predict(5)
    assert isinstance(forecast, library.DataFrame)
    assert list(forecast.columns) == ["unique_id", "ds", "y"]
    assert values_of(forecast, "unique_id").tolist() == ["a"] * 5 + ["b"] * 5
    days = values_of(forecast, "ds").astype("datetime64[D]")
    assert_array_equal(days[:5], np.datetime64("2024-02-15") + np.arange(5))
    assert_array_equal(days[5:], np.datetime64("2024-03-20") + np.arange(5))
    arrays = LSTMForecaster(**SMALL).fit(sorted_series(data))
    assert_array_equal(values_of(forecast, "y"), np.concatenate(arrays.predict(5)))


def test_quantiles_are_columns(library):
    data = columns()
    how = SMALL | {"loss": "quantile", "target_column": "y"}
    forecaster = LSTMForecaster(**how).fit(frame_of(library, data))
    quantiles = forecaster.predict_quantiles(quantiles=[0.25, 0.5])
    assert list(quantiles.columns)[2:] == ["y_0.25", "y_0.5"]
    interval = forecaster.predict_interval()
    assert list(interval.columns) == ["unique_id", "ds", "y_lower", "y_upper"]
    assert (values_of(interval, "y_lower") < values_of(interval, "y_upper")).all()
    assert_array_equal(
        values_of(quantiles, "y_0.5"), values_of(forecaster.predict(), "y")
    )


def test_further_columns_are_covariates(library):
    whole = columns(n_ahead=3)
    names = ("unique_id", "ds", "y", "weekday", "visits")
    # The last three days of each series are ahead.
    days, ids = np.array(whole["ds"]), np.array(whole["unique_id"])
    cut = {key: np.sort(days[ids == key])[-3] for key in LENGTHS}
    known = [day < cut[key] for key, day in zip(ids, days, strict=True)]
    past = rows_where(whole, known)
    ahead = rows_where(whole, [not k for k in known])
    ahead = {name: ahead[name] for name in ("unique_id", "ds", "weekday")}
    how = SMALL | {"past_covariates": ("visits",)}
    forecaster = LSTMForecaster(**how).fit(frame_of(library, past, names))
    X = frame_of(library, ahead, tuple(ahead))
    forecast = forecaster.predict(X=X)
    # The same from arrays.
    X_arrays = [
        np.column_stack(pair)
        for pair in zip(
            sorted_series(past, "weekday"), sorted_series(past, "visits"), strict=True
        )
    ]
    arrays = LSTMForecaster(**SMALL | {"past_covariates": (1,)})
    arrays.fit(sorted_series(past), X_arrays)
    expected = arrays.predict(X=[z[:, None] for z in sorted_series(ahead, "weekday")])
    assert_array_equal(values_of(forecast, "y"), np.concatenate(expected))
    again = forecaster.predict(X=X, y=frame_of(library, past, names))
    assert_array_equal(values_of(again, "y"), values_of(forecast, "y"))

    some = rows_where(ahead, [key == "b" for key in ahead["unique_id"]])
    X = frame_of(library, some, tuple(some))
    with pytest.raises(ValueError, match="X has 0 rows for series 'a', expected 3"):
        forecaster.predict(X=X)
    with pytest.raises(ValueError, match="none of the covariates"):
        forecaster.predict(X=frame_of(library, ahead, ("unique_id", "ds")))
    with pytest.raises(ValueError, match="covariates belong into columns of it"):
        forecaster.fit(frame_of(library, past, names), X_arrays)
    with pytest.raises(ValueError, match="must be a data frame with the column 'ds'"):
        forecaster.predict(X=frame_of(library, ahead, ("weekday",)))


def test_series_are_known_by_their_ids(library):
    data = columns()
    how = SMALL | {"scaling": "series", "relative_to": "last", "log": False}
    forecaster = LSTMForecaster(**how).fit(frame_of(library, data))
    both = values_of(forecaster.predict(), "y")
    some = rows_where(data, [key == "b" for key in data["unique_id"]])
    alone = forecaster.predict(y=frame_of(library, some))
    assert_array_equal(values_of(alone, "y"), both[3:])
    # Of other values before them: the scale is still that of the fit.
    some["y"] = [
        1e3 * y if day.month == 1 else y
        for y, day in zip(some["y"], some["ds"], strict=True)
    ]
    moved = forecaster.predict(y=frame_of(library, some))
    assert_array_equal(values_of(moved, "y"), both[3:])
    stranger = dict(some, unique_id=["c"] * len(some["y"]))
    assert len(forecaster.predict(y=frame_of(library, stranger))) == 3


def test_one_series_needs_no_ids(library):
    n = 30
    days = [
        datetime.datetime(2024, 1, 1) + datetime.timedelta(days=t) for t in range(n)
    ]
    y = RNG.normal(size=n).cumsum()
    frame = library.DataFrame({"when": days, "sold": y})
    how = SMALL | {"time_column": "when", "target_column": "sold"}
    forecast = LSTMForecaster(**how).fit(frame).predict()
    assert list(forecast.columns) == ["when", "sold"]
    assert_array_equal(
        values_of(forecast, "sold"), LSTMForecaster(**SMALL).fit(y).predict()
    )


def test_a_gap_is_named_by_series_and_time(library):
    data = columns()
    worst = int(np.argmax([key == "a" for key in data["unique_id"]]))
    data["y"][worst] = float("nan")
    day = data["ds"][worst].date()
    with pytest.raises(
        ValueError, match=rf"Series 'a' has NaN at step \d+ \(time {day}"
    ):
        LSTMForecaster(**SMALL).fit(frame_of(library, data))


def test_columns_that_are_missing_or_no_numbers(library):
    frame = frame_of(library, columns())
    with pytest.raises(ValueError, match="no column 'sales' in the data frame"):
        LSTMForecaster(**SMALL, target_column="sales").fit(frame)
    with pytest.raises(ValueError, match="Column 'unique_id' of the data frame is no"):
        LSTMForecaster(**SMALL, time_column="time").fit(frame)


def test_validation_steps_of_a_frame(library):
    data = columns()
    late = [day >= datetime.datetime(2024, 2, 8) for day in data["ds"]]
    first = frame_of(library, rows_where(data, [not k for k in late]))
    second = frame_of(library, rows_where(data, late))
    forecaster = LSTMForecaster(**SMALL, early_stopping=True)
    forecaster.fit(first, y_val=second)
    assert len(forecaster.validation_scores_) == 3
    assert np.isfinite(forecaster.score(second))
    tests = forecaster.backtest(frame_of(library, data), start=40)
    assert [len(origins) for origins in tests.origins] == [45 - 42, 60 - 42]


def test_steps_that_follow_come_later(library):
    data = columns()
    frame = frame_of(library, data)
    forecaster = LSTMForecaster(**SMALL).fit(frame)
    with pytest.raises(ValueError, match=r"'a' begin at time 2024-01-01.* must come"):
        forecaster.score(frame)
    with pytest.raises(ValueError, match="must come after its last one, 2024-02-14"):
        LSTMForecaster(**SMALL).fit(frame, y_val=frame)


@pytest.mark.parametrize("days", [-30, -1, 1, 400])
def test_covariates_must_be_those_of_the_times_that_follow(library, days):
    data, names = columns(n_ahead=3), ("unique_id", "ds", "y", "weekday")
    last = {
        key: max(
            time
            for time, of in zip(data["ds"], data["unique_id"], strict=True)
            if of == key
        )
        for key in LENGTHS
    }
    follows = [
        time > last[key] - datetime.timedelta(days=3)
        for key, time in zip(data["unique_id"], data["ds"], strict=True)
    ]
    known = rows_where(data, [not later for later in follows])
    forecaster = LSTMForecaster(**SMALL).fit(frame_of(library, known, names))
    ahead = rows_where(data, follows)
    X = frame_of(library, ahead, ("unique_id", "ds", "weekday"))
    assert len(forecaster.predict(X=X)) == 6
    ahead["ds"] = [time + datetime.timedelta(days=days) for time in ahead["ds"]]
    X = frame_of(library, ahead, ("unique_id", "ds", "weekday"))
    with pytest.raises(ValueError, match=r"X of series 'a' have time .*expected 2024"):
        forecaster.predict(X=X)
    with pytest.raises(ValueError, match="X must be a data frame with the column 'ds'"):
        forecaster.predict(X=np.ones((3, 1)))


def test_columns_of_a_frame_may_come_in_any_order(library):
    data, names = columns(), ("unique_id", "ds", "y", "weekday", "visits")
    turned = ("visits", "y", "weekday", "ds", "unique_id")
    forecaster = LSTMForecaster(**SMALL).fit(frame_of(library, data, names))
    for found, wanted in zip(
        forecaster.backtest(frame_of(library, data, turned)).forecasts,
        forecaster.backtest(frame_of(library, data, names)).forecasts,
        strict=True,
    ):
        assert_array_equal(found, wanted)
    with pytest.raises(ValueError, match=r"covariates are .*expected .'weekday'"):
        forecaster.backtest(frame_of(library, data))


def test_weights_stand_in_the_order_of_the_rows(library):
    data = columns()
    weights = np.array([1.0 if key == "a" else 0.25 for key in data["unique_id"]])
    order = np.argsort(data["ds"], kind="stable")
    sorted_data = {name: [column[k] for k in order] for name, column in data.items()}
    fits = [
        LSTMForecaster(**SMALL).fit(frame_of(library, table), sample_weight=w)
        for table, w in ((data, weights), (sorted_data, weights[order]))
    ]
    assert fits[0].loss_curve_ == fits[1].loss_curve_
    other = LSTMForecaster(**SMALL).fit(
        frame_of(library, data), sample_weight=1.25 - weights
    )
    assert other.loss_curve_ != fits[0].loss_curve_


def test_marks_of_yes_and_no_are_covariates_beside_numbers(library):
    data = columns()
    data["holiday"] = [weekday > 4 for weekday in data["weekday"]]
    names = ("unique_id", "ds", "y", "holiday", "visits")
    assert LSTMForecaster(**SMALL).fit(frame_of(library, data, names)).n_features_in_


# Times


@pytest.mark.parametrize(
    "times, following",
    [
        ([3, 5, 7], [9, 11]),
        ([0.1, 0.2, 0.3], [0.4, 0.5]),
        (["2024-02-27", "2024-02-28"], ["2024-02-29", "2024-03-01"]),
        (["2023-11-15", "2023-12-15", "2024-01-15"], ["2024-02-15", "2024-03-15"]),
        (["2023-12-31", "2024-01-31", "2024-02-29"], ["2024-03-31", "2024-04-30"]),
        (["2023-07-01", "2023-10-01", "2024-01-01"], ["2024-04-01", "2024-07-01"]),
        (["2022-01-01", "2023-01-01", "2024-01-01"], ["2025-01-01", "2026-01-01"]),
        (["2024-01-04", "2024-01-05", "2024-01-08"], None),
        ([5], None),
        (["x", "y", "z"], None),
    ],
)
def test_times_go_on_as_they_did(times, following):
    times = np.array(times)
    if times.dtype.kind == "U" and times[0] != "x":
        times = times.astype("datetime64[ns]")
        following = following and np.array(following, dtype="datetime64[ns]")
    later = continued_times(times, 2)
    if following is None:
        assert later is None
    elif times.dtype.kind == "f":
        assert_allclose(later, following)
    else:
        assert_array_equal(later, following)


def test_irregular_times_are_replaced_by_steps(library):
    days = np.array(["2024-01-01"], "datetime64[D]") + np.arange(60)
    days = days[np.is_busday(days)].astype("datetime64[us]").tolist()
    frame = library.DataFrame({"ds": days, "y": RNG.normal(size=len(days))})
    forecast = LSTMForecaster(**SMALL).fit(frame).predict()
    assert list(forecast.columns) == ["step", "y"]
    assert values_of(forecast, "step").tolist() == [1, 2, 3]
