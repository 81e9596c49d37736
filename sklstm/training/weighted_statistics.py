"""Weighted means and quantiles: where a head starts, what a score is held to.

All are exact in this sense: an integer weight gives the result of repeating the row.
"""

import numpy as np


def weighted_mean(values, weights):
    """Return the weighted mean of each column.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
    weights : ndarray of shape (n_rows,) or None
        Positive; None means equal weights.

    Returns
    -------
    mean : ndarray of shape (n_columns,), float64
    """
    if weights is None:
        return values.mean(axis=0, dtype=np.float64)
    # Normalised first, so that neither huge nor tiny weights leave the range.
    parts = np.asarray(weights, dtype=np.float64)
    parts = parts / parts.sum()
    return (parts[:, np.newaxis] * values).sum(axis=0, dtype=np.float64)


def weighted_quantile(values, weights, q):
    """Return the weighted quantile of each column.

    The smallest value whose cumulated weight reaches the part `q` of the total; where
    it is met exactly, the mean of that value and the next (as the median does for an
    even number of values).

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
    weights : ndarray of shape (n_rows,) or None
        Positive; None means equal weights.
    q : float
        Between 0 and 1.

    Returns
    -------
    quantile : ndarray of shape (n_columns,), float64
    """
    values = np.asarray(values, dtype=np.float64)
    n_rows = len(values)
    if weights is None:
        weights = np.ones(n_rows)
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64)[order], axis=0)
    target = q * cumulated[-1]
    # Sums of decimal fractions miss the target by rounding; a hair below counts.
    slack = 8 * np.finfo(np.float64).eps * cumulated[-1]
    lower = np.minimum((cumulated < target - slack).sum(axis=0), n_rows - 1)
    upper = np.minimum((cumulated <= target + slack).sum(axis=0), n_rows - 1)
    columns = np.arange(values.shape[1])
    return 0.5 * (ordered[lower, columns] + ordered[upper, columns])


def deviation_or_one(deviation, center):
    """Return `deviation`, with ones where a column is constant up to rounding.

    Parameters
    ----------
    deviation, center : ndarray of shape (n_columns,)

    Returns
    -------
    scale : ndarray of shape (n_columns,), float64
        Positive.
    """
    smallest = 16 * np.finfo(np.float64).eps * np.abs(center)
    return np.where(deviation > smallest, deviation, 1.0)
