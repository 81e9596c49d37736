"""LSTMTagger in scikit-learn's own tools: ragged labels, searches, pipelines."""

import pickle

import joblib
import numpy as np
import pytest
import sklearn
from estimators.tagging_problems import (
    as_object_array,
    assert_same_answers,
    make_sentences,
    make_tagger,
    make_vectors,
)
from numpy.testing import assert_allclose
from sklearn.base import clone, is_classifier
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import TimestepTransformer
from sklstm.metrics import (
    sequence_accuracy_scorer,
    span_f1,
    span_f1_scorer,
    token_accuracy_scorer,
)

X, Y = make_sentences()
VECTORS, OF_VECTORS = make_vectors()
WELL = {"hidden_layer_sizes": 12, "max_iter": 15, "learning_rate_init": 0.03}
KINDS = {
    "vectors": (VECTORS, OF_VECTORS, {}),
    "words": (X, Y, {"character_size": 3, "output": "crf"}),
}


@pytest.fixture(params=KINDS)
def problem(request):
    """Inputs, labels, parameters."""
    return KINDS[request.param]


def test_it_is_no_classifier_by_tag():
    """Or an integer cv would stratify by y, which ragged labels do not allow."""
    assert not is_classifier(make_tagger())


def test_clone_has_the_parameters_and_nothing_fitted(problem):
    X, y, parameters = problem
    tagger = make_tagger(max_iter=2, **parameters).fit(X, y)
    copy = clone(tagger)
    assert copy.get_params() == tagger.get_params()
    assert not copy.__sklearn_is_fitted__()
    assert_same_answers(copy.fit(X, y).predict_proba(X), tagger.predict_proba(X))


def test_a_pickle_predicts_and_goes_on_alike(problem):
    X, y, parameters = problem
    tagger = make_tagger(max_iter=2, dropout=0.2, **parameters).fit(X, y)
    copy = pickle.loads(pickle.dumps(tagger))
    assert_same_answers(copy.predict_proba(X), tagger.predict_proba(X))
    for one in (tagger, copy):
        one.partial_fit(X, y)
    assert_same_answers(copy.predict_proba(X), tagger.predict_proba(X))


def test_a_read_only_memory_map_predicts_and_goes_on(problem, tmp_path):
    X, y, parameters = problem
    tagger = make_tagger(max_iter=2, **parameters).fit(X, y)
    joblib.dump(tagger, tmp_path / "tagger.joblib")
    mapped = joblib.load(tmp_path / "tagger.joblib", mmap_mode="r")
    assert not mapped._network.parameters.flags.writeable
    assert_same_answers(mapped.predict_proba(X), tagger.predict_proba(X))
    mapped.partial_fit(X, y)
    tagger.partial_fit(X, y)
    assert_same_answers(mapped.predict_proba(X), tagger.predict_proba(X))


@pytest.mark.parametrize("form", [list, as_object_array])
@pytest.mark.parametrize("cv", [3, KFold(3, shuffle=True, random_state=0)], ids=str)
def test_cross_validation_with_ragged_labels(problem, form, cv):
    X, y, parameters = problem
    tagger = make_tagger(**WELL, **parameters)
    scores = cross_val_score(tagger, X, form(y), cv=cv, error_score="raise")
    assert scores.mean() > 0.75


def test_predictions_of_cross_validation_are_put_together():
    found = cross_val_predict(make_tagger(**WELL), X, as_object_array(Y), cv=3)
    assert found.shape == (len(X),)
    assert span_f1(Y, found) > 0.8


def test_scorers_of_sequences(problem):
    X, y, parameters = problem
    scoring = {"steps": token_accuracy_scorer, "whole": sequence_accuracy_scorer}
    scores = cross_validate(
        make_tagger(**WELL, **parameters), X, y, cv=3, scoring=scoring,
        error_score="raise",
    )  # fmt: skip
    assert (scores["test_steps"] >= scores["test_whole"]).all()
    assert scores["test_steps"].mean() > 0.75


@pytest.mark.parametrize("form", [list, as_object_array])
def test_grid_search_by_the_score_of_spans(form):
    grid = {"output": ["softmax", "crf"], "max_iter": [1, 15]}
    search = GridSearchCV(
        make_tagger(**WELL), grid, cv=3, scoring=span_f1_scorer, error_score="raise"
    )
    search.fit(X, form(Y))
    assert search.best_params_["max_iter"] == 15
    assert search.best_score_ > 0.8


def test_weights_of_steps_are_routed():
    weights = [np.ones(len(y)) for y in Y]
    with sklearn.config_context(enable_metadata_routing=True):
        tagger = make_tagger(max_iter=1).set_fit_request(sample_weight=True)
        tagger.set_score_request(sample_weight=True)
        scores = cross_val_score(
            tagger, X, Y, cv=2, params={"sample_weight": weights}, error_score="raise"
        )
    plain = cross_val_score(make_tagger(max_iter=1), X, Y, cv=2)
    assert_allclose(scores, plain)


def test_pipeline_with_scaled_channels():
    skewed = [1000 * array + 5 for array in VECTORS]
    model = make_pipeline(
        TimestepTransformer(StandardScaler()), make_tagger(**WELL)
    ).fit(skewed, OF_VECTORS)
    assert model.score(skewed, OF_VECTORS) > 0.9
    assert model.predict(skewed[:1])[0].shape == (len(skewed[0]),)
