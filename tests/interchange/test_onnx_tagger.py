"""The tagger and the transcriber as ONNX graphs: an answer for every step."""

import numpy as np
import pytest
from estimators.tagging_problems import make_sentences, make_tagger, make_vectors
from estimators.transcription_problems import make_problem as make_beeps
from interchange.onnx_runs import (
    assert_steps_close,
    companies,
    exported,
    facts_of,
    run,
    scrambled,
)
from numpy.testing import assert_array_equal

from sklstm import LSTMTranscriber
from sklstm.interchange import onnx_inputs, to_onnx

UNSEEN = [["Oslo", "Reykjavik", "to"], ["nothing"], ["to", "", "Rome", "ROME"]]


def assert_labels_equal(found, expected):
    for of_one, wanted in zip(found, expected, strict=True):
        assert of_one[: len(wanted)].tolist() == wanted.tolist()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("output", ["softmax", "crf"])
def test_tagger_of_vectors(output, bidirectional):
    X, y = make_vectors()
    tagger = make_tagger(output=output, bidirectional=bidirectional).fit(X, y)
    for estimator in (tagger, scrambled(tagger, scale=1.5)):
        for some in companies(X):
            found = exported(estimator, some)
            assert_labels_equal(found["label"], estimator.predict(some))
            expected = estimator.predict_proba(some)
            assert_steps_close(found["probabilities"], expected)


@pytest.mark.parametrize("output", ["softmax", "crf"])
def test_tagger_of_equal_sequences_without_lengths(output):
    X, y = make_vectors(equal_lengths=True)
    tagger = scrambled(make_tagger(output=output).fit(X, y), scale=1.5)
    found = exported(tagger, X, ragged=False)
    assert_labels_equal(found["label"], tagger.predict(X))
    assert_steps_close(found["probabilities"], tagger.predict_proba(X))


@pytest.mark.parametrize("numbers", [False, True])
def test_the_best_path_of_more_labels_than_two(numbers):
    """Transitions that decide: the best path is not that of the best labels."""
    X, _ = make_vectors()
    names = np.array([7, -3, 12, 5, 0] if numbers else list("vwxyz"))
    rng = np.random.RandomState(0)
    y = [names[rng.randint(0, 5, size=len(x))] for x in X]
    tagger = scrambled(make_tagger(output="crf").fit(X, y), scale=2.0)
    expected = tagger.predict(X)
    each = [tagger.classes_[p.argmax(axis=1)] for p in tagger.predict_proba(X)]
    assert any((a != b).any() for a, b in zip(expected, each, strict=True))
    assert_labels_equal(exported(tagger, X)["label"], expected)


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("character_size", [None, 5])
@pytest.mark.parametrize("output", ["softmax", "crf"])
def test_tagger_of_words(output, character_size, lowercase):
    X, y = make_sentences()
    tagger = make_tagger(
        output=output, character_size=character_size, lowercase=lowercase,
        embedding_size=6, min_count=2, cell="gru",
    )  # fmt: skip
    tagger = scrambled(tagger.fit(X, y))
    for some in (X, X[:1], UNSEEN, UNSEEN[1:2]):
        found = exported(tagger, some)
        assert_labels_equal(found["label"], tagger.predict(some))
        assert_steps_close(found["probabilities"], tagger.predict_proba(some))


