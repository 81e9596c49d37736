"""Sequences from and to the forms other libraries keep them in.

Only on request: an array with the time axis last looks like one with the time axis in
the middle, and guessing would be wrong in silence.
"""

import re
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np

from .._typing import Array, ArrayLike, IntoDataFrame, SequencesLike
from .container import Sequences, as_object_array
from .layouts import is_frame, names_of_columns, pad
from .validation import check_sequences


class LongFrame(NamedTuple):
    """What `from_long_frame` returns."""

    X: Sequences
    """One sequence for each id, in ascending order of the ids."""

    ids: np.ndarray
    """The id of each sequence (n_samples,)."""


def from_panel(X: ArrayLike | Iterable[ArrayLike]) -> Array:
    """Convert a panel with the time axis last, as aeon, sktime and tsai keep it.

    Parameters
    ----------
    X : array of shape (n_samples, n_channels, n_timesteps), or list of arrays of \
            shape (n_channels, n_timesteps_i)
        Shorter sequences of a 3-D panel are padded with NaN at the end. A 2-D array
        (n_samples, n_timesteps) is one channel.

    Returns
    -------
    X : ndarray of shape (n_samples, n_timesteps, n_channels), or 1-D object array of \
            arrays of shape (n_timesteps_i, n_channels)
        With the padding, which estimators understand. Copied once, so that
        estimators need not copy it again.

    Raises
    ------
    ValueError
        If `X` is not such an array.

    See Also
    --------
    to_panel : The way back.
    from_long_frame : For data frames with one row a time step.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import from_panel
    >>> from_panel(np.zeros((10, 3, 50))).shape
    (10, 50, 3)
    """
    if is_frame(X):
        raise TypeError(
            "X is a data frame, not a panel. For one row a time step (such as a frame "
            "indexed by instance and time) use sklstm.sequences.from_long_frame("
            "X.reset_index(), id=..., time=...)."
        )
    if not isinstance(X, list | tuple):
        X = np.asarray(X)
        if X.ndim == 2:
            return np.ascontiguousarray(X[:, :, np.newaxis])
        if X.ndim == 3:
            return np.ascontiguousarray(X.transpose(0, 2, 1))
        if X.ndim != 1 or X.dtype != object:
            raise ValueError(
                "A panel is 3-D, (n_samples, n_channels, n_timesteps), got shape "
                f"{X.shape}."
            )
    arrays = [np.asarray(x) for x in X]
    for i, array in enumerate(arrays):
        if array.ndim not in (1, 2):
            raise ValueError(
                f"Sequence {i} of the panel has shape {array.shape}, expected "
                "(n_channels, n_timesteps), or (n_timesteps,) for one channel."
            )
    return as_object_array(
        [np.ascontiguousarray(np.atleast_2d(array).T) for array in arrays]
    )


def to_panel(X: SequencesLike) -> Array:
    """Convert sequences to a panel with the time axis last, for aeon, sktime, tsai.

    Parameters
    ----------
    X : array, data frame, list or Sequences
        Sequences in any layout, see `check_sequences`; of length 0 too.

    Returns
    -------
    X : ndarray of shape (n_samples, n_channels, n_timesteps)
        Shorter sequences are padded with NaN at the end (integers become floats).

    See Also
    --------
    from_panel : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import to_panel
    >>> to_panel([np.array([1.0, 2.0, 3.0]), np.array([4.0])])
    array([[[ 1.,  2.,  3.]],
    <BLANKLINE>
           [[ 4., nan, nan]]])
    """
    sequences, layout = check_sequences(X, dtype=None, min_length=0, allow_nan=True)
    n_timesteps = layout.n_timesteps
    if n_timesteps is None:
        n_timesteps = sequences.lengths.max()
    return np.ascontiguousarray(pad(sequences, n_timesteps).transpose(0, 2, 1))


