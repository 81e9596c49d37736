"""Learning to predict the next step of texts and of piano rolls."""

import numpy as np

from ..sequences import Sequences, validate_sequences
from ..sequences.streams import Streams
from ..sequences.symbol_input import is_symbols, read_symbols
from ..sequences.symbol_table import UNKNOWN, SymbolTable
from ..training.predictions import predictions
from ..training.streams import FrameLikelihood, SymbolLikelihood
from .tasks import Task

__all__ = ["LanguageTask"]

START, END, N_RESERVED = 1, 2, 3  # after the unknown symbol, which is 0


class LanguageTask(Task):
    """Learn to predict each step from those before it.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    min_count : int
        Rarer symbols are unknown.
    mark_ends : bool or "auto"
        Whether the beginning and the end of a sequence are symbols.

    Attributes
    ----------
    table : SymbolTable or None
        None for vectors of zeros and ones.
    mark_ends : bool
    """

    pooled = False
    causal = True
    n_reserved = N_RESERVED
    start, end, forbidden = START, END, (UNKNOWN, START)

    def __init__(self, estimator_name, *, min_count, mark_ends):
        super().__init__(estimator_name)
        self._min_count = min_count
        self.mark_ends = mark_ends
        self.table = None

    def read(self, estimator, X, *, reset):
        """Check inputs; return `Streams`.

        Parameters
        ----------
        estimator : estimator instance
        X : list of sequences of symbols, or array, list or Sequences of vectors
        reset : bool
            Whether these are the first data.

        Returns
        -------
        streams : Streams
        """
        if reset:
            self._dtype = estimator.dtype
            self._is_symbolic = is_symbols(X)
            if self.mark_ends == "auto":
                self.mark_ends = self._is_symbolic and len(X) > 1
        if not self._is_symbolic:
            return Streams(self.checked_vectors(estimator, X, reset=reset))
        sequences = read_symbols(X, "X", self.table)
        if reset:
            self.table = SymbolTable(
                sequences, min_count=self._min_count, n_reserved=N_RESERVED
            )
            if not self.table.symbols:
                raise ValueError(
                    f"{self._estimator_name} knows no symbol: none occurs "
                    f"min_count={self._min_count} times. Lower min_count."
                )
            estimator.n_features_in_ = 1
        return Streams(self.marked(*self.table.encode(sequences)))

    def checked_vectors(self, estimator, X, *, reset=False):
        """Return sequences of zeros and ones as `Sequences`."""
        sequences = validate_sequences(
            estimator, X, reset=reset, dtype=np.dtype(self._dtype)
        )
        values = sequences.values
        bad = np.argwhere((values != 0) & (values != 1))
        if len(bad):
            row, channel = bad[0]
            sample = np.searchsorted(sequences.offsets, row, side="right") - 1
            step = row - sequences.offsets[sample]
            raise ValueError(
                f"channel {channel} of sample {sample} is {values[row, channel]:g} at "
                f"step {step}: {self._estimator_name} reads sequences of symbols, or "
                "of vectors of zeros and ones. For other numbers see "
                "SequenceTransformer(objective='next_step') and LSTMForecaster."
            )
        return sequences

    def marked(self, codes, lengths, *, ended=True):
        """Return codes as `Sequences`, their beginnings and ends marked if they are."""
        n_marks = (1 + ended) * bool(self.mark_ends)
        padded = np.full(len(codes) + n_marks * len(lengths), END, dtype=np.intp)
        starts = np.cumsum(lengths + n_marks) - lengths - n_marks
        is_symbol = np.ones(len(padded), dtype=bool)
        if n_marks:
            padded[starts] = START
            is_symbol[starts] = False
            if ended:
                is_symbol[starts + lengths + 1] = False
        padded[is_symbol] = codes
        return Sequences(padded[:, np.newaxis], lengths + n_marks)

    def begin(self, y, sequences):
        """Settle the loss; y is ignored, since a pipeline always passes it."""
        self.encode(y, sequences)
        if self._is_symbolic:
            self.loss = SymbolLikelihood(len(self.table))
            counts = np.bincount(
                sequences.values.reshape(-1), minlength=len(self.table)
            )
            counts[[UNKNOWN, START, END]] = 0
            self.frequencies = counts / max(counts.sum(), 1)
        else:
            self.loss = FrameLikelihood(sequences.n_features)

    def encode(self, y, sequences, name="y"):
        """Check that there is a step to predict; y is ignored."""
        if sequences.offsets[-1] == 0:
            raise ValueError(
                f"{self._estimator_name} predicts each step from those before it, but "
                "no sequence has more than one. Pass longer sequences, or set "
                "mark_ends=True to predict the first symbol and the end, too."
            )

    def log_likelihoods(self, network, streams, n_threads):
        """Return the log-likelihood of each of some `Streams`.

        Parameters
        ----------
        network : RecurrentNetwork
            Without pooling.
        streams : Streams
        n_threads : int

        Returns
        -------
        totals : ndarray of shape (n_samples,)
        """
        totals = np.zeros(len(streams))
        passes = streams.passes(n_outputs=network.config.n_outputs)
        for outputs, batch in predictions(network, streams, passes, n_threads):
            values = streams.values.take(batch.row_source + 1, axis=0)
            starts = np.repeat(batch.offsets[:-1], np.diff(batch.offsets))
            samples = batch.index[np.arange(batch.n_rows) - starts]
            np.subtract.at(totals, samples, self.loss.losses(outputs, values))
        return totals

    @property
    def fitted_attributes(self):
        """Attributes for the user."""
        symbols = None if self.table is None else list(self.table.symbols)
        return {"symbols_": symbols}
