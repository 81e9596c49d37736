"""Weights of Keras: gates by hand, and values compared with Keras itself, on JAX."""

import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from interchange.weight_problems import (
    LENGTHS,
    N_FEATURES,
    N_OUTPUTS,
    assert_close,
    assert_same_weights,
    our_predictions,
    padded,
    random_weights,
    sequences,
)

from sklstm import LSTMRegressor
from sklstm.interchange import RecurrentWeights, from_keras, to_keras

# Gates, signs and biases ----


def one_unit(cell, n_gates):
    """A layer of one unit, whose gates have the weights 1, 2, ... in our order."""
    gates = np.arange(1.0, n_gates + 1)
    layer = {
        "weight_ih": gates[:, np.newaxis],
        "weight_hh": 10 * gates[:, np.newaxis],
        "bias": 100 * gates,
    }
    if cell == "gru_reset_after":
        layer["bias_hh"] = np.array([7.0])
    return RecurrentWeights(cell, [[layer]])


@pytest.mark.parametrize(
    "cell, n_gates, kernel, bias",
    [
        ("lstm", 4, [1, 2, 3, 4], [100, 200, 300, 400]),  # i, f, c, o
        ("gru", 3, [-2, 1, 3], [-200, 100, 300]),  # z, r, h, the other sign of z
        ("gru_reset_after", 3, [-2, 1, 3], [[-200, 100, 300], [0, 0, 7]]),
        ("rnn_tanh", 1, [1], [100]),
    ],
)
def test_gates_go_where_keras_has_them_as_computed_by_hand(cell, n_gates, kernel, bias):
    weights = one_unit(cell, n_gates)
    kernels = np.array([kernel], dtype=float)
    found = to_keras(weights)
    for array, expected in zip(found, (kernels, 10 * kernels, bias), strict=True):
        np.testing.assert_array_equal(array, expected)
    bias = np.array(bias, dtype=float)
    assert_same_weights(from_keras([kernels, 10 * kernels, bias]), weights)


def test_a_gru_that_resets_before_has_one_bias_and_one_that_resets_after_two():
    kernels = [np.ones((3, 6)), np.ones((2, 6))]
    assert from_keras([*kernels, np.ones(6)]).cell == "gru"
    assert from_keras([*kernels, np.ones((2, 6))]).cell == "gru_reset_after"
    assert from_keras(kernels).cell == "gru_reset_after"
    assert from_keras(kernels, reset_after=False).cell == "gru"


def test_two_biases_are_added_up_except_in_the_candidate_of_a_gru():
    kernels = [np.ones((1, 3)), np.ones((1, 3))]
    bias = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])  # z, r, h
    [[layer]] = from_keras([*kernels, bias]).layers
    np.testing.assert_array_equal(layer["bias"], [22, -11, 3])  # r, z, n
    np.testing.assert_array_equal(layer["bias_hh"], [30])


VARIANTS = [
    (cell, choices)
    for cell in ("lstm", "gru", "gru_reset_after", "rnn_tanh")
    for choices in ({}, {"sizes": (5, 4)}, {"sizes": (5, 4), "bidirectional": True})
]


@pytest.mark.parametrize("n_symbols", [None, 6])
@pytest.mark.parametrize("cell, choices", VARIANTS, ids=str)
def test_weights_come_back_to_the_last_bit(cell, choices, n_symbols):
    weights = random_weights(cell, n_symbols=n_symbols, **choices)
    bidirectional = choices.get("bidirectional", False)
    back = from_keras(to_keras(weights), bidirectional=bidirectional)
    assert_same_weights(back, weights)


def test_lists_of_each_layer_are_read_like_one_list():
    weights = random_weights("lstm", sizes=(5, 4))
    a = to_keras(weights)
    assert_same_weights(from_keras([a[:3], a[3:6], [], a[6:]]), weights)


# Against Keras ----


def recurrent(kind, units, *, bidirectional=False, **options):
    """The name of a layer, and its arguments."""
    options = {"units": units, **options}
    if not bidirectional:
        return kind, options
    return "Bidirectional", {"layer": (kind, options)}


def model_layers(kind, sizes, *, bidirectional, options, n_outputs=N_OUTPUTS, above=()):
    """Masking, recurrent layers, pooling, a linear layer."""
    layers = [("Masking", {})]
    for i, units in enumerate(sizes):
        every = {"return_sequences": i + 1 < len(sizes) or bool(above)}
        layer = recurrent(kind, units, bidirectional=bidirectional, **every, **options)
        layers.append(layer)
    return [*layers, *above, ("Dense", {"units": n_outputs})]


AVERAGE = (("GlobalAveragePooling1D", {}),)
MAXIMUM = (("GlobalMaxPooling1D", {}),)

