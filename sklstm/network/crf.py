"""The output of a tagger that reads whole sequences of tags: a linear-chain CRF."""

import numpy as np

from .memory import Workspace, aligned_empty, round_up

__all__ = ["CRF"]

_ONE_GATE = np.zeros(1, dtype=np.intp)
_ONE_GATE.flags.writeable = False


class CRF:
    """Conditional random field over the tags of a sequence (Lafferty et al. 2001).

    The score of a sequence of tags is the sum of its emissions, which the head below
    gives, of the transitions between neighbours, and of a start and an end score. Its
    probability is the softmax of the scores over all sequences of tags.

    Parameters
    ----------
    n_tags : int
    dtype : {float32, float64}
    kernels : module

    Attributes
    ----------
    parameter_shapes : dict
        ``transitions`` (from, to) of shape (n_tags, n_tags), ``start`` and ``end`` of
        shape (n_tags,). Transitions of -infinity are possible: such pairs have
        probability zero. They cost time, because sums are then made from logarithms.

    Notes
    -----
    `emissions` are those of a packed batch, (n_rows, n_tags), also as a view of longer
    rows. What comes out for a sequence does not depend on the others in the batch or on
    `n_threads`, to the last bit; NaN in a sequence stays in it and in the gradients of
    the parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm._kernels import kernels_for
    >>> from sklstm.sequences import Sequences
    >>> from sklstm.sequences.packing import pack_batch
    >>> emissions = np.array([[2.0, 0.0], [0.0, 0.5], [2.0, 0.0]])
    >>> batch = pack_batch(Sequences(emissions, [3]))
    >>> crf = CRF(2, np.float64, kernels_for(np.float64))
    >>> parameters = {name: np.zeros(s) for name, s in crf.parameter_shapes.items()}
    >>> crf.viterbi(emissions, batch, parameters)
    array([0, 1, 0])
    >>> parameters["transitions"][:] = [[1.0, -1.0], [-1.0, 1.0]]
    >>> crf.viterbi(emissions, batch, parameters)
    array([0, 0, 0])
    >>> crf.marginals(emissions, batch, parameters).round(2)
    array([[0.93, 0.07],
           [0.9 , 0.1 ],
           [0.93, 0.07]])
    """

    def __init__(self, n_tags, dtype, kernels):
        self.n_tags = n_tags
        self.dtype = np.dtype(dtype)
        self.kernels = kernels
        self.stride = round_up(n_tags, kernels.lanes())
        self.parameter_shapes = {
            "transitions": (n_tags, n_tags),
            "start": (n_tags,),
            "end": (n_tags,),
        }
        # Transitions and end scores of a larger range are summed from logarithms: see
        # the equations in _kernels/crf.pxi.
        limits = np.finfo(self.dtype)
        self._largest_range = float(
            (np.log(limits.eps) - np.log(limits.tiny)) / 2 - np.log(n_tags)
        )

    # ---- training ------------------------------------------------------------------

    def negative_log_likelihood(
        self, emissions, batch, codes, weights, parameters, gradients, workspace,
        n_threads=1,
    ):  # fmt: skip
        """Losses of the true tags, and the gradient of their sum.

        Parameters
        ----------
        emissions : ndarray of shape (n_rows, n_tags)
        batch : PackedBatch
        codes : ndarray of intp of shape (n_rows,)
            The true tag of each packed row.
        weights : ndarray of shape (n_samples,) or None
            Of the sequences, in batch order. One of zero weight has no influence, even
            if its emissions are NaN.
        parameters : dict
            Of `parameter_shapes`.
        gradients : dict or None
            Of `parameter_shapes`, overwritten. None: losses only.
        workspace : Workspace
        n_threads : int, default=1

        Returns
        -------
        losses : ndarray of float64 of shape (n_samples,)
            Weight times ``-log P(codes)`` of each sequence, in batch order; 0 of a
            sequence without steps.
        d_emissions : ndarray of shape (n_rows, n_tags) or None
            A view into the workspace.

        Raises
        ------
        ValueError
            If a code is not that of a tag.
        """
        codes = self._checked_codes(codes)
        if weights is not None:
            weights = np.ascontiguousarray(weights, dtype=self.dtype)
        sums = self._sums(parameters, workspace, n_threads)
        losses = sums.forward(emissions, batch)
        losses -= self._path_scores(emissions, batch, codes, parameters)
        if weights is not None:
            losses = np.where(weights == 0, 0, losses) * weights
        if gradients is None:
            return losses, None
        d_emissions = workspace.take("crf_d_emissions", (batch.n_rows, self.stride))
        sums.backward(emissions, batch, weights, d_emissions)
        sums.pairs(emissions, batch, weights, gradients["transitions"])
        self.kernels.crf_subtract_path(
            batch.offsets, batch.lengths, codes, weights, d_emissions,
            gradients["transitions"], gradients["start"], gradients["end"],
        )  # fmt: skip
        return losses, d_emissions[:, : self.n_tags]

    def _checked_codes(self, codes):
        codes = np.ascontiguousarray(codes, dtype=np.intp)
        if len(codes) and not (codes.min() >= 0 and codes.max() < self.n_tags):
            row = int(np.flatnonzero((codes < 0) | (codes >= self.n_tags))[0])
            raise ValueError(
                f"codes[{row}] is {codes[row]}: expected a tag, 0 to {self.n_tags - 1}"
            )
        return codes

    def _path_scores(self, emissions, batch, codes, parameters):
        scores = np.empty(batch.n_samples)
        self.kernels.crf_path_scores(
            emissions, batch.offsets, batch.lengths, codes, parameters["start"],
            parameters["transitions"], parameters["end"], scores,
        )  # fmt: skip
        return scores

    def _sums(self, parameters, workspace, n_threads):
        """How the sums over all sequences of tags are made for some parameters."""
        spread = max(_range(parameters["transitions"]), _range(parameters["end"]))
        way = _Products if spread <= self._largest_range else _Logarithms
        return way(self, parameters, workspace, n_threads)

    # ---- inference -----------------------------------------------------------------

    def marginals(self, emissions, batch, parameters, n_threads=1):
        """Probability of each tag at each step, given the whole sequence.

        Parameters
        ----------
        emissions : ndarray of shape (n_rows, n_tags)
        batch : PackedBatch
        parameters : dict
        n_threads : int, default=1

        Returns
        -------
        marginals : ndarray of shape (n_rows, n_tags)
            Rows sum to one.
        """
        sums = self._sums(parameters, Workspace(self.dtype), n_threads)
        sums.forward(emissions, batch)
        sums.backward(emissions, batch, None, sums.alpha)
        return sums.alpha[:, : self.n_tags]

    def viterbi(
        self, emissions, batch, parameters, n_threads=1, *, return_scores=False
    ):
        """The most probable sequence of tags (Viterbi 1967).

        Of equally probable ones, that with the lower tag where they differ last.

        Parameters
        ----------
        emissions : ndarray of shape (n_rows, n_tags)
        batch : PackedBatch
        parameters : dict
        n_threads : int, default=1
        return_scores : bool, default=False

        Returns
        -------
        codes : ndarray of intp of shape (n_rows,)
            A tag for each packed row; any tags where scores are NaN.
        scores : ndarray of float64 of shape (n_samples,)
            Scores of these sequences, in batch order; NaN if a number that matters is.
            Only with `return_scores`.
        """
        transitions = parameters["transitions"]
        table = self._padded(transitions, 0)
        columns = self._padded(transitions.T, 0)
        scores = aligned_empty((batch.n_rows, self.stride), self.dtype)
        codes = np.empty(batch.n_rows, dtype=np.intp)
        undefined = np.empty(batch.n_samples)
        self.kernels.crf_viterbi(
            emissions, batch.offsets, batch.lengths,
            self._padded(parameters["start"], 0), table, columns, parameters["end"],
            scores, codes, undefined, n_threads,
        )  # fmt: skip
        if not return_scores:
            return codes
        path_scores = self._path_scores(emissions, batch, codes, parameters)
        path_scores[np.isnan(undefined)] = np.nan
        if any(np.isnan(array).any() for array in parameters.values()):
            path_scores[batch.lengths > 0] = np.nan
        return codes, path_scores

    def _padded(self, array, fill, workspace=None, name=None):
        """A copy whose rows are whole registers."""
        shape = (*array.shape[:-1], self.stride)
        if workspace is None:
            padded = aligned_empty(shape, self.dtype)
        else:
            padded = workspace.take(name, shape)
        padded[..., : self.n_tags] = array
        padded[..., self.n_tags :] = fill
        return padded


