"""Classifier, regressor and transformer as ONNX graphs."""

import numpy as np
import pytest
from estimators.problems import LAYOUTS, make_estimator, make_problem
from interchange.onnx_runs import (
    assert_close,
    assert_steps_close,
    companies,
    exported,
    facts_of,
    run,
    scrambled,
)
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from sklstm import LSTMClassifier, Sequences
from sklstm.interchange import onnx_inputs, pad, to_onnx


@pytest.fixture(scope="module")
def problem():
    return make_problem()


# Classifier ----


@pytest.mark.parametrize(
    "names",
    [["no", "yes"], [3, -7], [1.0, 2.0], [False, True], ["a", "b", "é"], [5, 3, 2**40]],
    ids=str,
)
def test_labels_come_out_as_they_are(problem, names):
    X, labels, _ = problem
    y = np.array(names)[np.unique(labels, return_inverse=True)[1] % len(names)]
    classifier = make_estimator("classifier", max_iter=40, learning_rate_init=0.05)
    classifier.fit(X, y)
    for some in companies(X):
        found = exported(classifier, some)
        expected = classifier.predict(some)
        assert found["label"].tolist() == expected.tolist()
        assert_close(found["probabilities"], classifier.predict_proba(some))
    assert len(set(classifier.predict(X))) == len(names)


def test_small_probabilities_are_exact():
    """Also of the first of two classes, which is no difference from one."""
    X, labels, _ = make_problem()
    classifier = make_estimator("classifier").fit(X, labels == "a")
    classifier._network.output_bias[:] = 25
    classifier._network.parameters_changed()
    found = exported(classifier, X)["probabilities"]
    expected = classifier.predict_proba(X)
    assert 0 < expected.min() < 1e-8
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_several_labels_at_once(problem):
    X, labels, _ = problem
    y = np.column_stack([labels == "a", labels != "c", np.arange(len(X)) % 2])
    classifier = scrambled(make_estimator("classifier").fit(X, y.astype(int)))
    for some in companies(X):
        found = exported(classifier, some)
        assert_array_equal(found["label"], classifier.predict(some))
        assert_close(found["probabilities"], classifier.predict_proba(some))


def test_classes_are_in_the_metadata(problem):
    X, labels, _ = problem
    facts = facts_of(to_onnx(make_estimator("classifier").fit(X, labels)))
    assert facts["classes"] == ["a", "b", "c"]
    assert facts["estimator"] == "LSTMClassifier"
    assert facts["version"]


# Regressor ----


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "huber", "quantile", "poisson"]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_regressors_answer_in_the_units_of_the_targets(problem, loss, dtype):
    X, _, numbers = problem
    y = np.column_stack([numbers, 1e6 + 30 * numbers])
    for target in (numbers, y):
        regressor = make_estimator("regressor", loss=loss, dtype=dtype)
        regressor.fit(X, target)
        for some in companies(X):
            expected = regressor.predict(some)
            found = exported(regressor, some)["variable"]
            scale = regressor._task.loss.scale
            errors = (found - expected.reshape(found.shape)) / scale
            assert np.abs(errors).max() < 1e-5


# Transformer ----


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("output", ["last", "mean", "max", "sequence"])
def test_transformers_hand_out_hidden_states(problem, output, bidirectional):
    X, labels, _ = problem
    transformer = make_estimator(
        "transformer",
        objective="classification",
        output=output,
        bidirectional=bidirectional,
        hidden_layer_sizes=(5, 4),
    ).fit(X, labels)
    for some in companies(X):
        found, expected = exported(transformer, some), transformer.transform(some)
        if output == "sequence":
            assert_steps_close(found["variable"], expected)
            assert found["variable_lengths"].tolist() == [len(x) for x in some]
        else:
            assert_close(found["variable"], expected)


def test_output_may_change_after_the_fit(problem):
    X, *_ = problem
    transformer = make_estimator("transformer", output="last").fit(X)
    transformer.set_params(output="max")
    assert_close(exported(transformer, X)["variable"], transformer.transform(X))


# Inputs ----


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_can_be_fed(layout):
    X, labels, _ = make_problem(layout)
    classifier = make_estimator("classifier").fit(X, labels)
    assert_close(exported(classifier, X)["probabilities"], classifier.predict_proba(X))


def test_tables_are_fed_as_tables():
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(30, 7)), rng.randint(0, 2, size=30)
    classifier = scrambled(make_estimator("classifier").fit(X, y))
    inputs = onnx_inputs(classifier, X)
    assert inputs["X"].shape == (30, 7)
    assert_close(exported(classifier, X)["probabilities"], classifier.predict_proba(X))
    single = run(to_onnx(classifier, ragged=False), {"X": X[:1].astype(np.float32)})
    assert_close(single["probabilities"], classifier.predict_proba(X[:1]))


def test_padding_by_hand_is_all_there_is_to_it(problem):
    X, labels, _ = problem
    classifier = make_estimator("classifier").fit(X, labels)
    array = np.zeros((len(X), max(map(len, X)), 3), dtype=np.float32)
    for sample, x in enumerate(X):
        array[sample, : len(x)] = x
    lengths = np.array([len(x) for x in X])
    found = run(to_onnx(classifier), {"X": array, "lengths": lengths})
    assert_close(found["probabilities"], classifier.predict_proba(X))
    ours, our_lengths = pad(X)
    assert_array_equal(ours, array)
    assert_array_equal(our_lengths, lengths)
    assert (ours.dtype, our_lengths.dtype) == (np.float32, np.int64)


def test_graphs_without_lengths_take_equal_sequences_only(problem):
    X, labels, _ = problem
    classifier = make_estimator("classifier").fit(X, labels)
    equal = [x[:3] for x in X]
    found = exported(classifier, equal, ragged=False)
    assert_close(found["probabilities"], classifier.predict_proba(equal))
    model = to_onnx(classifier, ragged=False)
    assert [one.name for one in model.graph.input] == ["X"]
    with pytest.raises(ValueError, match=r"3 to 9 steps.*export with ragged=True"):
        onnx_inputs(classifier, X, ragged=False)


def test_the_best_estimator_of_a_search_is_taken(problem):
    X, labels, _ = problem
    search = GridSearchCV(make_estimator("classifier"), {"max_iter": [1, 2]}, cv=2)
    search.fit(X, labels)
    assert_close(exported(search, X)["probabilities"], search.predict_proba(X))


# Errors ----


def test_what_is_not_fitted_is_an_error():
    with pytest.raises(NotFittedError):
        to_onnx(LSTMClassifier())


@pytest.mark.parametrize("opset", [17, 22, None])
def test_other_operators_are_an_error(problem, opset):
    X, labels, _ = problem
    classifier = make_estimator("classifier").fit(X, labels)
    with pytest.raises(ValueError, match=r"opset must be one of \[18, 19, 20, 21\]"):
        to_onnx(classifier, opset=opset)


def test_what_is_no_sequence_model_is_an_error():
    with pytest.raises(TypeError, match="Sequences is none of what becomes a graph"):
        to_onnx(Sequences(np.zeros((1, 1)), [1]))


def test_only_forecasters_go_on_from_y(problem):
    X, labels, _ = problem
    classifier = make_estimator("classifier").fit(X, labels)
    with pytest.raises(TypeError, match="y is what LSTMForecaster goes on from"):
        onnx_inputs(classifier, X, y=labels)


def test_missing_onnx_says_what_to_install(problem, monkeypatch):
    import sys

    X, labels, _ = problem
    classifier = make_estimator("classifier").fit(X, labels)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sklstm\[onnx\]'"):
        to_onnx(classifier)
