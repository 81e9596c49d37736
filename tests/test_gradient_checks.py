"""The checker of gradients is a judge: it must also condemn."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda gradient: 0 * gradient, "all elements are zero"),
        (lambda gradient: -gradient, "sign is wrong"),
        (lambda gradient: gradient * [[1.0, 1.0001]], r"wrong columns 1\)"),
        (lambda gradient: gradient * [[1.0], [np.nan]], "2 elements are NaN"),
        (lambda gradient: gradient.T[:1], "shape"),
    ],
)
def test_gradient_check_refuses_a_wrong_gradient(spoil, message):
    x = np.array([[0.5, -1.0], [2.0, 3.0]])
    with pytest.raises(AssertionError, match=message):
        assert_gradient_matches(spoil(3 * x**2), lambda: (x**3).sum(), x, "x")
    assert_gradient_matches(3 * x**2, lambda: (x**3).sum(), x, "x")


def test_gradient_check_refuses_a_loss_that_ignores_the_argument():
    x = np.ones((2, 2))
    with pytest.raises(AssertionError, match="does not depend on x"):
        assert_gradient_matches(np.zeros((2, 2)), lambda: 1.0, x, "x")
