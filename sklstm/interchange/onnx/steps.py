"""The time axis of a graph: how long its sequences are, and which steps are theirs."""

from functools import cached_property

import numpy as np

__all__ = ["Steps"]


class Steps:
    """Sequences side by side, time first, behind whose ends there is padding.

    Parameters
    ----------
    graph : GraphBuilder
    x : str
        Of shape (n_timesteps, n_samples, ...).
    lengths : str or None
        Of shape (n_samples,), int64. None says that all steps are steps.

    Attributes
    ----------
    is_ragged : bool
        Whether there may be padding.
    """

    def __init__(self, graph, x, lengths):
        self._graph, self._x, self._lengths = graph, x, lengths
        self.is_ragged = lengths is not None

    @cached_property
    def _shape(self):
        return self._graph.op("Shape", self._x, start=0, end=2)

    @cached_property
    def n_timesteps(self):
        """Number of steps, padding included, of shape (1,)."""
        return self._graph.columns(self._shape, 0, 1, axis=0)

    @cached_property
    def n_samples(self):
        """Number of sequences, of shape (1,)."""
        return self._graph.columns(self._shape, 1, 2, axis=0)

    @cached_property
    def lengths(self):
        """Steps of each sequence, of shape (n_samples,)."""
        if self.is_ragged:
            return self._lengths
        return self._graph.op("Expand", self.n_timesteps, self.n_samples)

    @cached_property
    def sequence_lens(self):
        """The lengths as recurrent operators take them."""
        return self._graph.cast(self.lengths, np.int32)

    @cached_property
    def numbers(self):
        """Numbers of the steps from 0, of shape (n_timesteps,)."""
        stop = self._graph.op("Squeeze", self.n_timesteps, [0])
        return self._graph.op("Range", 0, stop, 1)

    @cached_property
    def are_real(self):
        """Whether a step is no padding, of shape (n_timesteps, n_samples, 1)."""
        numbers = self._graph.op("Unsqueeze", self.numbers, [1, 2])
        return self._graph.op(
            "Less", numbers, self._graph.op("Unsqueeze", self.lengths, [1])
        )

    def repeated(self, state):
        """A state of shape (size,) for all samples, (n_samples, size)."""
        shape = self._graph.joined([self.n_samples, self._graph.constant([1])], axis=0)
        return self._graph.op("Expand", np.asarray(state, dtype=np.float32), shape)

    def filled(self, rows, value):
        """Rows, with a value of their dtype where there is padding."""
        if not self.is_ragged:
            return rows
        return self._graph.op("Where", self.are_real, rows, value)

    def by_sample(self, rows):
        """Rows of shape (n_timesteps, n_samples, width), samples first."""
        return self._graph.transposed(rows, 1, 0, 2)

    def backward(self, rows):
        """Each sequence from its own last step to its first; padding stays behind."""
        return self._graph.op(
            "ReverseSequence", rows, self.lengths, batch_axis=1, time_axis=0
        )

    def pooled(self, rows, pooling):
        """The mean or the largest value of the steps, (n_samples, width)."""
        graph = self._graph
        if pooling == "max":
            rows = self.filled(rows, np.finfo(np.float32).min)
            return graph.op("ReduceMax", rows, [0], keepdims=0)
        total = graph.op("ReduceSum", self.filled(rows, np.float32(0)), [0], keepdims=0)
        lengths = graph.op("Unsqueeze", graph.cast(self.lengths, np.float32), [1])
        return graph.op("Div", total, lengths)
