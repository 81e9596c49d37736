"""`LSTMClassifier`: a label, or several, for each sequence."""

from typing import Self

from sklearn.base import ClassifierMixin

from .._sklearn_compat import StrOptions, _fit_context, available_if
from .._typing import Array, ArrayLike, SequencesLike
from .parameters import parameter, recurrent_estimator, with_default
from .predictor import SequencePredictor, has_partial_fit
from .tasks import ClassificationTask


@recurrent_estimator
class LSTMClassifier(ClassifierMixin, SequencePredictor):
    """Recurrent network (LSTM, GRU or RNN) that classifies sequences.

    One or several recurrent layers read a sequence step by step; the hidden states of
    the top layer become one vector (`pooling`), and a linear head on it gives the
    probabilities: a softmax over the classes, or a logistic output for two classes and
    for each label of a multilabel target. Trained on the cross-entropy.

    Sequences may have different lengths; no padding is needed, and none is computed.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; for multilabel targets the column numbers.
    {attributes}

    See Also
    --------
    LSTMRegressor : Numbers instead of labels.
    SequenceTransformer : Sequences to vectors, for any scikit-learn model.

    Notes
    -----
    The loss is ``sum(w * l) / sum(w) + alpha / (2 * sum(w)) * ||W||**2`` over the
    sequences, w being the product of sample and class weight, W all weights but the
    biases.

    One `random_state` gives the same bits for any number of threads, and a sequence
    gets the same prediction alone, in a batch, padded or ragged.

    Channels should be of similar scale:
    ``TimestepTransformer(StandardScaler())`` scales them inside a pipeline.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> rng = np.random.RandomState(0)
    >>> X = [rng.normal(size=(rng.randint(5, 15), 2)) for _ in range(60)]
    >>> y = np.array(["up" if x[-3:, 0].sum() > 0 else "down" for x in X])
    >>> classifier = LSTMClassifier(hidden_layer_sizes=16, random_state=0).fit(X, y)
    >>> bool(classifier.score(X, y) > 0.9)
    True
    >>> classifier.predict_proba(X[:2]).shape
    (2, 2)
    """

    # Ahead of "last" and "mean" in cross-validation on the training parts of six sets:
    # mean accuracy 0.90 against 0.86 and 0.85.
    pooling: str = with_default(SequencePredictor, "pooling", default="max")

    class_weight: dict | list | str | None = parameter(
        default=None,
        constraints=[dict, list, StrOptions({"balanced"}), None],
        doc="""dict, list of dict, 'balanced' or None
        Weights of the classes, multiplied with the sample weights. 'balanced' makes
        all classes weigh the same. For multilabel targets a list with one dict of the
        form ``{0: weight, 1: weight}`` for each column.
        """,
    )

    def _new_task(self, classes=None, *, incremental=False):
        name = type(self).__name__
        return ClassificationTask(name, classes, incremental=incremental)

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: SequencesLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on a piece of the data.

        Goes on from the previous call of `fit` or `partial_fit`.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the sequences; None means ones.
        classes : array-like of shape (n_classes,), default=None
            All labels that may ever come. Needed in the first call, unless y is
            multilabel.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If y has a label that is not among the classes, or the data are not valid;
            the estimator stays as it was.
        """
        return self._partial_fit(X, y, sample_weight, classes)

    def predict(self, X: SequencesLike) -> Array:
        """Predict the label of each sequence.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels; for multilabel targets zeros and ones.
        """
        outputs = self._compute(X, "predict")
        return self._task.labels.decode(outputs)

    def predict_proba(self, X: SequencesLike) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`, in float64. For multilabel targets the
            probability of each label by itself.
        """
        outputs = self._compute(X, "predict")
        return self._task.probabilities(outputs)

    def predict_log_proba(self, X: SequencesLike) -> Array:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array, data frame, list or Sequences
            Sequences, as for `fit`, of any lengths.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            As `predict_proba`; finite also where a probability rounds to 0.
        """
        outputs = self._compute(X, "predict")
        return self._task.log_probabilities(outputs)

    def _of_stream(self, outputs):
        return self._task.probabilities(outputs)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
