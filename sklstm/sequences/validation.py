"""Checks of sequences, with errors that name the sample and the step.

`validate_sequences` is the door through which every estimator takes its `X`.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.utils.validation import validate_data

from .._typing import SequencesLike
from .container import Sequences
from .layouts import InputLayout, read_layout

# Numbers looked at in one go, so that checking a memory map larger than memory (or
# anything else) needs next to no memory of its own.
BLOCK_SIZE = 1 << 18


def check_sequences(
    X: SequencesLike,
    *,
    dtype: DTypeLike | tuple[DTypeLike, ...] | None,
    estimator_name: str = "",
    min_length: int = 1,
    allow_nan: bool = False,
) -> tuple[Sequences, InputLayout]:
    """Read sequences in any layout and check their numbers and lengths.

    Parameters
    ----------
    X : array, data frame, list or Sequences
        2-D (n_samples, n_timesteps): series of one channel. 3-D (n_samples,
        n_timesteps, n_features), where steps at the end that are NaN in all channels
        are padding. A list or 1-D object array of arrays or data frames
        (n_timesteps_i, n_features), or `Sequences`.
    dtype : dtype, tuple of dtypes or None
        The dtype of the result. Of a tuple, the dtype of `X` is kept if it is in it,
        and the first is taken if not. None keeps any dtype of numbers.
    estimator_name : str, default=""
        Who asks, for the messages.
    min_length : int, default=1
        Least number of steps of a sequence.
    allow_nan : bool, default=False
        Whether NaN within a sequence is allowed. Infinity never is.

    Returns
    -------
    sequences : Sequences
        Without a copy if `X` has the dtype, is C-contiguous and not padded.
    layout : InputLayout
        For `restore_layout`.

    Raises
    ------
    ValueError
        If `X` is no set of sequences of finite numbers, with at least one sequence
        and one channel. The message names the sample, the step and the channel.
    TypeError
        If `X` is of a type that cannot be read, such as a sparse matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import check_sequences
    >>> X = np.ones((2, 4, 3))
    >>> X[1, 3] = np.nan  # padding
    >>> sequences, layout = check_sequences(X, dtype=np.float32)
    >>> sequences
    Sequences(2 sequences of 3 to 4 time steps, 3 features, float32)
    >>> layout.kind
    '3d'
    """
    sequences, layout = read_layout(X, dtype=dtype, estimator_name=estimator_name)
    _check_not_empty(sequences, estimator_name)
    if sequences.values.dtype.kind == "f" and not _all_finite(sequences.values):
        check_finite(sequences, layout, X, estimator_name, allow_nan)
    # A 3-D array without padding, and how long its sequences are: known at once.
    n_timesteps = layout.n_timesteps
    if n_timesteps is None or len(sequences) * n_timesteps != len(sequences.values):
        n_timesteps = sequences.lengths.min()
    if n_timesteps < min_length:
        _raise_too_short(sequences, layout, estimator_name, min_length)
    return sequences, layout


def validate_sequences(
    estimator: Any,
    X: SequencesLike,
    *,
    reset: bool,
    dtype: DTypeLike | tuple[DTypeLike, ...] | None,
    min_length: int = 1,
    allow_nan: bool = False,
    return_layout: bool = False,
) -> Any:
    """Check the sequences an estimator was given, and that they fit it.

    With ``reset=True`` the estimator remembers what it was given: ``n_features_in_``
    (channels; columns for 2-D input), ``feature_names_in_`` where there are names,
    and for its own use ``_n_channels`` and ``_input_is_2d``. Otherwise `X` is
    compared with these: after a 2-D fit, 2-D input must have the same columns, and
    3-D or ragged input may have any length.

    Parameters
    ----------
    estimator : estimator instance
        Named in the messages.
    X : array, data frame, list or Sequences
        See `check_sequences`.
    reset : bool
        True in `fit` (and the first `partial_fit`).
    dtype : dtype, tuple of dtypes or None
        See `check_sequences`.
    min_length : int, default=1
        Least number of steps of a sequence.
    allow_nan : bool, default=False
        Whether NaN within a sequence is allowed.
    return_layout : bool, default=False
        Whether to return the layout too.

    Returns
    -------
    sequences : Sequences
    layout : InputLayout
        Only if ``return_layout=True``.

    Raises
    ------
    ValueError, TypeError
        As `check_sequences`, and if the channels or columns are not those of `fit`.
    """
    sequences, layout = check_sequences(
        X,
        dtype=dtype,
        estimator_name=type(estimator).__name__,
        min_length=min_length,
        allow_nan=allow_nan,
    )
    if reset:
        record_features(estimator, sequences.n_features, sequences.feature_names)
        if layout.kind == "2d":
            estimator._input_is_2d = True
            validate_data(estimator, layout.table, reset=True, skip_check_array=True)
    elif layout.kind == "2d":
        _compare_table(estimator, layout)
    else:
        compare_channels(estimator, sequences, layout)
    return (sequences, layout) if return_layout else sequences


def check_targets(sequences: Sequences, y: Any, name: str = "y") -> None:
    """Check that there is one target for each sequence.

    Parameters
    ----------
    sequences : Sequences or sized
        What was passed as `X`.
    y : array-like
        Targets, weights or the like; looked at for nothing but its length.
    name : str, default="y"
        What to call it in the message.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    y = y if hasattr(y, "shape") or hasattr(y, "__len__") else np.asarray(y)
    n_samples, n_targets = len(sequences), y.shape[0] if hasattr(y, "shape") else len(y)
    if n_samples == n_targets:
        return
    message = (
        "Found input variables with inconsistent numbers of samples: X has "
        f"{n_samples} sequences, {name} has {n_targets} entries. There must be one "
        f"entry of {name} for each sequence."
    )
    n_steps = getattr(sequences, "offsets", [0])[-1]
    if n_targets == n_steps:
        message += (
            f" ({n_targets} is the number of time steps of all sequences together, but "
            "not one entry a step is expected.)"
        )
    raise ValueError(message)


