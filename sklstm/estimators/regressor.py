"""`LSTMRegressor`: a number, or several, for each sequence."""

from numbers import Real
from typing import Self

from sklearn.base import RegressorMixin

from .._sklearn_compat import Interval, StrOptions, _fit_context, available_if
from .._typing import Array, ArrayLike, SequencesLike
from ..training import REGRESSION_LOSSES
from .parameters import parameter, recurrent_estimator
from .predictor import SequencePredictor, has_partial_fit
from .tasks import RegressionTask


@recurrent_estimator
class LSTMRegressor(RegressorMixin, SequencePredictor):
    """Recurrent network (LSTM, GRU or RNN) that predicts numbers from sequences.

    One or several recurrent layers read a sequence step by step; the hidden states of
    the top layer become one vector (`pooling`), and a linear head on it gives one or
    several numbers. Serves for extrinsic regression and for forecasting from windows.

    Sequences may have different lengths; no padding is needed, and none is computed.
    Targets need no scaling: the network learns them on a standard scale and predicts in
    their own units.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    LSTMClassifier : Labels instead of numbers.
    SequenceTransformer : Sequences to vectors, for any scikit-learn model.

    Notes
    -----
    The loss is ``sum(w * l) / sum(w) + alpha / (2 * sum(w)) * ||W||**2`` over the
    sequences, w being the sample weight, l the mean loss of a sequence's outputs on
    the standard scale, W all weights but the biases.

    One `random_state` gives the same bits for any number of threads, and a sequence
    gets the same prediction alone, in a batch, padded or ragged.

    Channels should be of similar scale:
    ``TimestepTransformer(StandardScaler())`` scales them inside a pipeline.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> rng = np.random.RandomState(0)
    >>> X = [rng.normal(size=(rng.randint(5, 15), 2)) for _ in range(60)]
    >>> y = [1000 + x[-3:, 0].sum() for x in X]
    >>> regressor = LSTMRegressor(hidden_layer_sizes=16, random_state=0).fit(X, y)
    >>> bool(regressor.score(X, y) > 0.9)
    True
    """

    loss: str = parameter(
        default="squared_error",
        constraints=[StrOptions(set(REGRESSION_LOSSES))],
        doc="""{'squared_error', 'absolute_error', 'huber', 'quantile', 'poisson'}
        What to minimise. 'squared_error' predicts the mean, 'absolute_error' the
        median, 'huber' something between them that outliers move little, 'quantile'
        the given `quantile`; 'poisson' is for counts, with a logarithmic link.
        """,
        fixed=True,
    )
    quantile: float = parameter(
        default=0.5,
        constraints=[Interval(Real, 0, 1, closed="neither")],
        doc="""float
        The quantile to predict.
        """,
        only={"loss": ("quantile",)},
        fixed=True,
    )
    huber_delta: float = parameter(
        default=1.35,
        constraints=[Interval(Real, 0, None, closed="neither")],
        doc="""float
        Error from which on the loss grows linearly, in standard deviations of the
        targets (estimated so that outliers count little).
        """,
        only={"loss": ("huber",)},
        fixed=True,
    )

    def _new_task(self, classes=None, *, incremental=False):
        loss_parameters = {}
        if self.loss == "quantile":
            loss_parameters = {"quantile": self.quantile}
        elif self.loss == "huber":
            loss_parameters = {"delta": self.huber_delta}
        return RegressionTask(type(self).__name__, loss=self.loss, **loss_parameters)

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: SequencesLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on a piece of the data.

        Goes on from the previous call of `fit` or `partial_fit`. The standard scale of
        the targets is that of the first call.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; None means ones.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data are not valid; the estimator stays as it was.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: SequencesLike) -> Array:
        """Predict the target of each sequence.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions in float64, in the units of the targets.
        """
        return self._of_stream(self._compute(X, "predict"))

    def _of_stream(self, outputs):
        y = self._task.loss.predict(outputs)
        return y[:, 0] if self._task.one_dimensional else y

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
