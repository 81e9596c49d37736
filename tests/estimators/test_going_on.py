"""partial_fit, warm_start, early stopping, validation data, verbose."""

import numpy as np
import pytest
from estimators.problems import (
    make_arrays,
    make_estimator,
    make_problem,
    result_of,
    target_for,
)
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import LSTMClassifier
from sklstm.training import LEARNING_RATES

X, LABELS, NUMBERS = make_problem()
X_VAL, LABELS_VAL, NUMBERS_VAL = make_problem(seed=1)
KINDS = ["classifier", "regressor", "transformer"]


def fit_pieces(kind, pieces, **parameters):
    estimator = make_estimator(kind, **parameters)
    y = target_for(kind, LABELS, NUMBERS)
    for piece in pieces:
        first = {} if kind != "classifier" else {"classes": ["a", "b", "c"]}
        estimator.partial_fit([X[i] for i in piece], y[piece], **first)
    return estimator


@pytest.mark.parametrize("kind", KINDS)
def test_partial_fit_is_one_epoch_and_goes_on(kind):
    everything = np.arange(len(X))
    pieces = fit_pieces(kind, [everything] * 5)
    assert pieces.n_iter_ == 1
    assert len(pieces.loss_curve_) == 5
    whole = make_estimator(kind, learning_rate="constant", max_iter=5, tol=0.0)
    whole.fit(X, target_for(kind, LABELS, NUMBERS))
    assert whole.n_iter_ == 5
    assert_allclose(pieces.loss_curve_, whole.loss_curve_, rtol=1e-6)
    assert_array_equal(result_of(pieces, X), result_of(whole, X))


@pytest.mark.parametrize("kind", KINDS)
def test_partial_fit_learns_from_pieces(kind):
    pieces = np.array_split(np.arange(len(X)), 3) * 12
    estimator = fit_pieces(kind, pieces)
    if kind == "transformer":
        assert estimator.loss_curve_[-1] < 0.9 * estimator.loss_curve_[0]
    else:
        assert estimator.score(X, target_for(kind, LABELS, NUMBERS)) > 0.8


def test_partial_fit_goes_on_from_fit():
    estimator = make_estimator("classifier").fit(X, LABELS)
    before = estimator.predict_proba(X)
    estimator.partial_fit(X, LABELS)
    assert len(estimator.loss_curve_) == 9
    after = estimator.predict_proba(X)
    assert 0 < np.abs(after - before).max() < 0.5


def test_the_first_partial_fit_needs_all_classes():
    estimator = make_estimator("classifier")
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        estimator.partial_fit(X, LABELS)
    with pytest.raises(ValueError, match=r"\['c'\] \(first at position"):
        estimator.partial_fit(X, LABELS, classes=["a", "b"])
    assert not hasattr(estimator, "classes_")
    estimator.partial_fit(X[:1], LABELS[:1], classes=["c", "a", "b", "d"])
    assert_array_equal(estimator.classes_, ["a", "b", "c", "d"])
    assert estimator.predict_proba(X).shape == (len(X), 4)


def test_classes_cannot_change_afterwards():
    estimator = fit_pieces("classifier", [np.arange(20)])
    with pytest.raises(ValueError, match=r"\['a', 'b'\] are not those of the first"):
        estimator.partial_fit(X, LABELS, classes=["a", "b"])
    estimator.partial_fit(X, LABELS, classes=["c", "b", "a"])
    with pytest.raises(ValueError, match=r"not among the classes: \['z'\]"):
        estimator.partial_fit(X[:2], ["z", "a"])
    with pytest.raises(ValueError, match="a matrix of zeros and ones, but the fit"):
        estimator.partial_fit(X[:2], [[0, 1, 1], [1, 0, 1]])


def test_marks_need_no_classes():
    marks = np.stack([LABELS == "a", LABELS != "c"], axis=1).astype(int)
    estimator = make_estimator("classifier").partial_fit(X, marks)
    estimator.partial_fit(X, marks, classes=[0, 1])
    assert estimator.predict(X).shape == marks.shape
    with pytest.raises(ValueError, match="3 columns, one a label; expected 2"):
        estimator.partial_fit(X, np.hstack([marks, marks[:, :1]]))
    with pytest.raises(ValueError, match="column numbers 0 to 1"):
        make_estimator("classifier").partial_fit(X, marks, classes=["a", "b"])


def test_outputs_cannot_change_afterwards():
    estimator = make_estimator("regressor").partial_fit(X, NUMBERS)
    with pytest.raises(ValueError, match="y has 2 numbers for each sequence"):
        estimator.partial_fit(X, np.stack([NUMBERS, NUMBERS], axis=1))


