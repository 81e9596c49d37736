"""Sequences as graphs read them: one array with zeros behind the ends, and lengths."""

import numpy as np

from ..._typing import Array, SequencesLike
from ...sequences import check_sequences

__all__ = ["pad", "padded", "padded_rows"]


def pad(X: SequencesLike) -> tuple[Array, Array]:
    """Put sequences into one array, with their lengths.

    This is what exported graphs read, and all there is to do with ragged input before
    it goes into a runtime; without sklstm at hand, zeros behind each sequence's end do.

    Parameters
    ----------
    X : array, data frame, list or Sequences
        Sequences in any layout, see :func:`~sklstm.sequences.check_sequences`.

    Returns
    -------
    array : ndarray of float32 of shape (n_samples, n_timesteps, n_features)
        Zero behind the end of a sequence; what stands there changes no result.
    lengths : ndarray of int64 of shape (n_samples,)
        Steps of each sequence.

    See Also
    --------
    onnx_inputs : All inputs of an estimator's graph, also those of symbols.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.interchange import pad
    >>> array, lengths = pad([np.ones((2, 1)), np.ones((3, 1))])
    >>> array[:, :, 0]
    array([[1., 1., 0.],
           [1., 1., 1.]], dtype=float32)
    >>> lengths
    array([2, 3])
    """
    sequences, _ = check_sequences(X, dtype=np.dtype(np.float32))
    return padded_rows(sequences), np.asarray(sequences.lengths, dtype=np.int64)


def padded_rows(sequences):
    """Return the steps of `Sequences` as (n_samples, n_timesteps, n_features)."""
    lengths, values = np.asarray(sequences.lengths), sequences.values
    is_step = np.arange(lengths.max(initial=0)) < lengths[:, np.newaxis]
    dtype = np.float32 if values.dtype.kind == "f" else np.int64
    array = np.zeros((*is_step.shape, values.shape[1]), dtype=dtype)
    array[is_step] = values
    return array


def padded(sequences, ragged, *, name="X", as_table=False):
    """Return the feeds of a graph that reads sequences.

    Parameters
    ----------
    sequences : Sequences
    ragged : bool
        Whether the graph takes lengths.
    name : str, default="X"
        Of the array.
    as_table : bool, default=False
        Whether the one channel has no axis of its own.

    Returns
    -------
    feeds : dict of str to ndarray
    """
    array = padded_rows(sequences)
    lengths = np.asarray(sequences.lengths, dtype=np.int64)
    feeds = {name: array[:, :, 0] if as_table else array}
    if ragged:
        return feeds | {"lengths": lengths}
    if len(set(lengths.tolist())) > 1:
        raise ValueError(
            f"X has sequences of {lengths.min()} to {lengths.max()} steps, but the "
            "graph was made with ragged=False: export with ragged=True, or pass "
            "sequences of one length."
        )
    return feeds
