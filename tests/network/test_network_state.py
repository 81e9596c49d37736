"""Whole networks: parameters, copies, pickles, starting values."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from layer_passes import CELLS
from network.network_problems import (
    WholeLoss,
    make_network,
    make_sequences,
)
from numpy.testing import assert_allclose, assert_array_equal

from sklstm import _kernels
from sklstm.sequences.packing import pack_batch


def test_layers_are_read_only_views_of_the_flat_vector():
    network = make_network("gru_reset_after", sizes=(4, 3))
    assert len(network.layers) == 2
    shapes = {name: view.shape for name, view in network.layers[0][0].items()}
    assert shapes == {
        "weight_ih": (12, 3),
        "weight_hh": (12, 4),
        "bias": (12,),
        "bias_hh": (4,),
    }
    for directions in network.layers:
        for view in directions[0].values():
            assert np.shares_memory(view, network.parameters)
            with pytest.raises(ValueError, match="read-only"):
                view[...] = 0
    network.parameters[...] = 7
    assert_array_equal(network.layers[1][0]["weight_hh"], 7)
    counted = sum(v.size for d in network.layers for v in d[0].values())
    assert counted + network.output_weight.size + 2 == network.n_parameters


def test_writing_parameters_shows_after_parameters_changed():
    network = make_network()
    batch = pack_batch(make_sequences())
    before = network.predict(batch)
    network.output_bias[...] += 1
    network.parameters_changed()
    assert_allclose(network.predict(batch), before + 1, rtol=1e-14)
    network.set_parameters(np.zeros(network.n_parameters))
    assert_array_equal(network.predict(batch), 0)


def test_set_parameters_copies_and_replaces_a_read_only_vector():
    network = make_network()
    batch = pack_batch(make_sequences())
    expected = network.predict(batch)
    vector = network.parameters.copy()
    other = make_network(seed=9)
    other.parameters.flags.writeable = False
    other.set_parameters(vector)
    vector[...] = 0
    assert_array_equal(other.predict(batch), expected)
    other.parameters[...] = 0  # writable again


@pytest.mark.parametrize(
    "copier", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))]
)
@pytest.mark.parametrize("cell", CELLS)
def test_copies_predict_the_same_and_go_on_training(dtype, cell, copier):
    network = make_network(cell, sizes=(5, 4), pooling="mean", dtype=dtype)
    loss = WholeLoss(network, pack_batch(make_sequences(dtype=dtype)))
    expected, gradient = network.predict(loss.batch), loss.gradient()
    twin = copier(network)
    assert_array_equal(twin.predict(loss.batch), expected)
    assert_array_equal(WholeLoss(twin, loss.batch).gradient(), gradient)
    twin.parameters[...] = 0
    twin.parameters_changed()
    assert_array_equal(network.predict(loss.batch), expected)


def test_pickle_holds_the_parameters_and_little_else():
    network = make_network(sizes=(64, 64), n_features=16)
    bare = len(pickle.dumps(network))
    loss = WholeLoss(network, pack_batch(make_sequences((50,) * 40, n_features=16)))
    loss.gradient()
    network.predict(loss.batch)
    assert len(pickle.dumps(network)) == bare
    assert bare < network.parameters.nbytes + 2000


def test_astype_computes_in_the_other_dtype_and_is_a_copy():
    network = make_network(sizes=(5, 4), pooling="max")
    twin = network.astype(np.float32)
    sequences = make_sequences()
    found = twin.predict(pack_batch(sequences.astype(np.float32)))
    assert found.dtype == np.float32
    expected = network.predict(pack_batch(sequences))
    assert_allclose(found, expected, rtol=0, atol=1e-5)
    twin.parameters[...] = 0
    assert network.parameters.any()


# Start ----


@pytest.mark.parametrize("init", ["orthogonal", "glorot_uniform", "uniform", "normal"])
@pytest.mark.parametrize("cell", CELLS)
def test_start_depends_on_the_seed_alone(dtype, cell, init):
    def start(seed):
        network = make_network(cell, sizes=(5, 4), dtype=dtype)
        network.initialize(np.random.RandomState(seed), weight_init=init)
        return network.parameters

    assert_array_equal(start(0), start(0))
    assert (start(0) != start(1)).any()
    assert np.isfinite(start(0)).all()


def test_same_seed_starts_alike_in_both_dtypes():
    starts = []
    for dtype in (np.float32, np.float64):
        network = make_network(sizes=(5, 4), dtype=dtype)
        network.initialize(np.random.RandomState(0))
        starts.append(network.parameters)
    assert_array_equal(starts[0], starts[1].astype(np.float32))


@pytest.mark.parametrize("cell", CELLS)
def test_orthogonal_start_is_orthogonal_gate_by_gate(cell):
    network = make_network(cell, sizes=(7, 5))
    network.initialize(np.random.RandomState(0), weight_init="orthogonal")
    for directions in network.layers:
        weight_hh = directions[0]["weight_hh"]
        for gate in np.split(weight_hh, len(weight_hh) // weight_hh.shape[1]):
            assert_allclose(gate @ gate.T, np.eye(len(gate)), atol=1e-12)


@pytest.mark.parametrize("init", ["orthogonal", "glorot_uniform"])
def test_scale_is_a_factor_of_the_start(init):
    starts = []
    for scale in ({}, {"init_scale": 0.25}):
        network = make_network("lstm_peephole", sizes=(7,), projection_sizes=(4,))
        network.initialize(np.random.RandomState(0), weight_init=init, **scale)
        starts.append(network.layers[0][0])
    assert_array_equal(starts[0]["peephole"], 0)
    for name in ("weight_ih", "weight_hh", "projection"):
        assert_array_equal(starts[1][name], 0.25 * starts[0][name])
        assert starts[1][name].any()
    assert_array_equal(starts[1]["bias"], starts[0]["bias"])


@pytest.mark.parametrize("init_scale", [None, 0.03])
@pytest.mark.parametrize("init, unit", [("uniform", 1 / np.sqrt(3)), ("normal", 1)])
def test_scale_is_the_spread_of_the_start(init, unit, init_scale):
    """A uniform distribution has a standard deviation of its bound by root 3."""
    network = make_network("lstm_peephole", sizes=(49,), projection_sizes=(20,))
    network.initialize(
        np.random.RandomState(0), weight_init=init, init_scale=init_scale
    )
    views = network.layers[0][0]
    scale = init_scale or 1 / 7
    for name in ("weight_ih", "weight_hh", "projection", "peephole"):
        assert abs(views[name].std() / (scale * unit) - 1) < 0.1
        if init == "uniform":
            assert np.abs(views[name]).max() <= scale


@pytest.mark.parametrize("forget_bias", [0.0, 1.0, 2.5])
def test_forget_bias_fills_the_forget_gate_only(forget_bias):
    network = make_network(sizes=(6,))
    network.initialize(np.random.RandomState(0), forget_bias=forget_bias)
    bias = network.layers[0][0]["bias"]
    assert_array_equal(bias[6:12], forget_bias)
    assert_array_equal(np.delete(bias, np.s_[6:12]), 0)


def test_chrono_start_spreads_memory_up_to_the_longest_sequence():
    network = make_network(sizes=(400,))
    network.initialize(np.random.RandomState(0), forget_bias="chrono", max_length=100)
    input_bias, forget_bias, *others = np.split(network.layers[0][0]["bias"], 4)
    assert_array_equal(input_bias, -forget_bias)
    memory = np.exp(forget_bias)
    assert 1 <= memory.min() < 5
    assert 90 < memory.max() <= 99
    assert_array_equal(others, 0)


@pytest.mark.parametrize("forget_bias", [2.5, "chrono"])
def test_coupled_gates_begin_by_remembering(forget_bias):
    """They forget with one minus the input gate, which therefore starts closed."""
    network = make_network("lstm_coupled", sizes=(300,))
    network.initialize(
        np.random.RandomState(0), forget_bias=forget_bias, max_length=100
    )
    input_bias, *others = np.split(network.layers[0][0]["bias"], 3)
    if forget_bias == "chrono":
        assert 80 < np.exp(-input_bias).max() <= 99
    else:
        assert_array_equal(input_bias, -forget_bias)
    assert_array_equal(others, 0)


def test_start_does_not_depend_on_the_threads_of_blas():
    code = (
        "import numpy as np\n"
        "from sklstm.network import RecurrentNetwork\n"
        "network = RecurrentNetwork(3, 2, hidden_layer_sizes=(150,))\n"
        "network.initialize(np.random.RandomState(0))\n"
        "print(network.parameters.tobytes().hex())\n"
    )
    starts = set()
    for n_threads in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=dict(os.environ, OPENBLAS_NUM_THREADS=n_threads),
            capture_output=True,
            text=True,
            check=True,
        )
        starts.add(done.stdout)
    assert len(starts) == 1


def test_isa_of_the_environment_computes_the_same_model():
    """A model pickled under one instruction set predicts under every other."""
    network = make_network(sizes=(9, 4), pooling="mean", dtype=np.float32)
    sequences = make_sequences(dtype=np.float32)
    expected = network.predict(pack_batch(sequences))
    code = (
        "import pickle, sys\n"
        "from sklstm import _kernels\n"
        "from sklstm.sequences.packing import pack_batch\n"
        "network, sequences = pickle.load(sys.stdin.buffer)\n"
        "outputs = network.predict(pack_batch(sequences))\n"
        "sys.stdout.buffer.write(pickle.dumps((_kernels.ISA, outputs)))\n"
    )
    for isa in _kernels.supported_isas():
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=dict(os.environ, SKLSTM_ISA=isa),
            input=pickle.dumps((network, sequences)),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        used, outputs = pickle.loads(done.stdout)
        assert used == isa
        assert_allclose(outputs, expected, rtol=0, atol=1e-5)
