"""Pieces of sequences, channels in windows of time, that are hidden or shuffled."""

from numbers import Integral
from typing import NamedTuple

import narwhals.stable.v2 as nw
import numpy as np

from ..sequences.container import Sequences, as_object_array
from ..sequences.layouts import is_frame, is_list_of_frames, read_layout, restore_layout
from ..sequences.symbol_input import is_symbols

__all__ = ["Panel", "Piece", "make_pieces"]


class Piece(NamedTuple):
    """Some channels in a window of time."""

    channels: list
    """Numbers of the channels."""

    window: tuple | None
    """First step and the one after the last, or None for all; negative ones count from
    the end, where 0 is after the last step."""

    def rows(self, sequences):
        """Which rows are in the window: (n_total_timesteps,) of bool."""
        lengths = np.asarray(sequences.lengths)
        if self.window is None:
            return np.ones(lengths.sum(), dtype=bool)
        positions = step_positions(sequences, from_end=self.window[0] < 0)
        first, last = self.window
        if first < 0:  # position 0 is the last step
            first, last = -last, -first
        return (positions >= first) & (positions < last)


def step_positions(sequences, from_end=False):
    """For every row its step, counted from the beginning, or back from the end."""
    lengths = np.asarray(sequences.lengths)
    steps = np.arange(lengths.sum()) - np.repeat(sequences.offsets[:-1], lengths)
    return np.repeat(lengths, lengths) - 1 - steps if from_end else steps


def make_pieces(panel, *, channels, window, stride=None, align="start"):
    """All pieces, window by window.

    Parameters
    ----------
    panel : Panel
    channels : {'each', 'all'} or list
        See `permutation_importance`.
    window : int or None
        Steps of a window; None makes one of all steps.
    stride : int or None, default=None
        Steps from one window to the next; None is `window`.
    align : {'start', 'end'}, default='start'
        Where windows are counted from.

    Returns
    -------
    windows : list of tuple or None
    groups : list of list of int
        Channels of each group. The pieces are those of the first window, then those of
        the second.
    """
    groups = _channel_groups(channels, panel)
    if align not in ("start", "end"):
        raise ValueError(f"align must be 'start' or 'end', got {align!r}.")
    if window is None:
        if stride is not None:
            raise ValueError(f"stride={stride} has no effect without window.")
        return None, groups
    for name, value in (("window", window), ("stride", stride)):
        is_int = isinstance(value, Integral) and not isinstance(value, bool)
        if not (is_int and value > 0) and not (name == "stride" and value is None):
            raise ValueError(f"{name} must be a positive int or None, got {value!r}.")
    longest = int(np.max(panel.sequences.lengths))
    windows = [
        (first, min(first + window, longest))
        for first in range(0, longest, stride or window)
    ]
    if align == "end":
        windows = [(-last, -first) for first, last in windows[::-1]]
    return windows, groups


def _channel_groups(channels, panel):
    n_features, names = panel.sequences.n_features, panel.names
    if isinstance(channels, str):
        if channels == "each":
            return [[channel] for channel in range(n_features)]
        if channels == "all":
            return [list(range(n_features))]
        raise ValueError(f"channels must be 'each', 'all' or a list, got {channels!r}.")
    number = {} if names is None else {name: k for k, name in enumerate(names)}

    def checked(channel):
        channel = number.get(channel, channel)
        is_int = isinstance(channel, Integral) and not isinstance(channel, bool)
        if not is_int or not -n_features <= channel < n_features:
            known = f" or one of {list(number)}" if number else ""
            raise ValueError(
                f"there is no channel {channel!r}: expected a number from 0 to "
                f"{n_features - 1}{known}."
            )
        return int(channel) % n_features

    groups = []
    for group in channels:
        several = isinstance(group, list | tuple | np.ndarray)
        groups.append([checked(one) for one in (group if several else [group])])
    if not groups or not all(groups):
        raise ValueError("channels names no channel, or has an empty group.")
    return groups


class Panel:
    """The user's sequences, to be changed and given back in their layout.

    Parameters
    ----------
    X : array, data frame, list or Sequences
        Sequences of numbers; NaN is left where it is.

    Attributes
    ----------
    sequences : Sequences
    names : list of str or None
        Of the channels.
    """

    def __init__(self, X):
        try:
            self.sequences, self.layout = read_layout(X, dtype=None)
        except (TypeError, ValueError) as error:
            if not is_symbols(X):
                raise
            raise TypeError(
                "X holds symbols: only numbers can be exchanged, or replaced by a "
                "mean. input_gradients and integrated_gradients explain symbols, by "
                "their embeddings."
            ) from error
        names = self.sequences.feature_names
        self.names = None if names is None else list(names)
        self._frames = list(X) if is_list_of_frames(X) else None

    def with_values(self, values):
        """X with other numbers in it, of the same shape.

        Parameters
        ----------
        values : ndarray of shape (n_total_timesteps, n_features)

        Returns
        -------
        X : array, data frame, object array or Sequences
        """
        old = self.sequences
        new = Sequences.trusted(values, old.lengths, old.offsets, old.feature_names)
        if self._frames is not None:
            pairs = zip(self._frames, new, strict=True)
            return as_object_array([_frame_like(frame, rows) for frame, rows in pairs])
        if self.layout.kind == "2d" and is_frame(self.layout.table):
            table = values.reshape(len(old), -1)
            return _frame_like(self.layout.table, table)
        return restore_layout(new, self.layout)


def _frame_like(frame, rows):
    """A data frame of the same library and names."""
    frame = nw.from_native(frame, eager_only=True)
    columns = dict(zip(frame.columns, rows.T, strict=True))
    return nw.from_dict(columns, backend=frame.implementation).to_native()
