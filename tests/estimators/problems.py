"""Small learning problems in every layout, and estimators quick enough for tests."""

import numpy as np

from sklstm import LSTMClassifier, LSTMRegressor, Sequences, SequenceTransformer

LAYOUTS = ("3d", "padded", "ragged", "object", "sequences")

# Quick, and independent of the defaults that real data will choose.
FAST = {"hidden_layer_sizes": 6, "max_iter": 8, "alpha": 1e-4, "random_state": 0}
FAST_STOCHASTIC = {
    "batch_size": 8,
    "learning_rate": "constant",
    "learning_rate_init": 0.02,
    "max_grad_norm": 1.0,
}


def make_arrays(n_samples=48, n_features=3, seed=0, equal_lengths=False):
    """A list of arrays whose first channel drifts, each at its own rate."""
    rng = np.random.RandomState(seed)
    arrays = []
    for _ in range(n_samples):
        n_timesteps = 7 if equal_lengths else rng.randint(3, 10)
        array = rng.normal(scale=0.3, size=(n_timesteps, n_features))
        array[:, 0] += rng.uniform(-1, 1)
        arrays.append(array)
    return arrays


def as_layout(arrays, layout):
    """The same sequences as the user would hold them; "3d" wants equal lengths."""
    if layout == "3d":
        return np.stack(arrays)
    if layout == "ragged":
        return list(arrays)
    if layout == "sequences":
        return Sequences.from_list(arrays)
    if layout == "object":
        result = np.empty(len(arrays), dtype=object)
        result[:] = arrays
        return result
    padded = np.full((len(arrays), max(map(len, arrays)), arrays[0].shape[1]), np.nan)
    for sample, array in zip(padded, arrays, strict=True):
        sample[: len(array)] = array
    return padded


def make_problem(layout="ragged", **how):
    """X in a layout, the labels "a", "b", "c" and one number for each sequence."""
    arrays = make_arrays(equal_lengths=layout == "3d", **how)
    drift = np.array([array[:, 0].mean() for array in arrays])
    labels = np.array(["a", "b", "c"])[np.digitize(drift, [-0.3, 0.3])]
    return as_layout(arrays, layout), labels, 100 + 5 * drift


def make_estimator(kind, **parameters):
    """An estimator that fits in a blink, and the attribute of a problem it learns."""
    if parameters.get("solver") != "lbfgs":
        parameters = FAST_STOCHASTIC | parameters
    if kind != "transformer":
        parameters = {"pooling": "last"} | parameters
    parameters = FAST | parameters
    if kind == "classifier":
        return LSTMClassifier(**parameters)
    if kind == "regressor":
        return LSTMRegressor(**parameters)
    return SequenceTransformer(**parameters)


def target_for(kind, labels, numbers):
    """What an estimator of this kind learns."""
    return numbers if kind == "regressor" else labels


def result_of(estimator, X):
    """All that an estimator says about X, as one array."""
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)
    if hasattr(estimator, "predict"):
        return estimator.predict(X)
    return np.asarray(estimator.transform(X))
