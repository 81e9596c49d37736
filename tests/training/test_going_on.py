"""Going on where a call ended: partial fits, warm starts, pickles in between."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from training.problems import (
    Recording,
    fit_classes,
    fit_numbers,
    make_classes,
    make_network,
    make_numbers,
    make_sequences,
)

from sklstm.training import (
    LEARNING_RATES,
    STOCHASTIC_SOLVERS,
    CrossEntropy,
    SquaredError,
    TrainingOptions,
    train,
)

SEQUENCES = make_sequences()
CLASSES = make_classes(SEQUENCES)


def partial_fits(n_calls, *, network=None, state=None, loss=None, **options):
    """Calls of `train` that go on, each from a pickle of what the last one left."""
    network = make_network() if network is None else network
    loss = CrossEntropy(3) if loss is None else loss
    for _ in range(n_calls):
        state = train(
            network,
            SEQUENCES,
            CLASSES,
            loss=loss,
            options=TrainingOptions(**options),
            random_state=0,
            state=state,
            incremental=True,
        )
        network, loss, state = pickle.loads(pickle.dumps((network, loss, state)))
    return network, state


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling"])
@pytest.mark.parametrize("solver", STOCHASTIC_SOLVERS)
def test_partial_fits_are_the_epochs_of_a_fit(solver, learning_rate):
    options = {"solver": solver, "learning_rate": learning_rate, "max_iter": 4}
    at_once, fitted = fit_classes(SEQUENCES, CLASSES, **options)
    in_pieces, state = partial_fits(4, **options)
    assert_array_equal(in_pieces.parameters, at_once.parameters)
    assert state.loss_curve == fitted.loss_curve
    assert (state.n_iter, state.n_epochs, state.n_updates) == (1, 4, fitted.n_updates)
    assert state.optimizer["n_updates"] == fitted.n_updates


def noisy_network():
    return make_network(dropout=0.25, recurrent_dropout=0.25, zoneout=0.25)


def test_partial_fits_draw_the_noise_of_a_fit():
    at_once, fitted = fit_classes(
        SEQUENCES, CLASSES, network=noisy_network(), max_iter=4
    )
    in_pieces, state = partial_fits(4, network=noisy_network())
    assert_array_equal(in_pieces.parameters, at_once.parameters)
    assert state.loss_curve == fitted.loss_curve


def test_every_update_has_noise_of_its_own():
    seeds = []
    for random_state in (0, 1):
        network = Recording(noisy_network())
        _, state = fit_classes(
            SEQUENCES, CLASSES, network=network, random_state=random_state
        )
        fit_classes(SEQUENCES, CLASSES, network=network, state=state)
        assert len(network.seeds) > 6  # several batches in each of six epochs
        seeds += network.seeds
    assert len(set(seeds)) == len(seeds)


def test_partial_fits_with_cosine_stay_at_the_first_rate():
    """How many pieces are to come is not known: there is no wave to go along."""
    cosine, _ = partial_fits(4, learning_rate="cosine", max_iter=2)
    constant, _ = partial_fits(4, learning_rate="constant", max_iter=2)
    assert_array_equal(cosine.parameters, constant.parameters)


def test_partial_fits_keep_the_first_scale():
    """Later pieces have other means; predictions must not jump."""
    loss, network, state = SquaredError(2), make_network(2), None
    options = TrainingOptions(learning_rate_init=1e-9)
    for shift in (10.0, 1000.0):
        state = train(
            network,
            SEQUENCES,
            make_numbers(SEQUENCES, center=shift),
            loss=loss,
            options=options,
            random_state=0,
            state=state,
            incremental=True,
        )
        assert_allclose(loss.center, 10, atol=2)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_warm_start_goes_on_with_moments_and_random_numbers(solver):
    options = {"solver": solver, "max_iter": 2}
    longer, whole = fit_classes(SEQUENCES, CLASSES, **(options | {"max_iter": 4}))
    network, state = fit_classes(SEQUENCES, CLASSES, **options)
    _, state = fit_classes(
        SEQUENCES, CLASSES, network=network, state=state, random_state=99, **options
    )
    assert_array_equal(network.parameters, longer.parameters)
    assert state.loss_curve == whole.loss_curve
    assert (state.n_iter, state.n_epochs) == (2, 4)


@pytest.mark.parametrize("learning_rate", LEARNING_RATES)
def test_a_warm_start_begins_its_schedule_anew(learning_rate):
    options = {
        "learning_rate": learning_rate,
        "learning_rate_init": 1e-9,
        "n_iter_no_change": 1,
        "max_iter": 4,
    }
    network, state = fit_classes(SEQUENCES, CLASSES, **options)
    if learning_rate == "adaptive":
        assert_allclose(state.schedule_factor, 5.0**-3)
    _, again = fit_classes(SEQUENCES, CLASSES, network=network, state=state, **options)
    assert again.schedule_position == state.schedule_position == state.n_iter
    assert again.schedule_factor == state.schedule_factor
    assert again.n_iter == state.n_iter


def test_a_warm_start_may_change_the_solver():
    network, state = fit_classes(SEQUENCES, CLASSES, solver="sgd", max_iter=2)
    for solver in ("adam", "lbfgs", "rmsprop"):
        before = state.loss
        _, state = fit_classes(
            SEQUENCES, CLASSES, network=network, state=state, solver=solver, max_iter=5
        )
        assert state.loss < before


def test_a_state_is_not_written_to_by_the_call_that_continues_it():
    network, state = partial_fits(2)
    before = pickle.dumps(state)
    partial_fits(2, network=network, state=state)
    assert pickle.dumps(state) == before


def test_two_copies_that_go_on_do_not_meet():
    network, state = partial_fits(2)
    first = partial_fits(2, network=pickle.loads(pickle.dumps(network)), state=state)
    second = partial_fits(2, network=network, state=state)
    assert_array_equal(first[0].parameters, second[0].parameters)


def test_a_state_is_plain_values():
    _, state = partial_fits(1)

    def kinds(value):
        if isinstance(value, dict):
            return set().union(*(kinds(part) for part in value.values()))
        if isinstance(value, list):
            return set().union(*(kinds(part) for part in value))
        return {type(value)}

    allowed = {int, float, str, bool, type(None), np.ndarray}
    assert kinds(vars(state)) <= allowed
    assert len(repr(state)) < 400


def test_moments_from_a_read_only_map_are_copied():
    network, state = partial_fits(2)
    for value in state.optimizer.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    expected, _ = partial_fits(3)
    network, _ = partial_fits(1, network=network, state=state)
    assert_array_equal(network.parameters, expected.parameters)


def test_a_scale_of_zero_width_does_not_stop_later_pieces():
    loss, network = SquaredError(2), make_network(2)
    constant = np.full((40, 2), 7.0)
    _, state = fit_numbers(SEQUENCES, constant, network=network, loss=loss)
    _, state = fit_numbers(
        SEQUENCES, make_numbers(SEQUENCES), network=network, loss=loss, state=state
    )
    assert np.isfinite(state.loss)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"solver": "lbfgs"}, "partial_fit needs a stochastic solver"),
        ({"early_stopping": True}, "partial_fit does not support early_stopping"),
    ],
)
def test_pieces_and_whole_data_do_not_mix(options, message):
    with pytest.raises(ValueError, match=message):
        partial_fits(1, **options)
