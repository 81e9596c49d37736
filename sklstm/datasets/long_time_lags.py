"""Problems whose answer lies far back: temporal order, two sequences, copying."""

import numpy as np
from sklearn.utils import check_random_state

from .._typing import Array, RandomState
from .checks import check_choice, check_count, check_not_negative

TEMPORAL_ORDER_SYMBOLS = "EBXYabcd"

# Where the relevant symbols lie, in hundredths of `n_timesteps`: 10 to 20 means that
# with 100 steps the position is one of 10, ..., 20.
RELEVANT_POSITIONS = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}


def make_temporal_order(
    n_samples: int = 100,
    *,
    n_relevant: int = 2,
    n_timesteps: int = 100,
    random_state: RandomState = None,
) -> tuple[list[Array], Array]:
    """Generate the temporal order problem: which of two symbols came when?

    A sequence starts with E, ends with B and is otherwise made of the symbols a, b, c
    and d, which mean nothing. At two or three steps, far from one another, there is
    an X or a Y instead; the class is which of the two it was each time, in order.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sequences.

    n_relevant : {2, 3}, default=2
        Number of relevant symbols: 4 or 8 classes.

    n_timesteps : int, default=100
        Smallest length, at least 20; lengths are drawn from here to a tenth more. The
        steps of the relevant symbols grow with it: for 100, they are 10-20 and 50-60
        for two, 10-20, 33-43 and 66-76 for three symbols, as published (the first
        step is step 0).

    random_state : int, RandomState instance or None, default=None
        Source of the symbols. An int gives the same data on every call.

    Returns
    -------
    X : list of n_samples arrays of shape (n_timesteps_i, 8)
        One-hot symbols, in the order E, B, X, Y, a, b, c, d.

    y : ndarray of shape (n_samples,), str
        The relevant symbols in their order, such as "XYX".

    Raises
    ------
    ValueError
        If an argument is not one of those above.

    Notes
    -----
    Experiments 6a and 6b of Hochreiter and Schmidhuber, "Long short-term memory",
    Neural Computation 9 (1997), pages 1735-1780.

    Examples
    --------
    >>> from sklstm.datasets import make_temporal_order
    >>> X, y = make_temporal_order(n_samples=3, n_timesteps=20, random_state=1)
    >>> ["".join("EBXYabcd"[k] for k in x.argmax(axis=1)) for x in X]
    ['EcYcbcadacaYccaddbbdB', 'EcbYbddbcbYaabaabddB', 'EaYddcbbbdaaXdacaabB']
    >>> y
    array(['YY', 'YY', 'YX'], dtype='<U2')
    """
    check_count("n_samples", n_samples, 1)
    check_choice("n_relevant", n_relevant, tuple(RELEVANT_POSITIONS))
    check_count("n_timesteps", n_timesteps, 20)
    rng = check_random_state(random_state)
    lengths = _varied_lengths(rng, n_samples, n_timesteps)
    relevant = rng.randint(2, size=(n_samples, n_relevant))
    steps = np.stack(
        [
            rng.randint(
                n_timesteps * low // 100, n_timesteps * high // 100 + 1, n_samples
            )
            for low, high in RELEVANT_POSITIONS[n_relevant]
        ],
        axis=1,
    )
    one_hot = np.eye(len(TEMPORAL_ORDER_SYMBOLS))
    X = []
    for length, symbols, where in zip(lengths, relevant, steps, strict=True):
        sequence = rng.randint(4, 8, size=length)
        sequence[where] = 2 + symbols
        sequence[0], sequence[-1] = 0, 1
        X.append(one_hot[sequence])
    names = np.array(["X", "Y"])
    return X, np.array(["".join(row) for row in names[relevant]])


