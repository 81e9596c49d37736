"""Connectionist temporal classification by its definition, in plain Python.

Every path is visited, so sizes must be tiny; this is what the kernels are compared
with. The last class is the blank.
"""

from itertools import product

import numpy as np


def softmax(outputs):
    """Probabilities of rows of outputs, in float64."""
    outputs = np.asarray(outputs, dtype=np.float64)
    exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def labelling_of(path, blank):
    """What is left of a path: repetitions are taken out first, then blanks."""
    kept = [k for t, k in enumerate(path) if t == 0 or k != path[t - 1]]
    return tuple(k for k in kept if k != blank)


def labelling_probabilities(outputs):
    """The probability of every labelling that some path stands for.

    Parameters
    ----------
    outputs : ndarray of shape (n_steps, n_classes)

    Returns
    -------
    probabilities : dict from tuple of int to float
    """
    probabilities = softmax(outputs)
    n_steps, n_classes = probabilities.shape
    total = {}
    for path in product(range(n_classes), repeat=n_steps):
        probability = np.prod(probabilities[np.arange(n_steps), list(path)])
        labelling = labelling_of(path, n_classes - 1)
        total[labelling] = total.get(labelling, 0.0) + probability
    return total


def ctc_value(outputs, labels):
    """``-log`` of the probability of the labels; infinite if no path gives them."""
    probability = labelling_probabilities(outputs).get(tuple(labels), 0.0)
    with np.errstate(divide="ignore"):
        return float(-np.log(probability))


def best_alignment(outputs, labels):
    """The most probable path of the labels.

    Returns
    -------
    path : tuple of int
        Class of every step.
    log_probability : float
    """
    logarithms = np.log(softmax(outputs))
    n_steps, n_classes = logarithms.shape
    paths = [
        path
        for path in product(range(n_classes), repeat=n_steps)
        if labelling_of(path, n_classes - 1) == tuple(labels)
    ]
    scores = [logarithms[np.arange(n_steps), list(path)].sum() for path in paths]
    best = int(np.argmax(scores))
    return paths[best], float(scores[best])


def edit_distance(first, second):
    """Fewest insertions, deletions and replacements that turn one into the other."""
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            replaced = diagonal + (a != b)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, replaced)
    return row[-1]
