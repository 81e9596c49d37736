"""Every layout is read as the same sequences, and given back as it came."""

import numpy as np
import pytest
from layout_examples import LAYOUTS, padded, ragged_arrays
from numpy.testing import assert_array_equal
from sklearn.utils.estimator_checks import _NotAnArray

from sklstm.sequences import Sequences, check_sequences, restore_layout

FLOATS = (np.float64, np.float32)


def assert_sequences_equal(sequences, arrays):
    assert_array_equal(sequences.lengths, [len(array) for array in arrays])
    assert_array_equal(sequences.values, np.concatenate(arrays))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_layouts_hold_the_same_sequences(layout, dtype):
    arrays = ragged_arrays()
    sequences, _ = check_sequences(LAYOUTS[layout](arrays), dtype=dtype)
    assert_sequences_equal(sequences, [array.astype(dtype) for array in arrays])
    assert sequences.dtype == dtype
    assert sequences.values.flags.c_contiguous


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"nested_lists", "mixed"}))
def test_float32_is_kept_and_float64_too(layout, dtype):
    X = LAYOUTS[layout](ragged_arrays(dtype=dtype))
    assert check_sequences(X, dtype=FLOATS)[0].dtype == dtype
    assert check_sequences(X, dtype=None)[0].dtype == dtype


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_is_given_back(layout):
    arrays = ragged_arrays()
    X = LAYOUTS[layout](arrays)
    sequences, how = check_sequences(X, dtype=None)
    X_again = restore_layout(sequences, how)
    if isinstance(X, Sequences):
        assert isinstance(X_again, Sequences)
        assert_sequences_equal(X_again, arrays)
    elif isinstance(X, np.ndarray) and X.ndim == 3:
        assert_array_equal(X_again, X, strict=True)
    else:
        assert X_again.shape == (len(arrays),)
        assert X_again.dtype == object
        for again, array in zip(X_again, arrays, strict=True):
            assert_array_equal(again, array, strict=True)


@pytest.mark.parametrize("as_list", [False, True])
def test_2d_input_is_one_channel(as_list):
    X = np.arange(12.0).reshape(3, 4)
    sequences, how = check_sequences(X.tolist() if as_list else X, dtype=FLOATS)
    assert how.kind == "2d"
    assert sequences.n_features == 1
    assert_sequences_equal(sequences, list(X[:, :, np.newaxis]))
    assert_array_equal(restore_layout(sequences, how), X)


def test_arrays_of_equal_length_in_a_list_are_ragged_input():
    """A fold of ragged data may happen to hold equal lengths only."""
    X = [np.arange(4.0), np.arange(4.0, 8.0)]
    sequences, how = check_sequences(X, dtype=FLOATS)
    assert how.kind == "ragged"
    assert_array_equal(sequences.lengths, [4, 4])
    as_objects = restore_layout(sequences, how)
    assert as_objects.dtype == object
    assert as_objects.shape == (2,)


def test_nested_lists_of_different_lengths_are_ragged_series():
    sequences, how = check_sequences([[1, 2, 3], [4, 5]], dtype=np.float64)
    assert how.kind == "ragged"
    assert_sequences_equal(sequences, [[[1], [2], [3]], [[4], [5]]])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("read_only", [False, True])
def test_a_3d_array_of_the_dtype_is_not_copied(dtype, read_only):
    X = np.ones((5, 4, 3), dtype)
    X.flags.writeable = not read_only
    sequences, how = check_sequences(X, dtype=dtype)
    assert np.shares_memory(sequences.values, X)
    assert np.shares_memory(restore_layout(sequences, how), X)
    sequences, _ = check_sequences(X[:, :, 0].copy(), dtype=dtype)
    assert sequences.n_features == 1


def test_a_memory_map_is_not_copied(tmp_path):
    X = np.memmap(tmp_path / "X", np.float32, "w+", shape=(5, 4, 3))
    X[:] = 1
    X.flush()
    X = np.memmap(tmp_path / "X", np.float32, "r", shape=(5, 4, 3))
    assert np.shares_memory(check_sequences(X, dtype=np.float32)[0].values, X)


