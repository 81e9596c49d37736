"""What a tagger reads: vectors, symbols, or words with their characters."""

import numpy as np

from ..sequences import Sequences, validate_sequences
from ..sequences.spellings import SpelledSequences
from ..sequences.symbol_input import is_symbols, read_symbols
from ..sequences.symbol_table import UNKNOWN, SymbolTable

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
    characters : SymbolTable or None
        None unless characters of words are read.
    counts : ndarray of intp of shape (n_symbols,)
        How often each of the table's symbols stands in the first inputs.
    lowercase : bool
        Whether the table has words in lower case only.
    """

    def __init__(self, estimator, X):
        kind = estimator.inputs
        if kind == "auto":
            kind = "symbols" if is_symbols(X) else "vectors"
        self.table = self.characters = None
        self.lowercase = estimator.lowercase
        self._dtype = estimator.dtype
        if kind == "symbols":
            sequences = self._checked(X)
            words = self._words(sequences)
            self.table = SymbolTable(words, min_count=estimator.min_count)
            self.table.joins = all(isinstance(one, str) for one in sequences)
            self.counts = np.bincount(
                self.table.encode(words)[0], minlength=len(self.table)
            )
            if estimator.character_size is not None:
                self.characters = SymbolTable(_distinct(sequences))
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
            return validate_sequences(
                estimator, X, reset=reset, dtype=np.dtype(self._dtype)
            )
        sequences = self._checked(X)
        codes, lengths = self.table.encode(self._words(sequences))
        codes = Sequences(codes[:, np.newaxis], lengths)
        if self.characters is None:
            return codes
        distinct = _distinct(sequences)
        number = {word: k for k, word in enumerate(distinct)}
        spelling_of_step = np.array(
            [number[word] for sequence in sequences for word in sequence], dtype=np.intp
        )
        spellings = _spellings(self.characters, distinct)
        return SpelledSequences(codes, spellings, spelling_of_step)

    def _words(self, sequences):
        """The sequences as the table knows them."""
        if not self.lowercase:
            return sequences
        return [
            [word.lower() if isinstance(word, str) else word for word in sequence]
            for sequence in sequences
        ]

    def _checked(self, X):
        sequences = read_symbols(X, "X", self.table)
        for sample, sequence in enumerate(sequences):
            if len(sequence) == 0:
                raise ValueError(
                    f"X[{sample}] is empty: there is no step to label. Leave it out."
                )
        return sequences


def _distinct(sequences):
    """All words there are, each once; an error if one is none."""
    distinct = {}
    for sample, sequence in enumerate(sequences):
        for step, word in enumerate(sequence):
            if not isinstance(word, str):
                raise ValueError(
                    f"X[{sample}][{step}] is {word!r}: characters can be read of "
                    "strings only. Leave character_size at None."
                )
            distinct[word] = None
    return list(distinct)


def _spellings(characters, words):
    """Codes of the characters of each word; an empty one is an unknown character."""
    codes, lengths = characters.encode(words)
    empty = np.flatnonzero(lengths == 0)
    codes = np.insert(codes, np.cumsum(lengths)[empty], UNKNOWN)
    return Sequences(codes[:, np.newaxis], np.maximum(lengths, 1))
