"""`Sequences`: many sequences of different lengths in one array.

The steps of all sequences lie end to end in the rows of ``values``; ``lengths`` says
where one ends and the next begins. One array goes to a worker process as one block
(or as a memory map), where thousands of small arrays would be pickled one by one.
"""

import operator
from collections.abc import Iterable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from .._typing import Array, ArrayLike
from .stacking import NUMERIC_KINDS, stack_arrays


class Sequences:
    """Sequences of any lengths, end to end in one array.

    Every estimator of the library takes it as `X`, and scikit-learn's splitters,
    searches and pipelines index it like an array of sequences. It is meant to be
    read: `offsets` is computed from `lengths` once, and writing into `values` writes
    into the array that was passed in.

    Parameters
    ----------
    values : array of shape (n_total_timesteps, n_features)
        The steps of all sequences, one sequence after the other. Kept as it is, not
        copied, if it is C-contiguous; it may be read-only or a memory map.
    lengths : array-like of int of shape (n_samples,)
        Number of steps of each sequence; they add up to ``n_total_timesteps``.
        A length of 0 is allowed here (estimators refuse it).
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the columns of `values`. Estimators remember them as
        ``feature_names_in_``.

    Attributes
    ----------
    values : ndarray of shape (n_total_timesteps, n_features)
        The steps of all sequences.
    lengths : ndarray of shape (n_samples,)
        Number of steps of each sequence.
    offsets : ndarray of shape (n_samples + 1,)
        Sequence ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
    feature_names : ndarray of shape (n_features,) or None
        Names of the features.

    See Also
    --------
    from_long_frame : Sequences from a data frame with id and time columns.
    from_panel : Sequences from arrays with the time axis last.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sequences import Sequences
    >>> steps = np.arange(10.0).reshape(5, 2)
    >>> X = Sequences(steps, lengths=[3, 2])
    >>> X
    Sequences(2 sequences of 2 to 3 time steps, 2 features, float64)
    >>> X[1]
    array([[6., 7.],
           [8., 9.]])
    >>> X[[1]]
    Sequences(1 sequence of 2 time steps, 2 features, float64)
    """

    __slots__ = ("feature_names", "lengths", "offsets", "values")

    def __init__(
        self,
        values: ArrayLike,
        lengths: ArrayLike,
        *,
        feature_names: ArrayLike | None = None,
    ) -> None:
        values = np.asarray(values)
        if values.ndim != 2:
            raise ValueError(
                "values must be 2-D, (n_total_timesteps, n_features): the steps of all "
                f"sequences end to end. Got shape {values.shape}. For a 3-D array use "
                "Sequences.from_array, for a list of arrays Sequences.from_list."
            )
        if values.dtype.kind not in NUMERIC_KINDS:
            raise TypeError(
                f"Sequences hold real numbers, got values of dtype {values.dtype}."
            )
        self.values = np.ascontiguousarray(values)
        self.lengths = _checked_lengths(lengths, len(values))
        self.offsets = offsets_of(self.lengths)
        self.feature_names = _checked_names(feature_names, values.shape[1])

    @classmethod
    def from_array(
        cls, X: ArrayLike, *, feature_names: ArrayLike | None = None
    ) -> Self:
        """Make sequences of equal length of a 3-D array, without copying.

        Parameters
        ----------
        X : array of shape (n_samples, n_timesteps, n_features)
            Copied only if it is not C-contiguous. NaN is kept: it does not mean
            padding here.
        feature_names : array-like of str of shape (n_features,), default=None
            Names of the features.

        Returns
        -------
        sequences : Sequences

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm.sequences import Sequences
        >>> Sequences.from_array(np.zeros((5, 20, 3)))
        Sequences(5 sequences of 20 time steps, 3 features, float64)
        """
        X = np.asarray(X)
        if X.ndim != 3:
            raise ValueError(
                "X must be 3-D, (n_samples, n_timesteps, n_features), got shape "
                f"{X.shape}."
            )
        if X.dtype.kind not in NUMERIC_KINDS:
            raise TypeError(f"Sequences hold real numbers, got dtype {X.dtype}.")
        n_samples, n_timesteps, n_features = X.shape
        # No -1 for the rows: it is ambiguous when an axis has length 0.
        values = X.reshape(n_samples * n_timesteps, n_features)
        lengths = np.empty(n_samples, dtype=np.intp)
        lengths.fill(n_timesteps)
        offsets = np.arange(n_samples + 1, dtype=np.intp) * n_timesteps
        names = _checked_names(feature_names, n_features)
        return cls.trusted(np.ascontiguousarray(values), lengths, offsets, names)

    @classmethod
    def from_list(
        cls,
        arrays: Iterable[ArrayLike],
        *,
        dtype: DTypeLike | tuple[DTypeLike, ...] | None = None,
        feature_names: ArrayLike | None = None,
    ) -> Self:
        """Put the arrays of a list end to end.

        Parameters
        ----------
        arrays : sequence of arrays of shape (n_timesteps_i, n_features)
            One array a sequence. A 1-D array is a sequence of one feature.
        dtype : dtype or tuple of dtypes, default=None
            The dtype of the result, converted while copying. Of a tuple, the common
            dtype of the arrays is kept if it is in it, and the first is taken if it
            is not. None keeps the common dtype.
        feature_names : array-like of str of shape (n_features,), default=None
            Names of the features.

        Returns
        -------
        sequences : Sequences

        Raises
        ------
        ValueError
            If there is no array, or one has another number of features than the
            first, or holds something else than real numbers. The message names it.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm.sequences import Sequences
        >>> Sequences.from_list([np.zeros((7, 2)), np.zeros((4, 2))])
        Sequences(2 sequences of 4 to 7 time steps, 2 features, float64)
        """
        values, lengths = stack_arrays(arrays, dtype)
        names = _checked_names(feature_names, values.shape[1])
        return cls.trusted(values, lengths, offsets_of(lengths), names)

    @classmethod
    def trusted(
        cls,
        values: Array,
        lengths: Array,
        offsets: Array,
        feature_names: Array | None = None,
    ) -> Self:
        """Build without checks, for callers inside the library that made the parts."""
        self = object.__new__(cls)
        self.values = values
        self.lengths = lengths
        self.offsets = offsets
        self.feature_names = feature_names
        return self

    @property
    def n_features(self) -> int:
        """Number of features (channels) of every step."""
        return self.values.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.values.dtype

    @property
    def shape(self) -> tuple[int]:
        """``(n_samples,)``: scikit-learn indexes what has a shape as a whole."""
        return (len(self.lengths),)

    @property
    def ndim(self) -> int:
        """1: an array of sequences."""
        return 1

    def astype(self, dtype: DTypeLike) -> "Sequences":
        """Return sequences of another dtype; the same object if it is theirs.

        Parameters
        ----------
        dtype : dtype
            The wanted dtype.

        Returns
        -------
        sequences : Sequences
        """
        if self.values.dtype == dtype:
            return self
        with np.errstate(over="ignore"):
            values = self.values.astype(dtype)
        return self.trusted(values, self.lengths, self.offsets, self.feature_names)

    def to_list(self) -> list[Array]:
        """Return a list of 2-D arrays ``(n_timesteps_i, n_features)``, as views.

        Returns
        -------
        arrays : list of ndarray
        """
        return list(self)

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[Array]:
        bounds = self.offsets.tolist()
        for start, stop in zip(bounds, bounds[1:], strict=False):
            yield self.values[start:stop]

    def __getitem__(self, key: Any) -> Any:
        # scikit-learn indexes whatever has a shape with array[key, ...].
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return self._between(start, max(start, stop))
            return self._gather(np.arange(start, stop, step, dtype=np.intp))
        try:
            i = operator.index(key)
        except TypeError:
            return self._gather(_checked_index(key, len(self)))
        if not -len(self) <= i < len(self):
            raise IndexError(f"there is no sequence {i} among {len(self)}")
        i %= len(self)
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def _between(self, start, stop):
        """Sequences start..stop-1, whose values are a view."""
        offsets = self.offsets[start : stop + 1]
        values = self.values[offsets[0] : offsets[-1]]
        lengths = self.lengths[start:stop]
        return self.trusted(values, lengths, offsets - offsets[0], self.feature_names)

    def _gather(self, index):
        """Sequences in the order of an index array."""
        if len(index) == 0:
            return self._between(0, 0)
        if np.all(np.diff(index) == 1):  # the test part of a fold: no copy
            return self._between(index[0], index[-1] + 1)
        lengths = self.lengths[index]
        offsets = offsets_of(lengths)
        # Row r of the result belongs to the k-th chosen sequence and lies
        # r - offsets[k] rows after the beginning of that sequence.
        rows = np.repeat(self.offsets[index] - offsets[:-1], lengths)
        rows += np.arange(offsets[-1])
        return self.trusted(self.values[rows], lengths, offsets, self.feature_names)

    def __array__(self, dtype=None, copy=None):
        if dtype is not None and np.dtype(dtype) != object:
            raise ValueError(
                "Sequences have no rectangular form, so they cannot become one array "
                "of numbers. A 2-D scikit-learn transformer works on them inside "
                "TimestepTransformer; Sequences.values holds all steps end to end; "
                "sklstm.sequences.to_panel pads them with NaN."
            )
        if copy is False:
            raise ValueError("an array of sequences cannot be made without copying")
        return as_object_array(self)

    # In plain values, which skops can store too; checked again when they are read.

    def __getstate__(self):
        return {
            "values": self.values,
            "lengths": self.lengths,
            "feature_names": self.feature_names,
        }

    def __setstate__(self, state):
        self.__init__(**state)

    def __repr__(self):
        n_samples = len(self)
        what = f"{n_samples} sequence{'' if n_samples == 1 else 's'}"
        if n_samples:
            shortest, longest = self.lengths.min(), self.lengths.max()
            span = longest if shortest == longest else f"{shortest} to {longest}"
            what += f" of {span} time step{'' if span == 1 else 's'}"
        features = f"{self.n_features} feature{'' if self.n_features == 1 else 's'}"
        return f"Sequences({what}, {features}, {self.dtype})"


