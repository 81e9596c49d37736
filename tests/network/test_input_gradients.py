"""Gradients of what networks read: no training pass, nothing left behind."""

import threading

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from network.network_problems import make_network, make_sequences
from network.test_network_variants import NOISE, VARIANTS
from numpy.testing import assert_array_equal
from reference_network import POOLINGS

from sklstm.network.cells import CELLS
from sklstm.network.coded_rows import CodedRows
from sklstm.network.crf_head import split_outputs
from sklstm.network.symbol_network import SymbolNetwork
from sklstm.network.word_network import WordNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

ALL = {cell: {"cell": cell} for cell in CELLS} | VARIANTS
ALL |= {f"zoneout of {cell}": {"cell": cell, "zoneout": 0.3} for cell in CELLS}
all_networks = pytest.mark.parametrize("variant", ALL.values(), ids=ALL)
all_outputs = pytest.mark.parametrize(
    "pooling, of", [*((pooling, "outputs") for pooling in [*POOLINGS, None]),
                    *(("last", of) for of in [*POOLINGS, None])],
)  # fmt: skip


def batch_of(rows, lengths=(5, 4, 4, 2, 1)):
    """A batch already in packed order, whose inputs can be changed."""
    batch = pack_batch(Sequences(np.zeros((sum(lengths), rows.shape[1])), lengths))
    return batch.with_inputs(rows)


def assert_exact(network, batch, of="outputs", seed=0):
    """Of a random function of all outputs, that is curved."""

    def outputs():
        if of == "outputs":
            return network.predict(batch)
        return network.features(batch, "sequence" if of is None else of)

    weights = np.random.default_rng(seed).normal(size=outputs().shape)
    found = network.input_gradients(
        batch, lambda outputs: weights * np.cos(outputs), pooling=of
    )
    assert_gradient_matches(
        found, lambda: (weights * np.sin(outputs())).sum(), batch.inputs, "inputs",
        step=1e-4,  # not over the kink where another step is the largest
    )  # fmt: skip


@all_outputs
@all_networks
def test_gradients_match_central_differences(variant, pooling, of):
    network = make_network(**variant, pooling=pooling)
    rows = np.random.default_rng(1).normal(size=(16, 3))
    assert_exact(network, batch_of(rows), of)


@pytest.mark.parametrize("cell", CELLS)
def test_expected_states_go_back_on_every_instruction_set(isa, cell):
    network = make_network(cell=cell, sizes=(19,), zoneout=0.3, pooling="mean")
    assert_exact(network, batch_of(np.random.default_rng(1).normal(size=(16, 3))))


def test_gradients_of_emissions_match_central_differences():
    network = make_network(pooling=None, crf=True)
    batch = batch_of(np.random.default_rng(1).normal(size=(16, 3)))
    weights = np.random.default_rng(0).normal(size=(16, 2))

    def derivative(outputs):
        d_outputs = np.full(outputs.shape, np.nan)
        split_outputs(d_outputs)[0][:] = weights
        return d_outputs

    assert_gradient_matches(
        network.input_gradients(batch, derivative),
        lambda: (weights * split_outputs(network.predict(batch))[0]).sum(),
        batch.inputs,
        "inputs",
    )


SYMBOLS = {
    "codes": {},
    "tied": {"tied": True, "hidden_layer_sizes": (4,), "n_outputs": 7},
    "rows, since inputs are dropped": {"input_dropout": 0.5},
    "unknown": {"unknown_rate": 0.5},
}


