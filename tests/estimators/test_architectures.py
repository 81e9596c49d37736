"""Every architecture as an estimator: learning, layouts, bits, combinations."""

import pickle

import numpy as np
import pytest
from estimators.problems import make_estimator, make_problem, result_of, target_for
from numpy.testing import assert_array_equal
from sklearn.base import clone

KINDS = ("classifier", "regressor", "transformer")
NOISE = {
    "dropout": 0.1,
    "input_noise": 0.1,
    "input_dropout": 0.1,
    "recurrent_dropout": 0.1,
    "zoneout": 0.05,
}
# Each option of each cell at least once, alone and with others.
ARCHITECTURES = [
    {"peephole": True},
    {"coupled_gates": True},
    {"coupled_gates": True, "peephole": True},
    {"projection_size": 4},
    {"hidden_layer_sizes": (8, 6), "projection_size": (4, 5)},
    {"hidden_layer_sizes": (8, 5)},
    {"bidirectional": True},
    {"bidirectional": True, "hidden_layer_sizes": (6, 5), "projection_size": 3},
    {"bidirectional": True, "peephole": True, "hidden_layer_sizes": (5, 4)},
    {"cell": "gru"},
    {"cell": "gru", "bidirectional": True, "hidden_layer_sizes": (6, 4)},
    {"cell": "gru", "reset_after": True, "bidirectional": True},
    {"cell": "rnn", "bidirectional": True},
    {"cell": "rnn", "activation": "relu", "hidden_layer_sizes": (6, 4)},
    {"learn_initial_state": True, "cell": "gru"},
    {"learn_initial_state": True, "peephole": True, "bidirectional": True},
    NOISE,
    NOISE | {"cell": "gru", "hidden_layer_sizes": (8, 6)},
    NOISE | {"bidirectional": True, "hidden_layer_sizes": (8, 6)},
    NOISE | {"peephole": True, "coupled_gates": True, "projection_size": 5},
    {"weight_init": "normal", "init_scale": 0.3, "peephole": True},
    {"checkpoint_steps": 3, "bidirectional": True},
    {"bptt_steps": 4, "cell": "gru"},
]
all_architectures = pytest.mark.parametrize("parameters", ARCHITECTURES, ids=str)


def make(kind, parameters):
    """An estimator; the transformer learns from labels, which both directions may."""
    if kind == "transformer":
        parameters = {"objective": "classification"} | parameters
    return make_estimator(kind, **parameters)


@all_architectures
def test_every_architecture_learns(parameters):
    X, labels, numbers = make_problem()
    parameters = {"max_iter": 60, "learning_rate_init": 0.03} | parameters
    assert (
        make_estimator("classifier", **parameters).fit(X, labels).score(X, labels) > 0.8
    )
    regressor = make_estimator("regressor", pooling="mean", **parameters)
    assert regressor.fit(X, numbers).score(X, numbers) > 0.7


@all_architectures
@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_gets_the_same_bits_in_any_company(kind, parameters):
    X, labels, numbers = make_problem()
    estimator = make(kind, parameters).fit(X, target_for(kind, labels, numbers))
    together = result_of(estimator, X)
    assert_array_equal(result_of(estimator, X), together)  # nothing is dropped here
    assert_array_equal(result_of(estimator, X[5:6]), together[5:6])
    assert_array_equal(result_of(estimator, X[::-1])[::-1], together)
    copy = pickle.loads(pickle.dumps(estimator))
    assert_array_equal(result_of(copy, X), together)


@all_architectures
def test_one_seed_gives_one_model_for_any_number_of_threads(parameters):
    X, labels, _ = make_problem()
    first = make_estimator("classifier", n_jobs=1, **parameters).fit(X, labels)
    for n_jobs in (1, 2):
        again = clone(first).set_params(n_jobs=n_jobs).fit(X, labels)
        assert_array_equal(again.predict_proba(X), first.predict_proba(X))
    assert again.loss_curve_ == first.loss_curve_


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("steps", [1, 3, 100])
def test_checkpoints_change_no_bit_of_a_fit(kind, solver, steps):
    X, labels, numbers = make_problem()
    y = target_for(kind, labels, numbers)
    parameters = {"solver": solver, "hidden_layer_sizes": (5, 4)}
    if kind == "transformer":
        parameters["output"] = "max"
    plain = make_estimator(kind, **parameters).fit(X, y)
    kept = make_estimator(kind, checkpoint_steps=steps, **parameters).fit(X, y)
    assert_array_equal(result_of(kept, X), result_of(plain, X))


