"""`LSTMLanguageModel` as an estimator: likelihoods, scikit-learn, determinism."""

import pickle

import joblib
import numpy as np
import pytest
from estimators.language_problems import (
    PROBLEMS,
    WORDS,
    as_object_array,
    each_problem,
    make_model,
    make_rolls,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMLanguageModel, Sequences
from sklstm.network import class_probabilities

# ---- likelihoods -------------------------------------------------------------------


@pytest.mark.parametrize("mark_ends", [False, True])
@pytest.mark.parametrize("tie_embedding", [False, True])
def test_likelihoods_are_those_of_the_probabilities(mark_ends, tie_embedding):
    model = make_model(
        mark_ends=mark_ends, tie_embedding=tie_embedding, embedding_size=7
    ).fit(WORDS)
    X = ["abca", "caz", "b"]  # z is unknown
    task, network = model._task, model._network
    expected = []
    for text in X:
        codes = [task.table._codes.get(c, 0) for c in text]
        codes = [1, *codes, 2] if mark_ends else codes
        batch_outputs = [
            network.predict(_batch_of(codes[: k + 1]))[-1:]
            for k in range(len(codes) - 1)
        ]
        expected.append(
            sum(
                np.log(class_probabilities(outputs)[0, code])
                for outputs, code in zip(batch_outputs, codes[1:], strict=True)
            )
        )
    assert_allclose(model.score_samples(X), expected, rtol=1e-5)


def _batch_of(codes):
    from sklstm.sequences.packing import pack_batch

    values = np.array(codes, dtype=np.intp)[:, np.newaxis]
    return pack_batch(Sequences(values, [len(codes)]))


def test_the_probabilities_of_known_symbols_are_in_proportion():
    """Those of a prefix, times what the unknown symbol and the end leave."""
    model = make_model(mark_ends=False, max_iter=30).fit(WORDS)
    probabilities = model.predict_proba(["ab", "abcab"])
    assert probabilities.shape == (2, 3)
    assert probabilities.dtype == np.float64
    assert_allclose(probabilities.sum(axis=1), 1)
    for prefix, row in zip(["ab", "abcab"], probabilities, strict=True):
        totals = model.score_samples([prefix + c for c in model.symbols_])
        before = model.score_samples([prefix])[0]
        joint = np.exp(totals - before)
        assert_allclose(row, joint / joint.sum(), rtol=1e-5)


def test_vector_likelihoods_are_those_of_the_probabilities():
    X = make_rolls()
    model = make_model(max_iter=10).fit(X)
    expected = []
    for roll in X:
        ones = np.concatenate(
            [model.predict_proba([roll[:k]]) for k in range(1, len(roll))]
        )
        expected.append(np.log(np.where(roll[1:] == 1, ones, 1 - ones)).sum())
    assert_allclose(model.score_samples(X), expected, rtol=1e-5)
    assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)


@each_problem
def test_scores_are_one_number_in_different_units(problem):
    X = PROBLEMS[problem]()
    model = make_model().fit(X)
    totals = model.score_samples(X)
    assert totals.dtype == np.float64
    n_steps = np.array([len(x) + 1 if problem != "rolls" else len(x) - 1 for x in X])
    score = model.score(X)
    assert isinstance(score, float)
    assert_allclose(score, totals.sum() / n_steps.sum(), rtol=1e-12)
    assert_allclose(model.perplexity(X), np.exp(-score))
    assert_allclose(model.bits_per_character(X), -score / np.log(2))
    weights = np.arange(len(X))
    assert_allclose(
        model.score(X, sample_weight=weights),
        (totals * weights).sum() / (n_steps * weights).sum(),
    )
    kept, only_one = X[3:4], np.arange(len(X)) == 3
    for measure in (model.perplexity, model.bits_per_character):
        assert_allclose(measure(X, sample_weight=only_one), measure(kept))


def test_what_is_next_to_impossible_has_an_infinite_perplexity():
    model = make_model().fit(["ab" * 20, "ba" * 20])
    model._network.output_bias[list("\0\0\0ab").index("b")] = -2000
    assert model.perplexity(["bbbb"]) == np.inf
    assert 500 < model.bits_per_character(["bbbb"]) < 5000


def test_untrained_likelihoods_are_those_of_the_frequencies():
    model = make_model(max_iter=1, learning_rate_init=1e-20).fit(["aab"] * 50)
    # Symbols that are predicted: two a, one b, one end.
    probabilities = np.exp(np.diff(model.score_samples(["", "a"])))
    assert 0.4 < probabilities[0] < 0.6
    assert_allclose(model.predict_proba(["a"])[0], [2 / 3, 1 / 3], atol=0.1)


