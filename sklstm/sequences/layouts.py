"""The layouts users have sequences in, read into `Sequences` and written back.

==========  =================================================================
kind        X
==========  =================================================================
2d          array or data frame (n_samples, n_timesteps): one channel
3d          array (n_samples, n_timesteps, n_features); steps at the end that are
            NaN in all channels are padding
ragged      list or 1-D object array of arrays (n_timesteps_i, n_features), 1-D
            arrays (one channel) or data frames
sequences   `Sequences`
==========  =================================================================

Shapes, dtypes and names are settled here; whether the numbers are finite and fit an
estimator is the matter of validation.py.
"""

from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from .container import Sequences, as_object_array
from .stacking import NUMERIC_KINDS, as_numbers, chosen_dtype


class InputLayout(NamedTuple):
    """What a user's `X` looked like, enough to give results back in the same form."""

    kind: str
    """"2d", "3d", "ragged" or "sequences"."""

    n_timesteps: int | None = None
    """Columns of 2-D, padded length of 3-D input; None for the others."""

    table: object = None
    """Array or data frame of 2-D input as scikit-learn understands it."""


def read_layout(X, *, dtype, estimator_name=""):
    """Read any layout into sequences of the wanted dtype, copying at most once.

    Parameters
    ----------
    X : array, data frame, list or Sequences
        See the table at the top of the module.
    dtype : dtype, tuple of dtypes or None
        See `Sequences.from_list`.
    estimator_name : str, default=""
        Named in scikit-learn's messages on 2-D input.

    Returns
    -------
    sequences : Sequences
    layout : InputLayout
    """
    if isinstance(X, Sequences):
        return X.astype(chosen_dtype(X.dtype, dtype)), InputLayout("sequences")
    if isinstance(X, np.ndarray):
        return _read_array(X, dtype, estimator_name)
    if isinstance(X, list | tuple):
        return _read_list(X, dtype, estimator_name)
    if issparse(X) or is_frame(X):
        return _read_table(X, dtype, estimator_name)
    if hasattr(X, "__array__"):  # a series, a tensor, a wrapper of an array
        return _read_array(np.asarray(X), dtype, estimator_name)
    raise TypeError(
        f"X is a {type(X).__name__}. Expected an array, a data frame, Sequences, or a "
        "list of 2-D arrays (n_timesteps, n_features). A generator or an iterator has "
        "to become a list first: list(X)."
    )


def restore_layout(sequences: Sequences, layout: Any) -> Any:
    """Give sequences the form their input had; the steps must be those of the input.

    Parameters
    ----------
    sequences : Sequences
        Any number of features.
    layout : InputLayout
        As it was read.

    Returns
    -------
    X : ndarray or Sequences
        2-D input of one feature gives a 2-D array, of several a 3-D array. 3-D input
        that was padded is padded with NaN again. Ragged input gives a 1-D object
        array of 2-D arrays.
    """
    if layout.kind == "sequences":
        return sequences
    if layout.kind == "ragged":
        return as_object_array(sequences)
    padded = pad(sequences, layout.n_timesteps)
    if layout.kind == "2d" and sequences.n_features == 1:
        return padded[:, :, 0]
    return padded


def pad(sequences, n_timesteps):
    """A 3-D array (n_samples, n_timesteps, n_features), padded with NaN at the end.

    A view if no sequence is shorter. Integers become floats if there is padding.
    """
    values = sequences.values
    shape = (len(sequences), n_timesteps, sequences.n_features)
    if len(values) == shape[0] * shape[1]:
        return values.reshape(shape)
    dtype = values.dtype if values.dtype.kind == "f" else np.float64
    padded = np.full(shape, np.nan, dtype=dtype)
    padded[np.arange(n_timesteps) < sequences.lengths[:, np.newaxis]] = values
    return padded


def is_frame(X):
    """Whether X is a data frame of any library that narwhals knows."""
    # narwhals needs longer to say no of an array than a short sequence takes to read.
    return not isinstance(X, np.ndarray | list | tuple) and (
        nw.dependencies.is_into_dataframe(X)
    )


def read_frames(frames):
    """Check data frames, one a sequence, for equal columns.

    Parameters
    ----------
    frames : sequence of data frames
        Of pandas, polars or any other library that narwhals knows.

    Returns
    -------
    frames : list of narwhals.DataFrame
    columns : list
        Their column names.
    """
    frames = [nw.from_native(frame, eager_only=True) for frame in frames]
    columns = list(frames[0].columns)
    for i, frame in enumerate(frames):
        if list(frame.columns) == columns:
            continue
        message = (
            f"Sequence {i} has the columns {list(frame.columns)}, but sequence 0 has "
            f"{columns}. "
        )
        if len(frame.columns) == len(columns) and set(frame.columns) == set(columns):
            message += f"Only the order differs: use frame[{columns}]."
        else:
            message += "Every sequence needs the same columns in the same order."
        raise ValueError(message)
    return frames, columns


def is_list_of_frames(X):
    """Whether X is ragged input made of data frames only."""
    if isinstance(X, np.ndarray) and (X.ndim != 1 or X.dtype != object):
        return False
    return (
        isinstance(X, np.ndarray | list | tuple)
        and len(X) > 0
        and all(is_frame(item) for item in X)
    )


