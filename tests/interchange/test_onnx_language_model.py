"""The language model as an ONNX graph, step by step and as a whole."""

import numpy as np
import pytest
from estimators.language_problems import WORDS, make_model, make_rolls
from interchange.onnx_runs import assert_close, exported, facts_of, run, scrambled

from sklstm.interchange import onnx_inputs, to_onnx

ARCHITECTURES = [
    {},
    {"hidden_layer_sizes": (5, 4), "peephole": True, "mark_ends": False},
    {"projection_size": 3},
    {"learn_initial_state": True, "projection_size": 3, "coupled_gates": True},
    {"learn_initial_state": True, "cell": "gru", "hidden_layer_sizes": (5, 4)},
    {"zoneout": 0.2, "cell": "gru", "reset_after": True},
    {"tie_embedding": True, "embedding_size": 7, "n_negatives": 3},
    {"input_dropout": 0.2, "cell": "rnn"},
]
BEGINNINGS = ["abc", "b", "cabzca", "a"]


@pytest.fixture(params=ARCHITECTURES, ids=str)
def model(request):
    return scrambled(make_model(**request.param).fit(WORDS))


def states_of(outputs):
    return {
        name.removeprefix("next_"): state
        for name, state in outputs.items()
        if name.startswith("next_")
    }


def test_what_follows_is_as_probable(model):
    for some in (BEGINNINGS, BEGINNINGS[:1], ["a"]):
        found = exported(model, some)
        assert_close(found["probabilities"], model.predict_proba(some))


def test_log_probabilities_add_up_to_the_scores(model):
    found = exported(model, WORDS)["log_probabilities"]
    facts = facts_of(to_onnx(model))
    codes = {s: k for k, s in enumerate(facts["symbols"], facts["first_code"])}
    totals = []
    for rows, word in zip(found, WORDS, strict=True):
        written = [codes[letter] for letter in word]
        if facts["mark_ends"]:
            written = [facts["start"], *written, facts["end"]]
        steps = np.arange(len(written) - 1)
        totals.append(rows[steps, written[1:]].sum(dtype=np.float64))
    assert_close(totals, model.score_samples(WORDS))


def test_states_carry_on_from_piece_to_piece(model):
    graph = to_onnx(model)
    feeds = onnx_inputs(model, ["abcabc", "cabcab"])
    whole = run(graph, feeds)
    codes = feeds.pop("codes")
    feeds.pop("lengths")
    for start, stop in [(0, 3), (3, 4), (4, codes.shape[1])]:
        lengths = np.full(2, stop - start)
        piece = run(graph, {**feeds, "codes": codes[:, start:stop], "lengths": lengths})
        assert_close(
            piece["log_probabilities"], whole["log_probabilities"][:, start:stop]
        )
        feeds = states_of(piece)
    assert_close(piece["probabilities"], whole["probabilities"])


def test_states_are_those_at_each_sequence_s_own_end(model):
    graph = to_onnx(model)
    together = run(graph, onnx_inputs(model, BEGINNINGS))
    for k, beginning in enumerate(BEGINNINGS):
        alone = run(graph, onnx_inputs(model, [beginning]))
        for name, state in states_of(alone).items():
            assert_close(together[f"next_{name}"][k : k + 1], state)


def test_the_likeliest_symbols_are_those_that_are_generated(model):
    graph, facts = to_onnx(model, ragged=False), facts_of(to_onnx(model))
    feeds = onnx_inputs(model, ["ab"], ragged=False)
    written = []
    for _ in range(6):
        found = run(graph, feeds)
        scores = found["log_probabilities"][0, -1]
        scores[[facts["unknown"], facts["start"]]] = -np.inf
        if not facts["mark_ends"]:
            scores[facts["end"]] = -np.inf
        code = int(scores.argmax())
        if code == facts["end"]:
            break
        written.append(facts["symbols"][code - facts["first_code"]])
        feeds = {"codes": np.array([[code]]), **states_of(found)}
    assert "ab" + "".join(written) == model.generate("ab", length=6, temperature=0)


def test_learned_starts_are_in_the_metadata():
    model = scrambled(make_model(learn_initial_state=True).fit(WORDS))
    first = facts_of(to_onnx(model))["first_states"]
    feeds = onnx_inputs(model, ["ab", "c"])
    assert set(first) == {"hidden_0", "cell_0"}
    for name, state in first.items():
        assert_close(feeds[name], [state, state])
    assert "first_states" not in facts_of(to_onnx(make_model().fit(WORDS)))


def test_piano_rolls():
    X = make_rolls()
    model = scrambled(make_model(hidden_layer_sizes=(5, 4)).fit(X))
    found = exported(model, X)
    assert_close(found["probabilities"], model.predict_proba(X))
    totals = []
    for rows, roll in zip(found["log_probabilities"], X, strict=True):
        ones = rows[: len(roll) - 1].astype(np.float64)
        zeros = np.log1p(-np.exp(ones))
        totals.append(np.where(roll[1:] > 0, ones, zeros).sum())
    assert_close(totals, model.score_samples(X))
