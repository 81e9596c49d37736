"""Weights of PyTorch: in and out again, values compared with PyTorch's own outputs."""

import numpy as np
import pytest
from interchange.weight_problems import (
    N_FEATURES,
    N_OUTPUTS,
    assert_close,
    assert_same_weights,
    our_predictions,
    random_weights,
    sequences,
)

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.interchange import RecurrentWeights, from_torch, get_weights, to_torch

# What nn.LSTM, nn.GRU and nn.RNN can be made with.
MODULES = [
    ("LSTM", {}),
    ("LSTM", {"bidirectional": True}),
    ("LSTM", {"num_layers": 2, "bidirectional": True}),
    ("LSTM", {"proj_size": 3}),
    ("LSTM", {"proj_size": 3, "num_layers": 2, "bidirectional": True}),
    ("LSTM", {"bias": False}),
    ("GRU", {}),
    ("GRU", {"num_layers": 2, "bidirectional": True}),
    ("GRU", {"bias": False}),
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu", "num_layers": 3}),
    ("RNN", {"bidirectional": True}),
]
# Ours that PyTorch has, or that equal something it has.
VARIANTS = [
    ("lstm", {}),
    ("lstm", {"sizes": (5, 5), "bidirectional": True}),
    ("lstm", {"projection_sizes": (3,)}),
    ("lstm", {"sizes": (5, 5), "projection_sizes": (3, 3), "bidirectional": True}),
    ("lstm_coupled", {}),
    ("lstm_coupled", {"sizes": (5, 5), "projection_sizes": (3, 3)}),
    ("gru_reset_after", {}),
    ("gru_reset_after", {"sizes": (5, 5), "bidirectional": True}),
    ("rnn_tanh", {"sizes": (5, 5)}),
    ("rnn_relu", {"bidirectional": True}),
]
TOLERANCE = {"float64": 1e-12, "float32": 1e-6}


def torch_model(kind, dtype="float64", seed=0, hidden_size=5, **options):
    """A recurrent module and a linear one, with random weights."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    recurrent = getattr(torch.nn, kind)(N_FEATURES, hidden_size, **options)
    width = options.get("proj_size") or hidden_size
    head = torch.nn.Linear(width * (1 + recurrent.bidirectional), N_OUTPUTS)
    model = torch.nn.ModuleDict({"recurrent": recurrent, "head": head})
    for parameter in model.parameters():  # PyTorch's own start says less
        torch.nn.init.normal_(parameter, std=0.6)
    return model.to(getattr(torch, dtype))


def torch_outputs(model, X):
    """The head's outputs on the last states of sequences, in their order."""
    torch = pytest.importorskip("torch")
    packed = torch.nn.utils.rnn.pack_sequence(
        list(map(torch.tensor, X)), enforce_sorted=False
    )
    _, final = model["recurrent"](packed)
    hidden = final[0] if isinstance(final, tuple) else final
    last = hidden[-(1 + model["recurrent"].bidirectional) :]
    return model["head"](torch.cat([*last], dim=1)).detach().numpy()


def load(model, state_dict):
    """Load arrays into a module; all keys must be there."""
    torch = pytest.importorskip("torch")
    model.load_state_dict({key: torch.tensor(a) for key, a in state_dict.items()})
    return model


# In ----


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kind, options", MODULES, ids=str)
def test_predictions_with_imported_weights_are_those_of_torch(kind, options, dtype):
    model, X = torch_model(kind, dtype, **options), sequences(dtype=dtype)
    weights = from_torch(
        model.state_dict(), activation=options.get("nonlinearity", "tanh")
    )
    assert weights.dtype == dtype
    found = our_predictions(weights, X, pooling="last")
    assert_close(found, torch_outputs(model, X), TOLERANCE[dtype])


def test_keys_of_the_recurrent_module_alone_are_read():
    model = torch_model("LSTM")
    weights = from_torch(model["recurrent"].state_dict())
    assert weights.head is None
    named = from_torch(model.state_dict(), recurrent="recurrent")
    assert_same_weights(named, weights)


def test_the_gates_of_a_gru_are_ordered_and_signed_as_computed_by_hand():
    """Of PyTorch r, z, n, where h = (1 - z)*n + z*h'; ours has z and 1 - z swapped."""
    state_dict = {
        "weight_ih_l0": np.array([[1.0], [2.0], [3.0]]),
        "weight_hh_l0": np.array([[4.0], [5.0], [6.0]]),
        "bias_ih_l0": np.array([0.1, 0.2, 0.3]),
        "bias_hh_l0": np.array([0.4, 0.5, 0.6]),
    }
    [[layer]] = from_torch(state_dict).layers
    np.testing.assert_array_equal(layer["weight_ih"], [[1], [-2], [3]])
    np.testing.assert_array_equal(layer["weight_hh"], [[4], [-5], [6]])
    np.testing.assert_allclose(layer["bias"], [0.5, -0.7, 0.3], rtol=1e-15)
    np.testing.assert_array_equal(layer["bias_hh"], [0.6])