def names_of_columns(columns):
    """Column names as an array; None unless all are strings, as in scikit-learn."""
    if len(columns) and all(isinstance(name, str) for name in columns):
        return np.asarray(columns, dtype=object)
    return None


def _read_array(X, dtype, estimator_name):
    if isinstance(X, np.ma.MaskedArray):
        raise TypeError(
            "X is a masked array, whose mask would be lost. Pass X.filled(numpy.nan): "
            "steps at the end that are NaN in all channels count as padding."
        )
    if X.ndim == 3:
        return _read_3d(X, dtype)
    if X.ndim == 2:
        return _read_table(X, dtype, estimator_name)
    if X.ndim == 1 and X.dtype == object:
        return _read_list(list(X), dtype, estimator_name)
    if X.ndim == 1:
        raise ValueError(_one_dimensional(f"an array of shape {X.shape}"))
    raise ValueError(
        f"X has {X.ndim} dimensions (shape {X.shape}). Expected 3, (n_samples, "
        "n_timesteps, n_features); put further axes of a step into its features: "
        "X.reshape(X.shape[0], X.shape[1], -1)."
    )


def _read_3d(X, dtype):
    if X.dtype.kind not in NUMERIC_KINDS:
        X = as_numbers(X, "X")
    layout = InputLayout("3d", X.shape[1])
    wanted = chosen_dtype(X.dtype, dtype)
    if X.dtype.kind == "f" and X.size and _may_be_padded(X):
        lengths = _lengths_before_padding(X)
        if lengths.min() < X.shape[1]:
            steps = [x[:n] for x, n in zip(X, lengths, strict=True)]
            return Sequences.from_list(steps, dtype=wanted), layout
    if X.dtype != wanted:
        with np.errstate(over="ignore"):  # too large for float32: found as inf later
            X = X.astype(wanted, order="C")
    return Sequences.from_array(X), layout


def _may_be_padded(X):
    # Padding reaches the last step, so looking at one feature of it is enough.
    return np.isnan(X[:, -1, 0]).any()


def _lengths_before_padding(X):
    """Steps of each sequence up to the last one that has a value (n_samples,)."""
    real = ~np.isnan(X).all(axis=2)
    return np.where(real.any(axis=1), X.shape[1] - real[:, ::-1].argmax(axis=1), 0)


def _read_table(X, dtype, estimator_name):
    table = X if is_frame(X) else None
    with np.errstate(over="ignore"):  # too large for float32: found as inf later
        X = check_array(
            X,
            dtype="numeric" if dtype is None else dtype,
            order="C",
            ensure_all_finite=False,  # our own message names the sample and the step
            estimator=estimator_name or None,
            input_name="X",
        )
    layout = InputLayout("2d", X.shape[1], X if table is None else table)
    return Sequences.from_array(X[:, :, np.newaxis]), layout


def _read_list(X, dtype, estimator_name):
    """A list of sequences, or the nested lists of numbers scikit-learn takes as 2-D."""
    if len(X) == 0:
        raise ValueError(
            "Found 0 sequences (X is empty) while a minimum of 1 is required."
        )
    if all(isinstance(item, list | tuple) for item in X):
        X = [_rows_of_lists(item, i) for i, item in enumerate(X)]
        if all(item.ndim == 1 for item in X) and len({len(item) for item in X}) == 1:
            return _read_table(np.stack(X), dtype, estimator_name)
    names = None
    if any(is_frame(item) for item in X):
        X, names = _arrays_of_frames(X)
    for i, item in enumerate(X):
        if isinstance(item, str | bytes):
            raise ValueError(
                f"Sequence {i} is a string. Expected arrays of numbers "
                "(n_timesteps, n_features); encode the symbols first."
            )
        if np.ndim(item) == 0:
            raise ValueError(_one_dimensional(f"a list of {type(item).__name__}"))
    sequences = Sequences.from_list(X, dtype=dtype, feature_names=names)
    return sequences, InputLayout("ragged")


def _arrays_of_frames(X):
    """Arrays of the data frames of a list, and the names of their columns."""
    if not is_list_of_frames(X):
        bad = next(i for i, item in enumerate(X) if not is_frame(item))
        raise ValueError(
            f"Sequence {bad} is a {type(X[bad]).__name__}, others are data frames. "
            "Pass all sequences in one form."
        )
    frames, columns = read_frames(X)
    return [frame.to_numpy() for frame in frames], names_of_columns(columns)


def _rows_of_lists(item, i):
    """One sequence written as nested lists, as an array."""
    try:
        return np.asarray(item)
    except ValueError as error:
        widths = [len(step) if isinstance(step, list | tuple) else 1 for step in item]
        odd = next((t for t, width in enumerate(widths) if width != widths[0]), None)
        message = f"Sequence {i} is not rectangular"
        if odd is not None:
            message += (
                f": time step {odd} has {widths[odd]} features, time step 0 has "
                f"{widths[0]}"
            )
        raise ValueError(message + ".") from error


def _one_dimensional(what):
    return (
        f"X is 1-D ({what}), so it is not clear what is a sequence. Reshape your data: "
        "X.reshape(1, -1) if it is one series of one channel, X.reshape(-1, 1) if "
        "every number is a sequence of one step. To learn from pieces of one long "
        "series use sklstm.sequences.sliding_windows."
    )
