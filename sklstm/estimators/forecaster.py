"""`LSTMForecaster`: the past of a series, and covariates, to its future."""

from typing import Any, Self

import numpy as np
from sklearn.metrics import r2_score

from .._sklearn_compat import _fit_context, available_if
from .._typing import ArrayLike, SeriesLike
from ..sequences.forecasting import restore_forecasts
from .forecast_checks import (
    check_scored,
    checked_horizon,
    checked_levels,
    checked_start,
    checked_stride,
    has_quantiles,
    levels_of_interval,
)
from .forecaster_parameters import ForecasterParameters
from .forecasting import Backtest, ForecastingMixin
from .parameters import recurrent_estimator
from .predictor import has_partial_fit


@recurrent_estimator
class LSTMForecaster(ForecastingMixin, ForecasterParameters):
    """Recurrent network (LSTM, GRU or RNN) that forecasts one or several series.

    The network reads a window of a series, and of covariates, and forecasts the next
    `horizon` steps at once: their values, or quantiles of them. It sees series without
    their level: as differences from the last value, from the season before or from the
    mean, in logarithms where fluctuations grow with the level, on a scale of their own.
    What suits is found out on the training part (`relative_to`, `log`,
    `seasonal_period`).

    Several series share one network. Time goes down the first axis, where
    :class:`~sklearn.model_selection.TimeSeriesSplit` cuts it.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    window_ : int
        Steps the network reads.
    relative_to_ : str
        What values are taken relative to.
    seasonal_period_ : int or None
        Steps of a season.
    log_ : bool
        Whether logarithms are taken.
    {attributes}

    See Also
    --------
    LSTMRegressor : Forecasts from windows one has cut oneself.
    sklstm.sequences.sliding_windows : Cuts them.

    Notes
    -----
    Quantiles that cross are put in order after the network, which can only lower their
    loss. Beyond `horizon` steps quantiles are those of 200 futures that are drawn step
    by step.

    After logarithms 'squared_error' forecasts the exponential of the mean logarithm,
    which is nearer to the median than to the mean.

    With `early_stopping` the last steps of each series are the validation part
    (`validation_fraction` of them), never some drawn from between.

    A series gets the same forecast alone and beside others, and one `random_state` the
    same bits for any number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMForecaster
    >>> t = np.arange(120)
    >>> y = 100 + t + 10 * np.sin(2 * np.pi * t / 12)
    >>> forecaster = LSTMForecaster(
    ...     horizon=6, hidden_layer_sizes=16, max_iter=20, random_state=0
    ... )
    >>> forecaster.fit(y[:108]).relative_to_, forecaster.seasonal_period_
    ('season', 12)
    >>> bool(np.abs(forecaster.predict(12) - y[108:]).max() < 1)
    True
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        y: SeriesLike,
        X: SeriesLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        y_val: SeriesLike | None = None,
        X_val: SeriesLike | None = None,
    ) -> Self:
        """Fit the network to one or several series.

        Parameters
        ----------
        y : array, list or data frame
            One series as a 1-D array; several as a 2-D array or wide data frame
            (n_timesteps, n_series), a list of 1-D arrays of any lengths, or a long data
            frame with one row a time step (`id_column`, `time_column`,
            `target_column`), whose further columns are covariates.
        X : array or data frame of shape (n_timesteps, n_covariates), default=None
            Covariates; for a list of series a list of arrays. All but
            `past_covariates` must be known for the steps to forecast as well.
        sample_weight : array or list, default=None
            A weight for each step, in the form of y; for a long frame one for each of
            its rows. A window counts as much as the steps it is to forecast do on
            average.
        y_val : array, list or data frame, default=None
            The steps that follow y, to validate on. With `early_stopping` they decide
            when to stop, otherwise their loss and score are only recorded. `predict`
            goes on from the end of y all the same.
        X_val : array, data frame or list, default=None
            Their covariates.

        Returns
        -------
        self : object
            The fitted forecaster.

        Raises
        ------
        ValueError
            If a series is too short, or a value is missing. The message says which and
            where.
        TrainingDivergedError
            If the loss or a gradient is not finite (a ValueError, and a
            FloatingPointError). The forecaster keeps the last good weights.

        Warns
        -----
        UserWarning
            If the times of a long frame are even but for a few places, where rows seem
            to be missing.
        """
        return self._fit_series(y, X, sample_weight, y_val, X_val)

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        y: SeriesLike,
        X: SeriesLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on some series, or on a piece of one.

        The first call settles how the network sees series, and their scales. `predict`
        goes on from the series of the last call.

        Parameters
        ----------
        y : array, list or data frame
            Series, as for `fit`.
        X : array, data frame or list, default=None
            Their covariates.
        sample_weight : array or list, default=None
            A weight for each step, in the form of y.

        Returns
        -------
        self : object
            The fitted forecaster.

        Raises
        ------
        ValueError
            If the data are not valid; the forecaster stays as it was.
        """
        return self._fit_series(y, X, sample_weight, piece=True)

    def predict(
        self,
        horizon: int | None = None,
        X: SeriesLike | None = None,
        *,
        y: SeriesLike | None = None,
    ) -> Any:
        """Forecast the steps that follow.

        Parameters
        ----------
        horizon : int, default=None
            Number of steps. None means the parameter `horizon`.
        X : array, data frame or list, default=None
            Covariates of the steps to forecast (of each series, if there are several).
            With `y`, unless that is a long frame, first those of its steps. A long
            frame has them with the times that follow.
        y : array, list or data frame, default=None
            Other series to go on from, or the same ones with later steps. None means
            those of `fit`. If there are as many as in `fit` they are taken for those,
            a long frame's by their ids; unknown ones are scaled by themselves.

        Returns
        -------
        forecasts : ndarray, list of ndarray or data frame
            (horizon,) for one series, (horizon, n_series) for columns, a list of arrays
            for a list, and for a long frame such a frame, with the times that follow.
            The median, if the loss is that of quantiles.
        """
        forecasts, series = self._forecast(horizon, X, y, None)
        return restore_forecasts(forecasts, series)

    @available_if(has_quantiles)
    def predict_quantiles(
        self,
        horizon: int | None = None,
        X: SeriesLike | None = None,
        *,
        y: SeriesLike | None = None,
        quantiles: ArrayLike | None = None,
    ) -> Any:
        """Forecast quantiles of the steps that follow.

        Parameters
        ----------
        horizon : int, default=None
            Number of steps. None means the parameter `horizon`.
        X : array, data frame or list, default=None
            Covariates of the steps to forecast, as for `predict`.
        y : array, list or data frame, default=None
            Other series to go on from, as for `predict`.
        quantiles : array-like of float, default=None
            Which ones, within the range of those learned, which are the default. Those
            between are interpolated as in a normal distribution.

        Returns
        -------
        forecasts : ndarray, list of ndarray or data frame
            As of `predict`, with an axis more for the quantiles, or with one column for
            each of them, such as "y_0.1".
        """
        self._fitted_network()
        levels = checked_levels(quantiles, self._task.of_horizon)
        forecasts, series = self._forecast(horizon, X, y, levels)
        return restore_forecasts(forecasts, series, [f"_{q:g}" for q in levels])

    @available_if(has_quantiles)
    def predict_interval(
        self,
        horizon: int | None = None,
        X: SeriesLike | None = None,
        *,
        y: SeriesLike | None = None,
        coverage: float = 0.8,
    ) -> Any:
        """Forecast intervals that hold each step with a given probability.

        Parameters
        ----------
        horizon : int, default=None
            Number of steps. None means the parameter `horizon`.
        X : array, data frame or list, default=None
            Covariates of the steps to forecast, as for `predict`.
        y : array, list or data frame, default=None
            Other series to go on from, as for `predict`.
        coverage : float, default=0.8
            The probability, as much of what is left out on either side. Between 0 and
            what the outermost of `quantiles` enclose.

        Returns
        -------
        intervals : ndarray, list of ndarray or data frame
            As of `predict`, with an axis more for the lower and the upper end, or with
            the columns "y_lower" and "y_upper".
        """
        self._fitted_network()
        levels = checked_levels(levels_of_interval(coverage), self._task.of_horizon)
        forecasts, series = self._forecast(horizon, X, y, levels)
        return restore_forecasts(forecasts, series, ["_lower", "_upper"])

    def _interval_levels(self, coverage):
        """Return the quantiles at the ends of an interval; all known ones if None."""
        ends = None if coverage is None else levels_of_interval(coverage)
        return checked_levels(ends, self._task.of_horizon)

    def backtest(
        self,
        y: SeriesLike,
        X: SeriesLike | None = None,
        *,
        start: int | None = None,
        horizon: int | None = None,
        stride: int = 1,
        quantiles: ArrayLike | None = None,
    ) -> Backtest:
        """Forecast from many places of known series, without fitting again.

        Parameters
        ----------
        y : array, list or data frame
            Series, as for `predict`.
        X : array, data frame or list, default=None
            Covariates of all their steps.
        start : int, default=None
            The first step to forecast. None means as early as possible.
        horizon : int, default=None
            Number of steps forecast from each place. None means the parameter
            `horizon`.
        stride : int, default=1
            Distance of these places in steps.
        quantiles : array-like of float, default=None
            Forecast these quantiles instead of one number a step.

        Returns
        -------
        forecasts : ndarray of shape (n_origins, horizon)
            What was forecast from each place; with `quantiles` one axis more. Of
            several series a list of arrays; here and below.
        observed : ndarray of shape (n_origins, horizon)
            What happened.
        origins : ndarray of shape (n_origins,)
            The first step of each forecast.

        Raises
        ------
        ValueError
            If `start` leaves too little before it, no series is long enough, or
            `stride` is no number of steps.
        """
        self._fitted_network()
        horizon = checked_horizon(horizon, self._reader, self.strategy)
        stride = checked_stride(stride)
        levels = (
            None
            if quantiles is None
            else checked_levels(quantiles, self._task.of_horizon)
        )
        series = self._read_series(y, X)
        first = checked_start(start, series, self._reader, horizon)
        each = self._roll(series, first, horizon, stride, levels)
        if series.kind == "one":
            return each[0]
        return Backtest(*map(list, zip(*each, strict=True)))

    def score(self, y: SeriesLike, X: SeriesLike | None = None) -> float:
        """Score forecasts of the steps that follow the series of `fit`.

        Forecasts are made from every place from which `horizon` steps (or all of y, if
        that is less) are known, as by `backtest`: the first from where `fit` ended.

        Parameters
        ----------
        y : array, list or data frame
            What followed.
        X : array, data frame or list, default=None
            Covariates of these steps.

        Returns
        -------
        score : float
            R^2 over all steps of all these forecasts; of several series, the mean.
        """
        self._fitted_network()
        later = self._read_series(y, X)
        check_scored(later)
        series = self._history.followed_by(later)
        horizon = min(self._reader.horizon, int(later.steps.lengths.min()))
        first = self._history.steps.lengths
        each = self._roll(series, first, horizon, 1, None)
        return float(
            np.mean([r2_score(t.observed.ravel(), t.forecasts.ravel()) for t in each])
        )
