"""Mini-batches: every sample once, of like lengths, in other company next time."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm.training.minibatches import Minibatches, passes_by_length

RNG = np.random.RandomState(0)
EQUAL, RAGGED = np.full(600, 7), RNG.randint(1, 200, size=600)
lengths_of = pytest.mark.parametrize(
    "lengths", [EQUAL, RAGGED], ids=["equal", "ragged"]
)


@lengths_of
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("n_samples, batch_size", [(1, 1), (33, 32), (500, 32), (7, 3)])
def test_every_sample_is_in_one_batch(lengths, shuffle, n_samples, batch_size):
    index = np.sort(RNG.permutation(600)[:n_samples])
    batches = Minibatches(lengths, index, batch_size, shuffle)
    epoch = batches.epoch(np.random.RandomState(0))
    assert_array_equal(np.sort(np.concatenate(epoch)), index)
    assert len(epoch) == len(batches) == -(-n_samples // batch_size)
    sizes = [len(batch) for batch in epoch]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


@lengths_of
def test_epochs_differ_and_follow_the_generator(lengths):
    def epochs(seed):
        generator = np.random.RandomState(seed)
        batches = Minibatches(lengths, np.arange(600), 32, shuffle=True)
        return [np.concatenate(batches.epoch(generator)) for _ in range(2)]

    first, second = epochs(0)
    assert (first != second).mean() > 0.9
    assert_array_equal([first, second], epochs(0))
    assert (first != epochs(1)[0]).mean() > 0.9


@lengths_of
def test_companions_change_from_epoch_to_epoch(lengths):
    batches = Minibatches(lengths, np.arange(600), 32, shuffle=True)
    generator = np.random.RandomState(0)

    def companions_of_all():
        batch_of = np.empty(600, dtype=int)
        for number, batch in enumerate(batches.epoch(generator)):
            batch_of[batch] = number
        return batch_of[:, np.newaxis] == batch_of

    first, second = companions_of_all(), companions_of_all()
    kept = (first & second).sum() - 600
    assert kept < 0.3 * (first.sum() - 600)


def test_lengths_within_a_batch_are_alike():
    batches = Minibatches(RAGGED, np.arange(600), 32, shuffle=True)
    epoch = batches.epoch(np.random.RandomState(0))
    spread = np.mean([RAGGED[batch].max() - RAGGED[batch].min() for batch in epoch])
    at_random = np.mean([np.ptp(RNG.permutation(RAGGED)[:32]) for _ in range(20)])
    assert spread < 0.25 * at_random


def test_batches_do_not_come_in_the_order_of_their_lengths():
    batches = Minibatches(RAGGED, np.arange(240), 32, shuffle=True)  # one pool
    epoch = batches.epoch(np.random.RandomState(0))
    means = np.array([RAGGED[batch].mean() for batch in epoch])
    assert (np.diff(means) < 0).any()
    assert (np.diff(means) > 0).any()


def test_without_shuffling_the_order_is_that_of_the_data():
    index = np.array([3, 5, 6, 9, 20, 21, 22])
    batches = Minibatches(RAGGED, index, 3, shuffle=False)
    generator = np.random.RandomState(0)
    for _ in range(2):
        assert [list(batch) for batch in batches.epoch(generator)] == [
            [3, 5],
            [6, 9],
            [20, 21, 22],
        ]
    assert generator.randint(10**9) == np.random.RandomState(0).randint(10**9)


def test_passes_take_every_sample_longest_first_within_the_budget():
    index = np.sort(RNG.permutation(600)[:450])
    passes = passes_by_length(RAGGED, index, rows_per_pass=1000)
    taken = np.concatenate(passes)
    assert_array_equal(np.sort(taken), index)
    assert (np.diff(RAGGED[taken]) <= 0).all()
    assert all(RAGGED[part].sum() < 1000 + 200 for part in passes)
    assert len(passes) < 1.5 * RAGGED[index].sum() / 1000


def test_a_sequence_longer_than_the_budget_gets_a_pass():
    lengths = np.array([5, 5000, 5])
    passes = passes_by_length(lengths, np.arange(3), rows_per_pass=100)
    assert sorted(np.concatenate(passes)) == [0, 1, 2]
