"""Step tables, segments and blocks, against a walk over every sequence and step."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from reference_layers import packed_offsets

from sklstm.network.memory import Workspace, aligned_empty
from sklstm.network.steps import (
    forward_table,
    last_rows,
    previous_segments,
    row_blocks,
)

BATCHES = [
    (),
    (0, 0),
    (1,),
    (4,),
    (3, 3, 3),
    (6, 4, 4, 3, 1),
    (3, 3, 0),
    (5, 5, 2, 2, 2, 0),
    (9, 1),
]


def previous_rows(lengths):
    """Row of hidden that holds the state before each packed row."""
    offsets, n_samples = packed_offsets(lengths), len(lengths)
    rows = np.full(offsets[-1], -1)
    for b, length in enumerate(lengths):
        for t in range(length):
            before = n_samples + offsets[t - 1] + b if t else b
            rows[offsets[t] + b] = before
    return rows


@pytest.mark.parametrize("lengths", BATCHES, ids=str)
def test_segments_name_the_state_before_every_row(lengths):
    offsets, n_samples = packed_offsets(lengths), len(lengths)
    steps = forward_table(offsets, n_samples, keep_states=True)
    segments = previous_segments(steps, n_samples)
    rows = np.concatenate([np.arange(r, r + n) for r, _, n in segments] or [[]])
    found = np.concatenate([np.arange(s, s + n) for _, s, n in segments] or [[]])
    assert_array_equal(rows, np.arange(offsets[-1]))  # each row once, ascending
    assert_array_equal(found, previous_rows(lengths))


def test_segments_of_equal_lengths_are_one_product():
    steps = forward_table(packed_offsets([5] * 4), 4, keep_states=True)
    assert_array_equal(previous_segments(steps, 4), [[0, 0, 20]])


@pytest.mark.parametrize("keep_states", [True, False])
@pytest.mark.parametrize("lengths", BATCHES, ids=str)
def test_walking_the_table_ends_in_the_last_rows(lengths, keep_states):
    """A walk that writes (sequence, steps done) where the kernel writes states."""
    offsets, n_samples = packed_offsets(lengths), len(lengths)
    steps = forward_table(offsets, n_samples, keep_states)
    n_states = n_samples + (offsets[-1] if keep_states else 2 * n_samples)
    states = [None] * n_states
    states[:n_samples] = [(b, 0) for b in range(n_samples)]
    for t, (state, n_rows, n_going, previous, row) in enumerate(steps):
        assert row == offsets[t]
        assert n_rows == offsets[t + 1] - offsets[t]
        for b in range(n_rows):
            before = states[previous + b if b < n_going else b]
            assert before == (b, t)
            states[state + b] = (b, t + 1)
    rows = last_rows(
        offsets, np.asarray(lengths, dtype=np.intp), n_samples, keep_states
    )
    assert [states[row] for row in rows] == list(enumerate(lengths))


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("max_rows", [1, 4, 48])
@pytest.mark.parametrize("lengths", [*BATCHES, (30,) + (2,) * 60, (7,) * 100], ids=str)
def test_blocks_cover_every_sequence_once(lengths, n_threads, max_rows):
    blocks = row_blocks(np.asarray(lengths, dtype=np.intp), n_threads, max_rows)
    assert blocks[0] == 0
    assert blocks[-1] == len(lengths)
    assert (np.diff(blocks) >= 0).all()


def test_blocks_balance_steps_and_not_sequences():
    lengths = np.array([100] * 4 + [1] * 40)
    blocks = row_blocks(lengths, 2, 48)
    steps = [lengths[a:b].sum() for a, b in zip(blocks[:-1], blocks[1:], strict=True)]
    assert max(steps) < 0.65 * lengths.sum()


def test_workspace_gives_the_same_aligned_memory_again(dtype):
    workspace = Workspace(dtype)
    first = workspace.take("gates", (5, 3))
    assert first.dtype == dtype
    assert first.ctypes.data % 64 == 0
    first[...] = 7
    smaller = workspace.take("gates", (2, 4))
    assert_array_equal(smaller, 7)
    larger = workspace.take("gates", (50, 3))
    assert larger.shape == (50, 3)
    assert not np.shares_memory(larger, first)
    assert not np.shares_memory(workspace.take("cell", (5, 3)), larger)
    assert_array_equal(workspace.zeros("gates", (4, 4)), 0)


@pytest.mark.parametrize("shape", [(0,), (0, 5), (1,), (3, 7)], ids=str)
def test_aligned_memory_of_any_shape(dtype, shape):
    array = aligned_empty(shape, dtype)
    assert array.shape == shape
    assert array.flags.c_contiguous
    assert array.dtype == dtype
