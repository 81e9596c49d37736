"""Losses of taggers, through whole networks: vectors, symbols, words; softmax, CRF."""

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal
from reference_crf import enumerated, path_score
from training.tagging_problems import (
    KINDS,
    LENGTHS,
    N_LABELS,
    OUTPUTS,
    TaggingLoss,
    make_inputs,
    make_labels,
    make_tagger,
)

from sklstm.network import NetworkConfig, RecurrentNetwork
from sklstm.network.crf_head import split_outputs
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.training.tagging import PathLikelihood, StepCrossEntropy

WEIGHTS = np.array([1.0, 0.5, 2.0, 1.5])


# Gradients ----


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradient_of_every_parameter_matches_central_difference(kind, output):
    network = make_tagger(kind, output)
    y = make_labels(step_weights=output == "softmax")
    loss = TaggingLoss(network, make_inputs(kind), y, WEIGHTS)
    gradient = loss.gradient()
    assert_gradient_matches(gradient, loss.value, network.parameters, "parameters")
    assert (gradient != 0).mean() > 0.9


@pytest.mark.parametrize("kind", ["symbols", "words"])
def test_gradient_with_everything_random_matches_central_difference(kind):
    choices = {"input_dropout": 0.3, "dropout": 0.3, "unknown_rate": 2.0}
    network = make_tagger(kind, "softmax", hidden_layer_sizes=(3, 2), **choices)
    how = {"noise_seed": (5, 3)}
    loss = TaggingLoss(network, make_inputs(kind), make_labels(), **how)
    assert_gradient_matches(
        loss.gradient(), loss.value, network.parameters, "parameters"
    )


@pytest.mark.parametrize("kind", ["symbols", "words"])
def test_gradient_of_the_rows_seen_is_that_of_the_table(kind):
    network = make_tagger(kind, "softmax")
    loss = TaggingLoss(network, make_inputs(kind), make_labels())
    whole = loss.gradient()
    dense = loss.gradient(network.n_dense)
    assert_array_equal(dense, whole[: network.n_dense])
    (part,) = network.row_gradients
    table = np.zeros_like(network.table)
    table[part.rows] = part.values
    assert_array_equal(table.ravel(), whole[network.n_dense :])


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_no_bit(dtype, kind, output):
    lengths = np.random.default_rng(0).integers(1, 30, size=40)
    network = make_tagger(kind, output, dtype, hidden_layer_sizes=(19,))
    inputs = make_inputs(kind, lengths, dtype)
    loss = TaggingLoss(network, inputs, make_labels(lengths))
    one, two = loss.gradient(), loss.gradient(n_threads=2)
    assert_array_equal(one, two)
    outputs = [network.predict(loss.batch, n_threads) for n_threads in (1, 2)]
    assert_array_equal(*outputs)


# Values ----


def test_steps_count_by_their_weight():
    """Against the mean over all steps, from NumPy's own logarithms."""
    y = make_labels(step_weights=True)
    outputs = np.random.default_rng(3).normal(size=(sum(LENGTHS), N_LABELS))
    batch = pack_batch(Sequences(outputs, LENGTHS))
    targets = StepCrossEntropy(N_LABELS).make_targets(None, y, WEIGHTS)
    targets.prepare(np.dtype(np.float64), np.arange(len(LENGTHS)))
    value, _ = targets.value_and_gradient(batch.inputs, batch)
    weights = np.repeat(WEIGHTS, LENGTHS) * y.values[:, 1]
    logs = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    codes = y.values[:, 0].astype(int)
    losses = -logs[np.arange(len(codes)), codes]
    expected = (weights * losses).sum() / weights.sum()
    assert_allclose(value, expected, rtol=1e-12)
    tally = targets.tally()
    tally.add(batch.inputs, batch)
    right = outputs.argmax(axis=1) == codes
    score = (weights * right).sum() / weights.sum()
    assert_allclose(tally.result(), (expected, score), rtol=1e-12)


def test_paths_are_those_of_the_reference():
    """Loss, best path and marginals of a CRF, from the list of all paths."""
    rng = np.random.default_rng(4)
    n_rows = sum(LENGTHS)
    outputs = rng.normal(size=(n_rows + N_LABELS + 2, N_LABELS))
    steps, field = split_outputs(outputs)
    batch = pack_batch(Sequences(steps, LENGTHS))
    outputs[:n_rows] = batch.inputs
    loss, y = PathLikelihood(N_LABELS), make_labels()
    targets = loss.make_targets(None, y, WEIGHTS)
    targets.prepare(np.dtype(np.float64), np.arange(len(LENGTHS)))
    found, total, right = 0.0, 0.0, 0
    codes, marginals = loss.labels(outputs, batch), loss.probabilities(outputs, batch)
    for place, sample in enumerate(batch.index):
        rows = batch.offsets[: batch.lengths[place]] + place
        log_z, expected, best, _ = enumerated(outputs[rows], field)
        true = y[sample][:, 0].astype(int)
        nll = log_z - path_score(outputs[rows], true, field)
        found += WEIGHTS[sample] * nll
        total += WEIGHTS[sample] * len(true)
        right += WEIGHTS[sample] * (np.asarray(best) == true).sum()
        assert_array_equal(codes[rows], best)
        assert_allclose(marginals[rows], expected, atol=1e-12)
    value, _ = targets.value_and_gradient(outputs, batch)
    assert_allclose(value, found / total, rtol=1e-12)
    tally = targets.tally()
    tally.add(outputs, batch)
    assert_allclose(tally.result(), (found / total, right / total), rtol=1e-12)


