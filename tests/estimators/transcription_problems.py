"""Beeps of three pitches with pauses between them."""

import numpy as np

FAST = {
    "hidden_layer_sizes": 8,
    "max_iter": 4,
    "batch_size": 8,
    "random_state": 0,
}


def play(labels, rng):
    """A beep of one of three pitches for each label, of any length, with pauses."""
    parts = [np.zeros((rng.randint(1, 3), 3))]
    for label in labels:
        parts.append(np.tile(np.eye(3)["abc".index(label)], (rng.randint(1, 4), 1)))
        parts.append(np.zeros((rng.randint(1, 3), 3)))
    return np.concatenate(parts) + 0.05 * rng.normal(size=(sum(map(len, parts)), 3))


def make_problem(n_samples=40, seed=0):
    rng = np.random.RandomState(seed)
    y = ["".join(rng.choice(list("abc"), rng.randint(0, 4))) for _ in range(n_samples)]
    return [play(labels, rng) for labels in y], y
