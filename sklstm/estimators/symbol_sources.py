"""What a sequence-to-sequence estimator reads: symbols, vectors, or one vector."""

import numpy as np
from sklearn.utils.validation import validate_data

from ..sequences import Sequences, validate_sequences
from ..sequences.symbol_input import is_symbols, read_symbols
from ..sequences.symbol_table import SymbolTable

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

    end = END

    def __init__(self, estimator, X, source, min_count):
        self.kind, self.table = source, None
        self._dtype = estimator.dtype
        if source == "auto":
            self.kind = _kind_of(X)
        if self.kind == "symbols":
            sequences = read_symbols(X, "X")
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
        dtype = np.dtype(self._dtype)
        if self.kind == "vector":
            with np.errstate(over="ignore"):  # too large for float32: found as inf
                X = validate_data(
                    estimator, X, reset=reset, dtype=dtype, order="C",
                    ensure_all_finite=False,  # our own message names the sample
                )  # fmt: skip
            _check_finite(X, estimator)
            return X
        if self.kind == "vectors":
            return validate_sequences(estimator, X, reset=reset, dtype=dtype)
        sequences = read_symbols(X, "X", self.table)
        codes, lengths = self.table.encode(sequences)
        ends = np.cumsum(lengths + 1) - 1
        with_ends = np.full(len(codes) + len(lengths), END, dtype=np.intp)
        is_symbol = np.ones(len(with_ends), dtype=bool)
        is_symbol[ends] = False
        with_ends[is_symbol] = codes
        return Sequences(with_ends[:, np.newaxis], lengths + 1)


def _check_finite(X, estimator):
    bad = np.argwhere(~np.isfinite(X))
    if len(bad):
        sample, feature = bad[0].tolist()
        what = f"infinity or a value too large for {X.dtype!r}"
        advice = "scale large values, for example with StandardScaler"
        if np.isnan(X[sample, feature]):
            what = "NaN"
            advice = "fill the gaps, for example with SimpleImputer"
        names = getattr(estimator, "feature_names_in_", None)
        named = "" if names is None else f" ({names[feature]!r})"
        raise ValueError(
            f"Input X contains {what}: sample {sample}, feature {feature}{named}. "
            f"{type(estimator).__name__} needs finite numbers: {advice} before it, or "
            "leave the sample out, of y too."
        )


def _kind_of(X):
    if is_symbols(X):
        return "symbols"
    if not isinstance(X, Sequences | list | tuple):
        dimensions = getattr(X, "ndim", np.ndim(X))
        if dimensions == 2:
            return "vector"
    return "vectors"
