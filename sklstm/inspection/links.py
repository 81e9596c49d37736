"""From a row of a network's outputs to one number, and the derivative.

Rows are treated one by one with our own kernels and with plain arithmetic, so that a
sequence's number and gradient do not depend on the others, to the last bit.
"""

import numpy as np

from ..network import class_log_probabilities, class_probabilities
from ..network.links import logistic

__all__ = ["ClassLink", "FeatureLink", "LabelLink", "NumberLink", "of_log_odds"]


def of_log_odds(odds, method):
    """Log odds, or the probability or its logarithm, and the derivative.

    Parameters
    ----------
    odds : ndarray of shape (n_rows,), float64
    method : {"decision_function", "predict_proba", "predict_log_proba"}

    Returns
    -------
    values, slopes : ndarray of shape (n_rows,)
    """
    if method == "decision_function":
        return odds, np.ones_like(odds)
    others = logistic(-odds[:, np.newaxis])[:, 0]
    if method == "predict_log_proba":
        return -np.logaddexp(0.0, -odds), others
    probabilities = logistic(odds[:, np.newaxis])[:, 0]
    return probabilities, probabilities * others


class LabelLink:
    """Log odds, probability or its logarithm of a label with an output of its own.

    Parameters
    ----------
    columns : ndarray of int of shape (n_samples,)
        The label's output, whose value is the log odds.
    signs : ndarray of shape (n_samples,)
        -1 where the label is the other one of two.
    method : {"decision_function", "predict_proba", "predict_log_proba"}
    """

    def __init__(self, columns, signs, method):
        self._columns, self._signs, self._method = columns, signs, method

    def value_and_derivative(self, rows, index):
        """The number of each row, and the gradient of it; see `Response`.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_outputs), float64
        index : ndarray of int of shape (n_rows,)
            Samples.

        Returns
        -------
        values : ndarray of shape (n_rows,)
        d_rows : ndarray of shape (n_rows, n_outputs)
        """
        places = np.arange(len(rows)), self._columns[index]
        signs = self._signs[index]
        values, slopes = of_log_odds(rows[places] * signs, self._method)
        d_rows = np.zeros_like(rows)
        d_rows[places] = slopes * signs
        return values, d_rows


class ClassLink:
    """The same of one of several classes, under a softmax.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        The class of each sample.
    method : {"decision_function", "predict_proba", "predict_log_proba"}
    first : int, default=0
        The output of the first class; those before it have no part.
    """

    def __init__(self, codes, method, first=0):
        self._codes, self._method, self._first = codes, method, first

    def value_and_derivative(self, rows, index):
        """The number of each row, and the gradient of it; see `LabelLink`."""
        d_rows = np.zeros_like(rows)
        values, d_rows[:, self._first :] = self._of_classes(
            np.ascontiguousarray(rows[:, self._first :]), self._codes[index]
        )
        return values, d_rows

    def _of_classes(self, rows, codes):
        is_class = codes[:, np.newaxis] == np.arange(rows.shape[1])
        if self._method == "decision_function":
            return self._log_odds(rows, is_class)
        probabilities = class_probabilities(rows)
        d_rows = is_class - probabilities
        if self._method == "predict_log_proba":
            return class_log_probabilities(rows)[is_class], d_rows
        values = probabilities[is_class]
        return values, d_rows * values[:, np.newaxis]

    def _log_odds(self, rows, is_class):
        """``log p - log(1 - p)``: exact also where p rounds to 1."""
        others = rows[~is_class].reshape(len(rows), -1)
        if others.shape[1] == 1:  # which alone would be read as log odds
            return rows[is_class] - others[:, 0], 2.0 * is_class - 1
        largest = np.arange(len(rows)), others.argmax(axis=1)
        log_sum = others[largest] - class_log_probabilities(others)[largest]
        d_rows = is_class.astype(np.float64)
        d_rows[~is_class] = -class_probabilities(others).reshape(-1)
        return rows[is_class] - log_sum, d_rows


class NumberLink:
    """A prediction in the units of y.

    Parameters
    ----------
    loss : RegressionLoss
        Knows the units.
    columns : ndarray of int of shape (n_samples,)
        Which output.
    """

    def __init__(self, loss, columns):
        self._loss, self._columns = loss, columns

    def value_and_derivative(self, rows, index):
        """The number of each row, and the gradient of it; see `LabelLink`."""
        places = np.arange(len(rows)), self._columns[index]
        d_rows = np.zeros_like(rows)
        d_rows[places] = self._loss.slopes(rows)[places]
        return self._loss.predict(rows)[places], d_rows


class FeatureLink:
    """A number of the row itself.

    Parameters
    ----------
    columns : ndarray of int of shape (n_samples,)
    """

    def __init__(self, columns):
        self._columns = columns

    def value_and_derivative(self, rows, index):
        """The number of each row, and the gradient of it; see `LabelLink`."""
        places = np.arange(len(rows)), self._columns[index]
        d_rows = np.zeros_like(rows)
        d_rows[places] = 1
        return rows[places], d_rows
