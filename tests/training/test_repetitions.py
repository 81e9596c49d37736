"""Equal samples are one sample, and "lbfgs" sees nothing else."""

import numpy as np
import pytest

from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.training import CrossEntropy, TrainingOptions, train
from sklstm.training.repetitions import merge_repetitions

RNG = np.random.RandomState(0)
ARRAYS = [RNG.normal(size=(n, 2)) for n in (3, 5, 4, 5)]
Y = np.array([0, 1, 2, 1])


def merged_contents(order, weights=None, y=Y):
    """Steps, targets and weights that are left of the samples in `order`."""
    order = np.asarray(order)
    sequences = Sequences.from_list([ARRAYS[i] for i in order])
    targets = None if y is None else y[order]
    index = np.arange(len(order))
    kept, merged = merge_repetitions(sequences, targets, weights, index)
    return [sequences[i].tolist() for i in kept], merged[kept].tolist()


def test_repetitions_count_as_weight():
    steps, weights = merged_contents([0, 1, 1, 2, 0, 0, 3])
    once = dict(zip(map(str, steps), weights, strict=True))
    expected = zip(ARRAYS, [3, 2, 1, 1], strict=True)
    assert once == {str(array.tolist()): count for array, count in expected}


def test_order_and_repetitions_do_not_matter():
    repeated = merged_contents([3, 0, 1, 1, 2, 1, 0])
    weighted = merged_contents([2, 1, 0, 3], np.array([1.0, 3.0, 2.0, 1.0]))
    assert repeated == weighted


def test_samples_of_equal_steps_and_other_targets_are_kept_apart():
    sequences = Sequences.from_list([ARRAYS[0]] * 3)
    index, weights = merge_repetitions(
        sequences, np.array([0, 1, 0]), None, np.arange(3)
    )
    assert sorted(weights[index].tolist()) == [1, 2]
    index, _ = merge_repetitions(sequences, None, None, np.arange(3))
    assert len(index) == 1


def test_samples_outside_the_index_take_no_part():
    sequences = Sequences.from_list([ARRAYS[0]] * 3)
    index, weights = merge_repetitions(sequences, None, None, np.array([1, 2]))
    assert weights[index].tolist() == [2]
    assert weights.tolist() == [0, 2, 0]


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_weights_repetitions_and_order_give_the_same_bits(alpha):
    def parameters(order, weights=None):
        sequences = Sequences.from_list([ARRAYS[i] for i in order])
        network = RecurrentNetwork(2, 3, hidden_layer_sizes=(5,))
        network.initialize(np.random.RandomState(0))
        options = TrainingOptions(solver="lbfgs", max_iter=40, alpha=alpha)
        y = Y[np.asarray(order)]
        train(network, sequences, y, weights, loss=CrossEntropy(3), options=options)
        return network.parameters

    repeated = parameters([1, 0, 2, 0, 3, 0, 1])
    weighted = parameters([3, 2, 1, 0], np.array([1.0, 1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(repeated, weighted)
