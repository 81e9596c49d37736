"""What `LSTMForecaster` has between the user's series and the estimators' skeleton.

`fit` cuts the series into windows, and the network learns from these as any other does
from sequences. To forecast, the windows at the ends of the series (or at many places of
them) go through it.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from ..sequences.forecasting import (
    Forecasts,
    LongColumns,
    SeriesScales,
    WindowReader,
    choose_representation,
    every_origin,
    is_long,
    read_ahead,
    read_series,
    read_step_weights,
)
from ..training import REGRESSION_LOSSES, Quantiles
from .tasks import Task


class Backtest(NamedTuple):
    """What `LSTMForecaster.backtest` returns; of several series, lists of arrays."""

    forecasts: np.ndarray
    """The forecasts from each origin (n_origins, horizon)."""

    observed: np.ndarray
    """What happened (n_origins, horizon)."""

    origins: np.ndarray
    """The first step forecast (n_origins,)."""


class ForecastTask(Task):
    """Learn the next steps of a series, as numbers or as quantiles.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    loss : str
        A key of ``training.REGRESSION_LOSSES``, or "quantile" for several of them.
    **loss_parameters
        For the loss.
    """

    def __init__(self, estimator_name, *, loss, **loss_parameters):
        super().__init__(estimator_name)
        self._make_loss = Quantiles if loss == "quantile" else REGRESSION_LOSSES[loss]
        self._loss_parameters = loss_parameters

    def begin(self, y, sequences):
        """Settle the loss; y (n_windows, horizon) is what the windows are followed by."""
        self.loss = self._make_loss(y.shape[1], **self._loss_parameters)
        return y

    def encode(self, y, sequences, name="y"):
        """Return further targets as they are."""
        return y


class ForecastingMixin:
    """Between the public methods of the forecaster and its base."""

    def _new_task(self, classes=None, *, incremental=False):
        parameters = {}
        if self.loss == "quantile":
            parameters = {"quantiles": _checked_quantiles(self.quantiles)}
        elif self.loss == "huber":
            parameters = {"delta": self.huber_delta}
        return ForecastTask(type(self).__name__, loss=self.loss, **parameters)

    def _pooling(self):
        return "last"

    def _no_stream(self):
        raise AttributeError(
            "A forecaster does not take single steps: predict(y=...) forecasts from "
            "another history, and backtest from many places of one."
        )

    initial_state = step = property(_no_stream)

    # ---- fitting -------------------------------------------------------------------

    def _fit_series(self, y, X, sample_weight, y_val=None, X_val=None, *, piece=False):
        with self._restored_on_error():
            goes_on = (piece or self.warm_start) and self.__sklearn_is_fitted__()
            series, _ = read_series(y, X, long=self._long_columns())
            if goes_on:
                self._check_covariates(series)
                self._reader.check_lengths(series)
            else:
                self._begin(series)
            self._remember(series)
            later = None if y_val is None else self._read(y_val, X_val)
            training, validation = self._training_parts(series, sample_weight, later)
            if piece:
                self._partial_fit(*training)
            else:
                self._fit(*training, validation)
        return self

    def _read(self, y, X):
        """The series and their covariates, which must be those of the fit."""
        series, _ = read_series(y, X, long=self._long_columns())
        self._check_covariates(series)
        return series

    def _long_columns(self):
        return LongColumns(self.id_column, self.time_column, self.target_column)

    def _begin(self, series):
        """Choose how the network sees the series, and measure their scales."""
        representation = choose_representation(
            series,
            self.horizon,
            window=self.window,
            relative_to=self.relative_to,
            seasonal_period=self.seasonal_period,
            log=self.log,
        )
        known_ahead = _known_ahead(series, self.past_covariates)
        self._reader = WindowReader(representation, self.horizon, known_ahead)
        self._reader.check_lengths(series)
        self._reader.measure_covariates(series)
        self._scales = SeriesScales(
            representation, series, together=self.scaling == "all"
        )
        self._path_seed = int(check_random_state(self.random_state).randint(2**31))
        self.window_ = representation.window
        self.relative_to_ = representation.relative_to
        self.seasonal_period_ = representation.seasonal_period
        self.log_ = representation.log

    def _remember(self, series):
        """Keep the end of the series, from which `predict` goes on."""
        self._history = series.tail(self._reader.n_steps)

    def _training_parts(self, series, sample_weight, later):
        """Windows, targets and weights to learn from and to validate on.

        Parameters
        ----------
        series : SeriesSet
        sample_weight : array, list or None
            The user's, one weight a step.
        later : SeriesSet or None
            Steps that follow, to validate on. None takes the last ones of the series if
            there is early stopping.

        Returns
        -------
        training, validation : tuple of (windows, targets, weights)
            Of the validation all None if there is none.
        """
        reader, horizon = self._reader, self._reader.horizon
        lengths = series.steps.lengths
        n_held = np.zeros_like(lengths)
        joined = series if later is None else series.followed_by(later)
        if later is None and self.early_stopping:
            n_held = np.maximum(horizon, np.rint(self.validation_fraction * lengths))
        first = (lengths - n_held).astype(int)
        training = every_origin(series, reader.n_steps, horizon, last=first)
        weights = None
        if sample_weight is not None:
            of_steps = read_step_weights(sample_weight, series)
            weights = reader.window_weights(of_steps, training[0])
        training = (*self._windows(series, *training), weights)
        if later is None and not n_held.any():
            return training, (None, None, None)
        validation = every_origin(joined, reader.n_steps, horizon, first=first)
        _check_parts(training[1], validation[0], reader, self.early_stopping)
        return training, (*self._windows(joined, *validation), None)

    def _windows(self, series, origins, which):
        """What the network reads at some origins, and what it has to answer."""
        contexts = self._contexts(series, origins, which)
        ahead = self._covariates_ahead(series, origins, self._reader.horizon)
        windows = self._reader.inputs(contexts, ahead, np.dtype(self.dtype))
        futures = self._reader.futures(series, origins, self._reader.horizon)
        return windows, self._reader.targets(contexts, futures)

    # ---- forecasting ---------------------------------------------------------------

    def _forecast(self, horizon, X, y, levels):
        """Forecasts (n_series, horizon[, n_levels]) and the series they continue."""
        self._fitted_network()
        horizon = self._checked_horizon(horizon)
        series, ahead = self._known(horizon, X, y)
        which = np.arange(len(series.steps))
        contexts = self._contexts(series, series.steps.offsets[1:], which)
        return self._through_network(contexts, ahead, horizon, levels), series

    def _roll(self, series, first, horizon, stride, levels):
        """Forecast from many origins: one `Backtest` for each series."""
        reader = self._reader
        origins, which = every_origin(
            series, reader.n_steps, horizon, first=first, stride=stride
        )
        contexts = self._contexts(series, origins, which)
        ahead = self._covariates_ahead(series, origins, horizon)
        forecasts = self._through_network(contexts, ahead, horizon, levels)
        observed = reader.futures(series, origins, horizon)
        steps = origins - series.steps.offsets[which]
        of_series = [which == i for i in range(len(series.steps))]
        return [Backtest(forecasts[k], observed[k], steps[k]) for k in of_series]

    def _through_network(self, contexts, ahead, horizon, levels):
        forecasts = Forecasts(
            self._reader,
            self._answer,
            self._network.dtype,
            getattr(self._task.loss, "quantiles", None),
            self._path_seed,
        )
        if levels is None:
            return forecasts.values(contexts, ahead, horizon)
        return forecasts.quantiles(contexts, ahead, horizon, levels)

    def _answer(self, windows):
        return self._task.loss.predict(self._run(windows, "predict"))

    def _contexts(self, series, origins, which):
        return self._reader.contexts(series, origins, which, self._scales.of(series))

    def _covariates_ahead(self, series, origins, horizon):
        if not self._reader.known_ahead.any():
            return None
        return self._reader.covariates_ahead(series, origins, horizon)

    def _known(self, horizon, X, y):
        """The series to continue, and the covariates of the steps ahead."""
        known_ahead = self._reader.known_ahead
        if y is None:
            series, ahead = self._history, None
        elif is_long(y, self._long_columns()):
            series, ahead = self._read(y, None), None
        else:
            n_ahead = horizon if known_ahead.any() else 0
            series, ahead = read_series(y, X, n_ahead=n_ahead)
            self._check_covariates(series)
            X = None
        self._reader.check_history(series)
        if not known_ahead.any():
            _refuse_useless(X, known_ahead)
            return series, None
        if ahead is None:
            ahead = self._read_ahead(X, series, horizon)
        self._reader.check_ahead(ahead, series)
        return series, ahead

    def _read_ahead(self, X, series, horizon):
        if X is None:
            raise ValueError(
                f"X is missing: the model was fitted with covariates that are known "
                f"ahead, so predict needs their values for the next {horizon} steps. "
                "(Name those that are not known ahead in past_covariates.)"
            )
        return self._reader.all_columns(read_ahead(X, series, horizon))

    # ---- checks --------------------------------------------------------------------

    def _checked_horizon(self, horizon):
        learned = self._reader.horizon
        if horizon is None:
            return learned
        if (
            not isinstance(horizon, Integral)
            or isinstance(horizon, bool)
            or horizon < 1
        ):
            raise ValueError(
                f"horizon must be a number of steps, at least 1, got {horizon!r}."
            )
        if horizon <= learned:
            return int(horizon)
        if self.strategy == "direct":
            raise ValueError(
                f"horizon={horizon} is farther than the {learned} step(s) that this "
                f"forecaster has learned. Fit with horizon={horizon}, or go on from its "
                "own forecasts with strategy='recursive'."
            )
        if not self._reader.known_ahead.all():
            raise ValueError(
                f"horizon={horizon} is farther than the {learned} step(s) learned at "
                "once, and to go on from there the values of past_covariates would be "
                f"needed, which are not known. Fit with horizon={horizon}."
            )
        return int(horizon)

    def _checked_start(self, series, start, horizon):
        """Where in each series to begin forecasting."""
        reader = self._reader
        start = reader.n_steps if start is None else start
        if start < reader.n_steps:
            raise ValueError(
                f"start={start} leaves too little of the past: a forecast needs the "
                f"{reader.n_steps} steps before it."
            )
        longest = int(series.steps.lengths.max())
        if start + horizon > longest:
            raise ValueError(
                f"No forecast of {horizon} steps from step {start} on can be compared "
                f"with a series of {longest} steps: it needs {start + horizon}."
            )
        return np.full(len(series.steps), start)

    def _checked_levels(self, levels):
        known = getattr(self._task.loss, "quantiles", None)
        if known is None:
            raise ValueError(
                f"The forecaster was fitted with loss={self.loss!r}, which forecasts "
                "one number a step. Fit with loss='quantile' for quantiles and "
                "intervals."
            )
        if levels is None:
            return list(known)
        levels = np.atleast_1d(np.asarray(levels, dtype=np.float64))
        # 1 - 0.9 is not 0.1: what is meant is the quantile that was learned.
        near = np.abs(levels[:, np.newaxis] - known)
        levels = np.where(
            near.min(axis=1) < 1e-9, np.array(known)[near.argmin(axis=1)], levels
        )
        outside = (levels < known[0]) | (levels > known[-1])
        if outside.any():
            raise ValueError(
                f"The quantile {levels[outside][0]:g} is beyond those learned, "
                f"{list(known)}: fit with wider quantiles."
            )
        return levels

    def _check_covariates(self, series):
        expected = len(self._reader.known_ahead)
        if series.n_covariates != expected:
            raise ValueError(
                f"The forecaster was fitted with {expected} covariate(s), but here are "
                f"{series.n_covariates}"
                + (
                    ": pass their values as X."
                    if series.n_covariates == 0 and series.kind != "long"
                    else "."
                )
            )


def has_quantiles(estimator):
    """For ``available_if``: whether the loss is that of quantiles."""
    if estimator.loss != "quantile":
        raise AttributeError("intervals and quantiles need loss='quantile'")
    return True


def _checked_quantiles(quantiles):
    levels = np.asarray(quantiles, dtype=np.float64)
    if levels.ndim != 1 or len(levels) < 2:
        raise ValueError(
            f"quantiles must be at least two numbers, such as (0.1, 0.5, 0.9), got "
            f"{quantiles!r}. For one, LSTMRegressor has loss='quantile'."
        )
    ascending = (np.diff(levels) > 0).all()
    if not ascending or levels[0] <= 0 or levels[-1] >= 1:
        raise ValueError(
            f"quantiles must ascend between 0 and 1, exclusive, got {quantiles!r}."
        )
    if not levels[0] <= 0.5 <= levels[-1]:
        raise ValueError(
            f"quantiles={quantiles!r} do not enclose 0.5, the median, which predict "
            "gives."
        )
    return tuple(levels.tolist())


def _known_ahead(series, past_covariates):
    """Which covariates are known for the steps to forecast."""
    known = np.ones(series.n_covariates, dtype=bool)
    names = series.steps.feature_names
    names = [] if names is None else names[1:].tolist()
    for column in past_covariates:
        if column in names:
            known[names.index(column)] = False
        elif isinstance(column, Integral) and 0 <= column < len(known):
            known[column] = False
        else:
            raise ValueError(
                f"past_covariates has {column!r}, but the covariates are "
                f"{names or f'{len(known)} columns without names'}."
            )
    return known


def _refuse_useless(X, known_ahead):
    if X is not None:
        raise ValueError(
            "X has no effect here: the forecaster was fitted "
            + (
                "with past_covariates only, which are not known ahead."
                if len(known_ahead)
                else "without covariates."
            )
        )


def _check_parts(training, validation, reader, early_stopping):
    if len(training) >= 2 and len(validation) >= 2:
        return
    needed = reader.n_steps + reader.horizon
    raise ValueError(
        f"There are {len(training)} windows to learn from and {len(validation)} to "
        "validate on; both need at least 2, and a window with what follows it has "
        f"{needed} steps. Choose a smaller window or horizon, or another part to "
        "validate on" + (", or turn early_stopping off." if early_stopping else ".")
    )
