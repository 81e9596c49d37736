"""Gradients of some rows of a table: steps, moments, and the norm they add to."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.network.parameters import RowGradient
from sklstm.training.gradients import L2Penalty, NormClipper
from sklstm.training.optimizers import SGD, Adam, AdamW, RMSprop

N_DENSE, N_ROWS, WIDTH = 9, 6, 4
N_PARAMETERS = N_DENSE + N_ROWS * WIDTH
RATE = 0.05
# Tables do not decay, so that of the whole vector must not, either.
MAKERS = {
    "sgd_plain": lambda p, g: SGD(p, g, momentum=0),
    "sgd_momentum": lambda p, g: SGD(p, g, momentum=0.8, nesterov=False),
    "sgd_nesterov": lambda p, g: SGD(p, g, momentum=0.8),
    "rmsprop": lambda p, g: RMSprop(p, g, rho=0.7, epsilon=1e-3),
    "adam": lambda p, g: Adam(p, g, beta_1=0.8, beta_2=0.95, epsilon=1e-3),
    "adamw": lambda p, g: AdamW(
        p, g, weight_decay=0.3, is_weight=np.arange(len(p)) < N_DENSE, epsilon=1e-3
    ),
}
each_optimizer = pytest.mark.parametrize("name", MAKERS)


def start(dtype=np.float64):
    return np.random.default_rng(0).normal(size=N_PARAMETERS).astype(dtype)


def rows_of(values, rows):
    table = values[N_DENSE:].reshape(N_ROWS, WIDTH)
    return RowGradient(N_DENSE, N_PARAMETERS, rows, table[rows].copy())


def steps_by_rows(name, gradients, rows, dtype=np.float64):
    parameters, gradient = start(dtype), np.empty(N_DENSE, dtype)
    optimizer = MAKERS[name](parameters, gradient)
    for values in gradients:
        gradient[:] = values[:N_DENSE]
        optimizer.step(RATE, [rows_of(values.astype(dtype), rows)])
    return parameters, optimizer.get_state()


def moments_of(state):
    return [value for value in state.values() if isinstance(value, np.ndarray)]


@each_optimizer
def test_steps_of_all_rows_are_those_of_the_whole_vector(name, dtype):
    gradients = np.random.default_rng(1).normal(size=(5, N_PARAMETERS)).astype(dtype)
    by_rows, state = steps_by_rows(name, gradients, np.arange(N_ROWS), dtype)
    parameters, gradient = start(dtype), np.empty(N_PARAMETERS, dtype)
    optimizer = MAKERS[name](parameters, gradient)
    for values in gradients:
        gradient[:] = values
        optimizer.step(RATE)
    assert_array_equal(by_rows, parameters)
    for one, other in zip(
        moments_of(state), moments_of(optimizer.get_state()), strict=True
    ):
        assert_array_equal(one, other)


@each_optimizer
def test_rows_that_are_not_seen_stay_with_their_moments(name):
    gradients = np.random.default_rng(2).normal(size=(2, N_PARAMETERS))
    parameters, gradient = start(), np.empty(N_DENSE)
    optimizer = MAKERS[name](parameters, gradient)
    rows = [np.array([0, 1, 2, 5]), np.array([1, 4])]
    tables = []
    for values, seen in zip(gradients, rows, strict=True):
        gradient[:] = values[:N_DENSE]
        optimizer.step(RATE, [rows_of(values, seen)])
        vectors = [parameters, *moments_of(optimizer.get_state())]
        tables.append([v[N_DENSE:].reshape(N_ROWS, WIDTH).copy() for v in vectors])
    untouched = start()[N_DENSE:].reshape(N_ROWS, WIDTH)
    assert_array_equal(tables[0][0][[3, 4]], untouched[[3, 4]])
    for before, after in zip(*tables, strict=True):
        assert_array_equal(before[[0, 2, 3, 5]], after[[0, 2, 3, 5]])
        if name != "sgd_plain" or before is tables[0][0]:  # which has no moments
            assert (before[[1, 4]] != after[[1, 4]]).all()


@each_optimizer
def test_blocks_of_rows_do_not_show(name, monkeypatch):
    gradients = np.random.default_rng(3).normal(size=(3, N_PARAMETERS))
    at_once, _ = steps_by_rows(name, gradients, np.arange(N_ROWS))
    monkeypatch.setattr("sklstm.training.optimizers.BLOCK_SIZE", 2 * WIDTH + 1)
    in_blocks, _ = steps_by_rows(name, gradients, np.arange(N_ROWS))
    assert_array_equal(in_blocks, at_once)


def test_the_rows_are_part_of_the_norm_and_are_clipped(dtype):
    values = np.random.default_rng(4).normal(size=N_PARAMETERS).astype(dtype)
    gradient, part = values[:N_DENSE].copy(), rows_of(values, np.array([1, 3, 4]))
    kept = part.values.copy()
    expected = np.sqrt(
        (values[:N_DENSE].astype(float) ** 2).sum() + (kept.astype(float) ** 2).sum()
    )
    norm = NormClipper(gradient, 0.25).clip([part])
    assert_allclose(norm, expected, rtol=1e-6)
    assert_allclose(gradient, values[:N_DENSE] * (0.25 / expected), rtol=1e-5)
    assert_allclose(part.values, kept * (0.25 / expected), rtol=1e-5)


def test_a_short_gradient_with_rows_is_left_alone():
    part = RowGradient(2, 4, np.array([0]), np.array([[3.0, 0.0]]))
    gradient = np.array([0.0, 4.0])
    assert NormClipper(gradient, 5.5).clip([part]) == 5
    assert_array_equal(gradient, [0, 4])
    assert_array_equal(part.values, [[3, 0]])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_bad_number_in_a_row_shows_in_the_norm(bad):
    part = RowGradient(2, 4, np.array([0]), np.array([[1.0, bad]]))
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(NormClipper(np.ones(2), None).clip([part]))


def test_the_penalty_leaves_tables_alone():
    parameters, gradient = start(), np.zeros(N_DENSE)
    is_weight = np.arange(N_PARAMETERS) < N_DENSE - 2
    penalty = L2Penalty(parameters, gradient, is_weight, 0.5)
    penalty.add_gradient()
    assert_allclose(gradient[:-2], 0.5 * parameters[: N_DENSE - 2])
    assert not gradient[-2:].any()
    assert_allclose(penalty.value(), 0.25 * (parameters[: N_DENSE - 2] ** 2).sum())
