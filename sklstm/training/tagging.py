"""A label for every step: by a softmax of its own, or by a CRF over all of them."""

import numpy as np

from ..network.crf_head import make_crf, split_outputs
from ..network.links import class_probabilities
from ..network.memory import Workspace
from .classification_losses import CrossEntropy
from .tallies import MeanTally
from .targets import Targets

__all__ = ["PathLikelihood", "StepCrossEntropy"]


class StepCrossEntropy(CrossEntropy):
    """Cross-entropy of the label of each step.

    Targets y are `Sequences` of codes, (n_total_steps, 1). In a second column they have
    the weight of each step relative to that of its sequence, unless all are 1.
    """

    def make_targets(self, sequences, y, weights=None):
        """Return the labels of the steps of each batch; see `Loss`."""
        return StepTargets(self, y, weights)

    def stratify(self, y):
        """Nothing to keep in proportion: a sequence has many labels."""
        return None

    def labels(self, outputs, batch, n_threads=1):
        """Return the code of each step, in packed order."""
        return outputs.argmax(axis=1)

    def probabilities(self, outputs, batch, n_threads=1):
        """Return the probability of each label at each step, in float64."""
        return class_probabilities(outputs)


class PathLikelihood(StepCrossEntropy):
    """Negative log-likelihood of all labels of a sequence, under a CRF.

    Outputs are those of a `CRFHead`. Steps have no weights of their own.
    """

    def make_targets(self, sequences, y, weights=None):
        """Return the paths of each batch; see `Loss`."""
        return PathTargets(self, y, weights)

    def labels(self, outputs, batch, n_threads=1):
        """Return the code of each step on the best path, in packed order."""
        crf, emissions, parameters = self._field(outputs)
        return crf.viterbi(emissions, batch, parameters, n_threads)

    def probabilities(self, outputs, batch, n_threads=1):
        """Return the probability of each label at each step over all paths."""
        crf, emissions, parameters = self._field(outputs)
        return crf.marginals(emissions, batch, parameters, n_threads)

    def _field(self, outputs):
        """In float64, as the softmax: probabilities then add up to one."""
        emissions, parameters = split_outputs(outputs.astype(np.float64))
        return make_crf(self.n_outputs, np.float64), emissions, parameters


class StepTargets(Targets):
    """Labels of steps.

    Parameters
    ----------
    loss : StepCrossEntropy
    y : Sequences
        Codes, and relative weights if they differ.
    weights : ndarray of shape (n_samples,) or None
        Mean weight of the steps of each sample.
    """

    def __init__(self, loss, y, weights=None):
        self.loss = loss
        self._lengths = np.asarray(y.lengths)
        values = y.values
        self._codes = np.ascontiguousarray(values[:, 0], dtype=np.intp)
        self._weights = None
        if weights is not None or values.shape[1] > 1:
            of_samples = np.ones(len(y)) if weights is None else weights
            self._weights = np.repeat(of_samples.astype(np.float64), self._lengths)
            if values.shape[1] > 1:
                self._weights *= values[:, 1]

    def initialize(self, network, index):
        """Set the head's bias to log frequencies of the labels in the samples."""
        used = np.zeros(len(self._lengths))
        used[index] = 1
        used = np.repeat(used, self._lengths)
        if self._weights is not None:
            used *= self._weights
        self.loss.initialize_outputs(network, self._codes, used)

    def _prepare(self, dtype, index):
        """Scale the weights to a mean of 1 over the steps of `index`."""
        chosen = np.zeros(len(self._lengths), dtype=bool)
        chosen[index] = True
        chosen = np.repeat(chosen, self._lengths)
        n_steps = int(np.count_nonzero(chosen))
        self._step_weights = None
        if self._weights is not None:
            used = self._weights[chosen]
            if (used != used[0]).any():
                scale = n_steps / used.sum()
                self._step_weights = (self._weights * scale).astype(dtype)
        self._mean_length = n_steps / len(index)

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch, with the gradient for the outputs.

        The sum is divided by the number of samples times the mean length of all: a step
        counts the same in every batch.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows, n_labels)
        batch : PackedBatch

        Returns
        -------
        value : float
        d_outputs : ndarray of the shape and dtype of `outputs`
        """
        return self.loss.value_and_gradient(
            outputs, self._codes[batch.row_source], self._weights_of(batch),
            batch.n_samples * self._mean_length, self._n_threads,
        )  # fmt: skip

    def measure(self, outputs, batch):
        """Return summed loss, summed accuracy and summed weight of a batch."""
        weights = self._weights_of(batch)
        found = self.loss.labels(outputs, batch, self._n_threads)
        right = found == self._codes[batch.row_source]
        if weights is None:
            n_right, weight = right.sum(), len(right)
        else:
            n_right, weight = weights[right].sum(), weights.sum()
        return np.array([self._loss_of(outputs, batch), n_right, weight])

    def tally(self):
        """Return what adds up the batches of a validation."""
        return MeanTally(self)

    def _weights_of(self, batch):
        weights = self._step_weights
        return None if weights is None else weights[batch.row_source]

    def _loss_of(self, outputs, batch):
        codes, weights = self._codes[batch.row_source], self._weights_of(batch)
        return self.loss.value_and_gradient(
            outputs, codes, weights, 1.0, self._n_threads
        )[0]


class PathTargets(StepTargets):
    """Labels of steps that are one thing, a path.

    Parameters are those of `StepTargets`.
    """

    def _prepare(self, dtype, index):
        """Scale the weights, and make what computes the loss."""
        super()._prepare(dtype, index)
        self._crf = make_crf(self.loss.n_outputs, dtype)
        self._workspace = Workspace(dtype)

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch and its gradient; see `StepTargets`.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows + n_labels + 2, n_labels)
            Of a `CRFHead`.
        batch : PackedBatch

        Returns
        -------
        value : float
        d_outputs : ndarray of the shape and dtype of `outputs`
        """
        d_outputs = np.empty(outputs.shape, outputs.dtype)
        d_emissions, d_field = split_outputs(d_outputs)
        gradients = {name: np.empty_like(d, order="C") for name, d in d_field.items()}
        losses, d_rows = self._losses(outputs, batch, gradients)
        factor = 1.0 / (batch.n_samples * self._mean_length)
        np.multiply(d_rows, factor, d_emissions)
        for name, gradient in gradients.items():
            np.multiply(gradient, factor, d_field[name])
        return float(losses.sum()) * factor, d_outputs

    def _losses(self, outputs, batch, gradients=None):
        emissions, field = split_outputs(outputs)
        field = {name: np.ascontiguousarray(rows) for name, rows in field.items()}
        weights = self._weights_of(batch)
        if weights is not None:
            weights = weights[: batch.n_samples]  # of the first steps
        return self._crf.negative_log_likelihood(
            emissions, batch, self._codes[batch.row_source], weights, field, gradients,
            self._workspace, self._n_threads,
        )  # fmt: skip

    def _loss_of(self, outputs, batch):
        return float(self._losses(outputs, batch)[0].sum())
