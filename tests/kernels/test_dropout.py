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


def noise(kernels, dtype, samples, offsets, *, width=40, seed=7, n_threads=1):
    offsets = np.array(offsets, dtype=np.intp)
    rows = np.zeros((offsets[-1], width), dtype=dtype)
    out = np.full(rows.shape, np.nan, dtype=dtype)
    kernels.add_noise(seed, keys(*samples), offsets, 1.0, rows, out, n_threads)
    return out


def test_noise_is_normal(kernels, dtype):
    """Mean, deviation, and the shares within one, two and three deviations."""
    values = noise(kernels, dtype, range(50), np.arange(101) * 50)
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01
    for distance, share in [(1, 0.6827), (2, 0.9545), (3, 0.9973)]:
        assert abs((np.abs(values) < distance).mean() - share) < 0.005
    assert np.abs(values).max() < 5
    together = np.corrcoef(values.T) - np.eye(values.shape[1])
    assert np.abs(together).max() < 0.06


def test_noise_is_added_with_its_deviation(kernels, dtype):
    width = kernels.lanes() + 3
    rows = np.linspace(-2, 2, 6 * width).reshape(6, width).astype(dtype)
    offsets, out = np.array([0, 3, 6], dtype=np.intp), np.empty_like(rows)
    kernels.add_noise(7, keys(0, 1, 2), offsets, 0.5, rows, out, 1)
    drawn = noise(kernels, dtype, range(3), offsets, width=width)
    assert_array_equal(out, rows + np.asarray(0.5, dtype) * drawn)


def test_noise_depends_on_seed_sample_step_and_channel_alone(kernels, dtype):
    offsets = [0, 4, 7, 9]
    together = noise(kernels, dtype, [3, 8, 1, 5], offsets)
    assert len(np.unique(together)) > 0.9 * together.size
    alone = noise(kernels, dtype, [8], [0, 1, 2, 3])
    assert_array_equal(alone, together[[1, 5, 8]])
    narrow = noise(kernels, dtype, [8], [0, 1, 2, 3], width=5)
    assert_array_equal(narrow, alone[:, :5])
    for n_threads in (2, 3):
        many = noise(kernels, dtype, range(99), np.arange(200) * 99, width=30)
        team = noise(
            kernels, dtype, range(99), np.arange(200) * 99, width=30,
            n_threads=n_threads,
        )  # fmt: skip
        assert_array_equal(team, many)
    assert (noise(kernels, dtype, [8], [0, 1], seed=8) != alone[:1]).all()
