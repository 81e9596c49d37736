"""How many steps, and how many whole sequences, are right."""

import numpy as np

from .._typing import ArrayLike, LabelSequencesLike, StepWeightsLike
from .checks import check_pairs, check_sample_weight, check_steps, step_weights

__all__ = ["sequence_accuracy", "token_accuracy"]


def token_accuracy(
    y_true: LabelSequencesLike,
    y_pred: LabelSequencesLike,
    *,
    sample_weight: StepWeightsLike | None = None,
) -> float:
    """Part of the steps whose label is right, over all sequences.

    Parameters
    ----------
    y_true, y_pred : list or ndarray of sequences
        One list or 1-D array of labels a sample; as many labels in a sequence as in its
        prediction.
    sample_weight : array-like of shape (n_samples,) or list of ndarray, default=None
        A weight a sample, or one for each of its steps.

    Returns
    -------
    accuracy : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If a sequence and its prediction have different lengths, naming the sample, or
        if there is no step that counts.

    See Also
    --------
    sequence_accuracy : Only whole sequences count.

    Examples
    --------
    >>> from sklstm.metrics import token_accuracy
    >>> token_accuracy([["N", "V"], ["N"]], [["N", "N"], ["N"]])
    0.6666666666666666
    """
    true, predicted = check_steps(y_true, y_pred, "token_accuracy")
    weights = step_weights(sample_weight, true)
    total = sum(float(w.sum()) for w in weights)
    if total == 0:
        raise ValueError("no step counts: all sequences are empty or have zero weight")
    correct = 0.0
    for labels, others, weight in zip(true, predicted, weights, strict=True):
        right = [a == b for a, b in zip(labels, others, strict=True)]
        correct += float(weight[np.array(right, dtype=bool)].sum())
    return correct / total


def sequence_accuracy(
    y_true: LabelSequencesLike,
    y_pred: LabelSequencesLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Part of the sequences that are right from the first label to the last.

    Parameters
    ----------
    y_true, y_pred : list or ndarray of sequences
        One list or 1-D array of labels a sample. A prediction of another length is
        wrong.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples; None means ones.

    Returns
    -------
    accuracy : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If there are more or fewer predictions than sequences, or all weights are zero.

    See Also
    --------
    token_accuracy : Every step counts.

    Examples
    --------
    >>> from sklstm.metrics import sequence_accuracy
    >>> sequence_accuracy([["N", "V"], ["N"]], [["N", "N"], ["N"]])
    0.5
    """
    true, predicted = check_pairs(y_true, y_pred)
    weights = check_sample_weight(sample_weight, true)
    right = [labels == others for labels, others in zip(true, predicted, strict=True)]
    return float(weights[np.array(right)].sum() / weights.sum())
