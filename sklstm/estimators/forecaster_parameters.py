"""Constructor parameters of `LSTMForecaster`, besides those all estimators share."""

from numbers import Integral, Real

from .._sklearn_compat import Interval, StrOptions
from .base import RecurrentEstimator
from .parameters import parameter, recurrent_estimator, with_default
from .shared_parameters import SharedParameters


@recurrent_estimator
class ForecasterParameters(RecurrentEstimator):
    """How far to forecast, and how the network sees a series."""

    horizon: int = parameter(
        default=1,
        constraints=[Interval(Integral, 1, None, closed="left")],
        doc="""int
        Steps that the network forecasts at once, each with an output of its own.
        """,
    )
    window: int | str = parameter(
        default="auto",
        constraints=[StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        doc="""int or 'auto'
        Steps before them that the network reads. 'auto' means four times `horizon`, and
        at least 24 or a season and one step more; fewer if a series is short.
        """,
    )
    strategy: str = parameter(
        default="recursive",
        constraints=[StrOptions({"direct", "recursive"})],
        doc="""{'direct', 'recursive'}
        What to do beyond `horizon` steps. 'recursive' takes its forecast for what
        happened and goes on from there, as far as it is asked to; 'direct' refuses.
        """,
    )
    relative_to: str = parameter(
        default="auto",
        constraints=[StrOptions({"auto", "mean", "last", "season", "season_and_last"})],
        doc="""{'auto', 'mean', 'last', 'season', 'season_and_last'}
        What values are taken relative to, in what the network reads and in what it
        learns: the mean of the series, the last value known, the value at the same
        place of the season before, or that plus the last change over a season. 'auto'
        takes the one that is the best forecast itself over the last quarter of the
        training part.
        """,
    )
    seasonal_period: int | str | None = parameter(
        default="auto",
        constraints=[
            StrOptions({"auto"}),
            Interval(Integral, 2, None, closed="left"),
            None,
        ],
        doc="""int, 'auto' or None
        Steps of a season, such as 12 for months. 'auto' looks for the lag at which
        the changes of the training part repeat themselves. None means no season.
        """,
    )
    log: bool | str = parameter(
        default="auto",
        constraints=[StrOptions({"auto"}), "boolean"],
        doc="""bool or 'auto'
        Whether to take logarithms first. 'auto' takes them of positive series whose
        fluctuations grow with their level.
        """,
    )
    scaling: str = parameter(
        default="window",
        constraints=[StrOptions({"window", "series", "all"})],
        doc="""{'window', 'series', 'all'}
        What has one scale: each window by itself, so that forecasts and intervals
        follow how much the series has moved of late; each series; or all of them
        together, which keeps the difference between large and small ones.
        """,
    )
    past_covariates: tuple = parameter(
        default=(),
        constraints=["array-like"],
        doc="""array-like of str or int
        Covariates, by name or column of X, that are not known for the steps to
        forecast. All others are.
        """,
    )
    loss: str = parameter(
        default="squared_error",
        constraints=[
            StrOptions({"squared_error", "absolute_error", "huber", "quantile"})
        ],
        doc="""{'squared_error', 'absolute_error', 'huber', 'quantile'}
        What to minimise. 'squared_error' forecasts the mean, 'absolute_error' the
        median, 'huber' something between them that outliers move little. 'quantile'
        forecasts all `quantiles` at once, for `predict_interval` and
        `predict_quantiles`; `predict` then gives the median.
        """,
    )
    quantiles: tuple = parameter(
        default=(0.1, 0.5, 0.9),
        constraints=["array-like"],
        doc="""array-like of float
        The quantiles to learn, at least two, ascending.
        """,
        only={"loss": ("quantile",)},
    )
    huber_delta: float = parameter(
        default=1.35,
        constraints=[Interval(Real, 0, None, closed="neither")],
        doc="""float
        Error from which on the loss grows linearly, in standard deviations of the
        targets.
        """,
        only={"loss": ("huber",)},
    )
    id_column: str = parameter(
        default="unique_id",
        constraints=[str],
        doc="""str
        Of a long data frame: the column that says which series a row belongs to.
        """,
    )
    time_column: str = parameter(
        default="ds",
        constraints=[str],
        doc="""str
        Of a long data frame: the column of times. A frame without it is a wide one,
        with a series in each column.
        """,
    )
    target_column: str = parameter(
        default="y",
        constraints=[str],
        doc="""str
        Of a long data frame: the column to forecast. Further columns are covariates.
        """,
    )
    # Chosen on training parts: networks that stray little from their naive forecast.
    alpha: float = with_default(SharedParameters, "alpha", default=3.0)
    max_iter: int = with_default(SharedParameters, "max_iter", default=30)
    weight_init: str = with_default(SharedParameters, "weight_init", default="uniform")
