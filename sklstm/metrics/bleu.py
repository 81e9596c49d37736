"""BLEU (Papineni et al. 2002): n-grams that translations share with references."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._typing import Array, ArrayLike, LabelSequencesLike
from .checks import (
    check_container,
    check_numbers,
    check_sample_weight,
    check_sequences,
    labels_of,
    short,
)

__all__ = ["bleu"]

MAX_ORDER = 4


def bleu(
    y_true: Sequence[Any] | Array,
    y_pred: LabelSequencesLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """BLEU of a set of translations, between 0 and 100.

    The geometric mean of the precisions of n-grams of one to four words, counted over
    all samples, times a penalty for translations that are shorter than their
    references. Words are compared as they are: what counts as a word is decided before.
    The numbers are those of sacrebleu with ``tokenize="none"``.

    Parameters
    ----------
    y_true : list or ndarray
        The reference of each sample, a list or array of words; or several references, a
        list of lists or arrays of words.
    y_pred : list or ndarray of sequences
        The words of each translation.
    sample_weight : array-like of shape (n_samples,), default=None
        A sample of weight 2 counts as two.

    Returns
    -------
    score : float
        Between 0 and 100.

    Raises
    ------
    ValueError
        If there are more or fewer translations than references, or a sample has none.

    Notes
    -----
    Of several references, an n-gram counts as often as in that which has most of it,
    and the length that counts is the nearest one, of two the shorter one. Where no
    n-gram of some length is right, its precision is a half, a quarter, ... of one
    right (the smoothing of the NIST's script, and sacrebleu's default). The score is 0
    if no word is right or no translation has four words.

    Examples
    --------
    >>> from sklstm.metrics import bleu
    >>> reference = "the cat sat on the mat".split()
    >>> round(bleu([reference], ["the cat sat on a mat".split()]), 2)
    53.73
    >>> another = "the cat sat on a rug".split()
    >>> round(bleu([[reference, another]], ["the cat sat on a mat".split()]), 2)
    79.53
    """
    check_container(y_true, "y_true")
    predicted = _check_words(y_pred)
    references = [_references(entry, i) for i, entry in enumerate(y_true)]
    check_numbers(references, predicted)
    weights = check_sample_weight(sample_weight, predicted)
    statistics = np.array(
        [_statistics(*pair) for pair in zip(predicted, references, strict=True)]
    )
    length, reference_length, *counts = weights @ statistics
    return _score(length, reference_length, counts[:MAX_ORDER], counts[MAX_ORDER:])


def _check_words(y_pred):
    """Return lists of words; a string would be taken letter by letter."""
    predicted = check_sequences(y_pred, "y_pred")
    for i, words in enumerate(y_pred):
        if isinstance(words, str):
            raise ValueError(
                f"y_pred[{i}] is {short(words)}: expected a list of words; split it"
            )
    return predicted


def _references(entry, i):
    """Return the list of references of a sample."""
    words = None if isinstance(entry, str) else labels_of(entry)
    if isinstance(entry, np.ndarray) and entry.ndim == 2:
        words = list(entry)
    if words is None:
        raise ValueError(
            f"y_true[{i}] is {short(entry)}: expected a list of words, or a list of"
            " lists of words"
        )
    if not any(isinstance(word, list | np.ndarray) for word in words):
        return [words]
    references = [labels_of(reference) for reference in words]
    for reference, given in zip(references, words, strict=True):
        if reference is None or isinstance(given, str):
            raise ValueError(
                f"y_true[{i}] mixes words and references: expected a list of words, or"
                " a list of lists of words"
            )
    return references


def _n_grams(words, order):
    return Counter(zip(*(words[start:] for start in range(order)), strict=False))


def _statistics(words, references):
    """Lengths, and right n-grams and all n-grams of each order."""
    lengths = [len(reference) for reference in references]
    nearest = min(lengths, key=lambda length: (abs(length - len(words)), length))
    right, totals = [], []
    for order in range(1, MAX_ORDER + 1):
        allowed = Counter()
        for reference in references:
            allowed |= _n_grams(reference, order)
        right.append((_n_grams(words, order) & allowed).total())
        totals.append(max(0, len(words) - order + 1))
    return len(words), nearest, *right, *totals


def _score(length, reference_length, right, totals):
    if not any(right) or not all(totals):
        return 0.0
    logarithm, divisor = 0.0, 1.0
    for n_right, total in zip(right, totals, strict=True):
        if not n_right:
            divisor *= 2
            n_right = 1 / divisor
        logarithm += math.log(n_right / total) / MAX_ORDER
    if length < reference_length:
        logarithm += 1 - reference_length / length
    return 100 * math.exp(logarithm)
