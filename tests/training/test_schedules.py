"""Learning rates over time."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklstm.training import TrainingOptions
from sklstm.training.schedules import make_schedule


def schedule(learning_rate, **options):
    return make_schedule(
        TrainingOptions(learning_rate=learning_rate, learning_rate_init=0.4, **options)
    )


def test_constant_stays_and_ends_at_a_plateau():
    constant = schedule("constant")
    assert constant.rate(0) == constant.rate(57.3) == 0.4
    assert not constant.reduce()


def test_inverse_scaling_falls_by_epochs():
    inverse = schedule("invscaling", power_t=0.5)
    assert_allclose(
        [inverse.rate(position) for position in (0, 0.99, 1, 3.5, 8)],
        [0.4, 0.4, 0.4 / 2**0.5, 0.2, 0.4 / 3],
    )


def test_adaptive_divides_by_five_until_it_is_too_small():
    adaptive = schedule("adaptive")
    rates = []
    while adaptive.reduce():
        rates.append(adaptive.rate(3))
    assert_allclose(rates, [0.08, 0.016, 0.0032, 0.00064])


def test_cosine_falls_from_the_initial_rate_to_nearly_zero():
    cosine = schedule("cosine", max_iter=20)
    rates = [cosine.rate(position) for position in np.arange(0, 20, 0.25)]
    assert rates[0] == 0.4
    assert_allclose(rates[40], 0.2)
    assert (np.diff(rates) <= 0).all()
    assert 0 < rates[-1] < 0.001


def test_cosine_stays_at_its_end():
    cosine = schedule("cosine", max_iter=20)
    assert cosine.rate(100) == cosine.rate(20) == 0
    assert cosine.rate(19.5) > 0


@pytest.mark.parametrize("name", ["invscaling", "cosine"])
def test_schedules_that_know_their_way_end_at_a_plateau(name):
    assert not schedule(name).reduce()
