"""Choosing a representation from the training part, by cheap rules.

*Season.* The lag at which the changes from step to step repeat themselves best.

*Logarithms*, where the fluctuations grow with the level: over blocks of the series, the
slope of log(spread) against log(mean) is 0 if they do not and 1 if they are in
proportion to it; 1 minus the slope is the power by which a Box-Cox transformation would
even them out (Guerrero, "Time-series analysis supported by power transformations",
Journal of Forecasting 12, 1993). Nearer to 1 than to 0 means logarithms.

*Reference.* A network that answers zero forecasts a naive value
(`representation.REFERENCES`). The one whose naive forecasts have the least squared
error over the last quarter of the training part is taken, for the less there is to
learn, the less can go wrong. But what is subtracted is lost: of a series that is drawn
back to its mean, differences from the last value tell little of where it is, and a
cycle that is no clockwork is better followed than repeated. So a linear model (ridge
regression) reads the windows of the first three quarters. Another reference with which
that is clearly better is taken instead: by 7 % where only the mean takes the place of
the last value, else by 15 %; the mean only of a series that has stayed around it.
Nothing after the training part is looked at.
"""

import numpy as np

from .representation import REFERENCES, Representation

# A repetition of less correlation is no season.
_LEAST_CORRELATION = 0.3

# Among lags that repeat almost as well the smallest is the season, not its multiples.
_ALMOST = 0.85

_LONGEST_PERIOD = 400

_TAIL = 0.25

# Origins and series looked at, about; of more, some evenly spaced.
_ORIGINS = 2000
_SERIES = 50

# Of the squared size of what is read, in the ridge regression.
_RIDGE = 0.01

# What a linear model must be better by: with the mean for the last value; with another.
_MARGIN_OF_MEAN = 0.07
_MARGIN = 0.15

# How much farther from its mean a series that stays around it may be than before.
_STAYS = 1.5


