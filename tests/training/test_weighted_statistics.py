"""Weighted means and quantiles: equal weights, repeated rows, hand-computed cases."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.training.weighted_statistics import (
    deviation_or_one,
    weighted_mean,
    weighted_quantile,
)


@pytest.mark.parametrize("n_rows", [1, 2, 7, 8])
def test_half_quantile_is_the_median(n_rows):
    values = np.random.RandomState(n_rows).normal(size=(n_rows, 3))
    assert_array_equal(weighted_quantile(values, None, 0.5), np.median(values, axis=0))


@pytest.mark.parametrize("q", [0.0, 0.1, 0.3, 0.5, 0.77, 1.0])
def test_integer_weights_are_repetitions(q):
    rng = np.random.RandomState(0)
    values = rng.normal(size=(9, 2)).round(1)  # with ties
    counts = rng.randint(1, 6, size=9)
    repeated = np.repeat(values, counts, axis=0)
    assert_array_equal(
        weighted_quantile(values, counts, q), weighted_quantile(repeated, None, q)
    )
    assert_allclose(weighted_mean(values, counts), repeated.mean(axis=0))


def test_quantile_between_two_values_is_their_mean():
    values = np.array([[3.0], [1.0], [2.0], [4.0]])
    weights = np.array([0.1, 0.1, 0.1, 0.1])  # whose sums are not exact
    assert weighted_quantile(values, weights, 0.75) == [3.5]
    assert weighted_quantile(values, weights, 0.5) == [2.5]
    assert weighted_quantile(values, weights, 0.6) == [3.0]


@pytest.mark.parametrize("unit", [1e-300, 1e-30, 1e30, 1e300])
def test_the_unit_of_the_weights_does_not_matter(unit):
    rng = np.random.RandomState(0)
    values, weights = rng.normal(size=(9, 2)), rng.uniform(1, 2, size=9)
    assert_allclose(
        weighted_mean(values, unit * weights), weighted_mean(values, weights)
    )
    assert_array_equal(
        weighted_quantile(values, unit * weights, 0.4),
        weighted_quantile(values, weights, 0.4),
    )


def test_deviation_that_is_rounding_counts_as_none():
    deviation = deviation_or_one(np.array([0.0, 1e-10, 2.0]), np.array([0, 1e9, 1e9]))
    assert_array_equal(deviation, [1, 1, 2])
