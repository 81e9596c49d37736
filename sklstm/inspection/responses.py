"""What is explained: one number that a fitted network says about each sequence.

A response picks a row of the network's outputs for each sequence (its only one, or that
of a step), makes a number of it by a link, and knows the derivative. Which response an
estimator has depends on its task.
"""

from numbers import Integral

import numpy as np

from ..estimators.classifier import LSTMClassifier
from ..estimators.forecaster import LSTMForecaster
from ..estimators.language_model import LSTMLanguageModel
from ..estimators.regressor import LSTMRegressor
from ..estimators.tagger import LSTMTagger
from ..estimators.transcriber import LSTMTranscriber
from ..estimators.transformer import SequenceTransformer
from .links import ClassLink, FeatureLink, LabelLink, NumberLink
from .paths import LabelOfPath, SpelledLabels
from .reading import rows_of_step
from .targets import check_method, codes_of_labels, columns_of

__all__ = ["Response", "make_response"]


class Response:
    """A number made of one row of outputs of each sequence.

    Parameters
    ----------
    link : LabelLink, ClassLink, NumberLink or FeatureLink
        From a row to the number.
    step : int or None, default=None
        Which step's row, counted from the end if negative; None where a sequence has
        one row.
    pooling : {"outputs", "last", "mean", "max"} or None, default="outputs"
        What the rows are, see `RecurrentNetwork.input_gradients`.
    """

    def __init__(self, link, step=None, pooling="outputs"):
        self.link, self.step, self.pooling = link, step, pooling

    def value_and_derivative(self, outputs, batch):
        """The number of each sequence, and its gradient at the outputs.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples or n_rows, n_outputs)
        batch : PackedBatch

        Returns
        -------
        values : ndarray of shape (n_samples,), float64
            In batch order.
        d_outputs : ndarray of the shape and dtype of the outputs
        """
        rows = np.arange(batch.n_samples)
        if self.step is not None:
            rows = rows_of_step(batch, self.step)
        picked = outputs[rows].astype(np.float64)
        values, derivatives = self.link.value_and_derivative(picked, batch.index)
        d_outputs = np.zeros(outputs.shape, outputs.dtype)
        d_outputs[rows] = derivatives
        return values, d_outputs


def make_response(estimator, X, sequences, *, target, response_method, step):
    """The response of a fitted estimator of this library.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    X : array, data frame, list or Sequences
    sequences : Sequences
        The same, read.
    target, response_method, step
        See `input_gradients`.

    Returns
    -------
    response : Response or the like

    Raises
    ------
    TypeError
        If the estimator has no response.
    ValueError
        If an argument does not suit it.
    """
    for kind, make in _MAKERS.items():
        if isinstance(estimator, kind):
            return make(estimator, X, sequences, target, response_method, step)
    kinds = ", ".join(kind.__name__ for kind in _MAKERS)
    raise TypeError(
        f"{type(estimator).__name__} has no single number to explain: expected one of "
        f"{kinds}, or a pipeline that ends in one."
    )


def _of_classifier(estimator, X, sequences, target, response_method, step):
    _check_no_step(estimator, step)
    name, labels = type(estimator).__name__, estimator._task.labels
    method, n_samples = check_method(response_method, name), len(sequences)
    if labels.multilabel:
        columns = columns_of(target, labels.n_outputs, n_samples, "label")
        return Response(LabelLink(columns, np.ones(n_samples), method))
    if target is None:
        target = estimator.predict(X)
    codes = codes_of_labels(target, labels.classes.tolist(), n_samples)
    if labels.binary:
        columns = np.zeros(n_samples, dtype=np.intp)
        return Response(LabelLink(columns, 2.0 * codes - 1, method))
    return Response(ClassLink(codes, method))


def _of_regressor(estimator, X, sequences, target, response_method, step):
    _check_no_step(estimator, step)
    check_method(response_method, type(estimator).__name__, ())
    n_outputs = estimator.n_outputs_
    columns = columns_of(target, n_outputs, len(sequences), "output")
    return Response(NumberLink(estimator._task.loss, columns))


