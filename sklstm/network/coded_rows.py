"""Rows of which many are equal: codes, and the distinct rows they stand for."""

import numpy as np

__all__ = ["CodedRows", "distinct_codes"]


def distinct_codes(codes, n_codes):
    """The codes that occur, and the place of each row's code among them.

    Parameters
    ----------
    codes : ndarray of intp of shape (n_rows,)
    n_codes : int

    Returns
    -------
    distinct : ndarray of intp of shape (n_distinct,)
        Ascending.
    places : ndarray of intp of shape (n_rows,)
    """
    occurs = np.zeros(n_codes, dtype=bool)
    occurs[codes] = True
    distinct = np.flatnonzero(occurs)
    if len(distinct) == n_codes:
        return distinct, np.ascontiguousarray(codes)
    return distinct, (np.cumsum(occurs) - 1)[codes]


class CodedRows:
    """Packed rows ``rows[codes]``.

    Attributes
    ----------
    codes : ndarray of intp of shape (n_rows,)
    rows : ndarray of shape (n_distinct, width)
    gate_sums : ndarray or None
        Set by a layer's backward pass: gradients of the gates by code.
    """

    __slots__ = ("_groups", "codes", "gate_sums", "rows")

    def __init__(self, codes, rows):
        self.codes, self.rows = codes, rows
        self.gate_sums = self._groups = None

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, window):
        """The rows of a window; all distinct ones stay."""
        if window == slice(0, len(self.codes)):
            return self
        return CodedRows(np.ascontiguousarray(self.codes[window]), self.rows)

    def groups(self):
        """Sort rows by code.

        Returns
        -------
        order : ndarray of intp of shape (n_rows,)
            Rows by code, ascending within a code.
        starts : ndarray of intp of shape (n_distinct + 1,)
        """
        if self._groups is None:
            order = np.argsort(self.codes, kind="stable")
            starts = np.zeros(len(self.rows) + 1, dtype=np.intp)
            counts = np.bincount(self.codes, minlength=len(self.rows))
            np.cumsum(counts, out=starts[1:])
            self._groups = order, starts
        return self._groups
