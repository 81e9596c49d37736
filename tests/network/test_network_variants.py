"""Networks with every option: projection, both directions, noise, windows, ..."""

import pickle

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from network.network_problems import (
    TOLERANCE,
    WholeLoss,
    make_network,
    make_sequences,
    outputs_by_sample,
)
from numpy.testing import assert_allclose, assert_array_equal
from reference_layers import backward, forward
from reference_network import POOLINGS, network_outputs

from sklstm.network import RecurrentNetwork
from sklstm.network.dropout import PassNoise
from sklstm.network.memory import Workspace
from sklstm.sequences.packing import pack_batch

NOISE = {
    "dropout": 0.25,
    "input_dropout": 0.25,
    "recurrent_dropout": 0.375,
    "zoneout": 0.25,
}
VARIANTS = {
    "peephole": {"cell": "lstm_peephole", "sizes": (5, 4)},
    "coupled peephole": {"cell": "lstm_coupled_peephole"},
    "projection": {"projection_sizes": (3,)},
    "deep projection": {"sizes": (5, 6), "projection_sizes": (3, 7)},
    "bidirectional": {"bidirectional": True},
    "deep bidirectional": {"sizes": (5, 3), "bidirectional": True},
    "bidirectional gru": {"cell": "gru", "sizes": (3, 4), "bidirectional": True},
    "bidirectional reset after": {"cell": "gru_reset_after", "bidirectional": True},
    "bidirectional rnn": {"cell": "rnn_tanh", "sizes": (4, 4), "bidirectional": True},
    "learned start": {"learned_start": True},
    "learned start of a gru": {
        "cell": "gru",
        "sizes": (3, 4),
        "learned_start": True,
        "bidirectional": True,
    },
    "zoneout": {"sizes": (5, 4), "zoneout": 0.3},
    "everything": {
        "cell": "lstm_peephole",
        "sizes": (5, 4),
        "projection_sizes": (3, 5),
        "bidirectional": True,
        "learned_start": True,
        **NOISE,
    },
    "all noise, deep": {"cell": "gru", "sizes": (5, 4), "learned_start": True} | NOISE,
}
all_variants = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
all_poolings = pytest.mark.parametrize("pooling", [*POOLINGS, None])


@all_poolings
@all_variants
def test_predictions_equal_reference(dtype, n_threads, variant, pooling):
    network = make_network(**variant, pooling=pooling, dtype=dtype)
    sequences = make_sequences(dtype=dtype)
    batch = pack_batch(sequences)
    outputs = network.predict(batch, n_threads=n_threads)
    by_sample = outputs_by_sample(network, outputs, batch)
    for sequence, output in zip(sequences, by_sample, strict=True):
        expected = network_outputs(network, network.config.cell, pooling, sequence)
        assert_allclose(output, expected, rtol=0, atol=30 * TOLERANCE[dtype])


@all_poolings
@all_variants
def test_gradient_of_the_whole_loss_matches_central_difference(variant, pooling):
    """With the same draws at every call, a noisy network is a function, too."""
    network = make_network(**variant, pooling=pooling)
    loss = WholeLoss(network, pack_batch(make_sequences()), noise_seed=(5, 7))
    assert_gradient_matches(
        loss.gradient(), loss.value, network.parameters, "parameters", step=1e-4
    )


@all_poolings
@all_variants
def test_windows_change_no_bit_of_the_gradient(dtype, variant, pooling):
    network = make_network(**variant, pooling=pooling, dtype=dtype)
    batch = pack_batch(make_sequences((9, 4, 7, 7, 1, 2, 9), dtype=dtype))
    whole = WholeLoss(network, batch)
    outputs, gradient = network.forward(batch), whole.gradient()
    for window_steps, n_threads in [(1, 1), (2, 1), (4, 2), (8, 1), (20, 1)]:
        how = {"window_steps": window_steps}
        assert_array_equal(network.forward(batch, **how), outputs)
        in_windows = WholeLoss(network, batch, **how).gradient(n_threads)
        assert_array_equal(in_windows, gradient)


