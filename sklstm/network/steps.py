"""Step tables: in which order, on which rows, the kernels run through a batch.

The columns are those of ``sklstm/_kernels/passes.pxi``. Rows of hidden and cell start
with the initial states, one a sequence; the states of the packed rows follow.
"""

from functools import lru_cache

import numpy as np

from .memory import round_up

__all__ = ["forward_table", "last_rows", "previous_segments", "row_blocks"]

STATE, N_ROWS, N_GOING, PREVIOUS, INPUT = range(5)

CACHED_ROWS = 4096  # tables of larger batches cost little beside the batch


def forward_table(offsets, n_samples, keep_states):
    """The table of a pass from the first step to the last.

    Parameters
    ----------
    offsets : ndarray of intp of shape (n_timesteps + 1,)
        Packed row where each step starts.
    n_samples : int
    keep_states : bool
        True: the state of packed row r is in row ``n_samples + r``. False: steps
        alternate between two blocks of rows. A sequence's last state stays where it is,
        since later steps are shorter.

    Returns
    -------
    steps : ndarray of intp of shape (n_timesteps, 5)
    """
    n_timesteps = len(offsets) - 1
    if offsets[-1] == n_samples * n_timesteps <= CACHED_ROWS:
        return _rectangular_table(n_timesteps, n_samples, keep_states)
    return _make_table(offsets, n_samples, keep_states)


@lru_cache(maxsize=16)
def _rectangular_table(n_timesteps, n_samples, keep_states):
    """For sequences of equal length, as one sequence alone: all calls share it."""
    offsets = np.arange(n_timesteps + 1, dtype=np.intp) * n_samples
    steps = _make_table(offsets, n_samples, keep_states)
    steps.flags.writeable = False
    return steps


def _make_table(offsets, n_samples, keep_states):
    n_timesteps = len(offsets) - 1
    steps = np.empty((n_timesteps, 5), dtype=np.intp)
    if n_timesteps == 0:
        return steps
    if keep_states:
        np.add(offsets[:-1], n_samples, out=steps[:, STATE])
    else:
        steps[0::2, STATE] = n_samples
        steps[1::2, STATE] = 2 * n_samples
    np.subtract(offsets[1:], offsets[:-1], out=steps[:, N_ROWS])
    steps[0, N_GOING] = 0
    steps[1:, N_GOING] = steps[1:, N_ROWS]
    steps[0, PREVIOUS] = 0
    steps[1:, PREVIOUS] = steps[:-1, STATE]
    steps[:, INPUT] = offsets[:-1]
    return steps


def last_rows(offsets, lengths, n_samples, keep_states):
    """Rows of hidden and cell that hold each sequence's last state.

    A sequence without steps ends in its initial state.
    """
    sample = np.arange(n_samples, dtype=np.intp)
    last = lengths - 1
    if keep_states:
        rows = n_samples + offsets[last] + sample
    else:
        rows = n_samples * (1 + (last & 1)) + sample
    if n_samples and lengths[-1] == 0:
        rows = np.where(lengths == 0, sample, rows)
    return rows


def previous_segments(steps, n_samples):
    """Runs of packed rows whose previous states lie at a constant distance.

    Parameters
    ----------
    steps : ndarray of intp of shape (n_timesteps, 5)
        A step table that keeps all states.
    n_samples : int

    Returns
    -------
    segments : ndarray of intp of shape (n_segments, 3)
        First packed row, row of the previous state, number of rows; in ascending order.
    """
    going, n_rows = steps[:, N_GOING], steps[:, N_ROWS]
    if len(steps) and steps[0, INPUT] == 0 and (n_rows == n_samples).all():
        # All sequences are there at all steps, in order: row r follows state row r.
        return np.array([[0, 0, len(steps) * n_samples]], dtype=np.intp)
    runs = np.empty((2 * len(steps), 3), dtype=np.intp)
    runs[0::2, 0] = steps[:, INPUT]
    runs[0::2, 1] = steps[:, PREVIOUS]
    runs[0::2, 2] = going
    runs[1::2, 0] = steps[:, INPUT] + going  # sequences that start here:
    runs[1::2, 1] = going  # their initial states
    runs[1::2, 2] = n_rows - going
    runs = runs[runs[:, 2] > 0]
    runs = runs[np.argsort(runs[:, 0], kind="stable")]
    if len(runs) < 2:
        return runs
    ends = runs[:, 0] + runs[:, 2]
    distance = runs[:, 0] - runs[:, 1]
    new_run = np.empty(len(runs), dtype=bool)
    new_run[0] = True
    new_run[1:] = (runs[1:, 0] != ends[:-1]) | (distance[1:] != distance[:-1])
    first = np.flatnonzero(new_run)
    segments = runs[first]
    segments[:, 2] = np.add.reduceat(runs[:, 2], first)
    return segments


def row_blocks(lengths, n_threads, max_rows):
    """Boundaries of blocks of sequences with about equal numbers of steps.

    Each block runs through all steps on one thread. Boundaries only move work between
    threads: results do not depend on them.
    """
    n_samples = len(lengths)
    n_blocks = max(min(n_threads, n_samples), -(-n_samples // max_rows), 1)
    n_blocks = min(round_up(n_blocks, n_threads), max(n_samples, 1))
    if n_blocks == 1:
        return np.array([0, n_samples], dtype=np.intp)
    done = np.cumsum(lengths + 1)
    targets = done[-1] * np.arange(1, n_blocks) / n_blocks
    blocks = np.empty(n_blocks + 1, dtype=np.intp)
    blocks[0], blocks[-1] = 0, n_samples
    blocks[1:-1] = np.searchsorted(done, targets)
    return blocks
