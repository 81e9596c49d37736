"""Windows of series for a forecasting network: what it reads at each origin.

An *origin* is the first step to forecast; what lies before it is known. The network
reads a window of `window` steps before the origin: the series (see `representation`),
and covariates on a standard scale. If there are covariates that are known ahead,
`horizon` further steps follow with these, the channels of what is not known yet at
zero, and a last channel that is 1 there and 0 before. At each of them the network
answers for that step (a bidirectional one at the end, for all).
"""

from typing import NamedTuple

import numpy as np

from ..container import Sequences


class Contexts(NamedTuple):
    """What is known at some origins, in the users' units."""

    values: np.ndarray
    """The last values of the series (n_origins, n_steps)."""

    covariates: np.ndarray
    """Covariates of the last steps (n_origins, window, n_covariates)."""

    centers: np.ndarray
    """Of the series each origin is in (n_origins,)."""

    scales: np.ndarray
    """Of each context. They stay what they are at later steps: were they measured on
    forecasts, one large move that is drawn would bring ever larger ones."""

    def take(self, key):
        """Some of them."""
        return Contexts(*(part[key] for part in self))

    def then(self, values, covariates):
        """The same origins later: after further values, and covariates if there are."""
        values = np.concatenate([self.values, values], axis=1)
        later = self._replace(values=values[:, -self.values.shape[1] :])
        if covariates is None:
            return later
        covariates = np.concatenate([self.covariates, covariates], axis=1)
        return later._replace(covariates=covariates[:, -self.covariates.shape[1] :])


class WindowReader:
    """Cuts series into what the network reads and has to answer.

    Parameters
    ----------
    representation : Representation
        Of the series.
    horizon : int
        Steps the network forecasts at once.
    known_ahead : ndarray of bool of shape (n_covariates,)
        Which covariates are known for the steps to forecast.
    """

    def __init__(self, representation, horizon, known_ahead):
        self.representation = representation
        self.horizon = horizon
        self.known_ahead = known_ahead

    @property
    def n_steps(self):
        """Steps that must be known before an origin."""
        return self.representation.n_steps

    def measure_covariates(self, series):
        """Set the standard scale of the covariates from a training part."""
        covariates = series.steps.values[:, 1:]
        self._means = covariates.mean(axis=0)
        spread = covariates.std(axis=0)
        tiny = 16 * np.finfo(np.float64).eps * np.abs(self._means)
        self._spreads = np.where(spread > tiny, spread, 1.0)

    @property
    def standard_scale(self):
        """Means and spreads of the covariates."""
        return self._means, self._spreads

    def contexts(self, series, origins, which, measures):
        """Gather what is known at some origins.

        Parameters
        ----------
        series : SeriesSet
        origins : ndarray of int of shape (n_origins,)
            Rows of ``series.steps.values``, or one past a series' end.
        which : ndarray of int of shape (n_origins,)
            The series of each origin.
        measures : ndarray of shape (n_series, 2)
            Center and scale of each series.

        Returns
        -------
        contexts : Contexts
        """
        table, ends = series.steps.values, origins[:, np.newaxis]
        window = self.representation.window
        values = table[ends + np.arange(-self.n_steps, 0), 0]
        centers, scales = measures[which].T
        return Contexts(
            values,
            table[ends + np.arange(-window, 0), 1:],
            centers,
            self.representation.context_scales(values, centers, scales),
        )

    def targets(self, contexts, futures):
        """Return what the network has to answer (n_origins, horizon)."""
        return self.representation.targets(
            contexts.values, futures, contexts.centers, contexts.scales
        )

    def window_weights(self, step_weights, origins):
        """Return the mean weight of the steps each window is to forecast."""
        return step_weights[origins[:, np.newaxis] + np.arange(self.horizon)].mean(1)

    def futures(self, series, origins, horizon):
        """Return the values that follow some origins (n_origins, horizon)."""
        return series.steps.values[origins[:, np.newaxis] + np.arange(horizon), 0]

    def covariates_ahead(self, series, origins, horizon):
        """Return the covariates that follow (n_origins, horizon, n_covariates)."""
        return series.steps.values[origins[:, np.newaxis] + np.arange(horizon), 1:]

    def inputs(self, contexts, ahead, dtype):
        """Return what the network reads.

        Parameters
        ----------
        contexts : Contexts
        ahead : ndarray of shape (n_origins, horizon, n_covariates) or None
            Covariates of the steps to forecast. Of those that are not known ahead
            nothing is read. None if none is known.
        dtype : dtype
            Of the network.

        Returns
        -------
        windows : Sequences
            One for each origin.
        """
        window = self.representation.window
        n_ahead = self.horizon if self.known_ahead.any() else 0
        shape = (len(contexts.values), window + n_ahead, self.n_channels)
        channels = np.zeros(shape, dtype=dtype)
        with np.errstate(over="ignore"):  # found right below
            channels[:, :window, 0] = self.representation.inputs(
                contexts.values, contexts.centers, contexts.scales
            )
            n_covariates = len(self.known_ahead)
            of_covariates = channels[:, :, 1 : 1 + n_covariates]
            of_covariates[:, :window] = self._scaled(contexts.covariates)
            if n_ahead:
                known = self._scaled(ahead)[:, :, self.known_ahead]
                of_covariates[:, window:, self.known_ahead] = known
                channels[:, window:, -1] = 1.0
        if not np.isfinite(channels).all():
            raise ValueError(
                "Values or covariates are too far from those of the fit: on their "
                f"scale some are beyond what {channels.dtype} can hold."
            )
        return Sequences.from_array(channels)

    @property
    def n_channels(self):
        """The series, its covariates, and the mark of the steps ahead if there are."""
        return 1 + len(self.known_ahead) + bool(self.known_ahead.any())

    def all_columns(self, ahead):
        """Covariates with NaN in the columns not known ahead, if these are left out."""
        known = self.known_ahead
        if ahead.shape[2] == len(known):
            return ahead
        if ahead.shape[2] != known.sum():
            raise ValueError(
                f"X has {ahead.shape[2]} columns, expected the {known.sum()} "
                f"covariates that are known ahead, or all {len(known)}."
            )
        complete = np.full((*ahead.shape[:2], len(known)), np.nan)
        complete[:, :, known] = ahead
        return complete

    def check_ahead(self, ahead, series):
        """Raise if a covariate that should be known ahead is missing."""
        bad = ~np.isfinite(ahead[:, :, self.known_ahead])
        if bad.any():
            i, step, column = np.argwhere(bad)[0]
            column = np.flatnonzero(self.known_ahead)[column]
            names = series.steps.feature_names
            name = column if names is None else repr(names[1 + column])
            raise ValueError(
                f"Covariate {name} of {series.name(i)} has no value at step {step} of "
                "those to forecast: fill it in, or name it in past_covariates and fit "
                "again."
            )

    def check_lengths(self, series):
        """Raise if a series is too short to learn from."""
        needed = self.n_steps + self.horizon
        window = self.representation.window
        season = self.n_steps - window
        for i, length in enumerate(series.steps.lengths.tolist()):
            if length < needed:
                name = series.name(i)
                raise ValueError(
                    f"{name[0].upper()}{name[1:]} has {length} steps, but window="
                    f"{window}"
                    + (f", differences over a season of {season}" if season else "")
                    + f" and horizon={self.horizon} need at least {needed}. Choose a "
                    "smaller window or horizon, or leave the series out."
                )

    def check_history(self, series):
        """Raise if a series is too short to forecast from its end."""
        for i, length in enumerate(series.steps.lengths.tolist()):
            if length < self.n_steps:
                name = series.name(i)
                raise ValueError(
                    f"{name[0].upper()}{name[1:]} has {length} steps, but a forecast "
                    f"needs the last {self.n_steps}: pass more of its past."
                )

    def _scaled(self, covariates):
        return (covariates - self._means) / self._spreads