@pytest.mark.parametrize("choices", SYMBOLS.values(), ids=SYMBOLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_embeddings_of_equal_symbols_have_gradients_of_their_own(
    choices, bidirectional
):
    if bidirectional and "tied" in choices:
        pytest.skip("tied tables are as wide as one direction here")
    choices = {"n_outputs": 2, "hidden_layer_sizes": (5,)} | choices
    network = SymbolNetwork(
        4, n_symbols=7, pooling=None, dtype="float64", bidirectional=bidirectional,
        **choices,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    network.set_parameters(0.4 * rng.normal(size=network.n_parameters))
    codes = np.array([[1], [1], [3], [1], [0], [6], [3], [1]], dtype=np.intp)
    lengths = (4, 3, 1)
    of_codes = batch_of(codes, lengths)
    rows = np.array(network.rows_read(of_codes))
    assert_array_equal(rows, network.table[codes[:, 0]])
    network._read = lambda batch, *_: batch.with_inputs(  # rows in place of codes
        batch.inputs if not network.config.reads_codes else coded(batch.inputs)
    )
    assert_exact(network, batch_of(rows, lengths))


def coded(rows):
    return CodedRows(np.arange(len(rows)), rows)


def test_words_and_their_characters_are_read_as_one_row():
    network = WordNetwork(
        6, 2, n_symbols=5, n_characters=4, character_size=2, dtype="float64",
        character_embedding_size=3, pooling=None, hidden_layer_sizes=(5,),
    )  # fmt: skip
    network.set_parameters(
        0.4 * np.random.default_rng(0).normal(size=network.n_parameters)
    )
    rows = np.random.default_rng(1).normal(size=(7, 6))
    network._read = lambda batch, *_: batch
    assert_exact(network, batch_of(rows, (4, 2, 1)))


@all_outputs
@all_networks
def test_windows_change_no_bit(variant, pooling, of):
    network = make_network(**variant, pooling=pooling)
    batch = batch_of(np.random.default_rng(1).normal(size=(16, 3)))
    expected = network.input_gradients(batch, np.cos, pooling=of)
    for window_steps in (1, 3):
        found = network.input_gradients(
            batch, np.cos, pooling=of, window_steps=window_steps
        )
        assert_array_equal(found, expected)


@all_networks
def test_gradients_have_the_same_bits_for_every_team_and_any_companions(dtype, variant):
    lengths = np.random.default_rng(3).integers(0, 8, size=70)
    sizes = (18, 5)[: len(variant.get("sizes", (1,)))]
    network = make_network(**variant | {"sizes": sizes}, dtype=dtype, pooling="max")
    sequences = make_sequences(lengths, dtype=dtype)
    batch = pack_batch(sequences)
    one = network.input_gradients(batch, np.ones_like)
    for n_threads in (2, 3):
        found = network.input_gradients(batch, np.ones_like, n_threads)
        assert_array_equal(found, one)
    of_rows = np.empty_like(one)
    of_rows[batch.row_source] = one
    for sample in (3, 20, 68):
        alone = network.input_gradients(
            pack_batch(sequences, np.array([sample])), np.ones_like
        )
        start, stop = sequences.offsets[sample : sample + 2]
        assert_array_equal(alone, of_rows[start:stop])


@pytest.mark.parametrize("variant", [NOISE, NOISE | {"cell": "gru"}], ids=str)
def test_nothing_is_drawn_and_nothing_stays(variant):
    """A training pass between forward and backward is not disturbed, either."""
    network = make_network(**variant, sizes=(5, 4))
    quiet = make_network(sizes=(5, 4), **{"zoneout": 0.25} | {
        name: value for name, value in variant.items() if name == "cell"
    })  # fmt: skip
    batch = batch_of(np.random.default_rng(1).normal(size=(16, 3)))
    outputs = network.forward(batch, noise_seed=(1, 2))
    before = vars(network).copy()
    found = network.input_gradients(batch, np.ones_like)
    assert_array_equal(found, quiet.input_gradients(batch, np.ones_like))
    assert {k: v for k, v in vars(network).items() if k != "_packed"} == {
        k: v for k, v in before.items() if k != "_packed"
    }
    gradient, expected = np.empty((2, network.n_parameters))
    network.backward(np.ones_like(outputs), gradient)
    network.forward(batch, noise_seed=(1, 2))
    network.backward(np.ones_like(outputs), expected)
    assert_array_equal(gradient, expected)


def test_threads_that_explain_and_predict_do_not_meet():
    network = make_network(sizes=(16, 5), pooling="max", dtype=np.float32)
    sequences = make_sequences((40, 30, 7) * 5, dtype=np.float32)
    batch = pack_batch(sequences)
    expected = network.predict(batch), network.input_gradients(batch, np.ones_like)
    wrong = []

    def work(explains):
        for _ in range(40):
            found = (
                network.input_gradients(batch, np.ones_like)
                if explains
                else network.predict(batch)
            )
            if not np.array_equal(found, expected[explains]):
                wrong.append(explains)

    threads = [threading.Thread(target=work, args=(k % 2,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
