"""`hidden_gradient_norms` against finite differences of the reference cells."""

import numpy as np
import pytest
from inspection.step_by_step import (
    ARCHITECTURES,
    fitted,
    layer_inputs,
    make_sequences,
    run_layer,
)
from numpy.testing import assert_allclose, assert_array_equal
from reference_network import pool
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMTagger,
    LSTMTranscriber,
    TimestepTransformer,
)
from sklstm.inspection import hidden_gradient_norms, passes

LABELS = "abcabc"
all_architectures = pytest.mark.parametrize(
    "parameters", ARCHITECTURES.values(), ids=ARCHITECTURES
)


def outputs(estimator, rows, layer, nudge):
    """Outputs for what a layer reads, its hidden state nudged after a step."""
    network = estimator._network
    for views in network.layers[layer:]:
        rows = run_layer(network.config, views[0], rows, nudge=nudge)["hidden"]
        nudge = None
    pooling = network.config.pooling
    vector = rows[-1] if pooling is None else pool([rows], pooling)
    return network.output_weight @ vector + network.output_bias


def norms_by_difference(estimator, sequence, layer, step=1e-5):
    """Norms of the Jacobian at every lag, by central differences."""
    size = estimator._network.config.output_sizes[layer]
    rows = layer_inputs(estimator, sequence, layer)
    norms = []
    for time in range(len(sequence))[::-1]:
        columns = [
            outputs(estimator, rows, layer, (time, step * unit))
            - outputs(estimator, rows, layer, (time, -step * unit))
            for unit in np.eye(size)
        ]
        norms.append(np.linalg.norm(columns) / (2 * step))
    return norms


def assert_norms_match(estimator, X, read=None):
    for layer in range(len(estimator._network.layers)):
        norms = hidden_gradient_norms(estimator, X, layer=layer)
        assert norms.shape == (len(X), max(map(len, read or X)))
        for of_sample, sequence in zip(norms, read or X, strict=True):
            n_steps = len(sequence)
            expected = norms_by_difference(estimator, sequence, layer)
            assert_allclose(of_sample[:n_steps], expected, rtol=1e-6, atol=1e-9)
            assert np.isnan(of_sample[n_steps:]).all()


@all_architectures
def test_norms_are_those_of_finite_differences(parameters):
    estimator = fitted(LSTMClassifier, y=LABELS, **parameters)
    assert_norms_match(estimator, make_sequences())


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_pooling_gives_each_step_a_way_of_its_own(pooling, cell):
    estimator = fitted(
        LSTMClassifier, y=LABELS, pooling=pooling, cell=cell, hidden_layer_sizes=(5, 4)
    )
    assert_norms_match(estimator, make_sequences())


@pytest.mark.parametrize("parameters", [{}, {"projection_size": 3}, {"cell": "gru"}])
def test_with_zoneout_the_gradients_are_those_of_the_expected_states(parameters):
    estimator = fitted(LSTMClassifier, y=LABELS, zoneout=0.3, dropout=0.2, **parameters)
    assert_norms_match(estimator, make_sequences())


def test_one_output_and_more_outputs_than_units_have_norms():
    assert_norms_match(fitted(LSTMRegressor, y=range(6)), make_sequences())
    many = fitted(LSTMRegressor, y=np.random.RandomState(0).normal(size=(6, 9)))
    assert_norms_match(many, make_sequences())


