"""`gate_traces` against the cells in plain NumPy, for every variant and estimator."""

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
from sklearn.exceptions import NotFittedError
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
    LSTMTagger,
    LSTMTranscriber,
    SequenceTransformer,
    TimestepTransformer,
)
from sklstm.inspection import gate_traces, passes

all_architectures = pytest.mark.parametrize(
    "parameters", ARCHITECTURES.values(), ids=ARCHITECTURES
)


def assert_traces_match(estimator, X, read=None, tolerance=1e-13):
    """Every quantity of every layer and direction, step by step."""
    config = estimator._network.config
    read = X if read is None else read
    for layer, directions in enumerate(estimator._network.layers):
        for number, views in enumerate(directions):
            direction = ("forward", "backward")[number]
            traces = gate_traces(estimator, X, layer=layer, direction=direction)
            for sample, sequence in enumerate(read):
                rows = layer_inputs(estimator, sequence, layer)
                expected = run_layer(config, views, rows, bool(number))
                assert list(traces) == list(expected)
                for name, values in expected.items():
                    assert_allclose(
                        traces[name][sample], values, rtol=0, atol=tolerance
                    )


@pytest.mark.parametrize("bidirectional", [False, True])
@all_architectures
def test_traces_are_those_of_the_reference_cells(parameters, bidirectional):
    estimator = fitted(LSTMClassifier, bidirectional=bidirectional, **parameters)
    assert_traces_match(estimator, make_sequences())


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_pooling_does_not_matter(pooling):
    estimator = fitted(LSTMClassifier, pooling=pooling)
    assert_traces_match(estimator, make_sequences())


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_states_are_the_expected_ones_with_zoneout(cell):
    estimator = fitted(LSTMClassifier, cell=cell, zoneout=0.3, dropout=0.2)
    assert_traces_match(estimator, make_sequences())


@all_architectures
def test_hidden_states_are_those_of_prediction_to_the_last_bit(parameters):
    parameters = {"dtype": "float32", "output": "sequence"} | parameters
    estimator = fitted(SequenceTransformer, y=None, **parameters)
    X = make_sequences()
    for ours, states in zip(
        gate_traces(estimator, X).hidden, estimator.transform(X), strict=True
    ):
        assert ours.dtype == np.float32
        assert_array_equal(ours, states)


def test_a_sequence_has_the_same_traces_alone_and_in_small_passes(monkeypatch):
    estimator = fitted(LSTMClassifier, dtype="float32", hidden_layer_sizes=(9, 5))
    X = make_sequences()
    together = gate_traces(estimator, X, layer=0)
    monkeypatch.setattr(passes, "ROWS_PER_PASS", 5)
    in_passes = gate_traces(estimator, X, layer=0)
    for name, of_samples in together.items():
        for sample, values in enumerate(of_samples):
            alone = gate_traces(estimator, X[sample : sample + 1], layer=0)
            assert_array_equal(alone[name][0], values)
            assert_array_equal(in_passes[name][sample], values)


