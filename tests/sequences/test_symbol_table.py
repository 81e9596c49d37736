"""Symbols and the integers that stand for them."""

import pickle

from numpy.testing import assert_array_equal

from sklstm.sequences.symbol_table import SymbolTable


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


def test_a_table_knows_what_its_symbols_were():
    words = SymbolTable([["to", "a"], ["a"]], min_count=2)  # "to" is unknown
    assert not words.reads_strings
    assert "a" in words
    assert "to" not in words
    assert SymbolTable([["t", "a"]]).reads_strings
    assert SymbolTable(["ta"]).are_characters
    assert not SymbolTable([[1, 2]]).has_floats
    assert SymbolTable([[1, 2.5]], min_count=2).has_floats