def _range(array):
    with np.errstate(invalid="ignore"):  # infinity less infinity is NaN, as it should
        return array.max() - array.min()


def _raised(array):
    """An array less its largest element, and that element."""
    largest = array.max()
    with np.errstate(invalid="ignore"):
        return array - largest, largest


class _Sums:
    """Sums over all sequences of tags, in one of two ways.

    Parameters
    ----------
    crf : CRF
    parameters : dict
    workspace : Workspace
    n_threads : int
    """

    def __init__(self, crf, parameters, workspace, n_threads):
        self.crf, self.kernels = crf, crf.kernels
        self.workspace, self.n_threads = workspace, n_threads
        self.start = crf._padded(parameters["start"], 0, workspace, "crf_start")
        self.transitions, self.largest = _raised(parameters["transitions"])
        end, self.end_largest = _raised(parameters["end"])
        self.end = crf._padded(end, -np.inf, workspace, "crf_end")
        self.prepare()

    def forward(self, emissions, batch):
        """Return log Z of each sequence."""
        shape = (batch.n_rows, self.crf.stride)
        self.alpha = self.workspace.take("crf_alpha", shape)
        self.potentials = self.workspace.take("crf_potentials", shape)
        self.scales = self.workspace.take("crf_scales", shape[:1])
        log_partition = np.empty(batch.n_samples)
        self.forward_rows(emissions, batch, log_partition)
        log_partition[batch.lengths > 0] += self.end_largest
        return log_partition


