"""Strings of the Reber grammar and of the embedded Reber grammar."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._typing import RandomState
from .checks import check_choice, check_count

REBER_SYMBOLS = "BTPSXVE"

# From each state: the symbols that may follow, and the state each leads to.
GRAMMAR: tuple[dict[str, int], ...] = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
    {},
)
FINAL = len(GRAMMAR) - 1


def make_reber(
    n_samples: int = 100,
    *,
    embedded: bool = True,
    target: str = "critical",
    min_length: int = 0,
    random_state: RandomState = None,
) -> Any:
    """Generate strings of the (embedded) Reber grammar.

    The grammar is a small automaton: a string is a walk from its start to its end,
    the two arrows of a state being equally likely, in symbols B, T, P, S, X, V, E. An
    embedded string is B, then T or P, then a whole Reber string, then the same T or P
    again, then E. Its last-but-one symbol depends on the second and on nothing
    between them: six steps back at the least, and often many more.

    Parameters
    ----------
    n_samples : int, default=100
        Number of strings.

    embedded : bool, default=True
        Whether the strings are those of the embedded grammar.

    target : {"critical", "next"}, default="critical"
        - "critical": X holds each embedded string up to its last-but-one symbol,
          without that; y is that symbol.
        - "next": X holds every beginning of every string, the string's own ones in
          order, from one symbol up to all but one; y is the symbol that came next. A
          beginning of length 1 is where a new string starts.

    min_length : int, default=0
        Least number of symbols of a string. Strings are as likely as they are among
        the long enough ones of the grammar; few are long, so this is what makes the
        time lags long.

    random_state : int, RandomState instance or None, default=None
        Source of the strings. An int gives the same data on every call.

    Returns
    -------
    X : list of arrays of shape (n_timesteps_i, 7)
        One-hot symbols, in the order B, T, P, S, X, V, E: `n_samples` arrays for
        "critical", one for every symbol but the first of each string for "next".

    y : ndarray of shape (len(X),), str
        The symbols to predict.

    Raises
    ------
    ValueError
        If an argument is not one of those above, or if the critical symbol is asked
        for without `embedded`.

    See Also
    --------
    reber_next_symbols : The symbols that the grammar allows after a beginning.

    Notes
    -----
    Smith and Zipser (1989), Cleeremans, Servan-Schreiber and McClelland (1989);
    experiment 1 of Hochreiter and Schmidhuber, "Long short-term memory", Neural
    Computation 9 (1997), pages 1735-1780, and the first of Gers, Schmidhuber and
    Cummins, "Learning to forget", Neural Computation 12 (2000), pages 2451-2471. The
    published criterion is that after every beginning, each symbol that the grammar
    allows gets more than each that it does not.

    Examples
    --------
    >>> from sklstm.datasets import make_reber
    >>> X, y = make_reber(n_samples=2, random_state=0)
    >>> ["".join("BTPSXVE"[k] for k in x.argmax(axis=1)) for x in X]
    ['BTBPVVE', 'BPBTXSE']
    >>> y
    array(['T', 'P'], dtype='<U1')
    """
    check_count("n_samples", n_samples, 1)
    check_choice("embedded", embedded, (True, False))
    check_choice("target", target, ("critical", "next"))
    if target == "critical" and not embedded:
        raise ValueError(
            "target='critical' needs embedded=True: a plain Reber string has no symbol "
            "that repeats an early one. Use target='next'."
        )
    check_count("min_length", min_length, 0)
    rng = check_random_state(random_state)
    strings = _strings(rng, n_samples, embedded, min_length)
    encoded = [_one_hot(string) for string in strings]
    if target == "critical":
        return [x[:-2] for x in encoded], np.array([s[-2] for s in strings])
    X = [x[:end] for x in encoded for end in range(1, len(x))]
    return X, np.array([symbol for string in strings for symbol in string[1:]])


def reber_next_symbols(beginning: str, *, embedded: bool = True) -> Any:
    """Tell which symbols the (embedded) Reber grammar allows next.

    Parameters
    ----------
    beginning : str or array-like of shape (n_timesteps, 7)
        How the string begins, as text or as one-hot symbols from `make_reber`.

    embedded : bool, default=True
        Whether the grammar is the embedded one.

    Returns
    -------
    symbols : str
        The symbols that may follow, in the order of the alphabet B, T, P, S, X, V, E;
        empty after a whole string.

    Raises
    ------
    ValueError
        If no string of the grammar begins like this.

    See Also
    --------
    make_reber : Strings of the grammar.

    Examples
    --------
    >>> from sklstm.datasets import reber_next_symbols
    >>> reber_next_symbols("BT")
    'B'
    >>> reber_next_symbols("BTBPV"), reber_next_symbols("BTBPVVE")
    ('PV', 'T')
    >>> reber_next_symbols("BPV", embedded=False)
    'PV'
    """
    check_choice("embedded", embedded, (True, False))
    text = beginning if isinstance(beginning, str) else _text(beginning)
    follow = _follow_embedded if embedded else _follow
    allowed = follow("")
    for step, symbol in enumerate(text):
        if symbol not in allowed:
            expected = " or ".join(allowed) or "nothing more"
            raise ValueError(
                f"{text!r} is not the beginning of a string of the "
                f"{'embedded ' if embedded else ''}Reber grammar: step {step} is "
                f"{symbol!r}, expected {expected}."
            )
        allowed = follow(text[: step + 1])
    return "".join(sorted(allowed, key=REBER_SYMBOLS.index))


def _follow(text):
    """What may follow a beginning of a Reber string that is known to be one."""
    state = 0
    for symbol in text:
        state = GRAMMAR[state][symbol]
    return "".join(GRAMMAR[state])


def _follow_embedded(text):
    """What may follow a beginning of an embedded string that is known to be one."""
    if len(text) < 2:
        return "TP" if text else "B"
    end = text.find("E")
    if end < 0:
        return _follow(text[2:])
    return (text[1], "E", "")[len(text) - end - 1]


def _strings(rng, n_samples, embedded, min_length):
    """Random strings of the grammar with at least so many symbols."""
    n_around = 4 if embedded else 0
    chances = _chances_of_length(min_length - n_around)
    strings = [_string(rng, chances) for _ in range(n_samples)]
    if not embedded:
        return strings
    kept = ["TP"[k] for k in rng.randint(2, size=n_samples)]
    return [f"B{k}{s}{k}E" for k, s in zip(kept, strings, strict=True)]


def _string(rng, chances):
    """A random string of the Reber grammar, by the table of `_chances_of_length`."""
    state, symbols = 0, []
    while state != FINAL:
        arrows = list(GRAMMAR[state])
        still_needed = max(len(chances) - 2 - len(symbols), 0)
        weights = [chances[still_needed, GRAMMAR[state][arrow]] for arrow in arrows]
        takes_second = rng.uniform() * sum(weights) >= weights[0]
        symbols.append(arrows[int(takes_second)])
        state = GRAMMAR[state][symbols[-1]]
    return "".join(symbols)


def _chances_of_length(length):
    """How likely a walk from each state makes at least 0, 1, ..., `length` steps.

    An array of shape (length + 1, n_states). Each row is divided by its largest entry:
    only the ratio of two states counts, and the probabilities themselves would
    underflow for long strings.
    """
    chances = np.ones((max(length, 0) + 1, FINAL + 1))
    for longer, row in zip(chances[1:], chances, strict=False):
        for state, arrows in enumerate(GRAMMAR):
            longer[state] = np.mean([row[k] for k in arrows.values()]) if arrows else 0
        longer /= longer.max()
    return chances


def _one_hot(string):
    """The symbols of a string as an array of shape (n_timesteps, 7)."""
    return np.eye(len(REBER_SYMBOLS))[[REBER_SYMBOLS.index(s) for s in string]]


def _text(beginning):
    """The string of an array of one-hot symbols."""
    array = np.asarray(beginning)
    n_symbols = len(REBER_SYMBOLS)
    if array.ndim != 2 or array.shape[1] != n_symbols:
        raise ValueError(
            f"A beginning must be a str or an array of shape (n_timesteps, {n_symbols}"
            f"), got shape {array.shape}."
        )
    if not np.isin(array, (0, 1)).all() or (array.sum(axis=1) != 1).any():
        raise ValueError("Every row of a beginning must hold a single 1 and else 0.")
    return "".join(REBER_SYMBOLS[k] for k in array.argmax(axis=1))
