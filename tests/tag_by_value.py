"""An estimator that labels every step, small enough to look at scikit-learn with."""

from collections import Counter, defaultdict

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


def object_array(sequences):
    """One sequence a place, also if all have one length."""
    array = np.empty(len(sequences), dtype=object)
    for i, sequence in enumerate(sequences):
        array[i] = sequence
    return array


class TagByValue(BaseEstimator):
    """Gives each value of the first channel its most frequent label.

    Parameters
    ----------
    default : str, default="O"
        Label of values that were not seen.
    as_list : bool, default=False
        Whether predictions are a list of lists and not an object array.
    """

    def __init__(self, default="O", as_list=False):
        self.default = default
        self.as_list = as_list

    def fit(self, X, y, sample_weight=None):
        """Count labels by value."""
        weights = [1] * len(X) if sample_weight is None else sample_weight
        counts = defaultdict(Counter)
        for x, labels, weight in zip(X, y, weights, strict=True):
            steps = np.broadcast_to(weight, len(labels))
            for value, label, step in zip(x[:, 0], labels, steps, strict=True):
                counts[value][label] += step
        self.labels_ = {value: c.most_common(1)[0][0] for value, c in counts.items()}
        self.classes_ = np.unique(list(self.labels_.values()))
        return self

    def predict(self, X):
        """Return one sequence of labels a sample."""
        tags = [[self.labels_.get(v, self.default) for v in x[:, 0]] for x in X]
        return tags if self.as_list else object_array([np.array(t) for t in tags])

    def predict_proba(self, X):
        """Return one array of shape (n_timesteps, 2) a sample."""
        return object_array([np.full((len(x), 2), 0.5) for x in X])


class ClassifyByValue(ClassifierMixin, TagByValue):
    """The same, called a classifier."""


def tagging_problem(lengths, seed=0):
    """Return values of one channel and their tags, as lists."""
    rng = np.random.default_rng(seed)
    X = [rng.integers(3, size=(length, 1)).astype(float) for length in lengths]
    names = np.array(["O", "B-x", "I-x"])
    y = [names[np.where(rng.random(len(x)) < 0.8, x[:, 0], 0).astype(int)] for x in X]
    return X, [labels.tolist() for labels in y]
