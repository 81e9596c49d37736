"""A head that computes some of its outputs only: for large vocabularies."""

import numpy as np

from .head import Head

__all__ = ["Candidates", "SampledHead"]


class Candidates:
    """The outputs of a pass that are computed.

    Attributes
    ----------
    rows : ndarray of intp of shape (n_candidates,)
        Ascending.
    log_inclusion : ndarray of shape (n_candidates,)
        Logarithms of the probabilities with which they came to be candidates; taken off
        the outputs, so that a sum of exponentials is right on average.
    """

    __slots__ = ("log_inclusion", "rows")

    def __init__(self, rows, log_inclusion):
        self.rows, self.log_inclusion = rows, log_inclusion


class SampledHead(Head):
    """A `Head` of which a training pass needs some outputs.

    Attributes
    ----------
    candidates : Candidates or None
        Which, in the next pass; None for all. A pass with candidates leaves its
        gradients in `row_gradients`.
    row_gradients : tuple of ndarray
        Weight and bias, of the candidates.
    """

    candidates = row_gradients = None

    def pack_forward(self, parameters, workspace):
        """Panels and bias registers of what is computed; see `Head`."""
        if self.candidates is None:
            return super().pack_forward(parameters, workspace)
        rows = self.candidates.rows
        self._part = Head(self.n_inputs, len(rows), self.dtype, self.kernels)
        bias = parameters["bias"][rows] - self.candidates.log_inclusion
        self._taken = {
            "weight": parameters["weight"][rows],
            "bias": bias.astype(self.dtype),
        }
        return self._part.pack_forward(self._taken, workspace)

    def forward(self, features, packed, n_threads):
        """Outputs of shape (n_rows, n_outputs or n_candidates), a new array."""
        if self.candidates is None:
            return super().forward(features, packed, n_threads)
        return self._part.forward(features, packed, n_threads)

    def pack_backward(self, parameters, workspace):
        """Panels of the product that sends the gradient to the features."""
        if self.candidates is None:
            return super().pack_backward(parameters, workspace)
        return self._part.pack_backward(self._taken, workspace)

    def backward(self, features, d_outputs, panels, gradients, workspace, n_threads):
        """Gradients, of the candidates in `row_gradients`; that of the features."""
        if self.candidates is None:
            return super().backward(
                features, d_outputs, panels, gradients, workspace, n_threads
            )
        own = {name: np.empty_like(array) for name, array in self._taken.items()}
        self.row_gradients = own["weight"], own["bias"]
        return self._part.backward(
            features, d_outputs, panels, own, workspace, n_threads
        )
