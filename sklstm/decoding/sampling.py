"""Drawing the next symbol, or the next vector of zeros and ones."""

import numpy as np

from .._typing import Array, ArrayLike
from .checks import check_count, check_number, check_rows

__all__ = ["draw_binary", "draw_symbols"]


def draw_symbols(
    scores: ArrayLike,
    generator: np.random.RandomState,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Array:
    """Draw a symbol for each row of scores.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_symbols)
        Log-probabilities, up to a constant of each row; -inf is never drawn.
    generator : numpy.random.RandomState
        Source of the numbers that are drawn.
    temperature : float, default=1.0
        What scores are divided by: below 1 likely symbols become likelier. 0 takes the
        likeliest symbol, the first of equals.
    top_k : int or None, default=None
        Draw from the so many likeliest symbols only.
    top_p : float or None, default=None
        Draw from the fewest likeliest symbols that have this probability together
        (Holtzman et al. 2020).

    Returns
    -------
    symbols : ndarray of intp of shape (n_rows,)

    Raises
    ------
    TypeError, ValueError
        If the scores are no rows of numbers, or a number is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.decoding import draw_symbols
    >>> scores = np.log([[0.6, 0.3, 0.1]])
    >>> draw_symbols(scores, np.random.RandomState(0), temperature=0)
    array([0])
    """
    scores = check_rows(scores, "scores").astype(np.float64)
    temperature = check_number(temperature, "temperature")
    if top_k is not None:
        top_k = check_count(top_k, "top_k")
    if top_p is not None and check_number(top_p, "top_p", largest=1.0) == 0:
        raise ValueError("top_p must be above 0: no symbol would be left to draw")
    if temperature == 0:
        return scores.argmax(axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")
    scores = np.take_along_axis(scores, order, axis=1)
    with np.errstate(over="ignore"):  # next to 0 the others are infinitely unlikely
        weights = np.exp((scores - scores[:, :1]) / temperature)
    if top_k is not None:
        weights[:, top_k:] = 0
    totals = np.cumsum(weights, axis=1)
    if top_p is not None:
        # A symbol stays if those before it do not have the probability yet.
        before = (totals - weights) / totals[:, -1:]
        weights[before >= top_p] = 0
        totals = np.cumsum(weights, axis=1)
    drawn = generator.uniform(size=(len(scores), 1)) * totals[:, -1:]
    places = np.minimum((totals <= drawn).sum(axis=1), scores.shape[1] - 1)
    return np.take_along_axis(order, places[:, np.newaxis], axis=1)[:, 0]


def draw_binary(
    log_odds: ArrayLike, generator: np.random.RandomState, *, temperature: float = 1.0
) -> Array:
    """Draw zeros and ones, each on its own.

    Parameters
    ----------
    log_odds : ndarray of shape (n_rows, n_channels)
        Of each channel being one.
    generator : numpy.random.RandomState
        Source of the numbers that are drawn.
    temperature : float, default=1.0
        What the log odds are divided by; 0 rounds the probabilities.

    Returns
    -------
    values : ndarray of shape (n_rows, n_channels), float64

    Raises
    ------
    TypeError, ValueError
        If the log odds are no rows of numbers, or the temperature is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.decoding import draw_binary
    >>> draw_binary(np.array([[4.0, -4.0]]), np.random.RandomState(0), temperature=0)
    array([[1., 0.]])
    """
    log_odds = check_rows(log_odds, "log_odds").astype(np.float64)
    temperature = check_number(temperature, "temperature")
    if temperature == 0:
        return (log_odds > 0).astype(np.float64)
    # log(u / (1 - u)) of a uniform u has the logistic distribution.
    uniform = generator.uniform(size=log_odds.shape)
    with np.errstate(over="ignore", divide="ignore"):
        noise = np.log(uniform) - np.log1p(-uniform)
        return (log_odds / temperature > noise).astype(np.float64)