def from_long_frame(
    frame: IntoDataFrame,
    *,
    id: str,
    time: str,
    columns: Iterable[str] | None = None,
    step: Any = None,
) -> tuple[Sequences, Array]:
    """Make sequences of a data frame that has one row for each time step.

    Parameters
    ----------
    frame : data frame
        Of pandas, polars or another library that narwhals knows.
    id : str
        Name of the column that says which sequence a row belongs to.
    time : str
        Name of the column rows are sorted by within their sequence: numbers, dates
        or whatever can be sorted. Text is sorted letter by letter, with a warning
        where that may be wrong.
    columns : list of str, default=None
        Names of the feature columns, which must be numeric. None means all columns
        but `id` and `time`.
    step : number, timedelta or numpy.timedelta64, default=None
        The difference between successive times of a sequence. If given, a gap is an
        error; if None, times may be spaced in any way.

    Returns
    -------
    X : Sequences
        One sequence for each id, in ascending order of the ids (as in pandas'
        ``groupby``), with the names of the features. Missing values become NaN.
    ids : ndarray of shape (n_samples,)
        The id of each sequence: for aligning targets, and as ``groups`` for
        cross-validation when several sequences are made of each.

    Raises
    ------
    ValueError
        If a column does not exist or is not numeric, an id or time is missing, a time
        occurs twice in a sequence or, with `step`, one is left out. The message names
        the row, the id and the time.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.sequences import from_long_frame
    >>> visits = pd.DataFrame({
    ...     "patient": ["b", "a", "b"],
    ...     "day": [2, 1, 1],
    ...     "pulse": [70.0, 65.0, 80.0],
    ... })
    >>> X, ids = from_long_frame(visits, id="patient", time="day")
    >>> ids.tolist()
    ['a', 'b']
    >>> X[1]
    array([[80.],
           [70.]])
    >>> X.feature_names
    array(['pulse'], dtype=object)
    """
    frame = as_eager_frame(frame)
    if columns is None:
        columns = other_columns(frame, (id, time))
    check_columns_exist(frame, [id, time, *columns])
    rows = read_long_rows(frame, id, time, step)
    return LongFrame(rows.sequences(frame, list(columns)), rows.ids)


def as_eager_frame(frame):
    """Return a data frame as narwhals has it; raise if it is none, or has no rows."""
    if not is_frame(frame):
        raise TypeError(
            f"frame is a {type(frame).__name__}, expected a data frame of pandas, "
            "polars or the like. (Call collect() on a lazy frame.)"
        )
    frame = nw.from_native(frame, eager_only=True)
    if len(frame) == 0:
        raise ValueError("frame has no rows, so there are no sequences in it.")
    return frame


def other_columns(frame, named):
    """Return the columns without a role; warn of one that is but a row number."""
    columns = [name for name in frame.columns if name not in named]
    numbers = [name for name in columns if re.fullmatch(r"(Unnamed: \d+)?", name)]
    if numbers:
        warnings.warn(
            f"The column {numbers[0]!r} of frame has no name of its own: it looks like "
            "the row numbers of a file that was written with its index, and is taken "
            "for a feature. Drop it, or name the features with columns=[...].",
            UserWarning,
            stacklevel=3,
        )
    return columns


def check_columns_exist(frame, columns):
    """Raise if a data frame lacks one of some columns."""
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise ValueError(
            f"There is no column {absent[0]!r} in frame, whose columns are "
            f"{frame.columns}. (Levels of an index become columns with "
            "frame.reset_index().)"
        )


class LongRows(NamedTuple):
    """The rows of a long frame in the order of the sequences they make."""

    order: np.ndarray
    """Which row of the frame comes at each place (n_rows,)."""

    times: np.ndarray
    """Their times, in this order (n_rows,)."""

    numbers: np.ndarray
    """The number of the sequence each belongs to, in this order (n_rows,)."""

    ids: np.ndarray
    """The id of each sequence (n_samples,)."""

    lengths: np.ndarray
    """The number of rows of each sequence (n_samples,)."""

    def sequences(self, frame, columns):
        """Make `Sequences` of numeric columns of the frame."""
        _check_numeric(frame, columns)
        values = _numbers(frame, columns)
        if not np.array_equal(self.order, np.arange(len(self.order))):
            values = values[self.order]
        names = names_of_columns(columns)
        return Sequences(values, self.lengths, feature_names=names)

    def split(self, values):
        """Cut values in this order into a 1-D object array, one item a sequence."""
        ends = np.cumsum(self.lengths).tolist()
        starts = [0, *ends[:-1]]
        return as_object_array([values[a:b] for a, b in zip(starts, ends, strict=True)])


