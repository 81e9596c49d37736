"""Long sequences in pieces and windows: every step once, and states that go on."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm.sequences import Sequences
from sklstm.sequences.streams import (
    OUTPUTS_PER_PASS,
    ROWS_PER_PASS,
    SEQUENCES_PER_PASS,
    Streams,
)

RAGGED = (7, 1, 30, 2, 0, 101, 13, 64)


def make_streams(lengths):
    """The value of a row tells its sequence and its step."""
    rows = [1000 * k + np.arange(n) for k, n in enumerate(lengths)]
    return Streams(Sequences(np.concatenate(rows)[:, np.newaxis], lengths))


def all_steps(streams, index):
    return sorted(
        1000 * sample + step
        for sample in index
        for step in range(streams.lengths[sample])
    )


def inputs_of(streams, windows):
    return np.concatenate(
        [streams.pack(window).inputs.reshape(-1) for window in windows]
    )


def test_the_last_step_is_not_read_and_the_first_not_predicted():
    streams = make_streams(RAGGED)
    assert_array_equal(streams.lengths, [6, 0, 29, 1, 0, 100, 12, 63])
    assert_array_equal(streams.offsets, np.cumsum([0, 6, 0, 29, 1, 0, 100, 12, 63]))
    assert len(streams) == 8
    part = streams[np.array([5, 0])]
    assert_array_equal(part.lengths, [100, 6])
    assert_array_equal(part.values[:101, 0], 5000 + np.arange(101))


@pytest.mark.parametrize("n_parallel", [1, 3, 8, 50])
@pytest.mark.parametrize("least", [1, 10, 1000])
def test_pieces_cover_every_step_once(n_parallel, least):
    streams, index = make_streams(RAGGED), np.array([5, 0, 2, 7, 1])
    samples, starts, lengths = streams.pieces(index, n_parallel, least)
    longest = max(least, -(-int(streams.lengths[index].sum()) // n_parallel))
    assert lengths.max() <= longest
    steps = [
        int(streams.values[start + step, 0])
        for start, length in zip(starts, lengths, strict=True)
        for step in range(length)
    ]
    assert sorted(steps) == all_steps(streams, index)
    for sample, start, length in zip(samples, starts, lengths, strict=True):
        of_piece = streams.values[start : start + length, 0]
        assert (of_piece // 1000 == sample).all()
    for sample in index:  # pieces of one sequence are about equally long
        of_sample = lengths[samples == sample]
        assert of_sample.max() - of_sample.min() <= 1
        # None is cut that is not longer than a piece.
        assert len(of_sample) == max(1, -(-streams.lengths[sample] // longest))


@pytest.mark.parametrize("first_steps", [None, 1, 4, 9])
@pytest.mark.parametrize("window_steps", [1, 9, 500])
def test_windows_cover_every_step_once_and_go_on(window_steps, first_steps):
    streams = make_streams(RAGGED)
    pieces = streams.pieces(np.arange(8), 6, 10)
    n_pieces = len(pieces[0])
    keys = np.random.RandomState(0).permutation(n_pieces)
    windows = streams.windows(pieces, keys, window_steps, first_steps)
    steps = inputs_of(streams, windows)
    assert sorted(steps.tolist()) == all_steps(streams, range(8))
    first = window_steps if first_steps is None else first_steps
    assert windows[0].lengths[0] == min(first, pieces[2].max())
    read = np.zeros(n_pieces, dtype=int)
    last_keys = None
    for k, window in enumerate(windows):
        assert window.goes_on == (k > 0)
        assert (np.diff(window.lengths) <= 0).all()
        assert (window.lengths > 0).all()
        # Each goes on where it stopped, in the place of a batch that it had before.
        assert_array_equal(window.starts, pieces[1][window.keys] + read[window.keys])
        assert_array_equal(window.samples, pieces[0][window.keys])
        if last_keys is not None:
            assert_array_equal(window.keys, last_keys[: len(window.keys)])
        read[window.keys] += window.lengths
        last_keys = window.keys
        assert len(window) == window.lengths.sum()
    assert_array_equal(read, pieces[2])


def test_a_window_starts_from_the_states_of_its_own_pieces():
    streams = make_streams((9, 30, 16))
    windows = streams.windows(streams.pieces(np.arange(3), 3, 50), np.arange(3), 10)
    states = [{"hidden_0": np.arange(3.0)[:, np.newaxis]}, {"cell_0": np.zeros((3, 2))}]
    assert windows[0].states_of(states) is None
    [hidden, cell] = windows[1].states_of(states)
    assert_array_equal(windows[1].samples, [1, 2])
    assert_array_equal(hidden["hidden_0"], [[0], [1]])
    assert cell["cell_0"].shape == (2, 2)


def test_the_target_of_a_row_is_the_row_after_its_source():
    streams = make_streams(RAGGED)
    pieces = streams.pieces(np.arange(8), 4, 5)
    for window in streams.windows(pieces, np.array([0, 2, 5]), 7):
        batch = streams.pack(window)
        targets = streams.values[batch.row_source + 1]
        assert_array_equal(targets, batch.inputs + 1)


def test_passes_read_whole_sequences_in_parts_of_limited_size():
    lengths = [2] * (SEQUENCES_PER_PASS + 3) + [ROWS_PER_PASS + 5, 0, 1, 40]
    sequences = Sequences(
        np.arange(sum(lengths), dtype=np.intp)[:, np.newaxis], lengths
    )
    streams = Streams(sequences)
    windows = streams.passes()
    rows = np.concatenate([streams.pack(w).row_source for w in windows])
    assert len(np.unique(rows)) == len(rows) == streams.lengths.sum()
    assert max(len(window) for window in windows) <= ROWS_PER_PASS
    assert max(len(window.samples) for window in windows) <= SEQUENCES_PER_PASS
    of_many_outputs = streams.passes(n_outputs=OUTPUTS_PER_PASS // 100)
    assert max(map(len, of_many_outputs)) <= 100
    assert sum(map(len, of_many_outputs)) == streams.lengths.sum()
    some = streams.passes(np.array([0, 5]))
    assert sorted(np.concatenate([w.samples for w in some])) == [0, 5]


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.9])
def test_ends_and_beginnings_predict_every_step_once(fraction):
    streams = make_streams(RAGGED)
    beginnings, ends = streams.split_ends(fraction)
    assert len(beginnings) == len(ends) == len(streams)
    assert_array_equal(beginnings.lengths + ends.lengths, streams.lengths)
    assert_array_equal(ends.lengths, np.round(fraction * streams.lengths))
    for sample in range(8):
        whole = streams.sequences[sample].reshape(-1)
        first = beginnings.sequences[sample].reshape(-1)
        last = ends.sequences[sample].reshape(-1)
        assert_array_equal(first, whole[: len(first)])
        assert_array_equal(last, whole[len(whole) - len(last) :])
        predicted = np.concatenate([first[1:], last[1:]])
        assert_array_equal(predicted, whole[1:])


def test_empty_data_have_no_windows():
    streams = make_streams((1, 1, 0))
    assert streams.passes() == []
    assert streams.windows(streams.pieces(np.arange(3), 4, 5), np.arange(3), 5) == []
