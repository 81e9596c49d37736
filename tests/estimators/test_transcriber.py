"""`LSTMTranscriber`: labels in the form they came in, scores, alignments."""

import pickle

import numpy as np
import pytest
from estimators.transcription_problems import FAST, make_problem, play
from numpy.testing import assert_allclose, assert_array_equal
from reference_ctc import edit_distance
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from sklstm import LSTMTranscriber, Sequences
from sklstm.sequences import FrameStacker, SequenceScaler


@pytest.fixture(scope="module")
def problem():
    return make_problem()


@pytest.fixture(scope="module")
def skilled():
    """A model that knows its beeps."""
    X, y = make_problem(150, seed=1)
    parameters = FAST | {"hidden_layer_sizes": 16, "max_iter": 40}
    return LSTMTranscriber(**parameters, learning_rate_init=0.01).fit(X, y)


def test_beeps_never_heard_are_written_down(skilled):
    X, y = make_problem(60, seed=2)
    assert skilled.score(X, y) > 0.95
    beam = clone(skilled).set_params(decoder="beam")
    vars(beam).update({k: v for k, v in vars(skilled).items() if k != "decoder"})
    assert beam.score(X, y) >= skilled.score(X, y) - 0.02
    assert beam.predict(X[:5]).tolist() == y[:5]