@pytest.mark.parametrize("window_steps", [1, 2, 3, 5])
def test_truncation_cuts_the_gradient_and_carries_the_state(window_steps):
    """The gradient of each window by the reference, from the states it starts with."""
    lengths = (8, 6, 6, 3, 1)
    network = make_network("lstm_peephole", pooling=None)
    batch = pack_batch(make_sequences(lengths))
    d_outputs = np.random.default_rng(0).normal(size=(batch.n_rows, 2))
    how = {"window_steps": window_steps, "truncate": True}
    assert_allclose(network.forward(batch, **how), network.predict(batch), atol=1e-14)
    network.forward(batch, **how)
    found = np.full(network.n_parameters, np.nan)
    network.backward(d_outputs, found)

    parameters = {k: np.array(v) for k, v in network.layers[0][0].items()}
    d_hidden = d_outputs @ network.output_weight
    expected = dict.fromkeys(parameters, 0.0)
    states = {name: np.zeros((5, 5)) for name in ("hidden", "cell")}
    for first in range(0, 8, window_steps):
        last = min(first + window_steps, 8)
        rows = slice(batch.offsets[first], batch.offsets[last])
        in_window = np.clip(np.array(lengths) - first, 0, last - first)
        trace = forward(
            "lstm_peephole", batch.inputs[rows], parameters, states, in_window
        )
        zero = {name: np.zeros((5, 5)) for name in states}
        gradients = backward(
            "lstm_peephole", trace, parameters, d_hidden[rows], zero
        )  # fmt: skip
        expected = {name: expected[name] + gradients[name] for name in expected}
        states = trace.final
    views = make_network("lstm_peephole", pooling=None)
    views.set_parameters(found)
    for name, gradient in expected.items():
        assert_allclose(views.layers[0][0][name], gradient, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_truncation_longer_than_the_sequences_changes_nothing(dtype, pooling):
    network = make_network("gru", sizes=(5, 4), pooling=pooling, dtype=dtype)
    batch = pack_batch(make_sequences(dtype=dtype))
    cut = WholeLoss(network, batch, window_steps=6, truncate=True).gradient()
    assert_array_equal(cut, WholeLoss(network, batch).gradient())


@pytest.mark.parametrize("window_steps", [2, 3, 4])
def test_truncated_gradient_of_the_last_states_by_the_reference(window_steps):
    """Sequences end with a window, within one, and not in every one."""
    lengths = (12, 12, 6, 6, 3, 2)
    network = make_network("lstm_peephole")
    batch = pack_batch(make_sequences(lengths))
    how = {"window_steps": window_steps, "truncate": True}
    network.forward(batch, **how)
    d_outputs = np.random.default_rng(0).normal(size=(len(lengths), 2))
    found = np.full(network.n_parameters, np.nan)
    network.backward(d_outputs, found)

    parameters = {k: np.array(v) for k, v in network.layers[0][0].items()}
    d_last = d_outputs @ network.output_weight
    expected = dict.fromkeys(parameters, 0.0)
    states = {name: np.zeros((len(lengths), 5)) for name in ("hidden", "cell")}
    for first in range(0, 12, window_steps):
        last = first + window_steps
        rows = slice(batch.offsets[first], batch.offsets[last])
        in_window = np.clip(np.array(lengths) - first, 0, window_steps)
        trace = forward(
            "lstm_peephole", batch.inputs[rows], parameters, states, in_window
        )
        d_final = {name: np.zeros_like(state) for name, state in states.items()}
        ends = (batch.lengths > first) & (batch.lengths <= last)
        d_final["hidden"][ends] = d_last[ends]
        d_hidden = np.zeros((rows.stop - rows.start, 5))
        gradients = backward("lstm_peephole", trace, parameters, d_hidden, d_final)
        expected = {name: expected[name] + gradients[name] for name in expected}
        states = trace.final
    views = make_network("lstm_peephole")
    views.set_parameters(found)
    for name, gradient in expected.items():
        assert_allclose(views.layers[0][0][name], gradient, atol=1e-13, err_msg=name)


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"cell": "lstm_coupled_peephole"},
        {"projection_sizes": (3, 7)},
        {"cell": "gru"},
        {"cell": "gru_reset_after"},
        {"cell": "rnn_tanh"},
        NOISE,
        NOISE | {"cell": "gru"},
    ],
    ids=str,
)
def test_nothing_passes_the_cut_of_a_truncation(choices):
    """What comes after the first window does not reach the states before it."""
    network = make_network(
        **choices, sizes=(5, 4), pooling=None, learned_start=True
    )  # fmt: skip
    batch = pack_batch(make_sequences((8, 6, 6, 3, 1)))
    d_outputs = np.random.default_rng(0).normal(size=(batch.n_rows, 2))
    d_outputs[: batch.offsets[3]] = 0
    for truncate in (True, False):
        network.forward(batch, window_steps=3, truncate=truncate)
        found = np.full(network.n_parameters, np.nan)
        network.backward(d_outputs, found)
        gradient = RecurrentNetwork.from_config(network.config, found)
        for directions in gradient.layers:
            for name, view in directions[0].items():
                if name.endswith("_0"):
                    assert view.any() != truncate, name


