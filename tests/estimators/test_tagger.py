"""LSTMTagger: what it learns, and what it promises."""

import numpy as np
import pytest
from estimators.problems import LAYOUTS
from estimators.tagging_problems import (
    as_object_array,
    assert_same_answers,
    make_sentences,
    make_tagger,
    make_vectors,
)
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.metrics import token_accuracy

X, Y = make_sentences()
X_VAL, Y_VAL = make_sentences(seed=1)
VECTORS, OF_VECTORS = make_vectors()
WELL = {"hidden_layer_sizes": 12, "max_iter": 25, "learning_rate_init": 0.03}
KINDS = {
    "vectors": (VECTORS, OF_VECTORS, {}),
    "symbols": (X, Y, {}),
    "words": (X, Y, {"character_size": 3, "character_embedding_size": 4}),
}
OUTPUTS = ["softmax", "crf"]


@pytest.fixture(params=KINDS)
def problem(request):
    """Inputs, labels, parameters."""
    return KINDS[request.param]


# Learning ----


@pytest.mark.parametrize("output", OUTPUTS)
def test_learns(problem, output):
    X, y, parameters = problem
    tagger = make_tagger(output=output, **WELL, **parameters).fit(X, y)
    assert tagger.score(X, y) > 0.95
    assert tagger.loss_curve_[-1] < 0.3 * tagger.loss_curve_[0]
    probabilities = tagger.predict_proba(X)
    assert probabilities.shape == (len(X),)
    for p, labels in zip(probabilities, y, strict=True):
        assert p.shape == (len(labels), len(tagger.classes_))
        assert_allclose(p.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_vectors_is_read_alike(layout):
    X, y = make_vectors(equal_lengths=layout == "3d", layout=layout)
    ragged, _ = make_vectors(equal_lengths=layout == "3d")
    tagger = make_tagger(max_iter=2)
    answers = tagger.fit(X, y).predict_proba(X)
    assert_same_answers(answers, tagger.fit(ragged, y).predict_proba(ragged))
    assert tagger.n_features_in_ == 2


@pytest.mark.parametrize(
    "form", [list, as_object_array, lambda y: [list(of_one) for of_one in y]]
)
def test_every_form_of_labels_is_read_alike(form):
    tagger = make_tagger(max_iter=2)
    expected = tagger.fit(VECTORS, OF_VECTORS).predict_proba(VECTORS)
    assert_same_answers(
        tagger.fit(VECTORS, form(OF_VECTORS)).predict_proba(VECTORS), expected
    )


def test_labels_may_be_an_array_integers_or_characters():
    X, y = make_vectors(equal_lengths=True)
    tagger = make_tagger(max_iter=2)
    expected = tagger.fit(X, y).predict_proba(X)
    assert_same_answers(tagger.fit(X, np.array(y)).predict_proba(X), expected)
    numbers = np.array(y) == "up"
    tagger.fit(X, 3 * numbers)
    assert_array_equal(tagger.classes_, [0, 3])
    assert_same_answers(tagger.predict_proba(X), expected)
    assert tagger.predict(X)[0].dtype.kind == "i"
    tagger.fit(X, ["".join("du"[n] for n in of_one) for of_one in 1 * numbers])
    assert_same_answers(tagger.predict_proba(X), expected)


def test_strings_are_sequences_of_characters():
    words = ["banana", "bandana", "cabana", "abba"] * 6
    y = [["V" if c == "a" else "C" for c in word] for word in words]
    tagger = make_tagger(**WELL).fit(words, y)
    assert "".join(tagger.predict(["ababa"])[0]) == "VCVCV"


def test_inputs_says_what_numbers_are():
    codes = [np.array([1, 2, 1]), np.array([2, 1])] * 8
    y = [["a", "b", "a"], ["b", "a"]] * 8
    symbols = make_tagger(max_iter=1).fit(codes, y)
    assert symbols._reader.table.symbols == [1, 2]
    vectors = make_tagger(max_iter=1, inputs="vectors").fit(codes, y)
    assert vectors._reader.table is None
    assert vectors.layers_[0][0]["weight_ih"].shape[1] == 1


def test_a_crf_knows_what_cannot_follow():
    """Labels alternate, and nothing says with which one they begin."""
    rng = np.random.RandomState(0)
    lengths = rng.randint(3, 8, size=60)
    X = [rng.normal(size=(n_steps, 1)) for n_steps in lengths]
    y = [(np.arange(n_steps) + rng.randint(2)) % 2 for n_steps in lengths]

    def alternating(output):
        tagger = make_tagger(output=output, max_iter=15).fit(X, y)
        return np.mean([(np.diff(p) != 0).all() for p in tagger.predict(X)])

    assert alternating("crf") == 1
    assert alternating("softmax") < 0.7


def test_characters_tell_the_labels_of_words_never_seen():
    rng = np.random.RandomState(0)

    def sentence():
        stems = ["".join(rng.choice(list("bdgklm"), 3)) for _ in range(4)]
        kinds = rng.choice(["ly", "ed"], 4)
        words = [stem + end for stem, end in zip(stems, kinds, strict=True)]
        return words, ["ADV" if kind == "ly" else "VERB" for kind in kinds]

    train, test = ([sentence() for _ in range(n)] for n in (80, 20))
    X, y = zip(*train, strict=True)
    X_test, y_test = zip(*test, strict=True)
    parameters = {"max_iter": 15, "learning_rate_init": 0.02}
    words = make_tagger(**parameters).fit(X, y)
    characters = make_tagger(character_size=8, **parameters).fit(X, y)
    assert words.score(X_test, y_test) < 0.8
    assert characters.score(X_test, y_test) > 0.95


def test_unknown_words_are_read_from_their_surroundings():
    tagger = make_tagger(**WELL).fit(X, Y)
    [labels] = tagger.predict([["show", "to", "Timbuktu", "from", "Xanadu"]])
    assert labels.tolist() == ["O", "O", "B-to", "O", "B-from"]


def test_rare_words_are_unknown():
    X = [["to", "Oslo"]] * 5 + [["to", "Rome"]]
    y = [["O", "B"]] * 6
    tagger = make_tagger(min_count=2).fit(X, y)
    answers = tagger.predict_proba([["to", "Rome"], ["to", "Atlantis"], ["to", "Oslo"]])
    assert_array_equal(answers[0], answers[1])
    assert (answers[1] != answers[2]).any()


def test_lower_case_shares_a_row_and_characters_tell_it():
    shouted = [[word.upper() for word in sentence] for sentence in X]
    plain = make_tagger(lowercase=True).fit(X, Y)
    assert_same_answers(plain.predict_proba(shouted), plain.predict_proba(X))
    spelled = make_tagger(lowercase=True, character_size=3).fit(X, Y)
    assert (spelled.predict_proba(shouted)[0] != spelled.predict_proba(X)[0]).any()


# Promises ----


@pytest.mark.parametrize("output", OUTPUTS)
def test_alone_as_in_a_batch_in_any_order(problem, output):
    X, y, parameters = problem
    tagger = make_tagger(max_iter=2, output=output, **parameters).fit(X, y)
    together = tagger.predict_proba(X)
    alone = [tagger.predict_proba([sequence])[0] for sequence in X]
    assert_same_answers(together, alone)
    reversed_order = tagger.predict_proba(list(X)[::-1])[::-1]
    assert_same_answers(together, reversed_order)


@pytest.mark.parametrize("output", OUTPUTS)
def test_threads_change_no_bit(problem, output, monkeypatch):
    monkeypatch.setattr("sklstm._threads.MULTIPLY_ADDS_PER_THREAD", 1)
    X, y, parameters = problem
    parameters = {"dropout": 0.3, "output": output, **parameters}
    if X is not VECTORS:
        parameters["unknown_rate"] = 1.0
    one = make_tagger(max_iter=3, n_jobs=1, **parameters).fit(X, y)
    two = make_tagger(max_iter=3, n_jobs=2, **parameters).fit(X, y)
    assert_same_answers(one.predict_proba(X), two.predict_proba(X))
    assert one.loss_curve_ == two.loss_curve_


def test_a_score_is_the_token_accuracy_of_the_predictions(problem):
    X, y, parameters = problem
    for output in OUTPUTS:
        tagger = make_tagger(max_iter=3, output=output, **parameters).fit(X, y)
        assert_allclose(tagger.score(X, y), token_accuracy(y, tagger.predict(X)))
        weights = [np.arange(len(labels)) + 0.5 for labels in y]
        assert_allclose(
            tagger.score(X, y, weights),
            token_accuracy(y, tagger.predict(X), sample_weight=weights),
        )


def test_labels_that_were_not_learned_are_mistakes_in_the_score():
    """As of a rare label that cross-validation leaves to the test part."""
    tagger = make_tagger().fit(X, Y)
    others = [["B-never", *labels[1:]] for labels in Y]
    predicted = tagger.predict(X)
    assert tagger.score(X, others) == pytest.approx(token_accuracy(others, predicted))
    assert set(np.concatenate(predicted)) == set(tagger.classes_)
    for unknown in ("B-never", 3, float("nan"), {}):
        assert tagger.score(X, [[unknown] * len(labels) for labels in Y]) == 0


def test_step_by_step_as_at_once():
    tagger = make_tagger(bidirectional=False).fit(VECTORS, OF_VECTORS)
    state = tagger.initial_state()
    for step, x in enumerate(VECTORS[3]):
        probabilities, state = tagger.step(x, state)
        whole = tagger.predict_proba(VECTORS[3:4])[0]
        assert_array_equal(probabilities[0], whole[step])


def test_what_cannot_be_done_step_by_step_says_so():
    with pytest.raises(ValueError, match="bidirectional=False"):
        make_tagger(max_iter=1).fit(VECTORS, OF_VECTORS).initial_state()
    one_way = {"max_iter": 1, "bidirectional": False}
    with pytest.raises(ValueError, match="output='softmax'"):
        make_tagger(output="crf", **one_way).fit(VECTORS, OF_VECTORS).initial_state()
    with pytest.raises(ValueError, match="not symbols"):
        make_tagger(**one_way).fit(X, Y).initial_state()


# Weights ----


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_sequence_of_zero_weight_is_as_if_removed(output):
    weights = np.ones(len(X))
    weights[::5] = 0
    kept = np.flatnonzero(weights)
    # All words are known from the others.
    parameters = {"dropout": 0.2, "unknown_rate": 0.0, "output": output, "max_iter": 3}
    weighted = make_tagger(**parameters).fit(X, Y, weights)
    removed = make_tagger(**parameters).fit([X[i] for i in kept], [Y[i] for i in kept])
    assert_same_answers(weighted.predict_proba(X), removed.predict_proba(X))
    # A sequence all of whose steps have none:
    by_step = [np.full(len(y), w) for y, w in zip(Y, weights, strict=True)]
    by_step = make_tagger(**parameters).fit(X, Y, by_step)
    assert_same_answers(by_step.predict_proba(X), removed.predict_proba(X))


def test_a_step_of_zero_weight_has_no_say():
    weights = [np.ones(len(y)) for y in Y]
    others = [list(y) for y in Y]
    for sample in range(0, len(Y), 3):
        weights[sample][0] = 0
        others[sample][0] = "B-to"
    for solver in ("adam", "lbfgs"):
        X, y, wrong = VECTORS, OF_VECTORS, [labels.copy() for labels in OF_VECTORS]
        weights = [np.ones(len(labels)) for labels in y]
        for sample in range(0, len(y), 3):
            weights[sample][0] = 0
            wrong[sample][0] = "up"
        tagger = make_tagger(max_iter=3, solver=solver)
        right = tagger.fit(X, y, weights).predict_proba(X)
        assert_same_answers(tagger.fit(X, wrong, weights).predict_proba(X), right)
        unweighted = tagger.fit(X, wrong).predict_proba(X)
        assert any((a != b).any() for a, b in zip(unweighted, right, strict=True))


def test_equal_weights_are_none():
    tagger = make_tagger(max_iter=2)
    plain = tagger.fit(X, Y).predict_proba(X)
    for weights in (np.full(len(X), 3.0), [np.full(len(y), 3.0) for y in Y]):
        weighted = make_tagger(max_iter=2, alpha=3e-4).fit(X, Y, weights)
        assert_same_answers(weighted.predict_proba(X), plain)


def test_lbfgs_takes_weights_for_repetitions():
    parameters = {"solver": "lbfgs", "max_iter": 20}
    repeated = [*VECTORS, *VECTORS[:10]], [*OF_VECTORS, *OF_VECTORS[:10]]
    weights = np.ones(len(VECTORS))
    weights[:10] = 2
    for output in OUTPUTS:
        one = make_tagger(output=output, **parameters).fit(*repeated)
        other = make_tagger(output=output, **parameters)
        other.fit(VECTORS, OF_VECTORS, weights)
        assert_same_answers(one.predict(VECTORS), other.predict(VECTORS))
        assert one.score(VECTORS, OF_VECTORS) > 0.9


def test_balanced_labels_find_the_rare_one():
    rng = np.random.RandomState(0)
    X = [rng.normal(size=(10, 1)) for _ in range(40)]
    y = [np.where(x[:, 0] + 0.5 * rng.normal(size=10) > 1.8, "rare", "O") for x in X]

    def recall(**parameters):
        tagger = make_tagger(max_iter=15, **parameters).fit(X, y)
        found, true = np.concatenate(tagger.predict(X)), np.concatenate(y)
        return (found[true == "rare"] == "rare").mean()

    assert recall(class_weight="balanced") > 0.9
    assert recall(class_weight={"rare": 10.0}) > 0.8
    assert recall() < 0.6


def test_class_weights_are_weights_of_steps():
    by_step = [np.where(np.array(y) == "O", 0.5, 2.0) for y in Y]
    weights = {"O": 0.5, "B-to": 2.0, "B-from": 2.0}
    one = make_tagger(max_iter=2, class_weight=weights).fit(X, Y)
    other = make_tagger(max_iter=2).fit(X, Y, by_step)
    assert_same_answers(one.predict_proba(X), other.predict_proba(X))


# Going on ----


@pytest.mark.parametrize("output", OUTPUTS)
def test_partial_fit_goes_on(problem, output):
    X, y, parameters = problem
    parameters = {**parameters, "output": output, "dropout": 0.2, "tol": 0.0}
    whole = make_tagger(max_iter=3, **parameters).fit(X, y)
    pieces = make_tagger(**parameters)
    for _ in range(3):
        pieces.partial_fit(X, y, classes=whole.classes_)
    assert_same_answers(pieces.predict_proba(X), whole.predict_proba(X))
    going = make_tagger(max_iter=1, warm_start=True, **parameters)
    for _ in range(3):
        going.fit(X, y)
    assert_same_answers(going.predict_proba(X), whole.predict_proba(X))


def test_early_stopping_keeps_the_best_epoch(problem):
    X, y, parameters = problem
    parameters = {**parameters, "early_stopping": True, "max_iter": 6}
    given = make_tagger(**parameters).fit(X, y, X_val=X[:10], y_val=y[:10])
    assert_allclose(given.score(X[:10], y[:10]), given.best_validation_score_)
    assert given.best_validation_score_ == max(given.validation_scores_)
    assert len(given.validation_loss_curve_) == given.n_iter_
    split = make_tagger(**parameters, validation_fraction=0.3).fit(X, y)
    assert split.best_validation_score_ > 0.5


def test_validation_weights_count_steps():
    weights = [np.arange(len(y)) + 0.5 for y in Y_VAL]
    tagger = make_tagger(max_iter=1)
    tagger.fit(X, Y, X_val=X_VAL, y_val=Y_VAL, sample_weight_val=weights)
    expected = tagger.score(X_VAL, Y_VAL, weights)
    assert_allclose(tagger.best_validation_score_, expected, rtol=1e-6)