def choose_representation(
    series,
    horizon,
    *,
    window="auto",
    relative_to="auto",
    seasonal_period="auto",
    log="auto",
    local=False,
):
    """Choose what is "auto", and check the rest.

    Parameters
    ----------
    series : SeriesSet
        The training part.
    horizon : int
        Steps to forecast at once.
    window : int or "auto", default="auto"
    relative_to : str, default="auto"
    seasonal_period : int, None or "auto", default="auto"
    log : bool or "auto", default="auto"
    local : bool, default=False

    Returns
    -------
    representation : Representation

    Raises
    ------
    ValueError
        If there is no season where one is needed.
    """
    values = [steps[:, 0] for steps in series.steps]
    shortest = min(len(v) for v in values)
    period = find_period(values) if seasonal_period == "auto" else seasonal_period
    if period is None and REFERENCES.get(relative_to, (False,))[0]:
        raise ValueError(
            f"relative_to={relative_to!r} needs a season, but "
            + ("none was found" if seasonal_period == "auto" else "there is none")
            + ": set seasonal_period to its number of steps, such as 12 for months."
        )
    if log == "auto":
        log = wants_logarithms(values, period or max(8, shortest // 12))
    if window == "auto":
        free = shortest - horizon - (period or 0)
        window = max(4 * horizon, 24 if period is None else period + 1)
        window = max(1, min(window, free // 2))
    if relative_to == "auto":
        relative_to = choose_reference(
            values, horizon, window=window, seasonal_period=period, log=log
        )
    return Representation(
        window, relative_to, seasonal_period=period, log=log, local=local
    )


def find_period(series):
    """Find the length of the season that several series have in common.

    Parameters
    ----------
    series : list of ndarray of shape (n_values,)

    Returns
    -------
    period : int or None
        At least 2, and at most a third of the shortest series; None if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences.forecasting.choice import find_period
    >>> find_period([np.sin(2 * np.pi * np.arange(60) / 7) + 0.05 * np.arange(60)])
    7
    """
    longest = min(min(len(values) for values in series) // 3, _LONGEST_PERIOD)
    if longest < 2:
        return None
    # One lag more, to see whether the last one is a peak.
    correlation = np.mean([_correlations(v, longest + 1) for v in series], axis=0)
    lags = np.arange(2, longest + 1)
    at = correlation[lags]
    peaks = (at > correlation[lags - 1]) & (at >= correlation[lags + 1])
    # Five standard errors of noise: one lag is picked of many.
    n_pairs = sum(len(values) - 1 - lags for values in series)
    peaks &= at > np.maximum(_LEAST_CORRELATION, 5.0 / np.sqrt(n_pairs))
    if not peaks.any():
        return None
    best = at[peaks].max()
    return int(lags[peaks & (at >= _ALMOST * best)][0])


def wants_logarithms(series, block_length):
    """Say whether fluctuations grow with the level.

    Parameters
    ----------
    series : list of ndarray of shape (n_values,)
    block_length : int
        Steps in which a spread is measured: a season, if there is one.

    Returns
    -------
    wants : bool
        False if a value is not positive, or if there are too few blocks to tell.
    """
    if any((values <= 0).any() for values in series):
        return False
    slopes = [slope for v in series if (slope := _slope(v, block_length)) is not None]
    return bool(slopes) and bool(np.median(slopes) > 0.5)


def choose_reference(series, horizon, *, window, seasonal_period=None, log=False):
    """Choose what values are taken relative to.

    Parameters
    ----------
    series : list of ndarray of shape (n_values,)
    horizon : int
        Steps to forecast.
    window : int
        Steps that are read.
    seasonal_period : int or None, default=None
        Without it, references with a season are left out.
    log : bool, default=False
        Whether logarithms are taken first.

    Returns
    -------
    relative_to : str
        A key of `REFERENCES`; "last" if no series is long enough to tell.
    """
    # The last value comes first: it is taken among equals, as of a constant series.
    names = ["last", "mean"]
    if seasonal_period:
        names += ["season_and_last", "season"]
    some = [np.log(v) if log else v for v in series[:: -(-len(series) // _SERIES)]]
    n_before = window + (seasonal_period or 0)
    trials = [
        _Trial(some, horizon, name, window, seasonal_period, n_before) for name in names
    ]
    best = int(np.argmin([trial.naive for trial in trials]))
    learned = [trial.learned for trial in trials]
    chosen = best
    for k, trial in enumerate(trials):
        is_its_mean = names[best].endswith("last") and k == best + 1
        margin = _MARGIN_OF_MEAN if is_its_mean else _MARGIN
        clearly = learned[k] < (1 - margin) * learned[best]
        if trial.stays and clearly and learned[k] < learned[chosen]:
            chosen = k
    return names[chosen]


def _correlations(values, n_lags):
    """Autocorrelation of the changes, for the lags 0 to n_lags."""
    changes = np.diff(values)
    changes = changes - changes.mean()
    energy = np.square(changes).sum()
    # Values of a constant series differ by rounding alone.
    if energy <= len(values) * np.square(1e-12 * np.abs(values).max()):
        return np.zeros(n_lags + 1)
    size = 2 * len(changes)
    spectrum = np.square(np.abs(np.fft.rfft(changes, size)))
    products = np.fft.irfft(spectrum, size)[: n_lags + 1]
    # Fewer pairs at longer lags would make every multiple of a season look worse.
    pairs = len(changes) - np.arange(n_lags + 1)
    return products / pairs * len(changes) / energy


def _slope(values, block_length):
    """Slope of log(spread) against log(mean) over blocks, or None."""
    n_blocks = len(values) // block_length
    if n_blocks < 4:
        return None
    blocks = values[len(values) - n_blocks * block_length :].reshape(n_blocks, -1)
    spreads, means = blocks.std(axis=1), blocks.mean(axis=1)
    usable = spreads > 0
    # Levels that hardly differ tell nothing of what happens when they do.
    if usable.sum() < 4 or np.ptp(np.log(means[usable])) < 0.4:
        return None
    x, y = np.log(means[usable]), np.log(spreads[usable])
    x = x - x.mean()
    return (x * y).sum() / np.square(x).sum()


class _Trial:
    """How good forecasts of the last quarter are relative to one reference.

    Attributes
    ----------
    naive : float
        Squared error of naive forecasts, in variances, over all series.
    learned : float
        The same of a linear model, or of the naive forecast if that is better.
    stays : bool
        Whether series stay around their mean, if that is what is subtracted.
    """

    def __init__(self, series, horizon, name, window, seasonal_period, n_before):
        shortest = Representation(1, name, seasonal_period=seasonal_period)
        whole = Representation(window, name, seasonal_period=seasonal_period)
        self.naive = self.learned = before = 0.0
        for values in series:
            start = len(values) - max(int(_TAIL * len(values)), horizon)
            variance = np.var(values)
            if start <= (seasonal_period or 0) or np.ptp(values) == 0 or not variance:
                continue
            center, _ = shortest.measure(values[:start])
            tail = start, len(values), horizon, center
            deviations, _ = _examples(shortest, values, 0, start, 0, center)
            _, missed = _examples(shortest, values, *tail)
            naive = learned = np.square(missed).mean()
            # Twice as many examples as it has weights; the same for all references.
            if start >= n_before + horizon + 2 * window:
                examples = _examples(whole, values, 0, start, horizon, center)
                learned = _linear_error(examples, _examples(whole, values, *tail))
            self.naive += naive / variance
            self.learned += min(naive, learned) / variance
            before += np.square(deviations).mean() / variance
        self.stays = name.endswith("last") or self.naive < _STAYS * before


def _linear_error(training, test):
    """Squared error of a ridge regression."""
    (reads, learns), (reads_test, learns_test) = training, test
    ridge = _RIDGE * np.square(reads).mean() * len(reads)
    if ridge == 0:
        return np.square(learns_test).mean()
    gram = reads.T @ reads + ridge * np.eye(reads.shape[1])
    weights = np.linalg.solve(gram, reads.T @ learns)
    return np.square(reads_test @ weights - learns_test).mean()


def _examples(representation, values, first, last, horizon, center):
    """What is read and to be answered at origins from `first` on, up to `last`."""
    origins = np.arange(max(first, representation.n_steps), last - horizon + 1)
    origins = origins[:: max(1, -(-len(origins) // _ORIGINS)), np.newaxis]
    contexts = values[origins + np.arange(-representation.n_steps, 0)]
    futures = values[origins + np.arange(horizon)]
    centers, ones = np.full(len(contexts), center), np.ones(len(contexts))
    return (
        representation.inputs(contexts, centers, ones),
        representation.targets(contexts, futures, centers, ones),
    )