def every_origin(series, n_before, n_after, *, first=None, last=None, stride=1):
    """Find the origins with enough known steps before and after them.

    Parameters
    ----------
    series : SeriesSet
    n_before, n_after : int
        Steps of the series that must lie before an origin, and from it on.
    first : ndarray of int of shape (n_series,), default=None
        Where in each series to begin at the earliest.
    last : ndarray of int of shape (n_series,), default=None
        Where in each series the steps from an origin on must end at the latest.
    stride : int, default=1
        Distance of origins in steps.

    Returns
    -------
    origins : ndarray of int of shape (n_origins,)
        Rows of ``series.steps.values``.
    which : ndarray of int of shape (n_origins,)
        The series of each.
    """
    origins, which = [], []
    for i, (start, length) in enumerate(
        zip(series.steps.offsets.tolist(), series.steps.lengths.tolist(), strict=False)
    ):
        begin = n_before if first is None else max(n_before, int(first[i]))
        end = length if last is None else int(last[i])
        of_one = np.arange(begin, end - n_after + 1, stride)
        origins.append(start + of_one)
        which.append(np.full(len(of_one), i))
    return np.concatenate(origins), np.concatenate(which)


class SeriesScales:
    """Center and scale of each series of the training part.

    Parameters
    ----------
    representation : Representation
    series : SeriesSet
        The training part.
    together : bool, default=False
        Whether all series have one center and one scale.
    """

    def __init__(self, representation, series, *, together=False):
        self._representation = representation
        self._together = together
        self._ids = series.ids if series.kind == "long" else None
        self._columns = series.ids if series.kind == "columns" else None
        self._measures = self._measure(series)
        if together:
            share = (series.steps.lengths / series.steps.lengths.sum())[:, np.newaxis]
            center, scale = (share * self._measures ** [1, 2]).sum(axis=0) ** [1, 0.5]
            self._measures[:] = center, scale

    @property
    def shared(self):
        """Center and scale of all series, if they have the same; otherwise None."""
        same = self._together or len(self._measures) == 1
        return tuple(self._measures[0].tolist()) if same else None

    @property
    def table(self):
        """Center and scale of the series measured, by their ids if they have some."""
        measures = self._measures.tolist()
        if self._ids is None:
            return measures
        return dict(zip(map(str, self._ids.tolist()), measures, strict=True))

    def of(self, series):
        """Return center and scale of some series, (n_series, 2).

        A series of a long frame is known by its id, those of a wide one by the names of
        their columns, if these are the same. Others are those of the training part, in
        its order, if there are as many. A series that is not known is measured by its
        own values.
        """
        if self._together:
            return np.repeat(self._measures[:1], len(series.steps), axis=0)
        ids = self._ids if series.kind == "long" else self._columns_of(series)
        if ids is None:
            same = len(series.steps) == len(self._measures)
            return self._measures if same else self._measure(series)
        place = {key: k for k, key in enumerate(ids.tolist())}
        return np.array(
            [
                self._measures[place[key]]
                if key in place
                else self._measure_one(series, i)
                for i, key in enumerate(series.ids.tolist())
            ]
        )

    def _columns_of(self, series):
        """The names of the columns of the training part, if these are the same."""
        known = vars(self).get("_columns")  # models of earlier versions have none
        if known is None or series.ids is None:
            return None
        return known if set(series.ids.tolist()) == set(known.tolist()) else None

    def _measure(self, series):
        numbers = range(len(series.steps))
        return np.array([self._measure_one(series, i) for i in numbers])

    def _measure_one(self, series, i):
        return self._representation.measure(series.steps[i][:, 0], series.name(i))
