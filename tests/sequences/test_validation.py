"""Errors teach: which sample, which step, what was expected, what to do."""

import re
import warnings

import numpy as np
import pytest
from layout_examples import LAYOUTS, padded, ragged_arrays
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator

from sklstm.sequences import (
    Sequences,
    check_sequences,
    check_targets,
    validate_sequences,
    validation,
)


class Recurrent(BaseEstimator):
    """Does nothing but validate."""

    def __init__(self, dtype=np.float32, min_length=1, allow_nan=False):
        self.dtype = dtype
        self.min_length = min_length
        self.allow_nan = allow_nan

    def fit(self, X, y=None):
        self.seen_ = self._validate(X, reset=True)
        return self

    def predict(self, X):
        return self._validate(X, reset=False)

    def _validate(self, X, reset):
        return validate_sequences(self, X, reset=reset, **self.get_params())


def assert_refused(X, *parts, error=ValueError, estimator=None):
    """Fitting raises an error whose message contains all parts, in any order."""
    with pytest.raises(error) as raised:
        (estimator or Recurrent()).fit(X)
    message = str(raised.value)
    for part in parts:
        assert part in message, message


# What fit remembers


@pytest.mark.parametrize("layout", LAYOUTS)
def test_features_are_channels(layout):
    model = Recurrent().fit(LAYOUTS[layout](ragged_arrays(n_features=3)))
    assert model.n_features_in_ == 3
    assert model._n_channels == 3
    assert model._input_is_2d is False
    assert not hasattr(model, "feature_names_in_")
    assert model.seen_.dtype == np.float32


def test_features_of_2d_input_are_columns():
    model = Recurrent().fit(np.ones((5, 7)))
    assert model.n_features_in_ == 7
    assert model._n_channels == 1
    assert model._input_is_2d is True


def test_fit_forgets_what_an_earlier_fit_saw():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.ones((5, 2)), columns=["a", "b"])
    model = Recurrent().fit(frame)
    assert list(model.feature_names_in_) == ["a", "b"]
    assert model.n_features_in_ == 2
    model.fit(np.ones((4, 6, 3)))
    assert not hasattr(model, "feature_names_in_")
    assert (model.n_features_in_, model._input_is_2d) == (3, False)
    model.fit([frame, frame[:2]])
    assert list(model.feature_names_in_) == ["a", "b"]
    model.fit(np.ones((5, 2)))
    assert not hasattr(model, "feature_names_in_")
    assert model._input_is_2d is True


def test_names_of_sequences_are_remembered():
    X = Sequences.from_list(ragged_arrays(n_features=2), feature_names=["x", "y"])
    assert list(Recurrent().fit(X).feature_names_in_) == ["x", "y"]
    assert list(Recurrent().fit(X[[3, 0]]).feature_names_in_) == ["x", "y"]


def test_predict_takes_any_layout_after_fit_in_another():
    arrays = ragged_arrays()
    for fitted in LAYOUTS.values():
        model = Recurrent().fit(fitted(arrays))
        for other in LAYOUTS.values():
            assert_array_equal(model.predict(other(arrays)).lengths, [4, 2, 5, 3])


def test_after_a_2d_fit_any_length_is_taken_as_3d_or_ragged():
    model = Recurrent().fit(np.ones((5, 7)))
    assert len(model.predict(np.ones((2, 7)))) == 2
    assert_array_equal(model.predict(np.ones((2, 9, 1))).lengths, [9, 9])
    assert_array_equal(model.predict([np.ones(3), np.ones((12, 1))]).lengths, [3, 12])
    with pytest.raises(
        ValueError, match="X has 9 features, but Recurrent is expecting"
    ):
        model.predict(np.ones((2, 9)))
    with pytest.raises(ValueError, match=r"3 features.*expecting 1.*fitted on 2-D"):
        model.predict(np.ones((2, 7, 3)))


def test_after_a_fit_on_one_channel_a_table_is_series():
    model = Recurrent().fit(np.ones((5, 7, 1)))
    assert_array_equal(model.predict(np.ones((2, 4))).lengths, [4, 4])


# Channels that do not match