def record_features(estimator, n_channels, names):
    """Set the attributes an estimator keeps about the features seen in `fit`."""
    estimator.n_features_in_ = estimator._n_channels = n_channels
    estimator._input_is_2d = False
    if names is not None:
        estimator.feature_names_in_ = names
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_  # of an earlier fit


def check_finite(sequences, layout, X, estimator_name, allow_nan):
    """Raise an error that names the first number that is NaN or infinite, if any."""
    bad = np.isinf(sequences.values) if allow_nan else ~np.isfinite(sequences.values)
    rows = np.flatnonzero(bad.any(axis=1))
    if len(rows) == 0:
        return
    row = rows[0]
    channel = int(np.flatnonzero(bad[row])[0])
    # The last sequence that begins at or before the row: those of length 0 hold none.
    samples = np.searchsorted(sequences.offsets, rows, side="right") - 1
    step = int(row - sequences.offsets[samples[0]])
    place = _describe_place(sequences, layout, int(samples[0]), step, channel)
    n_affected = len(np.unique(samples))
    more = f" ({n_affected} of {len(sequences)} sequences are affected.)"
    more = more if n_affected > 1 else ""
    who = estimator_name or "This function"
    if np.isnan(sequences.values[row, channel]):
        advice = _advice_on_nan(layout, X, who)
        raise ValueError(f"Input X contains NaN: {place}.{more} {advice}")
    dtype = sequences.dtype
    raise ValueError(
        f"Input X contains infinity or a value too large for {dtype!r}: {place}.{more} "
        f"{who} needs finite numbers: clip or leave out such steps, scale large values "
        "(sklstm.sequences.TimestepTransformer(StandardScaler()))"
        + (", or use dtype='float64'." if dtype == np.float32 else ".")
    )


def _check_not_empty(sequences, estimator_name):
    by = f" by {estimator_name}" if estimator_name else ""
    n_samples = len(sequences)
    if n_samples == 0:
        raise ValueError(
            f"Found 0 sequences while a minimum of 1 is required{by}: X is empty."
        )
    if sequences.n_features == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={(n_samples, '...', 0)}) while a "
            f"minimum of 1 is required{by}: the time steps have no channels. Sequences "
            "of one channel have the shape (n_samples, n_timesteps, 1)."
        )