def test_layers_are_listed_by_layer_and_direction():
    X, labels, _ = make_problem()
    estimator = make_estimator(
        "classifier",
        hidden_layer_sizes=(5, 4),
        projection_size=(3, 2),
        bidirectional=True,
        peephole=True,
        learn_initial_state=True,
    ).fit(X, labels)
    layers = estimator.layers_
    assert [len(directions) for directions in layers] == [2, 2]
    shapes = {name: array.shape for name, array in layers[1][1].items()}
    assert shapes == {
        "weight_ih": (16, 6),
        "weight_hh": (16, 2),
        "bias": (16,),
        "peephole": (3, 4),
        "projection": (2, 4),
        "hidden_0": (2,),
        "cell_0": (4,),
    }


@pytest.mark.parametrize("output", ["last", "mean", "sequence"])
def test_transformer_hands_out_both_directions_or_the_projection(output):
    X, labels, _ = make_problem()
    for parameters, width in [
        ({"bidirectional": True}, 12),
        ({"projection_size": 4}, 4),
        ({"projection_size": 4, "bidirectional": True}, 8),
    ]:
        transformer = make("transformer", {"output": output} | parameters)
        found = transformer.fit(X, labels).transform(X)
        shape = found[0].shape if output == "sequence" else found.shape
        assert shape == (len(X[0]) if output == "sequence" else len(X), width)
        if output != "sequence":
            assert len(transformer.get_feature_names_out()) == width


# Errors ----


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("classifier", {"projection_size": (3, 2)}, "has 2 entries for 1 layers"),
        ("classifier", {"projection_size": (0,)}, "projection_size must be a positive"),
        (
            "classifier",
            {"bptt_steps": 5, "bidirectional": True},
            "bptt_steps=5 does not go with bidirectional=True.*checkpoint_steps",
        ),
        (
            "classifier",
            {"bptt_steps": 5, "checkpoint_steps": 5},
            "checkpoint_steps=5 has no effect with bptt_steps=5",
        ),
        (
            "transformer",
            {"bidirectional": True},
            "second direction has already seen it",
        ),
    ],
)
def test_a_combination_that_means_nothing_is_an_error(kind, parameters, message):
    X, labels, numbers = make_problem()
    with pytest.raises(ValueError, match=message):
        make_estimator(kind, **parameters).fit(X, target_for(kind, labels, numbers))


@pytest.mark.parametrize("sizes", [[3, 2], (3, 2), np.array([3, 2])], ids=repr)
def test_projection_sizes_take_any_sequence_of_integers(sizes):
    X, labels, _ = make_problem()
    estimator = make_estimator("classifier", hidden_layer_sizes=(5, 4))
    layers = estimator.set_params(projection_size=sizes).fit(X, labels).layers_
    assert [layer[0]["weight_hh"].shape[1] for layer in layers] == [3, 2]
    with pytest.raises(ValueError, match="has no effect with cell='gru'"):
        estimator.set_params(cell="gru").fit(X, labels)


@pytest.mark.parametrize(
    "parameters",
    [{}, NOISE, {"forget_bias": "chrono"}],
    ids=["plain", "noise", "start"],
)
def test_a_sample_of_zero_weight_leaves_no_trace(parameters):
    X, labels, _ = make_problem()
    weights = np.ones(len(X))
    weights[[0, 5, 20]] = 0
    long = [np.zeros((50, 3)), *X[1:]]
    counted = make_estimator("classifier", **parameters).fit(
        [x for x, weight in zip(X, weights, strict=True) if weight],
        labels[weights > 0],
    )
    weighted = make_estimator("classifier", **parameters)
    weighted.fit(long, labels, sample_weight=weights)
    assert_array_equal(weighted.predict_proba(X), counted.predict_proba(X))


def test_going_on_may_change_the_dropout_but_not_the_network():
    X, labels, _ = make_problem()
    estimator = make_estimator("classifier", warm_start=True, dropout=0.3)
    estimator.fit(X, labels)
    estimator.set_params(dropout=0.0, zoneout=0.1).fit(X, labels)
    for parameters, named in [
        ({"peephole": True}, "cell='lstm_peephole'.* Set cell, peephole, coupled"),
        ({"learn_initial_state": True}, "learn_initial_state=True"),
        ({"bidirectional": True}, "bidirectional=True"),
        ({"projection_size": 3}, "projection_size=\\(3,\\)"),
    ]:
        changed = clone(estimator).fit(X, labels).set_params(**parameters)
        with pytest.raises(ValueError, match=f"cannot go on with {named}"):
            changed.fit(X, labels)


def test_partial_fit_draws_anew_at_every_call():
    X, labels, _ = make_problem()
    classes = np.unique(labels)
    models = [make_estimator("classifier", dropout=0.5) for _ in range(2)]
    for model in models:
        for _ in range(3):
            model.partial_fit(X, labels, classes=classes)
    assert_array_equal(models[0].predict_proba(X), models[1].predict_proba(X))
    halves = pickle.loads(pickle.dumps(models[0])).partial_fit(X, labels)
    models[1].partial_fit(X, labels)
    assert_array_equal(halves.predict_proba(X), models[1].predict_proba(X))
