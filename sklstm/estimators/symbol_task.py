"""Learning to write sequences of symbols."""

import copy

import numpy as np

from ..sequences.pairs import SequencePairs
from ..sequences.symbol_input import read_symbols
from ..sequences.symbol_table import UNKNOWN, SymbolTable
from ..training.symbol_targets import SymbolCrossEntropy
from .labels import check_given
from .tasks import Task

__all__ = ["SymbolTask"]

START, END, N_RESERVED = 1, 2, 3  # after the unknown symbol, which is 0


class SymbolTask(Task):
    """Learn a sequence of symbols for each source.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    label_smoothing : float
    min_count : int
        Rarer symbols are unknown.
    """

    # The end is the first symbol that can be written.
    start, end, forbidden = START, END, (UNKNOWN, START)

    def __init__(self, estimator_name, *, label_smoothing, min_count):
        super().__init__(estimator_name)
        self._label_smoothing = label_smoothing
        self._min_count = min_count

    def begin(self, y, sequences):
        """Settle the symbols and the loss; return codes and lengths."""
        y = self._checked(y, sequences, "y", None)
        self.table = SymbolTable(y, min_count=self._min_count, n_reserved=N_RESERVED)
        if not self.table.symbols:
            raise ValueError(
                f"{self._estimator_name} has no symbols to learn: all sequences of y "
                f"are empty, or all symbols rarer than min_count={self._min_count}."
            )
        self.loss = self._make_loss(self._label_smoothing)
        codes, lengths = self.table.encode(y)
        self.longest = int(lengths.max())
        return codes, lengths

    def encode(self, y, sequences, name="y"):
        """Return codes and lengths of further targets."""
        return self.table.encode(self._checked(y, sequences, name, self.table))

    def with_label_smoothing(self, label_smoothing):
        """Return the same task with another share for all symbols."""
        other = copy.copy(self)
        other.loss = self._make_loss(label_smoothing)
        return other

    def _make_loss(self, label_smoothing):
        return SymbolCrossEntropy(len(self.table), label_smoothing, first_written=END)

    def paired(self, sequences, y):
        """Return pairs, and None: they have the targets in them."""
        return SequencePairs(sequences, *y, start=START, end=END), None

    def without_targets(self, sequences):
        """Pairs of sources alone."""
        lengths = np.zeros(len(sequences), dtype=np.intp)
        return self.paired(sequences, (lengths[:0], lengths))[0]

    def _checked(self, y, sequences, name, table):
        check_given(y, self._estimator_name)
        y = read_symbols(y, name, table)
        if len(y) != len(sequences):
            raise ValueError(
                f"X and {name} must have one sequence a sample each: X has "
                f"{len(sequences)}, {name} has {len(y)}."
            )
        return y

    @property
    def fitted_attributes(self):
        """Attributes for the user."""
        return {"symbols_": list(self.table.symbols)}
