"""Integrated gradients and occlusion: known answers, planted structure."""

import numpy as np
import pandas as pd
import pytest
from inspection.explained import (
    fitted_classifier,
    fitted_regressor,
    fitted_symbol_tagger,
    fitted_tagger,
    fitted_transcriber,
    fitted_transformer,
    make_sequences,
    planted_model,
    planted_problem,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMForecaster,
    LSTMRegressor,
    Sequences,
    SequenceTransformer,
    TimestepTransformer,
)
from sklstm.inspection import input_gradients, integrated_gradients, occlusion


def linear_model(weights, scale=1.0):
    """A network that computes ``sum(weights * x)``: one unit, a relu never below 0."""
    n_timesteps, n_features = weights.shape
    X = np.random.RandomState(0).normal(size=(20, n_timesteps, n_features))
    model = LSTMRegressor(
        cell="rnn", activation="relu", hidden_layer_sizes=1, max_iter=1,
        dtype="float64", pooling="last", random_state=0,
    ).fit(X, X[:, 0, 0])  # fmt: skip
    network = model._network
    views = network._layer_parameters[0, 0]
    views["weight_ih"][:] = weights[:1]
    views["weight_hh"][:] = 1
    views["bias"][:] = 1e3
    network.output_weight[:] = scale
    network.output_bias[:] = -1e3 * n_timesteps * scale
    network.parameters_changed()
    model._task.loss.center[:], model._task.loss.scale[:] = 0, 1
    return model


WEIGHTS = np.tile([[2.0, -1.0, 0.5]], (4, 1))


@pytest.fixture(scope="module")
def planted():
    """Channel 1 at steps 3 and 4 is all that matters: y is their sum."""
    X, y = planted_problem()
    model = planted_model().fit(X, y)
    assert model.score(X, y) > 0.99
    return model, X, y


def assert_planted(importance):
    """All large values are where they belong, by a wide margin."""
    of_planted = importance[3:5, 1].sum()
    assert of_planted > 0.85 * importance.sum(), importance.round(3)
    rest = importance.copy()
    rest[3:5, 1] = 0
    assert importance[3:5, 1].min() > 8 * rest.max(), importance.round(3)


def test_a_linear_model_is_explained_by_its_weights():
    model, X = linear_model(WEIGHTS), np.random.RandomState(1).normal(size=(3, 4, 3))
    assert_allclose(model.predict(X), (X * WEIGHTS).sum(axis=(1, 2)), atol=1e-10)
    assert_allclose(input_gradients(model, X), np.tile(WEIGHTS, (3, 1, 1)), atol=1e-12)
    products = input_gradients(model, X, multiply_by_inputs=True)
    assert_allclose(products, X * WEIGHTS, atol=1e-12)
    means = X.mean(axis=(0, 1))
    for result in (
        integrated_gradients(model, X, baseline="mean", n_steps=1),
        occlusion(model, X, baseline="mean"),
        integrated_gradients(model, X, baseline=means, n_steps=3),
        occlusion(model, X, baseline=means),
    ):
        assert_allclose(result.attributions, (X - means) * WEIGHTS, atol=1e-9)
        assert_allclose(result.outputs, model.predict(X))
    for explain in (integrated_gradients, occlusion):
        result = explain(model, X, baseline=0.5)
        assert_allclose(result.attributions, (X - 0.5) * WEIGHTS, atol=1e-9)
        result = explain(model, X, baseline=X[0])
        assert_allclose(result.attributions, (X - X[0]) * WEIGHTS, atol=1e-9)
        result = explain(model, X, baseline=X[::-1])
        assert_allclose(result.attributions, (X - X[::-1]) * WEIGHTS, atol=1e-9)


def test_planted_structure_is_found(planted):
    model, X, _ = planted
    X = X[:60]
    gradients = input_gradients(model, X)
    assert_planted(np.abs(gradients).mean(axis=0))
    assert_allclose(gradients[:, 3:5, 1].mean(axis=0), 1, atol=0.05)
    integrated = integrated_gradients(model, X)
    assert_planted(np.abs(integrated.attributions).mean(axis=0))
    assert_allclose(integrated.attributions[:, 4, 1], X[:, 4, 1], atol=0.2)
    hidden = occlusion(model, X)
    assert_planted(np.abs(hidden.attributions).mean(axis=0))
    in_pairs = occlusion(model, X, window=2, stride=1, channels=[1])
    assert np.abs(in_pairs.attributions).mean(axis=0)[:, 1].argmax() in (3, 4)


def test_contributions_add_up(planted):
    model, X, _ = planted
    coarse, fine = (integrated_gradients(model, X[:20], n_steps=n) for n in (2, 40))
    assert 1e3 * np.abs(fine.residual).max() < np.abs(coarse.residual).max()
    totals = fine.attributions.sum(axis=(1, 2))
    assert_allclose(totals - (fine.outputs - fine.baseline_outputs), fine.residual)
    assert_allclose(fine.outputs, model.predict(X[:20]))
    assert_allclose(fine.baseline_outputs, model.predict(np.zeros((1, 6, 3)))[0])


