"""`SequenceTransformer`: objectives, outputs, containers, names."""

import numpy as np
import pytest
from estimators.problems import LAYOUTS, make_arrays, make_estimator, make_problem
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, Sequences, SequenceTransformer

X, LABELS, NUMBERS = make_problem()
OBJECTIVES = ["next_step", "classification", "regression"]
TARGETS = {"next_step": None, "classification": LABELS, "regression": NUMBERS}


@pytest.mark.parametrize("output", ["last", "mean", "max", "sequence"])
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_objective_learns(objective, output, solver):
    stochastic = {"batch_size": 8, "learning_rate_init": 0.02}
    transformer = SequenceTransformer(
        objective=objective,
        output=output,
        solver=solver,
        hidden_layer_sizes=8,
        max_iter=30,
        random_state=0,
        **(stochastic if solver == "adam" else {}),
    )
    transformer.fit(X, TARGETS[objective])
    assert transformer.loss_curve_[-1] < 0.9 * transformer.loss_curve_[0]


def test_the_default_objective_ignores_y():
    alone, with_y = (
        make_estimator("transformer").fit(X, y).transform(X) for y in (None, LABELS)
    )
    assert_array_equal(alone, with_y)


@pytest.mark.parametrize("objective", ["classification", "regression"])
def test_the_other_objectives_need_y(objective):
    with pytest.raises(ValueError, match="requires y to be passed"):
        make_estimator("transformer", objective=objective).fit(X)


def test_features_of_a_classifier_are_what_its_head_reads():
    transformer = make_estimator(
        "transformer", objective="classification", output="mean"
    )
    classifier = make_estimator("classifier", pooling="mean").fit(X, LABELS)
    features = transformer.fit_transform(X, LABELS)
    head = classifier._network.head
    logits = features @ head["weight"].T + head["bias"]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(classifier.predict_proba(X), expected, rtol=1e-4)


def test_outputs_are_last_mean_and_max_of_the_sequence():
    transformer = make_estimator("transformer", output="sequence").fit(X)
    states = transformer.transform(X)
    for output, pooled in (
        ("last", [state[-1] for state in states]),
        ("mean", [state.mean(axis=0) for state in states]),
        ("max", [state.max(axis=0) for state in states]),
    ):
        features = transformer.set_params(output=output).transform(X)
        assert features.dtype == np.float32
        assert features.flags.c_contiguous
        assert_allclose(features, np.stack(pooled), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_states_of_all_steps_come_in_the_layout_of_the_input(layout):
    data, _, _ = make_problem(layout)
    transformer = make_estimator("transformer", output="sequence")
    states = transformer.fit_transform(data)
    if layout == "sequences":
        assert isinstance(states, Sequences)
        assert_array_equal(states.lengths, data.lengths)
    elif layout in ("3d", "padded"):
        assert states.shape == (*data.shape[:2], 6)
        assert_array_equal(np.isnan(states[..., 0]), np.isnan(data[..., 0]))
    else:
        assert states.dtype == object
        assert [state.shape for state in states] == [(len(x), 6) for x in data]
    stacked = make_estimator("classifier").fit(states, np.arange(len(data)) % 2)
    assert stacked.n_features_in_ == 6


def test_series_of_one_channel_have_states_of_several():
    series = np.random.RandomState(0).normal(size=(20, 9))
    transformer = make_estimator("transformer", output="sequence")
    assert transformer.fit_transform(series).shape == (20, 9, 6)


def test_names_of_features():
    transformer = make_estimator("transformer").fit(X)
    names = [f"sequencetransformer{i}" for i in range(6)]
    assert_array_equal(transformer.get_feature_names_out(), names)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_features_come_in_the_container_asked_for(container):
    library = pytest.importorskip(container)
    transformer = make_estimator("transformer").set_output(transform=container)
    frame = transformer.fit_transform(X)
    assert isinstance(frame, library.DataFrame)
    assert list(frame.columns) == list(transformer.get_feature_names_out())
    plain = make_estimator("transformer").fit_transform(X)
    assert_array_equal(frame.to_numpy(), plain)
    transformer.set_params(output="sequence")
    assert transformer.transform(X).dtype == object


def test_sequences_of_one_step_have_no_next_one():
    single = [np.ones((1, 2))] * 5
    with pytest.raises(ValueError, match="no sequence has more than one"):
        make_estimator("transformer").fit(single)
    longer = [*single, np.arange(6.0).reshape(3, 2)]
    assert make_estimator("transformer").fit_transform(longer).shape == (6, 6)


def test_a_pipeline_without_labels_for_the_network():
    pipeline = make_pipeline(
        make_estimator("transformer", max_iter=20, output="mean"),
        LogisticRegression(C=100),
    )
    assert pipeline.fit(X, LABELS).score(X, LABELS) > 0.8


def test_partial_fit_takes_the_classes_of_the_first_call():
    transformer = make_estimator("transformer", objective="classification")
    transformer.partial_fit(X[:20], LABELS[:20], classes=["a", "b", "c"])
    before = transformer.transform(X)
    transformer.partial_fit(X[20:], LABELS[20:])
    assert not np.array_equal(before, transformer.transform(X))
    with pytest.raises(ValueError, match=r"not among the classes: \['z'\]"):
        transformer.partial_fit(X[:2], ["a", "z"])


def test_validation_without_y():
    others = make_arrays(seed=1)
    transformer = make_estimator("transformer", early_stopping=True)
    transformer.fit(X, X_val=others)
    assert len(transformer.validation_scores_) == transformer.n_iter_
    with pytest.raises(ValueError, match="y_val is given without X_val"):
        transformer.fit(X, y_val=LABELS)


def test_classifier_and_transformer_make_the_same_network():
    transformer = make_estimator("transformer", objective="classification")
    transformer.fit(X, LABELS)
    classifier = make_estimator("classifier", pooling="last").fit(X, LABELS)
    assert isinstance(classifier, LSTMClassifier)
    assert_array_equal(transformer._network.parameters, classifier._network.parameters)
