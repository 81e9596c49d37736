"""Texts and piano rolls, and language models quick enough for tests."""

import numpy as np
import pytest

from sklstm import LSTMLanguageModel

FAST = {
    "hidden_layer_sizes": 7,
    "max_iter": 3,
    "batch_size": 4,
    "bptt_steps": 6,
    "random_state": 0,
}
WORDS = ["abcabcabc", "bcabca", "cabcabcab", "ab", "bcabcabcabcabcabc", "ca"] * 2


def make_model(**how):
    return LSTMLanguageModel(**{**FAST, **how})


def make_rolls(n_samples=8, n_channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (rng.uniform(size=(rng.integers(4, 20), n_channels)) < 0.4).astype(float)
        for _ in range(n_samples)
    ]


PROBLEMS = {
    "characters": lambda: WORDS,
    "lists": lambda: [list(word) for word in WORDS],
    "numbers": lambda: [[ord(c) for c in word] for word in WORDS],
    "rolls": make_rolls,
}
each_problem = pytest.mark.parametrize("problem", PROBLEMS)


def as_object_array(X):
    result = np.empty(len(X), dtype=object)
    result[:] = X
    return result
