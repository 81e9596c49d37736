"""`LSTMSeq2Seq`: sources of all kinds, searches, and scikit-learn around it."""

import pickle

import numpy as np
import pytest
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
from sklstm.sequences import Sequences

SMALL = {
    "hidden_layer_sizes": 16, "embedding_size": 8, "max_iter": 4, "random_state": 0,
}  # fmt: skip


def words(n_samples=60, seed=0, letters="abcd", longest=5):
    rng = np.random.RandomState(seed)
    return [
        "".join(rng.choice(list(letters), rng.randint(1, longest + 1)))
        for _ in range(n_samples)
    ]


def reversed_words(n_samples=60, seed=0, **options):
    X = words(n_samples, seed, **options)
    return X, [word[::-1] for word in X]


@pytest.fixture(scope="module")
def fitted():
    X, y = reversed_words(400, longest=4)
    model = LSTMSeq2Seq(
        hidden_layer_sizes=32, embedding_size=16, max_iter=25, random_state=0
    )
    return model.fit(X, y)


def parameters_of(model):
    return model._network.parameters


def test_unseen_words_are_spelled_backwards(fitted):
    X, y = reversed_words(100, seed=1, longest=4)
    found = fitted.predict(X)
    assert found.dtype == object
    assert found.shape == (100,)
    assert np.mean(found == np.array(y, dtype=object)) > 0.95
    assert fitted.score(X, y) > 0.97
    assert fitted.symbols_ == ["a", "b", "c", "d"]


def test_score_is_the_weighted_share_of_symbols_right_given_those_before(fitted):
    X = ["abcd", "ab"]
    right = ["dcba", "ba"]
    assert fitted.predict(X).tolist() == right
    assert fitted.score(X, right) == 1
    assert_allclose(fitted.score(X, right, sample_weight=[1, 5]), 1)
    wrong = ["dcb?", "ba"]  # an unknown symbol cannot be right
    one = fitted.score(X[:1], wrong[:1])
    assert 0 < one <= 0.8
    weighted = fitted.score(X, wrong, sample_weight=[1, 5])
    assert_allclose(weighted, (5 * one + 3 * 5) / (5 + 3 * 5))


@pytest.mark.parametrize("beam_width", [1, 3])
def test_predictions_are_the_same_alone_in_company_and_for_any_threads(
    fitted, beam_width
):
    X, _ = reversed_words(30, seed=2)
    model = pickle.loads(pickle.dumps(fitted)).set_params(beam_width=beam_width)
    together = model.predict_n_best(X, beam_width)
    for k in (0, 7, 29):
        assert model.predict_n_best(X[k : k + 1], beam_width)[0] == together[k]
    assert model.set_params(n_jobs=2).predict_n_best(X, beam_width).tolist() == (
        together.tolist()
    )


def test_a_beam_finds_at_least_as_likely_sequences(fitted):
    X = words(40, seed=3, longest=7)
    model = pickle.loads(pickle.dumps(fitted)).set_params(length_penalty=0.0)
    greedy = [found[0][1] for found in model.predict_n_best(X, 1)]
    model.set_params(beam_width=6)
    best = model.predict_n_best(X)
    assert all(len(found) == 6 for found in best)
    scores = np.array([[score for _, score in found] for found in best])
    assert (np.diff(scores, axis=1) <= 0).all()
    assert (scores[:, 0] >= np.array(greedy) - 1e-9).mean() > 0.95
    assert scores[:, 0].mean() >= np.mean(greedy)
    assert [found[0][0] for found in best] == model.predict(X).tolist()


def test_scores_are_log_probabilities_of_the_sequences(fitted):
    X = ["abc"]
    model = pickle.loads(pickle.dumps(fitted))
    model.set_params(length_penalty=0.0, beam_width=40, max_length=4)
    [found] = model.predict_n_best(X)
    assert np.exp([score for _, score in found]).sum() <= 1 + 1e-6
    model.set_params(length_penalty=1.0, beam_width=1)
    [[(sequence, score)]] = model.predict_n_best(X, 1)
    of_plain = dict(found)[sequence]
    assert_allclose(score, of_plain / ((5 + len(sequence) + 1) / 6))


