"""The same sequences in every layout, for tests of all of them."""

import numpy as np

from sklstm.sequences import Sequences, check_sequences
from sklstm.sequences.container import as_object_array


def ragged_arrays(lengths=(4, 2, 5, 3), n_features=3, dtype=np.float64, seed=0):
    rng = np.random.RandomState(seed)
    return [rng.standard_normal((n, n_features)).astype(dtype) for n in lengths]


def padded(arrays, n_timesteps=None):
    """A 3-D array with NaN after the end of each sequence."""
    n_timesteps = n_timesteps or max(map(len, arrays))
    dtype = arrays[0].dtype
    X = np.full((len(arrays), n_timesteps, arrays[0].shape[1]), np.nan, dtype)
    for i, array in enumerate(arrays):
        X[i, : len(array)] = array
    return X


LAYOUTS = {
    "list": list,
    "tuple": tuple,
    "object_array": as_object_array,
    "padded_3d": padded,
    "padded_3d_further": lambda arrays: padded(arrays, 9),
    "padded_3d_fortran": lambda arrays: np.asfortranarray(padded(arrays)),
    "sequences": Sequences.from_list,
    "nested_lists": lambda arrays: [array.tolist() for array in arrays],
    "mixed": lambda arrays: [arrays[0].tolist(), *arrays[1:]],
}


def as_rows(arrays):
    """All steps, one below the other."""
    return np.concatenate(arrays)


def rows_of(X):
    """The same of sequences in any layout."""
    return check_sequences(X, dtype=None, min_length=0, allow_nan=True)[0].values