FORMS = {
    "strings": lambda y: list(y),
    "object_array": lambda y: np.array([*y, None], dtype=object)[:-1],
    "lists": lambda y: [list(labels) for labels in y],
    "tuples": lambda y: [tuple(labels) for labels in y],
    "arrays": lambda y: [np.array(list(labels), dtype="U1") for labels in y],
    "numbers": lambda y: [
        np.array(["abc".index(label) for label in labels], dtype=int) for labels in y
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_labels_come_back_in_the_form_they_were_given_in(problem, form):
    X, y = problem
    given = FORMS[form](y)
    model = LSTMTranscriber(**FAST).fit(X, given)
    reference = LSTMTranscriber(**FAST).fit(X, y)
    assert model.loss_curve_ == reference.loss_curve_
    found = model.predict(X)
    assert isinstance(found, np.ndarray)
    assert found.shape == (len(X),)
    assert found.dtype == object
    kind = {"strings": str, "object_array": str, "arrays": np.ndarray,
            "numbers": np.ndarray}.get(form, list)  # fmt: skip
    assert {type(labels) for labels in found} == {kind}
    names = ["".join(map(str, labels)) for labels in found]
    letters = str.maketrans("012", "abc")
    expected = reference.predict(X).tolist()
    assert [name.translate(letters) for name in names] == expected
    assert model.score(X, given) == reference.score(X, y)
    if form == "numbers":
        assert_array_equal(model.classes_, [0, 1, 2])
        assert all(labels.dtype == model.classes_.dtype for labels in found)
    else:
        assert_array_equal(model.classes_, ["a", "b", "c"])


def test_score_is_one_less_the_label_error_rate(skilled):
    X, y = make_problem(30, seed=3)
    y = [*y[1:], y[0]]  # wrong nearly everywhere
    found = skilled.predict(X)
    wrong = np.array([edit_distance(a, b) for a, b in zip(found, y, strict=True)])
    n_labels = np.array([len(labels) for labels in y])
    assert wrong.sum() > 20
    assert_allclose(skilled.score(X, y), 1 - wrong.sum() / n_labels.sum())
    weights = np.linspace(0, 2, 30)
    expected = 1 - weights @ wrong / (weights @ n_labels)
    assert_allclose(skilled.score(X, y, weights), expected)


def test_labels_that_are_not_known_are_mistakes_in_the_score(skilled):
    X, _ = make_problem(5, seed=4)
    found = [str(labels) for labels in skilled.predict(X)]
    strange = [labels + "x" for labels in found]
    n_labels = sum(map(len, strange))
    assert_allclose(skilled.score(X, strange), 1 - 5 / n_labels)


def test_nothing_said_and_nothing_heard_is_right(skilled):
    silence = [np.zeros((4, 3))] * 3
    assert skilled.predict(silence).tolist() == ["", "", ""]
    assert skilled.score(silence, ["", "", ""]) == 1
    assert skilled.score([play("ab", np.random.RandomState(0))], [""]) == 0


def test_probabilities_are_those_of_every_step(skilled):
    X, _ = make_problem(6, seed=5)
    probabilities = skilled.predict_proba(X)
    assert probabilities.shape == (6,)
    for x, rows in zip(X, probabilities, strict=True):
        assert rows.shape == (len(x), 4)
        assert rows.dtype == np.float64
        assert_allclose(rows.sum(axis=1), 1)
    silence = skilled.predict_proba([np.zeros((5, 3))])[0]
    assert (silence.argmax(axis=1) == 3).all()  # the last column is the blank


def test_alignment_finds_each_beep(skilled):
    parts = [(0, 5), ("a", 4), (0, 3), ("c", 4), (0, 6), ("c", 4), (0, 4)]
    x = np.concatenate(
        [np.tile(np.eye(3)["abc".index(k)] if k else np.zeros(3), (n, 1))
         for k, n in parts]
    )  # fmt: skip
    [spans] = skilled.align([x], ["acc"])
    assert spans.shape == (3, 2)
    for (first, last), beep in zip(spans, [(5, 8), (12, 15), (22, 25)], strict=True):
        # A network may wait for the end of a beep before it names it.
        assert beep[0] - 1 <= first <= last <= beep[1] + 2
    assert skilled.align([x], [""])[0].shape == (0, 2)


def test_alignment_refuses_what_does_not_fit_or_is_not_known(skilled):
    with pytest.raises(ValueError, match=r"y\[1\] has 2 labels and needs at least 3"):
        skilled.align([np.zeros((5, 3)), np.zeros((2, 3))], ["ab", "aa"])
    with pytest.raises(ValueError, match=r"y\[0\]\[1\] is 'x', which is not among"):
        skilled.align([np.zeros((5, 3))], ["ax"])


# ---- what every estimator has -----------------------------------------------------


def as_one_array(model, X):
    return np.concatenate(list(model.predict_proba(X)))


def test_a_sequence_alone_gets_what_it_gets_in_company(skilled):
    X, _ = make_problem(20, seed=6)
    together, labels = skilled.predict_proba(X), skilled.predict(X)
    for i, x in enumerate(X):
        assert_array_equal(skilled.predict_proba([x])[0], together[i])
        assert skilled.predict([x])[0] == labels[i]
    padded = np.full((20, max(map(len, X)), 3), np.nan)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = x
    for data in (padded, Sequences.from_list(X)):
        for i, rows in enumerate(skilled.predict_proba(data)):
            assert_array_equal(rows, together[i])


@pytest.mark.parametrize(
    "parameters",
    [
        {"early_stopping": True, "validation_fraction": 0.3},
        {"input_noise": 0.2, "dropout": 0.2},
        {"cell": "gru", "hidden_layer_sizes": (8, 6), "dtype": "float64"},
        {"bidirectional": False, "bptt_steps": 4},
        {"checkpoint_steps": 3},
    ],
)
def test_one_seed_gives_the_same_bits_for_any_number_of_threads(problem, parameters):
    X, y = problem
    fits = [
        LSTMTranscriber(**FAST | parameters, n_jobs=n_jobs).fit(X, y)
        for n_jobs in (1, 2, 3, 1)
    ]
    for model in fits[1:]:
        assert model.loss_curve_ == fits[0].loss_curve_
        assert_array_equal(as_one_array(model, X), as_one_array(fits[0], X))


def test_lbfgs_learns_too(problem):
    X, y = problem
    model = LSTMTranscriber(
        solver="lbfgs", hidden_layer_sizes=8, max_iter=60, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.8
    repeated = clone(model).set_params(max_iter=5).fit(X + X[:3], y + y[:3])
    weights = np.ones(len(X))
    weights[:3] = 2
    weighted = clone(model).set_params(max_iter=5).fit(X, y, weights)
    assert_array_equal(as_one_array(repeated, X), as_one_array(weighted, X))


def test_weight_zero_leaves_a_sequence_out(problem):
    X, y = problem
    weights = np.ones(len(X))
    weights[10:] = 0
    model = LSTMTranscriber(**FAST).fit(X, [*y[:10], *[""] * 30], weights)
    alone = LSTMTranscriber(**FAST).fit(X[:10], y[:10])
    assert_array_equal(as_one_array(model, X), as_one_array(alone, X))
    doubled = LSTMTranscriber(**FAST).fit(X, y, np.full(40, 2.0))
    plain = LSTMTranscriber(**FAST, alpha=5e-5).fit(X, y)
    assert_allclose(as_one_array(doubled, X), as_one_array(plain, X), rtol=1e-4)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_labels_of_weight_zero_need_not_fit_into_their_steps(problem, solver):
    X, y = problem
    misfit = [*y[:7], "abc" * len(X[7]), *y[8:]]
    weights = np.ones(len(X))
    weights[7] = 0
    model = LSTMTranscriber(
        solver=solver, hidden_layer_sizes=4, max_iter=2, random_state=0
    )
    without = clone(model).fit(X[:7] + X[8:], y[:7] + y[8:])
    model.fit(X, misfit, weights)
    assert_array_equal(as_one_array(model, X), as_one_array(without, X))
    with pytest.raises(ValueError, match=r"y\[7\] has .* labels and needs at least"):
        model.fit(X, misfit, np.ones(len(X)))


def test_labels_of_weight_zero_need_not_fit_in_validation(problem):
    X, y = problem
    misfit, weights = [*y[:7], "abc" * len(X[7]), *y[8:]], np.ones(len(X))
    weights[7] = 0
    model = LSTMTranscriber(**FAST, early_stopping=True)
    given = {"X_val": X, "y_val": misfit}
    model.fit(X, y, **given, sample_weight_val=weights)
    assert np.isfinite(model.validation_loss_curve_).all()
    with pytest.raises(ValueError, match=r"y_val\[7\] has .* labels and needs"):
        model.fit(X, y, **given)
    model.fit(X, misfit, weights)  # sets some aside by itself
    assert np.isfinite(model.validation_loss_curve_).all()


def test_early_stopping_keeps_the_weights_with_the_fewest_errors(problem):
    X, y = problem
    X_val, y_val = make_problem(20, seed=7)
    model = LSTMTranscriber(
        **FAST | {"max_iter": 30}, early_stopping=True, learning_rate_init=0.01
    )
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert_allclose(model.score(X_val, y_val), model.best_validation_score_)
    assert len(model.validation_loss_curve_) == model.n_iter_


def test_partial_fit_and_warm_start_go_on(problem):
    X, y = problem
    model = LSTMTranscriber(**FAST | {"learning_rate": "constant", "shuffle": False})
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        clone(model).partial_fit(X, y)
    pieces = clone(model)
    for _ in range(4):
        pieces.partial_fit(X, y, classes="cba")
    assert pieces.loss_curve_ == clone(model).fit(X, y).loss_curve_
    assert_array_equal(pieces.classes_, ["a", "b", "c"])
    with pytest.raises(ValueError, match="are not those of the first call"):
        pieces.partial_fit(X, y, classes="abcd")
    with pytest.raises(ValueError, match=r"y\[0\]\[0\] is 'x', which is not among"):
        pieces.partial_fit(X[:1], ["x"])
    warm = clone(model).set_params(warm_start=True, max_iter=2).fit(X, y).fit(X, y)
    assert warm.loss_curve_ == pieces.loss_curve_


def test_classes_that_the_first_piece_does_not_show_can_come_later(problem):
    X, y = problem
    only_a = [i for i in range(len(y)) if set(y[i]) <= {"a"}]
    model = LSTMTranscriber(**FAST)
    model.partial_fit([X[i] for i in only_a], [y[i] for i in only_a], classes="abc")
    model.partial_fit(X, y)
    assert np.isfinite(model.loss_)


@pytest.mark.parametrize("labels", [list("ab"), [1, 2], [1.5, 2.5]])
def test_classes_of_an_array_are_those_of_a_list(problem, labels):
    X = problem[0]
    y = [np.array(labels[:1])] * len(X)
    of_list, of_array = (
        LSTMTranscriber(**FAST).partial_fit(X, y, classes=classes)
        for classes in (labels, np.array(labels))
    )
    assert of_array.classes_.dtype == of_list.classes_.dtype
    assert of_array.classes_.dtype == np.array(labels).dtype
    assert of_array.classes_.tolist() == labels
    of_array.partial_fit(X, y, classes=np.array(labels[::-1]))


def test_clone_and_pickle(skilled):
    X, _ = make_problem(5, seed=8)
    loaded = pickle.loads(pickle.dumps(skilled))
    assert_array_equal(as_one_array(loaded, X), as_one_array(skilled, X))
    assert loaded.predict(X).tolist() == skilled.predict(X).tolist()
    copy = clone(skilled)
    assert copy.get_params() == skilled.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(X)


@pytest.mark.parametrize("form", ["strings", "object_array", "lists", "arrays"])
def test_cross_validation_with_ragged_y(problem, form):
    """Integer cv: the estimator is no classifier, whose splitter would look at y."""
    X, y = problem
    given = FORMS[form](y)
    model = LSTMTranscriber(**FAST)
    assert not is_classifier(model)
    assert not is_regressor(model)
    scores = cross_val_score(model, X, given, cv=3, error_score="raise")
    first_test = next(KFold(3).split(X))[1]
    train = np.setdiff1d(np.arange(len(X)), first_test)
    fold = clone(model).fit([X[i] for i in train], [given[i] for i in train])
    expected = fold.score([X[i] for i in first_test], [given[i] for i in first_test])
    assert scores[0] == expected


def test_grid_search_and_pipelines(problem):
    X, y = problem
    pipeline = make_pipeline(SequenceScaler(), FrameStacker(1), LSTMTranscriber(**FAST))
    grid = {
        "lstmtranscriber__cell": ["lstm", "gru"],
        "lstmtranscriber__decoder": ["greedy", "beam"],
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.predict(X).shape == (len(X),)
    objects = np.array([*y, None], dtype=object)[:-1]
    found = cross_val_predict(pipeline, X, objects, cv=2)
    assert found.shape == (len(X),)


def test_steps_of_a_stream_have_the_probabilities_of_the_whole(problem):
    X, y = problem
    model = LSTMTranscriber(**FAST, bidirectional=False).fit(X, y)
    state, rows = model.initial_state(), []
    for x in X[0]:
        row, state = model.step(x, state)
        rows.append(row[0])
    assert_array_equal(np.array(rows), model.predict_proba(X[:1])[0])
