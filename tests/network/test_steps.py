"""Step tables, segments and blocks, against a walk over every sequence and step."""

import numpy as np
import pytest
from layer_passes import packed
from numpy.testing import assert_array_equal
from reference_layers import packed_offsets

from sklstm.network.memory import Workspace, aligned_empty
from sklstm.network.steps import (
    BatchPlan,
    previous_segments,
    row_blocks,
    step_table,
    time_windows,
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


def previous_rows(lengths, reverse):
    """Row of hidden that holds the state before each packed row."""
    offsets, n_samples = packed_offsets(lengths), len(lengths)
    rows = np.full(offsets[-1], -1)
    for b, length in enumerate(lengths):
        for t in range(length):
            before = t + 1 if reverse else t - 1
            inside = 0 <= before < length
            rows[offsets[t] + b] = n_samples + offsets[before] + b if inside else b
    return rows


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", BATCHES, ids=str)
def test_segments_name_the_state_before_every_row(lengths, reverse):
    offsets, n_samples = packed_offsets(lengths), len(lengths)
    steps = step_table(offsets, n_samples, keep_states=True, reverse=reverse)
    segments = previous_segments(steps, n_samples)
    rows = np.concatenate([np.arange(r, r + n) for r, _, n in segments] or [[]])
    found = np.concatenate([np.arange(s, s + n) for _, s, n in segments] or [[]])
    assert_array_equal(rows, np.arange(offsets[-1]))  # each row once, ascending
    assert_array_equal(found, previous_rows(lengths, reverse))


def test_segments_of_equal_lengths_are_one_product():
    steps = step_table(packed_offsets([5] * 4), 4, keep_states=True)
    assert_array_equal(previous_segments(steps, 4), [[0, 0, 20]])


@pytest.mark.parametrize("window_steps", [None, 1, 2, 4])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("keep_states", [True, False])
@pytest.mark.parametrize("lengths", BATCHES, ids=str)
def test_walking_the_tables_ends_in_the_last_states(
    lengths, keep_states, reverse, window_steps
):
    """A walk that writes (sequence, steps done) where the kernel writes states."""
    batch, n_samples = packed(lengths), len(lengths)
    windows = time_windows(len(batch.offsets) - 1, window_steps)
    running = [(b, 0) for b in range(n_samples)]
    visited = []
    for window in windows[::-1] if reverse else windows:
        plan = BatchPlan(batch, 1, keep_states, reverse=reverse, window=window)
        states = [None] * plan.n_states
        states[:n_samples] = running
        for state, n_rows, n_going, previous, row, time in plan.steps:
            assert plan.rows.start + row == batch.offsets[time]
            assert n_rows == batch.offsets[time + 1] - batch.offsets[time]
            visited.append(time)
            for b in range(n_rows):
                b_before, n_done = states[previous + b if b < n_going else b]
                assert b_before == b
                assert n_done == (lengths[b] - 1 - time if reverse else time)
                states[state + b] = (b, n_done + 1)
        running = [states[row] for row in plan.last_rows]
    assert running == list(enumerate(lengths))
    in_order = list(range(len(batch.offsets) - 1))
    assert visited == (in_order[::-1] if reverse else in_order)


def test_windows_cover_time_once():
    assert time_windows(7) == [(0, 7)]
    assert time_windows(7, 7) == [(0, 7)]
    assert time_windows(7, 3) == [(0, 3), (3, 6), (6, 7)]
    assert time_windows(0, 3) == [(0, 0)]


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
