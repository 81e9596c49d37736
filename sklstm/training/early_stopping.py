"""Setting validation data aside, judging epochs, and keeping the best weights."""

import math

import numpy as np

from ..sequences.streams import Streams
from .minibatches import passes_by_length
from .predictions import predictions


def split_validation(index, fraction, seed, labels=None):
    """Set samples aside for validation.

    Parameters
    ----------
    index : ndarray of int of shape (n_samples,)
        The samples that may be used.
    fraction : float
        Part to set aside, between 0 and 1.
    seed : int
        Equal seeds set equal samples aside.
    labels : ndarray of shape (n_all_samples,) or None, default=None
        Keep the proportions of these labels, to one sample a label. The first sample of
        each label (in random order) is never set aside, so that training knows them
        all.

    Returns
    -------
    training, validation : ndarray of int
        Parts of `index`, in increasing order.

    Raises
    ------
    ValueError
        If fewer than two samples would be left on either side.
    """
    generator = np.random.RandomState(seed)
    shuffled = index[generator.permutation(len(index))]
    candidates = shuffled
    if labels is not None:
        by_label = shuffled[np.argsort(labels[shuffled], kind="stable")]
        ordered = labels[by_label]
        is_first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        candidates = by_label[~is_first]
    n_validation = min(round(fraction * len(index)), len(candidates))
    if n_validation < 2 or len(index) - n_validation < 2:
        raise ValueError(
            f"early_stopping with validation_fraction={fraction} would set aside"
            f" {n_validation} of {len(index)} sequences; both parts need at least 2."
            " Change validation_fraction, give validation data, or turn"
            " early_stopping off"
        )
    # Evenly spaced over the candidates, which lie label by label if there are labels.
    start = generator.uniform()
    chosen = (np.arange(n_validation) + start) * len(candidates) / n_validation
    validation = np.sort(candidates[chosen.astype(np.intp)])
    return np.setdiff1d(index, validation), validation


class Validation:
    """Data to judge by.

    Parameters
    ----------
    sequences : Sequences
    targets : SequenceTargets or NextStepTargets
        Of the same sequences.
    index : ndarray of int of shape (n_samples,)
        The samples to use.
    """

    def __init__(self, sequences, targets, index):
        self._sequences = sequences
        self._targets = targets
        if isinstance(sequences, Streams):
            self._passes = sequences.passes(index, targets.loss.n_outputs)
        else:
            self._passes = passes_by_length(np.asarray(sequences.lengths), index)

    def evaluate(self, network, n_threads):
        """Return the loss and the score of the network's present weights.

        Parameters
        ----------
        network : RecurrentNetwork
        n_threads : int

        Returns
        -------
        loss, score : float
        """
        tally = self._targets.tally()
        for outputs, batch in predictions(
            network, self._sequences, self._passes, n_threads
        ):
            tally.add(outputs, batch)
        return tally.result()


class BestWeights:
    """Keeps a copy of the weights with the best validation score.

    Among equal scores the lower validation loss is better: an accuracy on a small
    validation set takes few values, and the loss still tells the epochs apart.
    """

    def __init__(self):
        self.score = -math.inf
        self._loss = math.inf
        self._parameters = None

    def offer(self, network, loss, score):
        """Keep the network's weights if they are the best so far.

        Parameters
        ----------
        network : RecurrentNetwork
        loss, score : float
            What `Validation.evaluate` returned.
        """
        if score > self.score or (score == self.score and loss < self._loss):
            self.score, self._loss = score, loss
            if self._parameters is None:
                self._parameters = np.empty_like(network.parameters)
            self._parameters[:] = network.parameters

    def restore(self, network):
        """Put the kept weights back, if there are any."""
        if self._parameters is not None:
            network.set_parameters(self._parameters)

    def get_state(self):
        """Return score, loss and the weights themselves, which are not copied."""
        return {
            "score": self.score,
            "loss": self._loss,
            "parameters": self._parameters,
        }

    def set_state(self, state):
        """Go on from what `get_state` returned."""
        self.score, self._loss = state["score"], state["loss"]
        self._parameters = state["parameters"]


class Patience:
    """Counts epochs without improvement.

    Parameters
    ----------
    tol : float
        What counts as an improvement.
    n_iter_no_change : int
        Epochs to wait.
    """

    def __init__(self, tol, n_iter_no_change):
        self._tol = tol
        self._n_iter_no_change = n_iter_no_change
        self._best_loss = math.inf
        self._best_score = -math.inf
        self._n_waited = 0

    def get_state(self):
        """Return what was seen so far, as plain values."""
        return {
            "best_loss": self._best_loss,
            "best_score": self._best_score,
            "n_waited": self._n_waited,
        }

    def set_state(self, state):
        """Go on from what `get_state` returned."""
        self._best_loss = state["best_loss"]
        self._best_score = state["best_score"]
        self._n_waited = state["n_waited"]

    @property
    def is_over(self):
        """Whether `n_iter_no_change` epochs in a row brought no improvement."""
        return self._n_waited >= self._n_iter_no_change

    def may_improve(self, lower_bound):
        """Whether an improvement is left for a loss that is never below the bound."""
        return self._best_loss - lower_bound > self._tol

    def restart(self):
        """Begin to count anew, holding on to the best values."""
        self._n_waited = 0

    def see_loss(self, loss):
        """Count an epoch that is judged by its training loss."""
        self._count(improved=loss < self._best_loss - self._tol)
        self._best_loss = min(self._best_loss, loss)

    def see_validation(self, loss, score):
        """Count an epoch that is judged by validation: by score, then by loss."""
        better_score = score > self._best_score + self._tol
        better_loss = score >= self._best_score and loss < self._best_loss - self._tol
        self._count(improved=better_score or better_loss)
        if score > self._best_score:
            self._best_score, self._best_loss = score, loss
        elif score == self._best_score:
            self._best_loss = min(self._best_loss, loss)

    def _count(self, *, improved):
        self._n_waited = 0 if improved else self._n_waited + 1
