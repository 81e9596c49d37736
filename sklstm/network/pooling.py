"""The top layer's hidden states -> one vector a sequence, and the gradient back."""

import numpy as np

__all__ = ["POOLINGS", "pool_window", "pool_window_backward"]

POOLINGS = ("last", "mean", "max")


def pool_window(pooling, layer, plan, batch, rows, workspace, place, training):
    """Take in the rows of a window; complete after the last one.

    Parameters
    ----------
    pooling : {"mean", "max"}
    layer : RecurrentLayer
        The top layer.
    plan : BatchPlan
    batch : PackedBatch
    rows : ndarray of shape (n_rows, output_stride)
        The window's hidden states.
    workspace : Workspace
    place : tuple of bool
        Whether this is the first, the last window.
    training : bool
        Whether `pool_window_backward` follows.

    Returns
    -------
    pooled : ndarray of shape (n_samples, output_stride)
    """
    pooled = workspace.take("pooled", (batch.n_samples, layer.output_stride))
    if pooling == "mean":
        layer.kernels.pool_mean(
            rows, plan.steps, batch.lengths, pooled, *place, plan.n_threads
        )
    else:
        largest = workspace.take("largest", pooled.shape, np.intp) if training else None
        layer.kernels.pool_max(
            rows, plan.steps, batch.lengths, pooled, largest, *place, plan.n_threads
        )
    return pooled


def pool_window_backward(pooling, layer, plan, batch, d_pooled, workspace):
    """The gradient of the hidden states of a window.

    Returns
    -------
    d_rows : ndarray of shape (n_rows, output_stride)
    """
    d_rows = workspace.take("d_rows", (plan.n_rows, layer.output_stride))
    if pooling == "mean":
        layer.kernels.pool_mean_backward(
            d_pooled, plan.steps, batch.lengths, d_rows, plan.n_threads
        )
    else:
        largest = workspace.take("largest", d_pooled.shape, np.intp)
        layer.kernels.pool_max_backward(
            d_pooled, largest, plan.steps, d_rows, plan.n_threads
        )
    return d_rows
