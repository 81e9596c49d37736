"""Strings of the (embedded) Reber grammar, against an expression of their language."""

import re
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.datasets import make_reber, reber_next_symbols

# The language as one regular expression: independent of the automaton in the package.
_FROM_X = "(?:XT*VP)*(?:S|XT*VV)"
PLAIN = re.compile(f"B(?:TS*X{_FROM_X}|PT*V(?:P{_FROM_X}|V))E")
EMBEDDED = re.compile(f"B([TP]){PLAIN.pattern}\\1E")
SYMBOLS = "BTPSXVE"


def as_text(x):
    assert_array_equal(np.sort(x, axis=1)[:, -2:], [[0, 1]] * len(x))
    return "".join(SYMBOLS[k] for k in x.argmax(axis=1))


def strings(n_samples, *, embedded, min_length=0, seed=0):
    """Whole strings, put together from their beginnings."""
    X, y = make_reber(
        n_samples,
        embedded=embedded,
        target="next",
        min_length=min_length,
        random_state=seed,
    )
    ends = [k for k, symbol in enumerate(y) if k + 1 == len(y) or len(X[k + 1]) == 1]
    return [as_text(X[k]) + str(y[k]) for k in ends]


@pytest.mark.parametrize("min_length", [0, 9, 30, 400])
@pytest.mark.parametrize("embedded, language", [(True, EMBEDDED), (False, PLAIN)])
def test_strings_are_of_the_language_and_long_enough(embedded, language, min_length):
    n_samples = 20 if min_length > 100 else 300
    found = strings(n_samples, embedded=embedded, min_length=min_length)
    assert len(found) == n_samples
    for string in found:
        assert language.fullmatch(string), string
        assert len(string) >= min_length


def test_short_strings_have_their_probabilities():
    found = strings(2000, embedded=False)
    # BTXSE: T, X and S, each one of two arrows. BPVVE: P, V, V.
    for string in ("BTXSE", "BPVVE"):
        assert_allclose(found.count(string) / 2000, 1 / 8, atol=0.025)
    assert_allclose(np.mean([s[1] == "T" for s in found]), 0.5, atol=0.04)


def test_min_length_leaves_the_long_strings_as_likely_as_they_are():
    free = [s for s in strings(8000, embedded=False) if len(s) >= 10]
    bound = strings(2000, embedded=False, min_length=10, seed=1)
    for length in (10, 11, 12):
        shares = [np.mean([len(s) == length for s in some]) for some in (free, bound)]
        assert_allclose(*shares, atol=0.04)
    shares = [np.mean([s[1] == "T" for s in some]) for some in (free, bound)]
    assert_allclose(*shares, atol=0.04)


def test_critical_symbol_repeats_the_second():
    X, y = make_reber(300, random_state=0)
    for x, symbol in zip(X, y, strict=True):
        text = as_text(x)
        assert text[1] == symbol
        assert EMBEDDED.fullmatch(text + symbol + "E")
    assert 110 < np.sum(y == "T") < 190


@pytest.mark.parametrize("embedded, language", [(True, EMBEDDED), (False, PLAIN)])
def test_next_symbols_are_those_that_strings_of_the_language_go_on_with(
    embedded, language
):
    longest = 9 if embedded else 8
    words = complete_words(language, longest)
    beginnings = {w[:k] for w in words for k in range(len(w) + 1)}
    for beginning in beginnings:
        allowed = reber_next_symbols(beginning, embedded=embedded)
        seen = {
            w[len(beginning)]
            for w in words
            if w.startswith(beginning) and w != beginning
        }
        assert seen <= set(allowed)
        # Whatever is allowed can be completed, though not always in so few symbols.
        for symbol in allowed:
            assert reber_next_symbols(beginning + symbol, embedded=embedded) or (
                language.fullmatch(beginning + symbol)
            )


def complete_words(language, longest):
    """All words of the language up to a length; the middle is enumerated."""
    return [
        word
        for length in range(longest - 5)
        for middle in map("".join, product("TPSXV", repeat=length + 2))
        for word in (
            [f"B{k}B{middle}E{k}E" for k in "TP"]
            if language is EMBEDDED
            else [f"B{middle}E"]
        )
        if language.fullmatch(word)
    ]


@pytest.mark.parametrize("embedded", [True, False])
def test_next_holds_every_beginning_with_what_followed(embedded):
    X, y = make_reber(30, embedded=embedded, target="next", random_state=0)
    starts = [k for k, x in enumerate(X) if len(x) == 1]
    assert len(starts) == 30
    for x, x_next, symbol in zip(X, X[1:], y, strict=False):
        if len(x_next) > 1:
            assert as_text(x_next) == as_text(x) + symbol
        else:
            assert symbol == "E"
        assert symbol in reber_next_symbols(x, embedded=embedded)


def test_next_symbols_of_text_and_of_one_hot_rows_agree():
    X, _ = make_reber(20, target="next", random_state=0)
    for x in X:
        assert reber_next_symbols(x) == reber_next_symbols(as_text(x))


def test_next_symbols_of_whole_strings():
    assert reber_next_symbols("") == "B"
    assert reber_next_symbols("B") == "TP"
    assert reber_next_symbols("BPBTXSE") == "P"
    assert reber_next_symbols("BPBTXSEP") == "E"
    assert reber_next_symbols("BPBTXSEPE") == ""
    assert reber_next_symbols("BTXSE", embedded=False) == ""
    assert reber_next_symbols("", embedded=False) == "B"


@pytest.mark.parametrize(
    "beginning, embedded, message",
    [
        ("BTXT", True, "embedded Reber grammar: step 2 is 'X', expected B"),
        ("BPBTXSET", True, "step 7 is 'T', expected P"),
        ("BTXP", False, "the Reber grammar: step 3 is 'P', expected X or S"),
        ("BTXSEE", False, "step 5 is 'E', expected nothing more"),
        (np.zeros((2, 7)), True, "single 1"),
        (np.eye(7)[:, :6], True, r"shape \(n_timesteps, 7\), got shape \(7, 6\)"),
    ],
)
def test_what_is_no_beginning_is_refused(beginning, embedded, message):
    with pytest.raises(ValueError, match=message):
        reber_next_symbols(beginning, embedded=embedded)
