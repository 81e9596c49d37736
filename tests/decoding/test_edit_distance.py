"""The edit distance, compared with its recurrence in plain Python."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from reference_ctc import edit_distance as reference

from sklstm.decoding import edit_distance


@pytest.mark.parametrize(
    "first, second, distance",
    [
        ([], [], 0),
        ([1], [], 1),
        ([], [1, 2], 2),
        ([1, 2, 3], [1, 2, 3], 0),
        ([1, 2, 3], [1, 4, 3], 1),
        ([1, 2, 3], [2, 3], 1),
        ([1, 2], [2, 1], 2),
        ([3, 1, 2, 2, 4, 5], [6, 1, 2, 2, 1, 5, 7], 3),  # kitten, sitting
    ],
)
def test_distance_of_small_examples(isa, first, second, distance):
    assert reference(first, second) == distance
    assert_array_equal(edit_distance([first], [second]), [distance])


def test_distances_of_many_pairs_are_those_of_the_reference(isa):
    rng = np.random.default_rng(0)
    first, second = (
        [rng.integers(0, 4, size=n) for n in rng.integers(0, 12, size=200)]
        for _ in range(2)
    )
    expected = [reference(a, b) for a, b in zip(first, second, strict=True)]
    assert_array_equal(edit_distance(first, second), expected)
    assert_array_equal(edit_distance(second, first), expected)


def test_sequences_come_in_pairs():
    assert edit_distance([], []).shape == (0,)
    with pytest.raises(ValueError, match="in pairs, but there are 1 and 2"):
        edit_distance([[1]], [[1], [2]])


@pytest.mark.parametrize(
    "first, second, message",
    [
        ([[1]], [[0.5]], r"second\[0\] is \[0.5\]: expected integer codes"),
        ([1], [[1]], r"first\[0\] is 1: expected integer codes"),
        ([["a"]], [[1]], r"first\[0\] is \['a'\]: expected integer codes"),
        (3, [[1]], "first must be a list of sequences of codes, got 3"),
    ],
)
def test_codes_are_checked(first, second, message):
    with pytest.raises((ValueError, TypeError), match=message):
        edit_distance(first, second)