def test_other_channels_are_refused():
    model = Recurrent().fit(np.ones((5, 7, 3)))
    with pytest.raises(ValueError) as raised:
        model.predict(np.ones((5, 7, 4)))
    message = str(raised.value)
    assert "X has 4 features, but Recurrent is expecting 3 features" in message
    assert "swapped" not in message


@pytest.mark.parametrize("as_list", [False, True])
def test_swapped_axes_are_recognised_in_predict(as_list):
    model = Recurrent().fit(np.ones((5, 7, 3)))
    X = np.ones((2, 3, 7))
    with pytest.raises(
        ValueError, match=r"3 time steps.*axes look swapped.*from_panel"
    ):
        model.predict(list(X) if as_list else X)


def test_swapped_axes_are_recognised_in_a_ragged_fit():
    assert_refused(
        [np.ones((3, 10)), np.ones((3, 8))],
        "Sequence 1 has 8 features",
        "sequence 0 has 10",
        "axes look swapped",
        "from_panel",
    )


def test_swapped_axes_are_recognised_in_a_padded_panel():
    X = padded(ragged_arrays()).transpose(0, 2, 1)
    assert_refused(X, "contains NaN", "axes look swapped", "from_panel(X)")


def test_one_sequence_instead_of_several():
    model = Recurrent().fit(np.ones((5, 7, 3)))
    with pytest.raises(
        ValueError, match=r"1 feature.*expecting 3.*7 time steps.*\[X\]"
    ):
        model.predict(np.ones((7, 3)))
    with pytest.raises(ValueError, match="expecting 3 features") as raised:
        model.predict(np.ones((7, 5)))
    assert "[X]" not in str(raised.value)


def test_differing_channels_in_a_list():
    assert_refused(
        [np.ones((4, 3)), np.ones((5, 3)), np.ones((5, 2))],
        "Sequence 2 has 2 features (shape (5, 2))",
        "sequence 0 has 3 (shape (4, 3))",
        "(n_timesteps, n_features)",
    )


def test_differing_channels_in_nested_lists():
    X = [[[1, 2], [3, 4]], [[1, 2], [3, 4], [5]]]
    assert_refused(X, "Sequence 1 is not rectangular", "time step 2 has 1 features")


