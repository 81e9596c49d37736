"""How far sequences of codes are from one another."""

import numpy as np

__all__ = ["edit_distance"]


def edit_distance(first, second):
    """Return the edit distance of each pair of sequences (Levenshtein 1966).

    The fewest insertions, deletions and replacements of one code that turn the one
    sequence into the other.

    Parameters
    ----------
    first, second : list of sequences of int
        As many sequences of codes in both.

    Returns
    -------
    distances : ndarray of intp of shape (n_pairs,)

    Examples
    --------
    >>> from sklstm.metrics.edit_distance import edit_distance
    >>> edit_distance([[0, 1, 2], [5]], [[0, 2], [5]])
    array([1, 0])
    """
    pairs = zip(first, second, strict=True)
    return np.array(
        [_distance(np.asarray(a), np.asarray(b)) for a, b in pairs], np.intp
    )


def _distance(first, second):
    """Row by row; insertions along a row are a running minimum."""
    places = np.arange(len(second) + 1)
    row = places
    for code in first:
        above = row + 1
        above[1:] = np.minimum(above[1:], row[:-1] + (second != code))
        row = np.minimum.accumulate(above - places) + places
    return int(row[-1])
