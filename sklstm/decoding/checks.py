"""What is checked before a kernel is called, which checks nothing itself."""

from numbers import Integral, Real

import numpy as np

__all__ = ["check_codes", "check_count", "check_number", "check_rows"]


def check_count(value, name, least=1):
    """Return a count as an int.

    Parameters
    ----------
    value : int
    name : str
        How errors call it.
    least : int, default=1

    Returns
    -------
    count : int

    Raises
    ------
    TypeError
        If it is not an int.
    ValueError
        If it is less than `least`.
    """
    if not isinstance(value, Integral) or isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be an int of at least {least}, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def check_number(value, name, *, least=0.0, largest=np.inf):
    """Return a finite number between two bounds, as a float.

    Parameters
    ----------
    value : float
    name : str
        How errors call it.
    least, largest : float
        Both are allowed, infinity is not.

    Returns
    -------
    number : float
    """
    if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (least <= value <= largest and np.isfinite(value)):
        upwards = (
            f"of at least {least:g}"
            if largest == np.inf
            else (f"from {least:g} to {largest:g}")
        )
        raise ValueError(f"{name} must be a finite number {upwards}, got {value!r}")
    return float(value)


def check_rows(values, name):
    """Return rows of floats whose numbers lie side by side.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_classes)
        Kept as it is if it is a float32 or float64 array with contiguous rows.
    name : str
        How errors call it.

    Returns
    -------
    rows : ndarray of shape (n_rows, n_classes), float32 or float64
    """
    rows = np.asarray(values)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(
            f"{name} has shape {rows.shape}: expected a row for each step, and a"
            " column for each class"
        )
    if rows.dtype.kind not in "fiub":
        raise TypeError(f"{name} has dtype {rows.dtype}: expected numbers")
    if rows.dtype not in (np.float32, np.float64):
        rows = rows.astype(np.float64)
    if rows.strides[1] != rows.itemsize or rows.strides[0] % rows.itemsize:
        rows = np.ascontiguousarray(rows)
    return rows


def check_codes(codes, name, expected="integer codes"):
    """Return integers in one dimension, such as the codes of one sample.

    Parameters
    ----------
    codes : array-like of int of shape (n,)
    name : str
        How errors call them, such as ``labels[3]``.
    expected : str
        What errors say they should be.

    Returns
    -------
    codes : ndarray of intp of shape (n,)
    """
    array = np.asarray(codes)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(
            f"{name} is {codes!r}: expected {expected}, in a list or a 1-D array"
        )
    return array.astype(np.intp, copy=False)