@pytest.mark.parametrize("max_length", [1, 2])
def test_the_best_sequences_are_different_also_at_the_largest_length(
    fitted, max_length
):
    model = pickle.loads(pickle.dumps(fitted)).set_params(max_length=max_length)
    for of_sample in model.predict_n_best(["abcd", "bb"], 6):
        sequences = [sequence for sequence, _ in of_sample]
        assert len(set(sequences)) == len(sequences) >= 4
        assert max(map(len, sequences)) == max_length
        scores = [score for _, score in of_sample]
        assert scores == sorted(scores, reverse=True)


def test_no_prediction_is_longer_than_max_length(fitted):
    model = pickle.loads(pickle.dumps(fitted)).set_params(max_length=2)
    lengths = [len(found) for found in model.predict(words(20, seed=5))]
    assert max(lengths) == 2


def test_attention_looks_at_the_mirrored_place(fitted):
    X = ["abcd", "dbca"]
    weights = fitted.attention_weights(X, ["dcba", "acbd"])
    for of_word in weights:
        assert of_word.shape == (5, 5)  # four letters and the end, on both sides
        assert_allclose(of_word.sum(axis=1), 1, rtol=1e-5)
    shapes = [w.shape for w in fitted.attention_weights(["ab", "abc"])]
    assert shapes == [(3, 3), (4, 4)]


def test_without_attention_there_are_no_weights():
    X, y = reversed_words()
    model = LSTMSeq2Seq(**SMALL, attention=None).fit(X, y)
    with pytest.raises(ValueError, match="has no attention"):
        model.attention_weights(X)


@pytest.mark.parametrize(
    "choices",
    [
        {"attention": "additive"},
        {"attention": "dot", "encoder_layer_sizes": 8},
        {"attention": None, "tie_embedding": False},
        {"cell": "gru", "bidirectional": False, "dropout": 0.2},
        {"hidden_layer_sizes": (8, 6), "label_smoothing": 0.1},
        {"solver": "sgd", "learning_rate": "adaptive"},
        {"dtype": "float64", "peephole": True, "zoneout": 0.1},
    ],
)
def test_choices_train_and_give_the_same_bits_again(choices):
    X, y = reversed_words()
    model = LSTMSeq2Seq(**{**SMALL, **choices})
    first = parameters_of(model.fit(X, y)).copy()
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    again = clone(model).set_params(n_jobs=2).fit(X, y)
    assert_array_equal(parameters_of(again), first)


def test_symbols_may_be_any_hashables():
    X = [[(0, "x"), 5, None], [5, 5], [None, (0, "x")]] * 10
    y = [[1, "one"], [], [frozenset("ab")]] * 10
    model = LSTMSeq2Seq(**SMALL).set_params(max_iter=40).fit(X, y)
    assert model.predict(X[:3]).tolist() == y[:3]


def test_arrays_of_symbols_are_lists_of_them():
    X, y = [[1, 2, 3], [3, 1]] * 10, [[2, 1], [3]] * 10
    lists = LSTMSeq2Seq(**SMALL).fit(X, y)
    arrays = LSTMSeq2Seq(**SMALL).fit(
        [np.array(x) for x in X], [np.array(x) for x in y]
    )
    assert_array_equal(parameters_of(arrays), parameters_of(lists))
    assert all(type(s) is int for s in lists.predict(X)[0])


def test_columns_of_a_data_frame_are_sequences_of_symbols():
    pandas = pytest.importorskip("pandas")
    X, y = reversed_words(20)
    frame = pandas.DataFrame({"word": X, "drow": y})
    model = LSTMSeq2Seq(**SMALL).fit(frame["word"], frame["drow"])
    wanted = LSTMSeq2Seq(**SMALL).fit(X, y)
    assert_array_equal(parameters_of(model), parameters_of(wanted))
    assert model.predict(frame["word"]).tolist() == wanted.predict(X).tolist()


