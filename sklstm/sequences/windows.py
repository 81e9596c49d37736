"""Windows over long series, and the groups that keep cross-validation honest."""

from numbers import Integral
from typing import NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._typing import Array, ArrayLike, SequencesLike
from .container import Sequences
from .layouts import is_frame
from .validation import check_sequences, check_targets


class Windows(NamedTuple):
    """What `sliding_windows` returns."""

    X: np.ndarray
    """Windows (n_windows, window, n_features)."""

    y: np.ndarray | None
    """Targets (n_windows,) or (n_windows, n_outputs)."""

    groups: np.ndarray
    """Series or block each window comes from (n_windows,)."""


def sliding_windows(
    X: SequencesLike,
    y: ArrayLike | None = None,
    *,
    window: int,
    horizon: int = 1,
    stride: int = 1,
    target_columns: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    block_length: int | None = None,
    missing: str = "error",
) -> tuple[Array, Array | None, Array]:
    """Cut long series into windows, with targets and groups.

    A window and its target never reach over the end of a series (or of a block).

    Parameters
    ----------
    X : array or data frame of shape (n_timesteps, n_features), or list of such, 3-D \
            array or Sequences
        One long series, or several. A 1-D array is a series of one feature.
    y : array-like of shape (n_timesteps,) or (n_timesteps, n_targets), or list of \
            such, default=None
        A target for each step of `X`: labels or numbers. None means that the targets
        are columns of `X`: forecasting.
    window : int
        Number of steps of a window.
    horizon : int or None, default=1
        Number of steps after the window to predict. With 0, which needs `y`, the
        target is that of the last step of the window. With None there are no targets,
        and windows reach up to the end of the series: for prediction.
    stride : int, default=1
        Distance of the beginnings of successive windows in steps.
    target_columns : int, str or list of these, default=None
        The columns of `X` to predict, by position, or by name if `X` has names. None
        means all columns. Only without `y`.
    groups : array-like of shape (n_series,), default=None
        Group of each series, such as the person it was recorded from. None means that
        every series is a group of its own.
    block_length : int, default=None
        Cut every series into blocks of that many steps first and make each block a
        group: so that one long series can be cross-validated with `GroupKFold`. No
        window reaches over the border of two blocks.
    missing : {"error", "drop", "keep"}, default="error"
        What to do with windows in which a value or target is NaN. Kept ones must be
        imputed; a window that ends in steps without any value is taken for padded,
        that is, shorter.

    Returns
    -------
    X : ndarray of shape (n_windows, window, n_features)
        A read-only view if there is one series without blocks (a window costs no
        memory until an estimator copies it, once), else one new array.
    y : ndarray of shape (n_windows,) or (n_windows, n_outputs), or None
        Outputs are ordered by step, then by target: reshape them with
        ``y.reshape(n_windows, horizon, n_targets)``.
    groups : ndarray of shape (n_windows,)
        For `GroupKFold` and the like. Windows of one group overlap, or may be similar
        for other reasons: a split that puts some of them into the training and others
        into the test part lets the test part leak.

    Raises
    ------
    ValueError
        If no series is long enough for a window and its target, or the arguments do
        not fit together.

    Notes
    -----
    To validate on the future of one series, `TimeSeriesSplit` needs a gap, since
    windows that overlap would lie on both sides of the border otherwise:
    ``TimeSeriesSplit(gap=(window + horizon - 1) // stride)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import sliding_windows
    >>> X, y, groups = sliding_windows(np.arange(6.0), window=3)
    >>> X[:, :, 0]
    array([[0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    >>> y
    array([3., 4., 5.])
    >>> _, _, groups = sliding_windows(np.arange(10.0), window=3, block_length=5)
    >>> groups
    array([0, 0, 1, 1])
    """
    _check_sizes(window=window, stride=stride, block_length=block_length)
    if missing not in ("error", "drop", "keep"):
        raise ValueError(f"missing must be 'error', 'drop' or 'keep', got {missing!r}.")
    series = _read_series(X)
    targets = _read_targets(series, y, horizon, target_columns)
    span = window + (horizon or 0)  # steps a window needs, its targets included
    starts, group_of_window = _plan_windows(series, span, stride, groups, block_length)
    if len(starts) == 0:
        longest = min(series.lengths.max(), block_length or np.inf)
        raise ValueError(
            f"No window fits: window={window} and horizon={horizon} need {span} steps, "
            f"but the longest {'block' if block_length else 'series'} has {longest}."
        )
    if missing != "keep":
        bad = _windows_with_nan(series.values, starts, window)
        if targets is not None:
            first = starts + window - (horizon == 0)
            bad |= _windows_with_nan(targets, first, max(horizon, 1))
        if bad.any():
            _refuse_nan(series, starts, bad, missing)
            starts, group_of_window = starts[~bad], group_of_window[~bad]
    return Windows(
        _gather_windows(series.values, starts, window, stride),
        _gather_targets(targets, starts, window, horizon),
        group_of_window,
    )


def _check_sizes(**sizes):
    for name, size in sizes.items():
        if size is None and name == "block_length":
            continue
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(
                f"{name} must be an integer of at least 1 (time steps), got {size!r}."
            )


def _read_series(X):
    """One or several series; unlike elsewhere, a 2-D array is a single one."""
    if is_frame(X):
        frame = nw.from_native(X, eager_only=True)
        X = [X]
        if len(frame) == 0:
            raise ValueError("The series X has no time steps.")
    elif not isinstance(X, Sequences):
        is_list = isinstance(X, list | tuple) and len(X) > 0 and np.ndim(X[0]) > 0
        X = X if is_list else np.asarray(X)
        if not is_list and X.dtype != object and X.ndim in (1, 2):
            # Not a list of it, which is copied, nor 3-D, where NaN may be padding.
            X = Sequences(X if X.ndim == 2 else X[:, np.newaxis], [len(X)])
    series, _ = check_sequences(X, dtype=None, min_length=0, allow_nan=True)
    return series


