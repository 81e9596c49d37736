"""What outputs of connectionist temporal classification say.

Outputs are rows, one a time step, sample after sample; the last class is the blank.
"""

from collections.abc import Sequence

import numpy as np

from .._kernels import kernels_for
from .._typing import Array, ArrayLike
from .checks import check_codes, check_count, check_rows

__all__ = ["align", "best_path", "prefix_beam_search"]


def best_path(
    outputs: ArrayLike,
    lengths: ArrayLike,
    n_threads: int = 1,
    *,
    offsets: ArrayLike | None = None,
) -> list[Array]:
    """Return the labelling of the most probable path of each sample.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, n_classes), float32 or float64
        Logits, probabilities or their logarithms.
    lengths : ndarray of int of shape (n_samples,)
        Steps of each sample.
    n_threads : int, default=1
        Team size of the kernel.
    offsets : ndarray of intp of shape (n_steps + 1,), default=None
        Of rows that are packed, time-major: where each step begins. Lengths are
        descending then.

    Returns
    -------
    labels : list of ndarray of intp
        Codes below ``n_classes - 1``.

    Raises
    ------
    TypeError, ValueError
        If the lengths or offsets are not those of the rows, or `n_threads` is no
        positive int.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.decoding import best_path
    >>> path = [0, 0, 2, 0, 1]  # 2 is the blank
    >>> best_path(np.eye(3)[path], np.array([5]))
    [array([0, 0, 1])]
    """
    n_threads = check_count(n_threads, "n_threads")
    rows = _Rows(outputs, lengths, offsets, name="outputs")
    labels = np.empty(len(rows.values), dtype=np.intp)
    n_labels = np.zeros(len(rows.lengths), dtype=np.intp)
    rows.kernels.best_path(
        rows.values, *rows.places, rows.starts, labels, n_labels, n_threads
    )
    return rows.cut(labels, n_labels)


def prefix_beam_search(
    log_probabilities: ArrayLike,
    lengths: ArrayLike,
    beam_width: int = 10,
    n_threads: int = 1,
) -> tuple[list[Array], Array]:
    """Return the most probable labelling that a prefix beam search finds.

    Other than `best_path` it adds up the paths of a labelling.

    Parameters
    ----------
    log_probabilities : ndarray of shape (n_rows, n_classes), float32 or float64
        Logarithms of the classes' probabilities at each step.
    lengths : ndarray of int of shape (n_samples,)
        Steps of each sample.
    beam_width : int, default=10
        Prefixes that are kept after each step.
    n_threads : int, default=1
        Team size of the kernel.

    Returns
    -------
    labels : list of ndarray of intp
        Codes below ``n_classes - 1``.
    scores : ndarray of shape (n_samples,), float64
        Logarithm of the labelling's probability, without the paths whose prefixes left
        the beam.

    Raises
    ------
    TypeError, ValueError
        If the lengths are not those of the rows, a number is NaN, or `beam_width` or
        `n_threads` is no positive int.

    Examples
    --------
    The most probable path says nothing, the most probable labelling is one label:

    >>> import numpy as np
    >>> from sklstm.decoding import prefix_beam_search, best_path
    >>> log_probabilities = np.log([[0.4, 0.6], [0.4, 0.6]])
    >>> best_path(log_probabilities, np.array([2]))
    [array([], dtype=int64)]
    >>> labels, scores = prefix_beam_search(log_probabilities, np.array([2]))
    >>> labels, np.exp(scores).round(2)
    ([array([0])], array([0.64]))
    """
    beam_width = check_count(beam_width, "beam_width")
    n_threads = check_count(n_threads, "n_threads")
    rows = _Rows(log_probabilities, lengths)
    rows.check_not_nan()
    n_samples = len(rows.lengths)
    labels = np.empty(len(rows.values), dtype=np.intp)
    n_labels = np.zeros(n_samples, dtype=np.intp)
    scores = np.empty(n_samples)
    longest = int(rows.lengths.max(initial=0))
    size = rows.kernels.beam_workspace_size(longest, beam_width)
    workspace = np.empty((n_threads, size), dtype=np.int8)
    rows.kernels.prefix_beam_search(
        rows.values, *rows.places, beam_width, workspace, rows.starts, labels,
        n_labels, scores, n_threads,
    )  # fmt: skip
    return rows.cut(labels, n_labels), scores