def read_long_rows(frame, id, time, step=None):
    """Find out which rows of a long frame make which sequence; see `from_long_frame`.

    Parameters
    ----------
    frame : narwhals.DataFrame
    id, time : str
        Columns of it.
    step : number, timedelta or numpy.timedelta64, default=None

    Returns
    -------
    rows : LongRows
    """
    if id == time:
        raise ValueError(
            f"id and time are both {id!r}: id says which sequence a row belongs to, "
            "time where in it the row comes. They are two columns."
        )
    for column in (id, time):
        _check_nothing_missing(frame[column])
    _warn_of_times_as_text(frame[time])
    order, ids, times = sorted_keys(frame, id, time)
    continues = np.asarray(ids[1:] == ids[:-1], dtype=bool)
    _check_times(order, ids, times, continues, step)
    starts = np.append(True, ~continues)
    (firsts,) = np.nonzero(starts)
    lengths = np.diff(np.append(firsts, len(order)))
    return LongRows(order, times, np.cumsum(starts) - 1, ids[firsts], lengths)


def _check_numeric(frame, columns):
    if not columns:
        raise ValueError(
            "frame has no feature columns besides those of ids, times and targets, so "
            "the time steps would have no channels."
        )
    schema = frame.schema
    other = [
        f"{name!r} ({schema[name]})"
        for name in columns
        if not (schema[name].is_numeric() or schema[name] == nw.Boolean)
    ]
    if other:
        raise ValueError(
            f"Features must be numeric, but these columns are not: {', '.join(other)}. "
            "Encode them first, or choose others with columns=[...]."
        )


def _numbers(frame, columns):
    """An array of some columns."""
    booleans = [name for name in columns if frame.schema[name] == nw.Boolean]
    if booleans:  # which make an array of objects beside numbers, and with gaps
        frame = frame.with_columns(nw.col(booleans).cast(nw.Int8))
    return frame.select(columns).to_numpy()


def _check_nothing_missing(column):
    missing = column.is_null()
    if column.dtype.is_float():
        missing = missing | column.is_nan()
    rows = np.flatnonzero(missing.to_numpy())
    if len(rows):
        raise ValueError(
            f"Column {column.name!r} has no value in row {rows[0]} (and in "
            f"{len(rows) - 1} other rows): it cannot be said which sequence and step "
            "such a row belongs to. Fill in the value or drop the row."
        )


def _warn_of_times_as_text(times):
    """Text is sorted letter by letter: right for ISO dates, wrong for "9:00"."""
    if times.dtype != nw.String:
        return
    lengths = times.str.len_chars()
    if lengths.min() != lengths.max():
        short, long = times[lengths.arg_min()], times[lengths.arg_max()]
        warnings.warn(
            f"The times in column {times.name!r} are text of different lengths, such "
            f"as {short!r} and {long!r}. Text is sorted letter by letter ('10' before "
            "'9'), so the steps may be out of order: make numbers or dates of the "
            "column first.",
            UserWarning,
            stacklevel=4,
        )


def sorted_keys(frame, id, time):
    """Return row numbers, ids and times, sorted by id and then time."""
    number = "row"
    while number in (id, time):
        number += "_"
    keys = frame.select(id, time).with_row_index(number).sort(id, time)
    return tuple(keys[name].to_numpy() for name in (number, id, time))


def _check_times(rows, ids, times, continues, step):
    """Refuse times that occur twice in a sequence and, given a step, gaps."""
    repeated = np.flatnonzero(continues & (times[1:] == times[:-1]))
    if len(repeated):
        i = repeated[0]
        first, second = sorted(rows[i : i + 2].tolist())
        raise ValueError(
            f"Sequence {shown(ids[i])} has the time {shown(times[i])} twice, in rows "
            f"{first} and {second} ({len(repeated)} such pairs in all). Drop one of "
            "them, or aggregate them first, for example with group_by(id, time).mean()."
        )
    if step is None:
        return
    gaps = times[1:] - times[:-1]
    expected = np.timedelta64(step) if gaps.dtype.kind == "m" else step
    irregular = ~np.isclose(gaps, step) if gaps.dtype.kind == "f" else gaps != expected
    broken = np.flatnonzero(continues & irregular)
    if len(broken):
        i = broken[0]
        raise ValueError(
            f"Sequence {shown(ids[i])} goes from time {shown(times[i])} to "
            f"{shown(times[i + 1])} (row {rows[i + 1]}), but step={step} was promised "
            f"({len(broken)} such places in all). Put the missing steps in (with NaN, "
            "and impute them), give the parts ids of their own, or pass step=None."
        )


def shown(key):
    """An id, time or target as the user wrote it, without NumPy's name around it."""
    if isinstance(key, np.datetime64):
        return str(key)
    return repr(key.item() if isinstance(key, np.generic) else key)
