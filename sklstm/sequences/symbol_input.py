"""Sequences of symbols as users have them: told from vectors, checked, made a list."""

import narwhals.stable.v2 as nw
import numpy as np

from .layouts import is_frame
from .symbol_table import is_character

__all__ = ["is_symbols", "read_sequence", "read_symbols", "unwrapped"]

# Hashable, and never NaN.
_PLAIN = frozenset({str, int, bool, type(None)})
_FLOATS = (float, complex, np.inexact)

# What has a length, and no order of samples.
_NO_LISTS = (str, dict, set, frozenset)


def is_symbols(X):
    """Whether data are sequences of symbols, not of vectors.

    Strings are, and lists and 1-D arrays of what is no float. One string among the
    symbols settles it; without one, a float anywhere means series of one channel.

    Parameters
    ----------
    X : array, data frame, list or Sequences

    Returns
    -------
    answer : bool
        True for single strings and for data frames of text, too, which `read_symbols`
        refuses.
    """
    if isinstance(X, str):
        return True
    if is_frame(X):
        return bool(_columns_of_text(X))
    X = unwrapped(X)
    if not isinstance(X, list | tuple | np.ndarray) or _is_scalar_array(X):
        return False
    if isinstance(X, np.ndarray) and X.dtype != object:
        return X.dtype.kind in "US"
    kinds = set()
    for sequence in map(unwrapped, X):
        if isinstance(sequence, str):
            return True
        if sequence is None or isinstance(sequence, float):  # a missing sample
            kinds.add(type(sequence))
        elif not isinstance(sequence, list | tuple | np.ndarray):
            return False
        else:
            kinds |= _kinds_of(sequence)
    if any(issubclass(kind, str | bytes) for kind in kinds):
        return True
    return len(X) > 0 and not any(
        issubclass(kind, (*_FLOATS, list, np.ndarray)) for kind in kinds
    )


def read_symbols(X, name, table=None):
    """Check sequences of symbols.

    Parameters
    ----------
    X : list, 1-D object array, column of a data frame, ...
        Of strings, lists or 1-D arrays.
    name : str
        What the user calls it.
    table : SymbolTable, default=None
        What was learned before; symbols of another kind are errors then, not unknown.

    Returns
    -------
    sequences : list of str, list or tuple

    Raises
    ------
    ValueError
        If they are no sequences of symbols. The message names the sample and the step.
    """
    if is_frame(X):
        raise ValueError(_not_a_frame(X, name))
    X = unwrapped(X)
    if not hasattr(X, "__len__") or isinstance(X, _NO_LISTS) or _is_scalar_array(X):
        what = "a string" if isinstance(X, str) else f"of type {type(X).__name__}"
        raise ValueError(
            f"{name} is {what}: expected many sequences of symbols. Please pass a list "
            f"of them, [{name}] for a single one."
        )
    if len(X) == 0:
        raise ValueError(f"{name} is empty: expected sequences of symbols.")
    sequences = [
        read_sequence(sequence, f"{name}[{sample}]", table)
        for sample, sequence in enumerate(X)
    ]
    if table is None:
        _check_not_mixed(sequences, name)
    return sequences


def read_sequence(sequence, name, table=None):
    """Check one sequence of symbols; see `read_symbols`.

    Parameters
    ----------
    sequence : str, list, tuple, 1-D array or column of a data frame
    name : str
        What the user calls it.
    table : SymbolTable, default=None
        What was learned before.

    Returns
    -------
    sequence : str, list or tuple
    """
    sequence = unwrapped(sequence)
    if isinstance(sequence, np.ndarray) and sequence.ndim == 1:
        sequence = sequence.tolist()
    if isinstance(sequence, str):
        if table is not None and not table.reads_strings and len(sequence) > 1:
            raise ValueError(
                f"{name} is a string, but the model was fitted on lists of symbols: "
                f"{_split(name)}."
            )
        return sequence
    if not isinstance(sequence, list | tuple):
        raise ValueError(
            f"{name} is {_described(sequence)}: expected a sequence of symbols, a list "
            "or 1-D array of them or a string of characters."
        )
    only_characters = table is not None and table.joins and table.are_characters
    if only_characters or not _PLAIN.issuperset(map(type, sequence)):
        for step, symbol in enumerate(sequence):
            _check_symbol(symbol, f"{name}[{step}]", table)
            if only_characters and not is_character(symbol):
                raise ValueError(
                    f"{name}[{step}] is {symbol!r}, but the model was fitted on "
                    "strings, whose symbols are single characters: pass "
                    f"{name} as a string."
                )
    return sequence


