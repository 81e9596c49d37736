"""A packed batch of outputs with labels, and the loss kernel's answers."""

import numpy as np
from framed_arrays import Framed, read_only


class CTCProblem:
    """Some sequences of outputs with their labels.

    Parameters
    ----------
    kernels : module
    dtype : dtype
    lengths : list of int
        Steps of each sample, descending.
    labels : list of list of int
        Codes below ``n_classes - 1`` of each sample.
    n_classes : int
        The blank included.
    seed : int, default=0
    scale : float, default=2
        Of the outputs.
    packed : bool, default=True
        Whether rows are packed, time-major, or sample after sample.
    """

    def __init__(
        self, kernels, dtype, lengths, labels, n_classes, *, seed=0, scale=2.0,
        packed=True,
    ):  # fmt: skip
        self.kernels, self.dtype = kernels, np.dtype(dtype)
        self.lengths = np.array(lengths, dtype=np.intp)
        self.label_lists = labels
        self.labels = np.array([k for part in labels for k in part], dtype=np.intp)
        self.n_labels = np.array([len(part) for part in labels], dtype=np.intp)
        self.label_starts = np.cumsum(self.n_labels) - self.n_labels
        n_steps = int(self.lengths.max(initial=0))
        if packed:
            n_alive = [(self.lengths > t).sum() for t in range(n_steps)]
            self.step_rows = np.cumsum([0, *n_alive])[:-1].astype(np.intp)
            self.sample_rows = np.arange(len(lengths), dtype=np.intp)
        else:
            self.step_rows = np.arange(n_steps, dtype=np.intp)
            self.sample_rows = np.cumsum(self.lengths) - self.lengths
        rng = np.random.default_rng(seed)
        # Sample by sample, so that a sample has the same outputs in other company.
        self.outputs = np.empty((self.lengths.sum(), n_classes), dtype=dtype)
        for b, length in enumerate(self.lengths):
            self.outputs[self.rows(b)] = rng.normal(
                scale=scale, size=(length, n_classes)
            )
        self.factors = np.ones(len(lengths), dtype=dtype)

    def rows(self, b):
        """Rows of a sample, in time."""
        return self.step_rows[: self.lengths[b]] + self.sample_rows[b]

    def sample(self, b):
        """Outputs of a sample."""
        return self.outputs[self.rows(b)]

    def loss(self, n_threads=1, *, with_gradient=True):
        """Losses of the samples and the gradient (or None), by the kernel.

        The workspace is poisoned, and framed like the results; outputs are a strided
        view.
        """
        sizes = [
            self.kernels.ctc_workspace_size(int(n), int(m), with_gradient)
            for n, m in zip(self.lengths, self.n_labels, strict=True)
        ]
        places = np.cumsum([0, *sizes]).astype(np.intp)
        workspace = Framed(int(places[-1]), self.dtype)
        losses = Framed(len(self.lengths), np.float64)
        d_outputs = Framed(self.outputs.shape, self.dtype)
        wide = np.full((len(self.outputs), self.outputs.shape[1] + 3), 77, self.dtype)
        wide[:, :-3] = self.outputs
        self.kernels.ctc_loss(
            read_only(wide)[:, :-3], self.step_rows, self.sample_rows, self.lengths,
            read_only(self.labels), self.label_starts, self.n_labels,
            read_only(self.factors), workspace.array, places[:-1], losses.array,
            d_outputs.array if with_gradient else None, n_threads,
        )  # fmt: skip
        for framed in (workspace, losses, d_outputs):
            framed.assert_frame_untouched()
        return losses.array, d_outputs.array if with_gradient else None


def random_problem(kernels, dtype, *, n_samples=40, n_classes=6, **options):
    """Ragged sequences with some repeated labels; every one fits."""
    rng = np.random.default_rng(11)
    lengths = np.sort(rng.integers(1, 60, size=n_samples))[::-1]
    labels = [
        rng.integers(0, n_classes - 1, size=rng.integers(0, length // 2 + 1)).tolist()
        for length in lengths
    ]
    return CTCProblem(kernels, dtype, lengths.tolist(), labels, n_classes, **options)