def test_half_precision_becomes_float32_without_loss():
    torch = pytest.importorskip("torch")
    state_dict = torch_model("LSTM", "bfloat16").state_dict()
    weights = from_torch(state_dict)
    assert weights.dtype == np.float32
    expected = state_dict["head.weight"].to(torch.float32).numpy()
    np.testing.assert_array_equal(weights.head["weight"], expected)


# Out ----


@pytest.mark.parametrize("cell, choices", VARIANTS, ids=str)
def test_torch_with_exported_weights_predicts_what_we_do(cell, choices):
    weights, X = random_weights(cell, **choices), sequences()
    kind = cell.split("_")[0].upper()
    options = {"nonlinearity": cell.removeprefix("rnn_")} if kind == "RNN" else {}
    sizes = choices.get("projection_sizes")
    model = torch_model(
        kind, num_layers=len(choices.get("sizes", (5,))),
        bidirectional=choices.get("bidirectional", False),
        **({"proj_size": sizes[0]} if sizes else {}), **options,
    )  # fmt: skip
    load(model, to_torch(weights, recurrent="recurrent"))
    assert_close(torch_outputs(model, X), our_predictions(weights, X), 1e-12)


@pytest.mark.parametrize(
    "cell, choices", [v for v in VARIANTS if "coupled" not in v[0]], ids=str
)
def test_weights_come_back_to_the_last_bit(cell, choices):
    weights = random_weights(cell, n_symbols=4, **choices)
    activation = "relu" if cell == "rnn_relu" else "tanh"
    back = from_torch(to_torch(weights), activation=activation)
    assert_same_weights(back, weights)


def test_the_second_bias_is_zero_except_where_a_gru_needs_it():
    state = to_torch(random_weights("gru_reset_after", sizes=(2,)), recurrent="")
    assert not state["bias_hh_l0"][:4].any()
    assert state["bias_hh_l0"][4:].all()
    assert not to_torch(random_weights("lstm"))["lstm.bias_hh_l0"].any()


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_the_head_of_a_regressor_has_the_units_of_its_targets(loss):
    """In torch: y itself, or with the logarithmic link its logarithm."""
    X = sequences(range(1, 21))
    y = np.array([[900 + 50 * x[0, 0], 3 + x[-1, 1] ** 2] for x in X])
    regressor = LSTMRegressor(
        loss=loss, hidden_layer_sizes=5, max_iter=3, dtype="float64", random_state=0
    ).fit(X, y)
    model = load(torch_model("LSTM"), to_torch(regressor, recurrent="recurrent"))
    outputs = torch_outputs(model, X)
    outputs = np.exp(outputs) if loss == "poisson" else outputs
    assert_close(outputs, regressor.predict(X), 1e-12)


def test_a_classifier_gives_its_probabilities_in_torch():
    torch = pytest.importorskip("torch")
    X = sequences(range(1, 21), dtype=np.float32)
    y = [("a", "b")[k % 2] for k in range(20)]
    classifier = LSTMClassifier(
        cell="gru", reset_after=True, hidden_layer_sizes=5, max_iter=3, pooling="last"
    ).fit(X, y)
    state = to_torch(classifier, recurrent="recurrent")
    model = torch_model("GRU", "float32")
    model["head"] = torch.nn.Linear(5, 1)
    outputs = torch_outputs(load(model, state), X)
    probabilities = 1 / (1 + np.exp(-outputs[:, 0].astype(float)))
    assert_close(probabilities, classifier.predict_proba(X)[:, 1])


# What PyTorch does not have ----


@pytest.mark.parametrize(
    "cell, choices, message",
    [
        ("lstm_peephole", {}, "no peephole"),
        ("lstm_coupled_peephole", {}, "no peephole"),
        ("gru", {}, "reset_after=True"),
        ("lstm", {"sizes": (5, 4)}, r"hidden_layer_sizes is \(5, 4\)"),
        ("lstm", {"learned_start": True}, "Initial states"),
        (
            "lstm",
            {"sizes": (5, 5), "projection_sizes": (2, 3)},
            r"projection_size is \(2, 3\)",
        ),
    ],
)
def test_what_torch_does_not_have_is_an_error_that_says_so(cell, choices, message):
    with pytest.raises(ValueError, match=message):
        to_torch(random_weights(cell, **choices))


