"""`SequenceTransformer`: sequences to vectors, for any scikit-learn model."""

from typing import Self

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from .._sklearn_compat import StrOptions, _fit_context, available_if
from .._typing import Array, ArrayLike, SequencesLike
from ..sequences import Sequences, restore_layout, validate_sequences
from ..sequences.table_output import TableOutputMixin
from .base import RecurrentEstimator
from .parameters import check_values, parameter, recurrent_estimator
from .predictor import has_partial_fit
from .tasks import ClassificationTask, NextStepTask, RegressionTask


@recurrent_estimator
class SequenceTransformer(  # type: ignore[call-arg]
    TableOutputMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    RecurrentEstimator,
    auto_wrap_output_keys=None,
):
    """Recurrent network (LSTM, GRU or RNN) that turns sequences into vectors.

    The network is trained on an objective that needs no labels, predicting the next
    time step, or on labels or numbers. Its head is then put aside: the hidden states of
    the top layer are the features. They serve any scikit-learn model:
    ``make_pipeline(SequenceTransformer(), LogisticRegression())``.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    LSTMClassifier : Classify sequences directly.
    LSTMRegressor : Predict numbers directly.
    sklstm.sequences.TimestepTransformer : Scale or reduce the channels of each step.

    Notes
    -----
    With ``objective="next_step"`` y is ignored: a pipeline always passes it.

    A sequence gets the same features alone, in a batch, padded or ragged.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import SequenceTransformer
    >>> rng = np.random.RandomState(0)
    >>> X = [rng.normal(size=(rng.randint(5, 15), 2)) for _ in range(20)]
    >>> transformer = SequenceTransformer(hidden_layer_sizes=8, max_iter=5)
    >>> transformer.fit_transform(X).shape
    (20, 8)
    >>> states = transformer.set_params(output="sequence").transform(X)
    >>> len(X[0]), states[0].shape
    (10, (10, 8))
    """

    objective: str = parameter(
        default="next_step",
        constraints=[StrOptions({"next_step", "classification", "regression"})],
        doc="""{'next_step', 'classification', 'regression'}
        What the network is trained on: to predict each time step from those before it,
        or the labels or numbers y.
        """,
        fixed=True,
    )
    output: str = parameter(
        default="last",
        constraints=[StrOptions({"last", "mean", "max", "sequence"})],
        doc="""{'last', 'mean', 'max', 'sequence'}
        What `transform` returns: the hidden state after the last step, the mean or the
        largest value of each unit over the steps, or the states of all steps. With
        'classification' and 'regression' the head is trained on the same vector
        ('sequence': on the last state).
        """,
    )
    class_weight: dict | list | str | None = parameter(
        default=None,
        constraints=[dict, list, StrOptions({"balanced"}), None],
        doc="""dict, list of dict, 'balanced' or None
        Weights of the classes, as in `LSTMClassifier`.
        """,
        only={"objective": ("classification",)},
    )

    def _new_task(self, classes=None, *, incremental=False):
        name = type(self).__name__
        if self.objective == "classification":
            return ClassificationTask(name, classes)
        if self.objective == "regression":
            return RegressionTask(name)
        return NextStepTask(name)

    _words_of = {"pooling": "output"}

    def _pooling(self):
        return "last" if self.output == "sequence" else self.output

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: SequencesLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: SequencesLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network on the objective.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences: an array (n_samples, n_timesteps, n_features), where steps at the
            end that are NaN in all channels are padding; a list or 1-D object array of
            arrays (n_timesteps_i, n_features); :class:`~sklstm.Sequences`; or, for
            series of one channel, an array or data frame (n_samples, n_timesteps).
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Labels or numbers; ignored with ``objective="next_step"``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; None means ones.
        X_val : array, data frame, list or Sequences, default=None
            Validation sequences. With `early_stopping` they decide when to stop,
            otherwise their loss and score are only recorded.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Targets of the validation sequences.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation sequences.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If the data or a parameter are not valid. The transformer stays as it was.
        TrainingDivergedError
            If the loss or a gradient is not finite (a ValueError, and a
            FloatingPointError). The transformer keeps the last good weights.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: SequencesLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a piece of the data.

        Goes on from the previous call of `fit` or `partial_fit`.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Labels or numbers; ignored with ``objective="next_step"``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; None means ones.
        classes : array-like of shape (n_classes,), default=None
            With ``objective="classification"``, all labels that may ever come; None
            takes those of the first call.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If the data are not valid; the transformer stays as it was.
        """
        return self._partial_fit(X, y, sample_weight, classes)

    def transform(self, X: SequencesLike) -> Array:
        """Turn sequences into vectors of hidden states.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            One row for each sequence, of the network's `dtype`, or a data frame after
            `set_output`: the hidden units of the top layer, or the numbers that
            they are projected to, of both directions side by side. With
            ``output="sequence"`` the states of all steps in the layout of X: a 3-D
            array, a 1-D object array of 2-D arrays, or `Sequences`.
        """
        network = self._fitted_network()
        check_values(self, "output")
        sequences, layout = validate_sequences(
            self, X, reset=False, dtype=network.dtype, return_layout=True
        )
        features = self._run(sequences, "features", output=self.output)
        if self.output == "sequence":
            states = Sequences.trusted(features, sequences.lengths, sequences.offsets)
            features = restore_layout(states, layout)
        return self._as_configured(features, X)

    @property
    def _stream_pooling(self):
        return "last" if self.output == "sequence" else self.output

    def _of_stream(self, outputs):
        return outputs

    @property
    def _n_features_out(self):
        return self._fitted_network().n_features_out

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.objective != "next_step"
        tags.transformer_tags.preserves_dtype = [self.dtype]
        return tags
