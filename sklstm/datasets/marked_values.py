"""The adding and the multiplication problem: two marked numbers, far apart."""

import numpy as np
from sklearn.utils import check_random_state

from .._typing import Array, RandomState
from .checks import check_count


def make_adding(
    n_samples: int = 100, *, n_timesteps: int = 100, random_state: RandomState = None
) -> tuple[Array, Array]:
    """Generate the adding problem: the sum of two marked numbers.

    Every step brings a number and a marker. The marker is 1 at two steps, one in each
    half of the sequence, and 0 elsewhere; the target is the sum of the two marked
    numbers. Who does not remember predicts the mean, 1, with a mean squared error of
    1/6 = 0.167; who remembers one of the two comes to 1/12. The problem counts as
    solved below 0.01.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sequences.

    n_timesteps : int, default=100
        Length of every sequence, at least 2.

    random_state : int, RandomState instance or None, default=None
        Source of the numbers. An int gives the same data on every call.

    Returns
    -------
    X : ndarray of shape (n_samples, n_timesteps, 2)
        The numbers, uniform in [0, 1), and the markers.

    y : ndarray of shape (n_samples,)
        The sums.

    Raises
    ------
    ValueError
        If `n_samples` or `n_timesteps` is not a number of sequences or of steps.

    See Also
    --------
    make_multiplication : The product instead of the sum.

    Notes
    -----
    Experiment 4 of Hochreiter and Schmidhuber (1997), in the form in which it has
    been used since Le, Jaitly and Hinton (2015). The original draws the numbers from
    [-1, 1], scales the sum into [0, 1], varies the length by a tenth and marks two
    steps of the first half, one of them among the first ten.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9 (1997),
    pages 1735-1780.

    Le, Jaitly and Hinton, "A simple way to initialize recurrent networks of rectified
    linear units", arXiv:1504.00941 (2015).

    Examples
    --------
    >>> from sklstm.datasets import make_adding
    >>> X, y = make_adding(n_samples=3, n_timesteps=50, random_state=0)
    >>> X.shape
    (3, 50, 2)
    >>> X[0, X[0, :, 1] == 1, 0].round(2)
    array([0.09, 0.67])
    >>> y[:1].round(2)
    array([0.75])
    """
    X, marked = _marked_numbers(n_samples, n_timesteps, random_state)
    return X, marked.sum(axis=1)


def make_multiplication(
    n_samples: int = 100, *, n_timesteps: int = 100, random_state: RandomState = None
) -> tuple[Array, Array]:
    """Generate the multiplication problem: the product of two marked numbers.

    As `make_adding`, with the product as target: what a cell holds has to be scaled
    by what comes later, which no sum of memories does by itself. Who does not
    remember predicts the mean, 1/4, with a mean squared error of 7/144 = 0.049.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sequences.

    n_timesteps : int, default=100
        Length of every sequence, at least 2.

    random_state : int, RandomState instance or None, default=None
        Source of the numbers. An int gives the same data on every call.

    Returns
    -------
    X : ndarray of shape (n_samples, n_timesteps, 2)
        The numbers, uniform in [0, 1), and the markers.

    y : ndarray of shape (n_samples,)
        The products.

    Raises
    ------
    ValueError
        If `n_samples` or `n_timesteps` is not a number of sequences or of steps.

    See Also
    --------
    make_adding : The sum instead of the product.

    Notes
    -----
    Experiment 5 of Hochreiter and Schmidhuber (1997), whose numbers also lie in
    [0, 1]; lengths and markers differ from theirs as told at `make_adding`.

    Examples
    --------
    >>> from sklstm.datasets import make_multiplication
    >>> X, y = make_multiplication(n_samples=3, n_timesteps=50, random_state=0)
    >>> X[0, X[0, :, 1] == 1, 0].round(2)
    array([0.09, 0.67])
    >>> y[:1].round(2)
    array([0.06])
    """
    X, marked = _marked_numbers(n_samples, n_timesteps, random_state)
    return X, marked.prod(axis=1)


def _marked_numbers(n_samples, n_timesteps, random_state):
    """Sequences of numbers and markers, and the two marked numbers of each."""
    check_count("n_samples", n_samples, 1)
    check_count("n_timesteps", n_timesteps, 2)
    rng = check_random_state(random_state)
    X = np.zeros((n_samples, n_timesteps, 2))
    X[:, :, 0] = rng.uniform(size=(n_samples, n_timesteps))
    half = n_timesteps // 2
    first = rng.randint(0, half, size=n_samples)
    second = rng.randint(half, n_timesteps, size=n_samples)
    steps = np.stack([first, second], axis=1)
    rows = np.arange(n_samples)[:, None]
    X[rows, steps, 1] = 1
    return X, X[rows, steps, 0]
