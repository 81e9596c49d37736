"""Training window by window: gradients, weights, batches, likelihoods."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.network import RecurrentNetwork
from sklstm.network.symbol_network import SymbolNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.sequences.streams import Streams
from sklstm.training import TrainingOptions, train
from sklstm.training.predictions import predictions
from sklstm.training.streams import (
    FrameLikelihood,
    StreamBatches,
    SymbolLikelihood,
)

N_SYMBOLS, N_CHANNELS = 6, 4
LENGTHS = (18, 5, 1, 31, 9)


def make_streams(kind, lengths=LENGTHS, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "symbols":
        values = rng.integers(0, N_SYMBOLS, (sum(lengths), 1)).astype(np.intp)
    else:
        values = (rng.uniform(size=(sum(lengths), N_CHANNELS)) < 0.3).astype(dtype)
    return Streams(Sequences(values, lengths))


def make_network(kind, dtype="float64", sizes=(5, 4), **choices):
    how = {"hidden_layer_sizes": sizes, "pooling": None, "dtype": dtype, **choices}
    if kind == "symbols":
        network = SymbolNetwork(3, N_SYMBOLS, n_symbols=N_SYMBOLS, **how)
    else:
        network = RecurrentNetwork(N_CHANNELS, N_CHANNELS, **how)
    rng = np.random.default_rng(1)
    network.set_parameters(0.5 * rng.normal(size=network.n_parameters))
    return network


def make_loss(kind):
    return SymbolLikelihood(N_SYMBOLS) if kind == "symbols" else FrameLikelihood(4)


each_kind = pytest.mark.parametrize("kind", ["symbols", "frames"])


@each_kind
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn_tanh"])
@pytest.mark.parametrize("window_steps", [1, 4, 50])
def test_windows_make_the_truncated_gradient_of_whole_sequences(
    kind, cell, window_steps
):
    network = make_network(kind, cell=cell)
    streams, loss = make_streams(kind), make_loss(kind)
    targets = loss.make_targets(streams, None)
    targets.prepare(np.dtype(np.float64), np.arange(5))
    usable = np.array([0, 1, 3, 4])
    pieces = usable, np.asarray(streams.sequences.offsets)[usable], None
    pieces = (*pieces[:2], streams.lengths[usable])

    [whole] = streams.windows(pieces, np.arange(4), 100)
    batch = streams.pack(whole)
    outputs = network.forward(batch, window_steps=window_steps, truncate=True)
    value, d_outputs = targets.value_and_gradient(outputs, batch)
    expected = np.empty(network.n_parameters)
    network.backward(d_outputs, expected)

    total, gradient, part = 0.0, np.zeros_like(expected), np.empty_like(expected)
    for window in streams.windows(pieces, np.arange(4), window_steps):
        rows = streams.pack(window)
        outputs = network.forward(
            rows, initial=window.states_of(network.last_states), wants_states=True
        )
        loss_of_window, d_outputs = targets.value_and_gradient(outputs, rows)
        network.backward(d_outputs, part)
        total += loss_of_window * rows.n_rows
        gradient += part * rows.n_rows
    assert_allclose(total / batch.n_rows, value, rtol=1e-12)
    assert_allclose(gradient / batch.n_rows, expected, rtol=1e-9, atol=1e-14)


@each_kind
def test_weighted_loss_has_the_gradient_of_finite_differences(kind):
    network, streams = make_network(kind), make_streams(kind)
    targets = make_loss(kind).make_targets(
        streams, None, np.array([0.5, 2.0, 1.0, 0.0, 3.0])
    )
    targets.prepare(np.dtype(np.float64), np.array([0, 1, 4]))
    batch = streams.pack(streams.passes()[0])

    def value():
        network.parameters_changed()
        return targets.value_and_gradient(network.forward(batch), batch)[0]

    network.parameters_changed()
    outputs = network.forward(batch)
    gradient = np.full(network.n_parameters, np.nan)
    network.backward(targets.value_and_gradient(outputs, batch)[1], gradient)
    assert_gradient_matches(gradient, value, network.parameters, "parameters")


def reference_losses(kind, outputs, values):
    """Loss of each row, from probabilities."""
    if kind == "symbols":
        probabilities = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
        return -np.log(probabilities[np.arange(len(values)), values[:, 0]])
    ones = 1 / (1 + np.exp(-outputs))
    return -np.log(np.where(values == 1, ones, 1 - ones)).sum(axis=1)


@each_kind
@pytest.mark.parametrize("weights", [None, (0.5, 2.0, 1.0, 4.0, 3.0)])
def test_losses_are_those_of_the_next_steps(kind, weights):
    network, streams, loss = make_network(kind), make_streams(kind), make_loss(kind)
    weights = None if weights is None else np.array(weights)
    targets = loss.make_targets(streams, None, weights)
    index = np.arange(5)
    targets.prepare(np.dtype(np.float64), index)
    tally, of_steps, step_weights = targets.tally(), [], []
    for sample in (0, 1, 3, 4):
        rows = streams.sequences[sample]
        outputs = network.predict(pack_batch(Sequences(rows[:-1], [len(rows) - 1])))
        of_steps.append(reference_losses(kind, outputs, rows[1:]))
        weight = 1.0 if weights is None else weights[sample]
        step_weights.append(np.full(len(rows) - 1, weight))
    expected = np.average(
        np.concatenate(of_steps), weights=np.concatenate(step_weights)
    )
    for outputs, batch in predictions(network, streams, streams.passes(), 1):
        tally.add(outputs, batch)
        values = streams.values[batch.row_source + 1]
        assert_allclose(
            loss.losses(outputs, values),
            reference_losses(kind, outputs, values),
            rtol=1e-10,
        )
        value, _ = targets.value_and_gradient(outputs, batch)
        if weights is None:
            assert_allclose(value, expected, rtol=1e-10)
    found, score = tally.result()
    assert_allclose(found, expected, rtol=1e-10)
    assert score == -found


@each_kind
def test_parts_of_an_evaluation_do_not_show(kind, monkeypatch, n_threads):
    network, streams = make_network(kind, "float32"), make_streams(kind, dtype="f4")

    def outputs_by_row():
        rows = np.full((len(streams.values), network.config.n_outputs), np.nan)
        for outputs, batch in predictions(
            network, streams, streams.passes(), n_threads
        ):
            rows[batch.row_source] = outputs
        return rows

    at_once = outputs_by_row()
    monkeypatch.setattr("sklstm.sequences.streams.SEQUENCES_PER_PASS", 2)
    monkeypatch.setattr("sklstm.sequences.streams.ROWS_PER_PASS", 7)
    assert_array_equal(outputs_by_row(), at_once)


@each_kind
def test_the_start_has_the_frequencies_of_what_is_predicted(kind):
    network, streams, loss = make_network(kind), make_streams(kind), make_loss(kind)
    weights = np.array([1.0, 2.0, 5.0, 0.0, 3.0])
    targets = loss.make_targets(streams, None, weights)
    index = np.array([0, 1, 2, 4])
    targets.initialize(network, index)
    predicted = np.concatenate([streams.sequences[k][1:] for k in index])
    of_steps = np.repeat(weights[index], streams.lengths[index])
    if kind == "symbols":
        counts = np.bincount(predicted[:, 0], weights=of_steps, minlength=N_SYMBOLS)
        assert (counts > 0).all()
        found = np.exp(network.output_bias)
        assert_allclose(found / found.sum(), counts / counts.sum())
    else:
        found = 1 / (1 + np.exp(-network.output_bias))
        assert_allclose(found, np.average(predicted, axis=0, weights=of_steps))


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_has_every_step_once(shuffle):
    streams = make_streams("symbols", lengths=(200, 3, 40, 1, 77) * 3)
    index = np.array([0, 1, 2, 4, 5, 9, 11])
    batches = StreamBatches(streams, index, 4, 12, shuffle)
    generator = np.random.RandomState(0)
    epochs = []
    for _ in range(3):
        windows = batches.epoch(generator)
        assert len(batches) == len(windows)
        rows = np.concatenate([streams.pack(window).row_source for window in windows])
        assert len(np.unique(rows)) == len(rows) == streams.lengths[index].sum()
        starts = [k for k, window in enumerate(windows) if not window.goes_on]
        assert all(len(windows[k].samples) <= 4 for k in starts)
        firsts = [windows[k].lengths[0] for k in starts]
        assert all(length <= 12 for length in firsts)
        epochs.append(rows)
    assert shuffle == (epochs[0] != epochs[1]).any()


OPTIONS = TrainingOptions(max_iter=2, batch_size=3, bptt_steps=7, alpha=0.1)


def trained(kind, streams, weights=None, options=OPTIONS, dtype="float64", **how):
    network = make_network(kind, dtype, **how)
    state = train(
        network, streams, None, weights, loss=make_loss(kind), options=options,
        random_state=0,
    )  # fmt: skip
    return network.parameters, state


@each_kind
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_a_sequence_of_weight_zero_moves_nothing(kind, dropout):
    streams = make_streams(kind)
    with_zero, _ = trained(
        kind, streams, np.array([2.0, 0.0, 1.0, 3.0, 0.0]), dropout=dropout
    )
    without, _ = trained(
        kind, streams[np.array([0, 2, 3])], np.array([2.0, 1.0, 3.0]), dropout=dropout
    )
    assert_array_equal(with_zero, without)


@each_kind
def test_equal_weights_are_no_weights(kind):
    streams = make_streams(kind)
    options = TrainingOptions(max_iter=2, batch_size=3, bptt_steps=7, alpha=0)
    weighted, _ = trained(kind, streams, np.full(5, 4.0), options)
    assert_allclose(weighted, trained(kind, streams, None, options)[0], rtol=1e-12)


def test_the_penalty_does_not_depend_on_how_a_text_is_cut():
    """It is divided by the steps, not by the number of sequences."""
    whole = make_streams("frames", lengths=(33,))
    values = np.concatenate([whole.values[:17], whole.values[16:]])
    halves = Streams(Sequences(values, (17, 17)))
    penalties = []
    for streams in (whole, halves):
        losses = []
        for alpha in (0.0, 3.0):
            options = TrainingOptions(
                max_iter=1, alpha=alpha, learning_rate_init=1e-30, bptt_steps=None
            )
            losses.append(trained("frames", streams, None, options)[1].loss)
        penalties.append(losses[1] - losses[0])
    squares = make_network("frames").parameters[make_network("frames").is_weight]
    assert_allclose(penalties, 1.5 / 32 * (squares**2).sum(), rtol=1e-9)


def test_ends_of_few_texts_are_set_aside():
    streams = make_streams("symbols", lengths=(60, 80))
    options = TrainingOptions(
        max_iter=3, early_stopping=True, validation_fraction=0.25, bptt_steps=10
    )
    network = make_network("symbols")
    loss = make_loss("symbols")
    state = train(network, streams, loss=loss, options=options, random_state=0)
    _, ends = streams.split_ends(0.25)
    total = 0.0
    for outputs, batch in predictions(network, ends, ends.passes(), 1):
        total += loss.losses(outputs, ends.values[batch.row_source + 1]).sum()
    assert_allclose(-total / ends.lengths.sum(), state.best_validation_score)
    # What was set aside has no part in training.
    changed = make_streams("symbols", lengths=(60, 80))
    changed.values[45:60] = 0
    other = make_network("symbols")
    options_without = TrainingOptions(
        max_iter=3, early_stopping=True, validation_fraction=0.25, bptt_steps=10,
        n_iter_no_change=100,
    )  # fmt: skip
    curves = []
    for data, one in ((streams, make_network("symbols")), (changed, other)):
        curves.append(
            train(
                one, data, loss=make_loss("symbols"), options=options_without,
                random_state=0,
            ).loss_curve
        )  # fmt: skip
    assert curves[0] == curves[1]


@pytest.mark.parametrize(
    ("lengths", "weights", "options", "message"),
    [
        ((1, 1), None, OPTIONS, "has a step to predict"),
        ((5, 1), (0.0, 1.0), OPTIONS, "has a step to predict"),
        (
            (3,),
            None,
            TrainingOptions(early_stopping=True),
            "ends of 1 sequences, which are too short",
        ),
    ],
)
def test_too_little_to_learn_from_is_said(lengths, weights, options, message):
    weights = None if weights is None else np.array(weights)
    with pytest.raises(ValueError, match=message):
        trained("symbols", make_streams("symbols", lengths), weights, options)


@each_kind
def test_a_sequence_without_steps_changes_nothing(kind):
    streams = make_streams(kind)
    with_it, _ = trained(kind, streams)
    without, _ = trained(kind, streams[np.array([0, 1, 3, 4])])
    assert_array_equal(with_it, without)
