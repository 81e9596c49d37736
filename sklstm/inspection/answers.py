"""One number that any fitted estimator says about each sequence, from predictions."""

import numpy as np
from sklearn.base import is_classifier, is_regressor

from ..estimators.forecaster import LSTMForecaster
from .reading import Reading
from .recurrent_part import recurrent_part
from .responses import make_response
from .targets import check_method, codes_of_labels, columns_of

__all__ = ["make_answer"]


def make_answer(estimator, X, *, target, response_method, step):
    """What to ask an estimator for.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    X : array, data frame, list or Sequences
        For which the target is settled, if it is None.
    target, response_method, step
        See `input_gradients`.

    Returns
    -------
    answer : callable
        From sequences like `X` to an ndarray of shape (n_samples,).

    Raises
    ------
    TypeError
        If it is neither a classifier, nor a regressor, nor one of ours.
    """
    if _is_ours(estimator):
        return _of_recurrent(estimator, X, target, response_method, step)
    if step is not None:
        raise ValueError(
            f"step={step} is given, but {type(estimator).__name__} says one thing a "
            "sequence. Leave it out."
        )
    if is_classifier(estimator):
        return _of_classifier(estimator, X, target, response_method)
    if is_regressor(estimator):
        return _of_regressor(estimator, X, target, response_method)
    raise TypeError(
        f"{type(estimator).__name__} is neither a classifier nor a regressor, nor a "
        "pipeline that ends in one: there is no output to explain."
    )


def _is_ours(estimator):
    try:
        recurrent_part(estimator, "occlusion")
    except TypeError:
        return False
    return True


def _of_recurrent(estimator, X, target, response_method, step):
    ours, X = recurrent_part(estimator, "occlusion", X)
    if isinstance(ours, LSTMForecaster):
        raise TypeError(
            "LSTMForecaster reads windows at the ends of series, whose steps are "
            "relative to others: none can be hidden by itself. integrated_gradients "
            "explains its forecasts."
        )
    reading = Reading(ours, X)
    if reading.is_symbolic:
        raise TypeError(
            f"{type(ours).__name__} was fitted on symbols, which have no mean to be "
            "replaced with: use integrated_gradients, or input_gradients with "
            "multiply_by_inputs=True, which explain by their embeddings."
        )
    response = make_response(
        ours, X, reading.steps, target=target, response_method=response_method,
        step=step,
    )  # fmt: skip

    def answer(X):
        reading = Reading(*recurrent_part(estimator, "occlusion", X))
        return reading.values(response)

    return answer


def _of_classifier(estimator, X, target, response_method):
    there_is = [
        method
        for method in ("predict_proba", "decision_function", "predict_log_proba")
        if hasattr(estimator, method)
    ]
    method = check_method(response_method, type(estimator).__name__, tuple(there_is))
    if method is None:
        raise TypeError(
            f"{type(estimator).__name__} predicts labels and no number of them: there "
            "is nothing that could fall gradually."
        )
    labels = estimator.predict(X) if target is None else target
    codes = codes_of_labels(labels, np.asarray(estimator.classes_).tolist(), len(X))

    def answer(X):
        numbers = np.asarray(getattr(estimator, method)(X), dtype=np.float64)
        if numbers.ndim == 1:  # of the second of two classes
            return np.where(codes == 1, numbers, -numbers)
        return numbers[np.arange(len(codes)), codes]

    return answer


def _of_regressor(estimator, X, target, response_method):
    check_method(response_method, type(estimator).__name__, ())
    predicted = np.asarray(estimator.predict(X))
    n_columns = 1 if predicted.ndim == 1 else predicted.shape[1]
    columns = columns_of(target, n_columns, len(predicted), "output")

    def answer(X):
        numbers = np.asarray(estimator.predict(X), dtype=np.float64)
        return numbers.reshape(len(columns), -1)[np.arange(len(columns)), columns]

    return answer
