"""The top layer's hidden states -> what the head sees, and the gradient back."""

import numpy as np

from .steps import last_rows

__all__ = ["POOLINGS", "pool", "pool_backward"]

POOLINGS = ("last", "mean", "max")


def pool(pooling, layer, plan, batch, states, workspace, training=False):
    """One vector a sequence, or all packed rows where ``pooling`` is None.

    Parameters
    ----------
    pooling : {"last", "mean", "max"} or None
    layer : RecurrentLayer
        The top layer.
    plan : BatchPlan
    batch : PackedBatch
    states : LayerStates
        Of the top layer.
    workspace : Workspace
    training : bool, default=False
        Whether `pool_backward` follows.

    Returns
    -------
    features : ndarray of shape (n_samples or n_rows, stride)
    """
    if pooling == "last":
        rows = last_rows(
            batch.offsets, batch.lengths, batch.n_samples, plan.keep_states
        )
        return states.hidden[rows]
    rows = states.hidden[plan.n_samples :]
    if pooling is None:
        return rows
    pooled = workspace.take("pooled", (batch.n_samples, layer.stride))
    steps = batch.offsets, batch.lengths
    if pooling == "mean":
        layer.kernels.pool_mean(rows, *steps, pooled, plan.n_threads)
    else:
        largest = workspace.take("largest", pooled.shape, np.intp) if training else None
        layer.kernels.pool_max(rows, *steps, pooled, largest, plan.n_threads)
    return pooled


def pool_backward(pooling, layer, plan, batch, d_features, workspace):
    """The gradient of the top layer's hidden states.

    Returns
    -------
    gradients : dict
        Keyword arguments of `RecurrentLayer.backward`: ``d_last`` or ``d_output``.
    """
    if pooling == "last":
        return {"d_last": d_features}
    if pooling is None:
        return {"d_output": d_features}
    d_rows = workspace.take("d_rows", (batch.n_rows, layer.stride))
    steps = batch.offsets, batch.lengths
    if pooling == "mean":
        layer.kernels.pool_mean_backward(d_features, *steps, d_rows, plan.n_threads)
    else:
        largest = workspace.take("largest", d_features.shape, np.intp)
        layer.kernels.pool_max_backward(
            d_features, largest, *steps, d_rows, plan.n_threads
        )
    return {"d_output": d_rows}
