"""Small fitted estimators to be explained, in float64."""

import numpy as np

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    LSTMTranscriber,
    Sequences,
    SequenceTransformer,
)

SMALL = {
    "hidden_layer_sizes": (5, 4),
    "max_iter": 3,
    "learning_rate_init": 0.05,
    "random_state": 0,
    "dtype": "float64",
    "n_jobs": 1,
}
LENGTHS = (3, 5, 2, 4)


def make_sequences(lengths=LENGTHS, n_features=2, seed=1):
    """Sequences whose values can be changed."""
    rng = np.random.RandomState(seed)
    return Sequences(rng.normal(size=(sum(lengths), n_features)), lengths)


def training_data(n_samples=20, n_features=2):
    lengths = 2 + np.arange(n_samples) % 4
    return make_sequences(lengths, n_features, seed=0)


def fitted_classifier(n_classes=3, **parameters):
    X = training_data()
    y = np.array(list("abcdef"))[np.arange(len(X)) % n_classes]
    return LSTMClassifier(**SMALL | parameters).fit(X, y)


def fitted_multilabel(**parameters):
    X = training_data()
    y = np.random.RandomState(0).randint(0, 2, (len(X), 3))
    return LSTMClassifier(**SMALL | parameters).fit(X, y)


def fitted_regressor(n_outputs=1, **parameters):
    X = training_data()
    y = np.random.RandomState(0).poisson(5, (len(X), n_outputs)) * 1000.0
    return LSTMRegressor(**SMALL | parameters).fit(X, y[:, 0] if n_outputs == 1 else y)


def fitted_transformer(**parameters):
    return SequenceTransformer(**SMALL | parameters).fit(training_data())


def fitted_tagger(n_labels=3, **parameters):
    X = training_data()
    y = [np.array(list("xyz"))[np.arange(n) % n_labels] for n in X.lengths]
    return LSTMTagger(**SMALL | parameters).fit(X, y)


def fitted_symbol_tagger(**parameters):
    X = [["the", "cat", "sat"], ["a", "dog", "ran", "off"], ["the", "dog", "sat"]] * 3
    y = [["D", "N", "V", "P"][: len(x)] for x in X]
    return LSTMTagger(**SMALL | {"embedding_size": 3} | parameters).fit(X, y)


def fitted_transcriber(**parameters):
    X = training_data()
    y = ["ab"[: max(1, n // 2)] for n in X.lengths]
    return LSTMTranscriber(**SMALL | parameters).fit(X, y)


def planted_problem(n_samples=800):
    """Three channels of noise; y is the sum of channel 1 at steps 3 and 4."""
    X = np.random.RandomState(0).normal(size=(n_samples, 6, 3))
    return X, X[:, 3:5, 1].sum(axis=1)


def planted_model():
    return LSTMRegressor(
        hidden_layer_sizes=16, max_iter=40, learning_rate_init=0.02, batch_size=50,
        random_state=0, n_jobs=1,
    )  # fmt: skip
