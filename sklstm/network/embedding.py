"""Symbols -> rows: a table with one row a symbol."""

import numpy as np

from .memory import round_up

__all__ = ["Embedding", "sum_rows"]


class Embedding:
    """One row of learned numbers for every symbol.

    Parameters
    ----------
    n_symbols, size : int
    dtype : {float32, float64}
    kernels : module
    """

    def __init__(self, n_symbols, size, dtype, kernels):
        self.size = size
        self.dtype = np.dtype(dtype)
        self.stride = round_up(size, kernels.lanes())
        self.parameter_shapes = {"table": (n_symbols, size)}

    def forward(self, codes, parameters, workspace):
        """The rows of some symbols, of shape (n_rows, size)."""
        rows = workspace.take("embedded", (len(codes), self.size))
        return np.take(parameters["table"], codes, axis=0, out=rows)

    def d_rows(self, n_rows, workspace):
        """Where the gradient of the rows goes."""
        return workspace.take("d_embedded", (n_rows, self.stride))

    def backward(self, codes, d_rows, gradients, *, accumulate=False):
        """Add up the rows of every symbol in the order they stand in."""
        gradient = gradients["table"]
        if not accumulate:
            gradient[:] = 0
        rows, sums = self.sums_of_rows(codes, d_rows)
        gradient[rows] += sums

    def sums_of_rows(self, codes, d_rows):
        """Symbols that occur, ascending, and the sum of the rows of each."""
        return sum_rows(codes, d_rows[:, : self.size])


def sum_rows(codes, rows):
    """Add up the rows of every code that occurs, in the order they stand in.

    Parameters
    ----------
    codes : ndarray of intp of shape (n_rows,)
    rows : ndarray of shape (n_rows, width)

    Returns
    -------
    distinct : ndarray of intp of shape (n_distinct,)
        Ascending.
    sums : ndarray of shape (n_distinct, width)
    """
    if len(codes) == 0:
        return codes, rows
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    is_first = np.empty(len(ordered), dtype=bool)
    is_first[0], is_first[1:] = True, ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(is_first)
    return ordered[starts], np.add.reduceat(rows[order], starts, axis=0)
