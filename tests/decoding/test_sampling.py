"""Drawing symbols and vectors: frequencies, and what is never drawn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.decoding import draw_binary, draw_symbols

PROBABILITIES = np.array([0.1, 0.4, 0.05, 0.0, 0.25, 0.2])
N_DRAWS = 20000


def frequencies(probabilities=PROBABILITIES, seed=0, **how):
    with np.errstate(divide="ignore"):
        scores = np.log(np.tile(probabilities, (N_DRAWS, 1))) + 3.0
    symbols = draw_symbols(scores, np.random.RandomState(seed), **how)
    assert symbols.shape == (N_DRAWS,)
    return np.bincount(symbols, minlength=len(probabilities)) / N_DRAWS


def assert_drawn(found, expected):
    expected = np.asarray(expected) / np.sum(expected)
    assert_array_equal(found > 0, expected > 0)
    assert_allclose(found, expected, atol=0.015)


def test_symbols_are_drawn_by_their_probabilities():
    assert_drawn(frequencies(), PROBABILITIES)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_divides_the_scores(temperature):
    assert_drawn(
        frequencies(temperature=temperature), PROBABILITIES ** (1 / temperature)
    )


@pytest.mark.parametrize("temperature", [0, 1e-3, 5e-324])
def test_no_temperature_takes_the_likeliest(temperature):
    assert_drawn(frequencies(temperature=temperature), [0, 1, 0, 0, 0, 0])


def test_the_first_of_equals_is_the_likeliest():
    scores = np.array([[0.0, 2.0, 2.0], [1.0, 1.0, 0.0]])
    assert_array_equal(draw_symbols(scores, None, temperature=0), [1, 0])


@pytest.mark.parametrize(
    ("top_k", "kept"), [(1, [1]), (2, [1, 4]), (3, [1, 4, 5]), (99, [0, 1, 2, 4, 5])]
)
def test_the_likeliest_few(top_k, kept):
    expected = np.zeros(6)
    expected[kept] = PROBABILITIES[kept]
    assert_drawn(frequencies(top_k=top_k), expected)


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(0.1, [1]), (0.39, [1]), (0.41, [1, 4]), (0.7, [1, 4, 5]), (1.0, [0, 1, 2, 4, 5])],
)
def test_the_fewest_that_have_a_probability_together(top_p, kept):
    expected = np.zeros(6)
    expected[kept] = PROBABILITIES[kept]
    assert_drawn(frequencies(top_p=top_p), expected)


def test_top_p_is_of_what_top_k_leaves():
    # Of 0.4 and 0.25 the first has 0.615.
    assert_drawn(frequencies(top_k=2, top_p=0.6), [0, 1, 0, 0, 0, 0])
    assert_drawn(frequencies(top_k=2, top_p=0.63), [0, 0.4, 0, 0, 0.25, 0])


def test_each_row_has_scores_of_its_own():
    scores = np.full((3, 4), -np.inf)
    scores[[0, 1, 2], [3, 0, 2]] = -800.0
    assert_array_equal(draw_symbols(scores, np.random.RandomState(0)), [3, 0, 2])


def test_one_seed_draws_the_same():
    scores = np.random.default_rng(0).normal(size=(50, 9))
    first, second, other = (
        draw_symbols(scores, np.random.RandomState(seed)) for seed in (1, 1, 2)
    )
    assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_vectors_are_drawn_channel_by_channel(temperature):
    log_odds = np.array([-2.0, 0.0, 0.7, 40.0, -40.0])
    drawn = draw_binary(
        np.tile(log_odds, (N_DRAWS, 1)),
        np.random.RandomState(0),
        temperature=temperature,
    )
    assert set(np.unique(drawn)) == {0.0, 1.0}
    expected = 1 / (1 + np.exp(-log_odds / temperature))
    assert_allclose(drawn.mean(axis=0), expected, atol=0.015)
    correlation = np.corrcoef(drawn[:, :3].T)
    assert_allclose(correlation, np.eye(3), atol=0.03)


@pytest.mark.parametrize("temperature", [0, 5e-324])
def test_no_temperature_rounds_vectors(temperature):
    log_odds = np.array([[0.3, -0.3, 5.0]])
    drawn = draw_binary(log_odds, np.random.RandomState(0), temperature=temperature)
    assert_array_equal(drawn, [[1, 0, 1]])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"temperature": -1}, "temperature must be a finite number of at least 0"),
        ({"temperature": "a"}, "temperature must be a number"),
        ({"top_k": 0}, "top_k must be at least 1"),
        ({"top_k": 1.5}, "top_k must be an int"),
        ({"top_p": 0}, "top_p must be above 0"),
        ({"top_p": 1.1}, "top_p must be a finite number from 0 to 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        draw_symbols(np.zeros((1, 3)), np.random.RandomState(0), **options)


def test_scores_are_rows():
    for draw in (draw_symbols, draw_binary):
        with pytest.raises(ValueError, match=r"has shape \(3,\): expected a row"):
            draw(np.zeros(3), np.random.RandomState(0))
    with pytest.raises(ValueError, match="temperature must be a finite number"):
        draw_binary(np.zeros((1, 3)), np.random.RandomState(0), temperature=-1)