def test_truncated_last_state_only_reaches_its_own_window():
    """A change of an input before the window moves the output, not the gradient."""
    network = make_network("rnn_tanh", pooling="last")
    sequences = make_sequences((6, 5))
    gradients = []
    for shift in (0.0, 1.0):
        values = sequences.values.copy()
        values[0] += shift  # the first step of the first sequence
        batch = pack_batch(type(sequences)(values, sequences.lengths))
        outputs = network.forward(batch, window_steps=3, truncate=True)
        gradient = np.empty(network.n_parameters)
        network.backward(np.ones_like(outputs), gradient)
        gradients.append((outputs, gradient))
    assert not np.array_equal(gradients[0][0], gradients[1][0])
    d_weight_ih = [gradient[: 5 * 3] for _, gradient in gradients]
    assert np.abs(d_weight_ih[0] - d_weight_ih[1]).max() < 0.1


# Dropout ----


@all_variants
def test_gradient_has_the_same_bits_for_every_team(dtype, variant):
    lengths = np.random.default_rng(3).integers(0, 8, size=70)
    sizes = (18, 5)[: len(variant.get("sizes", (1,)))]
    network = make_network(
        **variant | {"sizes": sizes}, dtype=dtype, pooling="max"
    )  # fmt: skip
    loss = WholeLoss(network, pack_batch(make_sequences(lengths, dtype=dtype)))
    one = loss.gradient(n_threads=1)
    for n_threads in (2, 3):
        assert_array_equal(loss.gradient(n_threads=n_threads), one)


@all_poolings
def test_draws_do_not_depend_on_the_companions(dtype, pooling):
    network = make_network(**VARIANTS["everything"], pooling=pooling, dtype=dtype)
    sequences = make_sequences(dtype=dtype)
    batch = pack_batch(sequences)
    together = outputs_by_sample(network, network.forward(batch), batch)
    for index in ([0], [5, 3], [4, 1, 2]):
        part = pack_batch(sequences, np.array(index))
        outputs = network.forward(part)
        for b, sample in enumerate(part.index):
            found = outputs[b]
            if pooling is None:
                found = outputs[part.offsets[: part.lengths[b]] + b]
            assert_array_equal(found, together[sample])


def test_every_update_draws_anew_and_a_seed_repeats_itself():
    network = make_network(sizes=(20,), dropout=0.5)
    batch = pack_batch(make_sequences())
    outputs = [network.forward(batch, noise_seed=(3, update)) for update in range(20)]
    assert len({output.tobytes() for output in outputs}) == 20
    assert_array_equal(network.forward(batch, noise_seed=(3, 4)), outputs[4])
    other = network.forward(batch, noise_seed=(4, 3))
    assert not np.array_equal(other, outputs[3])


def test_every_place_of_a_network_draws_for_itself(kernels, dtype):
    noise = PassNoise(kernels, (1, 2), np.arange(3))
    draws, zoneout_seeds = [], set()
    for layer in range(3):
        for direction in (0, 1):
            where = (layer, direction, 64, Workspace(dtype))
            draws.append(noise.output_mask(0.5, *where))
            of_layer = noise.of_layer(0.5, *where)
            draws.append(of_layer.mask)
            zoneout_seeds.add(of_layer.zoneout_seed)
    draws.append(noise.input_mask(0.5, 64, Workspace(dtype)))
    assert len({mask.tobytes() for mask in draws}) == 13
    assert len(zoneout_seeds) == 6


@pytest.mark.parametrize("sizes", [(8,), (8, 6)])
@pytest.mark.parametrize("name", [*NOISE, "input_noise"])
def test_every_kind_of_noise_reaches_the_outputs(name, sizes):
    network = make_network(sizes=sizes, **{name: 0.5})
    batch = pack_batch(make_sequences())
    outputs = [network.forward(batch, noise_seed=(0, update)) for update in (1, 2)]
    assert not np.array_equal(*outputs)


