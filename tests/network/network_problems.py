"""Small networks, the sequences they run over, and the loss of all of it."""

import numpy as np

from sklstm.network import RecurrentNetwork
from sklstm.sequences import Sequences
from sklstm.sequences.packing import unpack_rows

LENGTHS = (3, 6, 1, 4, 6, 2)  # as a user gives them: not sorted
TOLERANCE = {np.float32: 3e-6, np.float64: 5e-15}


def make_network(
    cell="lstm",
    *,
    sizes=(5,),
    pooling="last",
    dtype=np.float64,
    n_features=3,
    seed=0,
    **choices,
):
    """A network with nothing zero in it, biases included."""
    network = RecurrentNetwork(
        n_features,
        2,
        hidden_layer_sizes=sizes,
        pooling=pooling,
        dtype=dtype,
        cell=cell,
        **choices,
    )
    rng = np.random.default_rng(seed)
    network.set_parameters(0.4 * rng.normal(size=network.n_parameters))
    return network


def make_sequences(lengths=LENGTHS, n_features=3, dtype=np.float64, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(sum(lengths), n_features)).astype(dtype)
    values.flags.writeable = False
    return Sequences(values, lengths)


def outputs_by_sample(network, outputs, batch):
    """Outputs in the samples' order: rows, or one array a sequence."""
    if network.config.pooling is None:
        return unpack_rows(outputs, batch).to_list()
    ordered = np.empty_like(outputs)
    ordered[batch.index] = outputs
    return list(ordered)


class WholeLoss:
    """Half the weighted squared error with L2 on the weights, and its gradient."""

    alpha = 0.3

    def __init__(self, network, batch, seed=2, **how):
        self.network, self.batch, self.how = network, batch, how
        rng = np.random.default_rng(seed)
        shape = network.forward(batch, **how).shape
        self.targets = rng.normal(size=shape)
        self.weights = rng.uniform(0.5, 2.0, size=(shape[0], 1))

    def value(self):
        self.network.parameters_changed()
        error = self.network.forward(self.batch, **self.how) - self.targets
        penalty = (self.network.parameters[self.network.is_weight] ** 2).sum()
        return 0.5 * (self.weights * error**2).sum() + 0.5 * self.alpha * penalty

    def gradient(self, n_threads=1, between=lambda: None):
        """`between` is called between the forward and the backward pass."""
        network = self.network
        network.parameters_changed()
        outputs = network.forward(self.batch, n_threads, **self.how)
        error = outputs - self.targets
        between()
        gradient = np.full(network.n_parameters, np.nan, dtype=network.dtype)
        d_outputs = (self.weights * error).astype(network.dtype)
        network.backward(d_outputs, gradient, n_threads=n_threads)
        gradient[network.is_weight] += (
            self.alpha * network.parameters[network.is_weight]
        )
        return gradient
