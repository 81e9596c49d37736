"""`LSTMTranscriber`: what it refuses, and what it says."""

import re

import numpy as np
import pytest
from estimators.transcription_problems import FAST, make_problem

from sklstm import LSTMTranscriber
from sklstm.training import TrainingDivergedError


@pytest.fixture(scope="module")
def problem():
    return make_problem()


def test_a_sequence_with_too_few_steps_is_named_before_training(problem):
    X, y = problem
    y = [*y[:7], "aabb" * len(X[7]), *y[8:]]
    n_steps = len(X[7])
    message = (
        f"y[7] has {4 * n_steps} labels and needs at least {6 * n_steps} time steps,"
        f" one for each label and one between equal neighbours, but sequence 7 has"
        f" {n_steps}"
    )
    model = LSTMTranscriber(**FAST)
    with pytest.raises(ValueError, match=re.escape(message)):
        model.fit(X, y)
    assert not hasattr(model, "loss_curve_")
    with pytest.raises(ValueError, match=r"y_val\[0\] has 3 labels"):
        model.fit(X, ["a"] * len(X), X_val=[np.zeros((2, 3))], y_val=["aaa"])


@pytest.mark.parametrize(
    "sample_weight, message",
    [
        (object(), "sample_weight is <object.*expected one number for each of the 40"),
        (["a"] * 40, "sample_weight is .*expected one number for each of the 40"),
        ([[1.0]] * 39 + [[1, 2]], "sample_weight is .*expected one number for each"),
        (np.ones((40, 2)), r"sample_weight is of shape \(40, 2\): expected one number"),
        ([None] * 40, "sample_weight.*NaN"),
    ],
    ids=["object", "strings", "ragged", "matrix", "none"],
)
def test_weights_are_numbers(problem, sample_weight, message):
    X, y = problem
    with pytest.raises(ValueError, match=message):
        LSTMTranscriber(**FAST).fit(X, y, sample_weight)
    message = message.replace("sample_weight", "sample_weight_val", 1)
    if sample_weight is None or "NaN" in message:
        return  # scikit-learn's own message knows one name
    with pytest.raises(ValueError, match=message):
        LSTMTranscriber(**FAST).fit(
            X, y, X_val=X, y_val=y, sample_weight_val=sample_weight
        )


@pytest.mark.parametrize(
    "y, message",
    [
        (None, "requires y to be passed"),
        (["a"], "X has 2, y has 1"),
        (["", ""], "all sequences of y are empty"),
        (["a", 3], r"y\[1\] is 3: expected a sequence of symbols"),
        (["a", [["b"]]], r"y\[1\]\[0\] is \['b'\]: a symbol must be hashable"),
    ],
)
def test_label_sequences_are_checked(y, message):
    X = [np.zeros((4, 2)), np.zeros((5, 2))]
    with pytest.raises(ValueError, match=message):
        LSTMTranscriber(**FAST).fit(X, y)


@pytest.mark.parametrize("classes", [5, np.array(5)])
def test_classes_are_a_list_of_labels(problem, classes):
    with pytest.raises(ValueError, match=r"classes is .*: expected a list of labels"):
        LSTMTranscriber(**FAST).partial_fit(*problem, classes=classes)


def test_a_loss_that_is_not_finite_stops_before_the_update(problem):
    X, y = problem
    X = [1e30 * x for x in X]
    model = LSTMTranscriber(
        **FAST | {"learning_rate_init": 1e30, "max_grad_norm": None}, cell="rnn",
        activation="relu", bidirectional=False,
    )  # fmt: skip
    with pytest.raises(TrainingDivergedError, match="epoch"):
        model.fit(X, y)
    for array in model.layers_[0][0].values():
        assert np.isfinite(array).all()


def test_beam_width_belongs_to_the_beam(problem):
    X, y = problem
    with pytest.raises(ValueError, match="beam_width=3 has no effect with decoder="):
        LSTMTranscriber(**FAST, beam_width=3).fit(X, y)
    with pytest.raises(ValueError, match="'decoder' parameter"):
        LSTMTranscriber(**FAST, decoder="best").fit(X, y)
