"""What users hand over -> lists of labels, and errors that name the sample."""

from numbers import Number

import numpy as np

__all__ = [
    "check_container",
    "check_numbers",
    "check_pairs",
    "check_sample_weight",
    "check_sequences",
    "check_steps",
    "labels_of",
    "short",
    "step_weights",
]


def labels_of(sequence):
    """Return the labels of one sequence as a list, or None if it is no sequence."""
    if isinstance(sequence, np.ndarray):
        return sequence.tolist() if sequence.ndim == 1 else None
    if isinstance(sequence, dict | set | bytes):
        return None
    try:
        return list(sequence)
    except TypeError:
        return None


def check_sequences(y, name):
    """One list of labels a sample.

    Parameters
    ----------
    y : list, tuple, ndarray or Series
        One sequence of labels a sample.
    name : str
        How errors call it.

    Returns
    -------
    sequences : list of list
    """
    check_container(y, name)
    sequences = [labels_of(sequence) for sequence in y]
    for i, (labels, entry) in enumerate(zip(sequences, y, strict=True)):
        if labels is None:
            raise ValueError(
                f"{name}[{i}] is {short(entry)}: expected a sequence of labels, one"
                " list or 1-D array for each sample"
            )
    return sequences


def check_container(y, name):
    """Fail unless something holds one entry a sample."""
    if isinstance(y, str | dict | set) or not hasattr(y, "__len__"):
        raise ValueError(
            f"{name} is {short(y)}: expected one sequence of labels for each sample, in"
            " a list or an object array"
        )


def check_pairs(y_true, y_pred):
    """Both as lists of labels, as many sequences in one as in the other."""
    true, predicted = (
        check_sequences(y_true, "y_true"),
        check_sequences(y_pred, "y_pred"),
    )
    check_numbers(true, predicted)
    return true, predicted


def check_numbers(true, predicted):
    """Fail unless there is something to compare, and both have as many sequences."""
    if len(true) != len(predicted):
        raise ValueError(
            f"y_true has {len(true)} sequences and y_pred has {len(predicted)}:"
            " expected one prediction for each sample"
        )
    if not true:
        raise ValueError("y_true has no sequences: there is nothing to score")


def check_steps(y_true, y_pred, score):
    """The same, with as many labels in each sequence as in its prediction.

    Parameters
    ----------
    y_true, y_pred : list, tuple, ndarray or Series
    score : str
        What is computed, for errors.
    """
    true, predicted = check_pairs(y_true, y_pred)
    for i, (labels, others) in enumerate(zip(true, predicted, strict=True)):
        if len(labels) != len(others):
            raise ValueError(
                f"y_true[{i}] has {len(labels)} labels and y_pred[{i}] has"
                f" {len(others)}: {score} compares step by step. For sequences of other"
                " lengths there are sequence_accuracy, label_error_rate and bleu"
            )
    return true, predicted


def check_sample_weight(sample_weight, sequences):
    """Return one weight a sample, as a float64 array; ones for None."""
    if sample_weight is None:
        return np.ones(len(sequences))
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        weights = np.empty((0, 0))
    if weights.shape != (len(sequences),):
        raise ValueError(
            f"sample_weight must be one number for each of the {len(sequences)} samples"
        )
    _check_weights(weights, "sample_weight")
    if len(weights) and not weights.any():
        raise ValueError("no sequence counts: all have zero weight")
    return weights


def step_weights(sample_weight, sequences):
    """Return one array of weights a sequence, from weights of samples or of steps."""
    if not hasattr(sample_weight, "__len__") or _are_numbers(sample_weight):
        weights = check_sample_weight(sample_weight, sequences)
        pairs = zip(weights, sequences, strict=True)
        return [np.full(len(labels), weight) for weight, labels in pairs]
    if len(sample_weight) != len(sequences):
        raise ValueError(
            f"sample_weight has {len(sample_weight)} entries: expected one for each of"
            f" the {len(sequences)} samples, a number or a number for each step"
        )
    weights = []
    for i, (entry, labels) in enumerate(zip(sample_weight, sequences, strict=True)):
        try:
            array = np.asarray(entry, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"sample_weight[{i}] is {short(entry)}: expected a number, or a number"
                f" for each of the {len(labels)} steps of y_true[{i}]"
            ) from None
        if array.shape != (len(labels),):
            raise ValueError(
                f"sample_weight[{i}] has shape {array.shape}: expected a number for"
                f" each of the {len(labels)} steps of y_true[{i}]"
            )
        _check_weights(array, f"sample_weight[{i}]")
        weights.append(array)
    return weights


def _are_numbers(sample_weight):
    if isinstance(sample_weight, np.ndarray) and sample_weight.dtype != object:
        return sample_weight.ndim != 2
    return all(isinstance(weight, Number) for weight in sample_weight)


def _check_weights(weights, name):
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise ValueError(
            f"{name}[{wrong[0]}] is {weights[wrong[0]]}: expected a finite number, 0 or"
            " more"
        )


def short(entry):
    """What a value is, for an error."""
    if isinstance(entry, np.ndarray):
        return f"an array of shape {entry.shape}"
    text = repr(entry)
    return text if len(text) <= 40 else text[:37] + "..."
