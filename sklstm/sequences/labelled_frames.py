"""From a long data frame with labels to X, y and groups, and back to a long frame."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np

from .._typing import ArrayLike, IntoDataFrame, SequencesLike
from .container import Sequences, as_object_array
from .converters import (
    as_eager_frame,
    check_columns_exist,
    other_columns,
    read_long_rows,
    shown,
)
from .validation import check_sequences


class LabelledSequences(NamedTuple):
    """What `from_labelled_frame` returns."""

    X: Sequences | np.ndarray
    """One sequence for each id, in ascending order of the ids."""

    y: np.ndarray
    """The targets."""

    groups: np.ndarray | None
    """The group of each sequence (n_samples,), for cross-validation."""

    ids: np.ndarray
    """The id of each sequence (n_samples,)."""

    times: np.ndarray
    """The times of the steps of each sequence, a 1-D object array of arrays."""


def from_labelled_frame(
    frame: IntoDataFrame,
    *,
    id: str,
    time: str,
    target: str | Sequence[str],
    group: str | None = None,
    columns: Sequence[str] | None = None,
    symbols: str | None = None,
    per_step: bool = False,
    step: Any = None,
) -> LabelledSequences:
    """Make sequences, targets and groups of a data frame with one row a time step.

    What a CSV file in long format needs to become a learning problem: rows are sorted,
    put together to sequences, checked; the label of each sequence, which such a file
    repeats in every row, is read once.

    Parameters
    ----------
    frame : data frame
        Of pandas, polars or another library that narwhals knows.
    id : str
        Name of the column that says which sequence a row belongs to.
    time : str
        Name of the column rows are sorted by within their sequence.
    target : str or list of str
        Name of the column to learn; several make a 2-D `y`.
    group : str, default=None
        Name of a column that says which sequences belong together (those of one
        person, machine or day), for `GroupKFold` and its like: what is learned of one
        sequence of a group must not be tested on another.
    columns : list of str, default=None
        Names of the feature columns, which must be numeric. None means all columns
        not named otherwise here.
    symbols : str, default=None
        Name of a column of symbols (words, characters, events) to be the sequences,
        instead of numeric features.
    per_step : bool, default=False
        Whether every step has a target of its own, as `LSTMTagger` learns them.
        Otherwise a sequence has one: rows may repeat it or leave it empty, but not
        contradict each other.
    step : number, timedelta or numpy.timedelta64, default=None
        The difference between successive times of a sequence. If given, a gap is an
        error.

    Returns
    -------
    X : Sequences or 1-D object array of lists of symbols
        One sequence for each id, in ascending order of the ids.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        One target, or one of each column, a sequence. With `per_step` a 1-D object
        array of one array a sequence.
    groups : ndarray of shape (n_samples,) or None
        The group of each sequence.
    ids : ndarray of shape (n_samples,)
        The id of each sequence.
    times : ndarray of shape (n_samples,), dtype object
        The times of each sequence, for `to_long_frame`.

    Raises
    ------
    ValueError
        If a column does not exist or is not numeric, an id, time or target is missing,
        a time occurs twice in a sequence, or a sequence has several targets or groups.
        The message names the sequence.

    See Also
    --------
    from_long_frame : Sequences alone.
    to_long_frame : The way back.

    Examples
    --------
    >>> import io
    >>> import pandas as pd
    >>> from sklstm.sequences import from_labelled_frame
    >>> file = io.StringIO('''
    ... walk,time,person,left,right,gait
    ... w1,0.0,ann,0.1,0.3,slow
    ... w1,0.1,ann,0.2,0.1,slow
    ... w2,0.0,bob,0.9,0.8,fast
    ... w2,0.1,bob,0.7,0.9,fast
    ... w2,0.2,bob,0.8,0.6,fast
    ... ''')
    >>> data = from_labelled_frame(
    ...     pd.read_csv(file), id="walk", time="time", target="gait", group="person"
    ... )
    >>> data.X
    Sequences(2 sequences of 2 to 3 time steps, 2 features, float64)
    >>> data.y, data.groups
    (array(['slow', 'fast'], dtype=object), array(['ann', 'bob'], dtype=object))

    They go into cross-validation as they are::

        X, y, groups, *_ = data
        cross_val_score(LSTMClassifier(), X, y, groups=groups, cv=GroupKFold(5))
    """
    frame = as_eager_frame(frame)
    targets = [target] if isinstance(target, str) else list(target)
    if not targets:
        raise ValueError(
            "target=[] names no column to learn: for sequences alone use "
            "from_long_frame."
        )
    if symbols is not None and columns is not None:
        raise ValueError(
            "symbols names the column the sequences are made of, columns the numeric "
            "ones: pass one of the two."
        )
    named = [id, time, *targets, *([group] if group else [])]
    if symbols is not None:
        columns = [symbols]
    elif columns is None:
        columns = other_columns(frame, named)
    check_columns_exist(frame, [*named, *columns])
    rows = read_long_rows(frame, id, time, step)
    if symbols is None:
        X = rows.sequences(frame, columns)
    else:
        X = rows.split(_without_gaps(frame, symbols, rows).tolist())
    if per_step:
        y = _targets_of_steps(frame, targets, rows)
    else:
        y = [_one_a_sequence(frame, name, rows) for name in targets]
        y = y[0] if isinstance(target, str) else np.column_stack(y)
    groups = _one_a_sequence(frame, group, rows) if group else None
    return LabelledSequences(X, y, groups, rows.ids, rows.split(rows.times))


def to_long_frame(
    X: SequencesLike,
    *,
    ids: ArrayLike | None = None,
    times: Sequence[ArrayLike] | None = None,
    id: str = "id",
    time: str = "time",
    per_sequence: Mapping[str, ArrayLike] | None = None,
    per_step: Mapping[str, Sequence[ArrayLike]] | None = None,
    backend: Any = "pandas",
) -> Any:
    """Make a data frame with one row a time step of sequences and of results on them.

    Parameters
    ----------
    X : array, data frame, list or Sequences
        Sequences in any layout, see `check_sequences`. Their feature names become the
        names of columns; without names these are "x0", "x1", ...
    ids : array-like of shape (n_samples,), default=None
        The id of each sequence; None numbers them.
    times : list of array-like, default=None
        The times of the steps of each sequence; None numbers the steps.
    id : str, default="id"
        Name of the column of ids.
    time : str, default="time"
        Name of the column of times.
    per_sequence : dict, default=None
        Further columns by name, with one value for each sequence, which is repeated in
        its rows: targets, groups, predictions.
    per_step : dict, default=None
        Further columns by name, with an array-like for each sequence that has one
        value for each step: tags, the predictions of `LSTMTagger`.
    backend : {"pandas", "polars", "pyarrow"}, default="pandas"
        The library of the data frame.

    Returns
    -------
    frame : data frame
        With the columns `id`, `time`, the features and the further columns.

    Raises
    ------
    ValueError
        If something has another length than the sequences, or two columns one name.

    See Also
    --------
    from_labelled_frame : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import to_long_frame
    >>> X = [np.array([[0.5], [0.7]]), np.array([[0.1]])]
    >>> to_long_frame(X, ids=["a", "b"], per_sequence={"predicted": ["up", "down"]})
      id  time   x0 predicted
    0  a     0  0.5        up
    1  a     1  0.7        up
    2  b     0  0.1      down
    """
    sequences, _ = check_sequences(X, dtype=None, min_length=0, allow_nan=True)
    lengths, names = sequences.lengths, sequences.feature_names
    if names is None:
        names = [f"x{i}" for i in range(sequences.n_features)]
    if ids is None:
        ids = np.arange(len(sequences))
    if times is None:
        times = [np.arange(n) for n in lengths]
    data = [(id, _repeated(id, ids, lengths)), (time, _joined(time, times, lengths))]
    data += zip(names, sequences.values.T, strict=True)
    for name, values in (per_sequence or {}).items():
        data.append((name, _repeated(name, values, lengths)))
    for name, values in (per_step or {}).items():
        data.append((name, _joined(name, values, lengths)))
    _check_names_differ([name for name, _ in data])
    return nw.from_dict(
        {name: _native_values(values) for name, values in data}, backend=backend
    ).to_native()


def _one_a_sequence(frame, name, rows):
    """The one value that the rows of each sequence have; some of them may be empty."""
    values, missing = _column(frame, name, rows)
    (known,) = np.nonzero(~missing)
    numbers, first = np.unique(rows.numbers[known], return_index=True)
    if len(numbers) < len(rows.ids):
        lacking = np.setdiff1d(np.arange(len(rows.ids)), numbers)
        raise ValueError(
            f"Sequence {shown(rows.ids[lacking[0]])} has no value in column {name!r} "
            f"({len(lacking)} such sequences in all). Leave out rows of sequences "
            "without one, for example those of a test part that is not labelled."
        )
    of_sequence = values[known[first]]
    (odd,) = np.nonzero(values[known] != of_sequence[rows.numbers[known]])
    if len(odd):
        row = known[odd[0]]
        i = rows.numbers[row]
        raise ValueError(
            f"Sequence {shown(rows.ids[i])} has {shown(of_sequence[i])} in column "
            f"{name!r}, but at time {shown(rows.times[row])} it has "
            f"{shown(values[row])}. If every step has a target of its own, pass "
            "per_step=True; if these are two sequences, give them different ids."
        )
    return of_sequence


def _targets_of_steps(frame, targets, rows):
    if len(targets) > 1:
        raise ValueError(
            f"per_step=True takes one target column, got {targets}: no estimator "
            "learns several labels a step. Combine them into one column."
        )
    return rows.split(_without_gaps(frame, targets[0], rows))


def _without_gaps(frame, name, rows):
    """A column in the order of the sequences, which has a value in every row."""
    values, missing = _column(frame, name, rows)
    if missing.any():
        row = np.flatnonzero(missing)[0]
        raise ValueError(
            f"Column {name!r} has no value at time {shown(rows.times[row])} of "
            f"sequence {shown(rows.ids[rows.numbers[row]])} ({missing.sum()} such "
            "steps in all): every step needs one. Fill it in, or drop the rows."
        )
    return values


def _column(frame, name, rows):
    """Values of a column, and which are missing, in the order of the sequences."""
    column = frame[name]
    missing = column.is_null()
    if column.dtype.is_float():
        missing = missing | column.is_nan()
    if column.dtype.is_integer():  # which would become floats, and 3 the label 3.0
        column = column.fill_null(0)
    return column.to_numpy()[rows.order], missing.to_numpy().astype(bool)[rows.order]


def _repeated(name, values, lengths):
    values = values if isinstance(values, np.ndarray) else _as_array(values)
    if len(values) != len(lengths):
        raise ValueError(
            f"There are {len(values)} values for column {name!r}, but {len(lengths)} "
            "sequences: one is needed for each."
        )
    return np.repeat(values, lengths, axis=0)


def _joined(name, values, lengths):
    values = [_as_array(of_sequence) for of_sequence in values]
    if len(values) != len(lengths):
        raise ValueError(
            f"There are {len(values)} sequences of values for column {name!r}, but "
            f"{len(lengths)} sequences."
        )
    for i, (of_sequence, length) in enumerate(zip(values, lengths, strict=True)):
        if len(of_sequence) != length:
            raise ValueError(
                f"Column {name!r} has {len(of_sequence)} values for sequence {i}, "
                f"which has {length} steps."
            )
    return np.concatenate(values) if values else np.empty(0)


def _as_array(values):
    """An array of one axis, whatever the values are."""
    array = np.asarray(values)
    return array if array.ndim == 1 else as_object_array(list(values))


def _native_values(values):
    """What every library takes: strings as a list."""
    return values.tolist() if values.dtype.kind in "OUS" else values


def _check_names_differ(names):
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"Two columns would be named {', '.join(map(repr, twice))}: choose other "
            "names with id=, time=, or in per_sequence and per_step."
        )
