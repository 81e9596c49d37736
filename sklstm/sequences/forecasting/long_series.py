"""Series in a long data frame, and forecasts as a frame with the times that follow.

A long frame has one row a time step: a column of times, one that says which series a
row belongs to (it may be missing if there is one series only), the target, and any
covariates.
"""

from typing import NamedTuple

import narwhals.stable.v2 as nw
import numpy as np

from ..container import Sequences
from ..converters import as_eager_frame, from_long_frame, sorted_keys
from ..layouts import is_frame
from .checks import check_same_names
from .times import check_later, continued_times, warn_of_missing_times


class LongColumns(NamedTuple):
    """What the columns of a long frame are called."""

    id: str
    time: str
    target: str
    has_id: bool = True
    backend: str | None = None
    time_zone: str | None = None

    def is_long(self, frame):
        """Whether a frame is long: it has the column of times."""
        return self.time in nw.from_native(frame, eager_only=True).columns


def read_long(frame, columns, covariates=None):
    """Read a long frame.

    Parameters
    ----------
    frame : data frame
    columns : LongColumns
    covariates : list of str, default=None
        In the order wanted. None takes all further columns.

    Returns
    -------
    parts : dict
        The fields of a `SeriesSet`.
    """
    frame, columns = _with_id(frame, columns)
    if columns.target not in frame.columns:
        raise ValueError(
            f"There is no column {columns.target!r} in the data frame, whose columns "
            f"are {frame.columns}: target_column says which one to forecast."
        )
    special = (columns.id, columns.time, columns.target)
    names = [name for name in frame.columns if name not in special]
    if covariates is not None:
        check_same_names(names, covariates)
        names = covariates
    names = [columns.target, *names]
    steps, ids = from_long_frame(
        frame.to_native(), id=columns.id, time=columns.time, columns=names
    )
    rows, _, times = sorted_keys(frame, columns.id, columns.time)
    times = np.split(times, steps.offsets[1:-1])
    names_of_series = [f"series {key!r}" for key in ids.tolist()]
    warn_of_missing_times(times, names_of_series, columns.time_zone)
    steps = Sequences(
        steps.values.astype(np.float64), steps.lengths, feature_names=names
    )
    return {
        "steps": steps,
        "kind": "long",
        "ids": ids,
        "times": times,
        "long": columns,
        "rows": rows,
    }


def read_long_future(X, series, horizon):
    """Read covariates of the steps ahead; see `series.read_ahead`."""
    if not is_frame(X) or not (columns := series.long).is_long(X):
        raise ValueError(
            f"X must be a data frame with the column {series.long.time!r}, as y is: "
            "one row for each series and step to forecast."
        )
    frame, _ = _with_id(X, columns._replace(backend=None))
    names = list(series.steps.feature_names[1:])
    known = [name for name in names if name in frame.columns]
    if not known:
        raise ValueError(f"X has none of the covariates {names}.")
    steps, ids = from_long_frame(
        frame.to_native(), id=columns.id, time=columns.time, columns=known
    )
    times = sorted_keys(frame, columns.id, columns.time)[2]
    times = np.split(times, steps.offsets[1:-1])
    place = {key: k for k, key in enumerate(ids.tolist())}
    ahead = np.full((len(series.steps), horizon, len(names)), np.nan)
    for i, key in enumerate(series.ids.tolist()):
        n_rows = steps.lengths[place[key]] if key in place else 0
        if n_rows != horizon:
            raise ValueError(
                f"X has {n_rows} rows for {series.name(i)}, expected {horizon}: the "
                "covariates of each of the steps to forecast."
            )
        _check_times_ahead(times[place[key]], series, i)
        ahead[i][:, [names.index(name) for name in known]] = steps[place[key]]
    return ahead


def forecast_frame(forecasts, series, endings):
    """Make a long frame of forecasts.

    Parameters
    ----------
    forecasts : ndarray of shape (n_series, horizon) or (n_series, horizon, n_columns)
    series : SeriesSet
        Of kind "long"; its times are continued.
    endings : list of str or None
        Added to the name of the target, one for each of several columns.

    Returns
    -------
    frame : data frame
        Of the library the series came in. Times that do not go on regularly (days
        without weekends) are replaced by a column "step", 1 to the horizon.
    """
    n_series, horizon = forecasts.shape[:2]
    columns = series.long
    data = {}
    if columns.has_id:
        data[columns.id] = np.repeat(series.ids, horizon)
        if data[columns.id].dtype == object:
            data[columns.id] = data[columns.id].tolist()
    zone = columns.time_zone
    times = [continued_times(times, horizon, zone) for times in series.times]
    if any(one is None for one in times):
        data["step"] = np.tile(np.arange(1, horizon + 1), n_series)
    else:
        data[columns.time] = np.concatenate(times)
    if endings is None:
        data[columns.target] = forecasts.ravel()
    else:
        for k, ending in enumerate(endings):
            data[columns.target + ending] = forecasts[:, :, k].ravel()
    frame = nw.from_dict(data, backend=columns.backend)
    if zone is not None and columns.time in frame.columns:
        in_utc = nw.col(columns.time).dt.replace_time_zone("UTC")
        frame = frame.with_columns(in_utc.dt.convert_time_zone(zone))
    return frame.to_native()


def _check_times_ahead(given, series, i):
    """Raise if covariates are of other times than those to forecast."""
    known, what = series.times[i], "The covariates in X"
    expected = continued_times(known, len(given), series.long.time_zone)
    if expected is None:
        check_later(given, known, series.name(i), what)
        return
    if expected.dtype.kind == "f":
        wrong = ~np.isclose(given, expected)
    else:
        wrong = given != expected
    if wrong.any():
        step = int(np.argmax(wrong))
        raise ValueError(
            f"{what} of {series.name(i)} have time {given[step]} at step {step} of "
            f"those to forecast, expected {expected[step]}: the times that follow "
            f"{known[-1]}."
        )


def _with_id(frame, columns):
    """The frame with a column of ids, and what is known of it."""
    frame = as_eager_frame(frame)
    has_id = columns.id in frame.columns
    if not has_id:
        frame = frame.with_columns(nw.lit(0).alias(columns.id))
    time_zone = getattr(frame.schema[columns.time], "time_zone", None)
    return frame, columns._replace(
        has_id=has_id, backend=str(frame.implementation), time_zone=time_zone
    )
