"""Symbols, any hashable things, and the integers that stand for them."""

from collections import Counter
from contextlib import suppress

import numpy as np

__all__ = ["SymbolTable", "check_symbols", "is_symbols"]

UNKNOWN = 0


class SymbolTable:
    """Numbers symbols; 0 is the unknown one, and some more may be reserved.

    Parameters
    ----------
    sequences : sequence of sequence of hashable
        Strings are sequences of characters.
    min_count : int, default=1
        Symbols that occur fewer times are unknown.
    n_reserved : int, default=1
        The first symbol gets this number.

    Attributes
    ----------
    symbols : list
        The known symbols; sorted, or as they occur where they cannot be sorted.
    joins : bool
        Whether the sequences were strings, and decoded ones are, too.
    """

    def __init__(self, sequences, *, min_count=1, n_reserved=1):
        counts = Counter()
        for sequence in sequences:
            counts.update(sequence)
        known = [symbol for symbol, count in counts.items() if count >= min_count]
        with suppress(TypeError):
            known = sorted(known)
        self.symbols, self.n_reserved = known, n_reserved
        self.joins = all(isinstance(sequence, str) for sequence in sequences)
        self._index()

    def _index(self):
        self._codes = {
            symbol: code for code, symbol in enumerate(self.symbols, self.n_reserved)
        }

    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k != "_codes"}

    def __setstate__(self, state):
        vars(self).update(state)
        self._index()

    def __len__(self):
        return self.n_reserved + len(self.symbols)

    def encode(self, sequences):
        """Codes of all sequences end to end, and their lengths."""
        codes = [
            self._codes.get(symbol, UNKNOWN)
            for sequence in sequences
            for symbol in sequence
        ]
        lengths = np.array([len(sequence) for sequence in sequences], dtype=np.intp)
        return np.array(codes, dtype=np.intp), lengths

    def decode(self, codes):
        """The symbols of some codes: a list, or a string if the data were strings."""
        symbols = [self.symbols[code - self.n_reserved] for code in codes]
        return "".join(symbols) if self.joins else symbols


def is_symbols(X):
    """Whether data are sequences of symbols: strings, or neither arrays nor floats."""
    if isinstance(X, str):  # one sequence where many are meant, to be told so
        return True
    if getattr(X, "ndim", 0) == 1 and hasattr(X, "to_numpy"):
        X = X.to_numpy()  # a column of a data frame
    if not isinstance(X, list | tuple | np.ndarray) or len(X) == 0:
        return False
    if isinstance(X, np.ndarray) and X.dtype != object:
        return X.dtype.kind in "US"
    for sequence in X:
        if isinstance(sequence, str):
            return True
        if isinstance(sequence, np.ndarray):
            return sequence.ndim == 1 and sequence.dtype.kind not in "fc"
        if not isinstance(sequence, list | tuple):
            return False
        for symbol in sequence:
            return not isinstance(symbol, float | np.floating | list | np.ndarray)
    return True


def check_symbols(sequences, name):
    """Sequences of hashable symbols as a list, or an error that names the sample.

    Parameters
    ----------
    sequences : iterable of sequence of hashable
    name : str
        What the user calls them.

    Returns
    -------
    sequences : list
    """
    sequences = list(sequences)
    for sample, sequence in enumerate(sequences):
        if not isinstance(sequence, str | list | tuple | np.ndarray):
            raise ValueError(
                f"{name}[{sample}] is {sequence!r}: expected a sequence of symbols, a "
                "list of them or a string of characters."
            )
        if isinstance(sequence, np.ndarray):
            sequences[sample] = sequence = sequence.tolist()
        for step, symbol in enumerate(sequence):
            try:
                hash(symbol)
            except TypeError:
                raise ValueError(
                    f"{name}[{sample}][{step}] is {symbol!r}: a symbol must be "
                    "hashable, such as a string, a number or a tuple."
                ) from None
    return sequences