def test_dropped_inputs_are_zero_at_all_steps():
    """The others are scaled, so that their mean stays what it is."""
    network = make_network("rnn_relu", pooling=None, input_dropout=0.5)
    network.parameters[:] = 0
    network.parameters[:9] = np.eye(3).ravel()  # weight_ih of the first units
    network.output_weight[:, :2] = np.eye(2)
    network.parameters_changed()
    batch = pack_batch(make_sequences())
    outputs = network.forward(batch)
    expected = np.maximum(batch.inputs[:, :2], 0)
    ratios = np.divide(
        outputs, expected, out=np.zeros_like(outputs), where=expected > 0
    )
    sample = np.concatenate([np.arange(n) for n in np.diff(batch.offsets)])
    for b in range(batch.n_samples):
        for column in range(2):
            ratio = ratios[:, column][(sample == b) & (expected[:, column] > 0)]
            assert len(set(ratio)) <= 1
            assert set(ratio) <= {0.0, 2.0}
    assert set(ratios[expected > 0]) == {0.0, 2.0}


def test_input_noise_is_added_in_training_and_only_there():
    """The gradient is that of the noisy inputs, windows or not."""
    deviation = 0.25
    noisy = make_network(pooling=None, input_noise=deviation)
    plain = make_network(pooling=None)
    plain.set_parameters(noisy.parameters)
    batch = pack_batch(make_sequences())
    assert_array_equal(noisy.predict(batch), plain.predict(batch))
    outputs = noisy.forward(batch, noise_seed=(3, 1))
    noise = PassNoise(noisy.kernels, (3, 1), batch.index)
    inputs = noise.noisy_inputs(deviation, batch, Workspace(noisy.dtype), 1)
    assert 0.1 < (inputs - batch.inputs).std() < 0.4
    changed = pack_batch(make_sequences())
    changed.inputs = inputs
    assert_array_equal(outputs, plain.forward(changed))
    d_outputs = np.random.default_rng(0).normal(size=outputs.shape)
    gradient, expected = np.empty((2, noisy.n_parameters))
    noisy.backward(d_outputs, gradient)
    plain.backward(d_outputs, expected)
    assert_array_equal(gradient, expected)
    noisy.forward(batch, noise_seed=(3, 1), window_steps=2)
    noisy.backward(d_outputs, gradient)
    assert_array_equal(gradient, expected)


def test_dropout_keeps_the_mean_of_what_the_head_sees():
    network = make_network("rnn_tanh", sizes=(50,), dropout=0.3)
    batch = pack_batch(make_sequences((4,)))
    outputs = [network.forward(batch, noise_seed=(0, k)) for k in range(3000)]
    expected = network.predict(batch)
    error = np.std(outputs, axis=0) / np.sqrt(len(outputs))
    assert (np.abs(np.mean(outputs, axis=0) - expected) < 4 * error).all()


def test_rates_of_zero_draw_nothing(dtype):
    network = make_network(sizes=(5, 4), dtype=dtype)
    batch = pack_batch(make_sequences(dtype=dtype))
    outputs = network.forward(batch, noise_seed=(1, 2))
    assert_array_equal(outputs, network.forward(batch, noise_seed=(3, 4)))
    assert_array_equal(outputs, network.predict(batch))


# State ----


@all_variants
def test_a_copy_predicts_the_same_bits(dtype, variant):
    network = make_network(**variant, pooling="mean", dtype=dtype)
    batch = pack_batch(make_sequences(dtype=dtype))
    expected = network.predict(batch)
    for copy in (pickle.loads(pickle.dumps(network)), network.astype(dtype)):
        assert copy.config == network.config
        assert_array_equal(copy.predict(batch), expected)


def test_layers_are_views_by_layer_and_direction():
    network = make_network(**VARIANTS["everything"])
    shapes = [
        [{name: view.shape for name, view in views.items()} for views in directions]
        for directions in network.layers
    ]
    assert shapes[0][0] == shapes[0][1]
    assert shapes[0][0] == {
        "weight_ih": (20, 3),
        "weight_hh": (20, 3),
        "bias": (20,),
        "peephole": (3, 5),
        "projection": (3, 5),
        "hidden_0": (3,),
        "cell_0": (5,),
    }
    assert shapes[1][0]["weight_ih"] == (16, 6)  # both directions of the layer below
    assert network.output_weight.shape == (2, 10)
