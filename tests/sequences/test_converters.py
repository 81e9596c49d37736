"""Panels with the time axis last, and long data frames of two libraries."""

import datetime
import subprocess
import sys

import numpy as np
import pytest
from layout_examples import LAYOUTS, padded, ragged_arrays
from numpy.testing import assert_array_equal

from sklstm.sequences import check_sequences, from_long_frame, from_panel, to_panel

# Panels


def test_panels_have_time_last(dtype):
    panel = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    X = from_panel(panel)
    assert X.shape == (2, 4, 3)
    assert X[1, 2, 0] == panel[1, 0, 2]
    assert X.flags.c_contiguous
    assert X.dtype == dtype
    assert_array_equal(to_panel(X), panel, strict=True)
    assert to_panel(X).flags.c_contiguous


def test_an_estimator_need_not_copy_a_converted_panel():
    X = from_panel(np.ones((2, 3, 4)))
    assert np.shares_memory(check_sequences(X, dtype=np.float64)[0].values, X)


def test_padded_panels_stay_padded():
    arrays = ragged_arrays((4, 0, 2))
    X = padded(arrays, 5)
    panel = X.transpose(0, 2, 1)
    assert_array_equal(from_panel(panel), X)
    assert_array_equal(to_panel(X), panel)
    sequences, _ = check_sequences(from_panel(panel), dtype=np.float64, min_length=0)
    assert_array_equal(sequences.lengths, [4, 0, 2])


def test_ragged_panels_are_lists_of_channels_by_time():
    arrays = ragged_arrays()
    X = from_panel([array.T for array in arrays])
    assert X.dtype == object
    for converted, array in zip(X, arrays, strict=True):
        assert_array_equal(converted, array)
        assert converted.flags.c_contiguous
    equal = from_panel([np.ones((3, 5)), np.ones((3, 5))])
    assert equal.shape == (2,)
    assert from_panel([np.arange(4.0)])[0].shape == (4, 1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_becomes_a_panel(layout):
    arrays = ragged_arrays()
    panel = to_panel(LAYOUTS[layout](arrays))
    width = panel.shape[2]
    assert_array_equal(panel, padded(arrays, width).transpose(0, 2, 1))


def test_a_univariate_table_has_one_channel():
    X = np.arange(6.0).reshape(2, 3)
    assert_array_equal(to_panel(X), X[:, np.newaxis])
    assert_array_equal(from_panel(X), X[:, :, np.newaxis])


def test_sequences_without_steps_are_kept():
    panel = to_panel([np.zeros((0, 2)), np.array([[1, 2], [3, 4]])])
    assert_array_equal(panel, [np.full((2, 2), np.nan), [[1, 3], [2, 4]]])
    assert [len(x) for x in from_panel([np.zeros((2, 0)), np.ones((2, 3))])] == [0, 3]


def test_inner_nan_is_kept():
    X = np.ones((2, 3, 1))
    X[0, 1] = np.nan
    assert_array_equal(to_panel(X)[:, 0], X[:, :, 0])


@pytest.mark.parametrize(
    "X, message",
    [
        (np.ones(3), r"A panel is 3-D.*\(3,\)"),
        (np.ones((2, 3, 4, 5)), "A panel is 3-D"),
        (
            [np.ones((2, 3)), np.ones((2, 3, 4))],
            r"Sequence 1 .*\(2, 3, 4\).*n_channels",
        ),
    ],
)
def test_what_is_no_panel(X, message):
    with pytest.raises(ValueError, match=message):
        from_panel(X)


def test_a_frame_is_no_panel():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match=r"from_long_frame.*reset_index"):
        from_panel(pandas.DataFrame({"a": [1.0]}))


# Long data frames


@pytest.fixture(params=["pandas", "polars"])
def frames(request):
    return pytest.importorskip(request.param)