def make_two_sequences(
    n_samples: int = 100,
    *,
    n_timesteps: int = 100,
    n_informative: int = 3,
    informative_noise: float = 0.0,
    random_state: RandomState = None,
) -> tuple[list[Array], Array]:
    """Generate the two-sequence problem: a class at the start, then only noise.

    The first numbers of a sequence are +1 for class 1 and -1 for class 0. After them
    the same channel brings Gaussian noise of mean 0 and variance 0.2 up to the end.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sequences.

    n_timesteps : int, default=100
        Smallest length; lengths are drawn from here to a tenth more.

    n_informative : int, default=3
        Steps at the start that tell the class, at most `n_timesteps`.

    informative_noise : float, default=0.0
        Variance of the Gaussian noise on those steps.

    random_state : int, RandomState instance or None, default=None
        Source of classes and noise. An int gives the same data on every call.

    Returns
    -------
    X : list of n_samples arrays of shape (n_timesteps_i, 1)
        The sequences.

    y : ndarray of shape (n_samples,), int64
        Their classes, 0 or 1.

    Raises
    ------
    ValueError
        If an argument is not one of those above.

    Notes
    -----
    Posed by Bengio, Simard and Frasconi, "Learning long-term dependencies with
    gradient descent is difficult", IEEE Transactions on Neural Networks 5 (1994),
    pages 157-166. The defaults are experiment 3a of Hochreiter and Schmidhuber, "Long
    short-term memory", Neural Computation 9 (1997), pages 1735-1780;
    ``informative_noise=0.2`` is their experiment 3b.

    Examples
    --------
    >>> from sklstm.datasets import make_two_sequences
    >>> X, y = make_two_sequences(n_samples=3, n_timesteps=10, random_state=0)
    >>> X[0][:5, 0].round(1)
    array([-1. , -1. , -1. ,  0.9,  0.6])
    >>> y
    array([0, 1, 1])
    """
    check_count("n_samples", n_samples, 1)
    check_count("n_timesteps", n_timesteps, 1)
    check_count("n_informative", n_informative, 1)
    if n_informative > n_timesteps:
        raise ValueError(
            f"n_informative must be at most n_timesteps={n_timesteps}, "
            f"got {n_informative}."
        )
    check_not_negative("informative_noise", informative_noise)
    rng = check_random_state(random_state)
    lengths = _varied_lengths(rng, n_samples, n_timesteps)
    y = rng.randint(2, size=n_samples).astype(np.int64)
    X = []
    for length, label in zip(lengths, y, strict=True):
        x = rng.normal(scale=np.sqrt(0.2), size=(length, 1))
        x[:n_informative] *= np.sqrt(informative_noise / 0.2)
        x[:n_informative] += 2 * label - 1
        X.append(x)
    return X, y


def make_copy_memory(
    n_samples: int = 100,
    *,
    n_bits: int = 10,
    lag: int = 100,
    random_state: RandomState = None,
) -> tuple[Array, Array]:
    """Generate the copy problem: a string of bits, to be told after a long pause.

    The first steps bring one bit each; `lag` empty steps follow, then a delimiter.
    Nothing in the data links the bits, so whoever tells all of them has kept all of
    them; a guess is right about a bit half of the time, about a string of ten bits
    once in 1024.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sequences.

    n_bits : int, default=10
        Bits to keep.

    lag : int, default=100
        Empty steps between the last bit and the delimiter; may be 0.

    random_state : int, RandomState instance or None, default=None
        Source of the bits. An int gives the same data on every call.

    Returns
    -------
    X : ndarray of shape (n_samples, n_bits + lag + 1, 3)
        The channels are "here is a 0", "here is a 1" and the delimiter; empty steps
        are zero.

    y : ndarray of shape (n_samples, n_bits), int64
        The bits: a multilabel target.

    Raises
    ------
    ValueError
        If an argument is not one of those above.

    Notes
    -----
    The usual form (Hochreiter and Schmidhuber 1997; Arjovsky, Shah and Bengio,
    "Unitary evolution recurrent neural networks", ICML 2016) has eight symbols and
    asks for them one by one, in ten steps after the delimiter. Here a sequence has
    one target: the whole string is asked for at once, at the delimiter. What has to
    be kept over the lag is of the same kind; that the network need not count while
    it answers makes this form somewhat easier.

    Examples
    --------
    >>> from sklstm.datasets import make_copy_memory
    >>> X, y = make_copy_memory(n_samples=2, n_bits=3, lag=2, random_state=0)
    >>> y
    array([[0, 1, 1],
           [0, 1, 1]])
    >>> X[0].astype(int)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 1, 0],
           [0, 0, 0],
           [0, 0, 0],
           [0, 0, 1]])
    """
    check_count("n_samples", n_samples, 1)
    check_count("n_bits", n_bits, 1)
    check_count("lag", lag, 0)
    rng = check_random_state(random_state)
    y = rng.randint(2, size=(n_samples, n_bits)).astype(np.int64)
    X = np.zeros((n_samples, n_bits + lag + 1, 3))
    X[:, :n_bits, :2] = np.eye(2)[y]
    X[:, -1, 2] = 1
    return X, y


def _varied_lengths(rng, n_samples, n_timesteps):
    """Lengths from `n_timesteps` to a tenth more, both included."""
    return rng.randint(n_timesteps, n_timesteps + n_timesteps // 10 + 1, n_samples)