def test_zoneout_is_an_error_that_says_so():
    X = np.random.default_rng(0).normal(size=(8, 4, 2))
    model = LSTMRegressor(zoneout=0.1, max_iter=1).fit(X, X[:, 0, 0])
    with pytest.raises(ValueError, match=r"zoneout=0\.1"):
        to_torch(model)


# Dictionaries that cannot be read ----


def state_of(**others):
    """A dictionary of a GRU with a head, and more."""
    state = to_torch(random_weights("gru_reset_after"), recurrent="gru")
    return state | others


@pytest.mark.parametrize(
    "change, message",
    [
        ({"norm.weight": np.ones(5)}, None),
        ({"second.weight": np.ones((2, 5)), "second.bias": np.ones(2)}, "more than a"),
        ({"conv.weight": np.ones((5, 3, 2)), "norm.weight": np.ones(5)}, "more than a"),
        ({"decoder.weight_hh_l0": np.ones((4, 1))}, "2 recurrent modules"),
        ({"gru.weight_ih_l0": np.ones((15, 3), int)}, "quantised"),
        ({"gru.weight_ih_l0": np.ones((12, 3))}, "weight_ih of gru"),
        ({"gru.bias_hh_l0": np.ones(14)}, "bias_hh of gru"),
        ({"gru.bias_hh_l0": np.ones((15, 1))}, r"shape \(15, 1\): expected 1 axis"),
        ({"gru.weight_hh_l0": np.ones(15)}, r"shape \(15,\): expected 2 axes"),
        ({"gru.weight_hh_l0": np.ones((14, 5))}, r"shape \(14, 5\)"),
        ({"gru.weight_hh_l2": np.ones((15, 5))}, "lacks"),
        ({"gru.weight_hh_l0_reverse": np.ones((15, 5))}, "lacks"),
        ({"head.weight": np.ones((2, 6))}, r"head\['weight'\] has shape \(2, 6\)"),
        ({"gru.weight_hh_l0": np.full((15, 5), np.nan)}, "not finite"),
    ],
)
def test_a_dictionary_that_cannot_be_read_is_named(change, message):
    if message is None:  # a vector where a table would be
        message = r"embedding has shape \(5,\)"
    with pytest.raises((ValueError, TypeError), match=message):
        from_torch(state_of(**change))


@pytest.mark.parametrize("bias", ["bias_ih", "bias_hh"])
def test_one_bias_of_two_is_an_error(bias):
    state = {
        "weight_ih_l0": np.ones((8, 3)),
        "weight_hh_l0": np.ones((8, 2)),
        f"{bias}_l0": np.ones(8),
    }
    with pytest.raises(ValueError, match=f"has {bias} of ..._l0, but not the other"):
        from_torch(state)


def test_a_module_instead_of_its_dictionary_is_an_error_that_says_so():
    with pytest.raises(TypeError, match=r"a object, expected.*state_dict\(\)"):
        from_torch(object())


def test_a_dictionary_without_recurrent_weights_is_named():
    with pytest.raises(ValueError, match=r"no recurrent module.*'head\.weight'"):
        from_torch({"head.weight": np.ones((2, 3)), "head.bias": np.ones(2)})
    with pytest.raises(ValueError, match="no recurrent module 'lstm': found 'gru'"):
        from_torch(state_of(), recurrent="lstm")


def test_modules_that_are_named_are_read_and_others_left_out():
    state = state_of(**{"second.weight": np.ones((4, 5)), "norm.weight": np.ones(5)})
    weights = from_torch(state, recurrent="gru", head="second")
    np.testing.assert_array_equal(weights.head["weight"], np.ones((4, 5)))
    np.testing.assert_array_equal(weights.head["bias"], np.zeros(4))
    with pytest.raises(ValueError, match=r"no 'third\.weight'"):
        from_torch(state, head="third")


def test_layers_of_different_sizes_go_out_one_by_one():
    weights = random_weights("lstm", sizes=(5, 4))
    for layer in weights.layers:
        one = RecurrentWeights(weights.cell, [layer])
        assert_same_weights(from_torch(to_torch(one)), one)


def test_weights_of_an_estimator_are_copies():
    X = np.random.default_rng(0).normal(size=(8, 4, 2))
    model = LSTMRegressor(max_iter=1, hidden_layer_sizes=3).fit(X, X[:, 0, 0])
    before = model.predict(X)
    for array in to_torch(model).values():
        array[...] = 0
    assert not np.shares_memory(
        get_weights(model).layers[0][0]["bias"], model.layers_[0][0]["bias"]
    )
    np.testing.assert_array_equal(model.predict(X), before)
