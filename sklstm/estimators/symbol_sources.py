"""What a sequence-to-sequence estimator reads: symbols, vectors, or one vector."""

import numpy as np
from sklearn.utils.validation import validate_data

from ..sequences import Sequences, validate_sequences
from ..sequences.symbol_table import SymbolTable, check_symbols, is_symbols

__all__ = ["SOURCES", "SourceReader"]

SOURCES = ("symbols", "vectors", "vector")

END = 1  # after the symbols of a source: a step even where there are none
N_RESERVED = 2  # the unknown symbol and the end


class SourceReader:
    """Reads inputs as those of the first call.

    Parameters
    ----------
    estimator : estimator instance
        Gets ``n_features_in_``, unless sources are symbols.
    X : array, data frame, list or Sequences
        The first inputs.
    source : {"auto", "symbols", "vectors", "vector"}
    min_count : int
        Rarer symbols are unknown.
    """

    def __init__(self, estimator, X, source, min_count):
        self.kind, self.table = source, None
        self._dtype = np.dtype(estimator.dtype)
        if source == "auto":
            self.kind = _kind_of(X)
        if self.kind == "symbols":
            sequences = _checked_symbols(X, type(estimator).__name__)
            self.table = SymbolTable(
                sequences, min_count=min_count, n_reserved=N_RESERVED
            )
            estimator.n_features_in_ = 1

    @property
    def n_features(self):
        """Number of symbols, or None where the data say."""
        return None if self.table is None else len(self.table)

    def read(self, estimator, X, *, reset):
        """Check inputs and return them as a network reads them.

        Parameters
        ----------
        estimator : estimator instance
        X : array, data frame, list or Sequences
        reset : bool
            Whether the estimator remembers features and names.

        Returns
        -------
        sources : Sequences or ndarray of shape (n_samples, n_features)
        """
        dtype = self._dtype
        if self.kind == "vector":
            return validate_data(estimator, X, reset=reset, dtype=dtype, order="C")
        if self.kind == "vectors":
            return validate_sequences(estimator, X, reset=reset, dtype=dtype)
        sequences = _checked_symbols(X, type(estimator).__name__)
        codes, lengths = self.table.encode(sequences)
        ends = np.cumsum(lengths + 1) - 1
        with_ends = np.full(len(codes) + len(lengths), END, dtype=np.intp)
        is_symbol = np.ones(len(with_ends), dtype=bool)
        is_symbol[ends] = False
        with_ends[is_symbol] = codes
        return Sequences(with_ends[:, np.newaxis], lengths + 1)


def _kind_of(X):
    if is_symbols(X):
        return "symbols"
    if not isinstance(X, Sequences | list | tuple):
        dimensions = getattr(X, "ndim", np.ndim(X))
        if dimensions == 2:
            return "vector"
    return "vectors"


def _checked_symbols(X, name):
    if isinstance(X, str) or not hasattr(X, "__len__"):
        raise ValueError(
            f"{name} reads many sequences of symbols: pass a list of them, got "
            f"{type(X).__name__}."
        )
    if len(X) == 0:
        raise ValueError(f"{name} got no sequences: X is empty.")
    return check_symbols(X, "X")
