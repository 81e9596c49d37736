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

# Steps at the end of a series that say how its times go on.
TIMES_KEPT = 25


class LongColumns(NamedTuple):
    """What the columns of a long frame are called."""

    id: str
    time: str
    target: str
    has_id: bool = True
    backend: str | None = None

    def is_long(self, frame):
        """Whether a frame is long: it has the column of times."""
        return self.time in nw.from_native(frame, eager_only=True).columns


def read_long(frame, columns):
    """Read a long frame.

    Parameters
    ----------
    frame : data frame
    columns : LongColumns

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
    names = [columns.target] + [
        name
        for name in frame.columns
        if name not in (columns.id, columns.time, columns.target)
    ]
    steps, ids = from_long_frame(
        frame.to_native(), id=columns.id, time=columns.time, columns=names
    )
    _, _, times = sorted_keys(frame, columns.id, columns.time)
    steps = Sequences(
        steps.values.astype(np.float64), steps.lengths, feature_names=names
    )
    return {
        "steps": steps,
        "kind": "long",
        "ids": ids,
        "times": np.split(times, steps.offsets[1:-1]),
        "long": columns,
    }


def read_long_future(X, series, horizon):
    """Read covariates of the steps ahead; see `series.read_ahead`."""
    if not (columns := series.long).is_long(X):
        raise ValueError(
            f"X must be a data frame with the column {columns.time!r}, as y is: one "
            "row for each series and step to forecast."
        )
    frame, _ = _with_id(X, columns._replace(backend=None))
    names = list(series.steps.feature_names[1:])
    known = [name for name in names if name in frame.columns]
    if not known:
        raise ValueError(f"X has none of the covariates {names}.")
    steps, ids = from_long_frame(
        frame.to_native(), id=columns.id, time=columns.time, columns=known
    )
    place = {key: k for k, key in enumerate(ids.tolist())}
    ahead = np.full((len(series.steps), horizon, len(names)), np.nan)
    for i, key in enumerate(series.ids.tolist()):
        n_rows = steps.lengths[place[key]] if key in place else 0
        if n_rows != horizon:
            raise ValueError(
                f"X has {n_rows} rows for {series.name(i)}, expected {horizon}: the "
                "covariates of each of the steps to forecast."
            )
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
    times = [continued_times(times, horizon) for times in series.times]
    if any(one is None for one in times):
        data["step"] = np.tile(np.arange(1, horizon + 1), n_series)
    else:
        data[columns.time] = np.concatenate(times)
    if endings is None:
        data[columns.target] = forecasts.ravel()
    else:
        for k, ending in enumerate(endings):
            data[columns.target + ending] = forecasts[:, :, k].ravel()
    return nw.from_dict(data, backend=columns.backend).to_native()


def continued_times(times, n_steps):
    """Go on with regular times.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        Numbers or datetime64, ascending.
    n_steps : int
        How many to add.

    Returns
    -------
    times : ndarray of shape (n_steps,) or None
        Equally spaced, or in equal numbers of calendar months, as the last ones were;
        None if they were neither.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences.forecasting.long_series import continued_times
    >>> months = np.array(["2024-11-01", "2024-12-01", "2025-01-01"], "datetime64[D]")
    >>> continued_times(months, 2)
    array(['2025-02-01', '2025-03-01'], dtype='datetime64[D]')
    """
    times = times[-TIMES_KEPT:]
    if len(times) < 2 or times.dtype.kind not in "iufM":
        return None
    ahead = np.arange(1, n_steps + 1)
    if times.dtype.kind == "M":  # first, for two quarters may have equally many days
        later = _continued_months(times, ahead)
        if later is not None:
            return later
    gaps = np.diff(times)
    same = np.isclose(gaps, gaps[0]) if gaps.dtype.kind == "f" else gaps == gaps[0]
    return times[-1] + ahead * gaps[0] if same.all() else None


def _continued_months(times, ahead):
    """The same day and hour of later months, or the last day of each."""
    months = times.astype("datetime64[M]")
    gaps = np.diff(months)
    if (gaps != gaps[0]).any() or not gaps[0]:
        return None
    later = months[-1] + ahead * gaps[0]
    since_start = times - months.astype(times.dtype)
    if (since_start == since_start[0]).all():
        return later.astype(times.dtype) + since_start[0]
    until_end = (months + 1).astype(times.dtype) - times
    if (until_end == until_end[0]).all():
        return (later + 1).astype(times.dtype) - until_end[0]
    return None


def _with_id(frame, columns):
    """The frame with a column of ids, and what is known of it."""
    frame = as_eager_frame(frame)
    has_id = columns.id in frame.columns
    if not has_id:
        frame = frame.with_columns(nw.lit(0).alias(columns.id))
    backend = str(frame.implementation)
    return frame, columns._replace(has_id=has_id, backend=backend)
