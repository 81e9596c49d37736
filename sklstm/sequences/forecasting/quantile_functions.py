"""What lies between some quantiles of a distribution.

Between two levels the quantile function is linear in the standard normal quantile
``z(level)``, and so it goes on beyond the outermost ones: exact for a normal
distribution, and for any other in order and through the quantiles that are known.
"""

import numpy as np
from scipy.special import ndtri


def at_levels(values, levels, wanted):
    """Return quantiles at other levels.

    Parameters
    ----------
    values : ndarray of shape (..., n_levels)
        Quantiles, ascending along the last axis.
    levels : array-like of shape (n_levels,)
        Their levels, ascending.
    wanted : array-like of shape (n_wanted,)
        Between 0 and 1, exclusive; if there is one level only, that one.

    Returns
    -------
    quantiles : ndarray of shape (..., n_wanted)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences.forecasting.quantile_functions import at_levels
    >>> at_levels(np.array([10.0, 20.0, 40.0]), [0.1, 0.5, 0.9], [0.5, 0.9])
    array([20., 40.])
    """
    levels, wanted = np.asarray(levels), np.asarray(wanted)
    if np.isin(wanted, levels).all():  # to the last bit
        return values[..., np.searchsorted(levels, wanted)]
    left, share = _places(levels, wanted)
    lower, upper = values[..., left], values[..., left + 1]
    return lower + share * (upper - lower)


def one_level_each(values, levels, wanted):
    """Return one quantile of each of several distributions.

    Parameters
    ----------
    values : ndarray of shape (..., n_distributions, n_levels)
        Quantiles, ascending along the last axis.
    levels : array-like of shape (n_levels,)
        Their levels, ascending; at least two.
    wanted : ndarray of shape (n_distributions,)
        The level for each distribution.

    Returns
    -------
    quantiles : ndarray of shape (..., n_distributions)
    """
    left, share = _places(np.asarray(levels), wanted)
    each = np.arange(len(wanted))
    lower, upper = values[..., each, left], values[..., each, left + 1]
    return lower + share * (upper - lower)


def _places(levels, wanted):
    """The level to the left of each wanted one, and how far it is to the next."""
    left = np.searchsorted(levels, wanted, side="right") - 1
    left = np.clip(left, 0, len(levels) - 2)
    known = ndtri(levels)
    return left, (ndtri(wanted) - known[left]) / (known[left + 1] - known[left])
