"""When training stops: epochs, plateaus, validation, hooks, an interrupt."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from training.problems import (
    Interrupting,
    fit_classes,
    fit_numbers,
    make_classes,
    make_network,
    make_numbers,
    make_sequences,
)

from sklstm.sequences.packing import pack_batch
from sklstm.training import (
    STOCHASTIC_SOLVERS,
    CrossEntropy,
    Poisson,
)

SEQUENCES = make_sequences()
CLASSES = make_classes(SEQUENCES)
NUMBERS = make_numbers(SEQUENCES)
RATES = {"adam": 0.02, "adamw": 0.02, "rmsprop": 0.01, "sgd": 0.1}


@pytest.mark.parametrize("solver", STOCHASTIC_SOLVERS)
def test_training_stops_when_the_loss_does_not_fall(solver):
    options = {"learning_rate_init": 1e-9, "n_iter_no_change": 4, "max_iter": 50}
    _, state = fit_classes(SEQUENCES, CLASSES, solver=solver, **options)
    assert state.stop_reason == "tol"
    assert state.n_iter == len(state.loss_curve) == 5


def test_a_plateau_does_not_end_a_cosine_schedule():
    options = {"learning_rate_init": 1e-9, "n_iter_no_change": 4, "max_iter": 12}
    _, state = fit_classes(SEQUENCES, CLASSES, learning_rate="cosine", **options)
    assert state.stop_reason == "max_iter"
    assert state.n_iter == 12
    _, state = fit_classes(
        SEQUENCES, CLASSES, learning_rate="cosine", early_stopping=True, **options
    )
    assert state.stop_reason == "early_stopping"  # asked for, so it is obeyed


def test_a_negative_loss_does_not_end_a_cosine_schedule():
    """The loss of counts leaves out a constant and falls below zero."""
    counts = np.where(CLASSES, 0.0, 30.0)
    _, state = fit_numbers(
        SEQUENCES, counts, network=make_network(1), loss=Poisson(),
        learning_rate="cosine", learning_rate_init=0.03, max_iter=60, tol=1.0,
    )  # fmt: skip
    assert state.best_loss < 0
    assert state.stop_reason == "max_iter"


def test_training_stops_at_max_iter():
    _, state = fit_classes(SEQUENCES, CLASSES, max_iter=7)
    assert state.stop_reason == "max_iter"
    assert state.n_iter == state.n_epochs == len(state.loss_curve) == 7
    assert state.n_updates == 7 * 5  # 40 samples in batches of 8


def test_adaptive_rates_fall_before_training_stops():
    rates = []
    _, state = fit_classes(
        SEQUENCES,
        CLASSES,
        learning_rate="adaptive",
        learning_rate_init=1e-9,
        n_iter_no_change=2,
        max_iter=50,
        on_epoch=lambda state: rates.append(state.n_epochs),
    )
    assert state.stop_reason == "learning_rate"
    assert state.n_iter == 1 + 5 * 2
    assert_allclose(state.schedule_factor, 5.0**-5)


def test_cosine_falls_from_update_to_update():
    constant, _ = fit_classes(SEQUENCES, CLASSES, max_iter=1)
    cosine, _ = fit_classes(SEQUENCES, CLASSES, max_iter=1, learning_rate="cosine")
    start = make_network()
    CrossEntropy(3).initialize_outputs(start, CLASSES)
    moved = np.abs(constant.parameters - start.parameters).sum()
    assert np.abs(cosine.parameters - start.parameters).sum() < 0.8 * moved


def test_lbfgs_stops_when_the_gradient_is_small():
    _, state = fit_classes(
        SEQUENCES, CLASSES, solver="lbfgs", alpha=5.0, tol=1e-3, max_iter=500
    )
    assert state.stop_reason == "tol"
    assert 3 < state.n_iter < 500
    assert (np.diff(state.loss_curve) < 0).all()


def test_lbfgs_stops_when_its_evaluations_are_spent():
    _, state = fit_classes(SEQUENCES, CLASSES, solver="lbfgs", max_fun=5, max_iter=500)
    assert state.stop_reason == "max_fun"


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_on_epoch_sees_every_epoch_and_can_stop(solver):
    seen = []

    def stop_at_three(state):
        seen.append((state.n_iter, state.loss))
        return state.n_iter == 3

    _, state = fit_classes(
        SEQUENCES, CLASSES, solver=solver, max_iter=9, on_epoch=stop_at_three
    )
    assert state.stop_reason == "callback"
    assert seen == list(zip((1, 2, 3), state.loss_curve, strict=True))


@pytest.mark.parametrize("at", [1, 3, 8])
def test_an_interrupt_leaves_a_network_that_works(at):
    network = make_network()
    start = network.parameters.copy()
    _, state = fit_classes(SEQUENCES, CLASSES, network=Interrupting(network, at))
    assert state.stop_reason == "interrupted"
    assert state.n_updates == at - 1
    assert state.n_epochs == (at - 1) // 5
    assert len(state.loss_curve) == -(-(at - 1) // 5)  # with the epoch begun
    moved = network.parameters[network.is_weight] != start[network.is_weight]
    assert moved.any() == (at > 1)
    # The packed copies of the weights are those of the last update.
    copy = make_network()
    copy.set_parameters(network.parameters)
    batch = pack_batch(SEQUENCES)
    assert_array_equal(network.predict(batch), copy.predict(batch))


def test_an_interrupted_lbfgs_keeps_its_last_iteration():
    def interrupt(state):
        if state.n_iter == 4:
            raise KeyboardInterrupt

    interrupted, state = fit_classes(
        SEQUENCES, CLASSES, solver="lbfgs", max_iter=20, on_epoch=interrupt
    )
    short, _ = fit_classes(SEQUENCES, CLASSES, solver="lbfgs", max_iter=4)
    assert state.stop_reason == "interrupted"
    assert_array_equal(interrupted.parameters, short.parameters)
