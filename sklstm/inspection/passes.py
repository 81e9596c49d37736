"""Sequences in batches of bounded size, and rows of these by sample."""

import numpy as np

from .._threads import effective_n_threads
from ..sequences.packing import pack_batch

__all__ = ["batches", "rows_of_samples"]

# Steps of a pass that keeps everything: bounds its memory, changes no result.
ROWS_PER_PASS = 16384


def batches(estimator, sequences, n_copies=1):
    """Pack sequences a few at a time.

    Parameters
    ----------
    estimator : estimator instance
        Fitted; its `n_jobs` counts.
    sequences : Sequences or the like
    n_copies : int, default=1
        Each sequence stands so many times in its batch, one beside the other.

    Yields
    ------
    batch : PackedBatch
    n_threads : int
    """
    whole = np.asarray(sequences.offsets)[:-1] * n_copies // ROWS_PER_PASS
    for number in np.unique(whole):
        index = np.repeat(np.flatnonzero(whole == number), n_copies)
        batch = pack_batch(sequences, index)
        work = batch.n_rows * estimator._fitted_network().n_multiplied
        yield batch, effective_n_threads(estimator.n_jobs, work)


def rows_of_samples(batch):
    """For each place of a batch its sample, and its packed rows in time order.

    Parameters
    ----------
    batch : PackedBatch

    Yields
    ------
    sample : int
    rows : ndarray of intp of shape (n_timesteps_i,)
    """
    for place, (sample, length) in enumerate(
        zip(batch.index.tolist(), batch.lengths.tolist(), strict=True)
    ):
        yield sample, batch.offsets[:length] + place
