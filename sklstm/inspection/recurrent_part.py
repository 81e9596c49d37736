"""The estimator of this library in a pipeline or a search, and what it reads."""

from numbers import Integral

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..estimators.base import RecurrentEstimator

__all__ = ["check_index", "recurrent_part"]


def recurrent_part(estimator, what, *inputs):
    """Find the fitted estimator in pipelines and searches, and transform its inputs.

    Parameters
    ----------
    estimator : estimator instance
        One of ours, a :class:`~sklearn.pipeline.Pipeline` that ends in one, or a
        search over such.
    what : str
        Who asks, for the error.
    *inputs : array, data frame, list or Sequences
        What goes into the pipeline.

    Returns
    -------
    estimator : estimator instance
    *inputs
        As they reach it.

    Raises
    ------
    TypeError
        If there is none of ours.
    NotFittedError
        If it is not fitted.
    """
    while True:
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline) and len(estimator) > 1:
            check_is_fitted(estimator)
            inputs = [estimator[:-1].transform(X) for X in inputs]
            estimator = estimator[-1]
        elif isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        else:
            break
    if not isinstance(estimator, RecurrentEstimator):
        raise TypeError(
            f"{what} looks into recurrent networks: expected an estimator of sklstm, "
            "or a pipeline that ends in one, or a fitted search over them, got "
            f"{type(estimator).__name__}."
        )
    check_is_fitted(estimator)
    return (estimator, *inputs) if inputs else estimator


def check_index(index, n_items, name, what):
    """Return an index that may count from the end, or say what there is.

    Parameters
    ----------
    index : int
    n_items : int
    name : str
        What the user calls the index.
    what : str
        What is counted, such as "layer(s)".
    """
    if isinstance(index, bool) or not isinstance(index, Integral):
        raise TypeError(f"{name} must be an int, got {index!r}.")
    if not -n_items <= index < n_items:
        raise ValueError(
            f"{name}={index} is out of range: there are {n_items} {what}, numbered "
            f"from 0 to {n_items - 1} (or from -1 backwards)."
        )
    return int(index) % n_items
