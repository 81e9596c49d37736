"""How far sequences of codes are from one another."""

from collections.abc import Sequence

import numpy as np

from .._kernels import kernels_for
from .._typing import Array, ArrayLike
from .checks import check_codes

__all__ = ["edit_distance"]


def edit_distance(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> Array:
    """Return the edit distance of each pair of sequences (Levenshtein 1966).

    The fewest insertions, deletions and replacements of one code that turn the one
    sequence into the other.

    Parameters
    ----------
    first, second : list of ndarray of int
        As many sequences of codes in both.

    Returns
    -------
    distances : ndarray of intp of shape (n_pairs,)

    Raises
    ------
    TypeError, ValueError
        If these are no sequences of integers, or more in one than in the other.

    Examples
    --------
    >>> from sklstm.decoding import edit_distance
    >>> edit_distance([[0, 1, 2], [5]], [[0, 2], [5]])
    array([1, 0])
    """
    for name, sequences in (("first", first), ("second", second)):
        if isinstance(sequences, str) or not hasattr(sequences, "__len__"):
            raise TypeError(
                f"{name} must be a list of sequences of codes, got {sequences!r}"
            )
    if len(first) != len(second):
        raise ValueError(
            f"sequences are compared in pairs, but there are {len(first)} and"
            f" {len(second)} of them"
        )
    first_codes, first_offsets = _end_to_end(first, "first")
    second_codes, second_offsets = _end_to_end(second, "second")
    longest = int(np.diff(second_offsets).max(initial=0))
    distances = np.empty(len(first), dtype=np.intp)
    kernels_for(np.float64).edit_distance(
        first_codes, first_offsets, second_codes, second_offsets,
        np.empty(longest + 1, dtype=np.intp), distances,
    )  # fmt: skip
    return distances


def _end_to_end(sequences, name):
    """Return all codes, and where the sequences begin, and the last one ends."""
    parts = [check_codes(codes, f"{name}[{k}]") for k, codes in enumerate(sequences)]
    offsets = np.zeros(len(parts) + 1, dtype=np.intp)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return np.concatenate([np.empty(0, dtype=np.intp), *parts]), offsets
