"""Equal samples are one sample, and "lbfgs" sees nothing else."""

import numpy as np
import pytest

from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.training import CrossEntropy, SquaredError, TrainingOptions, train
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
    kept, targets, merged = merge_repetitions(sequences, targets, weights, index)
    steps = [array.tolist() for array in kept]
    expected = [Y[[a.tolist() for a in ARRAYS].index(array)] for array in steps]
    assert targets is None or targets.tolist() == expected
    return steps, merged.tolist()


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
    kept, y, weights = merge_repetitions(
        sequences, np.array([0, 1, 0]), None, np.arange(3)
    )
    assert sorted(zip(y, weights, strict=True)) == [(0, 2), (1, 1)]
    kept, _, _ = merge_repetitions(sequences, None, None, np.arange(3))
    assert len(kept) == 1


def test_samples_outside_the_index_take_no_part():
    sequences = Sequences.from_list([ARRAYS[0]] * 3)
    kept, _, weights = merge_repetitions(sequences, None, None, np.array([1, 2]))
    assert len(kept) == 1
    assert weights.tolist() == [2]


@pytest.mark.parametrize("alpha", [0.0, 0.1])
@pytest.mark.parametrize("next_step", [False, True], ids=["classes", "next_step"])
def test_weights_repetitions_and_order_give_the_same_bits(alpha, next_step):
    def parameters(order, weights=None):
        sequences = Sequences.from_list([ARRAYS[i] for i in order])
        loss = SquaredError(2) if next_step else CrossEntropy(3)
        pooling = None if next_step else "last"
        network = RecurrentNetwork(
            2, loss.n_outputs, hidden_layer_sizes=(5,), pooling=pooling
        )
        network.initialize(np.random.RandomState(0))
        options = TrainingOptions(solver="lbfgs", max_iter=40, alpha=alpha)
        y = None if next_step else Y[np.asarray(order)]
        train(network, sequences, y, weights, loss=loss, options=options)
        return network.parameters

    repeated = parameters([1, 0, 2, 0, 3, 0, 1])
    weighted = parameters([3, 2, 1, 0], np.array([1.0, 1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(repeated, weighted)
