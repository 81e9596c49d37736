"""Validation split, patience, and the choice of the best weights."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm.training.early_stopping import BestWeights, Patience, split_validation

INDEX = np.sort(np.random.RandomState(0).permutation(300)[:200])
LABELS = np.random.RandomState(1).choice(4, size=300, p=[0.6, 0.25, 0.1, 0.05])


@pytest.mark.parametrize("labels", [None, LABELS], ids=["plain", "stratified"])
@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_the_parts_share_nothing_and_lose_nothing(labels, fraction):
    training, validation = split_validation(INDEX, fraction, 3, labels)
    assert_array_equal(np.sort(np.concatenate([training, validation])), INDEX)
    assert len(validation) == round(fraction * len(INDEX))


@pytest.mark.parametrize("labels", [None, LABELS], ids=["plain", "stratified"])
def test_the_seed_decides(labels):
    def validation(seed):
        return set(split_validation(INDEX, 0.2, seed, labels)[1])

    assert validation(3) == validation(3)
    assert validation(3) != validation(4)


def test_classes_keep_their_proportions():
    for seed in range(20):
        _, validation = split_validation(INDEX, 0.2, seed, LABELS)
        expected = 0.2 * np.bincount(LABELS[INDEX])
        found = np.bincount(LABELS[validation], minlength=4)
        assert np.abs(found - expected).max() <= 1.5


def test_training_knows_every_class():
    labels = np.array([0] * 10 + [1, 2, 2, 3, 3, 3])
    for seed in range(50):
        training, _ = split_validation(np.arange(16), 0.4, seed, labels)
        assert set(labels[training]) == {0, 1, 2, 3}


@pytest.mark.parametrize("fraction, n_set_aside", [(0.1, 1), (0.95, 10)])
def test_parts_of_fewer_than_two_samples_are_refused(fraction, n_set_aside):
    with pytest.raises(ValueError, match=f"set aside {n_set_aside} of 10 sequences"):
        split_validation(np.arange(10), fraction, 0)


def test_every_sample_has_its_chance():
    times = np.zeros(20)
    for seed in range(400):
        times[split_validation(np.arange(20), 0.25, seed)[1]] += 1
    assert times.min() > 60
    assert times.max() < 140


def waits(patience, see, values):
    over = []
    for value in values:
        see(*np.atleast_1d(value))
        over.append(patience.is_over)
    return over


def test_patience_ends_after_epochs_without_improvement():
    patience = Patience(tol=0.1, n_iter_no_change=2)
    losses = [1.0, 0.95, 0.5, 0.45, 0.42]  # -0.05, -0.5, -0.05, -0.03: two too small
    assert waits(patience, patience.see_loss, losses) == [False] * 4 + [True]


def test_small_improvements_do_not_add_up():
    patience = Patience(tol=0.1, n_iter_no_change=3)
    losses = [1.0, 0.95, 0.9, 0.85]
    assert waits(patience, patience.see_loss, losses) == [False, False, False, True]


def test_restarted_patience_holds_on_to_the_best():
    patience = Patience(tol=0.0, n_iter_no_change=2)
    waits(patience, patience.see_loss, [1.0, 2.0, 2.0])
    patience.restart()
    assert not patience.is_over
    assert waits(patience, patience.see_loss, [1.5, 1.4]) == [False, True]


def test_patience_with_nan_losses_ends():
    patience = Patience(tol=0.0, n_iter_no_change=2)
    assert waits(patience, patience.see_loss, [np.nan] * 2) == [False, True]


def test_validation_is_judged_by_score_then_by_loss():
    patience = Patience(tol=0.01, n_iter_no_change=2)
    loss_and_score = [(1.0, 0.5), (0.9, 0.5), (2.0, 0.6), (1.9, 0.6), (0.1, 0.5)]
    see = patience.see_validation
    assert waits(patience, see, loss_and_score) == [False] * 5
    assert waits(patience, see, [(0.1, 0.5)]) == [True]


def test_best_weights_are_those_of_the_best_score_then_of_the_lowest_loss():
    network = SimpleNamespace(parameters=np.zeros(2), set_parameters=None)
    restored = []
    network.set_parameters = lambda parameters: restored.append(parameters.copy())
    best = BestWeights()
    for number, (loss, score) in enumerate(
        [(1.0, 0.5), (0.9, 0.7), (0.8, 0.7), (0.85, 0.7), (0.1, 0.6), (0, np.nan)]
    ):
        network.parameters[:] = number
        best.offer(network, loss, score)
    best.restore(network)
    assert_array_equal(restored, [[2, 2]])
    assert best.score == 0.7


def test_nothing_is_restored_if_nothing_was_offered():
    network = SimpleNamespace()
    BestWeights().restore(network)
    assert vars(network) == {}
