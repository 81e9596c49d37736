"""Sequences -> packed batches, the layout of the kernels, and back.

A packed batch is time-major and has no padding: its sequences are sorted by length, the
longest first, and the rows of step t are the sequences that are still alive at t. So
every step is one contiguous block of rows, and nothing is computed for steps that do
not exist.
"""

import numpy as np

from .container import Sequences

__all__ = ["PackedBatch", "pack_batch", "packed_rows", "unpack_rows"]


class PackedBatch:
    """Some sequences in the layout of the kernels.

    Attributes
    ----------
    index : ndarray of intp of shape (n_samples,)
        Samples in the order of the batch: longest first, equal ones as given.
    lengths : ndarray of intp of shape (n_samples,)
        Their lengths, descending.
    offsets : ndarray of intp of shape (n_timesteps + 1,)
        Step t has the rows ``offsets[t]`` to ``offsets[t + 1]``; sequence b of the
        batch is row ``offsets[t] + b``.
    row_source : ndarray of intp of shape (n_rows,)
        Row of ``sequences.values`` that each packed row came from.
    inputs : ndarray of shape (n_rows, n_features)
        Not to be written to: of one sequence alone, a view of ``sequences.values``.
    """

    __slots__ = ("index", "inputs", "lengths", "offsets", "row_source")

    def __init__(self, index, lengths, offsets, row_source, inputs):
        self.index = index
        self.lengths = lengths
        self.offsets = offsets
        self.row_source = row_source
        self.inputs = inputs

    def with_inputs(self, inputs):
        """The same rows with something else in them."""
        return PackedBatch(
            self.index, self.lengths, self.offsets, self.row_source, inputs
        )

    @property
    def n_samples(self):
        """Sequences in the batch."""
        return len(self.index)

    @property
    def n_rows(self):
        """Time steps of all of them."""
        return len(self.row_source)


def pack_batch(sequences, index=None):
    """Gather sequences into a packed batch.

    Parameters
    ----------
    sequences : Sequences
    index : ndarray of int of shape (n_samples,), default=None
        Samples to take; all of them by default.

    Returns
    -------
    batch : PackedBatch

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import Sequences
    >>> from sklstm.sequences.packing import pack_batch
    >>> sequences = Sequences(np.arange(5.0).reshape(5, 1), [2, 3])
    >>> batch = pack_batch(sequences)
    >>> batch.index, batch.offsets
    (array([1, 0]), array([0, 2, 4, 5]))
    >>> batch.inputs.ravel()
    array([2., 0., 3., 1., 4.])
    """
    if hasattr(sequences, "pack"):  # pairs, whose sides have orders of their own
        return sequences.pack(index)
    lengths, starts = sequences.lengths, sequences.offsets[:-1]
    if index is None:
        index = np.arange(len(lengths), dtype=np.intp)
    else:
        index = np.asarray(index, dtype=np.intp)
        lengths, starts = lengths[index], starts[index]
    if len(lengths) == 1 and sequences.values.flags.aligned:
        return _one_sequence(sequences.values, index, lengths, int(starts[0]))
    if len(lengths) and (lengths[0] != lengths).any():
        order = np.argsort(-lengths, kind="stable")
        index, lengths, starts = index[order], lengths[order], starts[order]
    offsets, row_source = packed_rows(lengths, starts)
    inputs = sequences.values.take(row_source, axis=0)
    return PackedBatch(index, lengths, offsets, row_source, inputs)


def _one_sequence(values, index, lengths, start):
    """A sequence alone is packed as it is."""
    n_timesteps = int(lengths[0])
    offsets = np.arange(n_timesteps + 1, dtype=np.intp)
    row_source = offsets[:-1] + start if start else offsets[:-1]
    inputs = values[start : start + n_timesteps]
    return PackedBatch(index, lengths, offsets, row_source, inputs)


def packed_rows(lengths, starts):
    """Offsets of the steps, and the source of every packed row.

    Parameters
    ----------
    lengths : ndarray of intp of shape (n_samples,)
        Descending.
    starts : ndarray of intp of shape (n_samples,)
        Where the steps of each sequence start.

    Returns
    -------
    offsets : ndarray of intp of shape (n_timesteps + 1,)
    row_source : ndarray of intp of shape (n_rows,)
    """
    n_timesteps = int(lengths[0]) if len(lengths) else 0
    offsets = np.zeros(n_timesteps + 1, dtype=np.intp)
    if n_timesteps == 0:
        return offsets, np.zeros(0, dtype=np.intp)
    steps = np.arange(n_timesteps, dtype=np.intp)
    if lengths[-1] == n_timesteps:
        offsets[1:] = (steps + 1) * len(lengths)
        return offsets, (starts + steps[:, np.newaxis]).ravel()
    n_alive = len(lengths) - np.searchsorted(lengths[::-1], steps, side="right")
    np.cumsum(n_alive, out=offsets[1:])
    row_step = np.repeat(steps, n_alive)
    sample = np.arange(offsets[-1], dtype=np.intp) - offsets[row_step]
    return offsets, starts[sample] + row_step


def unpack_rows(rows, batch):
    """Packed rows back to sequences, in the order the samples were given in.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, width)
    batch : PackedBatch
        From `pack_batch` over all sequences of a `Sequences` (``index=None``).

    Returns
    -------
    sequences : Sequences
    """
    values = np.empty((batch.n_rows, rows.shape[1]), dtype=rows.dtype)
    values[batch.row_source] = rows
    lengths = np.empty(batch.n_samples, dtype=np.intp)
    lengths[batch.index] = batch.lengths
    return Sequences(values, lengths)
