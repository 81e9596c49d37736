"""`LSTMLanguageModel`: what it refuses, and what it says."""

import numpy as np
import pytest
from estimators.language_problems import (
    WORDS,
    make_model,
    make_rolls,
)
from sklearn.exceptions import NotFittedError

from sklstm import LSTMLanguageModel

FIT_ERRORS = {
    "a text alone": ("abc", {}, "pass a list of them"),
    "no sequence": ([], {}, None),
    "not a sequence": (["ab", None], {}, r"X\[1\] is None"),
    "not hashable": ([["a", {}]], {}, r"X\[0\]\[1\] is {}"),
    "other numbers": ([np.full((3, 2), 0.5)], {}, "channel 0 of sample 0 is 0.5"),
    "nothing to predict": (["a"], {}, "set mark_ends=True"),
    "lbfgs": (WORDS, {"solver": "lbfgs"}, "needs a stochastic solver"),
    "both directions": (WORDS, {"bidirectional": True}, "set bidirectional=False"),
    "rare symbols": (WORDS, {"min_count": 999}, "Lower min_count"),
    "tied": (WORDS, {"tie_embedding": True}, "is 7 and embedding_size is 64"),
    "checkpoints": (WORDS, {"checkpoint_steps": 3}, "checkpoint_steps"),
    "few": (["abc"], {"early_stopping": True}, "too short"),
}


@pytest.mark.parametrize("name", FIT_ERRORS)
def test_what_is_wrong_with_a_fit_is_said(name):
    X, how, message = FIT_ERRORS[name]
    with pytest.raises((ValueError, TypeError), match=message):
        make_model(**how).fit(X)


@pytest.mark.parametrize("name", FIT_ERRORS)
def test_a_failed_fit_leaves_the_model_as_it_was(name):
    X, how, message = FIT_ERRORS[name]
    model = make_model().fit(WORDS)
    before = dict(vars(model)), model.score(WORDS)
    model.set_params(**how)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X)
    model.set_params(**{key: getattr(LSTMLanguageModel(), key) for key in how})
    assert vars(model).keys() == before[0].keys()
    assert model.score(WORDS) == before[1]
    fresh = make_model(**how)
    attributes = set(vars(fresh))
    with pytest.raises((ValueError, TypeError), match=message):
        fresh.fit(X)
    assert set(vars(fresh)) == attributes


def test_what_is_wrong_with_later_data_is_said():
    with pytest.raises(NotFittedError):
        make_model().score(WORDS)
    symbols, rolls = make_model().fit(WORDS), make_model().fit(make_rolls())
    for method in (symbols.score, symbols.predict, symbols.predict_proba):
        with pytest.raises(ValueError, match="pass a list of them"):
            method("abc")
        with pytest.raises(ValueError, match="X is empty"):
            method([])
    for method in (rolls.score, rolls.predict):
        with pytest.raises(ValueError, match="string"):
            method(WORDS)
        with pytest.raises(ValueError, match="is 7 at step 1"):
            method([np.array([[0, 0, 1], [7, 0, 0]])])
    with pytest.raises(ValueError, match="has 2 entries"):
        symbols.score(WORDS, sample_weight=[1, 2])
    with pytest.raises(ValueError, match="has a step to predict"):
        make_model(mark_ends=False).fit(WORDS).score(["a", "ab"], sample_weight=[1, 0])


def test_a_fit_that_breaks_off_leaves_a_model_of_all_symbols():
    """Also where the pass that failed computed some outputs only."""
    rng = np.random.default_rng(0)
    X = ["".join(map(chr, rng.integers(200, 900, 60))) for _ in range(5)]
    model = make_model(n_negatives=5, solver="sgd", learning_rate_init=1e30)
    model.set_params(max_grad_norm=None)
    with pytest.raises(ValueError, match="training stopped before that update"):
        model.fit(X)
    assert model._network.candidates is None
    assert model.predict_proba(X[:1]).shape == (1, len(model.symbols_))
