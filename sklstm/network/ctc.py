"""Loss of connectionist temporal classification for a packed batch, by our kernels."""

import numpy as np

from .._kernels import kernels_for

__all__ = ["ctc_losses", "n_steps_needed"]


def ctc_losses(
    outputs, batch, labels, workspace, *, factors=None, n_threads=1
):  # fmt: skip
    """Return ``-log p(labels | outputs)`` of each sample, and the gradient if wanted.

    Parameters
    ----------
    outputs : ndarray of shape (batch.n_rows, n_classes)
        Logits in packed order; the last class is the blank.
    batch : PackedBatch
    labels : Sequences
        Integer codes of all samples, of which ``batch.index`` has its own.
    workspace : Workspace
        Of the outputs' dtype.
    factors : ndarray of shape (batch.n_samples,) or None, default=None
        What the gradient of each sample is multiplied with; None for no gradient.
    n_threads : int, default=1

    Returns
    -------
    losses : ndarray of shape (batch.n_samples,), float64
        In batch order; infinite where no path gives the labels.
    d_outputs : ndarray of shape (batch.n_rows, n_classes) or None
        A new array; NaN where the loss is infinite.
    """
    kernels = kernels_for(outputs.dtype)
    with_gradient = factors is not None
    if not with_gradient:
        factors = np.zeros(batch.n_samples, dtype=outputs.dtype)
    n_labels = labels.lengths[batch.index]
    sizes = [
        kernels.ctc_workspace_size(n_steps, n, with_gradient)
        for n_steps, n in zip(batch.lengths.tolist(), n_labels.tolist(), strict=True)
    ]
    ends = np.cumsum(sizes, dtype=np.intp)
    losses = np.empty(batch.n_samples)
    d_outputs = np.empty(outputs.shape, outputs.dtype) if with_gradient else None
    kernels.ctc_loss(
        outputs,
        batch.offsets[:-1],
        np.arange(batch.n_samples, dtype=np.intp),
        batch.lengths,
        labels.values.reshape(-1),
        labels.offsets[batch.index],
        n_labels,
        factors,
        workspace.take("ctc", (int(sum(sizes)),)),
        ends - sizes,
        losses,
        d_outputs,
        n_threads,
    )
    return losses, d_outputs


def n_steps_needed(labels):
    """Return how many steps the labels of each sample need at least.

    One for each label, and one for a blank between two equal ones.

    Parameters
    ----------
    labels : Sequences
        Integer codes.

    Returns
    -------
    n_steps : ndarray of intp of shape (n_samples,)
    """
    codes = labels.values.reshape(-1)
    repeats = np.zeros(len(codes) + 1, dtype=np.intp)
    repeats[1:-1] = codes[1:] == codes[:-1]
    # The first label of a sample repeats nothing.
    repeats[labels.offsets[:-1]] = 0
    counts = np.cumsum(repeats)
    before = np.concatenate([[0], counts])[labels.offsets]
    return labels.lengths + np.diff(before)
