"""A whole network by the reference cells: stack, pooling, head.

Takes its weights from the public views of a network (``layers``, ``output_weight``,
``output_bias``), so that it says nothing about the order of the flat vector, and
computes each sequence alone, so that it shares no idea with packed batches.
"""

import numpy as np
from reference_layers import forward, state_sizes

POOLINGS = ("last", "mean", "max")


def hidden_states(cell, layers, sequence):
    """Hidden states of the top layer over one sequence.

    Parameters
    ----------
    cell : str
        A key of `reference_cells.CELLS`.
    layers : list of list of dict of str to ndarray
        ``layers[layer][direction][name]``; one direction.
    sequence : ndarray of shape (n_timesteps, n_features)

    Returns
    -------
    hidden : ndarray of shape (n_timesteps, hidden_size or projection_size)
    """
    rows = np.asarray(sequence, dtype=np.float64)
    for directions in layers:
        (views,) = directions
        parameters = {
            name: np.asarray(view, dtype=np.float64) for name, view in views.items()
        }
        sizes = state_sizes(cell, parameters)
        initial = {name: np.zeros((1, size)) for name, size in sizes.items()}
        rows = forward(cell, rows, parameters, initial, [len(rows)]).hidden
    return rows


def pool(hidden, pooling):
    """One vector of a sequence's hidden states; all of them for ``None``."""
    if pooling is None:
        return hidden
    return {
        "last": hidden[-1],
        "mean": hidden.mean(axis=0),
        "max": hidden.max(axis=0),
    }[pooling]


def network_outputs(network, cell, pooling, sequence):
    """Outputs of a network for one sequence, in float64.

    Returns
    -------
    outputs : ndarray of shape (n_outputs,), or (n_timesteps, n_outputs) when
        `pooling` is None
    """
    pooled = pool(hidden_states(cell, network.layers, sequence), pooling)
    weight = np.asarray(network.output_weight, dtype=np.float64)
    return pooled @ weight.T + np.asarray(network.output_bias, dtype=np.float64)
