"""Windows hold the steps they should, targets come after them, groups do not leak."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

from sklstm.sequences import Sequences, check_sequences, sliding_windows


def make_series(length=20, n_features=2, first=0):
    """Every number says which step it belongs to: step t has 10 t, 10 t + 1, ..."""
    steps = np.arange(first, first + length)
    return 10.0 * steps[:, np.newaxis] + np.arange(n_features)


def steps_of(windows):
    """The steps a window covers, read from its numbers."""
    return (windows[..., 0] // 10).astype(int)


def test_windows_and_targets_of_one_series():
    X, y, groups = sliding_windows(make_series(6), window=3, horizon=2)
    assert_array_equal(steps_of(X), [[0, 1, 2], [1, 2, 3]])
    assert_array_equal(X[:, :, 1] % 10, np.ones((2, 3)))
    # Ordered by step, then by target.
    assert_array_equal(y, [[30, 31, 40, 41], [40, 41, 50, 51]])
    assert_array_equal(groups, [0, 0])


@pytest.mark.parametrize("window", [1, 2, 5])
@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("stride", [1, 2, 7])
def test_windows_match_a_loop(window, horizon, stride):
    series = [make_series(9), make_series(4, first=100), make_series(13, first=200)]
    X, y, groups = sliding_windows(
        series, window=window, horizon=horizon, stride=stride, target_columns=1
    )
    expected = [
        (one[t : t + window], one[t + window : t + window + horizon, 1], i)
        for i, one in enumerate(series)
        for t in range(0, len(one) - window - horizon + 1, stride)
    ]
    assert len(X) == len(expected)
    for k, (x, target, group) in enumerate(expected):
        assert_array_equal(X[k], x)
        assert_array_equal(np.atleast_1d(y[k]), target)
        assert groups[k] == group


def test_one_series_is_a_view_until_an_estimator_copies_it():
    series = make_series()
    for stride in (1, 3):
        X = sliding_windows(series, window=5, stride=stride).X
        assert np.shares_memory(X, series)
        assert not X.flags.writeable
    sequences, _ = check_sequences(X, dtype=np.float64)
    assert sequences.values.flags.c_contiguous
    assert_array_equal(sequences[1], series[3:8])


def test_several_series_are_one_new_array_that_is_not_copied_again():
    X = sliding_windows([make_series(), make_series()], window=5).X
    assert X.flags.c_contiguous
    assert np.shares_memory(check_sequences(X, dtype=np.float64)[0].values, X)


def test_float32_is_kept():
    assert sliding_windows(np.ones(9, np.float32), window=2).X.dtype == np.float32
    assert sliding_windows([np.ones(9, np.float32)] * 2, window=2).y.dtype == np.float32


@pytest.mark.parametrize(
    "form",
    [
        lambda series: list(series),
        lambda series: Sequences.from_array(series),
        lambda series: series,  # 3-D
        lambda series: np.array([*series, None], dtype=object)[:-1],
    ],
)
def test_several_series_in_any_form(form):
    series = np.stack([make_series(), make_series(first=100)])
    X, y, groups = sliding_windows(form(series), window=4, target_columns=0)
    assert X.shape == (32, 4, 2)
    assert_array_equal(
        y, np.append(10 * np.arange(4, 20), 1000 + 10 * np.arange(4, 20))
    )
    assert_array_equal(groups, np.repeat([0, 1], 16))


def test_a_1d_series_has_one_feature():
    for series in (np.arange(6.0), [0, 1, 2, 3, 4, 5]):
        X, y, _ = sliding_windows(series, window=4)
        assert_array_equal(X[:, :, 0], [[0, 1, 2, 3], [1, 2, 3, 4]])
        assert_array_equal(y, [4, 5])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_target_columns_by_name(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame(dict(zip("ab", make_series().T, strict=True)))
    y = sliding_windows(frame, window=4, target_columns="b").y
    assert_array_equal(y, 10 * np.arange(4, 20) + 1)
    both = sliding_windows([frame, frame], window=4, target_columns=["b", "a"]).y
    assert_array_equal(both[:16, 0], y)
    assert_array_equal(both[16:, 1], y - 1)


def test_labels_of_the_steps_are_targets():
    labels = np.array(["rest", "rest", "walk", "walk", "run", "run"])
    X, y, _ = sliding_windows(make_series(6), labels, window=3, horizon=0)
    assert y.tolist() == ["walk", "walk", "run", "run"]
    assert_array_equal(steps_of(X)[:, -1], [2, 3, 4, 5])
    y = sliding_windows(make_series(6), labels, window=3, horizon=1).y
    assert y.tolist() == ["walk", "run", "run"]
    several = [labels, labels[:4]]
    y = sliding_windows(
        [make_series(6), make_series(4)], several, window=3, horizon=0
    ).y
    assert y.tolist() == ["walk", "walk", "run", "run", "walk", "walk"]


def test_numbers_for_each_step_are_targets():
    targets = np.arange(12.0).reshape(6, 2)
    y = sliding_windows(make_series(6), targets, window=3, horizon=2).y
    assert_array_equal(y, [[6, 7, 8, 9], [8, 9, 10, 11]])


def test_without_a_horizon_windows_reach_the_end():
    X, y, _ = sliding_windows(make_series(6), window=3, horizon=None)
    assert y is None
    assert_array_equal(steps_of(X), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]])


# Groups


def test_series_too_short_for_a_window_have_none():
    lengths = [9, 0, 2, 8]
    X, _, groups = sliding_windows([make_series(n) for n in lengths], window=5)
    assert_array_equal(groups, np.repeat([0, 3], [4, 3]))
    assert len(X) == 7


def test_groups_of_series_are_handed_on():
    series = [make_series(6), make_series(7), make_series(6)]
    groups = sliding_windows(series, window=4, groups=["eve", "bob", "eve"]).groups
    assert groups.tolist() == ["eve"] * 2 + ["bob"] * 3 + ["eve"] * 2


@pytest.mark.parametrize("block_length", [7, 10, 50])
@pytest.mark.parametrize("stride", [1, 3])
def test_blocks_share_no_step(block_length, stride):
    """No step, of windows or of targets, occurs in two groups."""
    X, y, groups = sliding_windows(
        [make_series(47), make_series(30, first=500)],
        window=4,
        horizon=2,
        stride=stride,
        block_length=block_length,
        target_columns=0,
    )
    used = {}
    for x, target, group in zip(steps_of(X), y // 10, groups, strict=True):
        for step in (*x, *target.astype(int)):
            assert used.setdefault(step, group) == group
    if block_length == 7:
        assert set(groups) == set(range(11)) - {6}  # the rest of the first is short


def test_group_k_fold_over_blocks_of_one_series_does_not_leak():
    X, y, groups = sliding_windows(
        make_series(60, 1), window=5, horizon=1, block_length=12
    )
    for train, test in GroupKFold(5).split(X, y, groups):
        seen = {*steps_of(X[train]).ravel(), *(y[train] // 10)}
        asked = {*steps_of(X[test]).ravel(), *(y[test] // 10)}
        assert not seen & asked


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_documented_gap_keeps_time_series_split_from_leaking(horizon, stride):
    window = 5
    X, y, _ = sliding_windows(
        make_series(90, 1), window=window, horizon=horizon, stride=stride
    )
    gap = (window + horizon - 1) // stride
    for train, test in TimeSeriesSplit(3, gap=gap).split(X):
        last_seen = np.max(y[train]) // 10
        assert last_seen < steps_of(X[test]).min()
    leaking = TimeSeriesSplit(3, gap=gap - 1).split(X)
    assert any(np.max(y[a]) // 10 >= steps_of(X[b]).min() for a, b in leaking)


# Missing values


def series_with_gap():
    series = make_series(12)
    series[5, 1] = np.nan
    return series


def test_nan_is_an_error_that_says_where():
    message = r"[45] of 9 windows have NaN.*time step \d+ of series 1.*missing='drop'"
    with pytest.raises(ValueError, match=message):
        sliding_windows([make_series(3), series_with_gap()], window=3)
    with pytest.raises(ValueError, match=r"4 of 9 windows .* begins at time step 2"):
        sliding_windows(series_with_gap(), window=3)


def test_windows_with_nan_are_dropped():
    X, y, groups = sliding_windows(
        [series_with_gap(), make_series(5)], window=3, missing="drop"
    )
    assert_array_equal(steps_of(X)[:, 0], [0, 1, 6, 7, 8, 0, 1])
    assert not np.isnan(X).any()
    assert not np.isnan(y).any()
    assert_array_equal(groups, [0, 0, 0, 0, 0, 1, 1])


def test_only_target_columns_count_for_targets():
    y = sliding_windows(series_with_gap(), window=3, target_columns=0, missing="drop").y
    # The window before the gap is kept: its target is in the other column.
    assert_array_equal(y, [30, 40, 50, 90, 100, 110])


def test_targets_with_nan_are_dropped():
    targets = np.arange(12.0)
    targets[5] = np.nan
    for horizon, kept in ((0, [0, 1, 2, 4, 5]), (1, [0, 1, 3, 4]), (2, [0, 3])):
        X, y, _ = sliding_windows(
            make_series(8), targets[:8], window=3, horizon=horizon, missing="drop"
        )
        assert_array_equal(steps_of(X)[:, 0], kept)
        assert not np.isnan(y).any()


def test_nan_is_kept_on_request():
    X, _, _ = sliding_windows(series_with_gap(), window=3, missing="keep")
    assert np.isnan(X).sum() == 3
    assert len(X) == 9


def test_nothing_left_is_an_error():
    with pytest.raises(ValueError, match="Every window has NaN"):
        sliding_windows(np.full(5, np.nan), window=2, missing="drop")


# Wrong arguments


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"window": 0}, "window must be an integer of at least 1"),
        ({"window": 2.5}, "window must be an integer"),
        ({"window": True}, "window must be an integer"),
        ({"window": 3, "stride": 0}, "stride must be an integer"),
        ({"window": 3, "block_length": 0}, "block_length must be an integer"),
        ({"window": 3, "horizon": -1}, "horizon must be a number of steps"),
        ({"window": 3, "horizon": 1.5}, "horizon must be a number of steps"),
        ({"window": 3, "horizon": 0}, "horizon=0 .* which without y would be a value"),
        ({"window": 3, "missing": "ignore"}, "missing must be 'error', 'drop' or"),
        ({"window": 20}, "No window fits: .* need 21 steps.* longest series has 20"),
        ({"window": 9, "block_length": 9}, "need 10 steps.* longest block has 9"),
        ({"window": 3, "target_columns": 2}, "no target column 2: .* 0 to 1"),
        ({"window": 3, "target_columns": -1}, "no target column -1"),
        ({"window": 3, "target_columns": "a"}, "no target column 'a'"),
        ({"window": 3, "groups": [0, 1]}, "X has 1 sequences, groups has 2"),
        ({"window": 3, "groups": [0], "block_length": 5}, "not both"),
        ({"window": 3, "y": np.ones(19)}, r"y of series 0 has shape \(19,\).*20 time"),
        ({"window": 3, "y": np.ones(20), "horizon": None}, "y gives the targets"),
        ({"window": 3, "y": np.ones(20), "target_columns": 0}, "y gives the targets"),
    ],
)
def test_wrong_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        sliding_windows(make_series(20), **kwargs)


def test_targets_for_another_number_of_series():
    with pytest.raises(ValueError, match=r"X has 2 series, y has 20 entries.*a list"):
        sliding_windows([make_series(), make_series()], np.ones(20), window=3)


def test_a_name_needs_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(make_series(), columns=["a", "b"])
    with pytest.raises(ValueError, match=r"'c': .* or one of \['a', 'b'\]"):
        sliding_windows(frame, window=3, target_columns="c")
    with pytest.raises(ValueError, match="no time steps"):
        sliding_windows(frame[:0], window=3)


def test_nan_at_the_end_of_a_series_is_no_padding():
    series = make_series(9)
    series[7:] = np.nan
    with pytest.raises(ValueError, match="2 of 5 windows have NaN"):
        sliding_windows(series, window=4)


def test_a_series_without_steps():
    with pytest.raises(ValueError, match="longest series has 0"):
        sliding_windows(np.zeros((0, 2)), window=2)
