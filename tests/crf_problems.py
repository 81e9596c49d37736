"""Packed emissions with true tags and weights, and what a CRF makes of them."""

import numpy as np
from framed_arrays import Framed
from reference_crf import NAMES, path_score, random_parameters

from sklstm.network.crf import CRF
from sklstm.network.memory import Workspace
from sklstm.sequences import Sequences
from sklstm.sequences.packing import pack_batch

WAYS = {"products": np.inf, "logarithms": -1.0}
LENGTHS = (3, 1, 4, 0, 4, 2)


def tag_counts(kernels):
    """Around the register and the panel of four of them."""
    lanes = kernels.lanes()
    return sorted({1, 2, 17, max(1, lanes - 1), lanes, lanes + 1, 4 * lanes + 3})


class FramedWorkspace(Workspace):
    """Every array new, full of NaN and between canaries."""

    def __init__(self, dtype):
        super().__init__(dtype)
        self._frames = []

    def take(self, name, shape, dtype=None):
        """An array of NaN."""
        self._frames.append(Framed(shape, self.dtype if dtype is None else dtype))
        return self._frames[-1].array

    def assert_frames_untouched(self):
        """Fail if a kernel wrote beside one of its arrays."""
        for frame in self._frames:
            frame.assert_frame_untouched()


class CRFProblem:
    """Random emissions, parameters, true tags and weights, in batch order.

    Parameters
    ----------
    kernels : module
    dtype : dtype
    n_tags : int, default=3
    lengths : sequence of int, default=LENGTHS
    way : {"products", "logarithms"}, default=None
        How sums are made; the CRF's own choice by default.
    scale : float, default=1.0
        Of the emissions.
    seed : int, default=0
    """

    def __init__(
        self, kernels, dtype, n_tags=3, lengths=LENGTHS, way=None, scale=1.0, seed=0
    ):  # fmt: skip
        rng = np.random.default_rng(seed)
        self.crf = CRF(n_tags, dtype, kernels)
        if way is not None:
            self.crf._largest_range = WAYS[way]
        self.n_tags, self.dtype = n_tags, np.dtype(dtype)
        emissions = scale * rng.normal(size=(sum(lengths), n_tags))
        self.sequences = Sequences(emissions.astype(dtype), list(lengths))
        self.set_batch(pack_batch(self.sequences))
        self.all_codes = rng.integers(n_tags, size=sum(lengths))
        self.all_weights = rng.uniform(0.5, 2, size=len(lengths)).astype(dtype)
        self.parameters = {
            name: array.astype(dtype)
            for name, array in random_parameters(n_tags, rng).items()
        }

    def set_batch(self, batch):
        """Go on with some of the sequences."""
        self.batch = batch
        self.emissions = np.array(batch.inputs)

    @property
    def codes(self):
        """True tags of the packed rows."""
        return self.all_codes[self.batch.row_source]

    @property
    def weights(self):
        """Weights in batch order."""
        return self.all_weights[self.batch.index]

    def rows(self, sample):
        """Packed rows of a sequence of the batch."""
        return self.batch.offsets[: self.batch.lengths[sample]] + sample

    def run(self, n_threads=1, weights="given"):
        """Losses, and gradients by name."""
        workspace = FramedWorkspace(self.dtype)
        frames = {
            name: Framed(shape, self.dtype)
            for name, shape in self.crf.parameter_shapes.items()
        }
        gradients = {name: frame.array for name, frame in frames.items()}
        losses, d_emissions = self.crf.negative_log_likelihood(
            self.emissions, self.batch, self.codes,
            self.weights if isinstance(weights, str) else weights, self.parameters,
            gradients, workspace, n_threads,
        )  # fmt: skip
        workspace.assert_frames_untouched()
        for frame in frames.values():
            frame.assert_frame_untouched()
        return losses, {"emissions": d_emissions, **gradients}

    def loss(self):
        """Sum of the losses alone."""
        losses, nothing = self.crf.negative_log_likelihood(
            self.emissions, self.batch, self.codes, self.weights, self.parameters,
            None, Workspace(self.dtype),
        )  # fmt: skip
        assert nothing is None
        return losses.sum()

    def expected(self, reference):
        """Losses and gradients by a reference of single sequences.

        Parameters
        ----------
        reference : callable
            `recursions` of reference_crf.
        """
        losses = np.zeros(self.batch.n_samples)
        shapes = self.crf.parameter_shapes
        gradients = {name: np.zeros(shapes[name]) for name in NAMES}
        gradients["emissions"] = np.zeros(self.emissions.shape)
        for sample, weight in enumerate(self.weights.astype(np.float64)):
            rows = self.rows(sample)
            if not len(rows):
                continue
            emissions, path = self.emissions[rows], self.codes[rows]
            log_partition, marginals, pairs = reference(emissions, self.parameters)
            losses[sample] = log_partition - path_score(
                emissions.astype(np.float64), path, self.parameters
            )
            losses[sample] *= weight
            marginals[np.arange(len(path)), path] -= 1
            np.subtract.at(pairs, (path[:-1], path[1:]), 1)
            gradients["emissions"][rows] = weight * marginals
            gradients["transitions"] += weight * pairs
            gradients["start"] += weight * marginals[0]
            gradients["end"] += weight * marginals[-1]
        return losses, gradients
