"""The adding and the multiplication problem."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.datasets import make_adding, make_multiplication


@pytest.mark.parametrize("make", [make_adding, make_multiplication])
@pytest.mark.parametrize("n_timesteps", [2, 3, 10, 51])
def test_one_step_of_each_half_is_marked(make, n_timesteps):
    X, _ = make(500, n_timesteps=n_timesteps, random_state=0)
    assert X.shape == (500, n_timesteps, 2)
    markers = X[:, :, 1]
    assert set(np.unique(markers)) <= {0, 1}
    half = n_timesteps // 2
    assert_array_equal(markers[:, :half].sum(axis=1), 1)
    assert_array_equal(markers[:, half:].sum(axis=1), 1)


def test_every_step_is_marked_now_and_then():
    X, _ = make_adding(2000, n_timesteps=11, random_state=0)
    assert (X[:, :, 1].sum(axis=0) > 200).all()


def test_numbers_fill_the_unit_interval():
    X, _ = make_adding(200, random_state=0)
    numbers = X[:, :, 0]
    assert 0 <= numbers.min() < 0.001
    assert 0.999 < numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.01
    assert abs(numbers.var() - 1 / 12) < 0.002


def test_targets_are_sum_and_product_of_the_marked_numbers():
    X, y = make_adding(50, n_timesteps=30, random_state=0)
    marked = np.array([x[x[:, 1] == 1, 0] for x in X])
    assert_allclose(y, marked[:, 0] + marked[:, 1])
    X_again, product = make_multiplication(50, n_timesteps=30, random_state=0)
    assert_array_equal(X_again, X)
    assert_allclose(product, marked[:, 0] * marked[:, 1])


def test_predicting_the_mean_has_the_error_that_is_told():
    _, y = make_adding(50_000, n_timesteps=2, random_state=0)
    assert_allclose(np.mean((y - 1) ** 2), 1 / 6, rtol=0.02)
    _, y = make_multiplication(50_000, n_timesteps=2, random_state=0)
    assert_allclose(np.mean((y - 0.25) ** 2), 7 / 144, rtol=0.02)
