"""Parameters: declared once, documented in full, refused where they do nothing."""

import inspect
import re

import numpy as np
import pytest
from estimators.problems import make_estimator, make_problem
from sklearn.base import clone
from sklearn.externals._numpydoc.docscrape import NumpyDocString

from sklstm import LSTMClassifier, LSTMRegressor, SequenceTransformer
from sklstm.estimators.parameters import applicable_parameters
from sklstm.training import LEARNING_RATES, REGRESSION_LOSSES, SOLVERS

CLASSES = [LSTMClassifier, LSTMRegressor, SequenceTransformer]


def documented(section, cls):
    return {entry.name: entry for entry in NumpyDocString(inspect.getdoc(cls))[section]}


@pytest.mark.parametrize("cls", CLASSES)
def test_every_parameter_is_documented_with_its_default(cls):
    parameters = inspect.signature(cls).parameters
    entries = documented("Parameters", cls)
    assert set(entries) == set(parameters)
    for name, parameter in parameters.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert entries[name].type.endswith(f"default={parameter.default!r}"), name
        assert "".join(entries[name].desc).strip(), name


@pytest.mark.parametrize("cls", CLASSES)
def test_every_fitted_attribute_is_documented_and_no_other(cls):
    kind = dict(zip(CLASSES, ("classifier", "regressor", "transformer"), strict=True))
    kind = kind[cls]
    X, labels, numbers = make_problem()
    estimator = make_estimator(kind)
    estimator.fit(X, numbers if kind == "regressor" else labels)
    fitted = {
        name
        for name, _ in inspect.getmembers(estimator)
        if name.endswith("_") and not name.startswith("_")
    }
    assert fitted | {"feature_names_in_"} == set(documented("Attributes", cls))


@pytest.mark.parametrize("cls", CLASSES)
def test_public_methods_document_their_arguments(cls):
    for name in ("fit", "partial_fit", "predict", "predict_proba", "transform"):
        method = getattr(cls(), name, None)
        if method is None:
            continue
        entries = NumpyDocString(inspect.getdoc(method))["Parameters"]
        names = [entry.name for entry in entries]
        assert names == list(inspect.signature(method).parameters), name
        assert NumpyDocString(inspect.getdoc(method))["Returns"], name


@pytest.mark.parametrize("cls", CLASSES)
def test_docstrings_leave_no_placeholder_and_no_long_indent(cls):
    assert "{parameters}" not in cls.__doc__
    assert "{attributes}" not in cls.__doc__
    assert not re.search(r"^ {9,}\S", cls.__doc__, flags=re.MULTILINE)


def test_the_html_shows_parameters_and_fitted_attributes():
    X, labels, _ = make_problem()
    html = make_estimator("classifier", cell="gru").fit(X, labels)._repr_html_()
    for shown in ("reset_after", "max_grad_norm", "loss_curve_", "classes_", "gru"):
        assert shown in html
    assert "user-set" in html


def test_get_set_clone_and_repr():
    estimator = LSTMRegressor(cell="gru", loss="huber", hidden_layer_sizes=(8, 4))
    twin = clone(estimator)
    assert twin is not estimator
    assert twin.get_params() == estimator.get_params()
    names = set(inspect.signature(LSTMRegressor).parameters)
    assert set(estimator.get_params()) == names
    shown = "LSTMRegressor(cell='gru', hidden_layer_sizes=(8, 4), loss='huber')"
    assert repr(estimator) == shown
    assert estimator != twin
    assert len({estimator, twin}) == 2
    with pytest.raises(ValueError, match="Invalid parameter 'hidden'"):
        estimator.set_params(hidden=3)
    with pytest.raises(TypeError, match="positional"):
        LSTMRegressor("gru")


def test_names_offered_are_names_known_to_training():
    constraints = LSTMRegressor._parameter_constraints
    assert constraints["solver"][0].options == set(SOLVERS)
    assert constraints["learning_rate"][0].options == set(LEARNING_RATES)
    assert constraints["loss"][0].options == set(REGRESSION_LOSSES)


@pytest.mark.parametrize(
    "cls, parameters, named",
    [
        (LSTMClassifier, {"reset_after": True}, "cell='lstm'"),
        (LSTMClassifier, {"cell": "gru", "forget_bias": 0.0}, "cell='gru'"),
        (LSTMClassifier, {"cell": "gru", "forget_bias": "chrono"}, "cell='gru'"),
        (LSTMClassifier, {"cell": "gru", "coupled_gates": True}, "cell='gru'"),
        (LSTMClassifier, {"cell": "gru", "peephole": True}, "cell='gru'"),
        (LSTMClassifier, {"cell": "rnn", "projection_size": 4}, "cell='rnn'"),
        (LSTMClassifier, {"activation": "relu"}, "cell='lstm'"),
        (LSTMClassifier, {"solver": "lbfgs", "dropout": 0.1}, "lbfgs"),
        (LSTMClassifier, {"solver": "lbfgs", "zoneout": 0.1}, "lbfgs"),
        (LSTMClassifier, {"solver": "lbfgs", "bptt_steps": 5}, "lbfgs"),
        (LSTMClassifier, {"cell": "rnn", "forget_bias": 0.0}, "cell='rnn'"),
        (LSTMClassifier, {"momentum": 0.5}, "solver='adam'"),
        (LSTMClassifier, {"nesterovs_momentum": False}, "solver='adam'"),
        (LSTMClassifier, {"solver": "lbfgs", "batch_size": 3}, "solver='lbfgs'"),
        (LSTMClassifier, {"solver": "lbfgs", "learning_rate": "constant"}, "lbfgs"),
        (LSTMClassifier, {"solver": "lbfgs", "learning_rate_init": 1.0}, "lbfgs"),
        (LSTMClassifier, {"solver": "lbfgs", "early_stopping": True}, "lbfgs"),
        (LSTMClassifier, {"solver": "lbfgs", "validation_fraction": 0.3}, "lbfgs"),
        (LSTMClassifier, {"solver": "lbfgs", "shuffle": False}, "lbfgs"),
        (LSTMClassifier, {"solver": "lbfgs", "max_grad_norm": None}, "lbfgs"),
        (LSTMRegressor, {"quantile": 0.9}, "loss='squared_error'"),
        (LSTMRegressor, {"loss": "quantile", "huber_delta": 2.0}, "loss='quantile'"),
        (SequenceTransformer, {"class_weight": "balanced"}, "objective='next_step'"),
    ],
)
def test_a_parameter_without_effect_is_an_error(cls, parameters, named):
    X, _, _ = make_problem()
    *_, last = parameters
    estimator = cls(**parameters)
    with pytest.raises(ValueError, match=f"{last}=.*has no effect with .*{named}"):
        estimator.fit(X, np.arange(len(X)) % 2)
    assert last not in applicable_parameters(estimator)


