"""Temporal order, two sequences, copy memory."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.datasets import make_copy_memory, make_temporal_order, make_two_sequences

PUBLISHED_POSITIONS = {2: [(10, 20), (50, 60)], 3: [(10, 20), (33, 43), (66, 76)]}


def as_text(x):
    """The symbols of one-hot rows, which they must be."""
    assert_array_equal(np.sort(x, axis=1)[:, -2:], [[0, 1]] * len(x))
    return "".join("EBXYabcd"[k] for k in x.argmax(axis=1))


# ---- temporal order ------------------------------------------------------------------


@pytest.mark.parametrize("n_relevant", [2, 3])
def test_class_is_the_order_of_the_relevant_symbols(n_relevant):
    X, y = make_temporal_order(300, n_relevant=n_relevant, random_state=0)
    for x, label in zip(X, y, strict=True):
        text = as_text(x)
        assert label == "".join(s for s in text if s in "XY")
        assert len(label) == n_relevant
        assert (text[0], text[-1]) == ("E", "B")
        assert not set("EB") & set(text[1:-1])


@pytest.mark.parametrize("n_relevant", [2, 3])
def test_relevant_symbols_lie_where_published(n_relevant):
    X, _ = make_temporal_order(3000, n_relevant=n_relevant, random_state=0)
    steps = np.array([np.flatnonzero(x[:, 2:4].any(axis=1)) for x in X])
    found = list(zip(steps.min(axis=0), steps.max(axis=0), strict=True))
    assert found == PUBLISHED_POSITIONS[n_relevant]
    lengths = {len(x) for x in X}
    assert lengths == set(range(100, 111))


@pytest.mark.parametrize("n_relevant", [2, 3])
@pytest.mark.parametrize("n_timesteps", [20, 25, 37])
def test_short_form_keeps_the_shape(n_relevant, n_timesteps):
    X, y = make_temporal_order(
        200, n_relevant=n_relevant, n_timesteps=n_timesteps, random_state=0
    )
    for x, label in zip(X, y, strict=True):
        text = as_text(x)
        assert (text[0], text[-1]) == ("E", "B")
        assert "".join(s for s in text if s in "XY") == label
        assert n_timesteps <= len(text) <= n_timesteps * 1.1


@pytest.mark.parametrize("n_relevant", [2, 3])
def test_all_orders_are_equally_frequent(n_relevant):
    _, y = make_temporal_order(8000, n_relevant=n_relevant, random_state=0)
    labels, counts = np.unique(y, return_counts=True)
    assert len(labels) == 2**n_relevant
    assert_allclose(counts / 8000, 1 / len(labels), atol=0.015)


def test_symbols_between_are_equally_frequent():
    X, _ = make_temporal_order(300, random_state=0)
    shares = np.concatenate(X)[:, 4:].mean(axis=0)
    assert_allclose(shares, shares.mean(), rtol=0.05)


# ---- two sequences -------------------------------------------------------------------


def test_first_numbers_tell_the_class_exactly():
    X, y = make_two_sequences(200, n_informative=4, random_state=0)
    for x, label in zip(X, y, strict=True):
        assert_array_equal(x[:4, 0], 1 if label else -1)
        assert x[4, 0] not in (1, -1)
    assert {len(x) for x in X} == set(range(100, 111))
    assert 70 < y.sum() < 130


def test_rest_is_noise_of_variance_one_fifth():
    X, y = make_two_sequences(500, random_state=0)
    noise = np.concatenate([x[3:, 0] for x in X])
    assert_allclose(noise.var(), 0.2, rtol=0.02)
    by_class = [
        np.mean([x[3:].mean() for x in np.array(X, object)[y == k]]) for k in (0, 1)
    ]
    assert_allclose(by_class, 0, atol=0.01)


@pytest.mark.parametrize("variance", [0.2, 1.0])
def test_informative_noise_is_a_variance(variance):
    X, y = make_two_sequences(
        4000, n_timesteps=10, informative_noise=variance, random_state=0
    )
    first = np.array([x[:3, 0] for x in X]) - (2 * y - 1)[:, None]
    assert_allclose(first.mean(), 0, atol=0.03)
    assert_allclose(first.var(), variance, rtol=0.05)
    assert_allclose(np.concatenate([x[3:, 0] for x in X]).var(), 0.2, rtol=0.05)


# ---- copy memory ---------------------------------------------------------------------


@pytest.mark.parametrize("n_bits, lag", [(1, 0), (3, 7), (10, 100)])
def test_bits_stand_at_the_start_and_the_delimiter_at_the_end(n_bits, lag):
    X, y = make_copy_memory(40, n_bits=n_bits, lag=lag, random_state=0)
    assert X.shape == (40, n_bits + lag + 1, 3)
    assert y.shape == (40, n_bits)
    assert_array_equal(X[:, :n_bits, 1], y)
    assert_array_equal(X[:, :n_bits, 0], 1 - y)
    assert not X[:, n_bits:-1].any()
    assert_array_equal(X[:, -1], [[0, 0, 1]] * 40)
    assert not X[:, :-1, 2].any()


def test_bits_are_fair_and_independent():
    _, y = make_copy_memory(4000, n_bits=5, lag=0, random_state=0)
    assert_allclose(y.mean(axis=0), 0.5, atol=0.03)
    assert_allclose(np.corrcoef(y.T), np.eye(5), atol=0.06)
