"""What a network learns: labels, numbers, or the next step of its own input.

A task knows the user's y and the loss: it checks and encodes y, names the number of
outputs, and turns outputs back into the user's terms. An estimator keeps the task of
its fit, so that later calls of ``partial_fit``, ``predict`` and validation agree with
it. All tasks have the same methods; the estimators' skeleton in ``base.py`` does not
know which one it runs.
"""

import numpy as np
from sklearn.utils import check_array, column_or_1d

from .._sklearn_compat import _check_sample_weight
from ..network import class_probabilities
from ..sequences import check_targets
from ..training import (
    REGRESSION_LOSSES,
    BinaryCrossEntropy,
    CrossEntropy,
    SquaredError,
)
from .labels import Labels, check_given


class Task:
    """Base of the tasks: one output a sequence, no weights but the user's.

    Parameters
    ----------
    estimator_name : str
        For error messages.

    Attributes
    ----------
    loss : Loss
        Set by `begin`.
    """

    pooled = True  # one output a sequence, not one a step
    causal = False  # whether a step's output must not know the steps after it

    def __init__(self, estimator_name):
        self._estimator_name = estimator_name

    def begin(self, y, sequences):
        """Settle what is learned from the first data; return y encoded."""
        raise NotImplementedError

    def encode(self, y, sequences, name="y"):
        """Return further targets, encoded as those of the first data."""
        raise NotImplementedError

    def paired(self, sequences, y):
        """Return sequences and targets as `train` takes them."""
        return sequences, y

    def weights(self, y, sample_weight, sequences, *, class_weight=None, name):
        """Return the weight of each sequence, or None if all are equal."""
        if sample_weight is None:
            return None
        return check_weights(sample_weight, sequences, name)

    def weighted(self, y, weights):
        """Return targets and weights as `train` takes them: one a sequence."""
        return y, weights

    def check_classes(self, classes):
        """Check the classes given to a later ``partial_fit``."""

    @property
    def fitted_attributes(self):
        """Attributes for the user."""
        return {}


class ClassificationTask(Task):
    """Learn one label a sequence, or any number of labels marked by column.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    classes : array-like or None, default=None
        All labels that may ever come; None takes those of the first y.
    incremental : bool, default=False
        Whether y is a piece of the data, so that `classes` must be given.
    """

    def __init__(self, estimator_name, classes=None, *, incremental=False):
        super().__init__(estimator_name)
        self._first_classes = classes
        self._incremental = incremental

    def begin(self, y, sequences):
        """Settle classes and loss; return y encoded."""
        self.labels, codes = Labels.from_targets(
            y,
            sequences,
            estimator_name=self._estimator_name,
            classes=self._first_classes,
            incremental=self._incremental,
        )
        several = not self.labels.multilabel and len(self.labels.classes) > 2
        loss = CrossEntropy if several else BinaryCrossEntropy
        self.loss = loss(self.labels.n_outputs)
        return codes

    def encode(self, y, sequences, name="y"):
        """Return further labels encoded."""
        return self.labels.encode(
            y, sequences, estimator_name=self._estimator_name, name=name
        )

    def weights(self, y, sample_weight, sequences, *, class_weight=None, name):
        """Return sample weights times class weights, or None if all are equal."""
        if sample_weight is None and class_weight is None:
            return None
        weights = check_weights(sample_weight, sequences, name)
        return self.labels.weights_of(y, class_weight, weights)

    def probabilities(self, outputs):
        """Return one probability a class, (n_samples, n_classes)."""
        # float64: a float32 cannot tell 1e-8 from 0 beside 1.
        if self.labels.multilabel:
            return self.loss.predict(outputs.astype(np.float64))
        return class_probabilities(outputs)

    def log_probabilities(self, outputs):
        """Return their logarithms, exact also where a probability rounds to 0 or 1."""
        logits = self._of_all_classes(outputs)
        # logaddexp computes element by element: no row depends on its companions.
        if isinstance(self.loss, CrossEntropy):
            return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return -np.logaddexp(0.0, -logits)

    def _of_all_classes(self, outputs):
        """Add the first class's log odds: of two, the network has the second's."""
        outputs = outputs.astype(np.float64)
        if not self.labels.binary:
            return outputs
        return np.concatenate([-outputs, outputs], axis=1)

    def check_classes(self, classes):
        """Raise if `classes` are not those of the first call."""
        known = self.labels.classes
        if not np.array_equal(np.unique(classes), known):
            raise ValueError(
                f"classes={np.asarray(classes).tolist()} are not those of the first "
                f"call, {known.tolist()}. They cannot change: fit anew."
            )

    @property
    def fitted_attributes(self):
        """Attributes for the user."""
        return {"classes_": self.labels.classes}


