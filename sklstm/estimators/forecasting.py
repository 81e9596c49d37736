"""What `LSTMForecaster` has between the user's series and the estimators' skeleton.

`fit` cuts the series into windows, and the network learns from these as any other does
from sequences. To forecast, the windows at the ends of the series (or at many places of
them) go through it.
"""

from typing import NamedTuple, NoReturn

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
from ..training import REGRESSION_LOSSES, Quantiles, StepsAhead
from .forecast_checks import (
    check_covariates,
    check_parts,
    check_unchanged,
    check_useful,
    checked_horizon,
    checked_quantiles,
    known_ahead,
)
from .tasks import Task


class Backtest(NamedTuple):
    """What `LSTMForecaster.backtest` returns; of several series, lists of arrays."""

    forecasts: np.ndarray | list[np.ndarray]
    """The forecasts from each origin (n_origins, horizon)."""

    observed: np.ndarray | list[np.ndarray]
    """What happened (n_origins, horizon)."""

    origins: np.ndarray | list[np.ndarray]
    """The first step forecast (n_origins,)."""


class ForecastTask(Task):
    """Learn the next steps of a series, as numbers or as quantiles.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    loss : str
        A key of ``training.REGRESSION_LOSSES``, or "quantile" for several of them.
    by_step : bool
        Whether the last steps of a window are those to forecast, with an output each;
        otherwise the last state answers for all.
    **loss_parameters
        For the loss.
    """

    def __init__(self, estimator_name, *, loss, by_step, **loss_parameters):
        super().__init__(estimator_name)
        self.pooled, self.causal = not by_step, by_step
        self._make_loss = Quantiles if loss == "quantile" else REGRESSION_LOSSES[loss]
        self._loss_parameters = loss_parameters

    def begin(self, y, sequences):
        """Settle the loss; y is (n_windows, horizon)."""
        horizon = y.shape[1]
        self.of_horizon = self._make_loss(horizon, **self._loss_parameters)
        self.loss = self.of_horizon
        if not self.pooled:
            self.loss = StepsAhead(self.of_horizon, horizon)
        return y

    def encode(self, y, sequences, name="y"):
        """Return further targets as they are."""
        return y

    def answers(self, outputs, n_windows):
        """Return what outputs mean, (n_windows, horizon * n_quantiles)."""
        if self.pooled:
            return self.loss.predict(outputs)
        return self.loss.predict_last(outputs, n_windows)


class ForecastingMixin:
    """Between the public methods of the forecaster and its base."""

    def _new_task(self, classes=None, *, incremental=False):
        parameters = {}
        if self.loss == "quantile":
            parameters = {"quantiles": checked_quantiles(self.quantiles)}
        elif self.loss == "huber":
            parameters = {"delta": self.huber_delta}
        return ForecastTask(
            type(self).__name__,
            loss=self.loss,
            by_step=bool(self._reader.known_ahead.any()) and not self.bidirectional,
            **parameters,
        )

    def _pooling(self):
        return "last"

    _drawn: tuple[str, ...] = ("_path_seed",)

    def _no_stream(self) -> NoReturn:
        raise AttributeError(
            "A forecaster does not take single steps: predict(y=...) forecasts from "
            "another history, and backtest from many places of one."
        )

    initial_state = step = property(_no_stream)

    # ---- fitting -------------------------------------------------------------------

    def _fit_series(self, y, X, sample_weight, y_val=None, X_val=None, *, piece=False):
        with self._restored_on_error():
            goes_on = (piece or self.warm_start) and self.__sklearn_is_fitted__()
            names = self._covariate_names() if goes_on else None
            long = self._long_columns()
            series, _ = read_series(y, X, long=long, covariates=names)
            if y_val is None and X_val is not None:
                raise ValueError("X_val is given without y_val: pass both or neither.")
            if goes_on:
                check_unchanged(self, self._reader)
                check_covariates(series, self._reader)
                self._reader.check_lengths(series)
            else:
                self._begin(series)
            self._remember(series)
            later = None if y_val is None else self._read_series(y_val, X_val)
            training, validation = self._training_parts(series, sample_weight, later)
            shown = (y, X, None)
            if piece:
                self._partial_fit(*training, shown=shown)
            else:
                self._fit(*training, validation, shown=shown)
        return self

    def _read_series(self, y, X):
        """The series and their covariates, which must be those of the fit."""
        series, _ = read_series(
            y, X, long=self._long_columns(), covariates=self._covariate_names()
        )
        check_covariates(series, self._reader)
        return series

    def _covariate_names(self):
        """Names of the covariates in the order of the fit, or None."""
        names = self._history.steps.feature_names
        return None if names is None else names[1:].tolist()

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
            local=self.scaling == "window",
        )
        known = known_ahead(series, self.past_covariates)
        self._reader = WindowReader(representation, self.horizon, known)
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
        check_parts(len(training[1]), len(validation[0]), reader, self.early_stopping)
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
        horizon = checked_horizon(horizon, self._reader, self.strategy)
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
            getattr(self._task.of_horizon, "quantiles", None),
            self._path_seed,
        )
        if levels is None:
            return forecasts.values(contexts, ahead, horizon)
        return forecasts.quantiles(contexts, ahead, horizon, levels)

    def _read_steps(self, X):
        """Return the windows that are read to forecast what follows some series."""
        self._fitted_network()
        is_frame = is_long(X, self._long_columns())
        if len(self._reader.known_ahead) and not is_frame:
            raise ValueError(
                f"This forecaster reads {len(self._reader.known_ahead)} covariate(s) "
                "beside the series: pass a long data frame, which holds both."
            )
        series, ahead = self._known(self._reader.horizon, None, X)
        ends, which = series.steps.offsets[1:], np.arange(len(series.steps))
        contexts = self._contexts(series, ends, which)
        return self._reader.inputs(contexts, ahead, self._network.dtype)

    def _answer(self, windows):
        outputs = self._run(windows, "predict")
        return self._task.answers(outputs, len(windows))

    def _contexts(self, series, origins, which):
        return self._reader.contexts(series, origins, which, self._scales.of(series))

    def _covariates_ahead(self, series, origins, horizon):
        if not self._reader.known_ahead.any():
            return None
        return self._reader.covariates_ahead(series, origins, horizon)

    def _known(self, horizon, X, y):
        """The series to continue, and the covariates of the steps ahead."""
        any_known = self._reader.known_ahead.any()
        if y is None:
            series, ahead = self._history, None
        elif is_long(y, self._long_columns()):
            series, ahead = self._read_series(y, None), None
        else:
            n_ahead = horizon if any_known else 0
            series, ahead = read_series(
                y, X, covariates=self._covariate_names(), n_ahead=n_ahead
            )
            check_covariates(series, self._reader)
            X = None
        self._reader.check_history(series)
        if not any_known:
            check_useful(X, self._reader)
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
