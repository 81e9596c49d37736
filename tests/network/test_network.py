"""Whole networks: the reference's outputs, gradients, bits, hard cases."""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches, assert_same_gradient
from layer_passes import CELLS
from network.network_problems import (
    TOLERANCE,
    WholeLoss,
    make_network,
    make_sequences,
    outputs_by_sample,
)
from numpy.testing import assert_allclose, assert_array_equal
from reference_network import POOLINGS, hidden_states, network_outputs, pool
from threadpoolctl import threadpool_info

from sklstm.network import RecurrentNetwork
from sklstm.network.blas import one_blas_thread
from sklstm.network.config import NetworkConfig
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch, unpack_rows

# Outputs ----


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("sizes", [(5,), (4, 6, 3)], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_equal_reference(isa, dtype, n_threads, cell, sizes, pooling):
    network = make_network(cell, sizes=sizes, pooling=pooling, dtype=dtype)
    sequences = make_sequences(dtype=dtype)
    batch = pack_batch(sequences)
    for outputs in (
        network.forward(batch, n_threads=n_threads),
        network.predict(batch, n_threads=n_threads),
    ):
        assert outputs.dtype == dtype
        by_sample = outputs_by_sample(network, outputs, batch)
        for sequence, output in zip(sequences, by_sample, strict=True):
            expected = network_outputs(network, cell, pooling, sequence)
            assert_allclose(output, expected, rtol=0, atol=20 * TOLERANCE[dtype])


@pytest.mark.parametrize("output", [*POOLINGS, "sequence"])
@pytest.mark.parametrize("cell", CELLS)
def test_features_are_the_top_hidden_states(dtype, n_threads, cell, output):
    network = make_network(cell, sizes=(4, 6), dtype=dtype)
    sequences = make_sequences(dtype=dtype)
    batch = pack_batch(sequences)
    features = network.features(batch, output, n_threads=n_threads)
    if output == "sequence":
        by_sample = unpack_rows(features, batch).to_list()
    else:
        by_sample = [
            features[list(batch.index).index(i)] for i in range(len(sequences))
        ]
    pooling = None if output == "sequence" else output
    for sequence, found in zip(sequences, by_sample, strict=True):
        expected = pool(hidden_states(cell, network.layers, sequence), pooling)
        assert_allclose(found, expected, rtol=0, atol=10 * TOLERANCE[dtype])


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
def test_training_and_inference_give_the_same_bits(isa, dtype, pooling):
    for cell in CELLS:
        network = make_network(cell, sizes=(19, 7), pooling=pooling, dtype=dtype)
        batch = pack_batch(make_sequences(dtype=dtype))
        assert_array_equal(network.forward(batch), network.predict(batch))


# Gradients ----


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("sizes", [(5,), (4, 3)], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_the_whole_loss_matches_central_difference(
    isa, cell, sizes, pooling
):
    network = make_network(cell, sizes=sizes, pooling=pooling)
    loss = WholeLoss(network, pack_batch(make_sequences()))
    # A small step: the maximum of a maximum pooling must not move to another step.
    assert_gradient_matches(
        loss.gradient(), loss.value, network.parameters, "parameters", step=1e-4
    )


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("cell", CELLS)
def test_float32_gradient_follows_float64(isa, cell, pooling):
    wide = make_network(cell, sizes=(17, 9), pooling=pooling)
    narrow = wide.astype(np.float32)
    wide.set_parameters(narrow.parameters)
    sequences = make_sequences(dtype=np.float32)
    found = WholeLoss(narrow, pack_batch(sequences)).gradient()
    expected = WholeLoss(wide, pack_batch(sequences.astype(np.float64))).gradient()
    assert_same_gradient(found, expected, "parameters", rtol=0, atol=1e-5)


def test_backward_overwrites_and_repeats_itself(dtype):
    network = make_network(sizes=(5, 4), dtype=dtype)
    batch = pack_batch(make_sequences(dtype=dtype))
    other = pack_batch(make_sequences((9, 8, 8), seed=5, dtype=dtype))
    loss = WholeLoss(network, batch)
    first = loss.gradient()
    WholeLoss(network, other).gradient()  # leaves its numbers in the workspaces
    assert_array_equal(loss.gradient(), first)
    assert np.isfinite(first).all()


def test_is_weight_masks_exactly_the_weights():
    no_weights = {"bias", "bias_hh", "hidden_0", "cell_0"}
    for cell in CELLS:
        network = make_network(cell, sizes=(4, 3), learned_start=True)
        network.parameters[...] = network.is_weight
        for directions in network.layers:
            for name, view in directions[0].items():
                assert_array_equal(view, float(name not in no_weights))
        assert_array_equal(network.output_weight, 1)
        assert_array_equal(network.output_bias, 0)


def test_is_weight_takes_first_and_last_scores_of_a_crf_for_biases():
    config = NetworkConfig(2, 3, hidden_layer_sizes=(4,), pooling=None, crf=True)
    network = RecurrentNetwork.from_config(config)
    of_lstm = 4 * 4 * (2 + 4)
    of_head = 3 * 4 + 3 * 3  # from hidden units, and from label to label
    assert network.is_weight.sum() == of_lstm + of_head


# Bits ----


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("cell", CELLS)
def test_prediction_of_a_sequence_does_not_depend_on_its_companions(
    kernels, dtype, cell, pooling
):
    n_samples = 2 * kernels.tile_rows() + 5
    lengths = np.random.default_rng(3).integers(1, 8, size=n_samples)
    network = make_network(
        cell, sizes=(kernels.lanes() + 1, 3), pooling=pooling, dtype=dtype
    )
    sequences = make_sequences(lengths, dtype=dtype)
    batch = pack_batch(sequences)
    together = outputs_by_sample(network, network.predict(batch), batch)
    rng = np.random.default_rng(4)
    for index in ([0], [5], [7, 2], rng.permutation(n_samples), [4] * 5):
        for n_threads in (1, 2):
            part = pack_batch(sequences, np.asarray(index))
            outputs = network.predict(part, n_threads=n_threads)
            found = split_rows(outputs, part) if pooling is None else outputs
            for sample, output in zip(part.index, found, strict=True):
                assert_array_equal(output, together[sample])


def split_rows(rows, batch):
    """Packed rows as one array for each sequence of the batch, in batch order."""
    return [rows[batch.offsets[:length] + b] for b, length in enumerate(batch.lengths)]


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_has_the_same_bits_for_every_team(isa, dtype, cell, pooling):
    lengths = np.random.default_rng(3).integers(1, 8, size=70)
    network = make_network(cell, sizes=(18, 5), pooling=pooling, dtype=dtype)
    loss = WholeLoss(network, pack_batch(make_sequences(lengths, dtype=dtype)))
    one = loss.gradient(n_threads=1)
    for n_threads in (2, 3):
        assert_array_equal(loss.gradient(n_threads=n_threads), one)


def test_concurrent_predictions_equal_serial_ones(dtype):
    network = make_network(sizes=(33, 9), dtype=dtype)
    rng = np.random.default_rng(0)
    batches = [
        pack_batch(make_sequences(rng.integers(1, 30, size=11), seed=seed, dtype=dtype))
        for seed in range(32)
    ]
    serial = [network.predict(batch) for batch in batches]
    network.parameters_changed()  # the first concurrent calls pack the weights, too
    with ThreadPoolExecutor(8) as pool_of_threads:
        concurrent = list(pool_of_threads.map(network.predict, batches))
    for found, expected in zip(concurrent, serial, strict=True):
        assert_array_equal(found, expected)


def test_small_predictions_keep_few_workspaces_and_large_ones_none():
    network = make_network(sizes=(33, 9))
    small = pack_batch(make_sequences((7,)))
    large = pack_batch(make_sequences((2000,)))
    with ThreadPoolExecutor(20) as pool_of_threads:
        list(pool_of_threads.map(network.predict, [small] * 100))
    kept = len(network._spares)
    assert 1 <= kept <= 8
    network.predict(large)
    assert len(network._spares) == kept
    assert "_spares" not in network.__getstate__()


def test_overlapping_users_of_one_blas_thread_leave_it_as_it_was():
    def n_threads():
        return [lib["num_threads"] for lib in threadpool_info() if is_blas(lib)]

    def is_blas(lib):
        return lib["user_api"] == "blas"

    before = n_threads()
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(n_threads()) <= {1}
    second.__exit__(None, None, None)
    assert n_threads() == before


def test_prediction_in_the_middle_of_training_disturbs_nothing(dtype):
    network = make_network(sizes=(5, 4), dtype=dtype)
    loss = WholeLoss(network, pack_batch(make_sequences(dtype=dtype)))
    other = pack_batch(make_sequences((9, 9), seed=7, dtype=dtype))

    def predict_others():
        network.predict(other)
        network.features(loss.batch, "sequence")

    assert_array_equal(loss.gradient(between=predict_others), loss.gradient())


# Hard cases ----


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("cell", CELLS)
def test_nan_reaches_its_own_output_and_no_other(isa, dtype, cell, pooling):
    network = make_network(cell, sizes=(5, 4), pooling=pooling, dtype=dtype)
    clean = make_sequences(dtype=dtype)
    batch = pack_batch(clean)
    expected = outputs_by_sample(network, network.predict(batch), batch)
    spoiled_sample, step = 3, 2
    values = clean.values.copy()
    values[clean.offsets[spoiled_sample] + step, 1] = np.nan
    batch = pack_batch(Sequences(values, clean.lengths))
    found = outputs_by_sample(network, network.predict(batch), batch)
    for sample, (output, clean_output) in enumerate(zip(found, expected, strict=True)):
        if sample != spoiled_sample:
            assert_array_equal(output, clean_output)
        elif pooling is None:
            assert_array_equal(output[:step], clean_output[:step])
            assert np.isnan(output[step:]).all()
        else:
            assert np.isnan(output).all()


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("lengths", [(1,), (1, 1, 1), (2, 1)], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_shortest_sequences_have_right_gradients(isa, cell, lengths, pooling):
    network = make_network(cell, sizes=(3,), pooling=pooling)
    loss = WholeLoss(network, pack_batch(make_sequences(lengths)))
    assert_gradient_matches(
        loss.gradient(), loss.value, network.parameters, "parameters", step=1e-4
    )


@pytest.mark.parametrize("pooling", [*POOLINGS, None])
@pytest.mark.parametrize("cell", CELLS)
def test_empty_batch_gives_empty_outputs_and_a_gradient_of_zero(
    dtype, n_threads, cell, pooling
):
    network = make_network(cell, sizes=(5, 4), pooling=pooling, dtype=dtype)
    none = pack_batch(make_sequences(dtype=dtype), np.empty(0, dtype=np.intp))
    assert network.predict(none, n_threads=n_threads).shape == (0, 2)
    outputs = network.forward(none, n_threads=n_threads)
    assert outputs.shape == (0, 2)
    gradient = np.full(network.n_parameters, np.nan, dtype=dtype)
    network.backward(outputs, gradient, n_threads=n_threads)
    assert_array_equal(gradient, 0)


@pytest.mark.parametrize("sizes", [(1,), (17,), (16, 1, 33)], ids=str)
@pytest.mark.parametrize("n_features", [1, 9])
@pytest.mark.parametrize("cell", CELLS)
def test_odd_sizes_equal_reference(isa, dtype, cell, n_features, sizes):
    network = make_network(cell, sizes=sizes, dtype=dtype, n_features=n_features)
    sequences = make_sequences(n_features=n_features, dtype=dtype)
    batch = pack_batch(sequences)
    found = outputs_by_sample(network, network.predict(batch), batch)
    for sequence, output in zip(sequences, found, strict=True):
        expected = network_outputs(network, cell, "last", sequence)
        assert_allclose(output, expected, rtol=0, atol=50 * TOLERANCE[dtype])


def test_maximum_of_equal_steps_sends_the_gradient_to_the_first():
    network = make_network("gru", sizes=(2,), pooling="max", n_features=1)
    network.set_parameters(np.zeros(network.n_parameters))  # all hidden states equal
    network.output_weight[...] = 1.0
    sequences = make_sequences((3,), n_features=1)
    network.forward(pack_batch(sequences))
    gradient = np.empty(network.n_parameters)
    network.backward(np.ones((1, 2)), gradient)
    views = copy.deepcopy(network)
    views.set_parameters(gradient)
    # Two outputs of weight one, z = 1/2, n = 0: d_n = 1 at the first step alone.
    d_candidate = views.layers[0][0]["weight_ih"][4:]
    assert_array_equal(d_candidate, [sequences[0][0]] * 2)
