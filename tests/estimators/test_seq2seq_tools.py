"""`LSTMSeq2Seq` in scikit-learn's tools; going on, weights, errors."""

import pickle

import numpy as np
import pytest
from estimators.seq2seq_problems import (
    SMALL,
    fitted_speller,
    parameters_of,
    reversed_words,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMSeq2Seq, TimestepTransformer
from sklstm.metrics import (
    bleu_scorer,
    neg_label_error_rate_scorer,
    sequence_accuracy_scorer,
)


@pytest.fixture
def fitted():
    return fitted_speller()


def test_pipelines_scale_the_steps_first():
    rng = np.random.RandomState(0)
    X = 1000 * rng.normal(size=(30, 4, 2)) + 500
    y = [["a" if x.sum() > 4000 else "b"] for x in X]
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), LSTMSeq2Seq(**SMALL)
    )
    assert len(pipeline.fit(X, y).predict(X)) == 30


def test_cross_validation_and_search_take_ragged_targets():
    X, y = reversed_words(40)
    model = LSTMSeq2Seq(**SMALL)
    assert cross_val_score(model, X, y, cv=3, n_jobs=2).shape == (3,)
    search = GridSearchCV(model, {"attention": [None, "general"]}, cv=2).fit(X, y)
    assert search.best_params_["attention"] in (None, "general")
    for scorer in (bleu_scorer, sequence_accuracy_scorer):
        letters = [list(word) for word in y]
        scores = cross_val_score(model, X, letters, cv=2, scoring=scorer)
        assert np.isfinite(scores).all()
    as_array = np.array(y, dtype=object)
    assert cross_val_predict(model, X, as_array, cv=2).shape == (40,)


def test_scores_of_words_do_not_take_strings():
    X, y = reversed_words(12)
    model = LSTMSeq2Seq(**SMALL)
    with pytest.warns(UserWarning, match="expected a list of words"):
        scores = cross_val_score(model, X, y, cv=2, scoring=bleu_scorer)
    assert np.isnan(scores).all()
    for scorer in (sequence_accuracy_scorer, neg_label_error_rate_scorer):
        scores = cross_val_score(model, X, y, cv=2, scoring=scorer)
        assert np.isfinite(scores).all()


def test_the_default_score_is_the_same_for_every_search(fitted):
    X, y = reversed_words(10)
    model, wanted = pickle.loads(pickle.dumps(fitted)), fitted.score(X, y)
    for how in ({"beam_width": 3}, {"length_penalty": 0.0}, {"max_length": 1}):
        assert model.set_params(**how).score(X, y) == wanted


def test_a_pickled_model_predicts_the_same(fitted):
    X, _ = reversed_words(20, seed=8)
    loaded = pickle.loads(pickle.dumps(fitted))
    assert loaded.predict(X).tolist() == fitted.predict(X).tolist()
    assert parameters_of(loaded).tobytes() == parameters_of(fitted).tobytes()


def test_partial_fit_goes_on_with_the_symbols_of_the_first_call():
    X, y = reversed_words()
    model = LSTMSeq2Seq(**SMALL)
    model.partial_fit(X, y)
    first = parameters_of(model).copy()
    model.partial_fit([*X, "zz"], [*y, "zz"])
    assert model.symbols_ == ["a", "b", "c", "d"]
    assert not np.array_equal(parameters_of(model), first)
    assert len(model.loss_curve_) == 2


def test_warm_start_goes_on_from_the_weights():
    X, y = reversed_words()
    model = LSTMSeq2Seq(**SMALL, warm_start=True).fit(X, y)
    model.fit(X, y)
    assert len(model.loss_curve_) == 8
    with pytest.raises(ValueError, match="attention"):
        model.set_params(attention=None).fit(X, y)


def test_a_pair_of_weight_zero_is_as_if_it_were_not_there():
    X, y = reversed_words(30)
    weights = np.ones(31)
    weights[-1] = 0
    # The same symbols: the weightless pair may bring none of its own.
    model = LSTMSeq2Seq(**SMALL, dropout=0.2).fit(
        [*X, "abcd"], [*y, "aaaa"], sample_weight=weights
    )
    without = LSTMSeq2Seq(**SMALL, dropout=0.2).fit(X, y)
    assert_array_equal(parameters_of(model), parameters_of(without))


def test_weights_matter():
    X, y = ["a"] * 40, ["x"] * 20 + ["y"] * 20
    weights = np.r_[np.full(20, 5.0), np.ones(20)]
    model = LSTMSeq2Seq(**SMALL).set_params(max_iter=30)
    model.fit(X, y, sample_weight=weights)
    assert model.predict(["a"])[0] == "x"
    model.fit(X, y, sample_weight=weights[::-1])
    assert model.predict(["a"])[0] == "y"


def test_early_stopping_keeps_the_best_weights():
    X, y = reversed_words(80)
    X_val, y_val = reversed_words(30, seed=9)
    model = LSTMSeq2Seq(**{**SMALL, "max_iter": 12}, early_stopping=True)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert_allclose(model.score(X_val, y_val), model.best_validation_score_)
    own = clone(model).fit(X, y)
    assert len(own.validation_scores_) == own.n_iter_


@pytest.mark.parametrize(
    "X, y, choices, message",
    [
        (["ab", "b"], None, {}, "requires y to be passed"),
        (["ab", "b"], ["a"], {}, "X has 2, y has 1"),
        ("ab", ["a", "b"], {}, "pass a list of them"),
        (["ab", "b"], ["a", 3], {}, r"y\[1\] is 3"),
        (["ab", ["b", []]], ["a", "b"], {}, r"X\[1\]\[1\] is \[\]: a symbol must be"),
        (["ab", "b"], ["", ""], {}, "no symbols to learn"),
        (["ab", "b"], ["a", "b"], {"min_count": 3}, "rarer than min_count=3"),
        (["ab", "b"], ["a", "b"], {"solver": "lbfgs"}, "needs a stochastic solver"),
        (["ab", "b"], ["a", "b"], {"bptt_steps": 4}, "bptt_steps=4 has no meaning"),
        (["ab", "b"], ["a", "b"], {"attention": "dot", "encoder_layer_sizes": 3},
         "of size 16.*of size 6"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong(X, y, choices, message):
    model = LSTMSeq2Seq(**{**SMALL, **choices})
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "symbols_")
    assert not hasattr(model, "n_features_in_")


def test_a_failed_fit_leaves_the_fitted_model_as_it_was(fitted):
    model = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(ValueError, match="X has 2, y has 1"):
        model.fit(["xyz", "x"], ["y"])
    assert model.predict(["abc"])[0] == fitted.predict(["abc"])[0]


def test_there_is_no_step_by_step_prediction(fitted):
    assert not hasattr(fitted, "step")
    assert not hasattr(fitted, "initial_state")
