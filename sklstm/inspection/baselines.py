"""Baselines: what inputs are compared with, or replaced by."""

from numbers import Real

import numpy as np

from ..sequences.container import Sequences

__all__ = ["baseline_rows"]


def baseline_rows(baseline, rows, read, is_table=False):
    """The baseline of every row.

    Parameters
    ----------
    baseline : float, 'mean', array-like or Sequences
        A number for all; 'mean' for the mean of each channel over all rows; one number
        a channel; one sequence for all (if they are of its length); or one sequence for
        each, of the same length.
    rows : Sequences
        What is compared.
    read : callable
        Reads sequences in the user's layouts.
    is_table : bool, default=False
        Whether the user's sequences are the rows of a table, so that 2-D baselines are,
        too.

    Returns
    -------
    values : ndarray of shape (n_total_timesteps, n_features), float64

    Raises
    ------
    ValueError
        If the baseline does not fit the rows.
    """
    shape, lengths = rows.values.shape, np.asarray(rows.lengths)
    if isinstance(baseline, str):
        if baseline != "mean":
            raise ValueError(
                f"baseline={baseline!r}: the only one with a name is 'mean', of each "
                "channel over all steps of X."
            )
        return np.broadcast_to(rows.values.mean(axis=0, dtype=np.float64), shape)
    if isinstance(baseline, Real):
        return np.broadcast_to(float(baseline), shape)
    values = _as_numbers(baseline)
    if values is not None and values.ndim <= 1:
        if values.ndim == 1 and len(values) != shape[1]:
            raise ValueError(
                f"baseline has {len(values)} numbers, but there are {shape[1]} "
                "channels: give one number a channel, or one for all."
            )
        return np.broadcast_to(values, shape)
    if values is not None and values.ndim == 2 and not is_table:
        if values.shape[1] != shape[1] or (lengths != len(values)).any():
            raise ValueError(
                f"baseline has the shape {values.shape}: one sequence for all must be "
                f"as long as they are ({lengths.min()} to {lengths.max()} steps), with "
                f"{shape[1]} channels. Pass a list with a sequence for each."
            )
        return np.tile(values, (len(rows), 1))
    return _of_each(read(baseline), rows)


def _as_numbers(baseline):
    """The baseline as an array of numbers, or None if it is not one."""
    if isinstance(baseline, Sequences):
        return None
    try:
        return np.asarray(baseline, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _of_each(sequences, rows):
    if not np.array_equal(sequences.lengths, rows.lengths):
        n_baselines, n_samples = len(sequences), len(rows)
        message = f"There are {n_baselines} baselines for {n_samples} sequences."
        if n_baselines == n_samples:
            wrong = np.flatnonzero(sequences.lengths != rows.lengths)[0]
            message = (
                f"baseline[{wrong}] has {sequences.lengths[wrong]} steps, but sequence "
                f"{wrong} has {rows.lengths[wrong]}: they must be of the same length."
            )
        raise ValueError(message)
    if sequences.n_features != rows.n_features:
        raise ValueError(
            f"baseline has {sequences.n_features} channels, X has {rows.n_features}."
        )
    return sequences.values.astype(np.float64)
