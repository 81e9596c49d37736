"""Long series as users have them, with covariates, and forecasts in the same form.

========  ======================================================================
kind      y
========  ======================================================================
one       1-D array or series: one series
columns   2-D array or wide data frame (n_timesteps, n_series): one series a column
list      list of 1-D arrays: series of any lengths
long      data frame with one row a time step, see `long_series`
========  ======================================================================

Time goes down the first axis, as in `TimeSeriesSplit`, which cuts it there.
"""

from typing import NamedTuple

import narwhals.stable.v2 as nw
import numpy as np

from ..container import Sequences, as_object_array, offsets_of
from ..layouts import is_frame
from .checks import (
    as_float,
    check_finite,
    check_lengths,
    check_numeric,
    check_one_channel,
    check_same_names,
)
from .long_series import LongColumns, forecast_frame, read_long, read_long_future
from .times import check_later


class SeriesSet(NamedTuple):
    """One or several series with their covariates, and the form they came in."""

    steps: Sequences
    """The target in the first column, covariates in the others; float64, finite."""

    kind: str
    """"one", "columns", "list" or "long"."""

    ids: np.ndarray | None = None
    """The id of each series of a long frame, the names of columns, or None."""

    times: list | None = None
    """The times of each series of a long frame."""

    long: LongColumns | None = None
    """What the columns of a long frame are."""

    rows: np.ndarray | None = None
    """The row of a long frame that each step was in."""

    @property
    def values(self):
        """The values of the target, all series end to end."""
        return self.steps.values[:, 0]

    @property
    def n_covariates(self):
        """Columns besides the target."""
        return self.steps.n_features - 1

    def name(self, i):
        """How messages call series i."""
        if self.kind == "one":
            return "the series"
        return f"series {i if self.ids is None else self.ids.tolist()[i]!r}"

    def tail(self, n_steps):
        """The last steps of each series, copied."""
        kept = np.minimum(self.steps.lengths, n_steps)
        ends = self.steps.offsets[1:]
        rows = [np.arange(end - n, end) for end, n in zip(ends, kept, strict=True)]
        values = self.steps.values[np.concatenate(rows)]
        steps = Sequences.trusted(
            values, kept, offsets_of(kept), self.steps.feature_names
        )
        times = self.times and [times[-n_steps:] for times in self.times]
        return self._replace(steps=steps, times=times, rows=None)

    def followed_by(self, later):
        """These series with further steps at their ends.

        Parameters
        ----------
        later : SeriesSet
            As many series, with the same covariates; those of a data frame with the
            same ids or names, in any order.

        Returns
        -------
        series : SeriesSet
        """
        order = _order_of(later, self)
        if order is None:
            raise ValueError(
                f"The steps that follow are of {len(later.steps)} series, expected "
                f"those of the {len(self.steps)} series before them"
                + ("." if self.ids is None else f", {self.ids.tolist()}.")
            )
        joined = _joined(self.steps, [later.steps[k] for k in order])
        steps = Sequences.from_list(joined, feature_names=self.steps.feature_names)
        times = self.times and later.times and _joined(self.times, later.times)
        for i, of_later in enumerate(later.times if times else []):
            check_later(of_later, self.times[i], self.name(i), "The steps that follow")
        return self._replace(steps=steps, times=times, rows=None)


