"""Each sequence on its own scale, and steps side by side, in every layout."""

import pickle

import numpy as np
import pytest
from layout_examples import LAYOUTS, ragged_arrays
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm.sequences import (
    FrameStacker,
    Sequences,
    SequenceScaler,
    check_sequences,
)


def arrays_of(X):
    """The sequences of any layout as a list of arrays."""
    return check_sequences(X, dtype=None)[0].to_list()


@parametrize_with_checks([SequenceScaler(), SequenceScaler(with_std=False)])
def test_scaler_passes_the_common_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_sequence_has_mean_zero_and_deviation_one(layout):
    X = LAYOUTS[layout](ragged_arrays())
    scaled = SequenceScaler().fit_transform(X)
    for before, after in zip(arrays_of(X), arrays_of(scaled), strict=True):
        assert before.shape == after.shape
        assert_allclose(after.mean(axis=0), 0, atol=1e-12)
        if len(after) > 1:
            assert_allclose(after.std(axis=0), 1)
        else:
            assert_array_equal(after, 0)


def test_a_constant_channel_is_centred_and_not_divided():
    x = np.stack([np.full(7, 0.1), np.arange(7.0)], axis=1)
    for dtype in (np.float64, np.float32):
        [scaled] = SequenceScaler().fit_transform([x.astype(dtype)])
        assert scaled.dtype == dtype
        assert_allclose(scaled[:, 0], 0, atol=1e-6)
        assert_allclose(scaled[:, 1].std(), 1, rtol=1e-6)


def test_means_alone_can_be_taken_off():
    [centred] = SequenceScaler(with_std=False).fit_transform([np.array([1.0, 3.0])])
    assert_array_equal(centred, [[-1], [1]])


def test_scale_of_a_sequence_does_not_depend_on_others():
    X = [np.random.RandomState(k).normal(size=(50 + k, 3)) for k in range(9)]
    together = SequenceScaler().fit_transform(X)
    for x, scaled in zip(X, together, strict=True):
        assert_array_equal(SequenceScaler().fit_transform([x])[0], scaled)


@pytest.mark.parametrize("n_frames", [1, 2, 3, 10])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_stand_side_by_side(layout, n_frames):
    X = LAYOUTS[layout](ragged_arrays())
    stacked = FrameStacker(n_frames).fit_transform(X)
    for before, after in zip(arrays_of(X), arrays_of(stacked), strict=True):
        n_steps = -(-len(before) // n_frames)
        filled = np.pad(before, ((0, n_steps * n_frames - len(before)), (0, 0)), "edge")
        assert_array_equal(after, filled.reshape(n_steps, -1))


def test_a_table_of_series_becomes_a_3d_array():
    X = np.arange(10.0).reshape(2, 5)
    stacked = FrameStacker(2).fit_transform(X)
    assert_array_equal(stacked[0], [[0, 1], [2, 3], [4, 4]])
    assert stacked.shape == (2, 3, 2)


def test_stacked_channels_have_names():
    X = Sequences(np.zeros((4, 2)), [4], feature_names=["x", "y"])
    stacker = FrameStacker(2).fit(X)
    names = ["x_0", "y_0", "x_1", "y_1"]
    assert stacker.get_feature_names_out().tolist() == names
    assert stacker.transform(X).feature_names.tolist() == names
    assert FrameStacker().fit([np.zeros((3, 1))]).get_feature_names_out().tolist() == [
        "x0_0",
        "x0_1",
    ]
    assert SequenceScaler().fit(X).get_feature_names_out().tolist() == ["x", "y"]


@pytest.mark.parametrize("transformer", [SequenceScaler(), FrameStacker(3)])
def test_transformers_know_their_channels_and_pickle(transformer):
    X = [np.random.RandomState(0).normal(size=(4, 2))]
    fitted = pickle.loads(pickle.dumps(clone(transformer).fit(X)))
    assert fitted.n_features_in_ == 2
    assert_array_equal(fitted.transform(X)[0], transformer.fit_transform(X)[0])
    with pytest.raises(ValueError, match="3"):
        fitted.transform([np.zeros((4, 3))])


@pytest.mark.parametrize("n_frames", [0, 1.5, "two"])
def test_number_of_frames_is_checked(n_frames):
    with pytest.raises(ValueError, match="n_frames must be a positive int"):
        FrameStacker(n_frames).fit([np.zeros((4, 2))])
    stacker = FrameStacker().fit([np.zeros((4, 2))]).set_params(n_frames=n_frames)
    for call in (lambda: stacker.transform([np.zeros((4, 2))]),
                 stacker.get_feature_names_out):  # fmt: skip
        with pytest.raises(ValueError, match="n_frames must be a positive int"):
            call()


@pytest.mark.parametrize("transformer", [SequenceScaler(), FrameStacker()])
def test_transformers_say_that_they_are_not_fitted(transformer):
    for call in (transformer.transform, transformer.get_feature_names_out):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            call([np.zeros((4, 2))])
