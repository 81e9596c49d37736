"""Validation during training: curves, early stopping, best weights, verbose."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from training.problems import (
    fit_classes,
    fit_numbers,
    make_classes,
    make_network,
    make_numbers,
    make_sequences,
)

from sklstm.sequences.packing import pack_batch
from sklstm.training import CrossEntropy, SquaredError
from sklstm.training import early_stopping as early_stopping_module

SEQUENCES, OTHERS = make_sequences(seed=1), make_sequences(31, seed=2)
CLASSES, OTHER_CLASSES = make_classes(SEQUENCES), make_classes(OTHERS)
WEIGHTS = np.linspace(0, 2, 31)
VALIDATION = (OTHERS, OTHER_CLASSES, WEIGHTS)


def loss_and_score(network):
    """By one pass over all validation data, in float64."""
    loss = CrossEntropy(3)
    batch = pack_batch(OTHERS)
    outputs = network.predict(batch).astype(np.float64)
    y, weights = OTHER_CLASSES[batch.index], WEIGHTS[batch.index]
    return loss.value(outputs, y, weights), loss.score(outputs, y, weights)


def test_curves_are_those_of_the_weights_after_every_epoch():
    expected = []
    network, state = fit_classes(
        SEQUENCES,
        CLASSES,
        network=(network := make_network()),
        validation=VALIDATION,
        max_iter=5,
        learning_rate_init=0.05,
        on_epoch=lambda state: expected.append(loss_and_score(network)) or False,
    )
    losses, scores = zip(*expected, strict=True)
    assert_allclose(state.validation_loss_curve, losses, rtol=1e-5)
    assert_allclose(state.validation_scores, scores, rtol=1e-6)
    assert state.best_validation_score == max(state.validation_scores)


def test_validation_data_without_early_stopping_change_nothing():
    watched, _ = fit_classes(SEQUENCES, CLASSES, validation=VALIDATION)
    alone, _ = fit_classes(SEQUENCES, CLASSES)
    assert_array_equal(watched.parameters, alone.parameters)


def test_many_passes_give_the_result_of_one(monkeypatch):
    _, in_one = fit_classes(SEQUENCES, CLASSES, validation=VALIDATION)
    original = early_stopping_module.passes_by_length
    monkeypatch.setattr(
        early_stopping_module,
        "passes_by_length",
        lambda lengths, index: original(lengths, index, rows_per_pass=10),
    )
    _, in_many = fit_classes(SEQUENCES, CLASSES, validation=VALIDATION)
    assert_allclose(in_many.validation_loss_curve, in_one.validation_loss_curve)
    assert_allclose(in_many.validation_scores, in_one.validation_scores)


def overfit(**options):
    """Labels that are noise: the validation score has no reason to rise for long."""
    rng = np.random.RandomState(0)
    kept = []
    y = rng.randint(3, size=40)
    network = make_network(hidden=(30,))
    _, state = fit_classes(
        SEQUENCES,
        y,
        network=network,
        learning_rate_init=0.05,
        n_iter_no_change=5,
        max_iter=100,
        on_epoch=lambda state: kept.append(network.parameters.copy()) and False,
        **options,
    )
    return network, state, kept


def test_early_stopping_ends_with_the_best_weights():
    network, state, kept = overfit(early_stopping=True, validation=VALIDATION)
    assert state.stop_reason == "early_stopping"
    assert 5 < state.n_iter < 60
    order = [
        (-score, loss, epoch)
        for epoch, (score, loss) in enumerate(
            zip(state.validation_scores, state.validation_loss_curve, strict=True)
        )
    ]
    best_epoch = min(order)[2]
    assert best_epoch < state.n_iter - 1
    assert_array_equal(network.parameters, kept[best_epoch])
    assert state.best_validation_score == state.validation_scores[best_epoch]
    assert_allclose(loss_and_score(network)[1], state.best_validation_score)


def test_an_interrupt_ends_with_the_best_weights_too():
    def interrupt(state):
        if state.n_iter == 9:
            raise KeyboardInterrupt

    rng = np.random.RandomState(0)
    network, state = fit_classes(
        SEQUENCES,
        rng.randint(3, size=40),
        network=make_network(hidden=(30,)),
        learning_rate_init=0.05,
        max_iter=100,
        early_stopping=True,
        n_iter_no_change=100,
        validation=VALIDATION,
        on_epoch=interrupt,
    )
    assert state.stop_reason == "interrupted"
    assert_allclose(loss_and_score(network)[1], max(state.validation_scores))


def test_a_part_set_aside_is_never_trained_on():
    """Two runs that differ in the labels of the part alone end in equal weights."""
    from sklstm.training.early_stopping import split_validation

    options = {"early_stopping": True, "tol": 0.0, "n_iter_no_change": 100}
    y = make_numbers(SEQUENCES)
    _, state = fit_numbers(SEQUENCES, y, max_iter=1, **options)
    _, part = split_validation(np.arange(40), 0.1, state.split_seed)
    assert len(part) == 4
    parameters = []
    for change in (0.0, 5.0):
        changed = y.copy()
        changed[part] += change
        kept = []
        network = make_network(2)
        fit_numbers(
            SEQUENCES,
            changed,
            network=network,
            on_epoch=lambda state, network=network, kept=kept: kept.append(
                network.parameters.copy()
            ),
            **options,
        )
        parameters.append(kept)
    assert_array_equal(*parameters)


def test_a_warm_start_sets_the_same_part_aside_and_never_gets_worse():
    options = {"early_stopping": True, "validation_fraction": 0.3, "max_iter": 40}
    network, state = fit_classes(
        SEQUENCES, CLASSES, learning_rate_init=0.03, n_iter_no_change=40, **options
    )
    assert state.best_validation_score > 0.9
    best = network.parameters.copy()
    _, again = fit_classes(
        SEQUENCES,
        CLASSES,
        network=network,
        state=state,
        learning_rate_init=10.0,  # ruins the weights in every epoch
        n_iter_no_change=2,
        **options,
    )
    assert again.split_seed == state.split_seed
    assert again.stop_reason == "early_stopping"
    assert again.best_validation_score == state.best_validation_score
    assert_array_equal(network.parameters, best)


@pytest.mark.parametrize("next_step", [False, True], ids=["numbers", "next_step"])
def test_early_stopping_of_regression_and_of_next_step(next_step):
    train, test = (make_sequences(60, seed=s, min_length=2) for s in (1, 2))
    pooling = None if next_step else "mean"
    y, y_test = (None if next_step else make_numbers(part) for part in (train, test))
    loss = SquaredError(3 if next_step else 2)
    network = make_network(loss.n_outputs, pooling=pooling)
    _, state = fit_numbers(
        train,
        y,
        network=network,
        loss=loss,
        learning_rate_init=0.02,
        early_stopping=True,
        max_iter=60,
        validation=(test, y_test, None),
    )
    assert state.best_validation_score > 0.7
    assert len(state.validation_scores) == state.n_iter


def test_verbose_prints_one_line_an_epoch(capsys):
    fit_classes(SEQUENCES, CLASSES, verbose=True, validation=VALIDATION, max_iter=3)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    number = r"[-+.\de]+"
    for epoch, line in enumerate(lines, 1):
        assert re.fullmatch(
            rf"epoch +{epoch}/3  loss {number}  validation loss {number}, score"
            rf" {number}  gradient norm {number}  learning rate 0\.003  {number} s",
            line,
        )


def test_verbose_without_validation_and_for_lbfgs(capsys):
    fit_classes(SEQUENCES, CLASSES, verbose=1, max_iter=2)
    assert "validation" not in capsys.readouterr().out
    _, state = fit_classes(SEQUENCES, CLASSES, verbose=1, max_iter=4, solver="lbfgs")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == state.n_iter == 4
    assert f"loss {state.loss:.5f}" in lines[-1]
    fit_classes(SEQUENCES, CLASSES)
    assert capsys.readouterr().out == ""