def test_learns_what_depends_on_the_distant_past():
    """The last symbol is the first: six steps of others between them."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 2, 400)
    X = ["pq"[k] + "".join(rng.choice(list("xyz"), 6)) + "pq"[k] for k in first]
    model = LSTMLanguageModel(
        hidden_layer_sizes=24, max_iter=30, learning_rate_init=0.02, random_state=0
    ).fit(X)
    right = model.predict([text[:-1] for text in X]) == [text[-1] for text in X]
    assert np.mean(right) == 1
    assert model.bits_per_character(X) < (6 * np.log2(3) + 1) / 9 + 0.08


def test_states_are_carried_over_windows():
    """A window of one step cannot see which a comes before b; the states can."""
    model = LSTMLanguageModel(
        hidden_layer_sizes=24, bptt_steps=1, batch_size=4, max_iter=8,
        learning_rate_init=0.02, random_state=0,
    ).fit(["aab" * 100])  # fmt: skip
    assert model.bits_per_character(["aab" * 20]) < 0.3  # of the symbol alone: 2 / 3


# ---- no bit depends on ... ---------------------------------------------------------


@each_problem
def test_threads_do_not_change_a_bit(problem):
    X = PROBLEMS[problem]() * 3
    how = {"hidden_layer_sizes": 40, "max_iter": 1, "dropout": 0.2}
    models = [make_model(n_jobs=n_jobs, **how).fit(X) for n_jobs in (1, 2)]
    assert_array_equal(*(model._network.parameters for model in models))
    assert_array_equal(*(model.score_samples(X) for model in models))


@each_problem
def test_companions_and_order_do_not_change_a_bit(problem):
    X = PROBLEMS[problem]()
    model = make_model().fit(X)
    together, probabilities = model.score_samples(X), model.predict_proba(X)
    for k in (0, 3, 5):
        assert model.score_samples(X[k : k + 1]) == together[k]
        assert_array_equal(model.predict_proba(X[k : k + 1])[0], probabilities[k])
    assert_array_equal(model.score_samples(X[::-1]), together[::-1])


@each_problem
def test_the_size_of_passes_does_not_change_a_bit(problem, monkeypatch):
    X = PROBLEMS[problem]()
    model = make_model().fit(X)
    before = model.score_samples(X), model.score(X), model.predict_proba(X)
    monkeypatch.setattr("sklstm.sequences.streams.SEQUENCES_PER_PASS", 3)
    monkeypatch.setattr("sklstm.sequences.streams.ROWS_PER_PASS", 5)
    after = model.score_samples(X), model.score(X), model.predict_proba(X)
    for one, other in zip(before, after, strict=True):
        assert_array_equal(one, other)


@each_problem
def test_one_seed_gives_one_model(problem):
    X = PROBLEMS[problem]()
    models = [make_model(random_state=seed).fit(X) for seed in (0, 0, 1)]
    parameters = [model._network.parameters for model in models]
    assert_array_equal(parameters[0], parameters[1])
    assert (parameters[0] != parameters[2]).any()


# ---- scikit-learn ------------------------------------------------------------------


@each_problem
def test_survives_cloning_and_pickling(problem, tmp_path):
    X = PROBLEMS[problem]()
    model = make_model(dropout=0.1).fit(X)
    assert clone(model).get_params() == model.get_params()
    joblib.dump(model, tmp_path / "model.joblib")
    for copy in (
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib", mmap_mode="r"),
    ):
        assert_array_equal(copy.score_samples(X), model.score_samples(X))
        assert_array_equal(copy.predict(X), model.predict(X))
        prime = X[0][:2]
        assert_array_equal(
            copy.generate(prime, 5, random_state=0),
            model.generate(prime, 5, random_state=0),
        )
        on, other = clone(model).fit(X).partial_fit(X), copy.partial_fit(X)
        assert_array_equal(on._network.parameters, other._network.parameters)


@each_problem
def test_cross_validation_and_search(problem):
    X = PROBLEMS[problem]()
    scores = cross_val_score(make_model(), X, cv=3, error_score="raise")
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()
    if problem != "rolls":
        of_array = cross_val_score(
            make_model(), as_object_array(X), cv=3, error_score="raise"
        )
        assert_array_equal(of_array, scores)
    search = GridSearchCV(
        make_model(), {"learning_rate_init": [1e-9, 0.02]}, cv=2, error_score="raise"
    ).fit(X)
    assert search.best_params_ == {"learning_rate_init": 0.02}
    assert search.score(X) == search.best_estimator_.score(X)


def test_sits_at_the_end_of_a_pipeline():
    model = make_pipeline(make_model()).fit(WORDS)
    assert model.score(WORDS) == make_model().fit(WORDS).score(WORDS)


def test_containers_do_not_matter():
    expected = make_model().fit(WORDS).score(WORDS)
    for X in (tuple(WORDS), np.array(WORDS), as_object_array(WORDS)):
        assert make_model().fit(X).score(X) == expected
    rolls = make_rolls()
    expected = make_model().fit(rolls).score(rolls)
    sequences = Sequences.from_list(rolls)
    assert make_model().fit(sequences).score(sequences) == expected


def test_partial_fit_goes_on_from_epoch_to_epoch():
    model = make_model(learning_rate="constant")
    for _ in range(3):
        model.partial_fit(WORDS)
    whole = make_model(learning_rate="constant", max_iter=3).fit(WORDS)
    assert_array_equal(model._network.parameters, whole._network.parameters)
    assert len(model.loss_curve_) == 3
    model.partial_fit(["xyz"])  # symbols are those of the first call
    assert model.symbols_ == ["a", "b", "c"]


def test_warm_start_goes_on():
    model = make_model(learning_rate="constant", warm_start=True)
    model.fit(WORDS).fit(WORDS)
    whole = make_model(learning_rate="constant", max_iter=6).fit(WORDS)
    assert_array_equal(model._network.parameters, whole._network.parameters)


@each_problem
def test_a_weight_of_zero_removes_a_sequence(problem):
    X = PROBLEMS[problem]()
    weights = np.ones(len(X))
    weights[[1, 4]] = 0
    kept = [x for x, weight in zip(X, weights, strict=True) if weight]
    removed, weighted = make_model().fit(kept), make_model()
    weighted.fit(X, sample_weight=weights)
    assert_array_equal(weighted._network.parameters, removed._network.parameters)
    assert weighted.score(X, sample_weight=weights) == pytest.approx(
        removed.score(kept), rel=1e-12
    )


def test_weights_say_what_counts():
    X = ["ab" * 10, "ac" * 10] * 5
    model = make_model(max_iter=30).fit(X, sample_weight=[1, 9] * 5)
    assert_allclose(model.predict_proba(["a"])[0, 1:], [0.1, 0.9], atol=0.05)


# ---- symbols -----------------------------------------------------------------------


def test_unknown_symbols_are_one():
    model = make_model(min_count=2).fit(["aabbc", "bbaad"])
    assert model.symbols_ == ["a", "b"]
    totals = model.score_samples(["axb", "acb", "a?b"])
    assert totals[0] == totals[1] == totals[2]
    assert_array_equal(model.predict_proba(["x"]), model.predict_proba(["c"]))


def test_symbols_may_be_anything_hashable():
    X = [[(1, "a"), None, 3.5, "b"], [None, (1, "a")]]
    model = make_model().fit(X)
    assert set(model.symbols_) == {(1, "a"), None, 3.5, "b"}
    assert model.predict([[None]])[0] in model.symbols_


@pytest.mark.parametrize(
    ("X", "marked"), [(WORDS, True), (["abc" * 9], False), (make_rolls(), False)]
)
def test_ends_are_marked_where_there_are_several_texts(X, marked):
    model = make_model().fit(X)
    assert model._task.mark_ends is marked
    assert model.mark_ends == "auto"


def test_marked_ends_predict_the_first_symbol_and_the_end():
    X = ["ab", "ab", "ab", "b"] * 10
    model = make_model(max_iter=150, batch_size=40, learning_rate_init=0.02).fit(X)
    assert_allclose(model.predict_proba([""])[0], [0.75, 0.25], atol=0.05)
    assert_allclose(np.exp(model.score_samples(["ab", "b"])), [0.75, 0.25], atol=0.05)


def test_one_symbol_is_certain():
    model = make_model().fit(["aaa"])
    assert_array_equal(model.predict_proba(["a"]), [[1.0]])


def test_tied_weights_save_a_table():
    n_parameters = [
        make_model(embedding_size=7, tie_embedding=tied)
        .fit(WORDS)
        ._network.n_parameters
        for tied in (False, True)
    ]
    assert n_parameters[0] - n_parameters[1] == 6 * 7


# ---- early stopping ----------------------------------------------------------------


@pytest.mark.parametrize("X", [WORDS * 4, ["abcabcabc" * 20]], ids=["many", "one"])
def test_early_stopping_keeps_the_best_weights(X):
    model = make_model(early_stopping=True, max_iter=6).fit(X)
    assert model.best_validation_score_ == max(model.validation_scores_)
    given = make_model(early_stopping=True, max_iter=6).fit(X, X_val=WORDS[:5])
    assert given.score(WORDS[:5]) == pytest.approx(given.best_validation_score_)
    recorded = make_model(max_iter=4).fit(X, X_val=WORDS[:5])
    assert len(recorded.validation_scores_) == 4
    assert_allclose(recorded.validation_scores_[-1], recorded.score(WORDS[:5]))


def test_validation_weights_count():
    weights = [1, 2, 0, 3, 0.5]
    model = make_model().fit(WORDS, X_val=WORDS[:5], sample_weight_val=weights)
    expected = model.score(WORDS[:5], sample_weight=weights)
    assert_allclose(model.validation_scores_[-1], expected, rtol=1e-6)
