"""What becomes of the outputs of many batches: one loss and one score."""

import numpy as np


class RowTally:
    """Puts the rows of all batches together, for scores that need all of them.

    Parameters
    ----------
    targets : SequenceTargets or NextStepTargets
    """

    def __init__(self, targets):
        self._targets = targets
        self._parts = []

    def add(self, outputs, batch):
        """Add a batch.

        Parameters
        ----------
        outputs : ndarray of shape (n_rows, n_outputs)
            What the network made of it.
        batch : PackedBatch
        """
        self._parts.append(self._targets.select(outputs, batch))

    def result(self):
        """Return the loss and the score of all that was added.

        Returns
        -------
        loss, score : float
        """
        outputs, targets, weights = zip(*self._parts, strict=True)
        outputs, targets = np.concatenate(outputs), np.concatenate(targets)
        weights = None if weights[0] is None else np.concatenate(weights)
        loss = self._targets.loss
        return (
            loss.value(outputs, targets, weights),
            loss.score(outputs, targets, weights),
        )


class MeanTally:
    """Adds up the losses and scores of batches, where both are means over steps.

    Parameters
    ----------
    targets : object
        With ``measure(outputs, batch)``, which returns the sum of the weighted losses,
        that of the weighted scores, and that of the weights.
    """

    def __init__(self, targets):
        self._targets = targets
        self._sums = np.zeros(3)

    def add(self, outputs, batch):
        """Add a batch; see `RowTally.add`."""
        self._sums += self._targets.measure(outputs, batch)

    def result(self):
        """Return the mean loss and the mean score."""
        loss, score, weight = self._sums.tolist()
        return loss / weight, score / weight