def read_series(y, X=None, *, long=None, covariates=None, n_ahead=0):
    """Read one or several series and their covariates.

    Parameters
    ----------
    y : array, list or data frame
        See the table at the top of the module.
    X : array, data frame or list of such, default=None
        Covariates (n_timesteps, n_covariates), of one series, or of all columns; a
        list has one array a series. A long frame has them in columns of its own.
    long : LongColumns, default=None
        The columns that make a frame a long one. None: no frame is.
    covariates : list of str, default=None
        Their names in the order of an earlier call. Those of data frames are put into
        this order; None takes them as they come.
    n_ahead : int, default=0
        Further steps that the covariates have.

    Returns
    -------
    series : SeriesSet
    ahead : ndarray of shape (n_series, n_ahead, n_covariates) or None
        Covariates of the further steps.

    Raises
    ------
    ValueError
        If a value is missing, or lengths or names do not fit. The message says where.
    """
    if is_long(y, long):
        if X is not None:
            raise ValueError(
                "y is a long data frame, so covariates belong into columns of it "
                "(those of the steps ahead into the X of predict); X must be None."
            )
        series = SeriesSet(**read_long(y, long, covariates))
        check_finite(series)
        return series, None
    kind, arrays, ids = _read_arrays(y)
    tables, names = _read_covariates(X, kind, len(arrays), covariates)
    ahead = None
    if tables is not None:
        check_lengths(arrays, tables, kind, n_ahead)
        ahead = np.stack([z[len(v) :] for v, z in zip(arrays, tables, strict=True)])
        arrays = [
            np.column_stack([v, z[: len(v)]])
            for v, z in zip(arrays, tables, strict=True)
        ]
        names = None if names is None else ["y", *names]
    steps = Sequences.from_list(arrays, dtype=np.float64, feature_names=names)
    series = SeriesSet(steps, kind, ids)
    check_finite(series)
    return series, ahead


def _order_of(series, others):
    """Where the like of each of some other series is; None if there is no such."""
    n_series = len(series.steps)
    by_name = {series.kind, others.kind} in ({"long"}, {"columns"})
    if by_name and series.ids is not None and others.ids is not None:
        place = {name: k for k, name in enumerate(series.ids.tolist())}
        order = [place.get(name) for name in others.ids.tolist()]
        return order if len(order) == n_series and None not in order else None
    return range(n_series) if n_series == len(others.steps) else None


def _joined(arrays, others):
    return [np.concatenate(pair) for pair in zip(arrays, others, strict=True)]


def is_long(y, long):
    """Whether y is a long data frame with the columns of `long`."""
    return long is not None and is_frame(y) and long.is_long(y)


def read_step_weights(sample_weight, series):
    """Read a weight for each step of the series.

    Parameters
    ----------
    sample_weight : array or list
        In the form of y; for a long frame, an array in the order of its rows.
    series : SeriesSet
        What it weights.

    Returns
    -------
    weights : ndarray of shape (n_total_steps,), float64
    """
    if series.kind == "long":
        arrays = [as_float(sample_weight, "sample_weight").ravel()]
        fits = len(arrays[0]) == len(series.rows)
        arrays = [arrays[0][series.rows]] if fits else arrays
    else:
        _, arrays, _ = _read_arrays(sample_weight, "sample_weight")
        fits = [len(array) for array in arrays] == series.steps.lengths.tolist()
    if not fits:
        raise ValueError(
            "sample_weight must have the form of y, one weight for each step: there "
            f"are {[len(array) for array in arrays]} for series of "
            f"{series.steps.lengths.tolist()} steps."
        )
    return np.concatenate(arrays)


def read_ahead(X, series, horizon):
    """Read the covariates of the steps that follow.

    Parameters
    ----------
    X : array, data frame or list of such
        Covariates of the next `horizon` steps of each series; of a long frame, a frame
        with the id and time columns.
    series : SeriesSet
        What they follow.
    horizon : int
        Number of steps.

    Returns
    -------
    ahead : ndarray of shape (n_series, horizon, n_covariates), float64
        NaN in the columns of a frame that `X` does not have.
    """
    if series.kind == "long":
        return read_long_future(X, series, horizon)
    covariates, names = _read_covariates(X, series.kind, len(series.steps), None)
    if names is not None and series.steps.feature_names is not None:
        expected = series.steps.feature_names[1:].tolist()
        covariates = [_by_name(table, names, expected) for table in covariates]
    for i, z in enumerate(covariates):
        if len(z) != horizon:
            raise ValueError(
                f"X has {len(z)} rows for {series.name(i)}, expected {horizon}: the "
                "covariates of each of the steps to forecast."
            )
    return np.stack(covariates)


