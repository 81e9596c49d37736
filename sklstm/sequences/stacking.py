"""A list of arrays -> one array with all steps end to end, copied once."""

import numpy as np

NUMERIC_KINDS = "biuf"  # bool, signed, unsigned, float


def stack_arrays(arrays, dtype):
    """Put the steps of all arrays into one array.

    Parameters
    ----------
    arrays : iterable of arrays of shape (n_timesteps_i, n_features) or (n_timesteps_i,)
        At least one.
    dtype : dtype, tuple of dtypes or None
        See `chosen_dtype`.

    Returns
    -------
    values : ndarray of shape (n_total_timesteps, n_features)
    lengths : ndarray of shape (n_samples,)
    """
    arrays = [_as_steps(array, i) for i, array in enumerate(arrays)]
    if not arrays:
        raise ValueError(
            "Found 0 sequences (the list is empty) while a minimum of 1 is required: "
            "the number of features cannot be known."
        )
    _check_same_features(arrays)
    common = np.result_type(*{array.dtype for array in arrays})
    lengths = np.fromiter(map(len, arrays), dtype=np.intp, count=len(arrays))
    # Allocated here: of Fortran-ordered arrays, concatenate makes another one.
    shape = (int(lengths.sum()), arrays[0].shape[1])
    values = np.empty(shape, dtype=chosen_dtype(common, dtype))
    with np.errstate(over="ignore"):  # too large for float32: found as inf later
        np.concatenate(arrays, out=values, casting="unsafe")
    return values, lengths


def chosen_dtype(present, wanted):
    """The dtype to convert to: of a tuple the present one, or else the first."""
    if wanted is None:
        return present
    if isinstance(wanted, tuple | list):
        return present if present in wanted else np.dtype(wanted[0])
    return np.dtype(wanted)


def as_numbers(array, what):
    """Convert an array of Python objects to floats; refuse what is no real number.

    Parameters
    ----------
    array : ndarray
        Of a dtype whose kind is not in `NUMERIC_KINDS`.
    what : str
        What to call the array in messages.
    """
    if array.dtype == object:
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{what} holds Python objects that are not numbers: {error}. Convert "
                "or encode them first."
            ) from error
    if array.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {what} has dtype {array.dtype}. Pass real "
            "and imaginary part (or magnitude and phase) as two features."
        )
    raise ValueError(
        f"{what} has dtype {array.dtype}, expected real numbers. Convert or encode it "
        "first."
    )


def _as_steps(array, i):
    """The i-th array of a list as (n_timesteps, n_features) of real numbers."""
    if not isinstance(array, np.ndarray):
        array = np.asarray(array)
    if array.dtype.kind not in NUMERIC_KINDS:
        array = as_numbers(array, f"Sequence {i}")
    if array.ndim == 2:
        return array
    if array.ndim == 1:
        return array[:, np.newaxis]
    raise ValueError(
        f"Sequence {i} has shape {array.shape}. Every sequence must be 2-D, "
        "(n_timesteps, n_features), or 1-D for one feature."
    )


def _check_same_features(arrays):
    expected = arrays[0].shape[1]
    odd = next((i for i, x in enumerate(arrays) if x.shape[1] != expected), None)
    if odd is None:
        return
    message = (
        f"Sequence {odd} has {arrays[odd].shape[1]} features (shape "
        f"{arrays[odd].shape}), but sequence 0 has {expected} (shape "
        f"{arrays[0].shape}). Every sequence must be (n_timesteps, n_features) with "
        "the same features."
    )
    if len({len(array) for array in arrays}) == 1:
        message += (
            f" All of them have {len(arrays[0])} rows, so the axes look swapped, "
            "(n_features, n_timesteps): convert such a list with "
            "sklstm.sequences.from_panel."
        )
    raise ValueError(message)
