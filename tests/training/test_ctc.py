"""The loss of label sequences without times: weights, scale, start, score."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from reference_ctc import ctc_value, edit_distance, labelling_of

from sklstm.network import RecurrentNetwork
from sklstm.network.ctc import n_steps_needed
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.training import TrainingOptions, train
from sklstm.training.ctc import CTCLoss

N_LABELS = 2
LABELS = [[0, 1], [1], [], [1, 1, 0], [0], [1, 0]]


def codes(lists):
    parts = [np.array(part, dtype=np.intp).reshape(-1, 1) for part in lists]
    lengths = [len(part) for part in parts]
    return Sequences(np.concatenate(parts), lengths)


@pytest.fixture
def sequences():
    rng = np.random.RandomState(0)
    return Sequences.from_list([rng.normal(size=(n, 3)) for n in (4, 2, 3, 6, 1, 5)])


def prepared(sequences, weights=None, index=None):
    weights = None if weights is None else np.array(weights, dtype=float)
    targets = CTCLoss(N_LABELS).make_targets(sequences, codes(LABELS), weights)
    targets.prepare(np.float64, np.arange(6) if index is None else index)
    return targets


def random_outputs(batch, seed=1):
    """Outputs that depend on the sample, in a strided view as the head's."""
    values = np.random.RandomState(seed).normal(size=(100, N_LABELS + 3))
    return values[batch.row_source][:, : N_LABELS + 1]


def of_sample(outputs, batch, sample):
    place = int(np.flatnonzero(batch.index == sample)[0])
    return outputs[batch.offsets[: batch.lengths[place]] + place]


def test_value_is_the_loss_per_label(sequences):
    batch = pack_batch(sequences)
    outputs = random_outputs(batch)
    value, _ = prepared(sequences).value_and_gradient(outputs, batch)
    losses = [ctc_value(of_sample(outputs, batch, i), LABELS[i]) for i in range(6)]
    assert_allclose(value, sum(losses) / sum(map(len, LABELS)))


def test_weights_scale_losses_and_labels(sequences):
    weights = np.array([2, 1, 0.5, 3, 1, 7.0])
    batch = pack_batch(sequences)
    outputs = random_outputs(batch)
    losses = [ctc_value(of_sample(outputs, batch, i), LABELS[i]) for i in range(6)]
    expected = np.dot(weights, losses) / np.dot(weights, list(map(len, LABELS)))
    for factor in (1, 1e-8, 1e12):
        targets = prepared(sequences, factor * weights)
        value, _ = targets.value_and_gradient(outputs, batch)
        assert_allclose(value, expected)
        tally = targets.tally()
        tally.add(outputs, batch)
        assert_allclose(tally.result()[0], expected)


def test_batches_add_up_to_the_loss_of_all(sequences):
    weights = [2, 1, 0.5, 3, 1, 7]
    targets = prepared(sequences, weights)
    whole = pack_batch(sequences)
    value, _ = targets.value_and_gradient(random_outputs(whole), whole)
    total, tally = 0, targets.tally()
    for index in ([3, 0, 4], [5], [1, 2]):
        batch = pack_batch(sequences, np.array(index))
        part, _ = targets.value_and_gradient(random_outputs(batch), batch)
        total += part * len(index) / 6
        tally.add(random_outputs(batch), batch)
    assert_allclose(total, value)
    assert_allclose(tally.result()[0], value)


def test_gradient_of_weighted_batches_is_that_of_finite_differences(sequences):
    targets = prepared(sequences, [2, 1, 0.5, 3, 1, 7])
    batch = pack_batch(sequences, np.array([3, 1, 5]))
    outputs = np.ascontiguousarray(random_outputs(batch))
    _, d_outputs = targets.value_and_gradient(outputs, batch)
    assert_gradient_matches(
        d_outputs,
        lambda: targets.value_and_gradient(outputs, batch)[0],
        outputs,
        "outputs",
    )


def test_gradient_reaches_the_parameters(sequences):
    """The whole way: layers in both directions, head, loss."""
    network = RecurrentNetwork(
        3, N_LABELS + 1, hidden_layer_sizes=(4, 3), bidirectional=True, pooling=None,
        dtype="float64",
    )  # fmt: skip
    network.initialize(np.random.RandomState(0))
    targets, batch = prepared(sequences), pack_batch(sequences)

    def loss():
        network.parameters_changed()
        return targets.value_and_gradient(network.forward(batch), batch)[0]

    _, d_outputs = targets.value_and_gradient(network.forward(batch), batch)
    gradient = np.empty(network.n_parameters)
    network.backward(d_outputs, gradient)
    assert_gradient_matches(gradient, loss, network.parameters, "parameters")


def test_score_is_one_less_the_label_error_rate(sequences):
    weights = np.array([2, 1, 0.5, 3, 1, 7.0])
    batch = pack_batch(sequences)
    outputs = 3 * random_outputs(batch, seed=4)
    for used in (None, weights):
        tally = prepared(sequences, used).tally()
        tally.add(outputs, batch)
        _, score = tally.result()
        found = [
            labelling_of(of_sample(outputs, batch, i).argmax(axis=1), N_LABELS)
            for i in range(6)
        ]
        wrong = [edit_distance(a, b) for a, b in zip(found, LABELS, strict=True)]
        assert sum(wrong) > 2
        used = np.ones(6) if used is None else used
        n_labels = np.dot(used, list(map(len, LABELS)))
        assert_allclose(score, 1 - np.dot(used, wrong) / n_labels)


def test_head_starts_with_half_the_log_odds_of_the_blank(sequences):
    network = RecurrentNetwork(3, N_LABELS + 1, pooling=None)
    network.output_bias[:] = 7
    targets = CTCLoss(N_LABELS).make_targets(sequences, codes(LABELS))
    targets.initialize(network, np.array([0, 1, 3]))
    share = 6 / 12  # labels among the steps of these samples
    odds = (1 - share) / (share / N_LABELS)
    assert_allclose(network.output_bias, [0, 0, 0.5 * np.log(odds)], rtol=1e-6)


def test_training_on_nothing_but_empty_targets_learns_to_say_nothing(sequences):
    network = RecurrentNetwork(3, N_LABELS + 1, hidden_layer_sizes=(4,), pooling=None)
    network.initialize(np.random.RandomState(0))
    empty = codes([[]] * 6)
    state = train(
        network, sequences.astype(np.float32), empty, loss=CTCLoss(N_LABELS),
        options=TrainingOptions(max_iter=30, learning_rate_init=0.05), random_state=0,
        validation=(sequences.astype(np.float32), empty, None),
    )  # fmt: skip
    assert state.loss < 0.2 * state.loss_curve[0]
    assert state.validation_scores[-1] == 1


@pytest.mark.parametrize(
    "lists, needed",
    [
        ([[]], [0]),
        ([[0], [0], [0, 0]], [1, 1, 3]),
        ([[1, 1, 1], [1], [], [], [1, 0, 1], [1, 0, 0]], [5, 1, 0, 0, 3, 4]),
    ],
)
def test_a_step_for_each_label_and_one_between_equal_neighbours(lists, needed):
    assert_array_equal(n_steps_needed(codes(lists)), needed)
