"""The register tile as a matrix product: heads, input gradients, weight gradients."""

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
    n_rows = max(row_counts(kernels))
    a, weight = random((n_rows, 7), dtype), random((kernels.lanes() + 1, 7), dtype)
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
        d_gates = random((49, n_blocks, block_slots, lanes), dtype, seed=1)
        rows = read_only(d_gates.reshape(49, -1))[:, first_slot * lanes :]
        out = Framed((49, registers(kernels, n_columns)), dtype)
        kernels.dense(
            rows,
            n_blocks,
            n_slots * lanes,
            block_slots * lanes,
            panels.array,
            None,
            out.array,
            n_threads,
        )
        out.assert_frame_untouched()
        units = d_gates[:, :, first_slot:].transpose(0, 2, 1, 3)
        units = units.reshape(49, n_slots, stride)[:, :, :hidden_size].astype(
            np.float64
        )
        expected = units.reshape(49, -1) @ weight.astype(np.float64)
        assert_allclose(
            out.array[:, :n_columns], expected, rtol=0, atol=100 * RTOL[dtype]
        )


def weight_gradient_problem(kernels, dtype, hidden_size, n_columns, n_rows):
    """Gate rows of four slots, two of them used, and rows of `a` not one to one."""
    lanes = kernels.lanes()
    stride = registers(kernels, hidden_size)
    d_gates = random((n_rows, stride // lanes, 4, lanes), dtype)
    a = random((n_rows + 9, n_columns), dtype, seed=1)
    # Runs of rows out of step with a; a run longer than the kernel's chunk of rows.
    cut = n_rows // 4
    segments = [[0, 5, cut], [cut, cut + 7, n_rows - cut]]
    return d_gates, a, np.array(segments, dtype=np.intp)


def weight_gradient(kernels, d_gates, a, segments, hidden_size, n_threads):
    n_rows, n_blocks, block_slots, lanes = d_gates.shape
    n_columns = a.shape[1]
    d_weight = Framed((2 * hidden_size, n_columns), a.dtype)
    d_bias = Framed(2 * hidden_size, a.dtype)
    scratch = Framed(
        (n_threads, kernels.gradient_scratch_size(hidden_size, n_columns)), a.dtype
    )
    kernels.weight_gradient(
        read_only(d_gates.reshape(n_rows, n_blocks * block_slots * lanes)),
        block_slots,
        1,
        indices(1, 0),
        hidden_size,
        read_only(a),
        segments,
        d_weight.array,
        d_bias.array,
        scratch.array,
        n_threads,
    )
    for framed in (d_weight, d_bias, scratch):
        framed.assert_frame_untouched()
    return d_weight.array, d_bias.array


def test_weight_gradient_equals_matmul(kernels, dtype, n_threads):
    for hidden_size in sizes(kernels):
        for n_columns in (1, kernels.tile_rows() + 1, 2 * kernels.lanes() + 3):
            for n_rows in (8, 600):
                d_gates, a, segments = weight_gradient_problem(
                    kernels, dtype, hidden_size, n_columns, n_rows
                )
                d_weight, d_bias = weight_gradient(
                    kernels, d_gates, a, segments, hidden_size, n_threads
                )
                units = d_gates.transpose(2, 0, 1, 3).reshape(4, n_rows, -1)
                units = units[[2, 1], :, :hidden_size].astype(np.float64)
                rows = np.concatenate([np.arange(s, s + n) for _, s, n in segments])
                expected = np.vstack([gate.T @ a[rows] for gate in units])
                atol = 20 * RTOL[dtype] * np.sqrt(n_rows)
                assert_allclose(d_weight, expected, rtol=0, atol=atol)
                assert_allclose(d_bias, units.sum(axis=1).ravel(), rtol=0, atol=atol)


def test_weight_gradient_has_the_same_bits_for_every_team(kernels, dtype):
    for hidden_size in sizes(kernels):
        d_gates, a, segments = weight_gradient_problem(
            kernels, dtype, hidden_size, kernels.tile_rows() + 2, 600
        )
        one = weight_gradient(kernels, d_gates, a, segments, hidden_size, 1)
        for n_threads in (2, 3):
            more = weight_gradient(
                kernels, d_gates, a, segments, hidden_size, n_threads
            )
            assert_array_equal(one[0], more[0])
            assert_array_equal(one[1], more[1])


def test_weight_gradient_without_rows_is_zero(kernels, dtype):
    d_gates = np.empty((0, 1, 4, kernels.lanes()), dtype=dtype)
    a = np.empty((0, 3), dtype=dtype)
    segments = np.empty((0, 3), dtype=np.intp)
    d_weight, d_bias = weight_gradient(kernels, d_gates, a, segments, 1, 1)
    assert_array_equal(d_weight, 0)
    assert_array_equal(d_bias, 0)
