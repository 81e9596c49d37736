"""Symbols, any hashable things, and the integers that stand for them."""

from collections import Counter
from contextlib import suppress

import numpy as np

__all__ = ["SymbolTable", "is_character"]

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
    are_characters : bool
        Whether all symbols, also those that are unknown, were single characters.
    has_floats : bool
        Whether any symbol was a float.
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
        self.are_characters = all(map(is_character, counts))
        self.has_floats = any(isinstance(symbol, float) for symbol in counts)
        self._index()

    @property
    def reads_strings(self):
        """Whether a string is a sequence of symbols as they were learned."""
        return self.joins or self.are_characters

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

    def __contains__(self, symbol):
        return symbol in self._codes

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


def is_character(symbol):
    """Whether a symbol can be one of a string's."""
    return isinstance(symbol, str) and len(symbol) == 1