def test_of_taggers_and_transcribers_the_last_step_counts():
    X = make_sequences(lengths=(6, 7, 6, 8, 7, 9))
    tags = [["a", "b"] * (len(x) // 2) + ["a"] * (len(x) % 2) for x in X]
    how = {"bidirectional": False, "hidden_layer_sizes": 5, "max_iter": 1}
    how |= {"random_state": 0, "dtype": "float64"}
    for estimator in (
        LSTMTagger(**how).fit(X, tags),
        LSTMTagger(output="crf", **how).fit(X, tags),
        LSTMTranscriber(**how).fit(X, ["ab", "a", "b", "ba", "aa", "b"]),
    ):
        assert_norms_match(estimator, X)


@pytest.mark.parametrize(
    "parameters", [{}, {"tie_embedding": True}, {"n_negatives": 2}, {"dropout": 0.3}]
)
def test_of_a_language_model_the_next_symbol_counts(parameters):
    model = LSTMLanguageModel(
        hidden_layer_sizes=4, embedding_size=4, max_iter=1, random_state=0,
        dtype="float64", mark_ends=False, **parameters,
    ).fit(["abcab", "bca", "ccde"])  # fmt: skip
    texts = ["abce", "c"]
    read = [
        model._network.table[["abcde".index(symbol) + 3 for symbol in text]]
        for text in texts
    ]
    assert_norms_match(model, texts, read)


def test_norms_in_float32_and_in_small_passes_are_the_same(monkeypatch):
    X = make_sequences()
    double = fitted(LSTMClassifier, y=LABELS)
    single = fitted(LSTMClassifier, y=LABELS, dtype="float32")
    norms = hidden_gradient_norms(double, X)
    assert_allclose(hidden_gradient_norms(single, X), norms, rtol=1e-5)
    monkeypatch.setattr(passes, "ROWS_PER_PASS", 9)
    assert_array_equal(hidden_gradient_norms(double, X), norms)
    assert_array_equal(hidden_gradient_norms(double, X[1:2])[0], norms[1])


def test_an_rnn_forgets_faster_than_an_lstm_with_an_open_forget_gate():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(6, 80, 2))
    how = {"hidden_layer_sizes": 16, "max_iter": 1, "random_state": 0, "batch_size": 6}
    how |= {"pooling": "last"}
    lstm = LSTMClassifier(forget_bias="chrono", **how).fit(X, list(LABELS))
    rnn = LSTMClassifier(cell="rnn", init_scale=0.1, **how)
    rnn.set_params(weight_init="normal").fit(X, list(LABELS))
    of_lstm, of_rnn = (
        np.mean(hidden_gradient_norms(model, X), axis=0) for model in (lstm, rnn)
    )
    assert of_lstm[-1] > 1e-4 * of_lstm[0]
    assert 0 < of_rnn[-1] < 1e-20 * of_rnn[0]  # far below the smallest float32


def test_a_forecaster_and_a_pipeline_have_norms():
    y = np.sin(np.arange(80.0)) + np.arange(80) / 10
    forecaster = LSTMForecaster(
        horizon=3, window=10, hidden_layer_sizes=5, max_iter=1, random_state=0
    ).fit(y)
    assert np.isfinite(hidden_gradient_norms(forecaster, y)).all()
    X = make_sequences()
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()),
        LSTMClassifier(hidden_layer_sizes=4, max_iter=1, random_state=0, batch_size=6),
    ).fit(X, list(LABELS))
    assert_array_equal(
        hidden_gradient_norms(pipeline, X),
        hidden_gradient_norms(pipeline[-1], pipeline[:-1].transform(X)),
    )


def test_a_bidirectional_network_has_no_lag():
    estimator = fitted(LSTMClassifier, bidirectional=True)
    with pytest.raises(ValueError, match="no time lag to show"):
        hidden_gradient_norms(estimator, make_sequences())


def test_a_layer_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="layer=1 is out of range"):
        hidden_gradient_norms(fitted(LSTMClassifier), make_sequences(), layer=1)


def test_the_estimator_stays_as_it_was():
    estimator, X = fitted(LSTMClassifier), make_sequences()
    before, names = estimator.predict_proba(X), sorted(vars(estimator))
    hidden_gradient_norms(estimator, X)
    assert sorted(vars(estimator)) == names
    assert_array_equal(estimator.predict_proba(X), before)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_zoneout_hands_gradients_of_expected_states_back(cell):
    estimator = fitted(LSTMClassifier, y=LABELS, cell=cell, zoneout=0.3, dropout=0.2)
    assert_norms_match(estimator, make_sequences())
