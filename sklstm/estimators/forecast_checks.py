"""What a forecaster checks of the user's words, with errors that say what to do."""

from numbers import Integral, Real

import numpy as np


def has_quantiles(estimator):
    """For ``available_if``: whether the loss is that of quantiles."""
    if estimator.loss != "quantile":
        raise AttributeError("intervals and quantiles need loss='quantile'")
    return True


def checked_quantiles(quantiles):
    """Return the quantiles to learn as a tuple: ascending, around the median."""
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


def checked_levels(wanted, loss):
    """Return the quantiles to forecast: those learned, or some between them.

    Parameters
    ----------
    wanted : array-like of float or None
        None means those learned.
    loss : Loss
        Of the fitted forecaster.
    """
    known = getattr(loss, "quantiles", None)
    if known is None:
        raise ValueError(
            "The forecaster was fitted to forecast one number a step. Fit it with "
            "loss='quantile' for quantiles and intervals."
        )
    if wanted is None:
        return np.array(known)
    wanted = np.atleast_1d(np.asarray(wanted, dtype=np.float64))
    # (1 - 0.8) / 2 is not quite 0.1: what is meant is the quantile that was learned.
    distance = np.abs(wanted[:, np.newaxis] - known)
    nearest = np.array(known)[distance.argmin(axis=1)]
    wanted = np.where(distance.min(axis=1) < 1e-9, nearest, wanted)
    outside = ~((wanted >= known[0]) & (wanted <= known[-1]))
    if outside.any():
        raise ValueError(
            f"The quantile {wanted[outside][0]:g} is beyond those learned, "
            f"{list(known)}: fit with quantiles that enclose it."
        )
    return wanted


def levels_of_interval(coverage):
    """Return the levels of both ends of an interval."""
    is_number = isinstance(coverage, Real) and not isinstance(coverage, bool)
    if not (is_number and 0 < coverage < 1):
        raise ValueError(
            "coverage must be a probability between 0 and 1, exclusive, such as 0.8, "
            f"got {coverage!r}."
        )
    return [(1 - coverage) / 2, (1 + coverage) / 2]


def checked_horizon(horizon, reader, strategy):
    """Return the number of steps to forecast.

    Parameters
    ----------
    horizon : int or None
        The user's; None means what was learned.
    reader : WindowReader
    strategy : {"direct", "recursive"}
    """
    learned = reader.horizon
    if horizon is None:
        return learned
    if not isinstance(horizon, Integral) or isinstance(horizon, bool) or horizon < 1:
        raise ValueError(
            f"horizon must be a number of steps, at least 1, got {horizon!r}."
        )
    if horizon > learned and strategy == "direct":
        raise ValueError(
            f"horizon={horizon} is farther than the {learned} step(s) that this "
            f"forecaster has learned. Fit it with horizon={horizon}, or let it go on "
            "from its own forecasts with strategy='recursive'."
        )
    if horizon > learned and not reader.known_ahead.all():
        raise ValueError(
            f"horizon={horizon} is farther than the {learned} step(s) learned at once. "
            "To go on from there the values of past_covariates would be needed, which "
            f"are not known. Fit with horizon={horizon}."
        )
    return int(horizon)


def checked_start(start, series, reader, horizon):
    """Return where in each series a backtest begins, ndarray of int."""
    start = reader.n_steps if start is None else start
    if not isinstance(start, Integral) or start < reader.n_steps:
        raise ValueError(
            f"start={start!r} must be an int of at least {reader.n_steps}: so many "
            "steps before it are needed for a forecast."
        )
    longest = int(series.steps.lengths.max())
    if start + horizon > longest:
        raise ValueError(
            f"No forecast of {horizon} step(s) from step {start} on can be compared "
            f"with a series of {longest} steps: that takes {start + horizon}."
        )
    return np.full(len(series.steps), start)


def checked_stride(stride):
    """Return the distance of the places a backtest forecasts from."""
    if not isinstance(stride, Integral) or isinstance(stride, bool) or stride < 1:
        raise ValueError(
            f"stride must be a number of steps, at least 1, got {stride!r}."
        )
    return int(stride)


def check_scored(later):
    """Raise if there are too few steps for R^2, which compares them with their mean."""
    for i, length in enumerate(later.steps.lengths.tolist()):
        if length < 2:
            name = later.name(i)
            raise ValueError(
                f"score needs at least 2 steps that followed, but {name} has {length}: "
                "R^2 compares errors with the spread of the values. For single steps "
                "there is backtest."
            )


def check_covariates(series, reader):
    """Raise if series have other covariates than those of the fit."""
    expected, given = len(reader.known_ahead), series.n_covariates
    if given != expected:
        advice = "." if given or series.kind == "long" else ": pass their values as X."
        raise ValueError(
            f"The forecaster was fitted with {expected} covariate(s), but here are "
            f"{given}{advice}"
        )


def known_ahead(series, past_covariates):
    """Return which covariates are known for the steps to forecast, as bool."""
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


def check_unchanged(estimator, reader):
    """Raise if training is to go on with other windows than it began with."""
    for name, fitted in (
        ("horizon", reader.horizon),
        ("window", reader.representation.window),
    ):
        wanted = getattr(estimator, name)
        if wanted not in ("auto", fitted):
            raise ValueError(
                f"{name}={wanted} was {fitted} when training began, and cannot change "
                f"while it goes on: set it back to {fitted}, or fit anew "
                "(warm_start=False)."
            )


def check_useful(X, reader):
    """Raise if covariates of the steps ahead are given where nothing reads them."""
    if X is not None:
        raise ValueError(
            "X has no effect here: the forecaster was fitted "
            + (
                "with past_covariates only, which are not known ahead."
                if len(reader.known_ahead)
                else "without covariates."
            )
        )


def check_parts(n_training, n_validation, reader, early_stopping):
    """Raise if there is too little to learn from or to validate on."""
    if n_training >= 2 and n_validation >= 2:
        return
    raise ValueError(
        f"There are {n_training} windows to learn from and {n_validation} to validate "
        "on; both need at least 2, and a window with what follows it has "
        f"{reader.n_steps + reader.horizon} steps. Choose a smaller window or horizon, "
        "or another part to validate on"
        + (", or turn early_stopping off." if early_stopping else ".")
    )
