"""Encoder and decoder: gradients of all parameters, PyTorch, and steps of a decoder."""

import pickle

import numpy as np
import pytest
from gradient_checks import assert_gradient_matches
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.network.sequence_to_sequence import SequenceToSequence
from sklstm.network.step_decoder import StepDecoder
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.sequences.pairs import SequencePairs

N_SYMBOLS, START, END = 7, 0, 1
# The orders of the two batches are no permutation that is its own inverse.
SOURCE_LENGTHS, TARGET_LENGTHS = [3, 1, 5, 4], [2, 4, 3, 0]
DEEP = {"encoder_layer_sizes": (3, 2), "decoder_layer_sizes": (4, 5)}
NETWORKS = {
    "symbols": {},
    "symbols, no attention": {"attention": None},
    "symbols, own output weights": {"tied": False},
    "symbols, additive, deep": {"attention": "additive", **DEEP},
    "symbols, dot": {"attention": "dot", "decoder_layer_sizes": (6,)},
    "vectors, gru, one direction": {
        "source": "vectors", "cell": "gru", "bidirectional": False, **DEEP,
    },
    "vectors, rnn": {"source": "vectors", "cell": "rnn_tanh"},
    "vector": {"source": "vector", "attention": None, **DEEP},
    "peepholes, dropout": {"cell": "lstm_peephole", "dropout": 0.4},
    "everything random": {
        "dropout": 0.3, "recurrent_dropout": 0.2, "zoneout": 0.2,
        "input_dropout": 0.2, "source": "vectors", **DEEP,
    },
}  # fmt: skip
every_network = pytest.mark.parametrize("choices", NETWORKS.values(), ids=NETWORKS)


def make_pairs(choices, dtype=np.float64, samples=range(4)):
    rng = np.random.default_rng(0)
    source = choices.get("source", "symbols")
    values = {
        "symbols": rng.integers(0, 6, size=(sum(SOURCE_LENGTHS), 1)),
        "vectors": rng.normal(size=(sum(SOURCE_LENGTHS), 3)).astype(dtype),
        "vector": rng.normal(size=(4, 5)).astype(dtype),
    }[source]
    codes = np.split(
        rng.integers(2, N_SYMBOLS, size=sum(TARGET_LENGTHS)),
        np.cumsum(TARGET_LENGTHS)[:-1],
    )
    samples = list(samples)
    if source == "vector":
        sources = values[samples]
    else:
        sources = Sequences(values, SOURCE_LENGTHS)[samples]
    lengths = np.array(TARGET_LENGTHS)[samples]
    codes = np.concatenate([codes[sample] for sample in samples])
    return SequencePairs(sources, codes, lengths, start=START, end=END)


def make_network(choices, dtype="float64"):
    n_features = {"symbols": 6, "vectors": 3, "vector": 5}
    network = SequenceToSequence(
        n_features.get(choices.get("source", "symbols"), 6),
        N_SYMBOLS,
        **{
            "encoder_layer_sizes": (3,), "decoder_layer_sizes": (5,),
            "source_embedding_size": 2, "embedding_size": 4, "dtype": dtype, **choices,
        },
    )  # fmt: skip
    network.initialize(np.random.RandomState(0))
    rng = np.random.default_rng(1)
    network.parameters[:] += 0.3 * rng.normal(size=network.n_parameters)
    network.parameters_changed()
    return network


def scores_and_gradient(network, batch, d_scores, n_threads=1):
    scores = network.forward(batch, n_threads, noise_seed=(3,))
    gradient = np.full(network.n_parameters, np.nan, dtype=network.dtype)
    network.backward(d_scores.astype(network.dtype), gradient)
    return scores.copy(), gradient


def random_gradient(batch):
    return np.random.default_rng(2).normal(size=(batch.n_rows, N_SYMBOLS))


@every_network
def test_gradient_of_all_parameters_equals_finite_differences(choices):
    network, batch = make_network(choices), make_pairs(choices).pack()
    d_scores = random_gradient(batch)
    _, gradient = scores_and_gradient(network, batch, d_scores)

    def loss():
        network.parameters_changed()
        return (network.forward(batch, noise_seed=(3,)) * d_scores).sum()

    assert_gradient_matches(gradient, loss, network.parameters, "parameters")


@every_network
def test_tables_give_the_gradient_of_the_rows_seen(choices):
    network, batch = make_network(choices), make_pairs(choices).pack()
    d_scores = random_gradient(batch)
    _, whole = scores_and_gradient(network, batch, d_scores)
    assert len(network.row_gradients) == 0
    network.forward(batch, noise_seed=(3,))
    gradient = np.full(network.n_dense, np.nan)
    network.backward(d_scores, gradient)
    assert_array_equal(gradient, whole[: network.n_dense])
    scattered = np.zeros(network.n_parameters)
    for part in network.row_gradients:
        assert len(np.unique(part.rows)) == len(part.rows)
        part.table_in(scattered)[part.rows] = part.values
    assert_array_equal(scattered[network.n_dense :], whole[network.n_dense :])
    reads_symbols = network.config.source == "symbols"
    assert len(network.row_gradients) == reads_symbols + (not network.config.tied)


