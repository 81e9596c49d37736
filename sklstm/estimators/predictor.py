"""What classifier and regressor share: one vector a sequence, `fit` with validation."""

from typing import Self

from .._sklearn_compat import StrOptions, _fit_context
from .._typing import ArrayLike, SequencesLike
from .base import RecurrentEstimator
from .parameters import parameter, recurrent_estimator


def has_partial_fit(estimator):
    """For ``available_if``: one piece of data at a time suits stochastic solvers."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit needs a stochastic solver; solver='lbfgs' looks at all data "
            "at once."
        )
    return True


def check_is_stochastic(estimator):
    """Raise if the solver is one that looks at all data at once."""
    if estimator.solver == "lbfgs":
        raise ValueError(
            f"{type(estimator).__name__} needs a stochastic solver, got "
            "solver='lbfgs': choose 'adam', 'adamw', 'rmsprop' or 'sgd'."
        )


class TargetsMixin:
    """Estimators that cannot be fitted without targets."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


@recurrent_estimator
class SequencePredictor(RecurrentEstimator):
    """Base of the estimators that predict one target a sequence."""

    pooling: str = parameter(
        default="last",
        constraints=[StrOptions({"last", "mean", "max"})],
        doc="""{'last', 'mean', 'max'}
        How the hidden states of a sequence become one vector: the last one, or the mean
        or the largest value of each unit over the sequence's own steps.
        """,
    )

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: SequencesLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: SequencesLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Fit the network to sequences.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences: an array (n_samples, n_timesteps, n_features), where steps at the
            end that are NaN in all channels are padding; a list or 1-D object array of
            arrays (n_timesteps_i, n_features); :class:`~sklstm.Sequences`; or, for
            series of one channel, an array or data frame (n_samples, n_timesteps).
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            One target for each sequence. A classifier takes labels, or a matrix of
            zeros and ones with one column a label; a regressor numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; None means ones. A weight of zero is the same as
            leaving the sequence out.
        X_val : array, data frame, list or Sequences, default=None
            Validation sequences. With `early_stopping` they decide when to stop,
            otherwise their loss and score are only recorded. In a
            :class:`~sklearn.pipeline.Pipeline`, `transform_input=["X_val"]` transforms
            them like X.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Targets of the validation sequences.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation sequences.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a parameter are not valid. The estimator stays as it was.
        TrainingDivergedError
            If the loss or a gradient is not finite (a ValueError, and a
            FloatingPointError). The estimator keeps the last good weights.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def _pooling(self):
        return self.pooling
