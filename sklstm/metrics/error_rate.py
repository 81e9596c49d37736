"""Errors of transcriptions: insertions, deletions and replacements of labels."""

import math

import numpy as np

from .._typing import ArrayLike, LabelSequencesLike
from ..decoding import edit_distance
from .checks import check_pairs, check_sample_weight

__all__ = ["label_error_rate"]


def label_error_rate(
    y_true: LabelSequencesLike,
    y_pred: LabelSequencesLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Insertions, deletions and replacements over the number of true labels.

    With words as labels this is the word error rate of speech recognition, with letters
    the character error rate.

    Parameters
    ----------
    y_true, y_pred : list or ndarray of sequences
        One list or 1-D array of labels a sample, of any lengths. A string is a sequence
        of characters.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples; None means ones.

    Returns
    -------
    rate : float
        0 is perfect; more than 1 if there are more errors than labels. Without any true
        label, infinity if some were predicted, otherwise 0.

    Raises
    ------
    ValueError
        If there are more or fewer predictions than sequences.

    Examples
    --------
    >>> from sklstm.metrics import label_error_rate
    >>> label_error_rate([["one", "two", "two"], ["six"]], [["one", "two"], ["six"]])
    0.25
    >>> label_error_rate(["four"], ["fours"])
    0.25
    """
    true, predicted = check_pairs(y_true, y_pred)
    weights = check_sample_weight(sample_weight, true)
    codes: dict = {}
    distances = edit_distance(
        [[codes.setdefault(label, len(codes)) for label in labels] for labels in true],
        [[codes.setdefault(label, len(codes)) for label in labels]
         for labels in predicted],
    )  # fmt: skip
    n_labels = np.array([len(labels) for labels in true])
    n_errors, total = float(weights @ distances), float(weights @ n_labels)
    if total == 0:
        return math.inf if n_errors else 0.0
    return n_errors / total