def test_metadata_say_how_to_encode_words_without_sklstm():
    X, y = make_sentences()
    tagger = make_tagger(character_size=4, embedding_size=6, lowercase=True)
    tagger = scrambled(tagger.fit(X, y))
    model = to_onnx(tagger)
    facts = facts_of(model)
    codes = {s: k for k, s in enumerate(facts["symbols"], facts["first_code"])}
    characters = {c: 1 + k for k, c in enumerate(facts["characters"])}
    assert facts["lowercase"] is True
    sentence = ["to", "Oslo", "Bergen"]
    spelled = [[characters.get(c, 0) for c in word] for word in sentence]
    lengths = np.array([len(word) for word in sentence])
    spellings = np.zeros((3, lengths.max()), dtype=np.int64)
    for row, of_word in zip(spellings, spelled, strict=True):
        row[: len(of_word)] = of_word
    found = run(
        model,
        {
            "codes": np.array([[codes.get(word.lower(), 0) for word in sentence]]),
            "lengths": np.array([3]),
            "spelling_of_step": np.arange(3)[np.newaxis],
            "spellings": spellings,
            "spelling_lengths": lengths,
        },
    )
    assert found["label"][0].tolist() == tagger.predict([sentence])[0].tolist()
    assert_steps_close(found["probabilities"], tagger.predict_proba([sentence]))


def test_labels_that_onnx_does_not_have_are_an_error():
    X, _ = make_vectors()
    y = [[("a", k % 2) for k in range(len(x))] for x in X]
    tagger = make_tagger().fit(X, y)
    with pytest.raises(ValueError, match=r"label \('a', 0\): ONNX has numbers and str"):
        to_onnx(tagger)


# Transcriber ----


@pytest.fixture(scope="module")
def transcriber():
    X, y = make_beeps()
    return LSTMTranscriber(
        hidden_layer_sizes=12, max_iter=40, batch_size=8, learning_rate_init=0.02,
        random_state=0,
    ).fit(X, y)  # fmt: skip


def test_transcriptions_are_those_of_the_best_path(transcriber):
    X, _ = make_beeps(seed=1)
    found = exported(transcriber, X)
    expected = transcriber.predict(X)
    assert len({len(labels) for labels in expected}) > 2
    for codes, n_labels, labels in zip(
        found["codes"], found["n_labels"], expected, strict=True
    ):
        assert "".join(transcriber.classes_[codes[:n_labels]]) == labels
        assert_array_equal(codes[n_labels:], -1)
    assert_steps_close(np.exp(found["log_probabilities"]), transcriber.predict_proba(X))


def test_repetitions_count_once_and_blanks_part_them():
    """Of a network that says what it reads: a label for each channel, else the blank.

    What it says behind the ends, where a runtime may leave zeros for states, is "c".
    """
    X = [
        np.array([[1.0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]]),
        np.array([[0.0, 1, 0], [0, 0, 1], [0, 1, 0]]),
        np.array([[0.0, 0, 0]]),
    ]
    transcriber = LSTMTranscriber(
        cell="rnn", hidden_layer_sizes=4, bidirectional=False, max_iter=1
    ).fit(*make_beeps())
    network = transcriber._network
    network.set_parameters(np.zeros(network.n_parameters))
    views = network._parameter_layout.views(network.parameters)
    views["layer", 0, 0, "weight_ih"][:3] = 5 * np.eye(3)
    views["layer", 0, 0, "bias"][3] = 5  # a unit that is always on
    network.output_weight[:] = np.diag([9, 9, 9, 4])
    network.output_bias[2] = 1
    network.parameters_changed()
    assert transcriber.predict(X).tolist() == ["aab", "bcb", ""]
    found = exported(transcriber, X)
    assert found["log_probabilities"][1, -1].argmax() == 2
    assert found["n_labels"].tolist() == [3, 3, 0]
    assert found["codes"].tolist() == [[0, 0, 1, -1, -1], [1, 2, 1, -1, -1], [-1] * 5]


def test_sequences_of_one_step_are_transcribed(transcriber):
    X = [x[:1] for x in make_beeps()[0][:5]]
    found = exported(transcriber, X)
    assert found["codes"].shape == (5, 1)
    assert [len(labels) for labels in transcriber.predict(X)] == found[
        "n_labels"
    ].tolist()
    assert facts_of(to_onnx(transcriber))["classes"] == ["a", "b", "c"]
    assert set(onnx_inputs(transcriber, X)) == {"X", "lengths"}