def offsets_of(lengths):
    """Where each sequence begins, and where the last one ends: (n_samples + 1,)."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.intp)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def as_object_array(arrays):
    """A 1-D object array of the arrays, also when they are all of one shape."""
    result = np.empty(len(arrays), dtype=object)
    for i, array in enumerate(arrays):
        result[i] = array
    return result


def _checked_lengths(lengths, n_total):
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or (lengths.size and lengths.dtype.kind not in "iu"):
        raise ValueError(
            "lengths must be a 1-D array of integers, the number of steps of each "
            f"sequence; got shape {lengths.shape}, dtype {lengths.dtype}."
        )
    lengths = lengths.astype(np.intp)
    if lengths.size and lengths.min() < 0:
        bad = int(np.flatnonzero(lengths < 0)[0])
        raise ValueError(f"lengths[{bad}] is {lengths[bad]}, it cannot be negative.")
    if lengths.sum() != n_total:
        raise ValueError(
            f"lengths add up to {lengths.sum()} steps, but values has {n_total} rows. "
            "(Offsets instead of lengths? Then pass numpy.diff(offsets).)"
        )
    return lengths


def _checked_names(names, n_features):
    if names is None:
        return None
    names = np.asarray(names, dtype=object)
    if names.shape != (n_features,):
        raise ValueError(
            f"feature_names has shape {names.shape}, expected ({n_features},): one "
            "name a column of values."
        )
    if not all(isinstance(name, str) for name in names):
        raise TypeError("feature_names must be strings.")
    return names


def _checked_index(key, n_samples):
    """An array of row numbers from an integer or boolean array-like."""
    index = np.asarray(key)
    if index.ndim != 1 or (index.size and index.dtype.kind not in "biu"):
        raise IndexError(
            "Sequences are indexed by an integer, a slice, or a 1-D array of integers "
            f"or booleans; got {key!r}."
        )
    if index.dtype == bool:
        if len(index) != n_samples:
            raise IndexError(
                f"a boolean index of {len(index)} entries for {n_samples} sequences"
            )
        return np.flatnonzero(index)
    index = index.astype(np.intp)
    if index.size and not (-n_samples <= index.min() and index.max() < n_samples):
        outside = index[(index < -n_samples) | (index >= n_samples)][0]
        raise IndexError(f"there is no sequence {outside} among {n_samples}")
    return np.where(index < 0, index + n_samples, index)
