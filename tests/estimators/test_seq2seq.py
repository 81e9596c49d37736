"""`LSTMSeq2Seq`: sources of all kinds, symbols, searches."""

import pickle

import numpy as np
import pytest
from estimators.seq2seq_problems import (
    SMALL,
    fitted_speller,
    parameters_of,
    reversed_words,
    words,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklstm import LSTMSeq2Seq
from sklstm.sequences import Sequences


@pytest.fixture
def fitted():
    return fitted_speller()


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
