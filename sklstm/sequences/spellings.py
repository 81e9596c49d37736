"""Sequences of words whose characters are read as well."""

import numpy as np

from .packing import PackedBatch, pack_batch

__all__ = ["SpelledBatch", "SpelledSequences"]


class SpelledBatch(PackedBatch):
    """A packed batch of codes of words, and what each of its words is spelled like.

    Attributes
    ----------
    spellings : PackedBatch
        Codes of the characters of each distinct spelling in the batch.
    spelling_of_row : ndarray of intp of shape (n_rows,)
        Place of each row's spelling in that batch.
    """

    __slots__ = ("spelling_of_row", "spellings")

    def __init__(self, batch, spellings, spelling_of_row, inputs=None):
        super().__init__(
            batch.index, batch.lengths, batch.offsets, batch.row_source,
            batch.inputs if inputs is None else inputs,
        )  # fmt: skip
        self.spellings = spellings
        self.spelling_of_row = spelling_of_row

    def with_inputs(self, inputs):
        """The same rows with something else in them."""
        return SpelledBatch(self, self.spellings, self.spelling_of_row, inputs)


class SpelledSequences:
    """Sequences of words; every distinct spelling stands there once.

    Parameters
    ----------
    words : Sequences
        Codes of the words, one column.
    spellings : Sequences
        Codes of the characters of each spelling, one column.
    spelling_of_step : ndarray of intp of shape (n_total_steps,)
        Which spelling each word has.
    """

    def __init__(self, words, spellings, spelling_of_step):
        self.words = words
        self.spellings = spellings
        self.spelling_of_step = spelling_of_step

    def __len__(self):
        return len(self.words)

    @property
    def values(self):
        """Codes of the words, end to end."""
        return self.words.values

    @property
    def lengths(self):
        """Words of each sequence."""
        return self.words.lengths

    @property
    def offsets(self):
        """Where each sequence begins, and where the last one ends."""
        return self.words.offsets

    def pack(self, index=None):
        """Gather sequences into a packed batch.

        Parameters
        ----------
        index : ndarray of int of shape (n_samples,), default=None
            All by default.

        Returns
        -------
        batch : SpelledBatch
        """
        batch = pack_batch(self.words, index)
        distinct, inverse = np.unique(
            self.spelling_of_step[batch.row_source], return_inverse=True
        )
        spellings = pack_batch(self.spellings, distinct)
        place = np.empty(len(distinct), dtype=np.intp)
        place[np.searchsorted(distinct, spellings.index)] = np.arange(len(distinct))
        return SpelledBatch(batch, spellings, place[inverse])
