"""How a network sees a series: there and back, naive forecasts, what is chosen."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.sequences.forecasting.choice import (
    choose_reference,
    find_period,
    wants_logarithms,
)
from sklstm.sequences.forecasting.representation import REFERENCES, Representation

STEPS = np.arange(200)
PERIOD = 5


def make(relative_to, *, window=7, log=False, local=False):
    return Representation(
        window, relative_to, seasonal_period=PERIOD, log=log, local=local
    )


def contexts_and_futures(representation, horizon, n=6):
    values = np.exp(np.random.RandomState(0).normal(size=(n, 60)))
    n_steps = representation.n_steps
    return values[:, :n_steps], values[:, n_steps : n_steps + horizon]


each_reference = pytest.mark.parametrize("relative_to", REFERENCES)
each_option = pytest.mark.parametrize(
    "options",
    [{}, {"log": True}, {"local": True}, {"log": True, "local": True}],
    ids=["plain", "log", "local", "log_local"],
)


@each_option
@each_reference
def test_targets_are_restored_to_the_values_they_came_from(relative_to, options):
    representation = make(relative_to, **options)
    contexts, futures = contexts_and_futures(representation, horizon=13)
    measures = np.arange(1.0, 7.0), np.arange(2.0, 8.0)
    targets = representation.targets(contexts, futures, *measures)
    back = representation.restore(targets, contexts, *measures)
    assert_allclose(back, futures, rtol=1e-12)
    several = np.stack([targets, targets + 1], axis=2)
    back = representation.restore(several, contexts, *measures)
    assert_allclose(back[:, :, 0], futures, rtol=1e-12)
    assert (back[:, :, 1] > back[:, :, 0]).all()


def reference_inputs(relative_to, context, center, scale, *, log, local):
    """One context, one value at a time."""
    u = [np.log(v) if log else v for v in context]
    seasonal = relative_to.startswith("season")
    d = [u[t] - u[t - PERIOD] for t in range(PERIOD, len(u))] if seasonal else u
    base = d[-1] if relative_to.endswith("last") else center
    read = [x - base for x in d]
    if local:
        scale = np.sqrt(sum(x * x for x in read) / len(read) + (0.1 * scale) ** 2)
    return np.array(read) / scale


@each_option
@each_reference
def test_inputs_are_those_of_one_value_at_a_time(relative_to, options):
    representation = make(relative_to, **options)
    contexts, _ = contexts_and_futures(representation, horizon=1)
    centers, scales = np.arange(1.0, 7.0), np.arange(2.0, 8.0)
    of_contexts = representation.context_scales(contexts, centers, scales)
    inputs = representation.inputs(contexts, centers, of_contexts)
    assert inputs.shape == (6, 7)
    how = {"log": False, "local": False, **options}
    for row, context, center, scale in zip(
        inputs, contexts, centers, scales, strict=True
    ):
        expected = reference_inputs(relative_to, context, center, scale, **how)
        assert_allclose(row, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "relative_to, expected",
    [
        ("mean", [50, 50, 50, 50, 50, 50]),
        ("last", [18, 18, 18, 18, 18, 18]),
        # Two seasons of 14, 15, 16, 17, 18 and 4, 5, 6, 7, 8 before: 50 is the mean
        # change over a season, 10 the last one.
        ("season", [64, 65, 66, 67, 68, 114]),
        ("season_and_last", [24, 25, 26, 27, 28, 34]),
    ],
)
def test_an_answer_of_zero_is_a_naive_forecast(relative_to, expected):
    representation = make(relative_to, window=3)
    context = np.array([[*range(4, 9), *range(14, 19)]], dtype=float)
    context = context[:, -representation.n_steps :]
    zeros = np.zeros((1, 6))
    answer = representation.restore(zeros, context, np.array([50.0]), np.array([2.0]))
    assert_array_equal(answer[0], expected)


@each_reference
def test_the_scale_of_a_series_makes_what_is_read_one_on_average(relative_to):
    representation = make(relative_to)
    values = 300 + 5 * np.random.RandomState(1).normal(size=10_000).cumsum()
    center, scale = representation.measure(values)
    n = len(values) - representation.n_steps + 1
    windows = np.lib.stride_tricks.sliding_window_view(values, representation.n_steps)
    inputs = representation.inputs(windows, np.full(n, center), np.full(n, scale))
    assert_allclose(np.square(inputs).mean(), 1, rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -7e8])
@each_reference
def test_a_constant_series_has_scale_one(relative_to, value):
    assert make(relative_to).measure(np.full(50, value))[1] == 1


def test_logarithms_need_positive_values():
    values = np.ones(40)
    values[17] = 0
    with pytest.raises(ValueError, match=r"series 'b' has 0 \(at step 17\): set log"):
        make("last", log=True).measure(values, "series 'b'")


# Choices


@pytest.mark.parametrize("period", [4, 7, 12, 24])
def test_the_season_is_found_and_not_its_multiples(period):
    season = np.random.RandomState(period).normal(size=period)
    noise = 0.1 * np.random.RandomState(0).normal(size=200)
    series = 3 + 0.1 * STEPS + season[STEPS % period] + noise
    assert find_period([series]) == period
    assert find_period([series, 1e6 * series[:150]]) == period


def test_where_nothing_repeats_there_is_no_season():
    noise = np.random.RandomState(0).normal(size=(20, 200))
    for series in (*noise, *noise.cumsum(axis=1), STEPS, np.full(50, 0.1), STEPS[:5]):
        assert find_period([series.astype(float)]) is None


def test_logarithms_where_fluctuations_grow_with_the_level():
    wave = np.sin(2 * np.pi * STEPS / 12)
    level = np.exp(STEPS / 100)
    assert wants_logarithms([level * (5 + wave)], 12)
    assert not wants_logarithms([5 * level + wave], 12)
    assert not wants_logarithms([level * (5 + wave) - 6], 12)  # not all positive
    assert not wants_logarithms([5 + wave], 12)


RNG = np.random.RandomState(0)
NOISE = RNG.normal(size=200)
PATTERN = 10 * RNG.normal(size=12)[STEPS % 12]


@pytest.mark.parametrize(
    "series, reference",
    [
        (NOISE, "mean"),
        (NOISE.cumsum(), "last"),
        (PATTERN + NOISE, "season"),
        # Each season is the one before, moved by a random walk.
        (PATTERN + NOISE.cumsum(), "season_and_last"),
        (np.full(200, 3.0), "last"),
    ],
    ids=["noise", "walk", "season", "walking_season", "constant"],
)
def test_the_best_naive_forecast_is_the_reference(series, reference):
    assert choose_reference([series], 1, window=8, seasonal_period=12) == reference
    many = [series, 1e-6 * series, series[:150]]
    assert choose_reference(many, 1, window=8, seasonal_period=12) == reference


def test_only_the_last_quarter_counts():
    walk = NOISE.cumsum()
    series = np.concatenate([walk - walk.mean(), 5 * RNG.normal(size=70)])
    assert choose_reference([series], 1, window=8) == "mean"
    assert choose_reference([series[:200]], 1, window=8) == "last"


def test_the_mean_is_that_of_the_part_before_the_last_quarter():
    """Which has moved away from it, but not so far from the mean of both."""
    noise = np.random.RandomState(1).normal(size=4000)
    series = noise + 1.2 * (np.arange(4000) >= 3000)
    assert choose_reference([series], 1, window=2) == "last"
    assert choose_reference([noise], 1, window=2) == "mean"


def test_a_reference_must_not_hide_what_is_needed():
    """Between two steps the last value is nearer than the mean; but the pull back to
    the mean is not to be seen in differences.
    """
    series = np.zeros(600)
    for t in range(2, 600):
        series[t] = 1.2 * series[t - 1] - 0.7 * series[t - 2] + RNG.normal()
    assert np.square(np.diff(series[450:])).mean() < 0.7 * series[450:].var()
    assert choose_reference([series], 1, window=6) == "mean"
    trend = series + 0.1 * np.arange(600)  # it does not stay around its mean
    assert choose_reference([trend], 1, window=6) == "last"
    assert choose_reference([series[:2]], 2, window=50) == "last"  # too short to tell


def test_a_cycle_that_is_no_clockwork_is_followed_and_not_repeated():
    """Its length wanders between 8 and 14 steps."""
    phase = 2 * np.pi * np.cumsum(1 / RNG.uniform(8, 14, size=60).repeat(10))
    series = 10 + 5 * np.sin(phase) + 0.3 * RNG.normal(size=600)
    chosen = choose_reference([series], 1, window=24, seasonal_period=11)
    assert not chosen.startswith("season")