def test_the_loss_of_pieces_adds_up_to_that_of_all(dtype):
    network = make_tagger("words", "softmax", dtype)
    inputs, y = make_inputs("words", dtype=dtype), make_labels(step_weights=True)
    loss = TaggingLoss(network, inputs, y, WEIGHTS)
    total = 0.0
    for index in ([0, 3], [2], [1]):
        batch = pack_batch(inputs, index)
        value, _ = loss.targets.value_and_gradient(network.predict(batch), batch)
        total += value * len(index) / len(LENGTHS)
    assert_allclose(total, loss.value(), rtol=1e-6)


# Networks ----


def test_a_word_is_its_row_beside_the_last_states_over_its_characters(isa, dtype):
    network = make_tagger("words", "softmax", dtype)
    inputs = make_inputs("words")
    outputs = network.predict(pack_batch(inputs))
    views = network._parameter_layout.views(network.parameters)
    reader = RecurrentNetwork.from_config(network.config.of_characters)
    reader.set_parameters(0)
    for i in (0, 1):
        for name, array in reader._layer_parameters[0, i].items():
            array[:] = views["characters", 0, i, name]
    reader.parameters_changed()
    table = views["characters", "table"]
    spelled = [table[codes[:, 0]] for codes in inputs.spellings]
    states = np.concatenate(
        [reader.features(pack_batch(Sequences.from_list([rows]))) for rows in spelled]
    )
    words = network.table[inputs.values[:, 0]]
    rows = np.hstack([words, states[inputs.spelling_of_step]])
    config = NetworkConfig(
        7, N_LABELS, hidden_layer_sizes=(3,), bidirectional=True, pooling=None,
        dtype=dtype,
    )  # fmt: skip
    plain = RecurrentNetwork.from_config(config)
    plain.set_parameters(network.parameters[: plain.n_parameters])
    batch = pack_batch(Sequences(rows, LENGTHS))
    assert_array_equal(outputs, plain.predict(batch))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_do_not_depend_on_companions(isa, dtype, kind, output):
    network = make_tagger(kind, output, dtype, hidden_layer_sizes=(9,))
    inputs = make_inputs(kind, dtype=dtype)
    loss = (PathLikelihood if output == "crf" else StepCrossEntropy)(N_LABELS)
    batch = pack_batch(inputs)
    outputs = network.predict(batch)
    probabilities = loss.probabilities(outputs, batch)
    for sample in range(len(inputs)):
        alone = pack_batch(inputs, [sample])
        of_one = network.predict(alone)
        place = list(batch.index).index(sample)
        rows = batch.offsets[: batch.lengths[place]] + place
        assert_array_equal(of_one[: alone.n_rows], outputs[rows])
        assert_array_equal(loss.probabilities(of_one, alone), probabilities[rows])


def test_training_and_inference_read_alike(isa, dtype):
    for kind in KINDS:
        for output in OUTPUTS:
            network = make_tagger(kind, output, dtype)
            batch = pack_batch(make_inputs(kind, dtype=dtype))
            assert_array_equal(network.forward(batch), network.predict(batch))


def test_changed_characters_are_read_anew():
    network = make_tagger("words", "softmax")
    batch = pack_batch(make_inputs("words"))
    before = network.predict(batch)
    views = network._parameter_layout.views(network.parameters)
    views["characters", 0, 0, "weight_hh"][:] *= 2
    network.parameters_changed()
    changed = network.predict(batch)
    assert (before != changed).any()
    network.set_parameters(network.parameters * 1.0)
    assert_array_equal(network.predict(batch), changed)


# Unknown symbols ----


def read_codes(network, inputs, index, seed, keys=None):
    """The codes that a training pass reads, by sample."""
    batch = pack_batch(inputs, index)
    network.forward(batch, noise_seed=seed, noise_keys=keys)
    read = network._pass[0].inputs.reshape(-1)
    return {
        int(sample): read[batch.offsets[: batch.lengths[place]] + place].tolist()
        for place, sample in enumerate(batch.index)
    }


def test_unknown_symbols_depend_on_neither_companions_nor_order():
    network = make_tagger("symbols", "softmax", unknown_rate=3.0)
    inputs = make_inputs("symbols", lengths=(30, 30, 20, 25))
    together = read_codes(network, inputs, [0, 1, 2, 3], (1, 7))
    for index in ([3, 1, 0, 2], [2], [3, 0]):
        alone = read_codes(network, inputs, index, (1, 7))
        assert alone == {sample: together[sample] for sample in index}
    assert read_codes(network, inputs, [0, 1, 2, 3], (1, 8)) != together
    assert read_codes(network, inputs, [0, 1, 2, 3], (2, 7)) != together


def test_rare_symbols_are_unknown_as_often_as_they_should_be():
    network = make_tagger("symbols", "softmax", unknown_rate=2.0)
    counts = network.symbol_counts
    codes = np.tile(np.arange(6), 5000)
    inputs = Sequences(codes[:, np.newaxis], np.full(300, 100))
    read = read_codes(network, inputs, np.arange(300), (4, 2))
    read = np.concatenate([read[sample] for sample in range(300)])
    for code in range(1, 6):
        of_code = read[codes == code]
        assert set(of_code.tolist()) <= {0, code}
        rate = 2 / (2 + counts[code])
        error = 4 * np.sqrt(rate * (1 - rate) / len(of_code))
        assert abs((of_code == 0).mean() - rate) < error


def test_prediction_knows_all_symbols():
    noisy = make_tagger("words", "softmax", unknown_rate=100.0)
    plain = make_tagger("words", "softmax")
    batch = pack_batch(make_inputs("words"))
    assert_array_equal(noisy.predict(batch), plain.predict(batch))
    assert (noisy.forward(batch, noise_seed=(1, 1)) != plain.predict(batch)).any()
