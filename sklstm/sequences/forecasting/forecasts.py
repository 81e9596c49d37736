"""From contexts to forecasts: a block of steps at a time, as values or as quantiles.

The network answers `horizon` steps at once. For more, the forecast is taken for what
happened and the network asked again. Where it forecasts quantiles, that would lose the
uncertainty of the steps before; there `N_PATHS` futures are drawn, each goes on from
its own draws, and quantiles are those of the paths. Within a block a path stays at one
level of the distributions, as high or low as it began.
"""

import numpy as np

from .quantile_functions import at_levels, one_level_each

# Futures drawn for each series.
N_PATHS = 200

# Series whose paths go through the network together: bounds memory only.
_ORIGINS_AT_ONCE = 64


class Forecasts:
    """Runs a fitted network over contexts.

    Parameters
    ----------
    reader : WindowReader
        Makes the network's inputs and knows what its answers mean.
    answer : callable
        ``answer(windows)`` gives the network's answers, of shape (n_windows, horizon),
        or (n_windows, horizon * n_quantiles).
    dtype : dtype
        Of the network.
    levels : tuple of float or None
        Levels of the quantiles it answers; None if it answers numbers.
    seed : int
        For the paths.
    """

    def __init__(self, reader, answer, dtype, levels, seed):
        self._reader = reader
        self._answer = answer
        self._dtype = dtype
        self._levels = levels
        self._seed = seed

    def values(self, contexts, ahead, horizon):
        """Return one number a step: medians if the network answers quantiles.

        Parameters
        ----------
        contexts : Contexts
        ahead : ndarray of shape (n_origins, horizon, n_covariates) or None
        horizon : int

        Returns
        -------
        values : ndarray of shape (n_origins, horizon)
        """
        if self._levels is not None:
            return self.quantiles(contexts, ahead, horizon, [0.5])[:, :, 0]
        blocks, before = [], None
        for ahead_block in self._blocks(ahead, horizon):
            if blocks:
                contexts = contexts.then(blocks[-1], before)
            answers = self._answers(contexts, ahead_block)
            blocks.append(self._restored(answers, contexts))
            before = ahead_block
        return np.concatenate(blocks, axis=1)[:, :horizon]

    def quantiles(self, contexts, ahead, horizon, wanted):
        """Return quantiles of each step.

        Parameters
        ----------
        contexts : Contexts
        ahead : ndarray of shape (n_origins, horizon, n_covariates) or None
        horizon : int
        wanted : array-like of shape (n_wanted,)
            Their levels.

        Returns
        -------
        quantiles : ndarray of shape (n_origins, horizon, n_wanted)
        """
        if horizon <= self._reader.horizon:
            (ahead,) = self._blocks(ahead, horizon)
            answers = at_levels(self._answers(contexts, ahead), self._levels, wanted)
            return self._restored(answers, contexts)[:, :horizon]
        parts = []
        for start in range(0, len(contexts.values), _ORIGINS_AT_ONCE):
            some = slice(start, start + _ORIGINS_AT_ONCE)
            paths = self._paths(
                contexts.take(some), None if ahead is None else ahead[some], horizon
            )
            parts.append(np.moveaxis(np.quantile(paths, wanted, axis=1), 0, -1))
        return np.concatenate(parts)

    def _paths(self, contexts, ahead, horizon):
        """Draw futures (n_origins, N_PATHS, horizon)."""
        n_origins = len(contexts.values)
        generator = np.random.RandomState(self._seed)
        contexts = contexts.take(np.repeat(np.arange(n_origins), N_PATHS))
        if ahead is not None:
            ahead = np.repeat(ahead, N_PATHS, axis=0)
        blocks, before = [], None
        for ahead_block in self._blocks(ahead, horizon):
            if blocks:
                contexts = contexts.then(blocks[-1], before)
            # The same levels for all origins: none depends on its companions.
            levels = (generator.permutation(N_PATHS) + 0.5) / N_PATHS
            answers = self._answers(contexts, ahead_block)
            by_path = answers.reshape(n_origins, N_PATHS, *answers.shape[1:])
            drawn = one_level_each(by_path.swapaxes(1, 2), self._levels, levels)
            drawn = drawn.swapaxes(1, 2).reshape(n_origins * N_PATHS, -1)
            blocks.append(self._restored(drawn, contexts))
            before = ahead_block
        paths = np.concatenate(blocks, axis=1)[:, :horizon]
        return paths.reshape(n_origins, N_PATHS, horizon)

    def _answers(self, contexts, ahead):
        """One pass: (n_contexts, size of a block), or with one axis more for quantiles.

        On the network's scale, where what lies between quantiles is found.
        """
        answers = self._answer(self._reader.inputs(contexts, ahead, self._dtype))
        if self._levels is None:
            return answers
        return answers.reshape(len(answers), -1, len(self._levels))

    def _restored(self, answers, contexts):
        """Answers in the units of the series."""
        return self._reader.representation.restore(
            answers, contexts.values, contexts.centers, contexts.scales
        )

    def _blocks(self, ahead, horizon):
        """Covariates of one block after the other.

        Where they end before the last block does, their last row is repeated.
        """
        size = self._reader.horizon
        n_blocks = -(-horizon // size)
        if ahead is None:
            return [None] * n_blocks
        steps = np.minimum(np.arange(n_blocks * size), horizon - 1)
        return [ahead[:, block] for block in np.split(steps, n_blocks)]
