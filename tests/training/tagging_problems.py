"""Small taggers of every kind, labels for them, and the loss of all of it."""

import numpy as np

from sklstm.network import NetworkConfig, RecurrentNetwork
from sklstm.network.symbol_network import SymbolNetwork, SymbolNetworkConfig
from sklstm.network.word_network import WordNetwork, WordNetworkConfig
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch
from sklstm.sequences.spellings import SpelledSequences
from sklstm.training.tagging import PathLikelihood, StepCrossEntropy

KINDS = ["vectors", "symbols", "words"]
OUTPUTS = ["softmax", "crf"]
LENGTHS = (3, 5, 1, 4)
N_SYMBOLS, N_CHARACTERS, N_LABELS = 6, 5, 3


def make_tagger(kind, output, dtype=np.float64, seed=0, **choices):
    """A network with nothing zero in it."""
    choices = {"hidden_layer_sizes": (3,), "bidirectional": True} | choices
    choices |= {"crf": output == "crf", "pooling": None, "dtype": dtype}
    if kind == "vectors":
        network = RecurrentNetwork.from_config(NetworkConfig(3, N_LABELS, **choices))
    elif kind == "symbols":
        config = SymbolNetworkConfig(3, N_LABELS, n_symbols=N_SYMBOLS, **choices)
        network = SymbolNetwork.from_config(config)
    else:
        config = WordNetworkConfig(
            7, N_LABELS, n_symbols=N_SYMBOLS, n_characters=N_CHARACTERS,
            character_embedding_size=2, character_size=2, **choices,
        )  # fmt: skip
        network = WordNetwork.from_config(config)
    rng = np.random.default_rng(seed)
    network.set_parameters(0.4 * rng.normal(size=network.n_parameters))
    network.symbol_counts = np.arange(N_SYMBOLS)
    return network


def make_inputs(kind, lengths=LENGTHS, dtype=np.float64, seed=1):
    """Sequences as a kind of tagger reads them; some symbols occur several times."""
    rng = np.random.default_rng(seed)
    n_steps = sum(lengths)
    if kind == "vectors":
        return Sequences(rng.normal(size=(n_steps, 3)).astype(dtype), lengths)
    codes = Sequences(rng.integers(0, N_SYMBOLS, size=(n_steps, 1)), lengths)
    if kind == "symbols":
        return codes
    of_spellings = (2, 4, 1, 3, 3)
    characters = rng.integers(0, N_CHARACTERS, size=(sum(of_spellings), 1))
    spelling_of_step = rng.integers(0, len(of_spellings), size=n_steps)
    return SpelledSequences(
        codes, Sequences(characters, of_spellings), spelling_of_step
    )


def make_labels(lengths=LENGTHS, seed=2, step_weights=False):
    """Codes of labels, with a weight for each step or without."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, N_LABELS, size=(sum(lengths), 1)).astype(np.float64)
    if step_weights:
        weights = rng.uniform(0.5, 2.0, size=(len(values), 1))
        weights[1] = 0
        values = np.hstack([values, weights])
    return Sequences(values, lengths)


class TaggingLoss:
    """Value and gradient of a network's loss on a batch.

    Parameters
    ----------
    network : RecurrentNetwork
    inputs, y : sequences and labels
    weights : ndarray of shape (n_samples,), default=None
    **how
        For the forward pass.
    """

    def __init__(self, network, inputs, y, weights=None, **how):
        self.network, self.how = network, how
        self.batch = pack_batch(inputs)
        make = PathLikelihood if network.config.crf else StepCrossEntropy
        self.targets = make(N_LABELS).make_targets(inputs, y, weights)
        self.targets.prepare(network.dtype, np.arange(len(y)))

    def value(self):
        self.network.parameters_changed()
        outputs = self.network.forward(self.batch, **self.how)
        return self.targets.value_and_gradient(outputs, self.batch)[0]

    def gradient(self, n_parameters=None, n_threads=1):
        network = self.network
        network.parameters_changed()
        outputs = network.forward(self.batch, n_threads, **self.how)
        _, d_outputs = self.targets.value_and_gradient(outputs, self.batch)
        size = network.n_parameters if n_parameters is None else n_parameters
        gradient = np.full(size, np.nan, dtype=network.dtype)
        network.backward(d_outputs, gradient, n_threads=n_threads)
        return gradient
