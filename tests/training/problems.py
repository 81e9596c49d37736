"""Small learning problems on ragged sequences, and networks for them."""

import numpy as np

from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.training import CrossEntropy, SquaredError, TrainingOptions, train

N_FEATURES = 3


def make_sequences(n_samples=40, seed=0, dtype=np.float32, min_length=1):
    rng = np.random.RandomState(seed)
    lengths = rng.randint(min_length, 7, size=n_samples)
    levels = 2 * rng.normal(size=(n_samples, N_FEATURES))  # one a sequence
    noise = 0.3 * rng.normal(size=(lengths.sum(), N_FEATURES))
    values = np.repeat(levels, lengths, axis=0) + noise
    return Sequences(values.astype(dtype), lengths)


def channel_means(sequences):
    return np.array([sequences[i].mean(axis=0) for i in range(len(sequences))])


def make_classes(sequences):
    """Which channel has the largest mean: learnable at once."""
    return channel_means(sequences).argmax(axis=1)


def make_numbers(sequences, center=0.0, scale=1.0):
    """Two combinations of the channel means."""
    combinations = channel_means(sequences) @ [[1, 0.5], [-1, 0.5], [0, 2]]
    return center + scale * combinations


def make_network(n_outputs=3, *, seed=0, hidden=(5,), pooling="mean", **options):
    network = RecurrentNetwork(
        N_FEATURES, n_outputs, hidden_layer_sizes=hidden, pooling=pooling, **options
    )
    network.initialize(np.random.RandomState(seed))
    return network


def fit_classes(sequences, y, weights=None, *, network=None, **arguments):
    """Train on classes; options and other arguments of `train` by name."""
    network = make_network() if network is None else network
    names = set(TrainingOptions.__dataclass_fields__)
    options = {name: arguments.pop(name) for name in names & set(arguments)}
    options.setdefault("max_iter", 3)
    arguments.setdefault("loss", CrossEntropy(3))
    arguments.setdefault("random_state", 0)
    state = train(
        network, sequences, y, weights, options=TrainingOptions(**options), **arguments
    )
    return network, state


def fit_numbers(sequences, y, weights=None, **arguments):
    """Train on numbers, as `fit_classes`."""
    arguments.setdefault("loss", SquaredError(2))
    arguments.setdefault("network", make_network(2))
    return fit_classes(sequences, y, weights, **arguments)


class Interrupting:
    """A network whose n-th forward pass is interrupted, as by Ctrl-C."""

    def __init__(self, network, at):
        self._network = network
        self._left = at

    def __getattr__(self, name):
        return getattr(self._network, name)

    def forward(self, batch, n_threads=1, **how):
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return self._network.forward(batch, n_threads, **how)


class Recording:
    """A network that writes down the seed of the noise of every forward pass."""

    def __init__(self, network):
        self._network = network
        self.seeds = []

    def __getattr__(self, name):
        return getattr(self._network, name)

    def forward(self, batch, n_threads=1, *, noise_seed=(0,), **how):
        self.seeds.append(noise_seed)
        return self._network.forward(batch, n_threads, noise_seed=noise_seed, **how)
