"""Losses of classification: cross-entropies on logits."""

import numpy as np

from ..network.links import cross_entropy, logistic, softmax
from .losses import ElementwiseLoss, Loss
from .weighted_statistics import weighted_mean

# Prior given to a class that the first data do not show (see `partial_fit`).
UNSEEN_PRIOR = 1e-3


class CrossEntropy(Loss):
    """Cross-entropy of a softmax over classes.

    ``log(sum(exp(outputs))) - outputs[target]``, with the largest output subtracted
    first, so that no output is too large.

    Parameters
    ----------
    n_classes : int
        Number of classes, 2 or more; as many outputs.
    """

    label_smoothing = 0.0

    def __init__(self, n_classes):
        self.n_outputs = n_classes

    def encode_targets(self, y, dtype):
        """Return the class codes 0, 1, ... as integers of pointer size."""
        return np.asarray(y).astype(np.intp)

    def initialize_outputs(self, network, y, weights=None):
        """Set the head's bias to the log of the weighted class frequencies."""
        counts = np.bincount(y, weights=weights, minlength=self.n_outputs)
        priors = counts / counts.sum()
        priors = np.where(priors > 0, priors, UNSEEN_PRIOR / self.n_outputs)
        network.output_bias[:] = np.log(priors)
        network.parameters_changed()

    def value_and_gradient(self, outputs, targets, weights, total_weight, n_threads=1):
        """Return the loss of a batch and its gradient; see `Loss`."""
        factor = 1.0 / total_weight
        losses, d_outputs = cross_entropy(
            outputs, targets, weights, factor, self.label_smoothing, n_threads
        )
        if weights is not None:
            np.multiply(losses, weights, losses)
        return float(np.add.reduce(losses)) * factor, d_outputs

    def score(self, outputs, targets, weights=None):
        """Return the weighted accuracy."""
        return _mean_of(outputs.argmax(axis=1) == targets, weights)

    def predict(self, outputs):
        """Return class probabilities of shape (n_rows, n_classes)."""
        return softmax(outputs)

    def stratify(self, y):
        """Return the class codes."""
        return np.asarray(y)


class BinaryCrossEntropy(ElementwiseLoss):
    """Cross-entropy of independent logistic outputs: two classes, or several labels.

    ``log(1 + exp(-output))`` for a positive target and ``log(1 + exp(output))`` for a
    negative one, both computed without overflow, and their gradients without loss of
    digits at either end.

    Parameters
    ----------
    n_outputs : int, default=1
        1 for two classes, the number of labels for multilabel targets.
    """

    def encode_targets(self, y, dtype):
        """Return 0 and 1 as the signs +1 and -1, the form the formula reads.

        A loss is then ``softplus(sign * output)`` for both classes.
        """
        positive = np.asarray(y).reshape(-1, self.n_outputs)
        return (1 - 2 * (positive != 0)).astype(dtype)

    def initialize_outputs(self, network, y, weights=None):
        """Set the head's bias to the log odds of the weighted label frequencies."""
        positive = (np.asarray(y).reshape(-1, self.n_outputs) != 0).astype(np.float64)
        priors = weighted_mean(positive, weights)
        others = weighted_mean(1 - positive, weights)
        priors = np.where(priors > 0, priors, 0.5 * UNSEEN_PRIOR)
        others = np.where(others > 0, others, 0.5 * UNSEEN_PRIOR)
        network.output_bias[:] = np.log(priors) - np.log(others)
        network.parameters_changed()

    def _terms(self, outputs, targets):
        signed = np.multiply(outputs, targets)
        losses = np.logaddexp(signed, 0.0)
        # logistic(z) = exp(z - softplus(z)): keeps all digits of a small gradient.
        np.subtract(signed, losses, signed)
        np.exp(signed, signed)
        np.multiply(signed, targets, signed)
        return losses, signed

    def score(self, outputs, targets, weights=None):
        """Return the weighted part of rows with every label right."""
        return _mean_of(((outputs > 0) == (targets < 0)).all(axis=1), weights)

    def predict(self, outputs):
        """Return the probability of each label, of shape (n_rows, n_outputs)."""
        return logistic(outputs)

    def stratify(self, y):
        """Return the labels if there is one column; several cannot be stratified."""
        return np.asarray(y).ravel() if self.n_outputs == 1 else None


def _mean_of(correct, weights):
    return float(weighted_mean(correct[:, np.newaxis], weights)[0])
