"""Masks of dropout and the random numbers they are made of."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

N_UNITS = 1024


def keys(*numbers):
    return np.array(numbers, dtype=np.uint32)


def draw(kernels, dtype, samples, *, seed=7, rate=0.25):
    mask = np.full((len(samples), N_UNITS), np.nan, dtype=dtype)
    kernels.draw_mask(seed, samples, rate, mask)
    return mask


def below(kernels, dtype, seed, sample, step, part, rate=0.5):
    numbers = np.empty(N_UNITS, dtype=dtype)
    kernels.random_numbers(seed, sample, step, part, round(rate * 65536), numbers)
    return numbers == 1


def share_of_agreement(a, b):
    return (a == b).mean()


@pytest.mark.parametrize("rate", [0.125, 0.5, 0.75])
def test_masks_leave_out_their_share_and_keep_the_mean(kernels, dtype, rate):
    mask = draw(kernels, dtype, keys(*range(20)), rate=rate)
    assert_array_equal(np.unique(mask), np.array([0, 1 / (1 - rate)], dtype))
    assert abs((mask == 0).mean() - rate) < 0.02


def test_every_sample_has_a_mask_of_its_own(kernels, dtype):
    mask = draw(kernels, dtype, keys(0, 1, 2, 1 << 20, 3), rate=0.5)
    for i in range(len(mask)):
        for j in range(i):
            assert abs(share_of_agreement(mask[i], mask[j]) - 0.5) < 0.1


def test_a_mask_depends_on_seed_and_sample_alone(kernels, dtype):
    mask = draw(kernels, dtype, keys(4, 9, 2))
    assert_array_equal(draw(kernels, dtype, keys(9))[0], mask[1])
    assert (draw(kernels, dtype, keys(9), seed=8)[0] != mask[1]).any()


def test_numbers_of_different_places_are_independent(kernels, dtype):
    """Seed, sample, step and part each make other numbers, and so do units."""
    places = [(3, 5, 0, 0), (3, 5, 0, 1), (4, 5, 0, 0), (3, 6, 0, 0), (3, 5, 1, 0)]
    drawn = [below(kernels, dtype, *place) for place in places]
    for i in range(len(drawn)):
        assert abs(drawn[i].mean() - 0.5) < 0.1
        assert abs(share_of_agreement(drawn[i][1:], drawn[i][:-1]) - 0.5) < 0.1
        for j in range(i):
            assert abs(share_of_agreement(drawn[i], drawn[j]) - 0.5) < 0.1