def test_unknown_targets_are_always_wrong():
    """They may well be the likeliest: the score is that of what can be written."""
    X, y = ["a"] * 30, [[f"{k}", f"only {k}", "s"] for k in range(30)]
    model = LSTMSeq2Seq(**SMALL, min_count=2).set_params(max_iter=20)
    model.fit(X, y, X_val=X[:3], y_val=y[:3])
    assert model.symbols_ == ["s"]
    assert model.score(X, y) <= 0.5  # of "?", "?", "s" and the end
    assert_allclose(model.validation_scores_[-1], model.score(X[:3], y[:3]))
    assert max(model.validation_scores_) <= 0.5


def test_words_seen_rarely_are_unknown_and_never_written():
    X = [["a", "b"], ["b", "a"]] * 20 + [["rare", "b"]]
    y = [["x", "y"], ["y", "x"]] * 20 + [["seldom", "y"]]
    model = LSTMSeq2Seq(**SMALL, min_count=2).fit(X, y)
    assert model.symbols_ == ["x", "y"]
    written = {word for found in model.predict(X) for word in found}
    assert written <= {"x", "y"}
    new, rare = model.predict([["never", "b"], ["rare", "b"]])
    assert new == rare


def test_the_unknown_symbol_is_not_written_even_where_it_is_the_likeliest():
    X, y = ["a"] * 30, [[f"only {k}", "y"] for k in range(30)]
    model = LSTMSeq2Seq(**SMALL, min_count=2).set_params(max_iter=20).fit(X, y)
    assert model.symbols_ == ["y"]
    assert set(model.predict(["a"])[0]) <= {"y"}
    assert set(model.set_params(beam_width=4).predict(["a"])[0]) <= {"y"}


def test_an_empty_source_and_an_empty_target_are_sequences():
    X, y = reversed_words(40)
    model = LSTMSeq2Seq(**SMALL).fit([*X, ""], [*y, ""])
    assert isinstance(model.predict([""])[0], str)


def test_one_vector_a_sample_becomes_a_caption():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(200, 3)).astype(np.float32)
    y = [
        ["the", "largest", "is", "abc"[k]] if x[k] > 0 else ["none"]
        for x, k in zip(X, X.argmax(axis=1), strict=True)
    ]
    model = LSTMSeq2Seq(hidden_layer_sizes=24, max_iter=40, random_state=0).fit(X, y)
    assert model.n_features_in_ == 3
    found = model.predict(X)
    assert np.mean([a == b for a, b in zip(found, y, strict=True)]) > 0.9
    with pytest.raises(ValueError, match="4 features"):
        model.predict(np.zeros((2, 4)))


@pytest.mark.parametrize("form", ["list", "padded", "sequences"])
def test_sequences_of_vectors_in_every_layout(form):
    rng = np.random.RandomState(0)
    lengths = rng.randint(2, 6, size=40)
    arrays = [rng.normal(size=(n, 2)).astype(np.float32) for n in lengths]
    y = [["up" if row[0] > 0 else "down" for row in x] for x in arrays]
    wanted = parameters_of(LSTMSeq2Seq(**SMALL).fit(arrays, y)).copy()
    X = arrays
    if form == "padded":
        X = np.full((40, 5, 2), np.nan, dtype=np.float32)
        for k, x in enumerate(arrays):
            X[k, : len(x)] = x
    elif form == "sequences":
        X = Sequences(np.concatenate(arrays), lengths)
    model = LSTMSeq2Seq(**SMALL).fit(X, y)
    assert_array_equal(parameters_of(model), wanted)
    assert model.n_features_in_ == 2
    assert [w.shape[1] for w in model.attention_weights(X)] == lengths.tolist()


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