def test_traces_of_regressors_transcribers_and_taggers_of_vectors():
    X = make_sequences(lengths=(6, 7, 6, 8, 7, 9))
    for estimator in (
        fitted(LSTMRegressor, y=range(6)),
        LSTMTranscriber(
            hidden_layer_sizes=5, max_iter=1, random_state=0, dtype="float64"
        ).fit(X, ["ab", "a", "b", "ba", "aa", "b"]),
        LSTMTagger(
            hidden_layer_sizes=5, max_iter=1, random_state=0, dtype="float64",
            output="crf",
        ).fit(X, [["a", "b"] * (len(x) // 2) + ["a"] * (len(x) % 2) for x in X]),
    ):  # fmt: skip
        assert_traces_match(estimator, X)


def test_a_tagger_of_words_reads_rows_of_its_table():
    X = [["a", "rose", "is"], ["a", "rose"], ["is"]]
    y = [["d", "n", "v"], ["d", "n"], ["v"]]
    tagger = LSTMTagger(
        hidden_layer_sizes=5, embedding_size=4, max_iter=1, random_state=0,
        dtype="float64",
    ).fit(X, y)  # fmt: skip
    number = {"a": 1, "is": 2, "rose": 3}
    read = [tagger._network.table[[number[word] for word in words]] for words in X]
    assert_traces_match(tagger, X, read)
    unknown = gate_traces(tagger, [["tulip"]])
    first = run_layer(
        tagger._network.config, tagger._network.layers[0][0], tagger._network.table[:1]
    )
    assert_allclose(unknown.cell[0], first["cell"], atol=1e-13)


def test_a_tagger_that_reads_characters_has_traces():
    X = [["a", "rose", "is"], ["a", "rose"], ["is"]]
    y = [["d", "n", "v"], ["d", "n"], ["v"]]
    tagger = LSTMTagger(
        hidden_layer_sizes=5, embedding_size=4, character_size=3, max_iter=1,
        random_state=0,
    ).fit(X, y)  # fmt: skip
    traces = gate_traces(tagger, X, direction="backward")
    alone = gate_traces(tagger, X[1:2], direction="backward")
    assert [len(values) for values in traces.cell] == [3, 2, 1]
    assert_array_equal(alone.cell[0], traces.cell[1])


@pytest.mark.parametrize("mark_ends", [False, True])
def test_a_language_model_reads_all_symbols_after_the_mark(mark_ends):
    model = LSTMLanguageModel(
        hidden_layer_sizes=5, embedding_size=4, max_iter=1, random_state=0,
        dtype="float64", mark_ends=mark_ends,
    ).fit(["abcab", "bca", "cc"])  # fmt: skip
    texts = ["abc", "c"]
    codes = [["abc".index(symbol) + 3 for symbol in text] for text in texts]
    if mark_ends:
        codes = [[1, *of_text] for of_text in codes]
    read = [model._network.table[of_text] for of_text in codes]
    assert_traces_match(model, texts, read)


def test_a_forecaster_has_traces_of_the_window_before_the_forecast():
    y = np.sin(np.arange(80.0)) + np.arange(80) / 10
    forecaster = LSTMForecaster(
        horizon=3, window=10, hidden_layer_sizes=5, max_iter=1, random_state=0
    ).fit(y)
    (cell,) = gate_traces(forecaster, y).cell
    assert cell.shape[1] == 5
    assert len(cell) <= 10
    (later,) = gate_traces(forecaster, y[:-1]).cell
    assert not np.allclose(later, cell)


def translator(X, y, **parameters):
    """A small encoder and decoder with random weights, in float64."""
    quick = {"hidden_layer_sizes": 5, "embedding_size": 4, "max_iter": 1}
    quick |= {"random_state": 0, "dtype": "float64"}
    model = LSTMSeq2Seq(**quick | parameters).fit(X, y)
    network = model._network
    rng = np.random.RandomState(3)
    network.set_parameters(0.5 * rng.normal(size=network.n_parameters))
    return model


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_what_reads_and_what_writes_have_traces(cell):
    X, y = ["abc", "b", "ca", "abcab"], ["de", "d", "eed", "ed"]
    model = translator(X, y, cell=cell, hidden_layer_sizes=(5, 4))
    network = model._network
    config = network.config.encoder
    table = network.views["source_embedding"]["table"]
    for sample, (source, target) in enumerate(zip(X, y, strict=True)):
        rows = table[[*("abc".index(symbol) + 2 for symbol in source), 1]]
        for layer, directions in enumerate(network.layers[:2]):
            expected = [
                run_layer(config, views, rows, bool(number))
                for number, views in enumerate(directions)
            ]
            for direction, of_direction in zip(
                ("forward", "backward"), expected, strict=True
            ):
                traces = gate_traces(model, X, y, layer=layer, direction=direction)
                for name, values in of_direction.items():
                    assert_allclose(traces[name][sample], values, atol=1e-13)
            rows = np.hstack([of_direction["hidden"] for of_direction in expected])
        # Each layer that writes reads the one below; the states it starts from are
        # those of the bridge, so its gates follow from its own states.
        written = gate_traces(model, X, y, layer=3)
        below = gate_traces(model, X, y, layer=2).hidden[sample]
        assert len(below) == len(target) + 1
        views = {k: np.asarray(v) for k, v in network.layers[3][0].items()}
        hidden = written.hidden[sample]
        z = below[1:] @ views["weight_ih"].T + hidden[:-1] @ views["weight_hh"].T
        first = 1 / (1 + np.exp(-(z + views["bias"])[:, :4]))
        name = "input_gate" if cell == "lstm" else "reset_gate"
        assert_allclose(written[name][sample][1:], first, atol=1e-13)


def test_what_is_written_is_the_prediction_by_default():
    X, y = ["abc", "b", "ca", "abcab"], ["de", "d", "eed", "ed"]
    model = translator(X, y)
    by_default = gate_traces(model, X)
    predicted = gate_traces(model, X, model.predict(X))
    for one, other in zip(by_default.hidden, predicted.hidden, strict=True):
        assert_array_equal(one, other)
    with pytest.raises(ValueError, match="runs forward only: it writes"):
        gate_traces(model, X, direction="backward")
    with pytest.raises(ValueError, match=r"there are 2 layer\(s\)"):
        gate_traces(model, X, layer=2)


def test_a_decoder_that_starts_from_a_vector_is_the_only_part():
    X, y = np.random.RandomState(0).normal(size=(4, 3)), ["de", "d", "eed", "ed"]
    traces = gate_traces(translator(X, y), X, y, layer=0)
    assert [len(values) for values in traces.cell] == [3, 2, 4, 3]


def test_traces_reach_through_pipelines_and_searches():
    X = make_sequences()
    y = list("ababab")
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()),
        LSTMClassifier(hidden_layer_sizes=4, max_iter=1, random_state=0, batch_size=6),
    )
    search = GridSearchCV(pipeline, {"lstmclassifier__alpha": [0.1]}, cv=2).fit(X, y)
    inside = search.best_estimator_
    expected = gate_traces(inside[-1], inside[:-1].transform(X))
    assert_array_equal(gate_traces(search, X).cell[1], expected.cell[1])
    assert_array_equal(gate_traces(inside, X).cell[1], expected.cell[1])


def test_tracing_leaves_the_estimator_as_it_was():
    estimator = fitted(LSTMClassifier)
    X = make_sequences()
    before, names = estimator.predict_proba(X), sorted(vars(estimator))
    gate_traces(estimator, X)
    assert sorted(vars(estimator)) == names
    assert_array_equal(estimator.predict_proba(X), before)


# ---- errors that teach ----


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"layer": 2}, r"layer=2 is out of range: there are 2 layer\(s\)"),
        ({"layer": -3}, "layer=-3 is out of range"),
        ({"direction": "up"}, "'forward' or 'backward', got 'up'"),
        ({"direction": "backward"}, "runs forward only"),
    ],
)
def test_a_layer_or_direction_that_is_not_there_is_named(arguments, message):
    estimator = fitted(LSTMClassifier, hidden_layer_sizes=(4, 3))
    with pytest.raises(ValueError, match=message):
        gate_traces(estimator, make_sequences(), **arguments)


