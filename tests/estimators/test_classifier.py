"""`LSTMClassifier`: kinds of labels, probabilities, weights, errors."""

import numpy as np
import pytest
from estimators.problems import make_estimator, make_problem
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.utils.class_weight import compute_sample_weight

from sklstm import LSTMClassifier, LSTMRegressor

X, LABELS, _ = make_problem()
BINARY = np.where(LABELS == "b", "no", "yes")
MARKS = np.stack([LABELS == "a", LABELS != "c", LABELS == "c"], axis=1).astype(int)
WELL = {"max_iter": 40, "hidden_layer_sizes": 12}


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd", "lbfgs"])
@pytest.mark.parametrize("y", [LABELS, BINARY, MARKS], ids=["three", "two", "marks"])
def test_every_solver_learns_every_kind_of_label(solver, y):
    stochastic = {"batch_size": 8, "learning_rate_init": 0.02}
    if solver == "sgd":
        stochastic["learning_rate_init"] = 0.2
    classifier = LSTMClassifier(
        solver=solver,
        random_state=0,
        pooling="mean",
        max_iter=60,
        hidden_layer_sizes=8,
        **({} if solver == "lbfgs" else stochastic),
    )
    classifier.fit(X, y)
    most_frequent = max(np.unique(y, axis=0, return_counts=True)[1]) / len(y)
    assert most_frequent < 0.7
    assert classifier.score(X, y) > 0.9
    assert classifier.loss_curve_[-1] < 0.5 * classifier.loss_curve_[0]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("sizes", [6, (6, 5)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_network_learns(cell, sizes, dtype):
    how = {"cell": cell, "hidden_layer_sizes": sizes, "dtype": dtype, "max_iter": 40}
    assert make_estimator("classifier", **how).fit(X, LABELS).score(X, LABELS) > 0.9


@pytest.mark.parametrize(
    "y",
    [
        LABELS,
        list(LABELS),
        LABELS.astype(object),
        np.unique(LABELS, return_inverse=True)[1] - 7,
        np.unique(LABELS, return_inverse=True)[1] + 0.0,
        LABELS == "a",
    ],
    ids=["str", "list", "object", "int", "float", "bool"],
)
def test_labels_of_any_type_come_back(y):
    classifier = make_estimator("classifier", **WELL).fit(X, y)
    predicted = classifier.predict(X)
    assert_array_equal(classifier.classes_, np.unique(y))
    assert predicted.dtype == np.asarray(y).dtype
    assert np.mean(predicted == np.asarray(y)) > 0.9


def test_probabilities_of_classes():
    classifier = make_estimator("classifier", **WELL).fit(X, LABELS)
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (len(X), 3)
    assert_allclose(probabilities.sum(axis=1), 1)
    predicted = classifier.classes_[probabilities.argmax(axis=1)]
    assert_array_equal(classifier.predict(X), predicted)
    assert_allclose(classifier.predict_log_proba(X), np.log(probabilities), rtol=1e-6)


def test_probabilities_of_two_classes():
    classifier = make_estimator("classifier", **WELL).fit(X, BINARY)
    assert classifier.n_outputs_ == 1
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (len(X), 2)
    assert_allclose(probabilities.sum(axis=1), 1)
    assert_array_equal(classifier.predict(X) == "yes", probabilities[:, 1] > 0.5)
    assert_allclose(classifier.predict_log_proba(X), np.log(probabilities), rtol=1e-6)


def test_probabilities_of_marks():
    classifier = make_estimator("classifier", **WELL).fit(X, MARKS)
    assert_array_equal(classifier.classes_, [0, 1, 2])
    probabilities = classifier.predict_proba(X)
    assert probabilities.shape == (len(X), 3)
    assert (np.abs(probabilities.sum(axis=1) - 1) > 0.01).any()
    assert_array_equal(classifier.predict(X), (probabilities > 0.5).astype(int))
    assert_allclose(classifier.predict_log_proba(X), np.log(probabilities), rtol=1e-6)


@pytest.mark.parametrize("y", [LABELS, BINARY, MARKS], ids=["three", "two", "marks"])
def test_log_probabilities_stay_finite_where_probabilities_end(y):
    classifier = make_estimator("classifier", max_iter=1).fit(X, y)
    classifier._network.output_weight[:] = 1e4
    classifier._network.output_weight[0] = -1e4
    classifier._network.parameters_changed()
    probabilities = classifier.predict_proba(X)
    assert ((probabilities == 0) | (probabilities == 1)).any()
    logs = classifier.predict_log_proba(X)
    assert np.isfinite(logs).all()
    assert (logs <= 0).all()


def test_sparse_marks_are_the_same_as_dense_ones():
    dense, sparse = (
        make_estimator("classifier").fit(X, y).predict_proba(X)
        for y in (MARKS, csr_array(MARKS))
    )
    assert_array_equal(dense, sparse)


def test_a_column_of_labels_is_taken_with_a_warning():
    with pytest.warns(match="A column-vector y was passed"):
        classifier = make_estimator("classifier").fit(X, BINARY[:, np.newaxis])
    assert classifier.predict(X).shape == (len(X),)


def test_one_class_is_an_error():
    with pytest.raises(ValueError, match=r"at least two classes.*only: 'a'"):
        LSTMClassifier().fit(X, ["a"] * len(X))


def test_continuous_targets_are_an_error():
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        LSTMClassifier().fit(X, np.linspace(0, 1, len(X)))


@pytest.mark.parametrize("kind", [LSTMClassifier, LSTMRegressor])
def test_targets_of_another_number_are_an_error(kind):
    with pytest.raises(ValueError, match="X has 48 sequences, y has 47"):
        kind().fit(X, [0, 1] * 23 + [1])
    with pytest.raises(ValueError, match="sample_weight has 3"):
        kind().fit(X, [0, 1] * 24, sample_weight=[1, 1, 1])
    with pytest.raises(ValueError, match="requires y to be passed"):
        kind().fit(X, None)


def test_class_weights_multiply_sample_weights():
    rng = np.random.RandomState(0)
    sample_weight = rng.uniform(0.5, 2, size=len(X))
    class_weight = {"a": 3.0, "b": 0.5, "c": 1.0}
    both = make_estimator("classifier", class_weight=class_weight)
    both.fit(X, LABELS, sample_weight)
    product = sample_weight * compute_sample_weight(class_weight, LABELS)
    one = make_estimator("classifier").fit(X, LABELS, product)
    assert_array_equal(both.predict_proba(X), one.predict_proba(X))


def test_balanced_class_weights_make_classes_weigh_the_same():
    few = np.flatnonzero(np.cumsum(LABELS == "a") <= 4)
    kept = np.union1d(few, np.flatnonzero(LABELS != "a"))
    part, labels = [X[i] for i in kept], LABELS[kept]
    estimator = make_estimator("classifier", class_weight="balanced")
    expected = compute_sample_weight("balanced", labels)
    one = make_estimator("classifier").fit(part, labels, expected)
    assert_allclose(
        estimator.fit(part, labels).predict_proba(X), one.predict_proba(X), rtol=1e-4
    )
    plain = make_estimator("classifier").fit(part, labels)
    share = [e.predict_proba(X)[:, 0].mean() for e in (estimator, plain)]
    assert share[0] > share[1]


def test_a_class_without_weight_takes_no_part_in_balance():
    weights = np.where(LABELS == "b", 0.0, 1.0)
    estimator = make_estimator("classifier", class_weight="balanced")
    estimator.fit(X, LABELS, weights)
    assert_array_equal(estimator.classes_, ["a", "b", "c"])
    assert (estimator.predict(X) != "b").all()


def test_class_weights_of_marks():
    class_weight = [{0: 1, 1: 2}, {0: 1, 1: 1}, {0: 3, 1: 1}]
    estimator = make_estimator("classifier", class_weight=class_weight).fit(X, MARKS)
    expected = compute_sample_weight(class_weight, MARKS)
    one = make_estimator("classifier").fit(X, MARKS, expected)
    assert_array_equal(estimator.predict_proba(X), one.predict_proba(X))
    estimator = make_estimator("classifier", class_weight="balanced").fit(X, MARKS)
    expected = compute_sample_weight("balanced", MARKS)
    one = make_estimator("classifier").fit(X, MARKS, expected)
    assert_allclose(estimator.predict_proba(X), one.predict_proba(X), rtol=1e-4)


@pytest.mark.parametrize(
    "y, class_weight, message",
    [
        (LABELS, [{0: 1, 1: 2}] * 3, "class_weight is a list"),
        (LABELS, {"d": 2.0}, "not in class_weight|d"),
        (MARKS, {0: 1, 1: 2}, "a list of 3 dicts"),
        (MARKS, [{0: 1, 1: 2}] * 2, "a list of 3 dicts"),
        (LABELS, "equal", "class_weight"),
    ],
)
def test_class_weights_of_the_wrong_form_are_an_error(y, class_weight, message):
    with pytest.raises(ValueError, match=message):
        make_estimator("classifier", class_weight=class_weight).fit(X, y)


def test_integer_weights_are_repetitions_to_the_last_bit_with_lbfgs():
    counts = np.random.RandomState(1).randint(0, 4, size=len(X))
    lbfgs = {"solver": "lbfgs", "hidden_layer_sizes": 6, "random_state": 0}
    repeated = [X[i] for i in np.repeat(np.arange(len(X)), counts)]
    a = LSTMClassifier(**lbfgs).fit(repeated, np.repeat(LABELS, counts))
    b = LSTMClassifier(**lbfgs).fit(X, LABELS, sample_weight=counts)
    assert_array_equal(a.predict_proba(X), b.predict_proba(X))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_weight_of_zero_is_absence(solver):
    weights = np.where(np.arange(len(X)) % 3 == 0, 0.0, 1.5)
    kept = np.flatnonzero(weights)
    how = {"solver": solver, "hidden_layer_sizes": 6, "random_state": 0, "max_iter": 9}
    wrong = np.where(weights > 0, LABELS, "a")
    a = LSTMClassifier(**how).fit(X, wrong, sample_weight=weights)
    b = LSTMClassifier(**how).fit([X[i] for i in kept], LABELS[kept], weights[kept])
    assert_array_equal(a.predict_proba(X), b.predict_proba(X))


@pytest.mark.parametrize(
    "weights, message",
    [
        (np.zeros(len(X)), "zero"),
        (-np.ones(len(X)), "[Nn]egative"),
        (np.full(len(X), np.nan), "NaN"),
        (np.ones((len(X), 2)), "one number for each"),
    ],
    ids=["zero", "negative", "nan", "2d"],
)
def test_weights_that_make_no_sense_are_an_error(weights, message):
    with pytest.raises(ValueError, match=message):
        make_estimator("classifier").fit(X, LABELS, sample_weight=weights)
