"""Prediction step by step: the bits of a whole prediction, and an immutable state."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm import LSTMClassifier, LSTMRegressor, SequenceTransformer

N_STEPS = 12
X = np.random.RandomState(0).normal(size=(30, N_STEPS, 3)).astype(np.float32)
Y = {
    "classes": np.arange(30) % 3,
    "two classes": np.arange(30) % 2,
    "labels": np.arange(60).reshape(30, 2) // 7 % 2,
    "number": X[:, :, 0].sum(axis=1),
    "numbers": 100 + X[:, -1, :2],
    "counts": np.arange(30) % 4,
}
ESTIMATORS = {
    "classes": (LSTMClassifier(), "predict_proba"),
    "two classes": (LSTMClassifier(pooling="last"), "predict_proba"),
    "labels": (LSTMClassifier(pooling="mean"), "predict_proba"),
    "number": (LSTMRegressor(), "predict"),
    "numbers": (LSTMRegressor(pooling="max"), "predict"),
    "counts": (LSTMRegressor(loss="poisson"), "predict"),
}
CELLS = [
    {},
    {"cell": "gru", "zoneout": 0.2},
    {"cell": "gru", "reset_after": True, "hidden_layer_sizes": (5, 20)},
    {"cell": "rnn", "learn_initial_state": True},
    {"peephole": True, "projection_size": 4},
    {"peephole": True, "coupled_gates": True, "hidden_layer_sizes": (17, 9)},
    {"projection_size": (3, 19), "hidden_layer_sizes": (8, 8), "zoneout": 0.1},
]


def fitted(kind, **parameters):
    """A small fitted model and its method of prediction."""
    model, method = ESTIMATORS[kind]
    parameters = {
        "hidden_layer_sizes": 6,
        "max_iter": 2,
        "random_state": 0,
    } | parameters
    model = model.__class__(**model.get_params() | parameters)
    return model.fit(X, Y[kind]), method


def assert_steps_equal(model, method, X):
    """All streams of X side by side, against whole predictions."""
    state = model.initial_state(len(X))
    for t in range(X.shape[1]):
        y, state = model.step(X[:, t], state)
        expected = getattr(model, method)(X[:, : t + 1])
        assert y.dtype == expected.dtype
        assert_array_equal(y, expected)
    assert state.n_steps == X.shape[1]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_step_is_the_prediction_on_the_sequence_so_far(isa, kind):
    model, method = fitted(kind)
    assert_steps_equal(model, method, X[:4])


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("parameters", CELLS, ids=str)
def test_every_network_can_be_stepped(isa, dtype, parameters, pooling):
    name = np.dtype(dtype).name
    model, method = fitted("classes", pooling=pooling, dtype=name, **parameters)
    for n_streams in (1, 7):
        assert_steps_equal(model, method, X[:n_streams].astype(dtype))


def test_many_streams_release_the_lock_and_keep_their_bits():
    model, method = fitted("classes", hidden_layer_sizes=40)
    many = np.random.RandomState(1).normal(size=(60, 3, 3)).astype(np.float32)
    assert_steps_equal(model, method, many)


@pytest.mark.parametrize("output", ["last", "mean", "max"])
def test_transformer_steps_to_features(output):
    model = SequenceTransformer(output=output, hidden_layer_sizes=6, max_iter=2)
    assert_steps_equal(model.fit(X), "transform", X[:3])


def test_transformer_of_sequences_steps_to_the_state_of_each_step():
    model = SequenceTransformer(output="sequence", hidden_layer_sizes=6, max_iter=2)
    expected = model.fit(X).transform(X[:2])
    state = model.initial_state(2)
    for t in range(N_STEPS):
        y, state = model.step(X[:2, t], state)
        assert_array_equal(y, expected[:, t])


def test_a_state_is_immutable_and_can_be_gone_on_from_again():
    model, _ = fitted("classes")
    start = model.initial_state()
    first, after = model.step(X[0, 0], start)
    second, _ = model.step(X[0, 0], start)
    assert_array_equal(first, second)
    branches = [model.step(x, after)[0] for x in (X[0, 1], X[1, 1])]
    assert not np.array_equal(*branches)
    with pytest.raises(AttributeError):
        after.n_steps = 0
    assert start.n_steps == 0


def test_state_and_model_survive_pickling_in_the_middle():
    model, _ = fitted("classes", peephole=True)
    _, state = model.step(X[0, 0], model.initial_state())
    expected, _ = model.step(X[0, 1], state)
    model, state = pickle.loads(pickle.dumps((model, state)))
    found, _ = model.step(X[0, 1], state)
    assert_array_equal(found, expected)


def test_one_stream_may_come_without_its_axis_and_in_any_numbers():
    model, _ = fitted("classes")
    state = model.initial_state()
    expected, _ = model.step(X[:1, 0], state)
    values = X[0, 0]
    for x in (values, values.astype(float), values.tolist(), values[::-1][::-1]):
        found, _ = model.step(x, state)
        assert_array_equal(found, expected)


def test_a_new_fit_is_stepped_with_the_new_weights():
    model, method = fitted("classes")
    model.step(X[0, 0], model.initial_state())
    model.set_params(random_state=1).fit(X, Y["classes"])
    assert_steps_equal(model, method, X[:2])
    model.partial_fit(X, Y["classes"])
    assert_steps_equal(model, method, X[:2])


# Errors ----


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(4), r"shape \(4,\), expected one step of 1 stream"),
        (np.zeros((2, 3)), r"shape \(2, 3\), expected"),
        (np.zeros((1, 1, 3)), "expected one step"),
        ([0.0, np.nan, 0.0], "channel 1 of stream 0 is nan at step 0"),
        (np.float32([0.0, 0.0, np.inf]), "channel 2 of stream 0 is inf at step 0"),
        ([1e300, 0.0, 0.0], "channel 0 of stream 0 is 1e.300.*too large for float32"),
    ],
)
def test_bad_steps_are_explained_and_lose_nothing(x, message):
    model, _ = fitted("classes")
    state = model.initial_state()
    with pytest.raises(ValueError, match=message):
        model.step(x, state)
    model.step(X[0, 0], state)


def test_words_are_no_numbers():
    model, _ = fitted("classes")
    with pytest.raises(TypeError, match="x must be numbers"):
        model.step(["a", "b", "c"], model.initial_state())


def test_a_state_of_another_model_is_refused():
    model, _ = fitted("classes")
    state = model.initial_state()
    for other in (
        fitted("classes", hidden_layer_sizes=7)[0],
        fitted("classes", pooling="mean")[0],
        fitted("classes", random_state=1)[0],
    ):
        with pytest.raises(ValueError, match="belongs to another model"):
            other.step(X[0, 0], state)
    model.set_params(random_state=2).fit(X, Y["classes"])
    with pytest.raises(ValueError, match="before it was fitted anew"):
        model.step(X[0, 0], state)
    with pytest.raises(ValueError, match="has 3 bytes, which is not what 1 stream"):
        model.step(X[0, 0], model.initial_state()._replace(values=b"abc"))
    with pytest.raises(TypeError, match="must come from initial_state"):
        model.step(X[0, 0], None)


def test_a_bidirectional_model_says_why_it_cannot():
    model, _ = fitted("classes", bidirectional=True)
    with pytest.raises(ValueError, match="second direction starts at the end"):
        model.initial_state()


@pytest.mark.parametrize("n_streams", [0, -1, 1.5, None])
def test_number_of_streams_is_checked(n_streams):
    model, _ = fitted("classes")
    with pytest.raises(ValueError, match="n_streams must be a positive int"):
        model.initial_state(n_streams)
