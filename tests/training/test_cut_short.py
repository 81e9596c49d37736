"""A call of `train` that is cut short, and goes on in another process."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from training.problems import (
    fit_classes,
    fit_numbers,
    make_classes,
    make_network,
    make_numbers,
    make_sequences,
)

from sklstm.training import LEARNING_RATES, STOCHASTIC_SOLVERS
from sklstm.training.lbfgs import FullBatchObjective

SEQUENCES = make_sequences()
CLASSES = make_classes(SEQUENCES)
STOPPING = {"early_stopping": True, "validation_fraction": 0.3, "n_iter_no_change": 2}


class Kept:
    """A network's parameters and the state of its training."""

    def __init__(self, parameters, state):
        self.parameters, self.state = parameters, state


class Memory:
    """A checkpoint that keeps a copy of every epoch."""

    def __init__(self, saved=None):
        self.saved, self.kept = saved, []

    def save(self, network, state):
        self.kept.append(Kept(network.parameters.copy(), copy.deepcopy(state)))


def assert_goes_on(fit, make, **how):
    """From whichever epoch a call goes on, it ends like the one that was whole."""
    memory = Memory()
    network, whole = fit(network=make(), checkpoint=memory, **how)
    assert len(memory.kept) == whole.n_iter > 2
    for kept in memory.kept:
        # The first seed is in the state: another one must make no difference.
        again, state = fit(
            network=make(), checkpoint=Memory(kept), **(how | {"random_state": 7})
        )
        assert_array_equal(again.parameters, network.parameters)
        assert state.loss_curve == whole.loss_curve
        assert state.validation_scores == whole.validation_scores
        assert state.stop_reason == whole.stop_reason
        assert state.unfinished is whole.unfinished is None
        for name, value in (whole.optimizer or {}).items():
            assert_array_equal(state.optimizer[name], value)
        assert_array_equal(
            state.random_state["state"]["key"], whole.random_state["state"]["key"]
        )


def on_classes(**how):
    return fit_classes(SEQUENCES, CLASSES, **how)


@pytest.mark.parametrize("learning_rate", LEARNING_RATES)
@pytest.mark.parametrize("solver", STOCHASTIC_SOLVERS)
def test_a_call_goes_on_from_any_epoch(solver, learning_rate):
    how = {"solver": solver, "learning_rate": learning_rate, "max_iter": 4}
    assert_goes_on(on_classes, make_network, **how)


@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_early_stopping_goes_on_from_any_epoch(learning_rate):
    how = STOPPING | {"learning_rate": learning_rate, "learning_rate_init": 0.2}
    assert_goes_on(on_classes, make_network, **how, max_iter=20)


def test_noise_goes_on_from_any_epoch():
    def make():
        return make_network(dropout=0.3, recurrent_dropout=0.3, zoneout=0.3)

    assert_goes_on(on_classes, make, max_iter=4)


def test_lbfgs_goes_on_from_any_iteration():
    assert_goes_on(on_classes, make_network, solver="lbfgs", max_iter=6)
    assert_goes_on(on_classes, make_network, solver="lbfgs", max_iter=500, max_fun=9)


def test_lbfgs_evaluates_nothing_twice(monkeypatch):
    how, memory = {"solver": "lbfgs", "max_iter": 6}, Memory()
    network, _ = on_classes(network=make_network(), checkpoint=memory, **how)

    def refuse(self, parameters):
        raise AssertionError

    monkeypatch.setattr(FullBatchObjective, "__call__", refuse)
    again, state = on_classes(
        network=make_network(), checkpoint=Memory(memory.kept[-1]), **how
    )
    assert state.n_iter == 6
    assert_array_equal(again.parameters, network.parameters)


def test_numbers_keep_their_scale():
    def on_numbers(**how):
        y = make_numbers(SEQUENCES, center=1000.0, scale=50.0)
        return fit_numbers(SEQUENCES, y, **how)

    assert_goes_on(on_numbers, lambda: make_network(2), max_iter=4)


def test_a_state_between_calls_has_nothing_unfinished():
    _, state = on_classes(**STOPPING, max_iter=3)
    assert state.unfinished is None
    assert state.as_ended().optimizer is not state.optimizer
    for name, value in state.as_ended().optimizer.items():
        if isinstance(value, np.ndarray):
            assert not np.shares_memory(value, state.optimizer[name])