# What Keras layers can be made with: kind, sizes, whether in both directions, options.
MODELS = {
    "lstm": ("LSTM", (5,), False, {}),
    "lstm_both": ("LSTM", (5, 4), True, {}),
    "lstm_no_bias": ("LSTM", (5,), False, {"use_bias": False}),
    "gru": ("GRU", (5,), False, {"reset_after": False}),
    "gru_after": ("GRU", (5, 4), False, {}),
    "gru_after_both": ("GRU", (5,), True, {}),
    "gru_after_no_bias": ("GRU", (5,), False, {"use_bias": False}),
    "rnn": ("SimpleRNN", (5, 4), False, {}),
    "rnn_relu_both": ("SimpleRNN", (5,), True, {"activation": "relu"}),
}
# Ours that equal something Keras has.
EXPORTED = {
    "lstm": ("lstm", {"sizes": (5, 4)}),
    "coupled_both": ("lstm_coupled", {"bidirectional": True}),
    "projected": ("lstm", {"sizes": (5, 4), "projection_sizes": (3, 2)}),
    "projected_both": (
        "lstm_coupled",
        {"sizes": (5, 4), "projection_sizes": (3, 2), "bidirectional": True},
    ),
    "gru": ("gru", {"sizes": (5, 4)}),
    "gru_after_both": ("gru_reset_after", {"bidirectional": True}),
    "rnn_relu": ("rnn_relu", {}),
}
KIND = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}
# Keras on JAX computes tanh in float32 whatever it is set to (its type promotion turns
# float64 and a Python float into float32), so float32 it is.
DTYPE = np.float32


def keras_cases():
    """All that Keras is asked, in one go: starting it takes longer than the rest."""
    cases, X = {}, padded(sequences(dtype=DTYPE))
    for name, (kind, sizes, both, options) in MODELS.items():
        layers = model_layers(kind, sizes, bidirectional=both, options=options)
        cases["in", name] = {"layers": layers, "weights": None, "X": X}
    for name, above in (("mean", AVERAGE), ("max", MAXIMUM)):
        layers = model_layers("LSTM", (5,), bidirectional=True, options={}, above=above)
        # The maximum of Keras does not know where sequences end.
        equal = X if name == "mean" else padded(sequences((9, 9), dtype=DTYPE))
        cases["in", name] = {"layers": layers, "weights": None, "X": equal}
    for name, (cell, choices) in EXPORTED.items():
        weights = random_weights(cell, dtype=DTYPE, **choices)
        options = {"activation": "relu"} if cell == "rnn_relu" else {}
        options |= {"reset_after": cell != "gru"} if "gru" in cell else {}
        layers = model_layers(
            KIND[cell.split("_")[0]],
            weights.hidden_layer_sizes,
            bidirectional=weights.bidirectional,
            options=options,
        )
        cases["out", name] = {"layers": layers, "weights": to_keras(weights), "X": X}
    return cases


@pytest.fixture(scope="module")
def keras_answers(tmp_path_factory):
    for package in ("keras", "jax"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    folder = tmp_path_factory.mktemp("keras")
    (folder / "cases.pickle").write_bytes(pickle.dumps(keras_cases()))
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "KERAS_HOME": str(folder),
        "JAX_PLATFORMS": "cpu",
        # Compiling the models takes longer than running them step by step.
        "JAX_DISABLE_JIT": "1",
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    script = Path(__file__).with_name("run_keras.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return pickle.loads((folder / "answers.pickle").read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MODELS, "mean", "max"])
def test_predictions_with_imported_weights_are_those_of_keras(keras_answers, name):
    answer = keras_answers["in", name]
    of_model = answer["of_model"]
    X = sequences((9, 9) if name == "max" else LENGTHS, dtype=DTYPE)
    assert of_model.pooling == (name if name in ("mean", "max") else "last")
    assert of_model.dtype == DTYPE
    assert_close(our_predictions(of_model, X), answer["predictions"])


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MODELS, "mean", "max"])
def test_a_model_is_read_like_its_lists_of_weights(keras_answers, name):
    answer = keras_answers["in", name]
    of_model = answer["of_model"]
    words = {
        "bidirectional": of_model.bidirectional,
        "activation": "relu" if "relu" in name else "tanh",
    }
    for arrays in (answer["weights"], answer["by_layer"]):
        assert_same_weights(from_keras(arrays, **words), of_model)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPORTED)
def test_keras_with_exported_weights_predicts_what_we_do(keras_answers, name):
    cell, choices = EXPORTED[name]
    weights, X = random_weights(cell, dtype=DTYPE, **choices), sequences(dtype=DTYPE)
    answer = keras_answers["out", name]
    assert_close(answer["predictions"], our_predictions(weights, X))


# What Keras does not have, and lists that cannot be read ----


@pytest.mark.parametrize(
    "cell, choices, message",
    [
        ("lstm_peephole", {}, "no peephole"),
        ("gru", {"learned_start": True}, "Initial states"),
        ("lstm", {"projection_sizes": (3,), "pooling": "max"}, "pooling='max'"),
    ],
)
def test_what_keras_does_not_have_is_an_error_that_says_so(cell, choices, message):
    with pytest.raises(ValueError, match=message):
        to_keras(random_weights(cell, **choices))


