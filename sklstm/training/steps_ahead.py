"""A loss over several targets, each of which is answered at a step of its own.

The last steps of a sequence are those to forecast: the network reads there what is
known of them, and its output at step h of them is the answer for target h. So all steps
share one head, and what a covariate means is learned from all of them at once.
"""

import numpy as np

from .losses import Loss
from .targets import SequenceTargets


class StepsAhead(Loss):
    """Makes a loss of ``n_steps`` targets one of the outputs at the last steps.

    Parameters
    ----------
    loss : Loss
        Of `n_steps` targets; its outputs lie target by target.
    n_steps : int
        Targets of a sequence, and steps at its end.

    Attributes
    ----------
    n_outputs : int
        Of the head, for one step.
    """

    def __init__(self, loss, n_steps):
        self.loss = loss
        self.n_steps = n_steps
        self.n_outputs = loss.n_outputs // n_steps
        self.lower_bound = loss.lower_bound

    def make_targets(self, sequences, y, weights=None):
        """Return what the outputs of a batch are compared with; see `Loss`."""
        return StepsAheadTargets(self, np.asarray(y), weights)

    def predict_last(self, outputs, n_samples):
        """Return the predictions for the last steps of `n_samples` equal sequences.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples * n_timesteps, n_outputs)
            At all steps, one sequence after the other.
        n_samples : int

        Returns
        -------
        predictions : ndarray of shape (n_samples, n_steps * n_outputs)
        """
        by_sequence = outputs.reshape(n_samples, -1, self.n_outputs)
        last = by_sequence[:, by_sequence.shape[1] - self.n_steps :]
        return self.loss.predict(last.reshape(n_samples, -1))


class StepsAheadTargets(SequenceTargets):
    """One target for each of the last steps of a sequence.

    Parameters
    ----------
    steps_ahead : StepsAhead
    y : ndarray of shape (n_samples, n_steps)
    weights : ndarray of shape (n_samples,) or None
    """

    def __init__(self, steps_ahead, y, weights=None):
        super().__init__(steps_ahead.loss, y, weights)
        self._n_steps = steps_ahead.n_steps

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch, with the gradient for the head's outputs.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows, n_outputs)
        batch : PackedBatch

        Returns
        -------
        value : float
        d_outputs : ndarray of the shape and dtype of `outputs`
            Zero but in the rows of the last steps.
        """
        rows = last_rows(batch, self._n_steps)
        answers = outputs[rows]
        value, d_answers = super().value_and_gradient(
            answers.reshape(len(rows), -1), batch
        )
        d_outputs = np.zeros_like(outputs)
        d_outputs[rows] = d_answers.reshape(answers.shape)
        return value, d_outputs

    def select(self, outputs, batch):
        """Return outputs, targets and weights of a batch, to be put together."""
        rows = last_rows(batch, self._n_steps)
        return super().select(outputs[rows].reshape(len(rows), -1), batch)


def last_rows(batch, n_steps):
    """Return the packed rows of the last steps of each sequence of a batch.

    Parameters
    ----------
    batch : PackedBatch
    n_steps : int
        At most the length of the shortest.

    Returns
    -------
    rows : ndarray of intp of shape (n_samples, n_steps)
    """
    steps = batch.lengths[:, np.newaxis] - n_steps + np.arange(n_steps)
    return np.asarray(batch.offsets)[steps] + np.arange(batch.n_samples)[:, np.newaxis]
