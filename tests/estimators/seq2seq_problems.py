"""Words to be spelled backwards."""

import functools

import numpy as np

from sklstm import LSTMSeq2Seq

SMALL = {
    "hidden_layer_sizes": 16, "embedding_size": 8, "max_iter": 4, "random_state": 0,
}  # fmt: skip


def words(n_samples=60, seed=0, letters="abcd", longest=5):
    rng = np.random.RandomState(seed)
    return [
        "".join(rng.choice(list(letters), rng.randint(1, longest + 1)))
        for _ in range(n_samples)
    ]


def reversed_words(n_samples=60, seed=0, **options):
    X = words(n_samples, seed, **options)
    return X, [word[::-1] for word in X]


@functools.cache
def fitted_speller():
    """A model that spells short words backwards; not to be changed."""
    X, y = reversed_words(400, longest=4)
    model = LSTMSeq2Seq(
        hidden_layer_sizes=32, embedding_size=16, max_iter=25, random_state=0
    )
    return model.fit(X, y)


def parameters_of(model):
    return model._network.parameters
