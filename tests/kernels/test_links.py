"""Softmax and the padding of short rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

TOLERANCE = {np.float32: 1e-6, np.float64: 1e-14}


def softmax(kernels, rows):
    result = rows.copy()
    kernels.softmax(result)
    return result


def column_counts(kernels):
    lanes = kernels.lanes()
    return sorted({1, 2, max(1, lanes - 1), lanes, lanes + 1, 2 * lanes + 3})


def test_softmax_equals_its_definition_at_every_width(kernels, dtype):
    rng = np.random.default_rng(0)
    for n_columns in column_counts(kernels):
        rows = rng.normal(scale=5, size=(7, n_columns)).astype(dtype)
        exact = np.exp(rows.astype(np.float64))
        exact /= exact.sum(axis=1, keepdims=True)
        result = softmax(kernels, rows)
        assert_allclose(result, exact, rtol=20 * TOLERANCE[dtype])
        assert_allclose(result.sum(axis=1), 1, rtol=TOLERANCE[dtype])


def test_softmax_survives_scores_that_overflow_exp(kernels, dtype):
    rows = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4]], dtype=dtype)
    assert_array_equal(softmax(kernels, rows), [[1, 0, 0], [0.5, 0.5, 0]])


def test_softmax_of_a_row_is_the_same_alone(kernels, dtype):
    rng = np.random.default_rng(1)
    for n_columns in column_counts(kernels):
        rows = rng.normal(size=(5, n_columns)).astype(dtype)
        together = softmax(kernels, rows)
        for row in range(5):
            alone = softmax(kernels, rows[row : row + 1].copy())
            assert_array_equal(alone[0], together[row])


def test_nan_makes_its_own_row_nan_whatever_its_column(kernels, dtype):
    rows = np.arange(12, dtype=dtype).reshape(3, 4)
    expected = softmax(kernels, rows)
    for column in range(4):
        spoiled = rows.copy()
        spoiled[1, column] = np.nan
        result = softmax(kernels, spoiled)
        assert np.isnan(result[1]).all()
        assert_array_equal(result[[0, 2]], expected[[0, 2]])


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_softmax_of_nothing_is_nothing(kernels, dtype, shape):
    assert softmax(kernels, np.empty(shape, dtype=dtype)).shape == shape


def test_log_softmax_equals_its_definition_at_every_width(kernels, dtype):
    rng = np.random.default_rng(2)
    for n_columns in column_counts(kernels):
        rows = rng.normal(scale=5, size=(7, n_columns)).astype(dtype)
        result = rows.copy()
        kernels.log_softmax(result)
        exact = rows.astype(np.float64)
        exact = exact - np.logaddexp.reduce(exact, axis=1, keepdims=True)
        assert_allclose(result, exact, rtol=2 * TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_log_softmax_is_finite_where_softmax_is_not_and_keeps_nan(kernels, dtype):
    rows = np.array([[1e4, 0, -1e4], [0, np.nan, 1], [0, -np.inf, 0]], dtype=dtype)
    kernels.log_softmax(rows)
    assert_array_equal(rows[0], [0, -1e4, -2e4])
    assert np.isnan(rows[1]).all()
    assert_allclose(rows[2], [-np.log(2), -np.inf, -np.log(2)], rtol=1e-6)
