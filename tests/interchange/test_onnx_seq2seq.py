"""`LSTMSeq2Seq` as two ONNX graphs, from which sequences are written."""

import numpy as np
import pytest
from estimators.seq2seq_problems import SMALL, reversed_words
from interchange.onnx_runs import assert_close, facts_of, run, scrambled
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMSeq2Seq
from sklstm.interchange import onnx_inputs, to_onnx
from sklstm.network.links import class_log_probabilities
from sklstm.sequences import TimestepTransformer
from sklstm.sequences.packing import pack_batch

ARCHITECTURES = [
    {},
    {"attention": None},
    {"attention": "additive", "tie_embedding": False},
    {"attention": "dot", "bidirectional": False},
    {"hidden_layer_sizes": (8, 6), "cell": "gru", "zoneout": 0.2},
    {"cell": "rnn", "bidirectional": False, "attention": "additive"},
    {"peephole": True, "coupled_gates": True},
]
SOURCES = ["symbols", "vectors", "vector"]


def fitted(source, **parameters):
    """A model of one kind of source, whose parameters are drawn, and its data."""
    X, y = reversed_words(40)
    rng = np.random.RandomState(0)
    if source == "vectors":
        X = [rng.normal(size=(len(word), 3)) for word in X]
    elif source == "vector":
        X = rng.normal(size=(len(X), 5))
        parameters = {**parameters, "attention": None}
    model = LSTMSeq2Seq(**{**SMALL, "max_iter": 1, "beam_width": 1, **parameters})
    return scrambled(model.fit(X, y)), X, y


def next_feeds(found):
    return {
        name.removeprefix("next_"): state
        for name, state in found.items()
        if name.startswith("next_")
    }


def memory_of(start, feeds):
    """What the decoder looks at besides its states."""
    memory = {name: start[name] for name in ("memory", "keys") if name in start}
    if memory and "lengths" in feeds:
        memory["lengths"] = feeds["lengths"]
    return memory


def written_by(encoder, decoder, feeds):
    """Greedy search as a user would write it down."""
    facts, start = facts_of(decoder), run(encoder, feeds)
    memory = memory_of(start, feeds)
    states = {name: start[name] for name in start if name not in ("memory", "keys")}
    n_samples = len(next(iter(states.values())))
    symbol = np.full(n_samples, facts["start"])
    written, alive = [[] for _ in range(n_samples)], np.full(n_samples, True)
    for _ in range(facts["max_length"]):
        found = run(decoder, {"symbol": symbol, **states, **memory})
        scores = found["log_probabilities"]
        scores[:, facts["never_written"]] = -np.inf
        symbol = scores.argmax(axis=1)
        alive &= symbol != facts["end"]
        for sample in np.flatnonzero(alive):
            code = symbol[sample] - facts["first_code"]
            written[sample].append(facts["symbols"][code])
        states = next_feeds(found)
    return ["".join(symbols) for symbols in written]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("parameters", ARCHITECTURES, ids=str)
def test_teacher_forced_steps_are_as_probable(source, parameters):
    model, X, y = fitted(source, **parameters)
    encoder, decoder = to_onnx(model)
    for index in (slice(0, 7), slice(3, 4)):
        some, wanted = X[index], y[index]
        feeds = onnx_inputs(model, some)
        start = run(encoder, feeds)
        memory = memory_of(start, feeds)
        states = {name: start[name] for name in start if name not in memory}
        batch = pack_batch(model._pairs(some, wanted))
        expected = class_log_probabilities(model._network.predict(batch))
        facts = facts_of(decoder)
        codes = {s: k for k, s in enumerate(facts["symbols"], facts["first_code"])}
        symbols = [[facts["start"], *map(codes.get, word)] for word in wanted]
        for step in range(max(map(len, symbols))):
            alive = [k for k, of_one in enumerate(symbols) if len(of_one) > step]
            symbol = [of_one[min(step, len(of_one) - 1)] for of_one in symbols]
            found = run(decoder, {"symbol": np.array(symbol), **states, **memory})
            states = next_feeds(found)
            first = batch.offsets[step]
            for place, sample in enumerate(batch.index[: len(alive)]):
                assert_close(
                    found["log_probabilities"][sample], expected[first + place]
                )


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("parameters", ARCHITECTURES, ids=str)
def test_greedy_search_writes_what_predict_does(source, parameters):
    model, X, _ = fitted(source, **parameters)
    encoder, decoder = to_onnx(model)
    for some in (X[:9], X[3:4]):
        found = written_by(encoder, decoder, onnx_inputs(model, some))
        assert found == model.predict(some).tolist()


def test_sources_of_one_length_need_no_lengths():
    X, y = reversed_words(40)
    X = [(word * 5)[:4] for word in X]
    model = LSTMSeq2Seq(**{**SMALL, "max_iter": 1, "beam_width": 1})
    model = scrambled(model.fit(X, y))
    encoder, decoder = to_onnx(model, ragged=False)
    assert [one.name for one in encoder.graph.input] == ["codes"]
    found = written_by(encoder, decoder, onnx_inputs(model, X, ragged=False))
    assert found == model.predict(X).tolist()


def test_attention_looks_where_the_estimator_does():
    model, X, _ = fitted("symbols")
    encoder, decoder = to_onnx(model)
    some = X[:5]
    feeds = onnx_inputs(model, some)
    start = run(encoder, feeds)
    memory = memory_of(start, feeds)
    states = {name: start[name] for name in start if name not in memory}
    symbol = np.full(len(some), facts_of(decoder)["start"])
    found = run(decoder, {"symbol": symbol, **states, **memory})["attention"]
    for row, expected in zip(found, model.attention_weights(some), strict=True):
        assert_close(row[: expected.shape[1]], expected[0])
        np.testing.assert_array_equal(row[expected.shape[1] :], 0)


def test_metadata_of_sources_list_their_symbols():
    model, _, _ = fitted("symbols")
    facts = facts_of(to_onnx(model).encoder)
    assert facts["symbols"] == ["a", "b", "c", "d"]
    codes = {s: k for k, s in enumerate(facts["symbols"], facts["first_code"])}
    expected = [[codes["b"], codes["d"], facts["unknown"], facts["end"]]]
    assert onnx_inputs(model, ["bdz"])["codes"].tolist() == expected


def test_a_pipeline_that_ends_in_two_graphs_is_an_error():
    X, y = reversed_words(20)
    X = [np.random.RandomState(0).normal(size=(len(word), 3)) for word in X]
    pipeline = make_pipeline(
        TimestepTransformer(StandardScaler()), LSTMSeq2Seq(**SMALL | {"max_iter": 1})
    ).fit(X, y)
    with pytest.raises(TypeError, match=r"two graphs.*to_onnx\(pipeline\[:-1\]\)"):
        to_onnx(pipeline)
    pytest.importorskip("skl2onnx")
    assert to_onnx(pipeline[:-1]).graph.output[0].name == "variable"
