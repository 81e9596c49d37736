"""What is checked of users' series, with errors that say where."""

import narwhals.stable.v2 as nw
import numpy as np

# Sums of squares of what is smaller are finite.
TOO_LARGE = 1e140


def as_float(values, name):
    """Return an array of float64; raise if these are no real numbers."""
    array = np.asarray(values)
    try:
        if array.dtype.kind in "mMc":  # dates, durations and complex numbers
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers, got dtype {array.dtype}.") from error


def check_one_channel(sequences):
    """Raise if `Sequences` are to be series and have further channels."""
    if sequences.n_features != 1:
        raise ValueError(
            f"y has {sequences.n_features} channels, expected 1: other channels of a "
            "series are covariates, pass them as X."
        )


def check_numeric(frame):
    """Raise if a column of a data frame of narwhals holds no numbers."""
    for name, dtype in frame.schema.items():
        if not (dtype.is_numeric() or dtype == nw.Boolean):
            raise ValueError(
                f"Column {name!r} of the data frame is no number ({dtype}). A wide "
                "frame has one series a column; a long one has columns for time and "
                "id, whose names are the parameters time_column and id_column."
            )


def check_same_names(names, expected):
    """Raise unless covariates have the names of others, in any order."""
    if sorted(names) != sorted(expected):
        raise ValueError(f"The covariates are {names}, expected {expected}.")


def check_lengths(arrays, covariates, kind, n_ahead):
    """Raise unless covariates have a row for each step, and for those ahead."""
    for i, (values, table) in enumerate(zip(arrays, covariates, strict=True)):
        if len(table) != len(values) + n_ahead:
            of = "" if kind == "one" else f" of series {i}"
            more = f" and the {n_ahead} steps ahead" if n_ahead else ""
            raise ValueError(
                f"X{of} has {len(table)} rows, y{of} has {len(values)} steps: expected "
                f"one row for each step{more}."
            )


def check_finite(series):
    """Raise if a value or covariate of a `SeriesSet` is no number, or too large."""
    bad = ~(np.abs(series.steps.values) < TOO_LARGE)
    if not bad.any():
        return
    row, column = (int(k) for k in np.argwhere(bad)[0])
    i = int(np.searchsorted(series.steps.offsets, row, side="right") - 1)
    step = row - int(series.steps.offsets[i])
    value = series.steps.values[row, column]
    what = "NaN" if np.isnan(value) else "infinity"
    advice = "Fill gaps first, for example with np.interp."
    if np.isfinite(value):
        what = f"{value:g}"
        advice = f"Values must be below {TOO_LARGE:g} in size: divide the series first."
    where = f"at step {step}"
    if series.times is not None:
        where += f" (time {series.times[i][step]})"
    of = "" if column == 0 else f" in covariate {column - 1}"
    name = series.name(i)
    raise ValueError(
        f"{name[0].upper()}{name[1:]} has {what}{of} {where} ({bad.any(axis=1).sum()} "
        f"such steps in all). {advice}"
    )
