"""Which symbols a training step computes, where there are too many for all.

The loss of a step needs ``log(sum_k exp(x_k))`` over all symbols. A sum over some
candidates, each divided by the probability with which it came to be one, is the same
on average (Horvitz and Thompson 1952); the target is in it for certain. The candidates
of a batch are the targets of all its steps, and symbols drawn by a power of their
frequencies, as in Bengio and Senecal, "Adaptive importance sampling to accelerate
training of a neural probabilistic language model", IEEE TNN 2008. Probabilities of a
fitted model are exact: they are computed from all symbols.
"""

import numpy as np

from ..network.sampled_head import Candidates

__all__ = ["CandidateSampler"]

# Below 1, rare symbols are drawn more often than they occur, and weigh less.
FREQUENCY_POWER = 0.75


class CandidateSampler:
    """Draws candidates.

    Parameters
    ----------
    counts : ndarray of shape (n_symbols,)
        How often each symbol is a target.
    n_negatives : int
        Draws for a batch; those that come twice are one candidate.
    """

    def __init__(self, counts, n_negatives):
        frequencies = counts / counts.sum()
        proposal = frequencies**FREQUENCY_POWER
        proposal /= proposal.sum()
        self._n_negatives = n_negatives
        self._cumulative = np.cumsum(proposal)
        self._log_missed = np.log1p(-np.minimum(proposal, 1 - 1e-12)) * n_negatives
        self._log_not_target = np.log1p(-np.minimum(frequencies, 1 - 1e-12))

    def draw(self, targets, generator):
        """Draw the candidates of a batch.

        Parameters
        ----------
        targets : ndarray of intp of shape (n_rows,)
        generator : numpy.random.Generator

        Returns
        -------
        candidates : Candidates
        """
        uniform = generator.random(self._n_negatives) * self._cumulative[-1]
        drawn = np.searchsorted(self._cumulative, uniform, side="right")
        is_candidate = np.zeros(len(self._cumulative), dtype=bool)
        is_candidate[np.minimum(drawn, len(is_candidate) - 1)] = True
        is_candidate[targets] = True
        rows = np.flatnonzero(is_candidate)
        log_missed = self._log_missed[rows] + len(targets) * self._log_not_target[rows]
        inclusion = -np.expm1(log_missed)
        return Candidates(rows, np.log(np.maximum(inclusion, 1e-12)))