def test_a_2d_array_and_sequences_are_not_copied():
    X = np.ones((5, 4))
    assert np.shares_memory(check_sequences(X, dtype=np.float64)[0].values, X)
    sequences = Sequences.from_array(np.ones((2, 3, 4)))
    assert check_sequences(sequences, dtype=np.float64)[0] is sequences


def test_only_steps_after_the_end_are_padding():
    X = padded(ragged_arrays((3, 1, 4)))
    X[0, 1] = np.nan  # inside
    sequences, _ = check_sequences(X, dtype=np.float64, allow_nan=True)
    assert_array_equal(sequences.lengths, [3, 1, 4])
    assert np.isnan(sequences[0][1]).all()
    X = padded(ragged_arrays((3, 1, 4)))
    X[0, 3, 1] = 1.0  # a last step that is only partly NaN is none
    X[0, 2, 0] = np.nan
    sequences, _ = check_sequences(X, dtype=np.float64, allow_nan=True)
    assert_array_equal(sequences.lengths, [4, 1, 4])


def test_sequences_without_steps_are_kept_where_allowed():
    X = padded(ragged_arrays((3, 1)))
    X[1] = np.nan
    sequences, how = check_sequences(X, dtype=np.float64, min_length=0)
    assert_array_equal(sequences.lengths, [3, 0])
    assert_array_equal(restore_layout(sequences, how), X)
    sequences, _ = check_sequences(
        [np.zeros((0, 2)), np.ones((3, 2))], dtype=np.float64, min_length=0
    )
    assert_array_equal(sequences.lengths, [0, 3])


def test_integers_are_padded_as_floats():
    how = check_sequences(padded(ragged_arrays((2, 1), 1)), dtype=None)[1]
    codes = Sequences(np.array([[1], [2], [3]]), [2, 1])
    assert_array_equal(restore_layout(codes, how)[:, :, 0], [[1, 2], [3, np.nan]])


def test_what_becomes_an_array_is_read_as_one():
    X = np.arange(12.0).reshape(2, 3, 2)
    sequences, how = check_sequences(_NotAnArray(X), dtype=np.float64)
    assert how.kind == "3d"
    assert_sequences_equal(sequences, list(X))


def test_object_dtype_numbers_are_converted():
    X = ragged_arrays((3, 3))
    as_objects = np.stack(X).astype(object)
    assert check_sequences(as_objects, dtype=FLOATS)[0].dtype == np.float64
    assert check_sequences(as_objects[0], dtype=FLOATS)[0].dtype == np.float64


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_for_each_sequence(library):
    frames = pytest.importorskip(library)
    arrays = ragged_arrays()
    X = [frames.DataFrame(dict(zip("xyz", array.T, strict=True))) for array in arrays]
    sequences, how = check_sequences(X, dtype=np.float64)
    assert how.kind == "ragged"
    assert_sequences_equal(sequences, arrays)
    assert list(sequences.feature_names) == ["x", "y", "z"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_is_a_table_of_univariate_series(library):
    frames = pytest.importorskip(library)
    X = np.arange(6.0).reshape(2, 3)
    frame = frames.DataFrame(dict(zip("abc", X.T, strict=True)))
    sequences, how = check_sequences(frame, dtype=np.float64)
    assert how.kind == "2d"
    assert_sequences_equal(sequences, list(X[:, :, np.newaxis]))


def test_a_series_of_arrays_is_ragged_input():
    pandas = pytest.importorskip("pandas")
    arrays = ragged_arrays()
    sequences, how = check_sequences(pandas.Series(arrays), dtype=np.float64)
    assert how.kind == "ragged"
    assert_sequences_equal(sequences, arrays)


def test_missing_values_of_frames_become_nan():
    polars = pytest.importorskip("polars")
    X = [polars.DataFrame({"x": [1, None], "y": [1.0, 2.0]})]
    sequences, _ = check_sequences(X, dtype=np.float64, allow_nan=True)
    assert_array_equal(sequences.values, [[1, 1], [np.nan, 2]])
