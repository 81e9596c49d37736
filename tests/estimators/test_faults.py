"""Interrupts, divergence, errors: what is left of the estimator."""

import copy
import pickle

import numpy as np
import pytest
from estimators.problems import (
    make_arrays,
    make_estimator,
    make_problem,
    result_of,
    target_for,
)
from numpy.testing import assert_array_equal

from sklstm import LSTMClassifier
from sklstm.network import RecurrentNetwork
from sklstm.training import TrainingDivergedError

X, LABELS, NUMBERS = make_problem()
KINDS = ["classifier", "regressor", "transformer"]


def break_the_nth_pass(monkeypatch, n, error):
    """Let the n-th forward pass of training raise an error, as Ctrl-C would."""
    passes = []
    forward = RecurrentNetwork.forward

    def broken(self, *arguments, **keywords):
        passes.append(None)
        if len(passes) == n:
            raise error
        return forward(self, *arguments, **keywords)

    monkeypatch.setattr(RecurrentNetwork, "forward", broken)


def state_of(estimator):
    """All attributes of an estimator, copied."""
    return copy.deepcopy(vars(estimator))


def assert_unchanged(estimator, before):
    after = vars(estimator)
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert pickle.dumps(after[name]) == pickle.dumps(value), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_passes", [1, 20])
def test_an_interrupt_leaves_a_usable_model(monkeypatch, kind, n_passes):
    y = target_for(kind, LABELS, NUMBERS)
    break_the_nth_pass(monkeypatch, n_passes, KeyboardInterrupt)
    estimator = make_estimator(kind)
    epoch = 1 + (n_passes - 1) // 6
    with pytest.warns(UserWarning, match=f"interrupted in epoch {epoch}.*can be used"):
        estimator.fit(X, y)
    assert estimator.n_iter_ == epoch - 1
    assert np.isfinite(result_of(estimator, X)).all()
    pickle.loads(pickle.dumps(estimator)).partial_fit(X, y)


def test_an_interrupt_of_lbfgs_leaves_the_last_iteration(monkeypatch):
    estimator = LSTMClassifier(solver="lbfgs", hidden_layer_sizes=6, random_state=0)
    break_the_nth_pass(monkeypatch, 8, KeyboardInterrupt)
    with pytest.warns(UserWarning, match="interrupted"):
        estimator.fit(X, LABELS)
    assert 0 < estimator.n_iter_ < 8
    assert np.isfinite(estimator.predict_proba(X)).all()


def test_an_interrupt_before_training_leaves_everything(monkeypatch):
    estimator = make_estimator("classifier").fit(X, LABELS)
    before = state_of(estimator)
    monkeypatch.setattr(RecurrentNetwork, "initialize", raise_interrupt)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(make_arrays(n_features=5), LABELS)
    assert_unchanged(estimator, before)


def raise_interrupt(*arguments, **keywords):
    raise KeyboardInterrupt


DIVERGING = {
    "solver": "sgd",
    "learning_rate_init": 1e30,
    "max_grad_norm": None,
    "pooling": "mean",
    "momentum": 0.0,
}


def test_divergence_names_the_place_and_leaves_the_last_good_weights():
    estimator = make_estimator("regressor", **DIVERGING)
    message = r"became (inf|nan) in epoch 1, batch \d of 6.*Lower learning_rate_init"
    with pytest.raises(TrainingDivergedError, match=message) as caught:
        estimator.fit(X, NUMBERS)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, FloatingPointError)
    assert np.isfinite(estimator._network.parameters).all()
    assert estimator.predict(X).shape == (len(X),)
    estimator.set_params(learning_rate_init=0.1, max_grad_norm=1.0)
    assert estimator.fit(X, NUMBERS).score(X, NUMBERS) > 0


def test_divergence_in_partial_fit_leaves_the_last_good_weights():
    estimator = make_estimator("regressor").fit(X, NUMBERS)
    good = estimator.predict(X)
    with pytest.raises(TrainingDivergedError, match="in epoch 9, batch 1 of 6"):
        estimator.partial_fit(X, NUMBERS * 1e60)
    assert_array_equal(estimator.predict(X), good)
    assert len(estimator.loss_curve_) == 8
    estimator.partial_fit(X, NUMBERS)
    assert len(estimator.loss_curve_) == 9
    assert not np.array_equal(estimator.predict(X), good)


@pytest.mark.parametrize(
    "changes",
    [
        {"y": LABELS[:-1]},
        {"y": np.full(len(X), np.nan)},
        {"X": make_arrays(n_features=5), "y": LABELS[:-1]},
        {"X": np.zeros((48, 7)), "y": ["only"] * 48},
        {"X": [*X[:-1], np.full((3, 3), np.nan)]},
        {"sample_weight": np.zeros(len(X))},
        {"X_val": X},
        {"X": make_arrays(n_features=5), "X_val": X, "y_val": LABELS},
    ],
    ids=lambda changes: "_".join(changes),
)
@pytest.mark.parametrize("warm_start", [False, True])
def test_a_failed_fit_leaves_the_fitted_estimator_as_it_was(changes, warm_start):
    estimator = make_estimator("classifier", warm_start=warm_start).fit(X, LABELS)
    before = state_of(estimator)
    with pytest.raises(ValueError):
        estimator.fit(**{"X": X, "y": LABELS} | changes)
    assert_unchanged(estimator, before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_first_fit_leaves_nothing(kind):
    estimator = make_estimator(kind)
    before = state_of(estimator)
    with pytest.raises(ValueError):
        estimator.fit(X, target_for(kind, LABELS, NUMBERS), sample_weight=[1.0])
    assert_unchanged(estimator, before)


def test_a_crash_in_training_leaves_the_fitted_estimator_as_it_was(monkeypatch):
    estimator = make_estimator("classifier").fit(X, LABELS)
    before = state_of(estimator)
    break_the_nth_pass(monkeypatch, 5, MemoryError())
    with pytest.raises(MemoryError):
        estimator.partial_fit(X, LABELS)
    assert_unchanged(estimator, before)


def test_partial_fit_does_not_write_into_the_model_in_use():
    estimator = make_estimator("classifier").fit(X, LABELS)
    shadow = copy.copy(estimator)
    before = shadow.predict_proba(X)
    estimator.partial_fit(X, LABELS)
    assert_array_equal(shadow.predict_proba(X), before)
    assert len(shadow.loss_curve_) == 8
