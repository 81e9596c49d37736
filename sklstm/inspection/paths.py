"""Responses that depend on the outputs of all steps: labels of a CRF, transcripts."""

import math

import numpy as np

from ..network.crf_head import make_crf, split_outputs
from ..network.ctc import ctc_losses
from ..network.memory import Workspace
from .links import of_log_odds
from .reading import rows_of_step

__all__ = ["LabelOfPath", "SpelledLabels"]

IMPOSSIBLE = 1e4  # so much lower a score has no probability in float64


class LabelOfPath:
    """Probability of a label at a step, over all ways to label the other steps.

    The log odds are those of two sums over paths, with the label at the step and
    without it; the gradient of such a sum at the scores is that of its marginals.

    Parameters
    ----------
    codes : ndarray of int of shape (n_samples,)
        The label of each sample.
    method : {"decision_function", "predict_proba", "predict_log_proba"}
    step : int
        Which step, counted from the end if negative.
    """

    pooling = "outputs"

    def __init__(self, codes, method, step):
        self._codes, self._method, self._step = codes, method, step

    def value_and_derivative(self, outputs, batch):
        """The number of each sequence, and its gradient; see `Response`."""
        emissions, field = split_outputs(outputs.astype(np.float64))
        n_tags = emissions.shape[1]
        crf = make_crf(n_tags, np.float64)
        rows = rows_of_step(batch, self._step)
        is_label = self._codes[batch.index][:, np.newaxis] == np.arange(n_tags)
        marginals = crf.marginals(emissions, batch, field)[rows]
        others = marginals[~is_label].reshape(len(rows), -1).sum(axis=1)
        odds = _logarithms(marginals[is_label]) - _logarithms(others)
        d_emissions = []
        for excluded in (~is_label, is_label):
            conditioned = emissions.copy()
            conditioned[rows] -= IMPOSSIBLE * excluded
            d_emissions.append(crf.marginals(conditioned, batch, field))
        values, slopes = of_log_odds(odds, self._method)
        d_outputs = np.zeros(outputs.shape, outputs.dtype)
        of_rows = slopes[_places(batch)][:, np.newaxis]
        split_outputs(d_outputs)[0][:] = of_rows * (d_emissions[0] - d_emissions[1])
        return values, d_outputs


class SpelledLabels:
    """Log probability of labels in order, over all ways to spread them over the steps.

    Parameters
    ----------
    labels : Sequences
        Codes of the labels of each sample.
    """

    pooling = "outputs"

    def __init__(self, labels):
        self._labels = labels

    def value_and_derivative(self, outputs, batch):
        """The number of each sequence, and its gradient; see `Response`."""
        losses, d_outputs = ctc_losses(
            outputs, batch, self._labels, Workspace(outputs.dtype),
            factors=np.full(batch.n_samples, -1, dtype=outputs.dtype),
        )  # fmt: skip
        return -losses, d_outputs


def _logarithms(probabilities):
    """One by one: NumPy's may round an element differently at another place."""
    smallest = np.nextafter(0, 1)
    return np.array([math.log(max(p, smallest)) for p in probabilities.tolist()])


def _places(batch):
    """For each packed row the place of its sequence in the batch."""
    starts = np.repeat(batch.offsets[:-1], np.diff(batch.offsets))
    return np.arange(batch.n_rows) - starts
