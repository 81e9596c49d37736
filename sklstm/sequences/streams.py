"""Sequences in which every step is to be predicted from those before it.

They may be long: a text of a million characters is cut into pieces that are read side
by side, and these into windows, one for every update. The states at the end of a window
are those at the beginning of the next, so that a network sees more than the window it
learns from.
"""

import numpy as np

from .container import Sequences
from .packing import PackedBatch, packed_rows

__all__ = ["StreamWindow", "Streams"]

# Steps of one evaluation pass, about, and sequences side by side in it. Where a step
# has many outputs, as many steps as have so many outputs together.
ROWS_PER_PASS = 8192
SEQUENCES_PER_PASS = 256
OUTPUTS_PER_PASS = 1 << 22


class StreamWindow:
    """The same window of some pieces.

    Attributes
    ----------
    samples, keys : ndarray of intp of shape (n_pieces,)
        Which sequence each piece is of, and its number among all pieces.
    starts : ndarray of intp of shape (n_pieces,)
        First row of each in the values.
    lengths : ndarray of intp of shape (n_pieces,)
        Steps in this window, descending.
    goes_on : bool
        Whether the pieces are the first ones of the window before.
    """

    __slots__ = ("goes_on", "keys", "lengths", "samples", "starts")

    def __init__(self, samples, keys, starts, lengths, goes_on):
        self.samples, self.keys = samples, keys
        self.starts, self.lengths, self.goes_on = starts, lengths, goes_on

    def __len__(self):
        return int(self.lengths.sum())

    def states_of(self, last_states):
        """The states that this window starts from, of those where the last one ends."""
        if not self.goes_on:
            return None
        n_pieces = len(self.samples)
        return [
            {name: rows[:n_pieces] for name, rows in of_layer.items()}
            for of_layer in last_states
        ]


class Streams:
    """Sequences whose steps are predicted from those before.

    Parameters
    ----------
    sequences : Sequences
        Of vectors, or of symbol codes in one column. The first step of each is not
        predicted, and none is read after the last.

    Attributes
    ----------
    lengths : ndarray of intp of shape (n_samples,)
        Steps that are predicted.
    offsets : ndarray of intp of shape (n_samples + 1,)
        Of these.
    """

    def __init__(self, sequences):
        self.sequences = sequences
        self.values = sequences.values
        self.n_features = sequences.n_features
        self.lengths = np.maximum(np.asarray(sequences.lengths) - 1, 0)
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)])

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, index):
        return Streams(self.sequences[index])

    def without_last(self):
        """The steps that are read, as `Sequences`: all but the last of each sequence.

        Returns
        -------
        sequences : Sequences
        """
        rows = _rows(np.asarray(self.sequences.offsets)[:-1], self.lengths)
        return Sequences(self.values[rows], self.lengths)

    def split_ends(self, fraction):
        """Part the last steps of each sequence from those before.

        Every step that is predicted is so in one of the parts: the ends begin with the
        step before them.

        Parameters
        ----------
        fraction : float
            Part of the steps that are predicted, between 0 and 1.

        Returns
        -------
        beginnings, ends : Streams
            Of as many sequences. A short one may have nothing to predict in its end.
        """
        sequences = self.sequences
        lengths = np.asarray(sequences.lengths)
        n_last = np.round(self.lengths * fraction).astype(np.intp)
        n_first = lengths - n_last
        starts = np.asarray(sequences.offsets)[:-1]
        return tuple(
            Streams(Sequences(self.values[_rows(begin, n)], n))
            for begin, n in (
                (starts, n_first),
                (starts + np.maximum(n_first - 1, 0), np.minimum(n_last + 1, lengths)),
            )
        )

    def pieces(self, index, n_parallel, least):
        """Cut sequences so that about `n_parallel` pieces can be read side by side.

        Parameters
        ----------
        index : ndarray of int of shape (n_used,)
            Sequences to cut; those shorter than a piece stay whole.
        n_parallel : int
        least : int
            Steps that a piece has at least, where it is cut off.

        Returns
        -------
        samples, starts, lengths : ndarray of intp of shape (n_pieces,)
        """
        used = self.lengths[index]
        longest = max(least, -(-int(used.sum()) // n_parallel))
        n_pieces = np.maximum(1, -(-used // longest))
        samples = np.repeat(index, n_pieces)
        of_sample = np.arange(len(samples)) - np.repeat(
            np.cumsum(n_pieces) - n_pieces, n_pieces
        )
        n_steps, parts = self.lengths[samples], np.repeat(n_pieces, n_pieces)
        begins = of_sample * n_steps // parts
        ends = (of_sample + 1) * n_steps // parts
        starts = np.asarray(self.sequences.offsets)[samples] + begins
        return samples, starts, ends - begins

    def windows(self, pieces, keys, window_steps, first_steps=None):
        """Cut pieces into windows.

        Parameters
        ----------
        pieces : tuple of ndarray
            From `pieces`.
        keys : ndarray of int
            Which of them.
        window_steps : int
        first_steps : int, default=None
            Steps of the first window.

        Returns
        -------
        windows : list of StreamWindow
        """
        samples, starts, lengths = (part[keys] for part in pieces)
        order = np.argsort(-lengths, kind="stable")
        keys, samples = keys[order], samples[order]
        starts, lengths = starts[order], lengths[order]
        windows, begin = [], 0
        end = window_steps if first_steps is None else first_steps
        while begin < lengths[0]:
            n_alive = int(np.searchsorted(-lengths, -begin, side="left"))
            here = np.minimum(lengths[:n_alive], end) - begin
            windows.append(
                StreamWindow(
                    samples[:n_alive],
                    keys[:n_alive],
                    starts[:n_alive] + begin,
                    here,
                    begin > 0,
                )
            )
            begin, end = end, end + window_steps
        return windows

    def passes(self, index=None, n_outputs=1):
        """Windows of whole sequences, of limited size, for evaluation.

        Parameters
        ----------
        index : ndarray of int, default=None
            Sequences; all by default.
        n_outputs : int, default=1
            Numbers that the network has for a step.

        Returns
        -------
        windows : list of StreamWindow
        """
        index = np.arange(len(self)) if index is None else np.asarray(index)
        index = index[self.lengths[index] > 0]
        index = index[np.argsort(-self.lengths[index], kind="stable")]
        pieces = index, np.asarray(self.sequences.offsets)[index], self.lengths[index]
        n_rows = min(ROWS_PER_PASS, max(1, OUTPUTS_PER_PASS // n_outputs))
        n_parallel, windows = min(SEQUENCES_PER_PASS, n_rows), []
        for start in range(0, len(index), n_parallel):
            keys = np.arange(start, min(start + n_parallel, len(index)))
            window_steps = max(1, n_rows // len(keys))
            windows += self.windows(pieces, keys, window_steps)
        return windows

    def pack(self, window):
        """Gather a window into a packed batch.

        Parameters
        ----------
        window : StreamWindow

        Returns
        -------
        batch : PackedBatch
            The target of a row is the row of the values after its source.
        """
        offsets, row_source = packed_rows(window.lengths, window.starts)
        inputs = self.values.take(row_source, axis=0)
        return PackedBatch(window.samples, window.lengths, offsets, row_source, inputs)


def _rows(starts, lengths):
    """Numbers of the rows of some runs, one run after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(starts - ends + lengths, lengths)
