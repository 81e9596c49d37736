"""Pairs: a source for each sample, and the sequence of symbols that belongs to it."""

import numpy as np

from .packing import PackedBatch, pack_batch, packed_rows

__all__ = ["PairedBatch", "SequencePairs"]


class PairedBatch:
    """Sources and targets of some samples, in the layout of the kernels.

    Each side has an order of its own; the attributes without a side are those of the
    targets, since the outputs of a network are in their order.

    Attributes
    ----------
    source : PackedBatch or None
        Sequences to read; None where the sources are vectors.
    vectors : ndarray of shape (n_samples, n_features) or None
        One source vector a sample, in the order of the targets.
    target : PackedBatch
        Its ``inputs``, of shape (n_rows,), are the symbols before each target.
    """

    __slots__ = ("source", "target", "vectors")

    def __init__(self, source, vectors, target):
        self.source = source
        self.vectors = vectors
        self.target = target

    @property
    def index(self):
        """Samples in the order of the targets."""
        return self.target.index

    @property
    def offsets(self):
        """Where each step of the targets starts."""
        return self.target.offsets

    @property
    def lengths(self):
        """Lengths of the targets, descending."""
        return self.target.lengths

    @property
    def row_source(self):
        """Place of each packed row of the targets among all target symbols."""
        return self.target.row_source

    @property
    def inputs(self):
        """What is read."""
        return self.vectors if self.source is None else self.source.inputs

    @property
    def n_samples(self):
        """Samples in the batch."""
        return self.target.n_samples

    @property
    def n_rows(self):
        """Target symbols of all of them."""
        return self.target.n_rows


class SequencePairs:
    """Sources, and for each of them a sequence of symbols.

    Parameters
    ----------
    sources : Sequences or ndarray of shape (n_samples, n_features)
        Sequences of vectors or of symbol codes (one feature), or one vector a sample.
    codes : ndarray of intp of shape (n_total_symbols,)
        The target symbols, end to end.
    lengths : ndarray of int of shape (n_samples,)
        How many belong to each sample.
    start, end : int
        The symbols before the first one and after the last one.

    Attributes
    ----------
    target_codes : ndarray of intp of shape (n_total_symbols + n_samples,)
        What is to be said: the symbols of each sample and the end.
    lengths : ndarray of intp of shape (n_samples,)
        Steps of source and target together: what a sample costs.
    """

    def __init__(self, sources, codes, lengths, *, start, end):
        self.sources = sources
        lengths = np.asarray(lengths, dtype=np.intp)
        self.start, self.end = start, end
        self._target_lengths = lengths + 1
        self._starts = np.cumsum(self._target_lengths) - self._target_lengths
        ends = self._starts + lengths
        is_symbol = np.ones(len(codes) + len(lengths), dtype=bool)
        is_symbol[ends] = False
        self.target_codes = np.full(len(is_symbol), end, dtype=np.intp)
        self.target_codes[is_symbol] = codes
        self._previous = np.full(len(is_symbol), start, dtype=np.intp)
        self._previous[1:] = self.target_codes[:-1]
        self._previous[self._starts] = start
        steps = 0 if isinstance(sources, np.ndarray) else np.asarray(sources.lengths)
        self.lengths = self._target_lengths + steps

    def __len__(self):
        return len(self._target_lengths)

    @property
    def values(self):
        """The source values."""
        return self.sources if self.has_vectors else self.sources.values

    @property
    def offsets(self):
        """Steps of source and target before each sample."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    @property
    def has_vectors(self):
        """Whether a source is one vector."""
        return isinstance(self.sources, np.ndarray)

    @property
    def target_lengths(self):
        """Target steps of each sample, its end included."""
        return self._target_lengths

    def pack(self, index=None):
        """Gather samples into a batch.

        Parameters
        ----------
        index : ndarray of int of shape (n_samples,), default=None
            All by default.

        Returns
        -------
        batch : PairedBatch
        """
        if index is None:
            index = np.arange(len(self), dtype=np.intp)
        index = np.asarray(index, dtype=np.intp)
        order = np.argsort(-self._target_lengths[index], kind="stable")
        index = index[order]
        lengths = self._target_lengths[index]
        offsets, row_source = packed_rows(lengths, self._starts[index])
        target = PackedBatch(
            index, lengths, offsets, row_source, self._previous[row_source]
        )
        if self.has_vectors:
            return PairedBatch(None, self.sources[index], target)
        return PairedBatch(pack_batch(self.sources, index), None, target)