# NaN and infinity


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nan_within_a_sequence_names_sample_step_and_channel(layout):
    arrays = ragged_arrays()
    arrays[2][1, 2] = np.nan
    assert_refused(
        LAYOUTS[layout](arrays),
        "Input X contains NaN: sample 2, time step 1, channel 2.",
        "Recurrent does not accept",
        "TimestepTransformer(SimpleImputer())",
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_names_sample_step_and_channel(layout, value):
    arrays = ragged_arrays()
    arrays[3][2, 0] = value
    assert_refused(
        LAYOUTS[layout](arrays),
        "Input X contains infinity or a value too large for dtype('float32')",
        "sample 3, time step 2, channel 0.",
        "clip or leave out",
    )


def test_the_first_bad_number_is_named_and_the_others_counted():
    arrays = ragged_arrays()
    arrays[1][0, 1] = arrays[1][1, 1] = arrays[3][0, 0] = np.nan
    message = "sample 1, time step 0, channel 1. (2 of 4 sequences are affected.)"
    assert_refused(arrays, message)


def test_sequences_without_steps_do_not_shift_the_place():
    arrays = ragged_arrays((0, 2, 0, 0, 3))
    arrays[4][0, 1] = np.nan
    assert_refused(arrays, "sample 4, time step 0", estimator=Recurrent(min_length=0))


def test_a_named_channel_is_named():
    X = Sequences.from_list([np.array([[1.0, np.nan]])], feature_names=["x", "pulse"])
    assert_refused(X, "sample 0, time step 0, channel 1 ('pulse')")


def test_nan_in_2d_input_names_the_column_and_the_way_to_pad():
    X = np.ones((4, 6))
    X[2, 5] = np.nan
    assert_refused(
        X,
        "contains NaN: sample 2, time step 5 (column 5)",
        "X[:, :, numpy.newaxis]",
        "SimpleImputer",
    )


def test_nan_in_padded_input_explains_padding():
    X = padded(ragged_arrays())
    X[1, 0, 0] = np.nan
    assert_refused(X, "sample 1, time step 0, channel 0", "padding only in steps after")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_too_large_for_float32(layout):
    arrays = ragged_arrays()
    arrays[0][3, 1] = 1e300
    X = LAYOUTS[layout](arrays)
    assert_refused(X, "sample 0, time step 3, channel 1", "dtype='float64'")
    Recurrent(dtype=np.float64).fit(X)


def test_too_large_for_float32_in_2d_input():
    assert_refused(np.full((2, 3), 1e300), "too large for dtype('float32')")


def test_inner_nan_passes_where_allowed_but_infinity_never():
    arrays = ragged_arrays()
    arrays[2][1, 2] = np.nan
    tolerant = Recurrent(allow_nan=True)
    assert np.isnan(tolerant.fit(arrays).seen_.values).sum() == 1
    arrays[2][2, 0] = np.inf
    assert_refused(arrays, "infinity", "sample 2, time step 2", estimator=tolerant)


def test_numbers_are_checked_in_blocks(monkeypatch):
    """A bad number is found in whichever block it lies, the last one included."""
    monkeypatch.setattr(validation, "BLOCK_SIZE", 7)
    clean = ragged_arrays((5, 6, 4))
    assert len(Recurrent().fit(clean).seen_) == 3
    for sample, array in enumerate(clean):
        for step in range(len(array)):
            dirty = [x.copy() for x in clean]
            dirty[sample][step, 1] = np.nan
            assert_refused(dirty, f"sample {sample}, time step {step}, channel 1")


def test_large_finite_numbers_are_no_overflow():
    X = np.full((3, 50, 2), np.finfo(np.float32).max, dtype=np.float32)
    assert len(Recurrent().fit(X).seen_) == 3


# Shapes and types that are no sequences


@pytest.mark.parametrize("X", [np.ones(5), [1.0, 2.0], np.array([1, 2], object)])
def test_1d_input_asks_for_a_reshape(X):
    assert_refused(X, "X is 1-D", "Reshape your data", "sliding_windows")


def test_1d_input_to_predict():
    with pytest.raises(ValueError, match="Reshape your data"):
        Recurrent().fit(np.ones((5, 7))).predict(np.ones(7))


@pytest.mark.parametrize(
    "X, parts",
    [
        (np.ones((2, 3, 4, 5)), ["X has 4 dimensions (shape (2, 3, 4, 5))", "reshape"]),
        (np.float64(3), ["X has 0 dimensions"]),
        ([np.ones((2, 3)), np.ones((2, 3, 4))], ["Sequence 1 has shape (2, 3, 4)"]),
        ([], ["Found 0 sequences", "minimum of 1"]),
        (np.ones((0, 5, 2)), ["Found 0 sequences", "by Recurrent"]),
        (np.ones((0, 5)), ["Found array with 0 sample(s)"]),
        (np.ones((5, 0)), ["0 feature(s)"]),
        (np.ones((5, 4, 0)), ["0 feature(s)", "no channels", "(n_samples,"]),
        ([np.ones((5, 0))], ["0 feature(s)", "no channels"]),
        (np.ones((2, 3, 1), complex), ["Complex data not supported", "two features"]),
        (np.ones((2, 3), complex), ["Complex data not supported"]),
        ([np.ones((2, 1)), np.ones((2, 1), complex)], ["supported: Sequence 1"]),
        (np.full((2, 3, 1), "a"), ["X has dtype <U1", "real numbers"]),
        (["text", "more"], ["Sequence 0 is a string"]),
        ([np.array([["a"]])], ["Sequence 0 has dtype <U1"]),
        (np.full((2, 3, 1), "a", object), ["X holds Python objects", "Convert"]),
        ([np.ones((2, 1)), np.array([["a"]], object)], ["Sequence 1 holds Python"]),
    ],
    ids=lambda value: None if isinstance(value, list) else type(value).__name__,
)
def test_what_is_no_set_of_sequences(X, parts):
    assert_refused(X, *parts)


@pytest.mark.parametrize(
    "X, part",
    [
        (csr_array(np.eye(3)), "Sparse data"),
        ((x for x in ragged_arrays()), "list(X)"),
        ({"a": 1}, "X is a dict"),
        (np.ma.masked_array(np.ones((2, 3, 1))), "masked array"),
        (None, "NoneType"),
    ],
    ids=["sparse", "generator", "dict", "masked", "none"],
)
def test_types_that_cannot_be_read(X, part):
    assert_refused(X, part, error=TypeError)


# Lengths


@pytest.mark.parametrize("layout", ["list", "object_array", "sequences"])
def test_a_sequence_without_steps_is_refused(layout):
    assert_refused(
        LAYOUTS[layout](ragged_arrays((3, 2, 0, 4))),
        "Sample 2 has 0 time steps (length 0)",
        "Recurrent needs sequences of at least 1",
        "Leave such samples out",
    )


def test_a_sequence_that_is_all_padding_is_refused():
    X = padded(ragged_arrays((3, 2, 4)))
    X[1:] = np.nan
    assert_refused(X, "Sample 1 has 0", "means padding", "1 more of 3 samples")


def test_a_3d_array_without_steps_is_refused():
    assert_refused(np.ones((2, 0, 3)), "Sample 0 has 0 time steps")


def test_a_longer_minimum():
    model = Recurrent(min_length=3)
    message = "Sample 1 has 2 time steps (length 2), but Recurrent needs sequences of"
    assert_refused(ragged_arrays((4, 2, 5)), message, "at least 3", estimator=model)
    assert_refused(np.ones((4, 2)), "Sample 0 has 2", estimator=model)
    assert len(model.fit(np.ones((4, 3, 1))).seen_) == 4


# Data frames


def test_frames_with_other_columns_are_refused():
    pandas = pytest.importorskip("pandas")
    first = pandas.DataFrame({"a": [1.0], "b": [2.0]})
    other = first.rename(columns={"b": "c"})
    assert_refused(
        [first, other], "Sequence 1 has the columns ['a', 'c']", "same columns"
    )
    assert_refused([first, first[["b", "a"]]], "Only the order differs")
    assert_refused([first, np.ones((2, 2))], "Sequence 1 is a ndarray")


def test_names_are_compared_in_predict():
    pandas = pytest.importorskip("pandas")
    frames = [pandas.DataFrame({"a": [1.0], "b": [2.0]})] * 2
    model = Recurrent().fit(frames)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(frames)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(np.ones((1, 2, 2)))
    renamed = [frame.rename(columns={"b": "c"}) for frame in frames]
    expected = re.escape("Not seen at fit time: ['c']. Seen at fit time, yet now")
    with pytest.raises(ValueError, match=expected):
        model.predict(renamed)
    with pytest.raises(ValueError, match="another order"):
        model.predict([frame[["b", "a"]] for frame in frames])
    with pytest.warns(UserWarning, match="X has feature names, but Recurrent"):
        Recurrent().fit(np.ones((1, 2, 2))).predict(frames)


def test_names_of_a_table_are_compared_by_scikit_learn():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.ones((5, 2)), columns=["a", "b"])
    model = Recurrent().fit(frame)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"b": "c"}))
    # Names of time steps say nothing about the channel of sequences.
    assert len(model.predict(np.ones((2, 9, 1)))) == 2


# Targets


def test_targets_of_another_length():
    sequences = Sequences.from_list(ragged_arrays((4, 2)))
    check_targets(sequences, [0, 1])
    check_targets(sequences, np.ones((2, 3)))
    with pytest.raises(ValueError) as raised:
        check_targets(sequences, np.ones(3))
    message = str(raised.value)
    assert "inconsistent numbers of samples" in message
    assert "X has 2 sequences, y has 3 entries" in message
    assert "time steps" not in message
    with pytest.raises(ValueError, match=r"weights has 6.*time steps of all sequences"):
        check_targets(sequences, np.ones(6), "weights")


def test_check_sequences_without_an_estimator():
    with pytest.raises(ValueError, match="This function does not accept missing"):
        check_sequences([np.array([np.nan])], dtype=np.float64)