@every_network
def test_threads_change_no_bit(choices):
    network, batch = make_network(choices, "float32"), None
    batch = make_pairs(choices, np.float32).pack()
    one = scores_and_gradient(network, batch, random_gradient(batch))
    two = scores_and_gradient(network, batch, random_gradient(batch), n_threads=2)
    for found, wanted in zip(two, one, strict=True):
        assert_array_equal(found, wanted)


@every_network
def test_both_dtypes_agree(choices, isa):
    network = make_network(choices)
    batch = make_pairs(choices).pack()
    d_scores = random_gradient(batch)
    wanted = scores_and_gradient(network, batch, d_scores)
    single = make_pairs(choices, np.float32).pack()
    found = scores_and_gradient(network.astype(np.float32), single, d_scores)
    for of_single, of_double in zip(found, wanted, strict=True):
        assert of_single.dtype == np.float32
        assert_allclose(of_single, of_double, rtol=0, atol=1e-4)


@every_network
def test_a_sample_gets_the_same_scores_alone(choices):
    network = make_network(choices, "float32")
    pairs = make_pairs(choices, np.float32)
    batch = pairs.pack()
    together = np.empty((batch.n_rows, N_SYMBOLS), dtype=np.float32)
    together[batch.row_source] = network.predict(batch)
    start = 0
    for sample, length in enumerate(pairs.target_lengths):
        alone = pairs.pack([sample])
        assert_array_equal(
            network.predict(alone)[np.argsort(alone.row_source)],
            together[start : start + length],
        )
        start += length


@every_network
def test_what_a_sample_draws_does_not_depend_on_its_companions(choices):
    network = make_network(choices, "float32")
    pairs = make_pairs(choices, np.float32)
    batch = pairs.pack()
    together = network.forward(batch, noise_seed=(3,), noise_keys=batch.index).copy()
    for place, sample in enumerate(batch.index):
        alone = pairs.pack([sample])
        scores = network.forward(alone, noise_seed=(3,), noise_keys=alone.index)
        rows = batch.offsets[: batch.lengths[place]] + place
        assert_array_equal(scores, together[rows])


@every_network
def test_steps_of_a_decoder_have_the_bits_of_the_whole(choices):
    network = make_network(choices, "float32")
    pairs = make_pairs(choices, np.float32)
    batch = pairs.pack()
    whole = network.predict(batch)
    decoder = StepDecoder(network, batch)
    state, rows = decoder.state, np.arange(batch.n_samples)
    for t in range(len(batch.offsets) - 1):
        n_alive = batch.offsets[t + 1] - batch.offsets[t]
        state = tuple(array[:n_alive] for array in state)
        at = batch.offsets[t] + rows[:n_alive]
        scores, state = decoder.step(batch.target.inputs[at], state)
        assert_array_equal(scores, whole[at])


@pytest.mark.parametrize("attention", [None, "general"])
def test_hypotheses_do_not_depend_on_their_order_or_number(attention):
    network = make_network({"attention": attention}, "float32")
    decoder = StepDecoder(network, make_pairs({}, np.float32).pack())
    rows = np.array([3, 1, 1, 0, 2, 3, 1])
    symbols = np.array([2, 3, 4, 2, 6, 5, 3])
    state = tuple(array[rows] for array in decoder.state)
    together, after = decoder.step(symbols, state)
    together, after = together.copy(), [array.copy() for array in after]
    for k in range(len(rows)):
        one = tuple(array[k : k + 1] for array in state)
        alone, alone_after = decoder.step(symbols[k : k + 1], one)
        assert_array_equal(alone[0], together[k])
        for found, wanted in zip(alone_after, after, strict=True):
            assert_array_equal(found[0], wanted[k])


def test_attention_weights_are_probabilities_of_the_own_source():
    pairs = make_pairs({})
    batch = pairs.pack()
    weights = make_network({}).attention_weights(batch)
    assert_allclose(weights.sum(axis=1), 1)
    for place, sample in enumerate(batch.index):
        rows = batch.offsets[: batch.lengths[place]] + place
        assert not weights[rows, SOURCE_LENGTHS[sample] :].any()


def test_a_network_survives_pickling():
    network = make_network({})
    batch = make_pairs({}).pack()
    loaded = pickle.loads(pickle.dumps(network))
    assert_array_equal(loaded.predict(batch), network.predict(batch))
    assert loaded.config == network.config


def test_biases_are_not_weights():
    network = make_network({"attention": "additive"})
    copy = SequenceToSequence.from_config(network.config)
    copy.parameters[network.is_weight] = 1.0
    views = copy.views
    assert (views["attention"]["weight_score"] == 1).all()
    assert not views["attention"]["bias"].any()
    assert not views["output"]["bias"].any()
    assert not views["bridge"]["bias"].any()
    assert not views["embedding"]["table"].any()
    assert not views["source_embedding"]["table"].any()