def _read_targets(series, y, horizon, target_columns):
    """Targets of all steps of all series end to end (n_total_timesteps, n_targets)."""
    if horizon is not None and (not isinstance(horizon, Integral) or horizon < 0):
        raise ValueError(
            f"horizon must be a number of steps (0 needs y) or None, got {horizon!r}."
        )
    if y is None:
        if horizon == 0:
            raise ValueError(
                "horizon=0 asks for the target of the last step of each window, which "
                "without y would be a value the window contains. Pass y, or a horizon "
                "of at least 1."
            )
        columns = _column_numbers(series, target_columns)
        return None if horizon is None else series.values[:, columns]
    if horizon is None or target_columns is not None:
        raise ValueError(
            "y gives the targets, so horizon must not be None and target_columns, "
            "which names columns of X, must be."
        )
    if len(series) == 1 and not (len(y) == 1 and np.ndim(y[0]) > 0):
        y = [y]
    if len(y) != len(series):
        raise ValueError(
            f"X has {len(series)} series, y has {len(y)} entries. For several series, "
            "y must be a list with one array for each of them."
        )
    y = [np.asarray(of_one) for of_one in y]
    for i, (of_one, length) in enumerate(zip(y, series.lengths, strict=True)):
        if of_one.ndim not in (1, 2) or len(of_one) != length:
            raise ValueError(
                f"y of series {i} has shape {of_one.shape}, but the series has "
                f"{length} time steps: y needs one target for each step."
            )
    return np.concatenate([of_one.reshape(len(of_one), -1) for of_one in y])


def _column_numbers(series, target_columns):
    if target_columns is None:
        return np.arange(series.n_features)
    names = series.feature_names
    if isinstance(target_columns, str | Integral):
        target_columns = [target_columns]
    numbers = []
    for column in target_columns:
        if isinstance(column, Integral) and 0 <= column < series.n_features:
            numbers.append(int(column))
        elif isinstance(column, str) and names is not None and column in names:
            numbers.append(int(np.flatnonzero(names == column)[0]))
        else:
            known = f"0 to {series.n_features - 1}"
            known += "" if names is None else f", or one of {list(names)}"
            raise ValueError(
                f"There is no target column {column!r}: X has the columns {known}."
            )
    return np.array(numbers, dtype=np.intp)


def _plan_windows(series, span, stride, groups, block_length):
    """First step of each window, as a row of all series end to end, and its group."""
    if groups is not None:
        if block_length is not None:
            raise ValueError(
                "Pass either groups (one for each series) or block_length (groups are "
                "blocks of the series), not both."
            )
        check_targets(series, groups, "groups")
        groups = np.asarray(groups)
    starts, group_of_window = [], []
    n_blocks = 0
    for i, (start, length) in enumerate(
        zip(series.offsets.tolist(), series.lengths.tolist(), strict=False)
    ):
        size = block_length or max(length, 1)
        for begin in range(0, max(length, 1), size):
            n_free = min(size, length - begin) - span  # steps a window can move
            of_block = start + begin + np.arange(0, n_free + 1, stride, dtype=np.intp)
            group = n_blocks if groups is None else groups[i]
            starts.append(of_block)
            group_of_window.append(np.full(len(of_block), group))
            n_blocks += 1
    return np.concatenate(starts), np.concatenate(group_of_window)


def _windows_with_nan(values, starts, n_steps):
    """Which of the windows of n_steps rows contain NaN."""
    if values.dtype.kind != "f":
        return np.zeros(len(starts), dtype=bool)
    n_bad_before = np.zeros(len(values) + 1, dtype=np.intp)
    np.cumsum(np.isnan(values).any(axis=1), out=n_bad_before[1:])
    return n_bad_before[starts + n_steps] > n_bad_before[starts]


def _refuse_nan(series, starts, bad, missing):
    if bad.all():
        raise ValueError("Every window has NaN in its steps or targets.")
    if missing == "error":
        first = starts[bad][0]
        sample = _series_of(series, first)
        step = first - series.offsets[sample]
        raise ValueError(
            f"{bad.sum()} of {len(bad)} windows have NaN in their steps or targets; "
            f"the first of them begins at time step {step} of "
            f"series {sample}. Fill the gaps first, leave such windows out with "
            "missing='drop', or keep them with missing='keep' and impute later."
        )


def _series_of(series, row):
    return int(np.searchsorted(series.offsets, row, side="right") - 1)


def _gather_windows(values, starts, window, stride):
    """Windows (n_windows, window, n_features), as a view if they are equally spaced."""
    view = sliding_window_view(values, window, axis=0).transpose(0, 2, 1)
    # Runs of windows that follow each other at the stride are slices of the view.
    ends = np.append(np.flatnonzero(np.diff(starts) != stride) + 1, len(starts))
    if len(ends) == 1:
        return view[starts[0] : starts[-1] + 1 : stride]
    X = np.empty((len(starts), window, values.shape[1]), dtype=values.dtype)
    begin = 0
    for end in ends:
        X[begin:end] = view[starts[begin] : starts[end - 1] + 1 : stride]
        begin = end
    return X


def _gather_targets(targets, starts, window, horizon):
    if targets is None:
        return None
    steps = np.arange(1, horizon + 1) if horizon else np.zeros(1, dtype=np.intp)
    y = targets[(starts + window - 1)[:, np.newaxis] + steps]
    return y.ravel() if y.shape[1:] == (1, 1) else y.reshape(len(y), -1)