def restore_forecasts(forecasts, series, endings=None):
    """Give forecasts the form the series came in.

    Parameters
    ----------
    forecasts : ndarray of shape (n_series, horizon) or (n_series, horizon, n_columns)
        One or several numbers a step.
    series : SeriesSet
        What they continue.
    endings : list of str, default=None
        Of several numbers a step: endings of the names of a long frame's columns.

    Returns
    -------
    forecasts : ndarray, list of ndarray or data frame
        (horizon,) of one series, (horizon, n_series) of columns, a list of one array a
        series, or a long frame; of several numbers a step with one more axis.
    """
    if series.kind == "one":
        return forecasts[0]
    if series.kind == "columns":
        return np.ascontiguousarray(np.moveaxis(forecasts, 0, 1))
    if series.kind == "list":
        return list(forecasts)
    return forecast_frame(forecasts, series, endings)


def _read_arrays(y, name="y"):
    """The kind, one 1-D float array a series, and their names."""
    if isinstance(y, Sequences):
        check_one_channel(y)
        return "list", [steps[:, 0].astype(np.float64) for steps in y], None
    if is_frame(y):
        frame = nw.from_native(y, eager_only=True)
        check_numeric(frame)
        table = frame.to_numpy().astype(np.float64)
        return "columns", list(table.T), as_object_array(list(frame.columns))
    if _is_list(y) and len(y) > 0 and np.ndim(y[0]) > 0:
        return "list", [_one_series(v, i, name) for i, v in enumerate(y)], None
    array = np.asarray(y)
    array = as_float(array, name)
    if array.ndim == 1:
        return "one", [array], None
    if array.ndim == 2 and array.shape[1] > 0:
        return "columns", list(array.T), None
    raise ValueError(
        f"{name} has shape {array.shape}, expected (n_timesteps,) for one series, "
        "(n_timesteps, n_series) for several of equal length, or a list of 1-D arrays."
    )


def _is_list(X):
    return isinstance(X, list | tuple) or (
        isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    )


def _one_series(values, i, name):
    values = as_float(values, f"series {i} of {name}")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(
            f"Series {i} of {name} has shape {values.shape}, expected (n_timesteps,). "
            "Other channels of a series are covariates: pass them as X."
        )
    return values


def _read_covariates(X, kind, n_series, expected):
    """One (n, n_covariates) array a series, and the names of the columns.

    Columns with names come in the order of those expected, or of the first table.
    """
    if X is None:
        return None, None
    is_list = _is_list(X)
    if kind == "list" and not is_list:
        raise ValueError(
            "y is a list of series, so X must be a list with one array "
            "(n_timesteps, n_covariates) for each of them."
        )
    if kind == "one" or not is_list or np.ndim(X[0]) == 0:
        tables = [_table(X)] * n_series
    else:
        tables = [_table(table) for table in X]
    if len(tables) != n_series:
        raise ValueError(
            f"X has {len(tables)} entries, y has {n_series} series: expected one array "
            "of covariates for each series."
        )
    if len(widths := {table.shape[1] for table, _ in tables}) > 1:
        raise ValueError(f"The arrays of X have {sorted(widths)} columns: make it one.")
    width, names = tables[0][0].shape[1], tables[0][1]
    if expected is not None and (names is not None or width == len(expected)):
        names = expected
    return [_in_order(*table, names) for table in tables], names


def _in_order(table, names, expected):
    """The columns of a table in the order of other names; as they are without names."""
    if names is None or expected is None or names == expected:
        return table
    check_same_names(names, expected)
    return table[:, [names.index(name) for name in expected]]


def _table(X):
    """A 2-D float array, and the names of its columns if it has some."""
    names = None
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True)
        check_numeric(frame)
        X, names = frame.to_numpy(), [str(name) for name in frame.columns]
    table = as_float(X, "X")
    table = table[:, np.newaxis] if table.ndim == 1 else table
    if table.ndim != 2:
        raise ValueError(
            f"X has shape {table.shape}, expected (n_timesteps, n_covariates)."
        )
    return table, names


def _by_name(table, names, expected):
    """The columns in the order of those of fit; NaN where there is none."""
    ordered = np.full((len(table), len(expected)), np.nan)
    for k, name in enumerate(expected):
        if name in names:
            ordered[:, k] = table[:, names.index(name)]
    return ordered
