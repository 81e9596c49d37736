"""Scorers with scikit-learn, and what it can and cannot do with ragged y.

These are the claims of docs/tasks/sequence_scores.md, one by one.
"""

import pickle

import numpy as np
import pytest
import sklearn
from sklearn import metrics as sklearn_metrics
from sklearn import model_selection
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from tag_by_value import ClassifyByValue, TagByValue, object_array, tagging_problem

from sklstm import metrics
from sklstm.metrics import span_f1_scorer, token_accuracy_scorer

LENGTHS = np.random.default_rng(1).integers(2, 8, size=24)
X, Y = tagging_problem(LENGTHS)
Y_OBJECTS = object_array([np.array(labels) for labels in Y])
SCORERS = {
    "token_accuracy_scorer": metrics.token_accuracy,
    "sequence_accuracy_scorer": metrics.sequence_accuracy,
    "span_f1_scorer": metrics.span_f1,
    "bleu_scorer": metrics.bleu,
    "neg_label_error_rate_scorer": metrics.label_error_rate,
}


@pytest.mark.parametrize("name", SCORERS)
def test_scorers_predict_and_score(name):
    scorer, function = getattr(metrics, name), SCORERS[name]
    model = TagByValue().fit(X, Y)
    sign = -1 if name.startswith("neg_") else 1
    assert scorer(model, X, Y) == sign * function(Y, model.predict(X))
    weights = np.arange(24.0)
    weighted = sign * function(Y, model.predict(X), sample_weight=weights)
    assert scorer(model, X, Y, sample_weight=weights) == weighted
    assert weighted != scorer(model, X, Y)
    again = pickle.loads(pickle.dumps(scorer))
    assert again(model, X, Y) == scorer(model, X, Y)


@pytest.mark.parametrize("y", [Y, Y_OBJECTS], ids=["list", "objects"])
@pytest.mark.parametrize(
    "cv",
    [3, KFold(3), ShuffleSplit(3), TimeSeriesSplit(3), GroupKFold(3)],
    ids=lambda cv: str(cv).partition("(")[0],
)
def test_cross_validation_takes_lists_and_object_arrays(y, cv):
    groups = np.arange(24) % 6 if isinstance(cv, GroupKFold) else None
    scores = cross_val_score(
        TagByValue(), X, y, cv=cv, groups=groups, scoring=span_f1_scorer
    )
    assert scores.shape == (3,)
    assert (scores > 0.3).all()


def test_searches_and_curves_take_ragged_y():
    grid = {"default": ["O", "B-x"]}
    both = {"spans": span_f1_scorer, "tokens": token_accuracy_scorer}
    search = GridSearchCV(TagByValue(), grid, cv=3, scoring=both, refit="spans")
    assert search.fit(X, Y).best_score_ > 0.3
    halving = HalvingGridSearchCV(
        TagByValue(), grid, cv=2, scoring=span_f1_scorer, min_resources=6
    )
    assert halving.fit(X, Y).best_score_ > 0.3
    _, _, scores = model_selection.learning_curve(
        TagByValue(), X, Y, cv=3, train_sizes=[0.5, 1.0], scoring=span_f1_scorer
    )
    assert scores.shape == (2, 3)
    _, scores = model_selection.validation_curve(
        TagByValue(), X, Y, param_name="default", param_range=["O", "B-x"], cv=3,
        scoring=span_f1_scorer,
    )  # fmt: skip
    assert scores.shape == (2, 3)
    pipeline = make_pipeline(FunctionTransformer(), TagByValue())
    assert cross_val_score(pipeline, X, Y, cv=3, scoring=span_f1_scorer).min() > 0.3


@pytest.mark.parametrize("weights", ["samples", "steps"])
def test_weights_of_samples_and_of_steps_are_routed(weights):
    if weights == "samples":
        sample_weight = np.ones(24)
        sample_weight[::2] = 0
    else:
        sample_weight = [np.arange(length) % 2.0 for length in LENGTHS]
    with sklearn.config_context(enable_metadata_routing=True):
        model = TagByValue().set_fit_request(sample_weight=True)
        scorer = pickle.loads(pickle.dumps(token_accuracy_scorer))
        scorer.set_score_request(sample_weight=True)
        parts = [
            cross_val_score(model, X, Y, cv=3, scoring=scorer, params=params)
            for params in ({"sample_weight": sample_weight}, None)
        ]
    assert (parts[0] != parts[1]).any()


def test_a_list_of_arrays_must_become_an_object_array_by_hand():
    """np.array makes a matrix of sequences that happen to be equally long."""
    _, y = tagging_problem([4, 4])
    assert np.array(y, dtype=object).shape == (2, 4)
    assert object_array(y).shape == (2,)
    with pytest.raises(ValueError, match="inhomogeneous shape"):
        np.array(Y)


# ---- stratification, and estimators that are classifiers ----


