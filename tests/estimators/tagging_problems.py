"""Sequences with a label for every step, and taggers quick enough for tests."""

import numpy as np
from estimators.problems import FAST, FAST_STOCHASTIC, as_layout

from sklstm import LSTMTagger

CITIES = ["Oslo", "Rome", "Paris", "Lima", "Bern"]
FILLERS = ["flights", "please", "show", "all", "the"]


def make_vectors(n_samples=40, seed=0, equal_lengths=False, layout="ragged"):
    """Noise; a step is "up" if the mean of its neighbours and itself is positive."""
    rng = np.random.RandomState(seed)
    arrays, y = [], []
    for _ in range(n_samples):
        n_steps = 6 if equal_lengths else rng.randint(3, 9)
        array = rng.normal(size=(n_steps, 2))
        smooth = np.convolve(array[:, 0], np.ones(3), "same")
        arrays.append(array)
        y.append(np.where(smooth > 0, "up", "down"))
    return as_layout(arrays, layout), y


def make_sentences(n_samples=40, seed=0, cities=CITIES):
    """A city is where to go if "to" stands before it, else where to come from."""
    rng = np.random.RandomState(seed)
    X, y = [], []
    for _ in range(n_samples):
        words, labels = [], []
        for _ in range(rng.randint(1, 4)):
            if rng.rand() < 0.5:
                preposition, city = rng.choice(["to", "from"]), rng.choice(cities)
                words += [preposition, city]
                labels += ["O", f"B-{preposition}"]
            else:
                words.append(rng.choice(FILLERS))
                labels.append("O")
        X.append(list(map(str, words)))
        y.append(list(map(str, labels)))
    return X, y


def make_tagger(**parameters):
    """A tagger that fits in a blink."""
    if parameters.get("solver") != "lbfgs":
        parameters = FAST_STOCHASTIC | parameters
    return LSTMTagger(**(FAST | parameters))


def as_object_array(items):
    """A 1-D array of lists or arrays."""
    array = np.empty(len(items), dtype=object)
    for k, item in enumerate(items):
        array[k] = item
    return array


def assert_same_answers(one, other):
    """Fail unless two object arrays of arrays are the same to the last bit."""
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
