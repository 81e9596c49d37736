"""Outputs -> probabilities and rates, by our kernels.

NumPy's own exponential may round an element differently at another place of an array;
these give a row the same result alone and among any others.
"""

import numpy as np

from .._kernels import kernels_for

__all__ = ["exponential", "logistic", "softmax"]


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
