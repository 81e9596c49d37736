"""Sequences of symbols as users have them: told from vectors, checked."""

import numpy as np
import pytest

from sklstm.sequences import Sequences
from sklstm.sequences.symbol_input import is_symbols, read_sequence, read_symbols
from sklstm.sequences.symbol_table import SymbolTable

LIBRARIES = ["pandas", "polars"]
WORDS = SymbolTable([["to", "Rome"], ["from", "Oslo"]])
LETTERS_IN_LISTS = SymbolTable([["t", "o"], ["o"]])
STRINGS = SymbolTable(["to", "Rome"])
NUMBERS = SymbolTable([[1, 2], [3]])
FLOATS = SymbolTable([[1, 2.5]])


def as_objects(items):
    array = np.empty(len(items), dtype=object)
    for k, item in enumerate(items):
        array[k] = item
    return array


# ---- symbols or vectors ------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (["ab", "c"], True),
        ([["word"], []], True),
        ([[], [1, 2]], True),
        ([(1, 2), (3,)], True),
        ([[(0.5, 1), (2.0,)]], True),
        ([np.array([1, 2])], True),
        ([np.array(["a", "b"])], True),
        ([as_objects(["a", 0.5])], True),
        ([[None, "x"], [0.5]], True),
        ([["word"], np.nan], True),
        ([[1, 2], None], True),
        ([1.5, 2.5], False),
        ([1, 2], False),
        (np.array(["ab", "c"]), True),
        (as_objects([["a"], ["b", "c"]]), True),
        ([[0.5, 1.0]], False),
        ([[1, 2.5, 3], [0.5, 1, 2]], False),
        ([[1, 2, 3], [0.5, 1, 2]], False),
        ([[1, 2], np.array([0.5])], False),
        ([np.array([1, 2]), [np.float32(3)]], False),
        ([as_objects([1, 0.5])], False),
        ([np.zeros((3, 2))], False),
        ([np.zeros((3, 2), int)], False),
        ([np.array([0.5, 1.0])], False),
        (np.zeros((3, 2)), False),
        (np.array(3), False),
        ([[[1.0, 2.0]]], False),
        ([[[1, 2]]], False),
        (Sequences(np.zeros((3, 1)), [3]), False),
        ([], False),
    ],
)
def test_sequences_of_symbols_are_told_from_numbers(X, expected):
    assert is_symbols(X) is expected


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_column_of_a_data_frame_holds_sequences(library):
    Series = pytest.importorskip(library).Series
    for items in (["ab", "c"], [["a"], ["b", "c"]]):
        assert is_symbols(Series(items))
        assert read_symbols(Series(items), "X") == items
    assert not is_symbols(Series([0.5, 1.0]))
    assert is_symbols([Series([1, 2]), Series([3])])
    assert not is_symbols([Series([1, 2]), Series([0.5])])
    assert read_symbols([Series(["to", "Rome"])], "X") == [["to", "Rome"]]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_data_frame_of_text_is_told_to_be_a_column(library):
    DataFrame = pytest.importorskip(library).DataFrame
    assert not is_symbols(DataFrame({"a": [1.0, 2.0], "b": [3, 4]}))
    for text in (["ab", "c"], [["a"], ["b", "c"]]):
        alone, beside = (
            DataFrame({"text": text}),
            DataFrame({"n": [1, 2], "text": text}),
        )
        for frame in (alone, beside):
            assert is_symbols(frame)
            with pytest.raises(ValueError, match=r"pass the column .*: X\['text'\]"):
                read_symbols(frame, "X")
    with pytest.raises(ValueError, match=r"y\['a'\], or y.to_numpy\(\) if its rows"):
        read_symbols(DataFrame({"a": [1], "b": [2]}), "y")


# ---- what is wrong -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ("ab", r"y is a string: expected many sequences .* \[y\] for a single one"),
        (5, "y is of type int: expected many"),
        (np.array(5), "y is of type ndarray: expected many"),
        ((c for c in "ab"), "y is of type generator: expected many"),
        ({"ab": 1}, "y is of type dict: expected many"),
        ([], "y is empty"),
        (["ab", 5], r"y\[1\] is 5: expected a sequence of symbols"),
        ([np.array(3)], r"y\[0\] is an array of shape \(\): expected a sequence"),
        ([np.zeros((3, 2))], r"y\[0\] is an array of shape \(3, 2\): expected"),
        (Sequences(np.zeros((3, 1)), [3]), r"y\[0\] is an array of shape \(3, 1\)"),
        ([["a", {}]], r"y\[0\]\[1\] is \{\}: a symbol must be"),
        (["a", ["b", np.nan]], r"y\[1\]\[1\] is NaN, a missing value"),
        ([["a"], [np.float32("nan")]], r"y\[1\]\[0\] is NaN"),
        ([np.array([1.0, np.nan])], r"y\[0\]\[1\] is NaN"),
        ([["to", "Rome"], "to Oslo"], r"y\[1\] is a string, .* but y\[0\] is a list"),
        (["to Oslo", [1, 2]], r"y\[1\] is a list .* for example y\[0\]\.split\(\)"),
    ],
)
def test_what_is_no_symbol_is_named(y, message):
    with pytest.raises(ValueError, match=message):
        read_symbols(y, "y")


def test_strings_and_lists_of_characters_are_alike():
    assert read_symbols(["ab", ["a", "b"], "c"], "X") == ["ab", ["a", "b"], "c"]
    assert read_symbols(["a", ["to", "b"], ""], "X") == ["a", ["to", "b"], ""]


@pytest.mark.parametrize(
    ("table", "X", "message"),
    [
        (WORDS, ["to Rome"], r"X\[0\] is a string, but .* for example X\[0\]\.split"),
        (
            NUMBERS,
            [[1], "12"],
            r"X\[1\] is a string, but the model was fitted on lists",
        ),
        (STRINGS, [["t", "Rome"]], r"X\[0\]\[1\] is 'Rome', but .* on strings"),
        (STRINGS, [[1]], r"X\[0\]\[0\] is 1, but .* on strings"),
        (WORDS, np.full((2, 3), 0.5), r"X\[0\]\[0\] is the number 0.5, but .*'Oslo'"),
        (NUMBERS, [[1, 2], [1, 0.5]], r"X\[1\]\[1\] is the number 0.5, but .* float"),
    ],
)
def test_symbols_of_another_kind_than_learned_are_refused(table, X, message):
    with pytest.raises(ValueError, match=message):
        read_symbols(X, "X", table)


@pytest.mark.parametrize(
    ("table", "X"),
    [
        (WORDS, ["", "a", ["never", "seen"], ["a"], [3]]),
        (LETTERS_IN_LISTS, ["tox"]),
        (STRINGS, ["never seen", ["t", "x"], []]),
        (NUMBERS, [[1.0, 2.0], [9]]),
        (FLOATS, [[0.3]]),
    ],
)
def test_unknown_symbols_of_the_kind_learned_are_read(table, X):
    assert read_symbols(X, "X", table) == X


def test_one_sequence_goes_by_its_own_name():
    assert read_sequence(np.array([1, 2]), "prime") == [1, 2]
    with pytest.raises(ValueError, match="prime is a string, but"):
        read_sequence("to Rome", "prime", WORDS)
    with pytest.raises(ValueError, match=r"prime\[1\] is NaN"):
        read_sequence([1, np.nan], "prime", NUMBERS)