class RegressionTask(Task):
    """Learn one or several numbers a sequence.

    Parameters
    ----------
    estimator_name : str
        For error messages.
    loss : str
        A key of ``training.REGRESSION_LOSSES``.
    **loss_parameters
        For the loss.
    """

    def __init__(self, estimator_name, *, loss="squared_error", **loss_parameters):
        super().__init__(estimator_name)
        self._loss_name = loss
        self._loss_parameters = loss_parameters

    def begin(self, y, sequences):
        """Settle the number of outputs and the loss; return y as float64."""
        y = check_numbers(y, sequences, estimator_name=self._estimator_name)
        self.one_dimensional = y.ndim == 1
        n_outputs = 1 if self.one_dimensional else y.shape[1]
        self.loss = REGRESSION_LOSSES[self._loss_name](
            n_outputs, **self._loss_parameters
        )
        return y

    def encode(self, y, sequences, name="y"):
        """Return further targets, of the same number of outputs."""
        return check_numbers(
            y,
            sequences,
            estimator_name=self._estimator_name,
            n_outputs=self.loss.n_outputs,
            name=name,
        )


class NextStepTask(Task):
    """Learn to predict each step of a sequence from the steps before it."""

    pooled = False
    causal = True

    def begin(self, y, sequences):
        """Settle the loss; y is ignored, since a pipeline always passes it."""
        self.encode(y, sequences)
        self.loss = SquaredError(sequences.n_features)

    def encode(self, y, sequences, name="y"):
        """Check that there is a next step somewhere; y is ignored."""
        if sequences.lengths.max() < 2:
            raise ValueError(
                f"{self._estimator_name}(objective='next_step') learns to predict the "
                "next time step, but no sequence has more than one (2-D input with "
                "1 feature(s) is one step a sequence). Pass longer sequences, or "
                "choose objective='classification' or 'regression' and pass y."
            )


def check_weights(sample_weight, sequences, name="sample_weight"):
    """Return weights as float64, one a sequence.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,), float or None
        None gives ones.
    sequences : Sequences
        What they weight.
    name : str, default="sample_weight"
        The name the user knows it by.

    Returns
    -------
    weights : ndarray of shape (n_samples,), dtype float64

    Raises
    ------
    ValueError
        If a weight is no number, negative or not finite, or if all are zero.
    """
    if sample_weight is not None:
        sample_weight = _as_weights(sample_weight, len(sequences), name)
        if sample_weight.ndim == 1:
            check_targets(sequences, sample_weight, name)
    return _check_sample_weight(
        sample_weight,
        sequences.lengths,  # looked at for their number only
        dtype=np.float64,
        ensure_non_negative=True,
    )


def _as_weights(sample_weight, n_samples, name):
    """Weights as an array of numbers."""
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        weights = None
    if weights is None or weights.ndim > 1:
        given = repr(sample_weight) if weights is None else f"of shape {weights.shape}"
        given = given if len(given) <= 60 else given[:57] + "..."
        raise ValueError(
            f"{name} is {given}: expected one number for each of the {n_samples} "
            "sequences."
        )
    return weights


def check_numbers(y, sequences, *, estimator_name, n_outputs=None, name="y"):
    """Return regression targets as a finite float64 array.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The user's targets.
    sequences : Sequences
        What they belong to.
    estimator_name : str
        For error messages.
    n_outputs : int or None, default=None
        How many numbers a sequence must have; None accepts any.
    name : str, default="y"
        The name the user knows it by.

    Returns
    -------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs), dtype float64

    Raises
    ------
    ValueError
        If y is missing, of another length or width, or not finite.
    """
    check_given(y, estimator_name)
    y = check_array(
        y, ensure_2d=False, dtype=np.float64, input_name=name, estimator=estimator_name
    )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    check_targets(sequences, y, name)
    width = 1 if y.ndim == 1 else y.shape[1]
    if n_outputs is not None and width != n_outputs:
        raise ValueError(
            f"{name} has {width} numbers for each sequence (shape {y.shape}), expected "
            f"{n_outputs} as in the data the model was fitted on."
        )
    return y