@pytest.mark.parametrize("y", [Y, Y_OBJECTS], ids=["list", "objects"])
def test_stratification_by_ragged_y_is_impossible(y):
    with pytest.raises(ValueError, match=r"inhomogeneous|truth value"):
        list(StratifiedKFold(3).split(X, y))
    with pytest.raises(ValueError, match=r"inhomogeneous|truth value"):
        train_test_split(X, y, stratify=y)


def test_stratification_by_a_label_of_the_sequence_is_possible():
    has_span = np.array(["B-x" in labels for labels in Y])
    splits = list(StratifiedKFold(3).split(X, has_span))
    scores = cross_val_score(TagByValue(), X, Y, cv=splits, scoring=span_f1_scorer)
    assert scores.shape == (3,)
    assert len(train_test_split(X, Y, stratify=has_span)) == 4


def test_integer_cv_fails_for_what_is_called_a_classifier():
    """With lists; object arrays and splitters are taken."""
    with pytest.raises(ValueError, match="legacy multi-label"):
        cross_val_score(ClassifyByValue(), X, Y, cv=3, scoring=span_f1_scorer)
    for y, cv in ((Y, KFold(3)), (Y_OBJECTS, 3)):
        scores = cross_val_score(ClassifyByValue(), X, y, cv=cv, scoring=span_f1_scorer)
        assert (scores > 0.3).all()


# ---- predictions out of folds ----


@pytest.mark.parametrize("y", [Y, Y_OBJECTS], ids=["list", "objects"])
def test_predictions_out_of_folds_need_object_arrays(y):
    found = cross_val_predict(TagByValue(), X, y, cv=3)
    assert found.shape == (24,)
    assert [len(labels) for labels in found] == LENGTHS.tolist()
    with pytest.raises(ValueError, match="inhomogeneous shape"):
        cross_val_predict(TagByValue(as_list=True), X, y, cv=3)


@pytest.mark.parametrize("y", [Y, Y_OBJECTS], ids=["list", "objects"])
def test_probabilities_out_of_folds_are_impossible(y):
    with pytest.raises((ValueError, TypeError)):
        cross_val_predict(TagByValue(), X, y, cv=3, method="predict_proba")


# ---- scores of scikit-learn ----


@pytest.mark.parametrize("scoring", ["accuracy", "f1_micro"])
@pytest.mark.parametrize("y", [Y, Y_OBJECTS], ids=["list", "objects"])
def test_scores_by_name_do_not_know_sequences(scoring, y):
    with pytest.raises(ValueError):
        cross_val_score(TagByValue(), X, y, cv=3, scoring=scoring, error_score="raise")
    with pytest.warns(UserWarning, match="Scoring failed"):
        scores = cross_val_score(TagByValue(), X, y, cv=3, scoring=scoring)
    assert np.isnan(scores).all()


def test_scores_of_all_steps_end_to_end():
    found = TagByValue().fit(X, Y).predict(X)
    flat = np.concatenate(Y), np.concatenate(found)
    report = sklearn_metrics.classification_report(*flat, output_dict=True)
    assert report["accuracy"] == pytest.approx(metrics.token_accuracy(Y, found))


# ---- what else does not work ----


def test_permutations_of_y_must_stay_within_sequences_of_one_length():
    """Labels are exchanged between samples, and then do not fit their steps."""
    splits = list(KFold(3).split(X))
    options = {"cv": splits, "n_permutations": 3, "scoring": token_accuracy_scorer}
    permute = model_selection.permutation_test_score
    with pytest.raises(ValueError):
        permute(TagByValue(), X, Y, **options)
    score, _, _ = permute(TagByValue(), X, Y, groups=LENGTHS, **options)
    assert score > 0.3


def test_permutation_importance_takes_tables_only():
    model = TagByValue().fit(X, Y)
    square, labels = np.array([x[:2] for x in X]), [y[:2] for y in Y]
    for data, y in ((X, Y), (object_array(X), Y), (square, labels)):
        with pytest.raises(ValueError, match=r"inhomogeneous|2D array|dim"):
            permutation_importance(model, data, y, scoring=token_accuracy_scorer)


@pytest.mark.parametrize(
    "make",
    [
        DummyClassifier,
        lambda: BaggingClassifier(ClassifyByValue()),
        lambda: CalibratedClassifierCV(ClassifyByValue(), cv=3),
        lambda: StackingClassifier([("tags", ClassifyByValue())]),
        lambda: VotingClassifier([("tags", ClassifyByValue())]),
        lambda: OneVsRestClassifier(ClassifyByValue()),
        lambda: MultiOutputClassifier(ClassifyByValue()),
        lambda: TransformedTargetRegressor(TagByValue()),
    ],
    ids=["dummy", "bagging", "calibration", "stacking", "voting", "one_versus_rest",
         "multi_output", "transformed_target"],
)  # fmt: skip
@pytest.mark.parametrize("y", [Y, Y_OBJECTS], ids=["list", "objects"])
def test_meta_estimators_that_look_at_y_refuse_it(make, y):
    with pytest.raises((ValueError, TypeError)):
        make().fit(X, y)