def visits(frames, **changes):
    """Two patients, rows out of order."""
    columns = {
        "patient": ["b", "a", "b", "a", "b"],
        "day": [3, 1, 1, 2, 2],
        "pulse": [73.0, 61.0, 71.0, 62.0, 72.0],
        "drug": [3, 1, 1, 2, 2],
    }
    return frames.DataFrame({**columns, **changes})


def convert(frame, **kwargs):
    return from_long_frame(frame, id="patient", time="day", **kwargs)


def test_rows_are_sorted_by_id_and_time(frames):
    X, ids = convert(visits(frames))
    assert ids.tolist() == ["a", "b"]
    assert_array_equal(X.lengths, [2, 3])
    assert_array_equal(X[0], [[61, 1], [62, 2]])
    assert_array_equal(X[1], [[71, 1], [72, 2], [73, 3]])
    assert list(X.feature_names) == ["pulse", "drug"]
    assert X.dtype == np.float64


def test_columns_are_chosen_in_the_order_asked_for(frames):
    X, _ = convert(visits(frames), columns=["drug", "pulse"])
    assert list(X.feature_names) == ["drug", "pulse"]
    assert_array_equal(X[0], [[1, 61], [2, 62]])


def test_sorted_rows_and_unsorted_ones_give_the_same(frames):
    order = [1, 3, 2, 4, 0]
    frame = visits(frames)
    in_order = frame.iloc[order] if hasattr(frame, "iloc") else frame[order]
    X, ids = convert(in_order)
    assert ids.tolist() == ["a", "b"]
    assert_array_equal(X.values, convert(frame).X.values)


def test_random_frames_match_a_loop(frames):
    rng = np.random.RandomState(0)
    steps = [(i, t) for i in range(12) for t in range(rng.randint(1, 9))]
    rows = rng.permutation(steps)
    x = rng.standard_normal(len(rows))
    X, ids = convert(
        frames.DataFrame({"patient": rows[:, 0], "day": rows[:, 1], "x": x})
    )
    assert_array_equal(ids, np.arange(12))
    for i, sequence in enumerate(X):
        mine = rows[:, 0] == i
        assert_array_equal(sequence[:, 0], x[mine][np.argsort(rows[mine, 1])])


def test_dates_are_times(frames):
    days = [datetime.datetime(2026, 1, d) for d in (3, 1, 1, 2, 2)]
    X, _ = convert(visits(frames, day=days), columns=["pulse"])
    assert_array_equal(X.values.ravel(), [61, 62, 71, 72, 73])


def test_times_that_text_puts_in_a_wrong_order_are_warned_of(frames):
    frame = frames.DataFrame({"id": [1, 1], "at": ["9:00", "10:00"], "x": [1.0, 2.0]})
    with pytest.warns(UserWarning, match="'at' are text.*'9:00' and '10:00'"):
        from_long_frame(frame, id="id", time="at")


def test_dates_as_text_are_in_order(frames):
    days = ["2024-02-10", "2024-02-09"]
    frame = frames.DataFrame({"id": [1, 1], "at": days, "x": [1.0, 2.0]})
    X, _ = from_long_frame(frame, id="id", time="at")
    assert X[0].tolist() == [[2.0], [1.0]]


def test_float32_is_kept(frames):
    pulse = np.arange(5, dtype=np.float32)
    X, _ = convert(visits(frames, pulse=pulse), columns=["pulse"])
    assert X.dtype == np.float32


def test_missing_values_become_nan(frames):
    X, _ = convert(visits(frames, pulse=[None, 61.0, 71.0, None, 72.0]))
    assert_array_equal(np.isnan(X.values), [[0, 0], [1, 0], [0, 0], [0, 0], [1, 0]])


def test_index_levels_are_explained():
    pandas = pytest.importorskip("pandas")
    indexed = visits(pandas).set_index(["patient", "day"])
    with pytest.raises(ValueError, match=r"no column 'patient'.*reset_index"):
        convert(indexed)
    assert len(convert(indexed.reset_index()).X) == 2


