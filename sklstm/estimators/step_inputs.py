"""What a tagger reads: vectors, or symbols."""

import numpy as np

from ..sequences import Sequences, validate_sequences
from ..sequences.symbol_table import SymbolTable, check_symbols, is_symbols

__all__ = ["INPUTS", "StepReader"]

INPUTS = ("symbols", "vectors")


class StepReader:
    """Reads inputs as those of the first call.

    Parameters
    ----------
    estimator : LSTMTagger
        Gets ``n_features_in_``, if inputs are symbols.
    X : array, data frame, list or Sequences
        The first inputs.

    Attributes
    ----------
    table : SymbolTable or None
        None if inputs are vectors.
    counts : ndarray of intp of shape (n_symbols,)
        How often each of the table's symbols stands in the first inputs.
    """

    def __init__(self, estimator, X):
        kind = estimator.inputs
        if kind == "auto":
            kind = "symbols" if is_symbols(_unwrapped(X)) else "vectors"
        self.table = None
        if kind == "symbols":
            self._name = type(estimator).__name__
            sequences = self._checked(X)
            self.table = SymbolTable(sequences, min_count=estimator.min_count)
            codes, _ = self.table.encode(sequences)
            self.counts = np.bincount(codes, minlength=len(self.table))
            estimator.n_features_in_ = 1

    def read(self, estimator, X, *, reset):
        """Check inputs and return them as a network reads them.

        Parameters
        ----------
        estimator : LSTMTagger
        X : array, data frame, list or Sequences
        reset : bool
            Whether the estimator remembers features and names.

        Returns
        -------
        sequences : Sequences
        """
        if self.table is None:
            dtype = np.dtype(estimator.dtype)
            return validate_sequences(estimator, X, reset=reset, dtype=dtype)
        codes, lengths = self.table.encode(self._checked(X))
        return Sequences(codes[:, np.newaxis], lengths)

    def _checked(self, X):
        X = _unwrapped(X)
        if isinstance(X, str) or not hasattr(X, "__len__"):
            raise ValueError(
                f"{self._name} reads many sequences of symbols: pass a list of them, "
                f"got {type(X).__name__}."
            )
        if len(X) == 0:
            raise ValueError(f"{self._name} got no sequences: X is empty.")
        sequences = check_symbols(X, "X")
        for sample, sequence in enumerate(sequences):
            if len(sequence) == 0:
                raise ValueError(
                    f"X[{sample}] is empty: there is no step to label. Leave it out."
                )
        return sequences


def _unwrapped(X):
    """The array in a series of sequences."""
    return X.to_numpy() if hasattr(X, "to_numpy") and np.ndim(X) == 1 else X
