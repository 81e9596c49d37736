"""`RecurrentWeights`: what it tells, what it refuses, and its equivalents."""

import pickle

import numpy as np
import pytest
from interchange.weight_problems import (
    assert_close,
    assert_same_weights,
    our_predictions,
    random_weights,
    sequences,
)

from sklstm import LSTMClassifier
from sklstm.interchange import RecurrentWeights
from sklstm.interchange.equivalents import without_coupled_gates, without_projection
from sklstm.network.cells import CELLS


@pytest.mark.parametrize("cell", CELLS)
def test_parameters_are_those_of_an_estimator_that_the_weights_fit(cell):
    weights = random_weights(
        cell, sizes=(5, 4), bidirectional=True, learned_start=True, n_outputs=1
    )
    X = sequences()
    model = LSTMClassifier(
        **weights.parameters, weight_init=weights.layers, max_iter=1,
        learning_rate_init=1e-30, alpha=0.0,
    ).fit(X, [0, 1, 0, 1, 0])  # fmt: skip
    assert model._network.config.cell == cell
    found = RecurrentWeights(cell, model.layers_, weights.head)
    assert_same_weights(found, weights)


def test_what_weights_tell():
    weights = random_weights(
        "lstm", sizes=(5, 4), projection_sizes=(3, 2), bidirectional=True, n_symbols=7
    )
    assert weights.hidden_layer_sizes == (5, 4)
    assert weights.projection_sizes == (3, 2)
    assert weights.n_features == 3
    assert weights.n_hidden == 4
    assert repr(weights) == (
        "RecurrentWeights(lstm, bidirectional: 7 symbols -> 3 features -> 5 units "
        "projected to 3 -> 4 units projected to 2 -> 2 outputs)"
    )
    assert weights.parameters["pooling"] == "last"
    assert "pooling" not in random_weights("gru", pooling=None).parameters
    assert random_weights("gru").parameters["hidden_layer_sizes"] == 5


def test_arrays_are_copies_that_cannot_be_written_to():
    given = random_weights("gru")
    layers = [[{k: np.array(a) for k, a in given.layers[0][0].items()}]]
    weights = RecurrentWeights("gru", layers)
    layers[0][0]["bias"][:] = 0
    assert weights.layers[0][0]["bias"].any()
    with pytest.raises(ValueError, match="read-only"):
        weights.layers[0][0]["bias"][:] = 0
    assert_same_weights(pickle.loads(pickle.dumps(weights)), weights)


def test_one_dtype_is_that_of_the_most_precise_array():
    layers = random_weights("gru", dtype=np.float32).layers
    assert RecurrentWeights("gru", layers).dtype == np.float32
    head = random_weights("gru").head
    weights = RecurrentWeights("gru", layers, head)
    assert weights.dtype == np.float64
    assert weights.layers[0][0]["bias"].dtype == np.float64
    half = [[{k: a.astype(np.float16) for k, a in layers[0][0].items()}]]
    assert RecurrentWeights("gru", half).dtype == np.float32


# What does not fit ----

LAYER = random_weights("gru").layers[0][0]


@pytest.mark.parametrize(
    "words, message",
    [
        ({"cell": "LSTM"}, "cell must be one of"),
        ({"layers": LAYER}, "layers must be a list"),
        ({"layers": []}, "layers must be a list"),
        ({"layers": [None]}, "layers must be a list"),
        ({"layers": [[]]}, "layers must be a list"),
        ({"cell": "lstm"}, r"layers\[0\]\[0\]\['weight_ih'\].*expected \(12, 3\)"),
        ({"layers": [[LAYER | {"bias": np.ones(14)}]]}, r"\['bias'\].*\(14,\)"),
        ({"layers": [[LAYER], [LAYER]]}, r"layers\[1\]\[0\]\['weight_ih'\].*\(15, 5\)"),
        ({"layers": [[LAYER, LAYER], [LAYER]]}, r"layers\[1\] has 1 entry"),
        ({"layers": [[{"bias": np.ones(15)}]]}, "lacks weight_ih, weight_hh"),
        ({"layers": [[LAYER | {"weight_hh": np.float64(1)}]]}, r"expected \(3, 3\)"),
        ({"layers": [[LAYER | {"weight_ih": np.ones(15)}]]}, r"has shape \(15,\)"),
        ({"layers": [[LAYER | {"bias": np.ones(15, int)}]]}, "dtype int64"),
        ({"head": {"weight": np.ones((2, 5))}}, "head has weight: expected weight and"),
        (
            {"head": {"weight": np.ones((2, 4)), "bias": np.ones(2)}},
            r"head\['weight'\] has shape \(2, 4\), expected \(2, 5\)",
        ),
        ({"embedding": np.ones((7, 4))}, r"embedding has shape \(7, 4\), .* 3\)"),
    ],
)
def test_what_does_not_fit_is_named(words, message):
    with pytest.raises((ValueError, TypeError), match=message):
        RecurrentWeights(**{"cell": "gru", "layers": [[LAYER]]} | words)


# Equivalents ----


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("cell", ["lstm_coupled", "lstm_coupled_peephole"])
def test_coupled_gates_equal_a_forget_gate_of_negated_weights(cell, pooling):
    weights = random_weights(
        cell, sizes=(5, 4), bidirectional=True, pooling=pooling, learned_start=True
    )
    plain, X = without_coupled_gates(weights), sequences()
    assert plain.cell == cell.replace("_coupled", "")
    assert_close(our_predictions(plain, X), our_predictions(weights, X), 1e-13)


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("cell", ["lstm", "lstm_peephole", "lstm_coupled"])
def test_a_projection_equals_wider_weights(cell, pooling):
    weights = random_weights(
        cell, sizes=(5, 4), projection_sizes=(3, 2), bidirectional=True,
        pooling=pooling,
    )  # fmt: skip
    full, X = without_projection(weights), sequences()
    assert full.projection_sizes is None
    assert_close(our_predictions(full, X), our_predictions(weights, X), 1e-12)


def test_what_is_plain_stays_the_same_object():
    weights = random_weights("lstm")
    assert without_coupled_gates(weights) is weights
    assert without_projection(weights) is weights
