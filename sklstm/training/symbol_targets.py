"""Sequences of symbols as targets: the loss of a step, and how steps weigh."""

import numpy as np

from .classification_losses import CrossEntropy
from .tallies import MeanTally
from .targets import Targets


class SymbolCrossEntropy(CrossEntropy):
    """Cross-entropy of a softmax over symbols, with smoothed targets.

    The target has probability ``1 - label_smoothing``, and all symbols share the rest
    evenly (Szegedy et al. 2016).

    Parameters
    ----------
    n_symbols : int
    label_smoothing : float, default=0
    first_written : int, default=0
        The smallest symbol that can be written: those before it, such as the unknown
        one, are learned, but never predicted.
    """

    def __init__(self, n_symbols, label_smoothing=0.0, first_written=0):
        super().__init__(n_symbols)
        self.label_smoothing = label_smoothing
        self.first_written = first_written

    def hits(self, outputs, targets):
        """Return whether the likeliest symbol that can be written is the target.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_symbols)
        targets : ndarray of int of shape (n_rows,)

        Returns
        -------
        hits : ndarray of bool of shape (n_rows,)
        """
        first = self.first_written
        return outputs[:, first:].argmax(axis=1) + first == targets

    def make_targets(self, sequences, y, weights=None):
        """Return `SymbolTargets`: pairs have their targets in them."""
        return SymbolTargets(self, sequences, weights)

    @property
    def lower_bound(self):
        """The entropy of a smoothed target."""
        share = self.label_smoothing / self.n_outputs
        if share == 0:
            return 0.0
        target = 1 - self.label_smoothing + share
        others = (self.n_outputs - 1) * share * np.log(share)
        return float(-target * np.log(target) - others)


class SymbolTargets(Targets):
    """The symbols of `SequencePairs`, one for every step.

    Parameters
    ----------
    loss : SymbolCrossEntropy
    pairs : SequencePairs
    weights : ndarray of shape (n_samples,) or None
        Sample weights; all steps of a sample have its weight.
    """

    def __init__(self, loss, pairs, weights=None):
        self.loss = loss
        self._pairs = pairs
        self._weights = weights

    def initialize(self, network, index):
        """Set the head's bias to log frequencies of the symbols in the samples."""
        counts = np.zeros(len(self._pairs))
        counts[index] = 1.0 if self._weights is None else self._weights[index]
        weights = np.repeat(counts, self._pairs.target_lengths)
        self.loss.initialize_outputs(network, self._pairs.target_codes, weights)

    def _prepare(self, dtype, index):
        """Scale the weights to a mean of 1 over `index`."""
        weights = self._weights
        if weights is not None:
            weights = weights / weights[index].mean()
            equal = (weights[index] == weights[index[0]]).all()
            weights = None if equal else weights.astype(dtype)
        self._batch_weights = weights
        self._mean_length = float(self._pairs.target_lengths[index].mean())

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch, with the gradient for the outputs.

        The sum is divided by the number of samples times the mean length of all: a
        step counts the same in every batch.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows, n_symbols)
        batch : PairedBatch

        Returns
        -------
        value : float
        d_outputs : ndarray of the shape and dtype of `outputs`
        """
        _, targets, weights = self.select(outputs, batch)
        return self.loss.value_and_gradient(
            outputs,
            targets,
            weights,
            batch.n_samples * self._mean_length,
            self._n_threads,
        )

    def select(self, outputs, batch):
        """Return outputs, targets and weights of a batch, to be put together."""
        weights = self._batch_weights
        if weights is not None:
            starts = np.repeat(batch.offsets[:-1], np.diff(batch.offsets))
            weights = weights[batch.index][np.arange(batch.n_rows) - starts]
        return outputs, self._pairs.target_codes[batch.row_source], weights

    def measure(self, outputs, batch):
        """Return the sums of weighted losses and hits of a batch, and of the weights.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows, n_symbols)
        batch : PairedBatch

        Returns
        -------
        sums : tuple of float
        """
        _, targets, weights = self.select(outputs, batch)
        loss, _ = self.loss.value_and_gradient(
            outputs, targets, weights, 1.0, self._n_threads
        )
        is_right = self.loss.hits(outputs, targets)
        if weights is None:
            return loss, float(is_right.sum()), float(len(targets))
        weights = weights.astype(np.float64)
        return loss, float(weights[is_right].sum()), float(weights.sum())

    def tally(self):
        """Return what adds up the batches of a validation."""
        return MeanTally(self)