class _Products(_Sums):
    """By products of probabilities that are scaled in every row."""

    def prepare(self):
        """Pack exp(transitions) for both directions."""
        take, crf = self.workspace.take, self.crf
        n_tags, kernels = crf.n_tags, self.kernels
        kernels.exponential(self.end)
        self.factors = np.ascontiguousarray(self.transitions)
        kernels.exponential(self.factors.reshape(-1))
        turned = np.ascontiguousarray(self.factors.T)
        size = (crf.stride * n_tags,)
        self.panels = take("crf_panels", size), take("crf_backward_panels", size)
        for matrix, panels in zip((turned, self.factors), self.panels, strict=True):
            kernels.pack_gates(matrix, _ONE_GATE, n_tags, 4, 0, n_tags, panels)

    def forward_rows(self, emissions, batch, log_partition):
        """Fill the rows of alpha."""
        self.kernels.crf_forward(
            emissions, batch.offsets, batch.lengths, self.start, self.end,
            self.panels[0], self.largest, self.alpha, self.potentials, self.scales,
            log_partition, self.n_threads,
        )  # fmt: skip

    def backward(self, emissions, batch, weights, marginals):
        """Fill the rows of the marginals, times weights."""
        shape = (2, batch.n_samples, self.crf.stride)
        self.kernels.crf_backward(
            emissions, batch.offsets, batch.lengths, weights, self.end, self.panels[1],
            self.scales, self.alpha, self.potentials, marginals,
            self.workspace.take("crf_scratch", shape), self.n_threads,
        )  # fmt: skip

    def pairs(self, emissions, batch, weights, d_transitions):
        """Expected numbers of pairs of tags, times weights."""
        kernels, offsets, n_tags = self.kernels, batch.offsets, self.crf.n_tags
        if len(offsets) < 3:
            d_transitions[...] = 0
            return
        lanes, first = kernels.lanes(), offsets[1]
        n_rows = batch.n_rows - first
        after = self.potentials[first:].reshape(n_rows, -1, lanes).transpose(1, 0, 2)
        n_alive = np.diff(offsets[1:])
        segments = np.column_stack((offsets[1:-1] - first, offsets[:-2], n_alive))
        sums = self.workspace.take("crf_pairs", (n_tags, n_tags))
        size = kernels.gradient_scratch_size(n_tags, n_tags)
        kernels.weight_gradient(
            after, 0, _ONE_GATE, n_tags, ((self.alpha, segments, sums),), None, False,
            False, self.workspace.take("crf_pair_scratch", (self.n_threads, size)),
            self.n_threads,
        )  # fmt: skip
        np.multiply(sums.T, self.factors, d_transitions)


class _Logarithms(_Sums):
    """By logarithms, for transitions whose exponentials underflow."""

    def prepare(self):
        """Pad the transitions and their transpose."""
        pad, workspace = self.crf._padded, self.workspace
        self.table = pad(self.transitions, -np.inf, workspace, "crf_table")
        self.columns = pad(self.transitions.T, -np.inf, workspace, "crf_columns")

    def forward_rows(self, emissions, batch, log_partition):
        """Fill the rows of log alpha."""
        self.kernels.crf_log_forward(
            emissions, batch.offsets, batch.lengths, self.start, self.end, self.table,
            self.largest, self.alpha, self.potentials, self.scales, log_partition,
            self.n_threads,
        )  # fmt: skip

    def backward(self, emissions, batch, weights, marginals):
        """Fill the rows of the marginals, times weights."""
        shape = (batch.n_samples, self.crf.stride)
        self.kernels.crf_log_backward(
            emissions, batch.offsets, batch.lengths, weights, self.end, self.columns,
            self.scales, self.alpha, self.potentials, marginals,
            self.workspace.take("crf_scratch", shape), self.n_threads,
        )  # fmt: skip

    def pairs(self, emissions, batch, weights, d_transitions):
        """Expected numbers of pairs of tags, times weights."""
        self.kernels.crf_log_pairs(
            emissions, batch.offsets, batch.lengths, weights, self.table, self.alpha,
            self.potentials, d_transitions, self.n_threads,
        )  # fmt: skip
