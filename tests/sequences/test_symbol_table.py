"""Symbols and the integers that stand for them."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklstm.sequences import Sequences
from sklstm.sequences.symbol_table import SymbolTable, check_symbols, is_symbols


def test_symbols_are_numbered_in_order_after_the_reserved_ones():
    table = SymbolTable([["b", "a"], ["c", "a"]], n_reserved=3)
    assert table.symbols == ["a", "b", "c"]
    assert len(table) == 6
    codes, lengths = table.encode([["c", "a", "a"], [], ["b"]])
    assert_array_equal(codes, [5, 3, 3, 4])
    assert_array_equal(lengths, [3, 0, 1])
    assert table.decode([4, 5]) == ["b", "c"]


def test_rare_and_new_symbols_are_unknown():
    table = SymbolTable(["aab", "ba", "c"], min_count=2)
    assert table.symbols == ["a", "b"]
    assert_array_equal(table.encode(["acz"])[0], [1, 0, 0])


def test_strings_come_back_as_strings_and_lists_as_lists():
    assert SymbolTable(["ab"]).decode([2, 1]) == "ba"
    assert SymbolTable([["a", "b"]]).decode([2, 1]) == ["b", "a"]


def test_symbols_that_cannot_be_sorted_keep_their_order():
    mixed = [[None, 3, "x"], [(1, 2), 3]]
    assert SymbolTable(mixed).symbols == [None, 3, "x", (1, 2)]


def test_a_table_survives_pickling():
    table = pickle.loads(pickle.dumps(SymbolTable(["ab"])))
    assert_array_equal(table.encode(["ba"])[0], [2, 1])


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (["ab", "c"], True),
        ([["word"], []], True),
        ([[], [1, 2]], True),
        ([(1, 2), (3,)], True),
        ([np.array([1, 2])], True),
        (np.array(["ab", "c"]), True),
        (np.array([["a"], ["b", "c"]], dtype=object), True),
        ([[0.5, 1.0]], False),
        ([np.zeros((3, 2))], False),
        ([np.array([0.5, 1.0])], False),
        (np.zeros((3, 2)), False),
        ([[[1.0, 2.0]]], False),
        (Sequences(np.zeros((3, 1)), [3]), False),
        ([], False),
    ],
)
def test_sequences_of_symbols_are_told_from_numbers(X, expected):
    assert is_symbols(X) is expected


def test_a_column_of_a_data_frame_holds_sequences():
    pandas = pytest.importorskip("pandas")
    assert is_symbols(pandas.Series(["ab", "c"]))
    assert is_symbols(pandas.Series([["a"], ["b", "c"]]))
    assert not is_symbols(pandas.Series([0.5, 1.0]))


def test_what_is_no_symbol_is_named():
    with pytest.raises(ValueError, match=r"y\[1\] is 5: expected a sequence"):
        check_symbols(["ab", 5], "y")
    with pytest.raises(ValueError, match=r"y\[0\]\[1\] is \{\}: a symbol must be"):
        check_symbols([["a", {}]], "y")