@pytest.mark.parametrize("sizes", [(), (4, 0), (4, 2.5), [4, -1], "64"])
def test_hidden_layer_sizes_must_be_positive_integers(sizes):
    X, labels, _ = make_problem()
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        LSTMClassifier(hidden_layer_sizes=sizes).fit(X, labels)


@pytest.mark.parametrize(
    "sizes, shapes",
    [
        (5, [(20, 3)]),
        (np.int64(5), [(20, 3)]),
        ([5, 4], [(20, 3), (16, 5)]),
        (np.array([5, 4, 3]), [(20, 3), (16, 5), (12, 4)]),
    ],
)
def test_hidden_layer_sizes_take_any_sequence_of_integers(sizes, shapes):
    X, labels, _ = make_problem()
    estimator = make_estimator("classifier", hidden_layer_sizes=sizes, max_iter=1)
    layers = estimator.fit(X, labels).layers_
    assert [layer[0]["weight_ih"].shape for layer in layers] == shapes


def test_layers_are_read_only_views():
    X, labels, _ = make_problem()
    layers = make_estimator("classifier", max_iter=1).fit(X, labels).layers_
    for array in layers[0][0].values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    "parameters",
    [
        {"weight_init": "glorot_uniform"},
        {"weight_init": "uniform"},
        {"weight_init": "normal"},
        {"init_scale": 0.3},
        {"weight_init": "normal", "init_scale": 0.1},
        {"learn_initial_state": True},
        {"dropout": 0.1},
        {"input_noise": 0.3},
        {"input_dropout": 0.3},
        {"recurrent_dropout": 0.1},
        {"zoneout": 0.1},
        {"bptt_steps": 2},
        {"bidirectional": True},
        {"peephole": True},
        {"projection_size": 6},
        {"forget_bias": 0.0},
        {"forget_bias": "chrono"},
        {"cell": "gru"},
        {"cell": "gru", "reset_after": True},
        {"coupled_gates": True},
        {"cell": "rnn"},
        {"cell": "rnn", "activation": "relu"},
        {"alpha": 1.0},
        {"solver": "adamw", "alpha": 0.1},
        {"solver": "rmsprop"},
        {"solver": "sgd"},
        {"solver": "sgd", "momentum": 0.0},
        {"solver": "sgd", "nesterovs_momentum": False},
        {"learning_rate": "invscaling"},
        {"learning_rate": "cosine"},
        {"learning_rate_init": 0.001},
        {"batch_size": 5},
        {"max_iter": 3},
        {"shuffle": False},
        {"max_grad_norm": 0.01},
        {"dtype": "float64"},
        {"random_state": 1},
        {"pooling": "mean"},
        {"pooling": "max"},
        {"class_weight": {"a": 3.0, "b": 1.0, "c": 1.0}},
    ],
    ids=str,
)
def test_a_parameter_with_effect_changes_the_model(parameters):
    X, labels, _ = make_problem()
    base = {"cell": "gru"} if "reset_after" in parameters else {}
    base = {"cell": "rnn"} if "activation" in parameters else base
    if "init_scale" in parameters:
        base = {name: parameters[name] for name in {"weight_init"} & set(parameters)}
    if parameters.get("solver") == "sgd" and len(parameters) > 1:
        base = {"solver": "sgd"}
    reference = make_estimator("classifier", **base).fit(X, labels)
    changed = make_estimator("classifier", **parameters).fit(X, labels)
    same = reference.predict_proba(X) == changed.predict_proba(X)
    assert not same.all()


def test_chrono_start_knows_the_longest_training_sequence():
    """Biases of the forget gate are logarithms of times from one step up to it."""
    sequences = [np.zeros((length, 2)) for length in (3, 80, 3, 3)]
    model = make_estimator(
        "classifier", hidden_layer_sizes=100, forget_bias="chrono", max_iter=1,
        learning_rate_init=1e-9,
    ).fit(sequences, [0, 1, 0, 1])  # fmt: skip
    memory = np.exp(model.layers_[0][0]["bias"][100:200])
    assert 60 < memory.max() < 79.1


def test_n_jobs_and_verbose_change_no_bit(capsys):
    X, labels, _ = make_problem()
    results = [
        make_estimator("classifier", **parameters).fit(X, labels).predict_proba(X)
        for parameters in ({}, {"n_jobs": 1}, {"n_jobs": 2}, {"verbose": 1})
    ]
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    assert len(capsys.readouterr().out.splitlines()) == 8


def test_zero_jobs_are_refused():
    X, labels, _ = make_problem()
    with pytest.raises(ValueError, match="n_jobs == 0"):
        make_estimator("classifier", n_jobs=0).fit(X, labels)