def _all_finite(values):
    if values.size <= BLOCK_SIZE:
        return np.isfinite(values).all()
    n_rows = max(1, BLOCK_SIZE // values.shape[1])
    return all(
        np.isfinite(values[start : start + n_rows]).all()
        for start in range(0, len(values), n_rows)
    )


def _describe_place(sequences, layout, sample, step, channel):
    if layout.kind == "2d":
        return f"sample {sample}, time step {step} (column {step})"
    place = f"sample {sample}, time step {step}, channel {channel}"
    if sequences.feature_names is not None:
        place += f" ({sequences.feature_names[channel]!r})"
    return place


def _advice_on_nan(layout, X, who):
    if layout.kind == "3d" and _looks_like_padded_panel(X):
        return (
            "The last axis ends in NaN at all steps, so the axes look swapped, "
            "(n_samples, n_channels, n_timesteps): convert such a padded panel with "
            "sklstm.sequences.from_panel(X)."
        )
    impute = (
        "fill the gap, for example with "
        "sklstm.sequences.TimestepTransformer(SimpleImputer()) before it"
    )
    if layout.kind == "2d":
        return (
            f"{who} does not accept missing values: {impute}. If the NaN at the end "
            "of the rows pad shorter series, pass X[:, :, numpy.newaxis]: in 3-D "
            "input such steps count as padding."
        )
    if layout.kind == "3d":
        return (
            "NaN counts as padding only in steps after the end of a sequence, and "
            f"there in all channels. {who} does not accept other missing values: "
            f"{impute}."
        )
    return f"{who} does not accept missing values: {impute}, or leave the step out."


def _looks_like_padded_panel(X):
    """Whether a 3-D array has NaN in its last feature at every step of a sample."""
    return bool(np.isnan(np.asarray(X, dtype=float)[:, :, -1]).all(axis=1).any())


def _raise_too_short(sequences, layout, estimator_name, min_length):
    sample = int(np.flatnonzero(sequences.lengths < min_length)[0])
    length = int(sequences.lengths[sample])
    who = estimator_name or "This function"
    message = (
        f"Sample {sample} has {length} time step{'' if length == 1 else 's'} (length "
        f"{length}), but {who} needs sequences of at least {min_length}."
    )
    if layout.kind == "3d" and length == 0 and layout.n_timesteps:
        message += " All of its steps are NaN, which means padding."
    n_short = int((sequences.lengths < min_length).sum())
    if n_short > 1:
        message += f" So have {n_short - 1} more of {len(sequences)} samples."
    raise ValueError(message + " Leave such samples out, of y too.")


def _compare_table(estimator, layout):
    """Compare 2-D input with what the estimator was fitted on."""
    if estimator._input_is_2d:
        # Columns and their names: in scikit-learn's own words.
        validate_data(estimator, layout.table, reset=False, skip_check_array=True)
    elif estimator._n_channels != 1:
        name, n_channels = type(estimator).__name__, estimator._n_channels
        message = (
            "X is 2-D, (n_samples, n_timesteps), which means 1 feature a time step, "
            f"but {name} is expecting {n_channels} features as input."
        )
        if layout.n_timesteps == n_channels:
            message += (
                f" If X is one sequence of {len(layout.table)} time steps, pass a list "
                "of it: [X]."
            )
        raise ValueError(message)


def compare_channels(estimator, sequences, layout):
    """Compare 3-D or ragged input with what the estimator was fitted on."""
    if sequences.n_features != estimator._n_channels:
        _raise_other_channels(estimator, sequences, layout)
    if not estimator._input_is_2d:  # the names of 2-D input are names of time steps
        compare_names(estimator, sequences.feature_names)


def _raise_other_channels(estimator, sequences, layout):
    name, n_channels = type(estimator).__name__, estimator._n_channels
    message = (
        f"X has {sequences.n_features} features, but {name} is expecting {n_channels} "
        "features as input (channels: the last axis of 3-D input, the columns of each "
        "sequence)."
    )
    if estimator._input_is_2d:
        message += f" {name} was fitted on 2-D input, series of one channel."
    lengths = {layout.n_timesteps} if layout.kind == "3d" else set(sequences.lengths)
    if lengths == {n_channels}:
        message += (
            f" Every sequence of X has {n_channels} time steps, so the axes look "
            "swapped: sequences are (n_timesteps, n_features). Convert panels "
            "(n_samples, n_channels, n_timesteps) with sklstm.sequences.from_panel(X)."
        )
    raise ValueError(message)


def compare_names(estimator, names):
    """Compare feature names with those seen in `fit`, as scikit-learn does."""
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is None and names is None:
        return
    who = type(estimator).__name__
    if fitted is None:
        warnings.warn(
            f"X has feature names, but {who} was fitted without feature names",
            UserWarning,
            stacklevel=4,
        )
    elif names is None:
        warnings.warn(
            f"X does not have valid feature names, but {who} was fitted with feature "
            "names",
            UserWarning,
            stacklevel=4,
        )
    elif list(names) != list(fitted):
        unknown = [name for name in names if name not in set(fitted)]
        missing = [name for name in fitted if name not in set(names)]
        message = "The feature names should match those that were passed during fit."
        if unknown:
            message += f" Not seen at fit time: {unknown}."
        if missing:
            message += f" Seen at fit time, yet now missing: {missing}."
        if not unknown and not missing:
            message += f" They are in another order; expected {list(fitted)}."
        raise ValueError(message)