def test_a_time_that_occurs_twice(frames):
    frame = visits(frames, day=[2, 1, 1, 2, 2])
    message = r"Sequence 'b' has the time .*2\)? twice, in rows 0 and 4 \(1 such pairs"
    with pytest.raises(ValueError, match=message):
        convert(frame)
    # The same time in two sequences is none that occurs twice.
    same_day = frames.DataFrame({"patient": [1, 2], "day": [5, 5], "x": [1.0, 2.0]})
    assert len(convert(same_day).X) == 2


@pytest.mark.parametrize("column", ["patient", "day"])
def test_a_missing_id_or_time(frames, column):
    values = visits(frames)[column].to_list()
    values[3] = None
    message = f"Column '{column}' has no value in row 3"
    with pytest.raises(ValueError, match=message):
        convert(visits(frames, **{column: values}))


def test_a_time_that_is_nan(frames):
    with pytest.raises(ValueError, match=r"Column 'day' has no value in row 2"):
        convert(visits(frames, day=[3.0, 1.0, np.nan, 2.0, 2.0]))


@pytest.mark.parametrize(
    "days, step",
    [
        ([3, 1, 1, 2, 2], 1),
        ([0.3, 0.1, 0.1, 0.2, 0.2], 0.1),
        (
            [datetime.datetime(2026, 1, d) for d in (3, 1, 1, 2, 2)],
            datetime.timedelta(days=1),
        ),
        (
            [datetime.datetime(2026, 1, d) for d in (3, 1, 1, 2, 2)],
            np.timedelta64(24, "h"),
        ),
    ],
)
def test_a_step_that_holds(frames, days, step):
    assert len(convert(visits(frames, day=days), step=step).X) == 2


@pytest.mark.parametrize(
    "days, step",
    [
        ([4, 1, 1, 2, 2], 1),
        ([0.35, 0.1, 0.1, 0.2, 0.2], 0.1),
        (
            [datetime.datetime(2026, 1, d) for d in (5, 1, 1, 2, 2)],
            datetime.timedelta(days=1),
        ),
    ],
)
def test_a_gap(frames, days, step):
    with pytest.raises(ValueError) as raised:
        convert(visits(frames, day=days), step=step)
    message = str(raised.value)
    assert message.startswith("Sequence 'b' goes from time ")
    assert f"(row 0), but step={step} was promised (1 such places in all)" in message
    assert "np." not in message


@pytest.mark.parametrize(
    "changes, kwargs, message",
    [
        ({}, {"columns": ["weight"]}, "no column 'weight'.*'pulse'"),
        ({}, {"columns": []}, "no feature columns besides those of ids"),
        ({"drug": list("abcab")}, {}, r"not: 'drug' \(String\).*Encode"),
    ],
)
def test_columns_that_will_not_do(frames, changes, kwargs, message):
    with pytest.raises(ValueError, match=message):
        convert(visits(frames, **changes), **kwargs)


def test_a_frame_without_rows(frames):
    with pytest.raises(ValueError, match="frame has no rows"):
        convert(visits(frames).head(0))


def test_what_is_no_frame():
    with pytest.raises(TypeError, match="frame is a list"):
        convert([1, 2])
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match="collect"):
        convert(visits(polars).lazy())


def test_a_column_named_row_is_no_problem(frames):
    frame = frames.DataFrame({"row": [1, 1], "row_": [2, 1], "x": [20.0, 10.0]})
    X, _ = from_long_frame(frame, id="row", time="row_")
    assert_array_equal(X[0], [[10], [20]])


def test_importing_sequences_loads_no_data_frame_library():
    code = (
        "import sys, sklearn.utils.validation\n"
        "before = set(sys.modules)  # scikit-learn loads pandas if it finds it\n"
        "import sklstm.sequences\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "assert 'sklstm' in new\n"
        "assert not {'pandas', 'polars', 'pyarrow'} & new, new\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
