"""How a network sees a series: logarithms, differences, one scale.

A forecast is made from a *context*, the last ``n_steps`` values of a series. With
``u = log(v)`` (or ``u = v``) and, if there is a season of m steps, ``d_t = u_t -
u_(t-m)`` (else ``d = u``), the network reads the last `window` values of

    (d - base) / scale

and learns, for the step h after the context's last one, t,

    (u_(t+h) - anchor_h - n_h * base) / scale

where `base` is the last value of d or its mean over the training part, and the anchor
is the value at the same place of the last season known, n_h seasons before (without a
season: 0, and n_h = 1). **A network that answers zero so forecasts a naive value**: the
mean, the last value, the last season plus the mean change over a season, or the last
season plus the last such change. These are the four references of `REFERENCES`; which
of them is nearest to the truth is what `choice` finds out.

The map from answers to values is increasing for each step on its own, so quantiles of
the one are quantiles of the other.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# What is subtracted: is there a season, and is the base the last value of d?
REFERENCES = {
    "mean": (False, False),
    "last": (False, True),
    "season": (True, False),
    "season_and_last": (True, True),
}

# Of the scale of a window, in the scale of its series.
SCALE_FLOOR = 0.1

# Windows looked at in one go when a scale is measured.
_WINDOWS_AT_ONCE = 4096


class Representation:
    """The map between values and what the network reads and answers.

    Parameters
    ----------
    window : int
        Steps the network reads.
    relative_to : str
        A key of `REFERENCES`.
    seasonal_period : int or None, default=None
        Steps of a season; needed by the references that have one.
    log : bool, default=False
        Whether to take logarithms first.
    local : bool, default=False
        Whether a context has a scale of its own: the root mean square of ``d - base``
        in its window. A floor of a tenth of the series' scale (added in squares) keeps
        quiet windows from being blown up.

    Attributes
    ----------
    window, relative_to, seasonal_period, log, local
        As given.
    n_steps : int
        Values of a context.
    period : int
        Steps of a season, if the reference has one; otherwise 0.
    from_last : bool
        Whether the base is the last value of d, not its mean.
    """

    def __init__(
        self, window, relative_to, *, seasonal_period=None, log=False, local=False
    ):
        seasonal, self.from_last = REFERENCES[relative_to]
        self.window = window
        self.relative_to = relative_to
        self.seasonal_period = seasonal_period
        self.log = log
        self.local = local
        self.period = seasonal_period if seasonal else 0
        self.n_steps = window + self.period

    def measure(self, values, place=""):
        """Return the center and the scale of one series.

        Parameters
        ----------
        values : ndarray of shape (n_values,)
            A training part; at least `n_steps` of them.
        place : str, default=""
            Which series, for the message on values without a logarithm.

        Returns
        -------
        center, scale : float
            The mean of d, and the root mean square of what the network reads; 1 if
            that is zero.
        """
        differences = self._differences(self._logarithms(values, place))
        center = differences.mean()
        windows = sliding_window_view(differences, self.window)
        total, n = 0.0, 0
        for start in range(0, len(windows), _WINDOWS_AT_ONCE):
            some = windows[start : start + _WINDOWS_AT_ONCE]
            base = some[:, -1:] if self.from_last else center
            total += np.square(some - base).sum()
            n += some.size
        scale = np.sqrt(total / n)
        # Rounding alone makes differences of a constant series.
        tiny = 64 * np.finfo(np.float64).eps * np.abs(differences).max()
        return center, scale if scale > tiny else 1.0

    def context_scales(self, contexts, centers, scales):
        """Return the scale of each context; see `local`.

        Parameters
        ----------
        contexts : ndarray of shape (n_contexts, n_steps)
        centers, scales : ndarray of shape (n_contexts,)
            Of the series each context is from.

        Returns
        -------
        scales : ndarray of shape (n_contexts,)
        """
        if not self.local:
            return scales
        squares = np.square(self._deviations(contexts, centers)).mean(axis=1)
        return np.sqrt(squares + np.square(SCALE_FLOOR * scales))

    def inputs(self, contexts, centers, scales):
        """Return what the network reads.

        Parameters
        ----------
        contexts : ndarray of shape (n_contexts, n_steps)
            Values.
        centers, scales : ndarray of shape (n_contexts,)
            The center of the series, and the scale of the context.

        Returns
        -------
        inputs : ndarray of shape (n_contexts, window)
        """
        return self._deviations(contexts, centers) / scales[:, np.newaxis]

    def targets(self, contexts, futures, centers, scales):
        """Return what the network has to answer.

        Parameters
        ----------
        contexts : ndarray of shape (n_contexts, n_steps)
        futures : ndarray of shape (n_contexts, horizon)
            The values that followed.
        centers, scales : ndarray of shape (n_contexts,)

        Returns
        -------
        targets : ndarray of shape (n_contexts, horizon)
        """
        naive = self._naive(contexts, centers, futures.shape[1])
        return (self._logarithms(futures) - naive) / scales[:, np.newaxis]

    def restore(self, answers, contexts, centers, scales):
        """Return the values that answers of the network stand for.

        Parameters
        ----------
        answers : ndarray of shape (n_contexts, horizon) or \
                (n_contexts, horizon, n_quantiles)
        contexts : ndarray of shape (n_contexts, n_steps)
        centers, scales : ndarray of shape (n_contexts,)

        Returns
        -------
        values : ndarray of the shape of `answers`
        """
        naive = self._naive(contexts, centers, answers.shape[1])
        more = (1,) * (answers.ndim - 2)
        values = answers * scales.reshape(-1, 1, *more)
        values += naive.reshape(*naive.shape, *more)
        return np.exp(values) if self.log else values

    def _logarithms(self, values, place=""):
        if not self.log:
            return values
        if (values <= 0).any():
            at = np.argwhere(values <= 0)[0]
            where = f"{place} has" if place else "there is"
            raise ValueError(
                f"Logarithms need positive values, but {where} "
                f"{values[tuple(at)]:g} (at step {at[-1]}): set log=False."
            )
        return np.log(values)

    def _differences(self, u):
        m = self.period
        return u[..., m:] - u[..., :-m] if m else u

    def _base(self, differences, centers):
        return differences[:, -1] if self.from_last else centers

    def _deviations(self, contexts, centers):
        """What the network reads, before it is scaled."""
        differences = self._differences(self._logarithms(contexts))
        return differences - self._base(differences, centers)[:, np.newaxis]

    def _naive(self, contexts, centers, horizon):
        """What an answer of zero stands for, before the exponential."""
        u = self._logarithms(contexts)
        base = self._base(self._differences(u), centers)[:, np.newaxis]
        if not self.period:
            return np.repeat(base, horizon, axis=1)
        steps = np.arange(horizon)
        n_seasons = steps // self.period + 1
        anchors = u[:, u.shape[1] - self.period + steps % self.period]
        return anchors + n_seasons * base
