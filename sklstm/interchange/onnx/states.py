"""Recurrent states as inputs and outputs of a graph, for those that go on later."""

import numpy as np

from ...network.cells import CELLS
from .graph import Tensor

__all__ = ["first_states", "initial_states", "last_states", "state_tensors"]


def state_tensors(config, prefix=""):
    """Return the states of a stack of one direction as inputs of a graph.

    Parameters
    ----------
    config : NetworkConfig
    prefix : str, default=""
        Of the names.

    Returns
    -------
    states : list of Tensor
        ``hidden_0`` and, of LSTMs, ``cell_0`` of the first layer, and so on.
    """
    return [
        Tensor(f"{prefix}{kind}_{number}", np.float32, ("n_samples", sizes[number]))
        for number in range(len(config.hidden_layer_sizes))
        for kind, sizes in _kinds(config).items()
    ]


def initial_states(config, inputs):
    """Return the inputs of a graph as `add_stack` takes them."""
    return [
        {f"{kind}_0": inputs[f"{kind}_{number}"].name for kind in _kinds(config)}
        for number in range(len(config.hidden_layer_sizes))
    ]


def last_states(config, states):
    """Return what `add_stack` ends with as outputs of a graph, ``next_hidden_0``..."""
    values = [
        of_layer[0][f"{kind}_0"] for of_layer in states for kind in _kinds(config)
    ]
    tensors = state_tensors(config, "next_")
    return [
        tensor._replace(value=value)
        for tensor, value in zip(tensors, values, strict=True)
    ]


def first_states(network, n_samples):
    """Return what to feed at the beginning: what is learned, or zeros."""
    config, first = network.config, {}
    for number, [parameters] in enumerate(network.layers):
        for kind, sizes in _kinds(config).items():
            state = np.zeros((n_samples, sizes[number]), dtype=np.float32)
            state[:] = parameters.get(f"{kind}_0", 0)
            first[f"{kind}_{number}"] = state
    return first


def _kinds(config):
    """Kinds of states, and the size of each in every layer."""
    kinds = {"hidden": config.output_sizes}
    if CELLS[config.cell].has_cell_state:
        kinds["cell"] = config.hidden_layer_sizes
    return kinds
