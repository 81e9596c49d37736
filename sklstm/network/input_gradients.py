"""What a network says, differentiated with respect to what its layers read.

This is for explanations: a pass in inference (no dropout, zoneout's expectation) and
back, without the gradients of the parameters. It works on arrays of its own, so that
predictions may run at the same time, and leaves nothing behind.
"""

import numpy as np

from .chain import Pass
from .coded_rows import CodedRows
from .memory import aligned_empty, round_up

__all__ = ["InputGradients"]


class InputGradients:
    """The part of `RecurrentNetwork` that leads back to its inputs."""

    def rows_read(self, batch, n_threads=1):
        """What the layers read of each step.

        Parameters
        ----------
        batch : PackedBatch
        n_threads : int, default=1

        Returns
        -------
        rows : ndarray of shape (n_rows, config.n_features)
            The inputs; of a network that reads symbols, the numbers that stand for
            them. Not to be written to.
        """
        rows = self._read(batch, n_threads).inputs
        return rows.rows[rows.codes] if isinstance(rows, CodedRows) else rows

    def input_gradients(
        self, batch, derivative, n_threads=1, *, pooling="outputs", window_steps=None
    ):
        """Gradients of a function of the outputs at every row that the layers read.

        Parameters
        ----------
        batch : PackedBatch
            Its inputs are those of the layers, see `rows_read`.
        derivative : callable
            Takes the outputs, as `predict` returns them, and returns the gradient of
            the function with respect to each of them.
        n_threads : int, default=1
        pooling : {"outputs", "last", "mean", "max"} or None, default="outputs"
            What `derivative` takes: the outputs of the head, or the hidden states of
            the top layer, pooled or (None) those of all steps.
        window_steps : int, default=None
            Steps of a window, of which only the states between are kept; the result is
            the same. None keeps everything.

        Returns
        -------
        d_rows : ndarray of shape (n_rows, config.n_features)
            In packed order. That of a sequence does not depend on the others in the
            batch, to the last bit.
        """
        packed_layers, packed_head = self._packed_forward()
        workspaces = self._make_workspaces()
        arrays = self._arrays(packed_layers, workspaces)
        if self.config.reads_codes:  # every row by itself
            codes = np.arange(batch.n_rows, dtype=np.intp)
            batch = batch.with_inputs(CodedRows(codes, batch.inputs))
        run = Pass(batch, n_threads, training=True, window_steps=window_steps)
        of_head = pooling == "outputs"
        features, traces = self._stack.forward(
            run, arrays, self.config.pooling if of_head else pooling
        )
        if of_head:
            outputs = self._head.forward(features, packed_head, n_threads)
            workspace = workspaces["head"]
            panels = self._head.pack_backward(self._head_parameters, workspace)
            d_features = self._head.feature_gradient(
                derivative(outputs), panels, workspace, n_threads
            )
        else:
            d_features = self._padded(derivative(features[:, : self.n_features_out]))
        shape = (batch.n_rows, round_up(self.config.n_features, self.kernels.lanes()))
        d_rows = aligned_empty(shape, self.dtype)
        self._stack.backward(run, traces, d_features, arrays, {}, d_inputs=d_rows)
        return d_rows[:, : self.config.n_features]

    def _padded(self, d_features):
        """With whole registers in a row, as the layers take it."""
        shape = (len(d_features), round_up(self.n_features_out, self.kernels.lanes()))
        padded = aligned_empty(shape, self.dtype)
        padded[:, : self.n_features_out] = d_features
        padded[:, self.n_features_out :] = 0
        return padded
