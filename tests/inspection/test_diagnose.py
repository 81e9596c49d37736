"""`diagnose` finds what was planted, says where, and is silent otherwise."""

import numpy as np
import pandas as pd
import pytest
from inspection.explained import (
    SMALL,
    fitted_classifier,
    fitted_regressor,
    fitted_symbol_tagger,
    fitted_transcriber,
    make_sequences,
    planted_model,
    planted_problem,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    Sequences,
    TimestepTransformer,
)
from sklstm.inspection import diagnose, gate_traces, hidden_gradient_norms


def kinds(report, severity=None):
    return [one.kind for one in report if severity in (None, one.severity)]


def finding(report, kind):
    (found,) = [one for one in report if one.kind == kind]
    return found


@pytest.fixture(scope="module")
def healthy():
    X, y = planted_problem()
    return planted_model().set_params(max_iter=100).fit(X, y), X, y


def parameters_of(model, layer=0, direction=0):
    """Views that can be written to."""
    return model._network._layer_parameters[layer, direction]


def test_a_healthy_network_has_nothing_conspicuous(healthy):
    model, X, y = healthy
    report = diagnose(model, X, y)
    assert kinds(report) == []
    assert str(report) == "Diagnosis of LSTMRegressor: nothing conspicuous."
    assert report.statistics["scores"]["estimator"] == model.score(X, y)
    assert not report.not_examined
    gates = report.statistics["gates"][0, "forward"]
    traces = gate_traces(model, X[:: len(X) // 200 + 1])
    assert set(gates) == set(traces)


def test_statistics_are_those_of_the_traces():
    model, X = fitted_classifier(n_classes=3, cell="lstm"), make_sequences()
    report = diagnose(model, X)
    for layer in (0, 1):
        traces = gate_traces(model, X, layer=layer)
        statistics = report.statistics["gates"][layer, "forward"]
        for name, of_sequences in traces.items():
            rows = np.concatenate(of_sequences)
            assert_array_equal(statistics[name]["minimum"], rows.min(axis=0))
            assert_array_equal(statistics[name]["maximum"], rows.max(axis=0))
            if name.endswith("gate"):
                assert_allclose(statistics[name]["open"], (rows > 0.95).mean(axis=0))
                assert_allclose(statistics[name]["closed"], (rows < 0.05).mean(axis=0))
        norms = np.nanmean(hidden_gradient_norms(model, X, layer=layer), axis=0)
        found = report.statistics["gradient_norms"][layer]
        assert_allclose(found, norms[: len(found)])
    channels = report.statistics["channels"]
    assert_allclose(channels["mean"], X.values.mean(axis=0))
    assert_allclose(channels["std"], X.values.std(axis=0))


def test_passes_of_gates_add_up(monkeypatch):
    model, X = fitted_classifier(), make_sequences((5, 3, 6, 2, 4))
    whole = diagnose(model, X).statistics["gates"]
    monkeypatch.setattr("sklstm.inspection.passes.ROWS_PER_PASS", 6)
    in_passes = diagnose(model, X).statistics["gates"]
    for place, of_layer in whole.items():
        for gate, numbers in of_layer.items():
            for name, values in numbers.items():
                assert_allclose(in_passes[place][gate][name], values)


# Inputs ----


def scaled_by(scale, center=0.0, n_features=3):
    X = make_sequences((6,) * 40, n_features)
    return Sequences(X.values * scale + center, X.lengths)


@pytest.mark.parametrize(
    "X, kind, channels",
    [
        (scaled_by([1, 100, 1]), "channels of different scale", [0, 1]),
        (scaled_by(1, [0, 0, 50]), "inputs far from zero", [2]),
        (scaled_by(100), "unscaled inputs", [0, 1, 2]),
        (scaled_by(0.001), "unscaled inputs", [0, 1, 2]),
        (scaled_by([1, 0, 1], 0.5), "constant channels", [1]),
    ],
)
def test_unscaled_inputs_are_found_and_named(X, kind, channels):
    model = LSTMRegressor(max_iter=1, random_state=0).fit(X, np.arange(40) % 2)
    found = finding(diagnose(model, X), kind)
    assert sorted(found.where["channels"]) == sorted(channels)
    names = ["speed", "heading", "depth"]
    frames = [pd.DataFrame(x, columns=names) for x in X]
    model.fit(frames, np.arange(40) % 2)
    found = finding(diagnose(model, frames), kind)
    assert sorted(found.where["channels"]) == sorted(names[k] for k in channels)
    of_inputs = {"channels of different scale", "inputs far from zero",
                 "unscaled inputs", "constant channels", "outliers"}  # fmt: skip
    scaled = make_pipeline(TimestepTransformer(StandardScaler()), model)
    report = diagnose(scaled.fit(X, np.arange(40) % 2), X)
    assert set(kinds(report)) & of_inputs <= {"constant channels"}
    assert "in a Pipeline" in str(report)


def test_an_outlier_is_found_where_it_is():
    X = scaled_by(1)
    X.values[6 * 17 + 4, 1] = -200
    model = LSTMRegressor(max_iter=1, random_state=0).fit(X, np.arange(40) % 2)
    found = finding(diagnose(model, X), "outliers")
    assert found.where == {"channels": [1], "sample": 17, "step": 4}
    assert "-200" in found.seen


# Units and gates ----


def test_dead_units_are_found_where_they_are():
    model, X = fitted_regressor(bidirectional=True), make_sequences()
    views = parameters_of(model, layer=1, direction=1)
    rows = np.arange(4 * 4).reshape(4, 4)[:, [1, 2]]  # all gates of units 1 and 2
    for name in ("weight_ih", "weight_hh", "bias"):
        views[name][rows.ravel()] = 0
    model._network.parameters_changed()
    found = finding(diagnose(model, X), "dead units")
    assert found.where == {"layer": 1, "direction": "backward", "units": [1, 2]}
    assert found.severity == "problem"
    assert "2 of 4" in found.seen
    assert "direction backward, units 1, 2" in str(diagnose(model, X))


def test_relu_units_that_died_are_told_how_to_live():
    model, X = fitted_regressor(cell="rnn", activation="relu"), make_sequences()
    parameters_of(model)["bias"][[0, 3]] = -100
    model._network.parameters_changed()
    report = diagnose(model, X)
    found = next(one for one in report if one.kind == "dead units")
    assert found.where["layer"] == 0
    assert set(found.where["units"]) >= {0, 3}
    assert "activation='tanh'" in found.advice


GATES = {
    "lstm": ["input_gate", "forget_gate", None, "output_gate"],
    "gru": ["reset_gate", "update_gate", None],
}


@pytest.mark.parametrize("end, bias", [("closed", -50), ("open", 50)])
@pytest.mark.parametrize("cell", GATES)
def test_stuck_gates_are_found(cell, end, bias):
    for number, gate in enumerate(GATES[cell]):
        if gate is None:
            continue
        model, X = fitted_regressor(cell=cell), make_sequences()
        parameters_of(model, layer=1)["bias"][4 * number : 4 * number + 3] = bias
        model._network.parameters_changed()
        report = diagnose(model, X)
        found = finding(report, f"{gate.replace('_', ' ')}s always {end}")
        assert found.where == {"layer": 1, "gate": gate, "units": [0, 1, 2]}
        may_be = end == "open" and gate in ("forget_gate", "output_gate", "reset_gate")
        assert found.severity == ("hint" if may_be else "problem")


def test_saturated_states_are_found():
    X = make_sequences()
    model = fitted_regressor(cell="rnn")
    parameters_of(model)["bias"][:] = [9, -9, 9, 0, 0]
    model._network.parameters_changed()
    found = finding(diagnose(model, X), "saturated hidden states")
    assert found.where["units"] == [0, 1, 2]
    model = fitted_regressor(cell="gru")
    parameters_of(model)["bias"][10:] = [9, -9, 9, 0, 0]
    model._network.parameters_changed()
    assert finding(diagnose(model, X), "saturated candidates").where["layer"] == 0
    model = fitted_regressor()
    views = parameters_of(model)
    views["bias"][:] = 50  # takes in one at every step and forgets nothing
    model._network.parameters_changed()
    long = make_sequences((30, 25))
    assert finding(diagnose(model, long), "cell states that grow").where["layer"] == 0


# Gradients ----


def linear_rnn(factor):
    """Hidden states that are handed on times a factor."""
    X = make_sequences((20,) * 6)
    model = LSTMRegressor(
        cell="rnn", activation="relu", hidden_layer_sizes=4, max_iter=1,
        dtype="float64", random_state=0,
    ).fit(X, np.arange(6.0))  # fmt: skip
    views = parameters_of(model)
    views["weight_hh"][:] = factor * np.eye(4)
    views["bias"][:] = 100
    model._network.parameters_changed()
    return model, X


def test_gradients_over_time():
    found = finding(diagnose(*linear_rnn(0.2)), "vanishing gradients")
    assert found.where == {"layer": 0, "lag": 6}  # 0.2 ** 6 is below 1e-4
    assert "lstm" in found.advice
    found = finding(diagnose(*linear_rnn(1.5)), "exploding gradients")
    assert found.where == {"layer": 0, "lag": 19}
    report = diagnose(*linear_rnn(1.0))
    assert not {"vanishing gradients", "exploding gradients"} & set(kinds(report))
    model, X = linear_rnn(0.2)
    model.set_params(pooling="mean").fit(X, np.arange(6.0))
    parameters_of(model)["weight_hh"][:] = 0.2 * np.eye(4)
    model._network.parameters_changed()
    assert "vanishing gradients" not in kinds(diagnose(model, X))


def test_gradients_between_layers():
    model, X = fitted_regressor(), make_sequences()
    parameters_of(model, layer=1)["weight_ih"][:] *= 1e-6
    model._network.parameters_changed()
    found = finding(diagnose(model, X), "gradients lost between layers")
    assert found.where == {"layer": 0}


# Training ----


def with_curves(loss, validation=None, stop_reason="max_iter", early_stopping=False):
    model = fitted_regressor(early_stopping=early_stopping)
    model.loss_curve_, model.validation_loss_curve_ = loss, validation
    model._state.stop_reason = stop_reason
    return model, make_sequences()


FALLING = (1 / np.arange(1, 41)).tolist()
OVERFITTED = FALLING[:10] + np.linspace(0.1, 0.6, 30).tolist()
STEEP = np.linspace(1, 0.2, 40).tolist()


@pytest.mark.parametrize(
    "curves, expected",
    [
        ({"loss": STEEP}, "not converged"),
        ({"loss": STEEP, "stop_reason": "early_stopping"}, None),
        ({"loss": FALLING}, None),
        ({"loss": FALLING[:20] + [0.5] * 20}, "diverging loss"),
        ({"loss": [1.0, 1.001, 0.999, 1.0, 1.0]}, "no progress"),
        ({"loss": FALLING, "validation": FALLING}, None),
        ({"loss": FALLING, "validation": OVERFITTED}, "overfitting"),
        ({"loss": [0.5]}, None),
        ({"loss": []}, None),
    ],
)  # fmt: skip
def test_curves(curves, expected):
    report = diagnose(*with_curves(**curves))
    of_training = {"not converged", "diverging loss", "no progress", "overfitting"}
    assert set(kinds(report)) & of_training == ({expected} if expected else set())


def test_overfitting_is_a_hint_if_the_best_weights_were_kept():
    for early_stopping, severity in ((False, "problem"), (True, "hint")):
        model, X = with_curves(FALLING, OVERFITTED)
        model.early_stopping = early_stopping
        found = finding(diagnose(model, X), "overfitting")
        assert (found.severity, found.where) == (severity, {"epoch": 9})


def test_a_score_of_a_constant():
    X = make_sequences((5,) * 30)
    noise = np.random.RandomState(0).permutation([0, 0, 1] * 10)
    lazy = LSTMClassifier(max_iter=1, learning_rate_init=1e-9, random_state=0)
    report = diagnose(lazy.fit(X, noise), X, noise)
    assert "no better than a constant" in kinds(report, "problem")
    assert_allclose(report.statistics["scores"]["constant"], 2 / 3)


# The report ----


def test_problems_come_first_and_are_shown_as_text_and_html():
    X = scaled_by([1, 100, 0], 0.5)
    model = LSTMRegressor(max_iter=1, random_state=0).fit(X, np.arange(40) % 2)
    report = diagnose(model, X)
    order = [one.severity for one in report]
    assert order == sorted(order, reverse=True)
    assert len(report) == len(report.findings) == len(order)
    text, html = str(report), report._repr_html_()
    for one in report:
        assert one.kind in text
        assert one.place in html
        words = text.replace("\n", " ").split()
        assert " ".join(one.advice.split()) in " ".join(words)
    assert "<table>" in html
    assert "-&gt;" not in html
    assert "&" not in diagnose(*linear_rnn(1.0))._repr_html_().replace("&#x27;", "")


def test_every_estimator_can_be_examined():
    report = diagnose(fitted_symbol_tagger(), [["the", "cat"], ["dog"]])
    assert "channels" not in report.statistics
    assert "gradients over time" in str(report)  # bidirectional
    spelled = fitted_symbol_tagger(character_size=2, bidirectional=False)
    report = diagnose(spelled, [["the", "cat"], ["dog"], ["a"]], max_samples=2)
    assert report.statistics["gradient_norms"][1].shape == (2,)
    report = diagnose(fitted_regressor(loss="quantile"), make_sequences(), range(4))
    assert "scores" not in report.statistics
    diagnose(fitted_transcriber(zoneout=0.2), make_sequences())
    series = np.sin(np.arange(80.0))
    forecaster = LSTMForecaster(horizon=3, window=8, max_iter=1).fit(series)
    report = diagnose(forecaster, series, series)
    assert "the score" in report.not_examined[0]
    texts = ["abab", "baba", "abba"] * 5
    report = diagnose(LSTMLanguageModel(max_iter=1).fit(texts), texts, max_samples=4)
    assert report.statistics["gradient_norms"][0].shape == (5,)
    translator = LSTMSeq2Seq(max_iter=1).fit(["ab", "ba"], ["x", "y"])
    assert "two networks" in diagnose(translator, ["ab"]).not_examined[0]
    X = make_sequences((4,) * 12)
    search = GridSearchCV(LSTMRegressor(**SMALL), {"alpha": [0.1]}, cv=2)
    assert diagnose(search.fit(X, np.arange(12.0)), X).name.endswith("GridSearchCV")


def test_what_cannot_be_examined_is_an_error():
    with pytest.raises(TypeError, match="expected an estimator of sklstm"):
        diagnose(LogisticRegression().fit([[0], [1]], [0, 1]), [[0.0]])
    with pytest.raises(ValueError, match="not fitted"):
        diagnose(LSTMRegressor(), make_sequences())
    with pytest.raises(ValueError, match="max_samples must be"):
        diagnose(fitted_regressor(), make_sequences(), max_samples=0)