@pytest.mark.parametrize(
    "choices, message",
    [
        ({"source": "words"}, "source must be one of"),
        ({"attention": "luong"}, "attention must be one of"),
        ({"source": "vector"}, "no attention to one vector"),
        ({"attention": "dot"}, "of size 5.*of size 6"),
    ],
)
def test_impossible_networks_are_refused(choices, message):
    with pytest.raises(ValueError, match=message):
        make_network(choices)


def test_windows_are_refused():
    with pytest.raises(ValueError, match="no windows"):
        make_network({}).forward(make_pairs({}).pack(), window_steps=2)


def test_pairs_keep_sources_and_targets_of_a_sample_together():
    pairs = make_pairs({})
    assert_array_equal(pairs.target_lengths, [3, 5, 4, 1])
    batch = pack_batch(pairs, np.array([2, 0, 3]))
    assert_array_equal(batch.index, [2, 0, 3])
    assert_array_equal(batch.source.index, [2, 3, 0])
    starts = np.concatenate([[0], np.cumsum(pairs.target_lengths)])
    for place, sample in enumerate(batch.index):
        rows = batch.offsets[: batch.lengths[place]] + place
        said = pairs.target_codes[batch.row_source[rows]]
        own = pairs.target_codes[starts[sample] : starts[sample + 1]]
        assert_array_equal(said, own)
        assert said[-1] == END
        assert_array_equal(batch.target.inputs[rows], [START, *said[:-1]])


class TorchTranslator:
    """The same network of PyTorch's modules, with our weights."""

    def __init__(self, torch, network):
        self.torch, self.config = torch, network.config
        views = network.views

        def tensor(array):
            return torch.tensor(np.array(array, dtype=np.float64), requires_grad=True)

        self.leaves = {
            key: {name: tensor(array) for name, array in parts.items()}
            for key, parts in views.items()
            if key not in ("encoder", "decoder")
        }
        if network.config.tied:
            self.leaves["output"]["weight"] = self.leaves["embedding"]["table"]

    def lstm(self, x, weights, hidden, cell):
        """Hidden states of one layer over one sequence."""
        states = []
        for row in x:
            gates = weights["weight_ih"] @ row + weights["weight_hh"] @ hidden
            i, f, g, o = (gates + weights["bias"]).chunk(4)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
            states.append(hidden)
        return self.torch.stack(states)

    def scores(self, source, previous):
        """Of one sample."""
        torch, leaves = self.torch, self.leaves
        x = leaves["source_embedding"]["table"][source]
        zero = torch.zeros(self.config.encoder_layer_sizes[0], dtype=torch.float64)
        memory = torch.cat([
            self.lstm(x, leaves["encoder", (0, 0)], zero, zero),
            self.lstm(x.flip(0), leaves["encoder", (0, 1)], zero, zero).flip(0),
        ], 1)  # fmt: skip
        half = len(zero)
        last = torch.cat([memory[-1, :half], memory[0, half:]])
        states = leaves["bridge"]["weight"] @ last + leaves["bridge"]["bias"]
        hidden, cell = states.chunk(2)
        y = leaves["embedding"]["table"][previous]
        hidden = self.lstm(y, leaves["decoder", (0, 0)], hidden.tanh(), cell)
        mixed = hidden @ leaves["mix"]["weight_hidden"].T + leaves["mix"]["bias"]
        if self.config.attention:
            queries = hidden @ leaves["attention"]["weight_query"].T
            looks = (queries @ memory.T).softmax(1)
            mixed = mixed + looks @ memory @ leaves["mix"]["weight_context"].T
        output = leaves["output"]
        return mixed.tanh() @ output["weight"].T + output["bias"]


@pytest.mark.parametrize("attention", [None, "general"])
@pytest.mark.parametrize("tied", [True, False])
def test_scores_and_gradients_equal_torch(attention, tied):
    torch = pytest.importorskip("torch")
    network = make_network({"attention": attention, "tied": tied})
    pairs = make_pairs({})
    batch = pairs.pack()
    d_scores = random_gradient(batch)
    scores, gradient = scores_and_gradient(network, batch, d_scores)
    peer = TorchTranslator(torch, network)
    sources, total = pairs.sources, 0.0
    for place, sample in enumerate(batch.index):
        rows = batch.offsets[: batch.lengths[place]] + place
        theirs = peer.scores(
            torch.tensor(sources[int(sample)][:, 0]),
            torch.tensor(batch.target.inputs[rows]),
        )
        assert_allclose(scores[rows], theirs.detach(), rtol=0, atol=1e-12)
        total = total + (theirs * torch.tensor(d_scores[rows])).sum()
    total.backward()
    ours = SequenceToSequence.from_config(network.config, gradient).views
    for key, parts in peer.leaves.items():
        for name, leaf in parts.items():
            assert_allclose(
                ours[key][name], leaf.grad, rtol=1e-9, atol=1e-11,
                err_msg=f"{key} {name}",
            )  # fmt: skip