@pytest.mark.parametrize(
    "make, arguments",
    [
        (fitted_classifier, {"response_method": "predict_proba", "pooling": "last"}),
        (fitted_classifier, {"n_classes": 2, "bidirectional": True, "pooling": "mean"}),
        (fitted_regressor, {"cell": "gru", "loss": "poisson"}),
        (fitted_regressor, {"zoneout": 0.3, "dropout": 0.5, "pooling": "mean"}),
        (fitted_transformer, {"target": 1}),
        (fitted_tagger, {"output": "crf", "step": 0}),
        (fitted_transcriber, {"cell": "rnn"}),
    ],
)
def test_contributions_add_up_for_every_estimator(make, arguments):
    of_call = {"response_method", "target", "step"} & set(arguments)
    how = {name: arguments[name] for name in of_call}
    model = make(**{k: v for k, v in arguments.items() if k not in of_call})
    X = make_sequences()
    result = integrated_gradients(model, X, baseline="mean", **how)
    difference = result.outputs - result.baseline_outputs
    assert np.abs(difference).max() > 1e-3
    assert_allclose(result.residual, 0, atol=1e-8 * np.abs(difference).max())
    assert isinstance(result.attributions, Sequences)


def test_contributions_of_symbols_add_up():
    model = fitted_symbol_tagger()
    X = [["the", "dog", "sat", "off"], ["cat", "ran"]]
    result = integrated_gradients(model, X, target="V", reduce="sum", n_steps=20)
    totals = [of_words.sum() for of_words in result.attributions]
    assert_allclose(totals, result.outputs - result.baseline_outputs, rtol=1e-8)
    assert [len(of_words) for of_words in result.attributions] == [4, 2]


def test_the_target_stays_what_is_predicted_for_the_inputs():
    model, X = fitted_classifier(3), make_sequences()
    named = integrated_gradients(model, X, target=model.predict(X))
    found = integrated_gradients(model, X)
    assert_array_equal(found.attributions.values, named.attributions.values)


# Occlusion ----


def test_windows_that_overlap_share_and_groups_hide_together():
    model, X = linear_model(WEIGHTS), np.random.RandomState(1).normal(size=(2, 4, 3))
    parts = X * WEIGHTS
    hidden = occlusion(model, X, window=2, baseline=0.0).attributions
    pairs = parts.reshape(2, 2, 2, 3).sum(axis=2)
    assert_allclose(hidden, np.repeat(pairs, 2, axis=1), atol=1e-9)
    hidden = occlusion(model, X, window=2, stride=1, baseline=0.0).attributions
    pairs = parts[:, :-1] + parts[:, 1:]  # and the last step alone
    expected = np.concatenate(
        [pairs[:, :1], (pairs[:, :-1] + pairs[:, 1:]) / 2,
         (pairs[:, -1:] + parts[:, -1:]) / 2], axis=1,
    )  # fmt: skip
    assert_allclose(hidden, expected, atol=1e-9)
    hidden = occlusion(model, X, channels=[[0, 2]], baseline=0.0).attributions
    together = parts[:, :, [0, 2]].sum(axis=2)
    assert_allclose(hidden[:, :, 0], together, atol=1e-9)
    assert_array_equal(hidden[:, :, 2], hidden[:, :, 0])
    assert not hidden[:, :, 1].any()
    hidden = occlusion(model, X, window=None, baseline=0.0).attributions
    assert_allclose(hidden, np.tile(parts.sum(axis=1)[:, np.newaxis], (1, 4, 1)))
    hidden = occlusion(model, X, channels="all", window=None, baseline=0.0)
    assert_allclose(hidden.attributions[:, 0, 0], parts.sum(axis=(1, 2)))


def test_windows_of_ragged_sequences_from_either_end():
    model = linear_model(WEIGHTS)
    X = [np.random.RandomState(i).normal(size=(n, 3)) for i, n in enumerate((4, 1, 3))]
    for align, start in (("start", 0), ("end", None)):
        hidden = occlusion(model, X, window=2, align=align, baseline=0.0).attributions
        for found, x in zip(hidden, X, strict=True):
            parts = x * WEIGHTS[0]
            first = start if start is not None else len(x) % 2
            groups = np.split(parts, range(first or 2, len(x), 2))
            expected = np.repeat([g.sum(axis=0) for g in groups],
                                 [len(g) for g in groups], axis=0)  # fmt: skip
            assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize(
    "make", [fitted_classifier, fitted_tagger, fitted_transcriber, fitted_regressor]
)
def test_occlusion_asks_what_gradients_explain(make):
    model, X = make(), make_sequences()
    values = occlusion(model, X, window=None, channels="all").outputs
    assert_allclose(
        values, integrated_gradients(model, X, n_steps=1).outputs, rtol=1e-9
    )


