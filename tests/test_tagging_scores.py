"""Scores of taggers on real words; the full figures: benchmarks/tagging.py."""

import importlib.util
from pathlib import Path

import pytest

from sklstm.metrics import span_f1, token_accuracy

BENCHMARK = Path(__file__).resolve().parents[1] / "benchmarks" / "tagging.py"


@pytest.fixture(scope="module")
def tagging():
    """The benchmark: it knows the data sets and the settings."""
    if not BENCHMARK.exists():
        pytest.skip("the benchmarks are not part of this copy")
    spec = importlib.util.spec_from_file_location("tagging", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("shared_data")
def test_slots_of_requests(tagging):
    """A quarter of SNIPS and a few epochs; all of it: F1 0.92, with a CRF 0.94."""
    parts = tagging.load_parts("slots")
    X, y = parts["test"]
    scores = {}
    for output in ("softmax", "crf"):
        model, _ = tagging.run(
            "slots", parts, small=True, output=output, random_state=0
        )
        scores[output] = span_f1(y, model.predict(X))
    assert scores["softmax"] > 0.75
    assert scores["crf"] > scores["softmax"] + 0.02


@pytest.mark.usefixtures("shared_data")
def test_parts_of_speech_from_words_and_characters(tagging):
    """A quarter of EWT and a few epochs; all of it: 0.95, the commonest label of each
    word 0.86.
    """
    parts = tagging.load_parts("upos")
    X, y = parts["test"]
    model, _ = tagging.run("upos", parts, small=True, random_state=0)
    assert token_accuracy(y, model.predict(X)) > 0.9