def _of_transformer(estimator, X, sequences, target, response_method, step):
    check_method(response_method, type(estimator).__name__, ())
    pooling, n_features = estimator.output, estimator._n_features_out
    columns = columns_of(target, n_features, len(sequences), "feature")
    if pooling == "sequence":
        step = checked_step(step, sequences)
        return Response(FeatureLink(columns), step, pooling=None)
    _check_no_step(estimator, step, "Fit with output='sequence', or set it.")
    return Response(FeatureLink(columns), pooling=pooling)


def _of_tagger(estimator, X, sequences, target, response_method, step):
    method = check_method(response_method, type(estimator).__name__)
    step = checked_step(step, sequences)
    if target is None:
        target = [labels[step] for labels in estimator.predict(X)]
    classes = estimator.classes_.tolist()
    codes = codes_of_labels(target, classes, len(sequences))
    if estimator._fitted_network().config.crf:
        return LabelOfPath(codes, method, step)
    return Response(ClassLink(codes, method), step)


def _of_language_model(estimator, X, sequences, target, response_method, step):
    method = check_method(response_method, type(estimator).__name__)
    step, task = checked_step(step, sequences), estimator._task
    if task.table is None:  # a one in each channel, or none
        columns = columns_of(target, estimator.n_outputs_, len(sequences), "channel")
        return Response(LabelLink(columns, np.ones(len(sequences)), method), step)
    if target is None:
        if step != -1:
            raise ValueError(
                f"target is missing: which symbol after step {step}? (None is the one "
                "predicted, after the last step.)"
            )
        target = estimator.predict(X)
    codes = codes_of_labels(target, estimator.symbols_, len(sequences))
    return Response(ClassLink(codes, method, task.n_reserved), step)


def _of_transcriber(estimator, X, sequences, target, response_method, step):
    name = type(estimator).__name__
    check_method(response_method, name, ("predict_log_proba",))
    _check_no_step(estimator, step, "What is explained is the whole transcript.")
    y = estimator.predict(X) if target is None else target
    return SpelledLabels(estimator._task.encode(y, sequences, name="target"))


def _of_forecaster(estimator, X, sequences, target, response_method, step):
    """On the scale that the network forecasts on; of quantiles the middle one."""
    name, task = type(estimator).__name__, estimator._task
    check_method(response_method, name, ())
    _check_no_step(estimator, step, "target=0 is the first step ahead.")
    horizon = estimator._reader.horizon
    ahead = columns_of(target, horizon, len(sequences), "step ahead")
    levels = np.array(getattr(task.of_horizon, "quantiles", [0.5]))
    middle = int(np.abs(levels - 0.5).argmin())
    if task.pooled:
        return Response(FeatureLink(ahead * len(levels) + middle))
    if len(set(ahead.tolist())) > 1:
        raise ValueError("target must be the same step ahead for all series.")
    columns = np.full(len(sequences), middle, dtype=np.intp)
    return Response(FeatureLink(columns), step=int(ahead[0]) - horizon)


_MAKERS = {
    LSTMClassifier: _of_classifier,
    LSTMForecaster: _of_forecaster,
    LSTMLanguageModel: _of_language_model,
    LSTMRegressor: _of_regressor,
    SequenceTransformer: _of_transformer,
    LSTMTagger: _of_tagger,
    LSTMTranscriber: _of_transcriber,
}


def checked_step(step, sequences):
    """The step, -1 by default, if every sequence has it."""
    if step is None:
        return -1
    if isinstance(step, bool) or not isinstance(step, Integral):
        raise TypeError(f"step must be an int or None, got {step!r}.")
    needed = step + 1 if step >= 0 else -step
    short = np.flatnonzero(np.asarray(sequences.lengths) < needed)
    if len(short):
        raise ValueError(
            f"step={step}, but sequence {short[0]} has {sequences.lengths[short[0]]} "
            "steps. Choose one that all have (-1 is the last), or leave it out."
        )
    return int(step)


def _check_no_step(estimator, step, advice="Leave step out."):
    if step is not None:
        raise ValueError(
            f"step={step} is given, but {type(estimator).__name__} says one thing a "
            f"sequence, not one a step. {advice}"
        )