def test_of_a_pipeline_its_own_inputs_are_hidden(planted):
    _, X, y = planted
    X = X * [1, 100, 0.01] + [0, 1000, 0]
    scaled = make_pipeline(TimestepTransformer(StandardScaler()), planted_model()).fit(
        X, y
    )
    ours = occlusion(scaled, X[:40])
    assert_planted(np.abs(ours.attributions).mean(axis=0))
    # The same through predictions alone, as of an estimator that is not ours.
    features = SequenceTransformer(hidden_layer_sizes=4, max_iter=1, random_state=0)
    other = make_pipeline(features, LogisticRegression())
    other.fit(X, np.where(y > 0, "up", "down"))
    result = occlusion(other, X[:5], window=None, target="up")
    assert_allclose(result.outputs, other.predict_proba(X[:5])[:, 1])
    X_hidden = X[:5].copy()
    X_hidden[:, :, 2] = X[:5, :, 2].mean()
    lost = result.outputs - other.predict_proba(X_hidden)[:, 1]
    assert_allclose(result.attributions[:, 3, 2], lost, atol=1e-7)
    by_score = occlusion(
        other, X[:5], window=None, target="down", response_method="decision_function"
    )
    assert_allclose(by_score.outputs, -other.decision_function(X[:5]))


def test_data_frames_stay_data_frames():
    rng = np.random.RandomState(0)
    X = [pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", "b"]) for n in (3, 4, 5)]
    model = LSTMRegressor(max_iter=1, random_state=0).fit(X, [0.0, 1.0, 2.0])
    result = occlusion(model, X, channels=["b"])
    assert list(result.attributions[1].columns) == ["a", "b"]
    assert not result.attributions[1]["a"].any()
    table = pd.DataFrame(rng.normal(size=(4, 3)), columns=["t0", "t1", "t2"])
    model = LSTMRegressor(max_iter=1, random_state=0).fit(table, range(4))
    assert list(occlusion(model, table).attributions.columns) == ["t0", "t1", "t2"]


# Errors ----


@pytest.mark.parametrize("explain", [integrated_gradients, occlusion])
@pytest.mark.parametrize(
    "baseline, message",
    [
        ("median", "only one with a name is 'mean'"),
        ([1.0, 2.0, 3.0], "3 numbers, but there are 2 channels"),
        (np.zeros((3, 2)), "one sequence for all must be as long as they are"),
        (make_sequences((3, 5)), "2 baselines for 4 sequences"),
        (make_sequences((3, 5, 2, 3)), r"baseline\[3\] has 3 steps.*has 4"),
        (make_sequences(n_features=3), "3 (channels|features)"),
    ],
)
def test_baselines_that_do_not_fit_are_errors(explain, baseline, message):
    with pytest.raises(ValueError, match=message):
        explain(fitted_regressor(), make_sequences(), baseline=baseline)


def test_other_arguments_that_do_not_suit_are_errors():
    model, X = fitted_classifier(), make_sequences()
    with pytest.raises(ValueError, match="n_steps must be"):
        integrated_gradients(model, X, n_steps=0)
    with pytest.raises(ValueError, match="reduce must be"):
        integrated_gradients(model, X, reduce="max")
    for how, message in [
        ({"window": 0}, "window must be a positive int"),
        ({"window": None, "stride": 2}, "no effect without window"),
        ({"stride": 1.5}, "stride must be"),
        ({"channels": "both"}, "channels must be"),
        ({"channels": [5]}, "there is no channel 5"),
        ({"channels": ["x"]}, "there is no channel 'x'"),
        ({"channels": []}, "names no channel"),
        ({"align": "left"}, "align must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            occlusion(model, X, **how)
    with pytest.raises(TypeError, match="integrated_gradients"):
        occlusion(fitted_symbol_tagger(), [["the", "cat"]])
    series = np.sin(np.arange(60.0))
    forecaster = LSTMForecaster(horizon=1, window=5, max_iter=1).fit(series)
    with pytest.raises(TypeError, match="integrated_gradients explains its forecasts"):
        occlusion(forecaster, series)
    result = integrated_gradients(forecaster, series)
    assert np.abs(result.residual).max() < 1e-4 < np.abs(result.outputs).max()
    with pytest.raises(ValueError, match="baseline of symbols"):
        integrated_gradients(
            fitted_symbol_tagger(), [["the", "cat"]], baseline=[["the", "dog"]]
        )
    with pytest.raises(TypeError, match="neither a classifier nor a regressor"):
        occlusion(StandardScaler().fit(X.values), X)