def align(
    log_probabilities: ArrayLike,
    lengths: ArrayLike,
    labels: Sequence[ArrayLike],
    n_threads: int = 1,
) -> tuple[list[Array], Array]:
    """Return the steps of each label on the most probable path of given labels.

    Parameters
    ----------
    log_probabilities : ndarray of shape (n_rows, n_classes), float32 or float64
        Logarithms of the classes' probabilities at each step.
    lengths : ndarray of int of shape (n_samples,)
        Steps of each sample.
    labels : list of ndarray of int
        The codes said to be there, below ``n_classes - 1``.
    n_threads : int, default=1
        Team size of the kernel.

    Returns
    -------
    spans : list of ndarray of intp of shape (n_labels_i, 2)
        First and last step of each label; -1 if no path gives the labels.
    scores : ndarray of shape (n_samples,), float64
        Logarithm of the path's probability; minus infinity if there is none.

    Raises
    ------
    TypeError, ValueError
        If the lengths are not those of the rows, a number is NaN, a label is no code
        of a label, or `n_threads` is no positive int.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.decoding import align
    >>> path = [2, 0, 0, 2, 1]  # 2 is the blank
    >>> log_probabilities = np.log(0.8 * np.eye(3)[path] + 0.1)
    >>> spans, _ = align(log_probabilities, np.array([5]), [np.array([0, 1])])
    >>> spans
    [array([[1, 2],
           [4, 4]])]
    """
    n_threads = check_count(n_threads, "n_threads")
    rows = _Rows(log_probabilities, lengths)
    rows.check_not_nan()
    parts = _checked_labels(labels, rows)
    n_labels = np.array([len(part) for part in parts], dtype=np.intp)
    codes = np.concatenate([np.empty(0, dtype=np.intp), *parts])
    starts = np.cumsum(n_labels) - n_labels
    sizes = [
        rows.kernels.alignment_workspace_size(int(n_steps), int(n))
        for n_steps, n in zip(rows.lengths, n_labels, strict=True)
    ]
    ends = np.cumsum(np.array(sizes, dtype=np.intp).reshape(-1, 2), axis=0)
    places, move_places = (ends - np.array(sizes, dtype=np.intp).reshape(-1, 2)).T
    n_scores, n_moves = ends[-1] if len(ends) else (0, 0)
    spans = np.empty((len(codes), 2), dtype=np.intp)
    scores = np.empty(len(n_labels))
    rows.kernels.align_labels(
        rows.values, *rows.places, codes, starts, n_labels,
        np.empty(n_scores), np.ascontiguousarray(places),
        np.empty(n_moves, dtype=np.int8), np.ascontiguousarray(move_places),
        spans, scores, n_threads,
    )  # fmt: skip
    return np.split(spans, np.cumsum(n_labels)[:-1]) if len(n_labels) else [], scores


class _Rows:
    """Outputs with what the kernels need to find the rows of a sample.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_classes)
    lengths, starts : ndarray of intp of shape (n_samples,)
    places : tuple of ndarray
        The row of sample b at step t is ``places[0][t] + places[1][b]``.
    kernels : module
    """

    def __init__(self, values, lengths, offsets=None, name="log_probabilities"):
        self._name = name
        self.values = check_rows(values, name)
        lengths = check_codes(lengths, "lengths", "whole numbers of steps")
        self.lengths = np.ascontiguousarray(lengths)
        if self.lengths.min(initial=0) < 0:
            sample = int(np.argmin(self.lengths))
            raise ValueError(
                f"lengths[{sample}] is {self.lengths[sample]}: expected the number of"
                " steps of each sample"
            )
        if self.lengths.sum() != len(self.values):
            raise ValueError(
                f"lengths add up to {self.lengths.sum()} steps, but there are"
                f" {len(self.values)} rows of {name}"
            )
        self.starts = np.cumsum(self.lengths) - self.lengths
        steps = np.arange(self.lengths.max(initial=0), dtype=np.intp)
        self.places = steps, self.starts, self.lengths
        if offsets is not None:
            offsets = check_codes(offsets, "offsets", "whole numbers")
            offsets = np.ascontiguousarray(offsets)
            self._check_packed(offsets)
            samples = np.arange(len(self.lengths), dtype=np.intp)
            self.places = offsets[:-1], samples, self.lengths
        self.kernels = kernels_for(self.values.dtype)

    def _check_packed(self, offsets):
        """Fail unless step t has a row of each sample that is longer than t."""
        longest = int(self.lengths.max(initial=0))
        ended = np.searchsorted(self.lengths[::-1], np.arange(longest), side="right")
        descends = (np.diff(self.lengths) <= 0).all()
        expected = np.cumsum(len(self.lengths) - ended)
        if not descends or not np.array_equal(offsets, [0, *expected]):
            raise ValueError(
                "offsets do not belong to lengths: packed samples are ordered by"
                " length, the longest first, and step t begins at offsets[t] with a row"
                " for each sample of more than t steps"
            )

    def check_not_nan(self):
        """Fail if a number is NaN, which no search can compare."""
        is_nan = np.isnan(self.values).any(axis=1)
        if is_nan.any():
            row = int(np.argmax(is_nan))
            sample = int(np.searchsorted(self.starts, row, side="right")) - 1
            raise ValueError(
                f"{self._name} of sample {sample} are NaN at step"
                f" {row - self.starts[sample]}"
            )

    def cut(self, labels, n_labels):
        """Return the labels of each sample, which stand where its rows begin."""
        return [
            labels[start : start + n].copy()
            for start, n in zip(self.starts, n_labels, strict=True)
        ]


def _checked_labels(labels, rows):
    """The codes of each sample; all are labels, none the blank."""
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise TypeError(f"labels must be a list of sequences of codes, got {labels!r}")
    if len(labels) != len(rows.lengths):
        raise ValueError(
            f"labels has {len(labels)} sequences and lengths has {len(rows.lengths)}:"
            " expected one of each a sample"
        )
    n_labels, parts = rows.values.shape[1] - 1, []
    for sample, of_sample in enumerate(labels):
        codes = check_codes(of_sample, f"labels[{sample}]")
        wrong = np.flatnonzero((codes < 0) | (codes >= n_labels))
        if len(wrong):
            raise ValueError(
                f"labels[{sample}][{wrong[0]}] is {codes[wrong[0]]}: labels must be"
                f" codes from 0 to {n_labels - 1}, of which the last class, the blank,"
                " is none"
            )
        parts.append(codes)
    return parts