def unwrapped(X):
    """Return the array in a column of a data frame; anything else as it is."""
    if isinstance(X, str | list | tuple | np.ndarray) or not hasattr(X, "to_numpy"):
        return X
    return X if is_frame(X) or np.ndim(X) != 1 else X.to_numpy()


def _check_symbol(symbol, name, table):
    try:
        hash(symbol)
    except TypeError:
        raise ValueError(
            f"{name} is {symbol!r}: a symbol must be hashable, such as a string, a "
            "number or a tuple."
        ) from None
    if not isinstance(symbol, _FLOATS):
        return
    if symbol != symbol:
        raise ValueError(
            f"{name} is NaN, a missing value, which is no symbol: leave the step out, "
            "or put a symbol of your own in its place."
        )
    if table is not None and not table.has_floats and symbol not in table:
        raise ValueError(
            f"{name} is the number {symbol}, but the model was fitted on symbols, such "
            f"as {table.symbols[:3]}, none of which is a float: pass symbols like "
            "those."
        )


def _check_not_mixed(sequences, name):
    """Raise if some are strings, and others lists of what is in no string."""
    strings = [k for k, one in enumerate(sequences) if isinstance(one, str)]
    text = next((k for k in strings if len(sequences[k]) > 1), None)
    if text is None or len(strings) == len(sequences):
        return
    for sample, sequence in enumerate(sequences):
        if not all(map(is_character, sequence)):
            raise ValueError(
                f"{name}[{text}] is a string, a sequence of characters, but "
                f"{name}[{sample}] is a list of other symbols: "
                f"{_split(f'{name}[{text}]')}."
            )


def _split(name):
    return f"split it, for example {name}.split(), or list({name}) for its characters"


def _kinds_of(sequence):
    """Types of the symbols; that of arrays if it is one of more dimensions."""
    if not isinstance(sequence, np.ndarray):
        return set(map(type, sequence))
    if sequence.ndim != 1:
        return {np.ndarray}
    if sequence.dtype != object:
        return {sequence.dtype.type}
    return set(map(type, sequence))


def _is_scalar_array(X):
    return isinstance(X, np.ndarray) and X.ndim == 0


def _described(thing):
    if isinstance(thing, np.ndarray):
        return f"an array of shape {thing.shape}"
    return f"a {type(thing).__name__}" if np.ndim(thing) else repr(thing)


def _not_a_frame(frame, name):
    columns = list(nw.from_native(frame, eager_only=True).columns)
    advice = f"pass the column that holds them: {name}[column]"
    if columns:
        column = (_columns_of_text(frame) or columns)[0]
        advice = f"pass the column that holds them: {name}[{column!r}]"
    if len(columns) > 1:
        advice += f", or {name}.to_numpy() if its rows are the sequences"
    return f"{name} is a data frame: expected sequences of symbols. Please {advice}."


def _columns_of_text(frame):
    """Columns that hold strings, or sequences."""
    frame = nw.from_native(frame, eager_only=True)
    return [
        name
        for name, dtype in frame.schema.items()
        if not dtype.is_numeric() and _holds_text(frame[name])
    ]


def _holds_text(column):
    return any(
        isinstance(value, str | list | tuple | np.ndarray) for value in column.to_list()
    )
