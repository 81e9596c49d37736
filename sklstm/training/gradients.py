"""Between backward and the optimiser: the penalty on weights, and clipping."""

import math

import numpy as np

from .optimizers import BLOCK_SIZE


class L2Penalty:
    """``strength / 2 * sum(parameters[is_weight]**2)``, added to the loss.

    Parameters
    ----------
    parameters, gradient : ndarray of shape (n_parameters,)
        The vectors that `add_gradient` reads and adds to.
    is_weight : ndarray of bool of shape (n_parameters,)
        Which parameters are penalised: weights, not biases.
    strength : float
        ``alpha`` divided by the sum of the sample weights.
    """

    def __init__(self, parameters, gradient, is_weight, strength):
        parameters = self._parameters = parameters[: len(gradient)]
        is_weight = is_weight[: len(gradient)]
        self._strengths = np.where(is_weight, strength, 0).astype(parameters.dtype)
        scratch = np.empty_like(parameters[:BLOCK_SIZE])
        self._blocks = [
            (
                parameters[start : start + BLOCK_SIZE],
                gradient[start : start + BLOCK_SIZE],
                self._strengths[start : start + BLOCK_SIZE],
                scratch[: len(parameters) - start],
            )
            for start in range(0, len(gradient), BLOCK_SIZE)
        ]

    def value(self):
        """Return the penalty at the present parameters, summed in float64."""
        squares = np.square(self._parameters, dtype=np.float64)
        squares *= self._strengths
        return 0.5 * float(np.add.reduce(squares))

    def add_gradient(self):
        """Add the penalty's gradient to the gradient vector."""
        for parameters, gradient, strengths, scratch in self._blocks:
            np.multiply(parameters, strengths, scratch)
            np.add(gradient, scratch, gradient)


class NormClipper:
    """Scales the gradient down to a largest Euclidean norm.

    Parameters
    ----------
    gradient : ndarray of shape (n_parameters,)
        Scaled in place by `clip`.
    max_norm : float or None
        The largest norm; None measures and never scales.
    """

    def __init__(self, gradient, max_norm):
        self._gradient = gradient
        self._max_norm = math.inf if max_norm is None else max_norm
        scratch = np.empty_like(gradient[:BLOCK_SIZE])
        self._blocks = [
            (gradient[start : start + BLOCK_SIZE], scratch[: len(gradient) - start])
            for start in range(0, len(gradient), BLOCK_SIZE)
        ]

    def clip(self, row_gradients=()):
        """Scale the gradient if it is too long.

        Parameters
        ----------
        row_gradients : sequence of RowGradient, default=()
            Further parts of the gradient.

        Returns
        -------
        norm : float
            The norm before scaling. NaN or infinite if the gradient has such entries.
        """
        norm = self.norm()
        for part in row_gradients:
            norm = math.hypot(norm, _norm_of(part.values))
        if norm > self._max_norm:
            scale = self._max_norm / norm
            for gradient, _ in self._blocks:
                np.multiply(gradient, scale, gradient)
            for part in row_gradients:
                np.multiply(part.values, scale, part.values)
        return norm

    def norm(self):
        """Return the Euclidean norm of the gradient."""
        total = 0.0
        for gradient, scratch in self._blocks:
            np.multiply(gradient, gradient, scratch)
            total += float(np.add.reduce(scratch))
        if not math.isfinite(total):
            # The square of a large float32 overflows long before the number does.
            squares = np.square(self._gradient, dtype=np.float64)
            total = float(np.add.reduce(squares))
        return math.sqrt(total) if total >= 0 else total


def _norm_of(values):
    """The Euclidean norm of the rows of a table."""
    return math.sqrt(
        float(np.add.reduce(np.square(values, dtype=np.float64), axis=None))
    )
