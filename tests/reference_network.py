"""A whole network by the reference cells: stack, pooling, head.

Takes its weights from the public views of a network (``layers``, ``output_weight``,
``output_bias``), so that it says nothing about the order of the flat vector, and
computes each sequence alone, so that it shares no idea with packed batches.
"""

import numpy as np
from reference_layers import forward, state_sizes

POOLINGS = ("last", "mean", "max")


def hidden_states(cell, layers, sequence, zoneout=0.0):
    """Hidden states of the top layer over one sequence.

    Parameters
    ----------
    cell : str
        A key of `reference_cells.CELLS`.
    layers : list of list of dict of str to ndarray
        ``layers[layer][direction][name]``.
    sequence : ndarray of shape (n_timesteps, n_features)
    zoneout : float, default=0
        Rate; states are mixed as is expected.

    Returns
    -------
    hidden : list of ndarray of shape (n_timesteps, output_size)
        One entry a direction.
    """
    rows = np.asarray(sequence, dtype=np.float64)
    for directions in layers:
        outputs = [
            direction_outputs(cell, views, rows, reverse, zoneout)
            for reverse, views in enumerate(directions)
        ]
        rows = np.hstack(outputs)
    return outputs


def direction_outputs(cell, views, rows, reverse, zoneout):
    """Hidden states of one layer in one direction."""
    parameters = {
        name: np.asarray(view, dtype=np.float64) for name, view in views.items()
    }
    initial = {
        name: np.zeros((1, size)) + parameters.pop(f"{name}_0", 0)
        for name, size in state_sizes(cell, parameters).items()
    }
    mixing = {
        name: np.full((len(rows), state.shape[1]), zoneout)
        for name, state in initial.items()
    }
    return forward(
        cell, rows, parameters, initial, [len(rows)],
        reverse=bool(reverse), zoneout=mixing if zoneout else None,
    ).hidden  # fmt: skip


def pool(hidden, pooling):
    """One vector of a sequence's hidden states; all of them for ``None``."""
    if pooling is None:
        return np.hstack(hidden)
    if pooling == "last":  # each direction's own end
        ends = (-1, 0)
        return np.hstack([rows[end] for rows, end in zip(hidden, ends, strict=False)])
    rows = np.hstack(hidden)
    return rows.mean(axis=0) if pooling == "mean" else rows.max(axis=0)


def network_outputs(network, cell, pooling, sequence):
    """Outputs of a network for one sequence, in float64.

    Returns
    -------
    outputs : ndarray of shape (n_outputs,), or (n_timesteps, n_outputs) when
        `pooling` is None
    """
    zoneout = network.config.zoneout
    pooled = pool(hidden_states(cell, network.layers, sequence, zoneout), pooling)
    weight = np.asarray(network.output_weight, dtype=np.float64)
    return pooled @ weight.T + np.asarray(network.output_bias, dtype=np.float64)
