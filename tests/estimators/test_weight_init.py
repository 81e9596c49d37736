"""Estimators whose recurrent layers start from given weights."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
)

N_FEATURES = 2
RNG = np.random.RandomState(0)
X = RNG.normal(size=(24, 6, N_FEATURES))
LABELS = np.where(X[:, -1, 0] > 0, "up", "down")
NUMBERS = X[:, -1].sum(axis=1)
STEPS = [list(np.where(x[:, 0] > 0, "a", "b")) for x in X]
TEXTS = ["abcab", "cabca", "bca", "abc"] * 6
# A learning rate and a penalty that leave the weights where they start.
STILL = {"learning_rate_init": 1e-30, "alpha": 0.0, "max_iter": 1, "random_state": 0}
FITS = {
    "classifier": (LSTMClassifier, (X, LABELS)),
    "regressor": (LSTMRegressor, (X, NUMBERS)),
    "transformer": (SequenceTransformer, (X,)),
    "tagger": (LSTMTagger, (X, STEPS)),
    "transcriber": (LSTMTranscriber, (X, [steps[:2] for steps in STEPS])),
    "language model": (LSTMLanguageModel, (TEXTS,)),
    "seq2seq": (LSTMSeq2Seq, (TEXTS, TEXTS)),
    "forecaster": (LSTMForecaster, (np.sin(np.arange(120) / 3),)),
}


def layers_like(layers, seed=1):
    """Other weights of the same shapes."""
    rng = np.random.RandomState(seed)
    return [
        [{name: rng.normal(size=a.shape) for name, a in one.items()} for one in layer]
        for layer in layers
    ]


def assert_same_layers(found, expected, dtype=np.float32):
    assert len(found) == len(expected)
    for layer, wanted in zip(found, expected, strict=True):
        for one, arrays in zip(layer, wanted, strict=True):
            assert set(one) == set(arrays)
            for name in arrays:
                expected = np.asarray(arrays[name], dtype)
                # Zeros move by next to nothing, everything else not at all.
                assert_allclose(one[name], expected, rtol=0, atol=1e-20, err_msg=name)


@pytest.mark.parametrize("kind", FITS)
def test_every_estimator_starts_from_given_weights(kind):
    make, data = FITS[kind]
    small = {**STILL, "hidden_layer_sizes": (6, 4)}
    given = layers_like(make(**small).fit(*data).layers_)
    model = make(**small, weight_init=given).fit(*data)
    assert_same_layers(model.layers_, given)


@pytest.mark.parametrize(
    "parameters",
    [
        {"bidirectional": True},
        {"peephole": True, "coupled_gates": True},
        {"projection_size": 3, "learn_initial_state": True},
        {"cell": "gru"},
        {"cell": "gru", "reset_after": True, "bidirectional": True},
        {"cell": "rnn", "activation": "relu", "dtype": "float64"},
    ],
    ids=str,
)
def test_every_cell_starts_from_given_weights(parameters):
    parameters = {"hidden_layer_sizes": (6, 4), **STILL, **parameters}
    given = layers_like(LSTMClassifier(**parameters).fit(X, LABELS).layers_)
    model = LSTMClassifier(**parameters, weight_init=given).fit(X, LABELS)
    assert_same_layers(model.layers_, given, parameters.get("dtype", np.float32))


def test_a_layer_that_is_none_is_drawn_as_it_would_be_without_the_others():
    small = {**STILL, "hidden_layer_sizes": (6, 4), "forget_bias": 3.0}
    drawn = LSTMClassifier(**small).fit(X, LABELS)
    given = [None, layers_like(drawn.layers_)[1]]
    model = LSTMClassifier(**small, weight_init=given).fit(X, LABELS)
    assert_same_layers(model.layers_[:1], drawn.layers_[:1])
    assert_same_layers(model.layers_[1:], given[1:])


def test_the_head_starts_as_without_given_weights():
    small = {**STILL, "hidden_layer_sizes": 6}
    drawn = LSTMClassifier(**small).fit(X, LABELS)
    same = LSTMClassifier(**small, weight_init=drawn.layers_).fit(X, LABELS)
    assert_array_equal(same.predict_proba(X), drawn.predict_proba(X))


def test_initial_states_may_be_missing_and_start_at_zero():
    small = {**STILL, "hidden_layer_sizes": 6}
    given = layers_like(LSTMClassifier(**small).fit(X, LABELS).layers_)
    small["learn_initial_state"] = True
    model = LSTMClassifier(**small, weight_init=given).fit(X, LABELS)
    [[layer]] = model.layers_
    assert_array_equal(layer["weight_hh"], given[0][0]["weight_hh"].astype("f4"))
    assert_allclose(layer["hidden_0"], 0, atol=1e-20)


def test_training_goes_on_from_the_weights_and_leaves_the_users_alone():
    first = LSTMClassifier(hidden_layer_sizes=6, max_iter=40, random_state=0)
    first.fit(X, LABELS)
    given = copy.deepcopy([[dict(d) for d in layer] for layer in first.layers_])
    kept = copy.deepcopy(given)
    tuned = LSTMClassifier(
        hidden_layer_sizes=6, weight_init=given, max_iter=3, random_state=1
    ).fit(X, LABELS)
    assert_same_layers(given, kept)
    assert not np.array_equal(tuned.layers_[0][0]["bias"], kept[0][0]["bias"])
    fresh = clone(tuned).set_params(weight_init="orthogonal").fit(X, LABELS)
    assert tuned.loss_ < fresh.loss_


def marked_values(n_samples, seed):
    """Sequences of which one step is marked, and the value there."""
    rng = np.random.RandomState(seed)
    sequences, values = [], []
    for _ in range(n_samples):
        x = rng.normal(size=(rng.randint(8, 15), 2))
        x[:, 1] = 0
        step = rng.randint(len(x) - 3)
        x[step, 1] = 1
        sequences.append(x)
        values.append(x[step, 0])
    return sequences, np.array(values)


def test_layers_that_know_a_task_learn_the_next_from_a_few_sequences():
    """A regressor learns to keep the marked value; is it positive, from 40 samples?"""
    small = {"hidden_layer_sizes": 16, "random_state": 0}
    X_many, values = marked_values(400, seed=0)
    layers = LSTMRegressor(max_iter=40, **small).fit(X_many, values).layers_
    X_few, values = marked_values(40, seed=2)
    X_test, values_test = marked_values(300, seed=9)
    fresh = LSTMClassifier(pooling="last", max_iter=10, **small)
    tuned = clone(fresh).set_params(weight_init=layers)
    for model in (fresh, tuned):
        model.fit(X_few, values > 0)
    assert fresh.score(X_test, values_test > 0) < 0.75
    assert tuned.score(X_test, values_test > 0) > 0.85


# In scikit-learn ----


def test_an_estimator_with_given_weights_clones_pickles_and_prints():
    layers = layers_like(LSTMClassifier(**STILL).fit(X, LABELS).layers_)
    model = LSTMClassifier(**STILL, weight_init=layers)
    assert_same_layers(clone(model).fit(X, LABELS).layers_, layers)
    assert "weight_init=[[{" in repr(model)
    assert "weight_init" in model._repr_html_()
    fitted = pickle.loads(pickle.dumps(model.fit(X, LABELS)))
    assert_array_equal(fitted.predict_proba(X), model.predict_proba(X))
    assert_same_layers(fitted.get_params()["weight_init"], layers, np.float64)


def test_a_search_runs_over_ways_to_start():
    model = LSTMClassifier(hidden_layer_sizes=6, max_iter=40, random_state=0)
    layers = model.fit(X, LABELS).layers_
    model = clone(model).set_params(max_iter=1)
    ways = ["orthogonal", layers, [None]]
    search = GridSearchCV(
        model, {"weight_init": ways}, cv=2, scoring="neg_log_loss", error_score="raise"
    ).fit(X, LABELS)
    scores = search.cv_results_["mean_test_score"]
    assert search.best_params_["weight_init"] is layers
    assert scores[0] == scores[2] < scores[1]
    assert list(search.cv_results_["param_weight_init"]) == ways


def test_warm_starts_and_pieces_go_on_from_the_fit_not_from_the_given_weights():
    layers = layers_like(LSTMClassifier(**STILL).fit(X, LABELS).layers_)
    model = LSTMClassifier(weight_init=layers, max_iter=2, random_state=0)
    after_two = model.set_params(warm_start=True).fit(X, LABELS).layers_
    after_two = copy.deepcopy([[dict(d) for d in layer] for layer in after_two])
    model.set_params(learning_rate_init=1e-30, alpha=0.0).fit(X, LABELS)
    assert_same_layers(model.layers_, after_two)
    assert_same_layers(model.partial_fit(X, LABELS).layers_, after_two)


# Weights that do not fit ----


LAYER = {"weight_ih": (16, 2), "weight_hh": (16, 4), "bias": (16,)}


def arrays(**shapes):
    shapes = {name: s for name, s in (LAYER | shapes).items() if s is not None}
    return {name: np.ones(shape) for name, shape in shapes.items()}


UPPER = arrays(weight_ih=(16, 4))
BAD_VALUE = UPPER | {"bias": np.where(np.arange(16) == 5, np.nan, 0.0)}


@pytest.mark.parametrize(
    "given, message",
    [
        ([[arrays()]], "weight_init has 1 entry, but the network has 2 layers"),
        ([[arrays()], [UPPER] * 2], r"weight_init\[1\] has 2 entries, .* 1 direction"),
        ([[arrays()], UPPER], r"weight_init\[1\] is of type dict"),
        ([[arrays()], "orthogonal"], r"weight_init\[1\] is of type str"),
        ([[arrays()], [3]], r"weight_init\[1\]\[0\] \(layer 1, forward .* type int"),
        (
            [[arrays()], [arrays()]],
            r"weight_init\[1\]\[0\]\['weight_ih'\] \(layer 1, forward direction\) has "
            r"shape \(16, 2\), expected \(16, 4\)",
        ),
        ([[arrays(bias=None)], [UPPER]], r"\(layer 0, forward direction\) lacks bias"),
        ([[arrays(peephole=(3, 4))], [UPPER]], r"\[0\]\[0\] .* has peephole: the"),
        ([None, [BAD_VALUE]], r"\['bias'\] \(layer 1, .* has nan at \(5,\)"),
        ([None, [UPPER | {"bias": ["x"] * 16}]], r"\['bias'\] .* has dtype <U1"),
        (
            [None, [UPPER | {"bias": np.full(16, 1e39)}]],
            r"has 1e\+39 at \(0,\), which is not finite in float32",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(given, message):
    model = LSTMClassifier(hidden_layer_sizes=(4, 4), max_iter=1)
    with pytest.raises((ValueError, TypeError), match=message):
        model.set_params(weight_init=given).fit(X, LABELS)
    assert not hasattr(model, "n_features_in_")


def test_the_second_direction_is_named_as_well():
    model = LSTMClassifier(hidden_layer_sizes=4, bidirectional=True)
    model.set_params(weight_init=[[arrays(), arrays(bias=(12,))]])
    with pytest.raises(ValueError, match=r"\[0\]\[1\]\['bias'\] \(layer 0, backward"):
        model.fit(X, LABELS)


@pytest.mark.parametrize("parameters", [{"init_scale": 0.1}, {"forget_bias": 2.0}])
def test_a_parameter_about_drawing_is_an_error_where_nothing_is_drawn(parameters):
    given = [[arrays()]]
    model = LSTMClassifier(hidden_layer_sizes=4, weight_init=given, **parameters)
    with pytest.raises(ValueError, match="has no effect, since weight_init"):
        model.fit(X, LABELS)


def test_a_mapping_is_no_list_of_layers():
    with pytest.raises(ValueError, match="The 'weight_init' parameter"):
        LSTMClassifier(weight_init=arrays()).fit(X, LABELS)
