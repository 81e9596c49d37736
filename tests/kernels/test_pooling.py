"""Pooling over the steps of packed sequences, and the way back."""

from types import SimpleNamespace

import numpy as np
import pytest
from framed_arrays import Framed, read_only
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.network.steps import BatchPlan, time_windows

# Descending, as in a packed batch; sequences without steps come last.
LENGTHS = np.array([9, 9, 7, 3, 1, 0], dtype=np.intp)


class PoolingProblem:
    """Packed rows of hidden states, and NumPy's answers sequence by sequence.

    Parameters
    ----------
    kernels : module
    dtype : dtype
    lengths : ndarray of intp, default=LENGTHS
        Descending.
    n_registers : int, default=3
        Width of a row.
    reverse : bool, default=False
        Whether the steps are visited from the last to the first.
    """

    def __init__(
        self, kernels, dtype, lengths=LENGTHS, n_registers=3, reverse=False
    ):  # fmt: skip
        self.kernels, self.dtype, self.lengths = kernels, dtype, lengths
        self.reverse = reverse
        n_alive = [(lengths > t).sum() for t in range(lengths[0])]
        self.offsets = np.concatenate([[0], np.cumsum(n_alive)]).astype(np.intp)
        self.batch = SimpleNamespace(
            n_samples=len(lengths), offsets=self.offsets, lengths=lengths
        )
        rng = np.random.default_rng(0)
        shape = self.offsets[-1], n_registers * kernels.lanes()
        # Few different values: many ties.
        self.rows = rng.integers(-4, 5, size=shape).astype(dtype)
        self.d_pooled = rng.normal(size=(len(lengths), shape[1])).astype(dtype)

    def sequence(self, sample):
        """Packed rows of a sequence."""
        return self.offsets[: self.lengths[sample]] + sample

    def pool(self, name, n_threads=1, window_steps=None):
        """Pooled vectors and the gradient of the rows, by the kernels."""
        shape = self.d_pooled.shape
        pooled, d_rows = Framed(shape, self.dtype), Framed(self.rows.shape, self.dtype)
        without = Framed(shape, self.dtype)
        largest = np.full(shape, -7, dtype=np.intp)
        plans = self.plans(n_threads, window_steps)
        for k, plan in enumerate(plans):
            rows = read_only(self.rows[plan.rows])
            is_first, is_last = k == 0, k == len(plans) - 1
            if name == "mean":
                self.kernels.pool_mean(
                    rows, plan.steps, self.lengths, pooled.array, is_first, is_last,
                    n_threads,
                )  # fmt: skip
                continue
            for array, places in ((pooled.array, largest), (without.array, None)):
                self.kernels.pool_max(
                    rows, plan.steps, self.lengths, array, places, is_first, is_last,
                    n_threads,
                )  # fmt: skip
        if name == "max":
            assert_array_equal(without.array, pooled.array)
        for plan in plans:
            self.pool_backward(name, plan, largest, d_rows.array[plan.rows], n_threads)
        pooled.assert_frame_untouched()
        d_rows.assert_frame_untouched()
        return pooled.array, d_rows.array

    def pool_backward(self, name, plan, largest, d_rows, n_threads):
        """The gradient of the rows of a window."""
        d_pooled = read_only(self.d_pooled)
        if name == "mean":
            self.kernels.pool_mean_backward(
                d_pooled, plan.steps, self.lengths, d_rows, n_threads
            )
        else:
            self.kernels.pool_max_backward(
                d_pooled, largest, plan.steps, d_rows, n_threads
            )

    def plans(self, n_threads, window_steps):
        """The windows in the order they are visited."""
        windows = time_windows(len(self.offsets) - 1, window_steps)
        return [
            BatchPlan(self.batch, n_threads, True, reverse=self.reverse, window=window)
            for window in (windows[::-1] if self.reverse else windows)
        ]


def test_mean_is_that_of_each_sequence(kernels, dtype):
    problem = PoolingProblem(kernels, dtype)
    pooled, d_rows = problem.pool("mean")
    for sample, length in enumerate(problem.lengths):
        rows = problem.sequence(sample)
        wanted = problem.rows[rows].sum(axis=0) / max(length, 1)
        assert_allclose(pooled[sample], wanted, rtol=1e-6)
        share = problem.d_pooled[sample] / max(length, 1)
        assert_allclose(d_rows[rows], np.tile(share, (length, 1)), rtol=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
def test_maximum_is_the_first_visited_of_each_sequence(kernels, dtype, reverse):
    problem = PoolingProblem(kernels, dtype, reverse=reverse)
    pooled, d_rows = problem.pool("max")
    for sample, length in enumerate(problem.lengths):
        rows = problem.rows[problem.sequence(sample)]
        gradient = np.zeros_like(rows)
        if length:
            units = np.arange(rows.shape[1])
            largest = rows.argmax(axis=0)
            if reverse:
                largest = length - 1 - rows[::-1].argmax(axis=0)
            gradient[largest, units] = problem.d_pooled[sample]
        assert_array_equal(
            pooled[sample], rows.max(axis=0, initial=-9) if length else 0
        )
        assert_array_equal(d_rows[problem.sequence(sample)], gradient)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", ["mean", "max"])
def test_pooling_has_the_same_bits_in_windows(kernels, dtype, name, reverse):
    problem = PoolingProblem(kernels, dtype, reverse=reverse)
    problem.rows += np.linspace(0, 1, problem.rows.size).reshape(problem.rows.shape)
    whole = problem.pool(name)
    for window_steps in (1, 2, 4, 8):
        parts = problem.pool(name, window_steps=window_steps)
        for found, expected in zip(parts, whole, strict=True):
            assert_array_equal(found, expected)


def test_nan_is_the_maximum_and_stays(kernels, dtype):
    problem = PoolingProblem(kernels, dtype)
    problem.rows[problem.sequence(1)[4], 1] = np.nan
    pooled, _ = problem.pool("max")
    assert_array_equal(np.argwhere(np.isnan(pooled)), [[1, 1]])


@pytest.mark.parametrize("name", ["mean", "max"])
def test_pooling_has_the_same_bits_for_every_team(kernels, dtype, name):
    """Enough rows that every thread has sequences of its own."""
    lengths = np.sort(np.random.default_rng(1).integers(0, 60, size=70))[::-1]
    n_registers = -(-400_000 // (lengths.sum() * kernels.lanes()))
    problem = PoolingProblem(kernels, dtype, lengths.astype(np.intp), n_registers)
    one = problem.pool(name)
    for n_threads in (2, 3):
        for found, wanted in zip(problem.pool(name, n_threads), one, strict=True):
            assert_array_equal(found, wanted)
