"""The penalty's gradient, and clipping by the global norm."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.training.gradients import L2Penalty, NormClipper
from sklstm.training.optimizers import BLOCK_SIZE


def test_penalty_gradient_matches_central_difference():
    rng = np.random.RandomState(0)
    parameters, gradient = rng.normal(size=9), rng.normal(size=9)
    is_weight = np.arange(9) % 4 > 0
    penalty = L2Penalty(parameters, gradient, is_weight, 0.3)
    before = gradient.copy()
    penalty.add_gradient()
    assert_gradient_matches(gradient - before, penalty.value, parameters, "parameters")
    assert_array_equal(gradient[~is_weight], before[~is_weight])


def test_penalty_reaches_every_block(dtype):
    n_parameters = 2 * BLOCK_SIZE + 3
    parameters = np.linspace(1, 2, n_parameters, dtype=dtype)
    gradient = np.ones(n_parameters, dtype=dtype)
    penalty = L2Penalty(parameters, gradient, parameters > 0, 0.5)
    penalty.add_gradient()
    assert gradient.dtype == dtype
    assert_allclose(gradient, 1 + 0.5 * parameters, rtol=1e-6)


@pytest.mark.parametrize("n_parameters", [1, 7, BLOCK_SIZE, 2 * BLOCK_SIZE + 3])
def test_a_long_gradient_is_scaled_to_the_norm(n_parameters, dtype):
    rng = np.random.RandomState(0)
    gradient = (5 * rng.normal(size=n_parameters)).astype(dtype)
    before = gradient.astype(np.float64)
    norm = NormClipper(gradient, 0.25).clip()
    assert_allclose(norm, np.sqrt((before**2).sum()), rtol=1e-6)
    assert_allclose(gradient, before * (0.25 / norm), rtol=1e-5)
    assert gradient.dtype == dtype


@pytest.mark.parametrize("max_norm", [100.0, None])
def test_a_short_gradient_is_left_alone(max_norm, dtype):
    gradient = np.array([3, 4], dtype=dtype)
    assert NormClipper(gradient, max_norm).clip() == 5
    assert_array_equal(gradient, [3, 4])


def test_norm_whose_square_overflows_is_still_measured_and_clipped():
    gradient = np.full(4, 1e25, dtype=np.float32)
    with np.errstate(over="ignore"):
        norm = NormClipper(gradient, 1.0).clip()
    assert_allclose(norm, 2e25, rtol=1e-6)
    assert_allclose(gradient, 0.5, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, BLOCK_SIZE + 1])
def test_one_bad_entry_shows_in_the_norm(bad, position):
    gradient = np.ones(BLOCK_SIZE + 2, dtype=np.float32)
    gradient[position] = bad
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(NormClipper(gradient, 1.0).clip())
