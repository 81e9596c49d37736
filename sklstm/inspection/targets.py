"""The user's word for what is to be explained, as numbers of a network's outputs."""

from numbers import Integral

import numpy as np

__all__ = ["check_method", "codes_of_labels", "columns_of"]

METHODS = ("decision_function", "predict_proba", "predict_log_proba")


def check_method(response_method, who, allowed=METHODS):
    """Return the method in place of "auto", or say which there are.

    Parameters
    ----------
    response_method : str
    who : str
        Class name of the estimator.
    allowed : tuple of str
        What it has, the default first; empty if there is nothing to choose.

    Returns
    -------
    method : str or None
    """
    if response_method == "auto":
        return allowed[0] if allowed else None
    if response_method not in allowed:
        there_is = f"'auto' or one of {allowed}" if allowed else "'auto', its only one"
        raise ValueError(
            f"response_method={response_method!r}: for {who} it must be {there_is}."
        )
    return response_method


def codes_of_labels(target, classes, n_samples):
    """Return the position of the label of each sample among the classes.

    Parameters
    ----------
    target : label, or list or array of labels of shape (n_samples,)
    classes : list
    n_samples : int

    Returns
    -------
    codes : ndarray of intp of shape (n_samples,)

    Raises
    ------
    ValueError
        If a label is not among the classes, or there are too many or too few.
    """
    wanted = _each(target, n_samples)
    codes = {label: code for code, label in enumerate(classes)}
    try:
        return np.array([codes[label] for label in wanted], dtype=np.intp)
    except (KeyError, TypeError):
        unknown = next(label for label in wanted if label not in classes)
        raise ValueError(
            f"target={unknown!r} is not among the classes {list(classes)}."
        ) from None


def columns_of(target, n_columns, n_samples, what):
    """Return the column of each sample.

    Parameters
    ----------
    target : int, array-like of int of shape (n_samples,), or None
        None is the only one there is.
    n_columns, n_samples : int
    what : str
        What a column is, such as "output".

    Returns
    -------
    columns : ndarray of intp of shape (n_samples,)

    Raises
    ------
    ValueError
        If there are several and none is chosen, or one is out of range.
    """
    if target is None:
        if n_columns > 1:
            raise ValueError(
                f"target is missing: there are {n_columns} {what}s, choose one with "
                f"target=0 to target={n_columns - 1}."
            )
        target = 0
    columns = _each(target, n_samples)
    for column in columns:
        if isinstance(column, bool) or not isinstance(column, Integral):
            raise ValueError(f"target={column!r} is no number of a {what}.")
        if not 0 <= column < n_columns:
            raise ValueError(
                f"target={column} is out of range: there are {n_columns} {what}s, "
                f"numbered from 0 to {n_columns - 1}."
            )
    return np.array(columns, dtype=np.intp)


def _each(target, n_samples):
    """A list of one entry for each sample, of plain values."""
    if isinstance(target, np.ndarray):
        target = target.tolist()  # of no dimension: its value
    elif isinstance(target, np.generic):
        target = target.item()
    elif hasattr(target, "to_list") and hasattr(target, "shape"):  # a series
        target = target.to_list()
    if not isinstance(target, list):
        return [target] * n_samples
    if len(target) != n_samples:
        raise ValueError(
            f"target has {len(target)} entries: expected one, or one for each of the "
            f"{n_samples} sequences."
        )
    return [one.item() if isinstance(one, np.generic) else one for one in target]
