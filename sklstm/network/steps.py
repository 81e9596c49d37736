"""Step tables: in which order, on which rows, the kernels run through a batch.

The columns are those of ``sklstm/_kernels/passes.pxi``. Rows of hidden and cell start
with the initial states, one a sequence; the states of the packed rows follow.
"""

from functools import cached_property, lru_cache
from types import SimpleNamespace

import numpy as np

from .memory import round_up

__all__ = [
    "BatchPlan",
    "make_plan",
    "previous_segments",
    "row_blocks",
    "step_table",
    "time_windows",
]

STATE, N_ROWS, N_GOING, PREVIOUS, INPUT, TIME = range(6)

CACHED_ROWS = 4096  # plans of larger batches cost little beside the batch

# Sequences that run through time together on a thread. Their states and one panel of
# weights should stay in the first caches, and the panels should not be read too often.
MAX_BLOCK_ROWS = 48


def time_windows(n_timesteps, window_steps=None):
    """Cut time into windows.

    Parameters
    ----------
    n_timesteps : int
    window_steps : int, default=None
        Steps in a window; None makes one window of all steps.

    Returns
    -------
    windows : list of tuple of int
        First step and the one after the last; at least one window.
    """
    if window_steps is None or window_steps >= n_timesteps:
        return [(0, n_timesteps)]
    return [
        (first, min(first + window_steps, n_timesteps))
        for first in range(0, n_timesteps, window_steps)
    ]


def make_plan(batch, n_threads, keep_states, *, reverse=False, window=None):
    """The plan of a batch; equal-sized batches of equal lengths share one.

    The parameters are those of `BatchPlan`. Making a plan would take half as long as
    predicting one short sequence (compare_peers.py --only predict).
    """
    n_samples, n_timesteps = batch.n_samples, len(batch.offsets) - 1
    if batch.n_rows == n_samples * n_timesteps <= CACHED_ROWS:
        return _rectangular_plan(
            n_samples, n_timesteps, n_threads, keep_states, reverse, window
        )
    return BatchPlan(batch, n_threads, keep_states, reverse=reverse, window=window)


@lru_cache(maxsize=32)
def _rectangular_plan(n_samples, n_timesteps, n_threads, keep_states, reverse, window):
    batch = SimpleNamespace(
        n_samples=n_samples,
        offsets=np.arange(n_timesteps + 1, dtype=np.intp) * n_samples,
        lengths=np.full(n_samples, n_timesteps, dtype=np.intp),
    )
    return BatchPlan(batch, n_threads, keep_states, reverse=reverse, window=window)


class BatchPlan:
    """How one direction runs through a window of a batch.

    Parameters
    ----------
    batch : PackedBatch
    n_threads : int
    keep_states : bool
        True: the state of packed row r of the window is in row ``n_samples + r``.
        False: steps alternate between two blocks of rows.
    reverse : bool, default=False
        Whether sequences run from their own last step to their first.
    window : tuple of int, default=None
        First step and the one after the last; all of them by default.

    Attributes
    ----------
    rows : slice
        The window's rows among the packed rows of the batch.
    offsets : ndarray of intp of shape (n_timesteps + 1,)
        Where each step starts, counted from the window's first row.
    lengths : ndarray of intp of shape (n_samples,)
        Steps of each sequence that are in the window.
    n_alive : int
        Sequences that have any, the first ones.
    n_states : int
        Rows of hidden and cell.
    steps, blocks : ndarray
        Step table and row blocks.
    """

    def __init__(self, batch, n_threads, keep_states, *, reverse=False, window=None):
        self.n_samples = batch.n_samples
        self.n_threads = n_threads
        self.keep_states = keep_states
        self.reverse = reverse
        first, last = window or (0, len(batch.offsets) - 1)
        if first == 0 and last == len(batch.offsets) - 1:
            self.offsets, self.lengths = batch.offsets, batch.lengths
        else:
            self.offsets = batch.offsets[first : last + 1] - batch.offsets[first]
            self.lengths = np.clip(batch.lengths - first, 0, last - first)
        start = int(batch.offsets[first])
        self.n_rows = int(self.offsets[-1])
        self.rows = slice(start, start + self.n_rows)
        self.steps = step_table(
            self.offsets, self.n_samples, keep_states, reverse, first
        )
        self.n_alive = int(np.count_nonzero(self.lengths))
        self.blocks = row_blocks(self.lengths, n_threads, MAX_BLOCK_ROWS)
        self.n_states = self.n_samples + (
            self.n_rows if keep_states else 2 * self.n_samples
        )

    @cached_property
    def previous_segments(self):
        """Where the previous state of each packed row is."""
        return previous_segments(self.steps, self.n_samples)

    @cached_property
    def input_segments(self):
        """The same for the input: packed row r is row r."""
        return np.array([[0, 0, self.n_rows]], dtype=np.intp)

    @cached_property
    def last_rows(self):
        """Rows of hidden and cell that hold each sequence's last state.

        A sequence without steps ends in its initial state.
        """
        sample = np.arange(self.n_samples, dtype=np.intp)
        last = np.zeros_like(self.lengths) if self.reverse else self.lengths - 1
        if self.keep_states:
            rows = self.n_samples + self.offsets[last] + sample
        else:
            if self.reverse:  # all of them end at the step computed last
                last = np.full_like(self.lengths, len(self.steps) - 1)
            rows = self.n_samples * (1 + (last & 1)) + sample
        if self.n_alive < self.n_samples:
            rows = np.where(self.lengths == 0, sample, rows)
        return rows


def step_table(offsets, n_samples, keep_states, reverse=False, first_step=0):
    """The table of a pass over the steps whose rows `offsets` delimits.

    Parameters
    ----------
    offsets : ndarray of intp of shape (n_timesteps + 1,)
        Packed row where each step starts.
    n_samples : int
    keep_states, reverse : bool
        See `BatchPlan`.
    first_step : int, default=0
        Position of the first step in the sequences.

    Returns
    -------
    steps : ndarray of intp of shape (n_timesteps, 6)
    """
    n_timesteps = len(offsets) - 1
    steps = np.empty((n_timesteps, 6), dtype=np.intp)
    if n_timesteps == 0:
        return steps
    order = slice(None, None, -1) if reverse else slice(None)
    starts, n_rows = offsets[:-1][order], np.diff(offsets)[order]
    if keep_states:
        np.add(starts, n_samples, out=steps[:, STATE])
    else:
        # A sequence's last state stays where it is: steps after it do not have its row.
        steps[0::2, STATE] = n_samples
        steps[1::2, STATE] = 2 * n_samples
    steps[:, N_ROWS] = n_rows
    steps[0, N_GOING] = 0
    np.minimum(n_rows[1:], n_rows[:-1], out=steps[1:, N_GOING])
    steps[0, PREVIOUS] = 0
    steps[1:, PREVIOUS] = steps[:-1, STATE]
    steps[:, INPUT] = starts
    steps[:, TIME] = np.arange(first_step, first_step + n_timesteps)[order]
    return steps


def previous_segments(steps, n_samples):
    """Runs of packed rows whose previous states lie at a constant distance.

    Parameters
    ----------
    steps : ndarray of intp of shape (n_timesteps, 6)
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
