"""What the outputs of a batch are compared with: y, or the inputs one step later.

All targets answer the same questions for the epoch loop, which therefore does not know
which of them it runs.
"""

import numpy as np

from .tallies import RowTally
from .weighted_statistics import deviation_or_one


class Targets:
    """What the outputs of a batch are compared with."""

    _n_threads = 1

    def prepare(self, dtype, index, n_threads=1):
        """Bring targets and weights into the form that is compared.

        Parameters
        ----------
        dtype : numpy.dtype
            The network's.
        index : ndarray of int
            The samples over which weights are 1 on average.
        n_threads : int, default=1
            For the losses that have kernels of their own.
        """
        self._n_threads = n_threads
        self._prepare(dtype, index)


class SequenceTargets(Targets):
    """One target per sequence.

    Parameters
    ----------
    loss : Loss
        What to minimise.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        One row for each sequence, not yet encoded.
    weights : ndarray of shape (n_samples,) or None
        Sample weights.
    """

    def __init__(self, loss, y, weights=None):
        self.loss = loss
        self._y = y
        self._weights = weights

    def initialize(self, network, index):
        """Set the head's start, and the loss's scale, from the samples of `index`."""
        weights = None if self._weights is None else self._weights[index]
        self.loss.initialize_outputs(network, self._y[index], weights)

    def _prepare(self, dtype, index):
        """Encode the targets, and scale the weights to a mean of 1 over `index`.

        Weights of any size then keep their digits in float32.
        """
        self._targets = self.loss.encode_targets(self._y, dtype)
        weights = self._weights
        if weights is not None:
            weights = weights / weights[index].mean()
            equal = (weights[index] == weights[index[0]]).all()
            weights = None if equal else weights.astype(dtype)
        self._batch_weights = weights

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch, with the gradient for the head's outputs.

        The weighted sum is divided by the number of samples in the batch (whose weights
        are 1 on average over all), not by the sum of their weights: batches then add up
        to the loss of all data, and a light sample is light in every company.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_samples, n_outputs)
        batch : PackedBatch

        Returns
        -------
        value : float
        d_outputs : ndarray of the shape and dtype of `outputs`
        """
        index = batch.index
        weights = self._batch_weights
        return self.loss.value_and_gradient(
            outputs,
            self._targets[index],
            None if weights is None else weights[index],
            batch.n_samples,
            self._n_threads,
        )

    def select(self, outputs, batch):
        """Return outputs, targets and weights of a batch, to be put together."""
        index = batch.index
        weights = self._batch_weights
        selected = None if weights is None else weights[index]
        return outputs, self._targets[index], selected

    def tally(self):
        """Return what adds up the batches of a validation."""
        return RowTally(self)


class NextStepTargets(Targets):
    """The inputs of the next step, for every step but the last.

    A sequence's weight (1 if none is given) is spread evenly over its steps.

    Parameters
    ----------
    loss : SquaredError
        What to minimise; its standard scale is that of the input channels.
    sequences : Sequences
        The inputs.
    weights : ndarray of shape (n_samples,) or None
        Sample weights.
    """

    def __init__(self, loss, sequences, weights=None):
        self.loss = loss
        self._sequences = sequences
        self._weights = weights

    def initialize(self, network, index):
        """Set the loss's scale from the steps that are targets in `index`."""
        lengths = np.asarray(self._sequences.lengths)
        step_weights = np.zeros(len(lengths))
        share = 1.0 if self._weights is None else self._weights[index]
        step_weights[index] = share / (lengths[index] - 1)
        mean, deviation = _channel_moments(self._sequences, step_weights)
        self.loss.set_standard_scale(network, center=mean, scale=deviation)

    def _prepare(self, dtype, index):
        """Scale the weights to a mean of 1 over `index`."""
        self._center = self.loss.center.astype(dtype)
        self._scale = self.loss.scale.astype(dtype)
        lengths = np.asarray(self._sequences.lengths)
        weights = np.ones(len(lengths))
        if self._weights is not None:
            weights = self._weights / self._weights[index].mean()
        self._step_weights = (weights / np.maximum(lengths - 1, 1)).astype(dtype)

    def value_and_gradient(self, outputs, batch):
        """Return the loss of a batch, with the gradient for the head's outputs.

        Parameters
        ----------
        outputs : ndarray of shape (batch.n_rows, n_features)
        batch : PackedBatch

        Returns
        -------
        value : float
        d_outputs : ndarray of the shape and dtype of `outputs`
            Zero in the rows of last steps.
        """
        rows, samples = rows_with_a_successor(batch)
        value, d_rows = self.loss.value_and_gradient(
            outputs[rows],
            self._targets_of(batch),
            self._step_weights[batch.index][samples],
            batch.n_samples,
        )
        d_outputs = np.zeros_like(outputs)
        d_outputs[rows] = d_rows
        return value, d_outputs

    def select(self, outputs, batch):
        """Return outputs, targets and weights of a batch, to be put together."""
        rows, samples = rows_with_a_successor(batch)
        weights = self._step_weights[batch.index][samples]
        return outputs[rows], self._targets_of(batch), weights

    def tally(self):
        """Return what adds up the batches of a validation."""
        return RowTally(self)

    def _targets_of(self, batch):
        targets = np.subtract(batch.inputs[batch.offsets[1] :], self._center)
        return np.divide(targets, self._scale, targets)


def rows_with_a_successor(batch):
    """Return the rows of a packed batch that are followed by another step.

    Row ``(t, b)`` stands at ``offsets[t] + b``; the rows of step t that go on are its
    first ones, as many as step t + 1 has. In this order their successors are all rows
    from step 1 on.

    Parameters
    ----------
    batch : PackedBatch

    Returns
    -------
    rows : ndarray of intp of shape (batch.n_rows - batch.n_samples,)
    samples : ndarray of intp of the same shape
        Position b of each row's sequence in the batch.
    """
    offsets = np.asarray(batch.offsets, dtype=np.intp)
    n_at_step = np.diff(offsets)
    starts = np.repeat(offsets[1:-1], n_at_step[1:])
    samples = np.arange(offsets[1], offsets[-1]) - starts
    return np.repeat(offsets[:-2], n_at_step[1:]) + samples, samples


def _channel_moments(sequences, step_weights, rows_at_once=65536):
    """Return weighted mean and deviation of each channel over steps 1, 2, ....

    Reads the values in pieces, twice, so that a memory map larger than memory is fine.

    Parameters
    ----------
    sequences : Sequences
    step_weights : ndarray of shape (n_samples,)
        Weight of every step of a sequence; its step 0 is not a target and counts 0.
    rows_at_once : int, default=65536

    Returns
    -------
    mean, deviation : ndarray of shape (n_features,), float64
        Deviation 1 where a channel is constant.
    """
    values = sequences.values
    weights = np.repeat(step_weights, sequences.lengths)
    weights[sequences.offsets[:-1]] = 0
    weights /= weights.sum()
    pieces = [
        slice(start, start + rows_at_once)
        for start in range(0, len(values), rows_at_once)
    ]
    mean = np.zeros(values.shape[1])
    for piece in pieces:
        mean += (weights[piece, np.newaxis] * values[piece]).sum(axis=0)
    variance = np.zeros(values.shape[1])
    for piece in pieces:
        squares = np.square(values[piece] - mean)
        variance += (weights[piece, np.newaxis] * squares).sum(axis=0)
    return mean, deviation_or_one(np.sqrt(variance), mean)
