"""Outputs -> probabilities and rates, by our kernels.

NumPy's own exponential may round an element differently at another place of an array;
these give a row the same result alone and among any others.
"""

import numpy as np

from .._kernels import kernels_for

__all__ = [
    "class_log_probabilities",
    "class_probabilities",
    "cross_entropy",
    "exponential",
    "in_units",
    "logistic",
    "softmax",
]


_FLOAT64 = np.dtype(np.float64)


def _elementwise(name, outputs):
    values = np.array(outputs, order="C")
    getattr(kernels_for(values.dtype), name)(values.reshape(-1))
    return values


def exponential(outputs):
    """exp(outputs), as a new array of shape (n_rows, n_outputs)."""
    return _elementwise("exponential", outputs)


def logistic(outputs):
    """1 / (1 + exp(-outputs)), as a new array of shape (n_rows, n_outputs)."""
    return _elementwise("logistic", outputs)


def softmax(outputs):
    """Probabilities of each row, as a new array of shape (n_rows, n_outputs)."""
    values = np.array(outputs, order="C")
    kernels_for(values.dtype).softmax(values)
    return values


def cross_entropy(
    outputs, targets, weights=None, factor=1.0, smoothing=0.0, n_threads=1
):
    """Cross-entropy of the softmax of each row, and the gradient.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_classes)
    targets : ndarray of intp of shape (n_rows,)
    weights : ndarray of shape (n_rows,) or None, default=None
        Of the gradients of the rows, of the outputs' dtype; the losses are without.
    factor : float, default=1.0
        Of all gradients.
    smoothing : float, default=0.0
        Share of a target's probability that goes to all classes evenly.
    n_threads : int, default=1

    Returns
    -------
    losses : ndarray of shape (n_rows,), float64
    d_outputs : ndarray of shape (n_rows, n_classes)
    """
    losses = np.empty(len(targets))
    d_outputs = np.empty(outputs.shape, outputs.dtype)
    if weights is not None:
        weights = np.ascontiguousarray(weights, dtype=outputs.dtype)
    kernels_for(outputs.dtype).cross_entropy(
        outputs, targets, weights, factor, smoothing, losses, d_outputs, n_threads
    )
    return losses, d_outputs


def class_probabilities(outputs):
    """Probabilities of exclusive classes, in float64: softmax, or both of two classes.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_classes) or (n_rows, 1)
        One output stands for the second of two classes.

    Returns
    -------
    probabilities : ndarray of shape (n_rows, n_classes), float64
    """
    # A step of a stream comes here: no copy, no look-up that can be spared.
    values = outputs.astype(_FLOAT64)
    if values.shape[1] == 1:
        pairs = np.empty((len(values), 2))
        kernels_for(_FLOAT64).logistic_pairs(values, pairs)
        return pairs
    kernels_for(_FLOAT64).softmax(values)
    return values


def class_log_probabilities(outputs):
    """Logarithms of the softmax, in float64, finite where a probability rounds to 0.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_classes)

    Returns
    -------
    logarithms : ndarray of shape (n_rows, n_classes), float64
    """
    values = outputs.astype(_FLOAT64)
    kernels_for(_FLOAT64).log_softmax(values)
    return values


def in_units(outputs, scale, center):
    """``outputs * scale + center`` in float64, column by column.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_columns)
    scale, center : ndarray of shape (n_columns,), float64

    Returns
    -------
    values : ndarray of shape (n_rows, n_columns), float64
    """
    values = outputs.astype(_FLOAT64)
    kernels_for(_FLOAT64).scale_and_shift(values, scale, center)
    return values