def test_a_projection_that_nothing_reads_is_an_error_that_says_so():
    weights = random_weights("lstm", projection_sizes=(3,))
    with pytest.raises(ValueError, match="without a head"):
        to_keras(RecurrentWeights("lstm", weights.layers))


LSTM = [np.ones((3, 8)), np.ones((2, 8)), np.ones(8)]


@pytest.mark.parametrize(
    "arrays, words, message",
    [
        ([np.ones((3, 8))], {}, "does not begin with a recurrent layer"),
        ([np.ones((3, 8)), np.ones((2, 7)), np.ones(8)], {}, "does not begin"),
        ([*LSTM, *LSTM], {}, "reads 3 numbers, but layer 0 gives 2.*bidirectional"),
        (LSTM, {"bidirectional": True}, "no second direction"),
        ([*LSTM, np.ones((2, 4)), np.ones(3)], {}, "one Dense layer"),
        ([*LSTM, np.ones((2, 4)), np.ones(4), np.ones((4, 1))], {}, "one Dense layer"),
        ([*LSTM, np.ones((5, 4)), np.ones(4)], {}, r"head\['weight'\] has shape"),
        (
            [*LSTM, np.ones((2, 6)), np.ones((2, 6)), np.ones(6)],
            {},
            r"different kinds, \['gru', 'lstm'\]",
        ),
        ([np.ones((4, 7)), *LSTM], {}, r"embedding has shape \(4, 7\)"),
        ([np.ones((3, 8), int), *LSTM[1:]], {}, "array 0 has dtype int64"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(arrays, words, message):
    with pytest.raises((ValueError, TypeError), match=message):
        from_keras(arrays, **words)


# Models, by the questions that are asked of them ----


class FakeLayer:
    """What a layer of Keras answers; the real ones are in `keras_answers`."""

    def __init__(self, name, weights=(), **config):
        self.name, self._weights, self._config = name, list(weights), config

    def get_weights(self):
        return self._weights

    def get_config(self):
        return self._config


def layer(kind, weights=(), **config):
    """A layer whose class has the name of one of Keras."""
    return type(kind, (FakeLayer,), {})(kind.lower(), weights, **config)


PLAIN = {
    "activation": "tanh", "recurrent_activation": "sigmoid", "go_backwards": False,
    "return_sequences": False,
}  # fmt: skip
DENSE = ([np.ones((2, 4)), np.ones(4)],)


def model(*layers):
    return type("Model", (), {"layers": list(layers)})()


@pytest.mark.parametrize(
    "layers, message",
    [
        ([layer("LSTM", LSTM, **PLAIN | {"activation": "relu"})], "activation='relu'"),
        (
            [layer("LSTM", LSTM, **PLAIN | {"recurrent_activation": "hard_sigmoid"})],
            "recurrent_activation='hard_sigmoid'",
        ),
        ([layer("LSTM", LSTM, **PLAIN | {"go_backwards": True})], "go_backwards=True"),
        ([layer("Conv1D", LSTM), layer("LSTM", LSTM, **PLAIN)], "is a Conv1D"),
        ([layer("Dense", *DENSE, activation="linear")], "no layer of LSTM"),
        (
            [
                layer("LSTM", LSTM, **PLAIN),
                layer("Dense", *DENSE, activation="relu"),
            ],
            "activation='relu': a head",
        ),
        (
            [
                layer("Dense", *DENSE, activation="linear"),
                layer("LSTM", LSTM, **PLAIN),
            ],
            "stands where there is no place",
        ),
        (
            [
                layer("LSTM", LSTM, **PLAIN),
                layer("Dense", *DENSE, activation="linear"),
                layer("Dense", *DENSE, activation="linear"),
            ],
            "stands where there is no place",
        ),
        (
            [
                layer("LSTM", LSTM, **PLAIN),
                layer("GRU", LSTM, **PLAIN, reset_after=False),
            ],
            "not of one kind",
        ),
    ],
)
def test_a_model_that_computes_something_else_is_named(layers, message):
    with pytest.raises(ValueError, match=message):
        from_keras(model(*layers))


def test_layers_in_both_directions_must_be_concatenated():
    both = layer("Bidirectional", 2 * LSTM, merge_mode="sum")
    both.forward_layer = layer("LSTM", LSTM, **PLAIN)
    with pytest.raises(ValueError, match="merge_mode='sum'"):
        from_keras(model(both))


def test_zoneout_is_an_error_that_says_so():
    X = np.random.default_rng(0).normal(size=(8, 4, N_FEATURES))
    regressor = LSTMRegressor(zoneout=0.1, max_iter=1).fit(X, X[:, 0, 0])
    with pytest.raises(ValueError, match=r"zoneout=0\.1"):
        to_keras(regressor)
