"""`ForecastDisplay`: the past of a series, its forecast, and how sure that is."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np

from ..._typing import ArrayLike, SeriesLike
from ...estimators import LSTMForecaster
from ...sequences.forecasting.long_series import continued_times
from ..recurrent_part import check_index, recurrent_part
from .figures import GREY, PALETTE, figure_axes, number_ticks

__all__ = ["ForecastDisplay"]


class ForecastDisplay:
    """The past of a series, its forecast, intervals, and what happened.

    Best made by `from_estimator`, or of forecasts one has, such as those of
    :meth:`~sklstm.LSTMForecaster.backtest`, by `from_predictions`.

    Parameters
    ----------
    history : array-like of shape (n_history,)
        The steps before the forecast.
    forecast : array-like of shape (horizon,)
        One number for each step: the median, where there are intervals.
    intervals : mapping of float to array-like of shape (horizon, 2), default=None
        Lower and upper ends by the coverage of the intervals, such as 0.8.
    observed : array-like of shape (n_observed,), default=None
        What happened, from the first step forecast on.
    times : array-like of shape (n_history + horizon,), default=None
        Numbers or datetimes of history and forecast. None counts the steps ahead, so
        that the last one of the history is 0.
    name : str, default=None
        Of the series.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : dict of matplotlib Line2D
        "history", "forecast" and, if there is one, "observed".
    bands_ : dict of matplotlib PolyCollection
        By coverage.

    See Also
    --------
    LSTMForecaster : The estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMForecaster
    >>> from sklstm.inspection import ForecastDisplay
    >>> t = np.arange(120)
    >>> y = 100 + t + 10 * np.sin(2 * np.pi * t / 12)
    >>> forecaster = LSTMForecaster(
    ...     horizon=6, loss="quantile", hidden_layer_sizes=8, max_iter=3, random_state=0
    ... ).fit(y[:114])
    >>> display = ForecastDisplay.from_estimator(
    ...     forecaster, y[60:114], observed=y[114:]
    ... )
    >>> list(display.lines_), list(display.bands_)
    (['history', 'forecast', 'observed'], [0.8])
    """

    def __init__(
        self, *, history, forecast, intervals=None, observed=None, times=None, name=None
    ):
        self.history = history
        self.forecast = forecast
        self.intervals = intervals
        self.observed = observed
        self.times = times
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        y: SeriesLike | None = None,
        *,
        horizon: int | None = None,
        X: SeriesLike | None = None,
        coverage: str | float | Sequence[float] | None = "auto",
        series: int | str = 0,
        observed: ArrayLike | None = None,
        n_history: int | None = None,
        times: ArrayLike | None = None,
        ax: Any = None,
        **how: Any,
    ) -> Self:
        """Forecast and draw.

        Parameters
        ----------
        estimator : LSTMForecaster
            Fitted; also a search over such.
        y : array, list or data frame, default=None
            Series to go on from, as for :meth:`~sklstm.LSTMForecaster.predict`. None
            means those of `fit`, of which no more is known than the network reads.
        horizon, X
            As for :meth:`~sklstm.LSTMForecaster.predict`.
        coverage : 'auto', float, sequence of float, or None, default='auto'
            Probabilities of intervals to draw; None draws none. 'auto' draws one of
            0.8, or of what the outermost quantiles enclose, if that is less; none if
            the loss is not that of quantiles.
        series : int or str, default=0
            Which series: its number, its column, or its id in a long frame.
        observed : array-like of shape (n_observed,), default=None
            What happened to this series, from the first step forecast on.
        n_history : int, default=None
            Draw only so many steps of the past.
        times : array-like of shape (n_steps + horizon,), default=None
            Numbers or datetimes of the steps of the series and of the forecast. None
            takes those of a long frame; without such steps ahead are counted.
        ax, **how
            As for `plot`.

        Returns
        -------
        display : ForecastDisplay
        """
        what = f"{cls.__name__}.from_estimator"
        estimator = recurrent_part(estimator, what)
        if not isinstance(estimator, LSTMForecaster):
            raise TypeError(
                f"{what} draws forecasts of LSTMForecaster, got "
                f"{type(estimator).__name__}."
            )
        forecasts, known = estimator._forecast(horizon, X, y, None)
        k = _number_of(series, known)
        intervals = {}
        for one in _coverages(coverage, estimator):
            ends = estimator._interval_levels(one)
            intervals[one] = estimator._forecast(horizon, X, y, ends)[0][k]
        start, stop = known.steps.offsets[k], known.steps.offsets[k + 1]
        history = known.values[start:stop]
        if times is None and known.times:
            times = _continued(known.times[k], len(forecasts[k]))
        name = None if known.ids is None else str(known.ids.tolist()[k])
        return cls.from_predictions(
            history, forecasts[k], intervals=intervals, observed=observed, times=times,
            n_history=n_history, name=name, ax=ax, **how,
        )  # fmt: skip

    @classmethod
    def from_predictions(
        cls,
        history: ArrayLike,
        forecast: ArrayLike,
        *,
        intervals: Mapping[float, ArrayLike] | None = None,
        observed: ArrayLike | None = None,
        times: ArrayLike | None = None,
        n_history: int | None = None,
        name: str | None = None,
        ax: Any = None,
        **how: Any,
    ) -> Self:
        """Draw a forecast one has.

        Parameters
        ----------
        history, forecast, intervals, observed, times, name
            As of the class.
        n_history : int, default=None
            Draw only so many steps of the past.
        ax, **how
            As for `plot`.

        Returns
        -------
        display : ForecastDisplay
        """
        history = np.asarray(history, dtype=float)
        forecast = np.asarray(forecast, dtype=float)
        n_steps = len(history) + len(forecast)
        steps = None if times is None else np.asarray(times)
        if steps is not None and len(steps) != n_steps:
            raise ValueError(
                f"times has {len(steps)} entries, expected {n_steps}: one for each of "
                f"the {len(history)} steps of the past and the {len(forecast)} of the "
                "forecast."
            )
        if n_history is not None:
            if isinstance(n_history, bool) or not isinstance(n_history, Integral):
                raise TypeError(f"n_history must be an int, got {n_history!r}.")
            left_out = max(0, len(history) - max(0, int(n_history)))
            history = history[left_out:]
            steps = None if steps is None else steps[left_out:]
        display = cls(
            history=history, forecast=forecast, intervals=intervals, observed=observed,
            times=steps, name=name,
        )  # fmt: skip
        return display.plot(ax=ax, **how)

    def plot(
        self,
        ax: Any = None,
        *,
        history_kw: dict[str, Any] | None = None,
        forecast_kw: dict[str, Any] | None = None,
        observed_kw: dict[str, Any] | None = None,
        interval_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw history, forecast and intervals.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a figure.
        history_kw, forecast_kw, observed_kw : dict, default=None
            For the lines: arguments of :meth:`matplotlib.axes.Axes.plot`.
        interval_kw : dict, default=None
            For the bands: arguments of :meth:`matplotlib.axes.Axes.fill_between`.

        Returns
        -------
        display : ForecastDisplay
            This one, with `ax_`, `figure_`, `lines_` and `bands_`.
        """
        history, forecast = np.asarray(self.history), np.asarray(self.forecast)
        before, ahead = self._positions(len(history), len(forecast))
        observed = self._checked_observed(len(forecast))
        (ax,) = figure_axes(ax, f"{type(self).__name__}.plot", figsize=(9, 3.8))
        lines, color = {}, PALETTE[0]
        how = {"color": GREY, "label": "history"} | (history_kw or {})
        (lines["history"],) = ax.plot(before, history, **how)
        self.bands_ = {}
        intervals = dict(sorted((self.intervals or {}).items(), reverse=True))
        for k, (coverage, ends) in enumerate(intervals.items()):  # the widest first
            how = {"color": color, "alpha": 0.2 + 0.12 * k, "linewidth": 0}
            how |= {"label": f"interval of {100 * coverage:g} %"} | (interval_kw or {})
            low, high = np.asarray(ends, dtype=float).T
            self.bands_[coverage] = ax.fill_between(ahead, low, high, **how)
        how = {"color": color, "label": "forecast"} | (forecast_kw or {})
        (lines["forecast"],) = ax.plot(ahead, forecast, **how)
        if observed is not None:
            how = {"color": "black", "marker": ".", "markersize": 4, "linewidth": 0.8}
            how |= {"label": "observed"} | (observed_kw or {})
            (lines["observed"],) = ax.plot(ahead[: len(observed)], observed, **how)
        if self.times is None:
            ax.set_xlabel("steps ahead")
            number_ticks(ax.xaxis)
        elif np.asarray(self.times).dtype.kind == "M":
            ax.xaxis.set_major_formatter(_concise_dates(ax))
        if self.name:
            ax.set_title(self.name)
        ax.margins(x=0.01)
        ax.legend()
        self.lines_, self.ax_, self.figure_ = lines, ax, ax.figure
        return self

    def _positions(self, n_history, horizon):
        """Where the steps before and after the origin are drawn."""
        if self.times is None:
            return np.arange(1 - n_history, 1), np.arange(1, horizon + 1)
        times = np.asarray(self.times)
        return times[:n_history], times[n_history:]

    def _checked_observed(self, horizon):
        if self.observed is None:
            return None
        observed = np.asarray(self.observed, dtype=float)
        if observed.ndim != 1 or len(observed) > horizon:
            raise ValueError(
                f"observed has shape {observed.shape}, expected at most the {horizon} "
                "steps that are forecast, of the one series that is drawn."
            )
        return observed


def _coverages(coverage, forecaster):
    """The probabilities of the intervals to draw."""
    if coverage is None:
        return []
    if isinstance(coverage, str):
        if coverage != "auto":
            raise ValueError(
                f"coverage must be 'auto', numbers or None, got {coverage!r}."
            )
        if forecaster.loss != "quantile":
            return []
        lowest, *_, highest = forecaster._interval_levels(None)
        widest = 2 * min(0.5 - lowest, highest - 0.5)
        return [round(min(0.8, widest), 12)]
    return np.atleast_1d(np.asarray(coverage, dtype=float)).tolist()


def _number_of(series, known):
    """The number of a series, by its number or by what it is called."""
    n_series = len(known.steps)
    if known.ids is not None and series in known.ids.tolist():
        return known.ids.tolist().index(series)
    if known.ids is not None and not isinstance(series, Integral):
        raise ValueError(f"there is no series {series!r}, only {known.ids.tolist()}.")
    return check_index(series, n_series, "series", "series")


def _continued(times, horizon):
    """Times of the past and of the forecast; None if it is not known how they go on."""
    ahead = continued_times(times, horizon)
    return None if ahead is None else np.concatenate([times, ahead])


def _concise_dates(ax):
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    return ConciseDateFormatter(locator)
