"""Training on real speech reaches what a broken trainer cannot."""

import numpy as np
import pytest

from sklstm.datasets import load_japanese_vowels
from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.training import CrossEntropy, TrainingOptions, train


@pytest.mark.parametrize(
    "cell, solver, options",
    [
        ("lstm", "adam", {"max_iter": 60}),
        ("lstm", "adam", {"max_iter": 30, "learning_rate": "cosine"}),
        ("gru", "adamw", {"max_iter": 30, "alpha": 0.1}),
        ("lstm", "sgd", {"max_iter": 60, "learning_rate_init": 0.1}),
        ("gru", "rmsprop", {"max_iter": 30}),
        ("lstm", "lbfgs", {"max_iter": 60, "alpha": 1.0}),
    ],
)
def test_japanese_vowels(cell, solver, options):
    """Nine speakers, 270 utterances to learn from; a plain LSTM of PyTorch: 0.954."""
    data = load_japanese_vowels()
    steps = np.concatenate(data.X_train)
    mean, scale = steps.mean(axis=0), steps.std(axis=0)
    train_set, test_set = (
        Sequences.from_list([(x - mean) / scale for x in part])
        for part in (data.X_train, data.X_test)
    )
    rng = np.random.RandomState(0)
    network = RecurrentNetwork(12, 9, cell=cell, hidden_layer_sizes=(64,))
    network.initialize(rng)
    train(
        network,
        train_set,
        data.y_train,
        loss=CrossEntropy(9),
        options=TrainingOptions(solver=solver, **options),
        random_state=rng,
    )
    batch = pack_batch(test_set)
    predicted = network.predict(batch).argmax(axis=1)
    assert (predicted == data.y_test[batch.index]).mean() >= 0.95
