"""Options: names, which solver reads what, and the batch size."""

import math

import pytest

from sklstm.training import SOLVERS, TrainingOptions


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_takes_the_defaults(solver):
    assert TrainingOptions(solver=solver).solver == solver


@pytest.mark.parametrize(
    "wrong, reader",
    [
        ({"solver": "adam", "momentum": 0.5}, "solver='sgd'"),
        ({"solver": "sgd", "beta_1": 0.5}, "solver='adam' or solver='adamw'"),
        ({"solver": "lbfgs", "batch_size": 8}, "solver='adam'"),
        ({"solver": "lbfgs", "early_stopping": True}, "solver='adam'"),
        ({"solver": "lbfgs", "max_grad_norm": None}, "solver='adam'"),
        ({"solver": "rmsprop", "max_fun": 3}, "solver='lbfgs'"),
    ],
)
def test_an_option_that_the_solver_does_not_read_is_an_error(wrong, reader):
    name = list(wrong)[1]
    with pytest.raises(ValueError, match=f"{name}=.* has no effect .*{reader}"):
        TrainingOptions(**wrong)


@pytest.mark.parametrize("name", ["solver", "learning_rate"])
def test_unknown_names_are_errors_that_list_the_known_ones(name):
    with pytest.raises(ValueError, match=f"{name}='fast' is unknown; .*'adam|constant"):
        TrainingOptions(**{name: "fast"})


def test_options_are_picked_from_the_parameters_of_an_estimator():
    parameters = {"cell": "gru", "max_iter": 3, "alpha": 0.5, "n_jobs": 2}
    options = TrainingOptions.from_parameters(parameters)
    assert options == TrainingOptions(max_iter=3, alpha=0.5)


def test_a_given_batch_size_is_kept_and_cut_to_the_data():
    options = TrainingOptions(batch_size=50)
    assert options.resolve_batch_size(1000) == 50
    assert options.resolve_batch_size(20) == 20


def test_automatic_batches_are_many_or_small():
    options = TrainingOptions()
    assert options.resolve_batch_size(100_000) == 32
    assert options.resolve_batch_size(3) == 3
    for n_samples in range(8, 400):
        batch_size = options.resolve_batch_size(n_samples)
        assert 8 <= batch_size <= 32
        assert batch_size == 8 or math.ceil(n_samples / batch_size) >= 6


@pytest.mark.parametrize(
    "options, windows",
    [
        ({}, (None, False)),
        ({"checkpoint_steps": 5}, (5, False)),
        ({"bptt_steps": 3}, (3, True)),
    ],
)
def test_pieces_of_time_are_cut_for_bptt_alone(options, windows):
    found = TrainingOptions(**options).windows
    assert (found["window_steps"], found["truncate"]) == windows
