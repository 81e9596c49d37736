"""Parameters set after fit: read by a prediction, or by a fit that goes on."""

import pickle

import numpy as np
import pytest
from estimators.problems import make_estimator, make_problem
from numpy.testing import assert_array_equal

from sklstm import (
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
)
from sklstm.estimators.parameters import check_values

RNG = np.random.RandomState(0)
ARRAYS = [RNG.normal(size=(n, 2)) for n in (5, 6, 7, 5)]
ROLLS = [(x > 0).astype(float) for x in ARRAYS]
WORDS = [["to", "Rome"], ["Paris", "to"], ["Oslo", "to"], ["to", "Oslo"]]
TAGS = [["O", "to"], ["from", "O"], ["from", "O"], ["O", "to"]]
NUMBERS = np.array([0.0, 1.0, 0.5, 2.0])
TINY = {"hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0}

CASES = {
    "transcriber": (LSTMTranscriber, ARRAYS, ["ab", "ba", "a", "b"]),
    "tagger": (LSTMTagger, WORDS, TAGS),
    "seq2seq": (LSTMSeq2Seq, ["ab", "b", "ba", "a"], ["ba", "b", "ab", "a"]),
    "language_model": (LSTMLanguageModel, ["abab", "bab", "aab"], None),
    "classifier": (LSTMClassifier, ARRAYS, [0, 1, 0, 1]),
    "regressor": (LSTMRegressor, ARRAYS, NUMBERS),
    "transformer": (SequenceTransformer, ARRAYS, None),
}


def fitted(case, **parameters):
    cls, X, y = CASES[case]
    model = cls(**TINY, **parameters)
    return model.fit(X, y), X, y


# ---- predictions ------------------------------------------------------------------


@pytest.mark.parametrize(
    "case, parameters, message",
    [
        ("transcriber", {"decoder": "beam", "beam_width": 0}, "'beam_width' parameter"),
        ("transcriber", {"decoder": "beam", "beam_width": 2.5}, "'beam_width' param"),
        ("transcriber", {"decoder": "x"}, "'decoder' parameter"),
        ("seq2seq", {"beam_width": 0}, "'beam_width' parameter"),
        ("seq2seq", {"beam_width": "a"}, "'beam_width' parameter"),
        ("seq2seq", {"max_length": -3}, "'max_length' parameter"),
        ("seq2seq", {"length_penalty": -1}, "'length_penalty' parameter"),
    ],
)
def test_parameters_of_predictions_are_checked_there(case, parameters, message):
    model, X, y = fitted(case)
    before = model.predict(X).tolist()
    model.set_params(**parameters)
    calls = [lambda: model.predict(X)]
    if case == "transcriber":
        calls.append(lambda: model.score(X, y))
    else:
        calls.append(lambda: model.predict_n_best(X))
        calls.append(lambda: model.attention_weights(X))
    for call in calls:
        with pytest.raises(ValueError, match=message):
            call()
    defaults = {name: getattr(type(model)(), name) for name in parameters}
    assert model.set_params(**defaults).predict(X).tolist() == before


def test_the_output_of_a_transformer_is_checked_where_it_is_read():
    model, X, _ = fitted("transformer")
    with pytest.raises(ValueError, match="'output' parameter"):
        model.set_params(output="x").transform(X)


@pytest.mark.parametrize("case", [name for name in CASES if name != "transformer"])
def test_threads_must_be_a_number(case):
    model, X, _ = fitted(case)
    with pytest.raises(TypeError, match="n_jobs must be an int or None, got 'a'"):
        model.set_params(n_jobs="a").predict(X)


@pytest.mark.parametrize("n_best", [0, -1, 1.5, "a"])
def test_the_number_of_sequences_to_write_is_checked(n_best):
    model, X, _ = fitted("seq2seq")
    with pytest.raises(ValueError, match="n_best must be None or an int of at least 1"):
        model.predict_n_best(X, n_best)


def test_checking_some_values_names_the_estimator():
    model = LSTMTranscriber(beam_width=0, max_iter=-1)
    check_values(model, "decoder")
    with pytest.raises(ValueError, match="'beam_width' parameter of LSTMTranscriber"):
        check_values(model, "decoder", "beam_width")


@pytest.mark.parametrize(
    "case, X, y",
    [
        ("transcriber", ARRAYS, CASES["transcriber"][2]),
        ("tagger", ARRAYS, [[0, 1] * 2 + [1] * (len(x) - 4) for x in ARRAYS]),
        ("seq2seq", ARRAYS, CASES["seq2seq"][2]),
        ("seq2seq", np.stack([x[0] for x in ARRAYS]), CASES["seq2seq"][2]),
        ("language_model", ROLLS, None),
    ],
)
def test_the_precision_is_that_of_the_fit(case, X, y):
    model = CASES[case][0](**TINY).fit(X, y)
    before = model.score(X, y)
    assert model.set_params(dtype="float64").score(X, y) == before
    model.predict(X)


# ---- training that goes on --------------------------------------------------------

FIXED = [
    ("tagger", {"min_count": 99}),
    ("tagger", {"lowercase": True}),
    ("tagger", {"inputs": "symbols"}),
    ("tagger", {"output": "crf"}),
    ("tagger", {"embedding_size": 5}),
    ("tagger", {"character_size": 3}),
    ("tagger", {"character_embedding_size": 3}),
    ("seq2seq", {"min_count": 99}),
    ("seq2seq", {"source": "symbols"}),
    ("seq2seq", {"embedding_size": 5}),
    ("seq2seq", {"tie_embedding": False}),
    ("seq2seq", {"attention": "dot"}),
    ("language_model", {"min_count": 99}),
    ("language_model", {"mark_ends": False}),
    ("language_model", {"embedding_size": 5}),
    ("language_model", {"tie_embedding": True}),
    ("language_model", {"n_negatives": 5}),
    ("regressor", {"loss": "poisson"}),
    ("transformer", {"objective": "regression"}),
]


def state_of(model):
    return pickle.dumps({k: v for k, v in vars(model).items() if k.startswith("_")})


@pytest.mark.parametrize("going_on", ["warm_start", "partial_fit"])
@pytest.mark.parametrize("case, changed", FIXED, ids=str)
def test_what_a_model_is_made_of_stays_when_training_goes_on(case, changed, going_on):
    model, X, y = fitted(case)
    y = NUMBERS if y is None else y
    [name] = changed
    old, before = getattr(model, name), state_of(model)
    model.set_params(warm_start=going_on == "warm_start", **changed)
    message = f"fitted with {name}={old!r}, so training cannot go on with {name}="
    with pytest.raises(ValueError, match=message):
        (model.fit if going_on == "warm_start" else model.partial_fit)(X, y)
    assert state_of(model) == before
    model.set_params(**{name: old})
    assert len(model.partial_fit(X, y).loss_curve_) == 3


@pytest.mark.parametrize(
    "loss, name, value", [("quantile", "quantile", 0.9), ("huber", "huber_delta", 2.0)]
)
def test_the_loss_of_a_regression_stays(loss, name, value):
    model, X, y = fitted("regressor", loss=loss, warm_start=True)
    model.set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name} back, or start anew"):
        model.fit(X, y)


