"""Pooling over the steps of packed sequences, and the way back."""

import numpy as np
import pytest
from framed_arrays import Framed, read_only
from numpy.testing import assert_allclose, assert_array_equal

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
    """

    def __init__(self, kernels, dtype, lengths=LENGTHS, n_registers=3):
        self.kernels, self.dtype, self.lengths = kernels, dtype, lengths
        n_alive = [(lengths > t).sum() for t in range(lengths[0])]
        self.offsets = np.concatenate([[0], np.cumsum(n_alive)]).astype(np.intp)
        rng = np.random.default_rng(0)
        shape = self.offsets[-1], n_registers * kernels.lanes()
        # Few different values: many ties.
        self.rows = rng.integers(-4, 5, size=shape).astype(dtype)
        self.d_pooled = rng.normal(size=(len(lengths), shape[1])).astype(dtype)

    def sequence(self, sample):
        """Packed rows of a sequence."""
        return self.offsets[: self.lengths[sample]] + sample

    def pool(self, name, n_threads=1):
        """Pooled vectors and the gradient of the rows, by the kernels."""
        shape, steps = self.d_pooled.shape, (self.offsets, self.lengths)
        pooled, d_rows = Framed(shape, self.dtype), Framed(self.rows.shape, self.dtype)
        rows, d_pooled = read_only(self.rows), read_only(self.d_pooled)
        if name == "mean":
            self.kernels.pool_mean(rows, *steps, pooled.array, n_threads)
            self.kernels.pool_mean_backward(d_pooled, *steps, d_rows.array, n_threads)
        else:
            largest = np.full(shape, -7, dtype=np.intp)
            self.kernels.pool_max(rows, *steps, pooled.array, largest, n_threads)
            without = Framed(shape, self.dtype)
            self.kernels.pool_max(rows, *steps, without.array, None, n_threads)
            assert_array_equal(without.array, pooled.array)
            self.kernels.pool_max_backward(
                d_pooled, largest, *steps, d_rows.array, n_threads
            )
        pooled.assert_frame_untouched()
        d_rows.assert_frame_untouched()
        return pooled.array, d_rows.array


def test_mean_is_that_of_each_sequence(kernels, dtype):
    problem = PoolingProblem(kernels, dtype)
    pooled, d_rows = problem.pool("mean")
    for sample, length in enumerate(problem.lengths):
        rows = problem.sequence(sample)
        wanted = problem.rows[rows].sum(axis=0) / max(length, 1)
        assert_allclose(pooled[sample], wanted, rtol=1e-6)
        share = problem.d_pooled[sample] / max(length, 1)
        assert_allclose(d_rows[rows], np.tile(share, (length, 1)), rtol=1e-6)


def test_maximum_is_the_first_of_each_sequence(kernels, dtype):
    problem = PoolingProblem(kernels, dtype)
    pooled, d_rows = problem.pool("max")
    for sample, length in enumerate(problem.lengths):
        rows = problem.rows[problem.sequence(sample)]
        gradient = np.zeros_like(rows)
        if length:
            units = np.arange(rows.shape[1])
            gradient[rows.argmax(axis=0), units] = problem.d_pooled[sample]
        assert_array_equal(
            pooled[sample], rows.max(axis=0, initial=-9) if length else 0
        )
        assert_array_equal(d_rows[problem.sequence(sample)], gradient)


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
