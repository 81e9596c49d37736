"""Likelihoods of real texts and music; in full: benchmarks/language_scores.py."""

import importlib.util
from pathlib import Path

import pytest

from sklstm import LSTMLanguageModel

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"

pytestmark = pytest.mark.usefixtures("shared_data")


@pytest.fixture
def scores(monkeypatch):
    """The benchmark, which knows the data and how they are prepared."""
    if not BENCHMARKS.exists():
        pytest.skip("the benchmarks are not part of this copy")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location(
        "language_scores", BENCHMARKS / "language_scores.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_chorales(scores):
    """In their own keys, with a small network; five seeds: 8.6 nats a frame, in the
    benchmark 8.3. What each key did one frame before: 10.49.
    """
    train, valid, test = (
        scores.rolls("jsb_chorales", part) for part in ("train", "valid", "test")
    )
    how = {**scores.COMMON, **scores.JSB, "hidden_layer_sizes": 100, "max_iter": 15}
    model = LSTMLanguageModel(**how, random_state=0).fit(train, X_val=valid)
    assert scores.nats(model, test) < 8.8


def test_piano_pieces(scores):
    """In their own keys, with a small network; the benchmark: 7.1 nats a frame. What
    each key did one frame before: 8.27.
    """
    train, test = (scores.rolls("piano_midi", part) for part in ("train", "test"))
    how = {**scores.PIANO, "hidden_layer_sizes": 64, "dropout": 0.2, "max_iter": 6}
    how["learning_rate_init"] = 0.01
    model = LSTMLanguageModel(**how, random_state=0).fit(train)
    assert scores.nats(model, test) < 8.1


def test_characters(scores):
    """A fifth of Shakespeare; all of it in the benchmark: 2.2 bits. Single characters
    by their frequency: 4.85, each given the two before it: 3.04.
    """
    [train], _, [test] = scores.shakespeare()
    how = {**scores.SMALL, "hidden_layer_sizes": 96, "embedding_size": 48}
    how |= {"learning_rate_init": 0.01, "max_iter": 6}
    model = LSTMLanguageModel(**how, random_state=0).fit([train[:200_000]])
    assert scores.bits(model, [test[:20_000]]) < 3.0


def test_words(scores):
    """The first 150,000 words of Brown, sampled softmax and one table. By frequency
    193, given the word before (Witten-Bell) 86; all of Brown in the benchmark.
    """
    [train], _, [test] = scores.brown()
    how = {**scores.WORDS, "hidden_layer_sizes": 96, "embedding_size": 96}
    how |= {"n_negatives": 300, "dropout": 0.3, "input_dropout": 0.0}
    how |= {"learning_rate_init": 6e-3, "max_iter": 3}
    model = LSTMLanguageModel(**how, random_state=0).fit([train[:150_000]])
    assert scores.perplexity(model, [test[:20_000]]) < 76
