"""Times with a zone, and times that are missing."""

import datetime
import warnings
import zoneinfo

import numpy as np
import pytest

from sklstm import LSTMForecaster
from sklstm.sequences.forecasting.times import continued_times, warn_of_missing_times

SMALL = {
    "horizon": 3,
    "window": 8,
    "hidden_layer_sizes": 4,
    "max_iter": 3,
    "random_state": 0,
    "n_jobs": 1,
}
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
RNG = np.random.RandomState(0)


def hours(first, n):
    """Moments an hour apart in Berlin, whose clocks jump from 2 to 3 in March."""
    start = datetime.datetime.fromisoformat(first).replace(tzinfo=BERLIN)
    start = start.astimezone(datetime.UTC)
    moments = [start + datetime.timedelta(hours=k) for k in range(n)]
    return [moment.astimezone(BERLIN) for moment in moments]


def midnights(first, n):
    """When days begin in Berlin."""
    day = datetime.datetime.fromisoformat(first)
    return [(day + datetime.timedelta(days=k)).replace(tzinfo=BERLIN) for k in range(n)]


def months(first, n):
    """When months begin in Berlin."""
    day = datetime.datetime.fromisoformat(first)
    return [
        datetime.datetime(
            day.year + (day.month - 1 + k) // 12, (day.month - 1 + k) % 12 + 1, 1
        ).replace(tzinfo=BERLIN)
        for k in range(n)
    ]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize(
    "make, first",
    [
        (hours, "2024-03-29T12:00"),  # the clocks change among those known
        (hours, "2024-03-29T03:00"),  # ... and among those forecast
        (midnights, "2024-03-01"),
        (midnights, "2024-02-10"),
        (months, "2020-01-01"),
    ],
)
def test_times_go_on_by_the_clocks_of_their_zone(library, make, first):
    library = pytest.importorskip(library)
    known, n = make(first, 51), 48
    if make is months:
        known, n = make(first, 40), 37
    data = {"ds": known[:n], "y": RNG.normal(size=n)}
    frame = library.DataFrame(data)
    if library.__name__ == "polars":
        frame = frame.with_columns(
            library.col("ds").dt.convert_time_zone("Europe/Berlin")
        )
    forecast = LSTMForecaster(**SMALL).fit(frame).predict()
    assert list(forecast.columns) == ["ds", "y"]
    found = [
        time.to_pydatetime() if library.__name__ == "pandas" else time
        for time in (forecast["ds"].to_list())
    ]
    assert found == known[n:]
    assert [time.utcoffset() for time in found] == [
        time.utcoffset() for time in known[n:]
    ]


def test_clocks_that_show_a_time_never_or_twice():
    """A day that would begin in the hour left out begins an hour later."""
    zone = "America/Havana"  # clocks go from 0 to 1 at midnight
    before = np.array(["2024-03-08T05", "2024-03-09T05"], "datetime64[s]")
    later = continued_times(before, 2, zone)
    assert later.astype(str).tolist() == ["2024-03-10T05:00:00", "2024-03-11T04:00:00"]


def test_a_fixed_offset_is_no_zone_with_clocks():
    times = np.array(["2024-03-30", "2024-03-31"], "datetime64[us]")
    assert continued_times(times, 1, "UTC+02:00")[0] == np.datetime64("2024-04-01")


def days_without(*left_out, n=40):
    days = np.arange("2024-01-01", n, dtype="datetime64[D]").astype("datetime64[us]")
    return np.delete(days, left_out)


def month_starts(n):
    return np.arange("2020-01", n, dtype="datetime64[M]").astype("datetime64[D]")


@pytest.mark.parametrize(
    "times, message",
    [
        (days_without(20), r"from time 2024-01-20.* to 2024-01-22.* steps are 1 day"),
        (
            np.delete(month_starts(36), [5]),
            r"from time 2020-05-01 to 2020-07-01.* 1 month\(s\)",
        ),
        (np.delete(np.arange(30), [3, 9]), "from time 2 to 4, .* are 1 apart"),
        (np.delete(np.arange(30) * 0.1, [7]), "from time 0.6.* are 0.1 apart"),
    ],
)
def test_steps_that_are_missing_are_warned_of(times, message):
    with pytest.warns(UserWarning, match=f"Series 'a' goes {message}"):
        warn_of_missing_times([times], ["series 'a'"])


@pytest.mark.parametrize(
    "times",
    [
        days_without(),
        days_without(*range(5, 40, 7), *range(6, 40, 7)),  # no weekends
        month_starts(36),
        month_starts(36)[::3],
        np.arange(5.0) * 0.1,
        np.array([1, 2]),
        np.array(list("abcde")),
    ],
)
def test_a_rhythm_is_nothing_missing(times):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_missing_times([times], ["series 0"])


def test_an_autumn_day_of_25_hours_lacks_nothing():
    times = midnights("2024-10-01", 60)
    times = [time.astimezone(datetime.UTC).replace(tzinfo=None) for time in times]
    times = np.array(times, "datetime64[us]")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_missing_times([times], ["series 0"], "Europe/Berlin")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_with_a_day_left_out_is_warned_of(library):
    library = pytest.importorskip(library)
    days = days_without(20).astype(object).tolist()
    frame = library.DataFrame({"ds": days, "y": RNG.normal(size=39)})
    with pytest.warns(UserWarning, match="Rows are read as steps that follow"):
        LSTMForecaster(**SMALL).fit(frame)