def test_partial_fit_refuses_what_it_cannot_do():
    assert not hasattr(make_estimator("classifier", solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        make_estimator("regressor", solver="lbfgs").partial_fit(X, NUMBERS)
    with pytest.raises(ValueError, match="'balanced' is not known to partial_fit"):
        fit_pieces("classifier", [np.arange(20)], class_weight="balanced")
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping"):
        fit_pieces("classifier", [np.arange(20)], early_stopping=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_warm_start_goes_on(kind, solver):
    y = target_for(kind, LABELS, NUMBERS)
    how = {"solver": solver, "max_iter": 4}
    estimator = make_estimator(kind, warm_start=True, **how).fit(X, y)
    first = estimator.loss_curve_[0]
    estimator.fit(X, y)
    assert estimator.n_iter_ == 4
    assert len(estimator.loss_curve_) == 8
    assert estimator.loss_curve_[4] < first
    cold = make_estimator(kind, **how).fit(X, y).fit(X, y)
    assert len(cold.loss_curve_) == 4
    assert cold.loss_curve_[0] == first


def test_warm_start_refuses_another_network():
    estimator = make_estimator("classifier", warm_start=True).fit(X, LABELS)
    before = estimator.predict_proba(X)
    for name, value in (
        ("hidden_layer_sizes", 7),
        ("cell", "gru"),
        ("pooling", "mean"),
        ("dtype", "float64"),
    ):
        changed = make_estimator("classifier", warm_start=True).fit(X, LABELS)
        changed.set_params(**{name: value})
        with pytest.raises(ValueError, match=f"The fitted network has {name}="):
            changed.fit(X, LABELS)
        assert_array_equal(changed.predict_proba(X), before)


def test_parameters_set_after_fit_do_not_reach_the_fitted_model():
    estimator = make_estimator("classifier").fit(X, LABELS)
    before = estimator.predict_proba(X)
    estimator.set_params(hidden_layer_sizes=3, cell="gru", pooling="mean")
    estimator.set_params(dtype="float64")
    assert_array_equal(estimator.predict_proba(X), before)


@pytest.mark.parametrize("kind", KINDS)
def test_early_stopping_stops_and_keeps_the_best(kind):
    y = target_for(kind, LABELS, NUMBERS)
    how = {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 300}
    estimator = make_estimator(kind, validation_fraction=0.25, **how).fit(X, y)
    assert estimator.n_iter_ < 300
    scores = estimator.validation_scores_
    assert len(scores) == len(estimator.validation_loss_curve_) == estimator.n_iter_
    assert estimator.best_validation_score_ == max(scores)


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_given_validation_data_decide(kind):
    y = target_for(kind, LABELS, NUMBERS)
    y_val = target_for(kind, LABELS_VAL, NUMBERS_VAL)
    how = {"early_stopping": True, "n_iter_no_change": 3, "max_iter": 300}
    estimator = make_estimator(kind, **how).fit(X, y, X_val=X_VAL, y_val=y_val)
    assert estimator.n_iter_ < 300
    assert estimator.score(X_VAL, y_val) == pytest.approx(
        estimator.best_validation_score_, abs=1e-5
    )


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_validation_data_without_early_stopping_are_only_recorded(kind):
    y = target_for(kind, LABELS, NUMBERS)
    y_val = target_for(kind, LABELS_VAL, NUMBERS_VAL)
    plain = make_estimator(kind).fit(X, y)
    watched = make_estimator(kind).fit(X, y, X_val=X_VAL, y_val=y_val)
    assert_array_equal(plain.predict(X), watched.predict(X))
    assert plain.validation_scores_ is None
    assert plain.validation_loss_curve_ is None
    assert plain.best_validation_score_ is None
    assert len(watched.validation_scores_) == 8
    assert watched.validation_scores_[-1] == pytest.approx(
        watched.score(X_VAL, y_val), abs=1e-5
    )


def test_validation_weights_count():
    weights = np.where(np.arange(len(X_VAL)) % 2, 1.0, 0.0)
    half = np.flatnonzero(weights)
    part = {"X_val": [X_VAL[i] for i in half], "y_val": LABELS_VAL[half]}
    whole = {"X_val": X_VAL, "y_val": LABELS_VAL, "sample_weight_val": weights}
    part, weighted = (
        make_estimator("classifier").fit(X, LABELS, **how) for how in (part, whole)
    )
    assert_allclose(weighted.validation_loss_curve_, part.validation_loss_curve_)
    assert_allclose(weighted.validation_scores_, part.validation_scores_)


@pytest.mark.parametrize(
    "validation, message",
    [
        ({"X_val": X_VAL}, "X_val is given without y_val"),
        ({"y_val": LABELS_VAL}, "y_val is given without X_val"),
        ({"sample_weight_val": np.ones(3)}, "sample_weight_val is given without X_val"),
        ({"X_val": X_VAL, "y_val": LABELS_VAL[:-1]}, "y_val has 47"),
        ({"X_val": X_VAL, "y_val": ["z"] * len(X_VAL)}, "y_val contains labels"),
        (
            {"X_val": make_arrays(n_features=2), "y_val": LABELS_VAL},
            "X has 2 features, but LSTMClassifier is expecting 3",
        ),
        (
            {"X_val": X_VAL, "y_val": LABELS_VAL, "sample_weight_val": [1.0]},
            "sample_weight_val has 1",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_validation_data_that_do_not_fit_are_an_error(validation, message):
    with pytest.raises(ValueError, match=message):
        make_estimator("classifier").fit(X, LABELS, **validation)


def test_validation_data_mean_nothing_to_lbfgs():
    estimator = LSTMClassifier(solver="lbfgs")
    with pytest.raises(ValueError, match="X_val has no effect with solver='lbfgs'"):
        estimator.fit(X, LABELS, X_val=X_VAL, y_val=LABELS_VAL)


@pytest.mark.parametrize("kind", KINDS)
def test_verbose_prints_one_line_an_epoch(kind, capsys):
    y = target_for(kind, LABELS, NUMBERS)
    estimator = make_estimator(kind, verbose=True).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == estimator.n_iter_ == 8
    for loss, line in zip(estimator.loss_curve_, lines, strict=True):
        assert f"loss {loss:.5f}" in line
    make_estimator(kind).fit(X, y)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("learning_rate", LEARNING_RATES)
def test_training_ends_when_nothing_improves(learning_rate):
    how = {"learning_rate": learning_rate, "max_iter": 2000, "tol": 0.05}
    estimator = make_estimator("classifier", n_iter_no_change=2, **how)
    assert estimator.fit(X, LABELS).n_iter_ < 400
    assert estimator.best_loss_ == min(estimator.loss_curve_)
    assert estimator.loss_ == estimator.loss_curve_[-1]
