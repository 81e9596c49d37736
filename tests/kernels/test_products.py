"""The register tile as a matrix product: heads, input gradients, weight gradients."""

from itertools import pairwise

import numpy as np
import pytest
from framed_arrays import Framed, read_only
from numpy.testing import assert_allclose, assert_array_equal

RTOL = {np.float32: 2e-5, np.float64: 1e-13}


def sizes(kernels):
    """Sizes around the vector length, and some of several panels of registers."""
    lanes = kernels.lanes()
    around_one = {max(1, lanes - 1), lanes, lanes + 1}
    return sorted(around_one | {1, 2 * lanes + 3, 5 * lanes, 9 * lanes + 1})


def row_counts(kernels):
    """Every height up to twice the tile, and rows that fill more than one block."""
    return [*range(1, 2 * kernels.tile_rows() + 2), 48, 49, 97]


def registers(kernels, n):
    """`n` elements rounded up to whole registers."""
    return -(-n // kernels.lanes()) * kernels.lanes()


def indices(*values):
    return np.array(values, dtype=np.intp)


def dense(kernels, a, weight, bias, n_threads=1):
    """a @ weight.T + bias by the kernel, in a frame of canaries."""
    n_outputs, n_terms = weight.shape
    stride = registers(kernels, n_outputs)
    panels = Framed(stride * n_terms, a.dtype)
    kernels.pack_gates(
        read_only(weight), indices(0), n_outputs, 4, 0, n_terms, panels.array
    )
    packed_bias = Framed(stride, a.dtype)
    kernels.pack_bias(read_only(bias), indices(0), n_outputs, 0, 1, packed_bias.array)
    out = Framed((len(a), stride), a.dtype)
    kernels.dense(
        read_only(a),
        1,
        n_terms,
        n_terms,
        read_only(panels.array),
        read_only(packed_bias.array),
        False,
        out.array,
        n_threads,
    )
    for framed in (panels, packed_bias, out):
        framed.assert_frame_untouched()
    assert_array_equal(out.array[:, n_outputs:], 0)
    return out.array[:, :n_outputs]


def random(shape, dtype, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def test_dense_equals_matmul_at_every_width(kernels, dtype):
    for n_outputs in sizes(kernels):
        for n_terms in (1, 5, 2 * kernels.lanes() + 3):
            a, weight = random((5, n_terms), dtype), random((n_outputs, n_terms), dtype)
            bias = random(n_outputs, dtype, seed=1)
            expected = a.astype(np.float64) @ weight.T.astype(np.float64) + bias
            assert_allclose(
                dense(kernels, a, weight, bias), expected, rtol=0, atol=50 * RTOL[dtype]
            )


def test_dense_row_has_the_same_bits_at_every_height_and_team(kernels, dtype):
    n_rows, n_terms = max(row_counts(kernels)), 1700  # enough for three threads
    a = random((n_rows, n_terms), dtype)
    weight = random((kernels.lanes() + 1, n_terms), dtype)
    bias = random(len(weight), dtype, seed=1)
    alone = np.vstack(
        [dense(kernels, a[r : r + 1], weight, bias) for r in range(n_rows)]
    )
    for count in row_counts(kernels):
        for n_threads in (1, 2):
            together = dense(kernels, a[-count:], weight, bias, n_threads)
            assert_array_equal(together, alone[-count:])


@pytest.mark.parametrize("n_slots", [1, 2, 3, 4])
def test_input_gradient_equals_matmul(kernels, dtype, n_threads, n_slots):
    """d_gates @ weight, over some slots of every unit block of the gate rows."""
    lanes, block_slots, first_slot = kernels.lanes(), 4, 4 - n_slots
    for hidden_size, n_columns in [(1, 1), (lanes + 1, lanes), (2 * lanes + 3, 9)]:
        stride = registers(kernels, hidden_size)
        n_blocks = stride // lanes
        weight = random((n_slots * hidden_size, n_columns), dtype)
        panels = Framed(
            n_blocks * n_slots * lanes * registers(kernels, n_columns), dtype
        )
        gates = indices(*range(n_slots))
        kernels.pack_columns(read_only(weight), gates, hidden_size, panels.array)
        panels.assert_frame_untouched()
        d_gates = random((n_blocks, 49, block_slots, lanes), dtype, seed=1)
        rows = read_only(d_gates.reshape(n_blocks * 49, -1))[:, first_slot * lanes :]
        out = Framed((49, registers(kernels, n_columns)), dtype)
        product = (rows, n_blocks, n_slots * lanes, 49 * block_slots * lanes)
        kernels.dense(*product, panels.array, None, False, out.array, n_threads)
        once = out.array.copy()
        kernels.dense(*product, panels.array, None, True, out.array, n_threads)
        assert_array_equal(out.array, 2 * once)
        out.array[:] = once
        out.assert_frame_untouched()
        units = d_gates[:, :, first_slot:].transpose(1, 2, 0, 3)
        units = units.reshape(49, n_slots, stride)[:, :, :hidden_size].astype(
            np.float64
        )
        expected = units.reshape(49, -1) @ weight.astype(np.float64)
        assert_allclose(
            out.array[:, :n_columns], expected, rtol=0, atol=100 * RTOL[dtype]
        )


def in_window(segments, first, last):
    """The part of some runs of rows that lies in a window of rows."""
    parts = []
    for row, source, n_rows in segments:
        begin, end = max(row, first), min(row + n_rows, last)
        if begin < end:
            parts.append([begin - first, source + begin - row, end - begin])
    return np.array(parts or np.empty((0, 3)), dtype=np.intp)


class GradientProblem:
    """Gate rows of four slots, some of them used, and rows of inputs not one to one.

    Parameters
    ----------
    kernels : module
    dtype : dtype
    hidden_size, n_rows : int
    n_columns : tuple of int
        Columns of each of the matrices that the slots are multiplied with.
    gates : tuple of int, default=(1, 0)
        Gates of the used slots, the last ones. Up to two are copied side by side,
        more are read in place.
    """

    def __init__(
        self, kernels, dtype, hidden_size, n_columns, n_rows, gates=(1, 0)
    ):  # fmt: skip
        self.kernels, self.dtype, self.hidden_size = kernels, dtype, hidden_size
        self.gates, self.first_slot = gates, 4 - len(gates)
        lanes = kernels.lanes()
        n_blocks = registers(kernels, hidden_size) // lanes
        self.d_gates = random((n_blocks, n_rows, 4, lanes), dtype)
        self.inputs = [
            random((n_rows + 9, n), dtype, seed) for seed, n in enumerate(n_columns)
        ]
        # Runs of rows out of step with the inputs, and with each other.
        self.segments = [
            np.array([[0, shift, cut], [cut, cut + shift + 2, n_rows - cut]])
            for shift, cut in [(5, n_rows // 4), (3, n_rows // 2)][: len(n_columns)]
        ]

    def by_kernel(self, n_threads, descending=True, windows=None):
        """Weight gradients and the bias gradient, in frames of canaries.

        `windows`: the rows come in these pieces, each going on from the one before.
        """
        n_blocks, n_rows, _, lanes = self.d_gates.shape
        n_columns = [a.shape[1] for a in self.inputs]
        n_units = len(self.gates) * self.hidden_size
        d_weights = [Framed((n_units, n), self.dtype) for n in n_columns]
        d_bias = Framed(n_units, self.dtype)
        size = self.kernels.gradient_scratch_size(self.hidden_size, sum(n_columns))
        scratch = Framed((n_threads, size), self.dtype)
        for k, (first, last) in enumerate(windows or [(0, n_rows)]):
            sources = [
                (read_only(a), in_window(segments, first, last), d_weight.array)
                for a, segments, d_weight in zip(
                    self.inputs, self.segments, d_weights, strict=True
                )
            ]
            d_gates = self.d_gates[:, first:last].reshape(n_blocks, -1, 4 * lanes)
            self.kernels.weight_gradient(
                read_only(d_gates), self.first_slot, indices(*self.gates),
                self.hidden_size, tuple(sources), d_bias.array, descending, k > 0,
                scratch.array, n_threads,
            )  # fmt: skip
        for framed in (*d_weights, d_bias, scratch):
            framed.assert_frame_untouched()
        return [framed.array for framed in (*d_weights, d_bias)]

    def by_matmul(self):
        """The same by NumPy in float64."""
        n_blocks, n_rows, _, lanes = self.d_gates.shape
        units = self.d_gates.transpose(2, 1, 0, 3).reshape(4, n_rows, n_blocks * lanes)
        units = units[self.first_slot :, :, : self.hidden_size].astype(np.float64)
        units = [units[self.gates.index(gate)] for gate in range(len(self.gates))]
        products = []
        for a, segments in zip(self.inputs, self.segments, strict=True):
            rows = np.concatenate([np.arange(s, s + n) for _, s, n in segments])
            products.append(np.vstack([gate.T @ a[rows] for gate in units]))
        return [*products, np.concatenate([gate.sum(axis=0) for gate in units])]


@pytest.mark.parametrize("n_sources", [1, 2])
@pytest.mark.parametrize("gates", [(0,), (1, 0), (1, 2, 0), (3, 0, 1, 2)])
def test_weight_gradient_equals_matmul(kernels, dtype, n_threads, n_sources, gates):
    wide = 2 * kernels.lanes() + 3
    for hidden_size in sizes(kernels):
        for n_columns in [(1, 1), (kernels.tile_rows() + 1, 2), (3, wide), (wide, 1)]:
            for n_rows in (8, 600):  # fewer, and more, than one chunk of rows
                sources = n_columns[:n_sources]
                problem = GradientProblem(
                    kernels, dtype, hidden_size, sources, n_rows, gates
                )
                found, wanted = problem.by_kernel(n_threads), problem.by_matmul()
                atol = 20 * RTOL[dtype] * np.sqrt(n_rows)
                for gradient, expected in zip(found, wanted, strict=True):
                    assert_allclose(gradient, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("gates", [(1, 0), (3, 0, 1, 2)])
def test_weight_gradient_has_the_same_bits_for_every_team(kernels, dtype, gates):
    for hidden_size in (5 * kernels.lanes(), 9 * kernels.lanes() + 1):
        for n_columns in [(80,), (60, 20 + kernels.tile_rows())]:  # enough for three
            problem = GradientProblem(
                kernels, dtype, hidden_size, n_columns, 600, gates
            )
            one = problem.by_kernel(n_threads=1)
            for n_threads in (2, 3):
                more = problem.by_kernel(n_threads=n_threads)
                for found, expected in zip(more, one, strict=True):
                    assert_array_equal(found, expected)


@pytest.mark.parametrize("gates", [(1, 0), (3, 0, 1, 2)])
@pytest.mark.parametrize("descending", [True, False])
def test_weight_gradient_has_the_same_bits_in_windows(
    kernels, dtype, gates, descending
):
    """Windows in the order of the sum, so that checkpoints change nothing."""
    problem = GradientProblem(kernels, dtype, 19, (7, 12), 600, gates)
    whole = problem.by_kernel(1, descending)
    for cuts in ([0, 1, 600], [0, 64, 128, 599, 600], [0, 300, 300, 600]):
        windows = list(pairwise(cuts))
        windows = windows[::-1] if descending else windows
        for n_threads in (1, 2):
            parts = problem.by_kernel(n_threads, descending, windows)
            for found, expected in zip(parts, whole, strict=True):
                assert_array_equal(found, expected)


def test_the_order_of_the_weight_gradient_is_the_one_asked_for(kernels, dtype):
    """The sum of 1, 2**-60 and -1 tells in which order they were added."""
    problem = GradientProblem(kernels, dtype, 1, (1,), 8, (0,))
    problem.segments = [np.array([[0, 0, 8]])]
    problem.inputs = [np.ones((8, 1), dtype)]
    for descending in (True, False):
        problem.d_gates[:] = 0
        terms = [2.0**-60, 1.0, -1.0]
        problem.d_gates[0, :3, 3, 0] = terms if descending else terms[::-1]
        d_weight, d_bias = problem.by_kernel(1, descending)
        assert d_weight[0, 0] == d_bias[0] == 2.0**-60
        d_weight, d_bias = problem.by_kernel(1, not descending)
        assert d_weight[0, 0] == d_bias[0] == 0


def test_weight_gradient_without_rows_is_zero(kernels, dtype):
    problem = GradientProblem(kernels, dtype, 3, (2, 1), 0)
    problem.inputs = [a[:0] for a in problem.inputs]
    problem.segments = [np.empty((0, 3), dtype=np.intp)] * 2
    for gradient in problem.by_kernel(n_threads=1):
        assert_array_equal(gradient, 0)
