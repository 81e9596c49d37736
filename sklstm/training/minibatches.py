"""Which sequences make a batch: shuffled, but of similar lengths."""

import numpy as np

# Batches in a pool, see `Minibatches`.
POOL_SIZE = 8
# Packed rows of one pass when there is nothing to shuffle (validation, "lbfgs"): enough
# to fill every core, and a bound on the memory of a pass.
ROWS_PER_PASS = 8192


class Minibatches:
    """Makes the batches of an epoch from samples of given lengths.

    Packed batches need no padding, but their late steps hold fewer rows the more the
    lengths differ, and few rows use the kernels badly. So the shuffled samples are cut
    into pools of `POOL_SIZE` batches, sorted by length within a pool, cut into batches,
    and the batches shuffled: lengths within a batch are alike, and yet every epoch
    draws other companions. The sizes of the batches differ by one at most, since a
    batch of one or two left-over samples would make an update as large as any other,
    from a gradient far noisier.

    Parameters
    ----------
    lengths : ndarray of int of shape (n_all_samples,)
        Lengths of all sequences.
    index : ndarray of int of shape (n_samples,)
        The samples to train on.
    batch_size : int
        Largest size of a batch.
    shuffle : bool
        If false, every epoch has the same batches, in the order of `index`.
    """

    def __init__(self, lengths, index, batch_size, shuffle):
        self.index = np.asarray(index, dtype=np.intp)
        n_samples = len(self.index)
        n_batches = -(-n_samples // batch_size)
        self._bounds = np.arange(n_batches + 1) * n_samples // n_batches
        self._shuffle = shuffle
        used = lengths[self.index]
        self._lengths = None if (used == used[0]).all() else used
        batch_of = np.repeat(np.arange(n_batches), np.diff(self._bounds))
        self._pools = batch_of // POOL_SIZE

    def __len__(self):
        """Return the number of batches in an epoch."""
        return len(self._bounds) - 1

    def epoch(self, generator):
        """Return the batches of the next epoch.

        Parameters
        ----------
        generator : numpy.random.RandomState
            Drawn from only if there is something to shuffle.

        Returns
        -------
        batches : list of ndarray of intp
            Sample numbers; every sample of ``index`` is in exactly one.
        """
        index, bounds = self.index, self._bounds
        order = range(len(self))
        if self._shuffle:
            permutation = generator.permutation(len(index))
            if self._lengths is not None:
                # Sorts by pool, then by length; ties stay shuffled.
                by_length = np.lexsort((self._lengths[permutation], self._pools))
                permutation = permutation[by_length]
                order = generator.permutation(len(self))
            index = index[permutation]
        return [index[bounds[k] : bounds[k + 1]] for k in order]


def passes_by_length(lengths, index, rows_per_pass=ROWS_PER_PASS):
    """Cut samples into passes of limited size, longest sequences first.

    Parameters
    ----------
    lengths : ndarray of int of shape (n_all_samples,)
        Lengths of all sequences.
    index : ndarray of int of shape (n_samples,)
        The samples wanted.
    rows_per_pass : int, default=8192
        Time steps in a pass, about.

    Returns
    -------
    passes : list of ndarray of intp
        Depends on the lengths and their order alone.
    """
    index = np.asarray(index, dtype=np.intp)
    index = index[np.argsort(-lengths[index], kind="stable")]
    ends = np.cumsum(lengths[index])
    cuts = np.flatnonzero(np.diff(ends // rows_per_pass)) + 1
    return np.split(index, cuts)
