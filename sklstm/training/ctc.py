"""Connectionist temporal classification: labels in order, their times unknown."""

import numpy as np

from ..decoding import best_path, edit_distance
from ..network.ctc import ctc_losses
from ..network.links import softmax
from ..network.memory import Workspace
from .losses import Loss
from .targets import Targets


class CTCLoss(Loss):
    """``-log p(labels | outputs)``, summed over all paths of the labels.

    Divided by the mean number of labels of a sample, so that values are per label: a
    sample with more labels counts for more, as it does in the label error rate, and
    values of short and of long texts compare.

    The score is 1 less the label error rate of the most probable path: the edit
    distance to the true labels over their number, both summed over the samples.

    Parameters
    ----------
    n_labels : int
        Labels there are; one output more, the last, is the blank.
    """

    def __init__(self, n_labels):
        self.n_outputs = n_labels + 1

    def make_targets(self, sequences, y, weights=None):
        """Return `CTCTargets`; `y` are `Sequences` of codes."""
        return CTCTargets(self, sequences, y, weights)

    def predict(self, outputs):
        """Return the class probabilities of each row; see `Loss`."""
        return softmax(outputs)


class CTCTargets(Targets):
    """The labels of each sample; see `SequenceTargets` for what targets do.

    Parameters
    ----------
    loss : CTCLoss
    sequences : Sequences
        The inputs.
    labels : Sequences
        Integer codes, one column.
    weights : ndarray of shape (n_samples,) or None, default=None
        Sample weights.
    """

    def __init__(self, loss, sequences, labels, weights=None):
        self.loss = loss
        self._lengths = sequences.lengths
        self._labels = labels
        self._weights = weights

    def initialize(self, network, index):
        """Set the blank's bias to half of its log odds against a label.

        A network learns first that most steps are blank. With the log odds themselves
        it knows this at once, but finds the labels late; half of them was best in
        comparison, in epochs needed and in the final error.
        """
        weights = np.ones(len(index)) if self._weights is None else self._weights[index]
        n_labels = (weights * self._labels.lengths[index]).sum()
        n_steps = (weights * self._lengths[index]).sum()
        share = np.clip(n_labels / n_steps, 1e-6, 0.5)
        odds = (1 - share) / (share / (self.loss.n_outputs - 1))
        network.output_bias[:] = 0
        network.output_bias[-1] = 0.5 * np.log(odds)
        network.parameters_changed()

    def _prepare(self, dtype, index):
        """Scale the weights so that a loss is per label, on average over `index`."""
        weights = np.ones(len(self._labels))
        if self._weights is not None:
            weights = self._weights / self._weights[index].mean()
        n_labels = (weights[index] * self._labels.lengths[index]).mean()
        self._label_weights = weights / max(n_labels, 1.0)
        self._workspace = Workspace(dtype)
        self._sample_weights = weights

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch and its gradient; see `SequenceTargets`."""
        weights = self._label_weights[batch.index] / batch.n_samples
        losses, d_outputs = ctc_losses(
            outputs,
            batch,
            self._labels,
            self._workspace,
            factors=weights.astype(outputs.dtype),
            n_threads=self._n_threads,
        )
        return float(np.add.reduce(losses * weights)), d_outputs

    def losses(self, outputs, batch):
        """Return the loss of each sample of a batch."""
        return ctc_losses(
            outputs, batch, self._labels, self._workspace, n_threads=self._n_threads
        )[0]

    def tally(self):
        """Return an empty `CTCTally`."""
        return CTCTally(self)


class CTCTally:
    """Loss and label error rate, batch by batch.

    Parameters
    ----------
    targets : CTCTargets
    """

    def __init__(self, targets):
        self._targets = targets
        self._loss = self._n_labels = self._n_errors = 0.0

    def add(self, outputs, batch):
        """Add a batch.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows, n_outputs)
            In packed order.
        batch : PackedBatch
        """
        targets = self._targets
        labels, weights = targets._labels, targets._sample_weights[batch.index]
        losses = targets.losses(outputs, batch)
        found = best_path(outputs, batch.lengths, offsets=batch.offsets)
        wanted = [labels[sample].reshape(-1) for sample in batch.index]
        self._loss += float(np.add.reduce(losses * weights))
        self._n_labels += float(np.add.reduce(labels.lengths[batch.index] * weights))
        distances = edit_distance(found, wanted)
        self._n_errors += float(np.add.reduce(distances * weights))

    def result(self):
        """Return the loss per label, and 1 less the label error rate."""
        n_labels = max(self._n_labels, 1.0)
        return self._loss / n_labels, 1.0 - self._n_errors / n_labels