def test_label_smoothing_may_change_when_training_goes_on():
    model, X, y = fitted("seq2seq", warm_start=True)
    same = pickle.loads(pickle.dumps(model)).fit(X, y)
    task = model._task
    model.set_params(label_smoothing=0.5).fit(X, y)
    assert model.loss_curve_[:2] == same.loss_curve_[:2]
    assert min(model.loss_curve_[2:]) > max(same.loss_curve_[2:]) + 0.1
    assert task.loss.label_smoothing == 0  # a prediction may be using it
    anew = LSTMSeq2Seq(**TINY).fit(X, y).set_params(label_smoothing=0.5)
    anew.partial_fit(X, y)
    assert anew.loss_curve_[2] > same.loss_curve_[2] + 0.1


def test_a_failed_fit_leaves_the_label_smoothing_of_the_last():
    model, X, y = fitted("seq2seq", warm_start=True)
    with pytest.raises(ValueError, match="X has 4, y has 3"):
        model.set_params(label_smoothing=0.5).fit(X, y[:3])
    assert model._task.loss.label_smoothing == 0


def test_a_fit_that_starts_anew_may_change_everything():
    for case, changed in FIXED[:3] + FIXED[7:9] + FIXED[12:14]:
        model, X, y = fitted(case)
        if "min_count" in changed:
            changed = {"min_count": 2}
        model.set_params(**changed).fit(X, y)
        assert len(model.loss_curve_) == 2


@pytest.mark.parametrize(
    "case, changed, message",
    [
        ("seq2seq", {"hidden_layer_sizes": 6}, "Set hidden_layer_sizes, encoder_layer"),
        ("seq2seq", {"encoder_layer_sizes": 3}, "Set hidden_layer_sizes, encoder_la"),
        ("tagger", {"learn_initial_state": True}, "learn_initial_state=False, so"),
        ("transformer", {"output": "mean"}, "has output='last', so .* output='mean'"),
    ],
)
def test_errors_have_the_words_of_the_estimator(case, changed, message):
    objective = {"objective": "regression"} if case == "transformer" else {}
    cls, X, y = CASES[case]
    y = NUMBERS if y is None else y
    model = cls(**TINY, **objective, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.set_params(**changed).fit(X, y)


def test_the_states_of_all_steps_need_no_other_network():
    X, _, _ = make_problem()
    model = make_estimator("transformer", warm_start=True, output="last").fit(X)
    last = model.transform(X)
    sequences = model.set_params(output="sequence").transform(X)
    assert_array_equal(sequences[0][-1], last[0])
    model.fit(X)
