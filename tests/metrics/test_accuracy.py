"""Accuracy of steps and sequences; what is refused, and how the sample is named."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from sklstm import metrics
from sklstm.metrics import sequence_accuracy, token_accuracy

TRUE = [["a", "b", "c"], ["a"], ["b", "b"]]
PREDICTED = [["a", "b", "b"], ["a"], ["a", "a"]]
PAIRED = [
    metrics.token_accuracy,
    metrics.sequence_accuracy,
    metrics.label_error_rate,
    metrics.span_f1,
    metrics.span_report,
    metrics.bleu,
]


def name_of(function):
    return function.__name__


@pytest.mark.parametrize("name", metrics.__all__)
def test_every_function_has_an_example(name):
    item = getattr(metrics, name)
    assert name.endswith("_scorer") or ">>> " in item.__doc__


def test_every_step_counts_once():
    assert token_accuracy(TRUE, PREDICTED) == 3 / 6
    flat = [np.concatenate(y) for y in (TRUE, PREDICTED)]
    assert token_accuracy(TRUE, PREDICTED) == accuracy_score(*flat)


def test_a_sequence_counts_if_all_of_it_is_right():
    assert sequence_accuracy(TRUE, PREDICTED) == 1 / 3
    assert sequence_accuracy([["a"], ["b"]], [["a", "a"], ["b"]]) == 1 / 2
    assert sequence_accuracy([[], ["b"]], [[], []]) == 1 / 2


def test_all_layouts_of_the_same_labels_score_alike():
    layouts = [
        TRUE,
        tuple(tuple(labels) for labels in TRUE),
        [np.array(labels) for labels in TRUE],
        np.array([np.array(labels, dtype=object) for labels in TRUE], dtype=object),
    ]
    for y_true in layouts:
        assert token_accuracy(y_true, PREDICTED) == 1 / 2
        assert sequence_accuracy(PREDICTED, y_true) == 1 / 3
    square = np.array([[1, 2], [3, 4]])
    assert token_accuracy(square, [[1, 2], [3, 5]]) == 3 / 4
    assert token_accuracy(["abc", "d"], [["a", "b", "c"], ["e"]]) == 3 / 4


def test_weights_of_samples_count_as_repetitions():
    weights = [2, 0, 1]
    repeated = [TRUE[0], TRUE[0], TRUE[2]], [PREDICTED[0], PREDICTED[0], PREDICTED[2]]
    assert token_accuracy(TRUE, PREDICTED, sample_weight=weights) == token_accuracy(
        *repeated
    )
    assert sequence_accuracy(TRUE, PREDICTED, sample_weight=[1, 3, 0]) == 3 / 4


def test_weights_of_steps():
    weights = [np.array([1.0, 2.0, 0.0]), [0.5], np.array([0.0, 0.5])]
    assert token_accuracy(TRUE, PREDICTED, sample_weight=weights) == 3.5 / 4
    single = [[[1.0], [3.0]], np.array([[1.0], [3.0]]), np.array([1.0, 3.0]), [1, 3]]
    for weights in single:
        score = token_accuracy([["a"], ["b"]], [["a"], ["c"]], sample_weight=weights)
        assert score == 1 / 4


@pytest.mark.parametrize("function", PAIRED, ids=name_of)
@pytest.mark.parametrize(
    "y_true, y_pred, message",
    [
        ([["O"], ["O"]], [["O"]], "y_true has 2 sequences and y_pred has 1"),
        ([], [], "nothing to score"),
        ([["O"], 3], [["O"], ["O"]], r"y_true\[1\] is 3: expected a "),
        ([["O"], ["O"]], [["O"], None], r"y_pred\[1\] is None: expected a sequence"),
        ([["O"]], [np.zeros((2, 2))], r"y_pred\[0\] is an array of shape \(2, 2\)"),
        ([["O"]], "O", "y_pred is 'O': expected one sequence"),
        (3, [["O"]], "y_true is 3: expected one sequence"),
    ],
)
def test_what_is_no_pair_of_sequences_is_refused(function, y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        function(y_true, y_pred)


@pytest.mark.parametrize("function", [token_accuracy, metrics.span_f1], ids=name_of)
def test_another_length_is_refused_where_steps_are_compared(function):
    message = r"y_true\[1\] has 2 labels and y_pred\[1\] has 1: .* label_error_rate"
    with pytest.raises(ValueError, match=message):
        function([["O"], ["O", "O"]], [["O"], ["O"]])


@pytest.mark.parametrize("function", PAIRED, ids=name_of)
@pytest.mark.parametrize(
    "weights, message",
    [
        ([1.0], "each of the 2 samples"),
        ([1.0, -1.0], r"sample_weight\[1\] is -1.0: expected a finite number"),
        ([np.nan, 1.0], r"sample_weight\[0\] is nan"),
    ],
)
def test_wrong_weights_are_refused(function, weights, message):
    with pytest.raises(ValueError, match=message):
        function([["O"], ["O"]], [["O"], ["O"]], sample_weight=weights)


@pytest.mark.parametrize(
    "weights, message",
    [
        ([[1.0], [1.0]], r"sample_weight\[1\] has shape \(1,\): .* 2 steps"),
        ([[1.0]], "sample_weight has 1 entries"),
        ([[1.0], [1.0, -2.0]], r"sample_weight\[1\]\[1\] is -2.0"),
        ([[1.0], object()], r"sample_weight\[1\] is <object.*: expected a number"),
        (["a", "b"], r"sample_weight\[0\] is 'a': expected a number"),
        (object(), "sample_weight must be one number for each of the 2 samples"),
    ],
)
def test_wrong_weights_of_steps_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        token_accuracy([["a"], ["a", "b"]], [["a"], ["a", "b"]], sample_weight=weights)


@pytest.mark.parametrize("function", PAIRED, ids=name_of)
def test_a_score_of_nothing_is_refused(function):
    """An error rate of 0 would be perfect."""
    with pytest.raises(ValueError, match="no sequence counts: all have zero weight"):
        function([["O"], ["O"]], [["O"], ["O"]], sample_weight=[0, 0])
    if function is token_accuracy:
        with pytest.raises(ValueError, match="no step counts"):
            function([[]], [[]])
        with pytest.raises(ValueError, match="no step counts"):
            function([["O"]], [["O"]], sample_weight=[[0]])