def test_a_layer_is_an_int():
    with pytest.raises(TypeError, match="layer must be an int, got 'half'"):
        gate_traces(fitted(LSTMClassifier), make_sequences(), layer="half")


def test_who_has_no_gates_is_told_so():
    X = make_sequences()
    with pytest.raises(TypeError, match="expected an estimator of sklstm"):
        gate_traces(LogisticRegression(), X)
    with pytest.raises(NotFittedError):
        gate_traces(LSTMClassifier(), X)
    with pytest.raises(NotFittedError):
        gate_traces(make_pipeline(StandardScaler(), LSTMClassifier()), X)
    with pytest.raises(ValueError, match="LSTMClassifier only reads: leave it out"):
        gate_traces(fitted(LSTMClassifier), X, list("ababab"))
    y = np.arange(60.0) + np.sin(np.arange(60))
    forecaster = LSTMForecaster(horizon=2, window=8, hidden_layer_sizes=4, max_iter=1)
    forecaster.fit(y, np.ones((60, 1)) * y[:, np.newaxis])
    with pytest.raises(ValueError, match=r"1 covariate\(s\)"):
        gate_traces(forecaster, y)


def test_sequences_are_checked_as_for_predictions():
    estimator = fitted(LSTMClassifier)
    with pytest.raises(ValueError, match="3 features"):
        gate_traces(estimator, make_sequences(n_features=2))
