"""What a loss is, and the part that all of them share.

A loss belongs to one fitted estimator and lives as long as it does. It knows

- how the user's y becomes `targets`, the form the training step reads
  (`encode_targets`): integer codes, signs, or numbers on a standard scale;
- where the head starts (`initialize_outputs`): log priors, or the weighted mean and
  scale of y;
- the value and the gradient of a batch (`value_and_gradient`);
- the link from outputs to predictions (`predict`), and a `score` for validation.

**Standard scale.** Regression networks never see y in its own units: their targets
are ``(y - center) / scale`` per column, so that a target with mean 1e6 learns as fast
as one with mean 0 and columns of different units count alike. `center` and `scale` stay
in the loss object, as float64, and `predict` applies them to each number on its own:
training can go on from exactly the weights it left, and a prediction does not depend on
the other rows of a batch. Loss values are on the standard scale too, so ``tol`` has one
meaning for every unit of y. Both are set once, by `initialize_outputs`, and kept by
later calls of ``partial_fit``.

A value is ``sum(weights * l) / total_weight``, where ``l`` is the loss of a row,
averaged over the outputs (a softmax over classes counts as one output). Row losses have
the outputs' dtype; their sum is taken in float64.
"""

import numpy as np

from .targets import NextStepTargets, SequenceTargets
from .weighted_statistics import weighted_mean


class Loss:
    """Base of all losses.

    Attributes
    ----------
    n_outputs : int
        Columns that the network's head must have.
    lower_bound : float
        No loss is below it.
    """

    lower_bound = 0.0

    def make_targets(self, sequences, y, weights=None):
        """Return what the outputs of a batch are compared with.

        Parameters
        ----------
        sequences : Sequences
        y : ndarray of shape (n_samples,) or (n_samples, n_targets) or None
            None for the inputs one step later.
        weights : ndarray of shape (n_samples,) or None, default=None

        Returns
        -------
        targets : SequenceTargets or NextStepTargets
        """
        if y is None:
            return NextStepTargets(self, sequences, weights)
        return SequenceTargets(self, np.asarray(y), weights)

    def encode_targets(self, y, dtype):
        """Return y in the form that `value_and_gradient` reads.

        Parameters
        ----------
        y : ndarray of shape (n_rows,) or (n_rows, n_targets)
        dtype : numpy.dtype
            The network's.

        Returns
        -------
        targets : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        """
        raise NotImplementedError

    def initialize_outputs(self, network, y, weights=None):
        """Set the head's bias so that the untrained network predicts a good constant.

        Parameters
        ----------
        network : RecurrentNetwork
            Its ``output_bias`` is written.
        y : ndarray of shape (n_rows,) or (n_rows, n_targets)
            Not yet encoded.
        weights : ndarray of shape (n_rows,) or None, default=None
            Positive.
        """
        raise NotImplementedError

    def value_and_gradient(self, outputs, targets, weights, total_weight, n_threads=1):
        """Return the loss of a batch and its gradient.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs)
            The head's outputs, before the link.
        targets : ndarray of shape (n_rows,) or (n_rows, n_outputs)
            From `encode_targets`.
        weights : ndarray of shape (n_rows,) or None
            None means ones. Of the outputs' dtype, or the gradient is not.
        total_weight : float
            What the weighted sum is divided by.
        n_threads : int, default=1

        Returns
        -------
        value : float
        d_outputs : ndarray of shape (n_rows, n_outputs)
            Of the outputs' dtype; a new array.
        """
        raise NotImplementedError

    def value(self, outputs, targets, weights=None):
        """Return the mean loss of some rows, without the gradient."""
        total_weight = len(targets) if weights is None else float(weights.sum())
        return self.value_and_gradient(outputs, targets, weights, total_weight)[0]

    def score(self, outputs, targets, weights=None):
        """Return how good outputs are: higher is better, 1 is perfect."""
        raise NotImplementedError

    def predict(self, outputs):
        """Return the predictions that outputs stand for.

        Each row depends on its own outputs alone, to the last bit.
        """
        raise NotImplementedError

    def head_in_units(self, weight, bias):
        """Return weight and bias of a head whose outputs need no scale.

        Parameters
        ----------
        weight : ndarray of shape (n_outputs, n_hidden)
        bias : ndarray of shape (n_outputs,)
            Of the network's head.

        Returns
        -------
        weight, bias : ndarray
            In float64 if they differ. The link, if it is not the identity, is still to
            be applied.
        """
        return weight, bias

    def stratify(self, y):
        """Return the labels that a validation part should keep in proportion, or None.

        Parameters
        ----------
        y : ndarray of shape (n_rows,) or (n_rows, n_targets)
            Not yet encoded.

        Returns
        -------
        labels : ndarray of shape (n_rows,) or None
        """
        return None


class ElementwiseLoss(Loss):
    """A loss that is a mean over outputs of a function of one output and one target.

    Parameters
    ----------
    n_outputs : int, default=1
        Number of target columns.
    """

    def __init__(self, n_outputs=1):
        self.n_outputs = n_outputs

    def _terms(self, outputs, targets):
        """Return losses and derivatives, two new arrays of the outputs' shape."""
        raise NotImplementedError

    def value_and_gradient(self, outputs, targets, weights, total_weight, n_threads=1):
        """Return the loss of a batch and its gradient; see `Loss`."""
        losses, d_outputs = self._terms(outputs, targets)
        factor = 1.0 / (total_weight * self.n_outputs)
        if weights is None:
            np.multiply(d_outputs, factor, d_outputs)
        else:
            weights = weights[:, np.newaxis]
            np.multiply(losses, weights, losses)
            np.multiply(d_outputs, weights * factor, d_outputs)
        value = np.add.reduce(losses, axis=None, dtype=np.float64)
        return float(value) * factor, d_outputs

    def _losses_of_columns(self, outputs, targets, weights):
        """Return the mean loss of each output column, in float64."""
        losses, _ = self._terms(
            np.asarray(outputs, dtype=np.float64), np.asarray(targets, dtype=np.float64)
        )
        return weighted_mean(losses, weights)
